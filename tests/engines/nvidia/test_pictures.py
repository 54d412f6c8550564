"""The GPU's kernels for pictures do what the processor does: they are compiled for it, with loops where a GPU has threads."""

from __future__ import annotations

import ctypes
import shutil
import subprocess
from concurrent.futures import Future
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glyphfeed.engines.detector import MapDetector, covered, quads_from_maps
from glyphfeed.engines.engine import first_output
from glyphfeed.engines.loading import Backend, load_engine
from glyphfeed.engines.models import Colours, describe_detector
from glyphfeed.engines.nvidia.pictures import BLOCK, SOURCE, grid_of, numbers_of_keep, numbers_of_lay
from glyphfeed.engines.sharing import SharedEngine
from glyphfeed.engines.switching import SwitchingEngine
from glyphfeed.engines.tensors import Fit, fit_into, lay
from glyphfeed.engines.weights import DETECTOR, locate
from glyphfeed.tools.scenes.clip import Scene, Sign, render
from glyphfeed.tools.scenes.clip import look as appearance_at

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from glyphfeed.engines.engine import Engine
    from glyphfeed.engines.models import DetectorModel
    from glyphfeed.engines.nvidia.pictures import Numbers
    from glyphfeed.engines.tensors import Tensor
    from glyphfeed.stream.records import Colour

SIZE = (640, 360)
SIGNS = (Sign("HARBOUR 24", (200, 100), 40), Sign("Coffee", (480, 90), 48, angle_deg=-8), Sign("open daily", (220, 250), 36))

COLOURS = {
    "bgr": Colours(colour="bgr", mean=(127.5, 127.5, 127.5), std=(127.5, 127.5, 127.5)),
    "rgb": Colours(colour="rgb", mean=(123.675, 116.28, 103.53), std=(58.395, 57.12, 57.375)),
    "grey": Colours(colour="grey", mean=(127.5,), std=(127.5,)),
}
PROCESSOR = """
#include <cmath>
#include <cstddef>
#define __global__
#define __device__
struct Index { int x, y; };
static thread_local Index blockIdx, threadIdx;
static const Index blockDim = {BLOCK};
#include "pictures.cu"

#define EVERYWHERE \\
    for (blockIdx.y = 0; blockIdx.y < down; blockIdx.y++) \\
        for (blockIdx.x = 0; blockIdx.x < across; blockIdx.x++) \\
            for (threadIdx.y = 0; threadIdx.y < blockDim.y; threadIdx.y++) \\
                for (threadIdx.x = 0; threadIdx.x < blockDim.x; threadIdx.x++)
extern "C" void lay_all(int across, int down, const unsigned char *a, float *b, int c, int d, int e, int f, int g, int h, int i,
                        int j, float k, float l, float m, float n, float o, float p) {
    EVERYWHERE lay(a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p);
}
extern "C" void keep_all(int across, int down, const float *a, unsigned char *b, int c, int d, int e, int f, int g, int h,
                         float i, float j) {
    EVERYWHERE keep(a, b, c, d, e, f, g, h, i, j);
}
"""


@pytest.fixture(scope="module")
def kernels(tmp_path_factory: pytest.TempPathFactory) -> ctypes.CDLL:
    compiler = shutil.which("g++")
    if compiler is None:
        pytest.skip("g++ is not installed, and without it the GPU's kernels cannot be compiled for the processor")
    folder = tmp_path_factory.mktemp("kernels")
    (folder / "processor.cpp").write_text(PROCESSOR.replace("BLOCK", f"{BLOCK[0]}, {BLOCK[1]}"))
    (folder / "pictures.cu").write_text(SOURCE.read_text(encoding="utf-8"))
    command = [compiler, "-O2", "-Wall", "-Wextra", "-Werror", "-shared", "-fPIC", "processor.cpp"]
    subprocess.run([*command, "-o", "kernels.so"], cwd=folder, check=True)
    return ctypes.CDLL(str(folder / "kernels.so"))


@pytest.mark.parametrize("generation", ["sm_75", "sm_80", "sm_90"])
def test_nvidias_compiler_takes_the_kernels(generation: str, tmp_path: Path) -> None:
    """As pycuda calls it; that needs no GPU."""
    compiler = shutil.which("nvcc")
    if compiler is None:
        pytest.skip("nvcc is not installed; the GPU's kernels are compiled by g++ alone")
    made = tmp_path / "kernels.cubin"
    subprocess.run([compiler, "--cubin", "-arch", generation, "-o", str(made), str(SOURCE)], check=True)
    for name in (b"lay", b"keep"):
        assert b".text." + name in made.read_bytes(), "under the name that it is looked up by"


