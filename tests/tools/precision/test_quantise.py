"""Networks of fewer bits are kept where they find and read what the full ones do, and refused where they do not."""

from __future__ import annotations

import hashlib
import random
import tomllib
from typing import TYPE_CHECKING

import cv2
import numpy as np
import onnx
import onnxruntime as ort
import openvino as ov
import pytest
from onnx import numpy_helper

from glyphfeed.engines.files import sum_of
from glyphfeed.engines.loading import Backend, load_engines
from glyphfeed.engines.models import ProbabilityMap, describe_detector, find_description
from glyphfeed.engines.tensors import fit_into, lay
from glyphfeed.engines.weights import DETECTOR, RECOGNISER, locate
from glyphfeed.tools import cli
from glyphfeed.tools.errors import CommandError
from glyphfeed.tools.precision.agreement import Limits, judge_detector, judge_recogniser
from glyphfeed.tools.precision.quantise import gate_detector, gate_recogniser, retold, split, to_fp16, to_int8
from tests.engines.backends import BACKENDS, USABLE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from glyphfeed.engines.loading import Engines
    from glyphfeed.engines.tensors import Tensor
    from glyphfeed.stream.records import Colour

WORDS = [
    *("Harbour", "Bakery", "Exit", "Museum", "Station", "Library", "Garden", "Market"),
    *("Bridge", "Hotel", "Street", "Coffee", "Castle", "Theatre", "Hospital", "Office"),
]