def as_on_a_gpu(name: str, kernels: ctypes.CDLL, size: tuple[int, ...], pointers: list[NDArray[Any]], numbers: Numbers) -> None:
    rows, columns = size
    given = [ctypes.c_int(int(number)) if isinstance(number, np.int32) else ctypes.c_float(float(number)) for number in numbers]
    kernels[f"{name}_all"](*grid_of(rows, columns), *(ctypes.c_void_p(array.ctypes.data) for array in pointers), *given)


def laid(kernels: ctypes.CDLL, picture: NDArray[np.uint8], fit: Fit, colours: Colours) -> Tensor:
    tensor = np.full((1, colours.channels, *fit.bucket), np.nan, np.float32)
    as_on_a_gpu("lay", kernels, fit.bucket, [picture, tensor], numbers_of_lay(picture, fit, colours))
    return tensor


@pytest.mark.parametrize("colour", COLOURS)
@pytest.mark.parametrize(
    "size", [(1080, 1920), (2160, 3840), (720, 1280), (540, 960), (1920, 1080), (480, 640), (37, 51), (300, 3000), (1, 1)]
)
def test_a_picture_is_laid_as_the_processor_lays_it(kernels: ctypes.CDLL, size: tuple[int, int], colour: str) -> None:
    colours = COLOURS[colour]
    picture = noise(size)
    fit = fit_into(picture, [(544, 960), (960, 544)])
    # OpenCV counts with whole numbers: after each rounding one of 255 steps may be another, and grey is rounded twice.
    steps = 2.01 if colour == "grey" else 1.01
    np.testing.assert_allclose(laid(kernels, picture, fit, colours), lay(picture, fit, colours), atol=steps / min(colours.std))


@settings(max_examples=60, deadline=None)
@given(rows=st.integers(1, 200), columns=st.integers(1, 200), seed=st.integers(0, 9))
def test_pictures_of_any_size_are(kernels: ctypes.CDLL, rows: int, columns: int, seed: int) -> None:
    picture = noise((rows, columns), seed)
    fit, colours = fit_into(picture, [(64, 96), (96, 64)]), COLOURS["bgr"]
    np.testing.assert_allclose(laid(kernels, picture, fit, colours), lay(picture, fit, colours), atol=1.01 / 127.5)


def noise(size: tuple[int, int], seed: int = 0) -> NDArray[np.uint8]:
    """Coarse spots and fine grain in every colour."""
    random = np.random.default_rng(seed)
    spots = cv2.resize(random.integers(0, 255, (7, 9, 3)).astype(np.uint8), size[::-1], interpolation=cv2.INTER_CUBIC)
    return cv2.add(spots.reshape(*size, 3), random.integers(0, 60, (*size, 3)).astype(np.uint8)).astype(np.uint8)


def kept(kernels: ctypes.CDLL, output: Tensor, fit: Fit, least: Sequence[float]) -> Tensor:
    shape, numbers = numbers_of_keep(output.shape, fit, least)
    result = np.full(shape, 77, np.uint8)
    as_on_a_gpu("keep", kernels, shape[1:], [output, result], numbers)
    return result.astype(np.float32) / np.float32(255)


@pytest.mark.parametrize("shape", [(1, 1, 64, 96), (1, 2, 32, 48), (1, 32, 48, 2), (1, 2, 49, 73)])
@pytest.mark.parametrize("size", [(64, 96), (31, 96), (64, 7), (1, 1)])
def test_what_a_picture_covers_of_the_maps_is_kept_on_its_side_of_the_threshold(
    kernels: ctypes.CDLL, size: tuple[int, int], shape: tuple[int, ...]
) -> None:
    output = np.random.default_rng(1).uniform(-0.2, 1.3, shape).astype(np.float32)
    fit, least = Fit(1.0, size[1], size[0], (64, 96)), (0.3, 0.4)
    wanted = covered(output, fit)
    found = kept(kernels, output, fit, least)
    assert found.shape == wanted.shape
    for one, other, threshold in zip(found, wanted, least, strict=False):
        np.testing.assert_array_equal(one > np.float32(threshold), other > np.float32(threshold))
        np.testing.assert_allclose(one, np.clip(other, 0, 1), atol=1.01 / 255)


@given(value=st.integers(0, 10_000), least=st.integers(1, 9_999))
def test_nothing_is_rounded_over_its_threshold(kernels: ctypes.CDLL, value: int, least: int) -> None:
    output = np.full((1, 1, 1, 1), value / 10_000, np.float32)
    found = kept(kernels, output, Fit(1.0, 1, 1, (1, 1)), (least / 10_000,)).item()
    assert (found > np.float32(least / 10_000)) == (value > least)


def test_weak_spots_in_a_line_count_for_its_score_as_they_do_without(kernels: ctypes.CDLL) -> None:
    model = describe_detector(locate(DETECTOR))
    output = np.zeros((1, 1, 64, 96), np.float32)
    output[..., 20:44, 8:88] = 0.6
    output[..., 28:36, 16:80:8] = 0.28
    fit = Fit(1.0, 96, 64, (64, 96))
    quads, scores = quads_from_maps(covered(output, fit), 1, model)
    found, sure = quads_from_maps(kept(kernels, output, fit, model.least), 1, model)
    assert scores.tolist() == [pytest.approx(0.58, abs=0.02)]
    np.testing.assert_array_equal(found, quads)
    np.testing.assert_allclose(sure, scores, atol=0.004)


class Shown:
    """A real network that is shown pictures through the kernels, as a GPU's is; itself the eye."""

    def __init__(self, engine: Engine, kernels: ctypes.CDLL) -> None:
        self.name, self.input, self.batch, self.eye = engine.name, engine.input, engine.batch, self
        self.streams = engine.streams
        self._engine, self._kernels = engine, kernels
        self.shown = 0

    def run(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        return self._engine.run(tensors)

    def see(self, picture: NDArray[np.uint8], fit: Fit, colours: Colours, least: Sequence[float]) -> Tensor:
        self.shown += 1
        output = first_output(self._engine, laid(self._kernels, picture, fit, colours))
        return kept(self._kernels, output, fit, least)

    def metadata(self, key: str) -> str | None:
        return self._engine.metadata(key)

    def close(self) -> None:
        """Nothing: the network is for the next test, too."""


LOOKS: list[dict[str, bool]] = [{}, {"turned": True}, {"enhanced": True}, {"coarse": True}]


@pytest.fixture(scope="module")
def network() -> tuple[Engine, DetectorModel]:
    path = locate(DETECTOR)
    model = describe_detector(path)
    return load_engine(Backend.ONNXRUNTIME, path, model.input.shapes, 0), model


@pytest.fixture(scope="module")
def signs() -> Colour:
    return render(Scene(SIGNS, lambda _: appearance_at(SIZE, (320, 180)), size=SIZE, wall=SIZE), 0)[0]


@pytest.fixture(scope="module")
def wanted(network: tuple[Engine, DetectorModel], signs: Colour) -> list[tuple[NDArray[np.float32], NDArray[np.float32]]]:
    """The lines that are found without the kernels, and their scores, for each of the looks."""
    plain = MapDetector(*network)
    return [plain.detect(signs, **look) for look in LOOKS]


@pytest.mark.parametrize("through", ["itself", "sharing", "switching"])
def test_a_detector_finds_the_same_lines_in_what_is_kept(
    kernels: ctypes.CDLL,
    network: tuple[Engine, DetectorModel],
    signs: Colour,
    wanted: list[tuple[NDArray[np.float32], NDArray[np.float32]]],
    through: str,
) -> None:
    engine, model = network
    shown = Shown(engine, kernels)
    seeing: Engine = shown
    if through == "sharing":
        seeing = SharedEngine(shown)
    elif through == "switching":
        better: Future[Engine] = Future()
        seeing = SwitchingEngine(engine, better, "another")
        assert seeing.eye is None
        better.set_result(shown)
    through_kernels = MapDetector(seeing, model)
    for number, (look, (quads, scores)) in enumerate(zip(LOOKS, wanted, strict=True), start=1):
        found, sure = through_kernels.detect(signs, **look)
        assert shown.shown == number
        assert len(quads) >= 3
        np.testing.assert_allclose(found, quads, atol=2.0, err_msg=f"{look}")
        np.testing.assert_allclose(sure, scores, atol=0.01, err_msg=f"{look}")
    seeing.close()