def page(seed: int) -> Colour:
    """A white picture, 640x360, with twelve words in it: many in few pictures, as it is pictures that take time."""
    picture = np.full((360, 640, 3), 245, np.uint8)
    for number, word in enumerate(words_of(seed)):
        place = (20 + 208 * (number % 3), 66 + 82 * (number // 3))
        cv2.putText(picture, word, place, (30, 30, 60), cv2.FontFace("sans"), 36, 500)
    return picture


def words_of(seed: int) -> list[str]:
    """The words of a page."""
    return random.Random(seed).sample(WORDS, 12)


@pytest.fixture(scope="module")
def pages() -> list[Colour]:
    return [page(seed) for seed in range(6)]


@pytest.fixture(scope="module")
def photos(pages: list[Colour], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of the pages."""
    folder = tmp_path_factory.mktemp("photos")
    for number, picture in enumerate(pages):
        cv2.imwrite(str(folder / f"{number:02}.png"), picture)
    return folder


@pytest.fixture(scope="module")
def lines(pages: list[Colour]) -> list[Colour]:
    """The words of the pages, one a picture."""
    return [
        np.ascontiguousarray(picture[26 + 82 * row : 86 + 82 * row, 12 + 208 * column : 218 + 208 * column])
        for picture in pages
        for row in range(4)
        for column in range(3)
    ]


def broken(share: float) -> Callable[[Path, Sequence[Tensor]], bytes]:
    """A conversion that goes wrong: it loses this share of the weights."""

    def convert(path: Path, inputs: Sequence[Tensor]) -> bytes:
        assert inputs
        model = onnx.load(path)
        rng = np.random.default_rng(0)
        for tensor in model.graph.initializer:
            weights = numpy_helper.to_array(tensor)
            if weights.ndim == 4:
                lost = np.where(rng.random(weights.shape) < share, 0, weights).astype(weights.dtype)
                tensor.CopyFrom(numpy_helper.from_array(lost, tensor.name))
        return bytes(model.SerializeToString())

    return convert


def test_what_is_calibrated_with_is_not_judged_by(pages: list[Colour]) -> None:
    calibrating, held_out = split(pages)
    assert [len(calibrating), len(held_out)] == [4, 2]
    assert all(one is not other for one in calibrating for other in held_out)


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_half_precision_network_is_kept_and_works_by_its_path(
    backend: Backend, pages: list[Colour], lines: list[Colour], engines: Engines, tmp_path: Path
) -> None:
    detector, recogniser = tmp_path / "new" / "det.onnx", tmp_path / "new" / "rec.onnx"
    found = gate_detector(locate(DETECTOR, None), detector, to_fp16(signed=False), pages, backend, Limits())
    read = gate_recogniser(locate(RECOGNISER, None), recogniser, to_fp16(signed=False), lines, backend, Limits())
    assert found.accepted, found.figures
    assert read.accepted, read.figures
    assert "24 lines of 2 pictures with F 1.000; 0.98 is wanted" in found.figures
    assert "changes 0.00% of the characters of 2" in read.figures
    assert sorted(path.name for path in detector.parent.iterdir()) == ["det.onnx", "det.toml", "rec.onnx", "rec.toml"]
    assert tomllib.loads(detector.with_suffix(".toml").read_text())["sha256"] == sum_of(detector)
    halved = load_engines(backend, detector=detector, recogniser=recogniser)
    quads, _ = halved.detector.detect(pages[0])
    assert len(quads) == len(engines.detector.detect(pages[0])[0]) == 12
    assert [lattice.text for lattice in halved.recogniser.read(lines[:6])] == words_of(0)[:6]


def test_a_broken_network_is_refused_with_the_figures_and_leaves_nothing(
    pages: list[Colour], lines: list[Colour], tmp_path: Path
) -> None:
    kept = tmp_path / "broken.onnx"
    kept.write_bytes(b"an older one")
    detector = gate_detector(locate(DETECTOR, None), kept, broken(0.2), pages, Backend.ONNXRUNTIME, Limits())
    recogniser = gate_recogniser(locate(RECOGNISER, None), kept, broken(0.2), lines, Backend.ONNXRUNTIME, Limits())
    assert not detector.accepted
    assert "of 2 pictures with F 0." in detector.figures
    assert "F 1.000" not in detector.figures
    assert not recogniser.accepted
    assert "0.50% may change" in recogniser.figures
    assert [path.name for path in tmp_path.iterdir()] == ["broken.onnx"]
    assert kept.read_bytes() == b"an older one", "what was there before stays"


def types_in(network: onnx.ModelProto) -> set[int]:
    """The types of the numbers that a network holds."""
    return {tensor.data_type for tensor in network.graph.initializer}


def test_eight_bits_can_all_be_signed(pages: list[Colour]) -> None:
    """What TensorRT needs: it takes unsigned activations for signed ones."""
    path, model = locate(DETECTOR, None), describe_detector(locate(DETECTOR, None))
    assert isinstance(model, ProbabilityMap)
    calibrating, shown = (lay(page, fit_into(page, model.input.coarse_sizes), model.input) for page in pages[:2])
    full, signed = onnx.load(path), onnx.load_from_string(to_int8(signed=True)(path, [calibrating]))
    assert onnx.TensorProto.INT8 in types_in(signed)
    assert onnx.TensorProto.UINT8 not in types_in(signed)
    maps = []
    for network in (full, signed):
        session = ort.InferenceSession(network.SerializeToString(), providers=["CPUExecutionProvider"])
        maps.append(session.run(None, {session.get_inputs()[0].name: shown})[0] > model.thresholds.mask)
    both, either = np.logical_and(*maps).sum(), np.logical_or(*maps).sum()
    assert both > 0.9 * either > 0, "it finds text at the same places, if less exactly"


def test_nothing_can_be_made_of_nothing(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="a network cannot be made from 1 pictures or lines: add sources with more text"):
        gate_detector(locate(DETECTOR, None), tmp_path / "det.onnx", broken(0), [page(0)], Backend.ONNXRUNTIME, Limits())


def test_the_limits_decide(engines: Engines, pages: list[Colour]) -> None:
    limits = [Limits(detection_f=least) for least in (1.0, 1.01)]
    verdicts = [judge_detector(engines.detector, engines.detector, pages[:2], limit) for limit in limits]
    assert [verdict.accepted for verdict in verdicts] == [True, False]


def test_with_too_little_text_there_is_no_verdict(engines: Engines, lines: list[Colour], wall: Colour) -> None:
    with pytest.raises(CommandError, match="a detector cannot be judged by 2 lines, 20 are needed: add sources with more text"):
        judge_detector(engines.detector, engines.detector, [wall], Limits())
    with pytest.raises(CommandError, match=r"a recogniser cannot be judged by [45] lines that it is sure of"):
        judge_recogniser(engines.recogniser, engines.recogniser, lines[:5], Limits())


def test_a_folder_of_pictures_makes_an_eight_bit_detector(
    pages: list[Colour], photos: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    arguments = ["quantise", str(photos), "--only", "detector", "--out", str(out)]
    assert cli.run([*arguments, "--least-f", "0.8"]) == 0
    told = capfd.readouterr()
    kept = out / "PP-OCRv6_det_small_int8.onnx"
    assert f"{kept} is accepted" in told.err
    assert told.out == ""
    assert kept.stat().st_size < locate(DETECTOR, None).stat().st_size / 2
    assert onnx.TensorProto.UINT8 in types_in(onnx.load(kept)), "those that are never negative are unsigned"
    assert cli.run(["models", str(kept)]) == 0
    for backend in USABLE:
        quads, _ = load_engines(backend, detector=kept).detector.detect(pages[0])
        assert len(quads) == 12
    assert cli.run([*arguments, "--least-f", "1", "--precision", "fp16", "--most-changed", "2"]) == 2


def test_a_network_is_computed_in_bfloat16_only_once_it_was_judged_so(
    photos: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "out"
    mine = tmp_path / "mine.onnx"
    mine.write_bytes(locate(DETECTOR, None).read_bytes())
    text, _ = find_description(mine)
    mine.with_suffix(".toml").write_text(text.replace("bfloat16 = true\n", ""))
    assert load_engines(Backend.OPENVINO, detector=mine).detector.name == "mine (openvino, fp32)"
    arguments = ["quantise", str(photos), "--only", "detector", "--detector", str(mine), "--precision", "bf16"]
    done = cli.run([*arguments, "--out", str(out)])
    told = capfd.readouterr().err
    if "BF16" not in ov.Core().get_property("CPU", "OPTIMIZATION_CAPABILITIES"):
        assert done == 2
        assert "this processor does not compute in bfloat16; judge networks on one that does" in told
        return
    assert done == 0
    kept = out / "mine_bf16.onnx"
    assert f"{kept} is accepted: it finds the 24 lines of 2 pictures with F 1.000" in told
    assert kept.with_suffix(".toml").read_text() == text, "which allows it, with the same sum, as it is the same file"
    assert load_engines(Backend.OPENVINO, detector=kept).detector.name == "mine_bf16 (openvino, bf16)"


def test_a_description_tells_of_another_file_and_stays_otherwise() -> None:
    told = 'head = "ctc"\nsha256 = "00"\nbfloat16 = true\n# sha256 = "said"\n[input]\nheight = 48\n'
    assert retold(told, b"new", bfloat16=False) == told.replace("00", hashlib.sha256(b"new").hexdigest()).replace("true", "false")
    assert retold(told.replace("bfloat16 = true\n", ""), b"new", bfloat16=True) == retold(told, b"new", bfloat16=True)
