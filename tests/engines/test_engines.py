"""Both back-ends keep the promises of the engine protocol, with networks of two nodes and with the real ones."""

from __future__ import annotations

import re
import resource
import threading
from concurrent.futures import ThreadPoolExecutor
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import onnxruntime as ort
import openvino as ov
import pytest
from onnx import TensorProto

from glyphfeed.engines.errors import EngineError
from glyphfeed.engines.loading import Backend, Engines, load_engine, load_engines
from glyphfeed.engines.models import describe_recogniser
from glyphfeed.engines.openvino_engine import families
from glyphfeed.engines.weights import RECOGNISER, locate
from glyphfeed.tools.scenes.clip import Scene, Sign, locate_words, look, render, words_of
from tests.engines.backends import BACKENDS
from tests.engines.onnx_bytes import line_model, model, node, steps_first_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from numpy.typing import NDArray

    from glyphfeed.engines.engine import Engine, Shape
    from glyphfeed.engines.tensors import Tensor
    from glyphfeed.stream.records import Colour

SMALL, LARGE = (1, 3, 4, 6), (1, 3, 32, 48)
FACTOR, OFFSET = 2.0, -1.0
DEADLINE_S = 10.0

SIZE = (640, 360)
SIGNS = (
    Sign("HARBOUR 24", (200, 100), 40),
    Sign("Coffee", (480, 90), 48, angle_deg=-8),
    Sign("open daily", (220, 250), 36, ink=(230, 240, 240), paper=(60, 60, 140)),
    Sign("Exit", (520, 260), 56, paper=None, ink=(20, 20, 20)),
)


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Backend:
    """Each back-end, with a cache of its own."""
    monkeypatch.setenv("GLYPHFEED_CACHE", str(tmp_path / "cache"))
    return Backend(request.param)


@pytest.fixture
def load(backend: Backend, tmp_path: Path) -> Iterator[Callable[..., Engine]]:
    """Compile a line, y = factor x + offset, whose file says what is given."""
    loaded: list[Engine] = []

    def compiled(**metadata: str) -> Engine:
        path = tmp_path / "line.onnx"
        path.write_bytes(line_model(FACTOR, OFFSET, metadata))
        engine = load_engine(backend, path, [SMALL, LARGE], threads=1)
        loaded.append(engine)
        return engine

    yield compiled
    for engine in loaded:
        engine.close()


def ramp(shape: tuple[int, ...], start: float = 0.0) -> Tensor:
    return (np.arange(np.prod(shape), dtype=np.float32) + np.float32(start)).reshape(shape)


def test_a_network_gives_what_it_computes_under_its_own_names(load: Callable[..., Engine], backend: Backend) -> None:
    engine = load()
    assert engine.input == "x"
    assert re.fullmatch(rf"line \({backend}, (fp32|bf16|fp16)\)", engine.name)
    for shape in (SMALL, LARGE):
        results = engine.run({"x": ramp(shape)})
        assert list(results) == ["y"]
        assert results["y"].dtype == np.float32
        np.testing.assert_allclose(results["y"], FACTOR * ramp(shape) + OFFSET)


def test_every_back_end_can_be_exact(backend: Backend, tmp_path: Path) -> None:
    path = tmp_path / "line.onnx"
    path.write_bytes(line_model(FACTOR, 0.1))
    engine = load_engine(backend, path, [SMALL], threads=1, exact=True)
    assert engine.name == f"line ({backend}, fp32)"
    np.testing.assert_allclose(engine.run({"x": ramp(SMALL)})["y"], FACTOR * ramp(SMALL) + 0.1, rtol=1e-6)


def test_a_network_tells_what_its_file_says(load: Callable[..., Engine]) -> None:
    engine = load(author="somebody", character="a\nß\n文")
    assert engine.metadata("character") == "a\nß\n文"
    assert engine.metadata("author") == "somebody"
    assert engine.metadata("licence") is None


def test_an_input_may_be_any_view(load: Callable[..., Engine]) -> None:
    backwards = ramp((4, 6, 3)).transpose(2, 0, 1)[None, ::-1]
    assert not backwards.flags.c_contiguous
    np.testing.assert_allclose(load().run({"x": backwards})["y"], FACTOR * backwards + OFFSET)


def test_results_hold_until_the_same_thread_runs_the_network_again(load: Callable[..., Engine]) -> None:
    engine, given = load(), ramp(LARGE)
    first = engine.run({"x": given})["y"]
    given[:] = 7
    with ThreadPoolExecutor(1) as another:
        second = another.submit(lambda: engine.run({"x": ramp(LARGE, start=1e4)})["y"].copy()).result()
    np.testing.assert_allclose(first, FACTOR * ramp(LARGE) + OFFSET)
    np.testing.assert_allclose(second, FACTOR * ramp(LARGE, start=1e4) + OFFSET)


@pytest.mark.parametrize(
    "tensors",
    [
        {"picture": np.zeros(SMALL, np.float32)},
        {"x": np.zeros((1, 3, 6, 4), np.float32)},
        {"x": np.zeros(SMALL[1:], np.float32)},
        {"x": np.zeros(SMALL, np.float32), "y": np.zeros(SMALL, np.float32)},
    ],
    ids=["name", "shape", "rank", "number"],
)
def test_what_was_not_compiled_is_refused_in_a_sentence(load: Callable[..., Engine], tensors: dict[str, Tensor]) -> None:
    engine = load()
    with pytest.raises(EngineError) as refused:
        engine.run(tensors)
    said = str(refused.value)
    assert engine.name in said
    assert f"takes x of shape {SMALL}" in said
    assert "\n" not in said
    np.testing.assert_allclose(engine.run({"x": ramp(SMALL)})["y"], FACTOR * ramp(SMALL) + OFFSET)


LINES = ((1, 3, 4, 6), (1, 3, 4, 10), (1, 3, 4, 31))


def test_lines_of_several_widths_are_computed_and_no_others(backend: Backend, tmp_path: Path) -> None:
    path = tmp_path / "line.onnx"
    path.write_bytes(line_model(FACTOR, OFFSET, {}))
    engine = load_engine(backend, path, LINES, threads=1)
    for shape in (*LINES, LINES[0]):
        np.testing.assert_allclose(engine.run({"x": ramp(shape)})["y"], FACTOR * ramp(shape) + OFFSET)
    with pytest.raises(EngineError, match="takes x of shape"):
        engine.run({"x": np.zeros((1, 3, 4, 7), np.float32)})
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        engine.run({"x": ramp(LINES[0])})


@pytest.mark.parametrize("batch", [1, 3])
def test_shapes_that_differ_in_their_last_dimension_alone_share_a_network(batch: int) -> None:
    first = 1 if batch == 1 else -1
    assert families(LINES, batch) == [([first, 3, 4, -1], list(LINES))]
    assert families([SMALL], batch) == [([first, *SMALL[1:]], [SMALL])]
    assert families([SMALL, LARGE], batch) == [([first, *SMALL[1:]], [SMALL]), ([first, *LARGE[1:]], [LARGE])]
    assert families([*LINES, LARGE], batch) == [([first, *shape[1:]], [shape]) for shape in (*LINES, LARGE)]
    assert families([], batch) == []


def test_inputs_of_one_shape_go_together_where_the_file_leaves_it_open(backend: Backend, tmp_path: Path) -> None:
    path = tmp_path / "line.onnx"
    path.write_bytes(line_model(FACTOR, OFFSET, batch="lines"))
    engine = load_engine(backend, path, LINES, threads=1, batch=3)
    assert engine.batch == 3
    for lines in (1, 3, 2):
        given = ramp((lines, *LINES[1][1:]))
        np.testing.assert_allclose(engine.run({"x": given})["y"], FACTOR * given + OFFSET)
    for lines in (0, 4):
        with pytest.raises(EngineError, match=r"takes x of shape .*, up to 3 together, and not x \("):
            engine.run({"x": np.zeros((lines, *LINES[1][1:]), np.float32)})


@pytest.mark.parametrize("content", [line_model(FACTOR, OFFSET), steps_first_model()], ids=["one alone", "steps first"])
def test_inputs_go_one_by_one_where_the_file_wants_it(backend: Backend, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "line.onnx"
    path.write_bytes(content)
    engine = load_engine(backend, path, LINES, threads=1, batch=3)
    assert engine.batch == 1
    assert engine.run({"x": ramp(LINES[0])})["y"].size
    with pytest.raises(EngineError, match="and not x"):
        engine.run({"x": np.zeros((2, *LINES[0][1:]), np.float32)})


def test_a_closed_engine_refuses(load: Callable[..., Engine]) -> None:
    engine = load()
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        engine.run({"x": ramp(SMALL)})
    engine.close()


@pytest.mark.parametrize("backend", BACKENDS, indirect=True)
@pytest.mark.parametrize("content", [b"", b"no network at all" * 50], ids=["empty", "text"])
def test_a_file_that_is_no_network_is_refused_by_name(backend: Backend, tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "broken.onnx"
    path.write_bytes(content)
    with pytest.raises(EngineError, match=r"broken\.onnx") as refused:
        load_engine(backend, path, [SMALL], threads=1)
    assert "\n" not in str(refused.value)


CAST = node("Cast", ["x"], "c", to=1)
MEAN = node("ReduceMean", ["c"], "y", axes=[1], keepdims=1)
OUT = (1, 1, "height", "width")


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (model([CAST, MEAN], 1, OUT), "takes 1 x 1 x any x any numbers, and is described as one that takes 1 x 3 x "),
        (
            model([CAST, MEAN], 3, OUT, size=(96, 96)),
            "takes 1 x 3 x 96 x 96 numbers, and is described as one that takes 1 x 3 x ",
        ),
        (model([CAST, MEAN], 3, OUT, batch=2), "takes 2 x 3 x any x any numbers, "),
        (
            model([CAST, MEAN], 3, OUT, kind=TensorProto.UINT8),
            "does not take float32 numbers: export it with an input of float32",
        ),
    ],
    ids=["channels", "size", "batch", "type"],
)
@pytest.mark.parametrize("backend", BACKENDS, indirect=True)
def test_a_network_that_takes_something_else_is_refused(backend: Backend, tmp_path: Path, content: bytes, sentence: str) -> None:
    path = tmp_path / "other.onnx"
    path.write_bytes(content)
    with pytest.raises(EngineError) as refused:
        load_engine(backend, path, [SMALL], threads=1)
    assert str(refused.value).startswith(f"{path} {sentence}")


def test_threads_get_their_own_results(load: Callable[..., Engine]) -> None:
    engine = load()
    right: list[bool] = []
    begun = threading.Barrier(2)

    def work(start: float) -> None:
        given = ramp(LARGE, start)
        begun.wait(DEADLINE_S)
        right.extend(np.allclose(engine.run({"x": given})["y"], FACTOR * given + OFFSET) for _ in range(100))

    threads = [threading.Thread(target=work, args=(start,)) for start in (0.0, -5e4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE_S)
        assert not thread.is_alive()
    assert right == [True] * 200


CALLS, READS = 5000, 1000
"""A run of two nodes takes no time, and one of the recogniser ten milliseconds."""


def resident_mb() -> float:
    """Memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() / 1e6


def shaped(lines: Sequence[Shape], batch: int) -> Iterator[Shape]:
    """Shapes that change from call to call, with each number of inputs."""
    rng = np.random.default_rng(0)
    while True:
        yield (int(rng.integers(1, batch + 1)), *lines[rng.integers(len(lines))][1:])


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="this system does not tell how much memory is used")
def test_memory_stays_flat_whatever_shapes_come(backend: Backend, tmp_path: Path) -> None:
    path = tmp_path / "line.onnx"
    path.write_bytes(line_model(FACTOR, OFFSET, batch="lines"))
    engine = load_engine(backend, path, LINES, threads=1, batch=3)
    for call, shape in enumerate(islice(shaped(LINES, 3), CALLS)):
        if call == CALLS // 5:
            before_mb = resident_mb()
        engine.run({"x": np.zeros(shape, np.float32)})
    assert resident_mb() - before_mb < 4


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="this system does not tell how much memory is used")
def test_the_recognisers_memory_stays_flat_over_a_thousand_lines() -> None:
    path = locate(RECOGNISER)
    lines = describe_recogniser(path).input.shapes[:3]
    engine = load_engine(Backend.OPENVINO, path, lines, threads=0, batch=2)
    for call, shape in enumerate(islice(shaped(lines, 2), READS)):
        if call == READS // 5:
            before_mb = resident_mb()
        engine.run({engine.input: np.zeros(shape, np.float32)})
    assert resident_mb() - before_mb < 2


@pytest.mark.parametrize(
    ("backend", "maker", "name"),
    [(Backend.OPENVINO, ov.Core, "compile_model"), (Backend.ONNXRUNTIME, ort.InferenceSession, "__init__")],
)
def test_nothing_is_compiled_after_loading(
    backend: Backend, maker: type, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compiled = []
    real = getattr(maker, name)

    def counted(*arguments: object, **options: object) -> object:
        compiled.append(arguments)
        return real(*arguments, **options)

    monkeypatch.setattr(maker, name, counted)
    path = tmp_path / "line.onnx"
    path.write_bytes(line_model(FACTOR, OFFSET, batch="lines"))
    lines = load_engine(backend, path, LINES, threads=1, batch=3)
    pictures = load_engine(backend, path, [SMALL, LARGE], threads=1)
    loaded = len(compiled)
    assert loaded == (3 if backend is Backend.OPENVINO else 2), (
        "lines of all widths are one, on OpenVINO each picture size is one"
    )
    for shape in islice(shaped(LINES, 3), 100):
        lines.run({"x": np.zeros(shape, np.float32)})
    for shape in (SMALL, LARGE, SMALL):
        pictures.run({"x": np.zeros(shape, np.float32)})
    with pytest.raises(EngineError, match="takes x of shape"):
        lines.run({"x": np.zeros((1, 3, 4, 7), np.float32)})
    assert len(compiled) == loaded


@pytest.fixture(scope="module")
def others() -> Engines:
    """The default networks on the back-end that is not the default."""
    return load_engines(Backend.ONNXRUNTIME)


@pytest.fixture(scope="module")
def scene() -> Scene:
    return Scene(SIGNS, lambda _: look(SIZE, (320, 180)), size=SIZE, wall=SIZE)


@pytest.fixture(scope="module")
def picture(scene: Scene) -> Colour:
    return render(scene, 0)[0]


def in_order(quads: NDArray[np.float32]) -> NDArray[np.float32]:
    return quads[np.lexsort(quads.mean(axis=1).round().T)]


def test_both_back_ends_find_the_same_lines(engines: Engines, others: Engines, picture: Colour) -> None:
    quads, scores = engines.detector.detect(picture)
    other_quads, other_scores = others.detector.detect(picture)
    assert len(quads) == len(SIGNS)
    # Where the default computes in bfloat16, an edge may lie a pixel of the map elsewhere.
    np.testing.assert_allclose(in_order(quads), in_order(other_quads), atol=2.0)
    np.testing.assert_allclose(np.sort(scores), np.sort(other_scores), atol=0.02)


def test_a_coarse_look_finds_the_same_signs(engines: Engines, picture: Colour) -> None:
    quads, _ = engines.detector.detect(picture, coarse=True)
    fine, _ = engines.detector.detect(picture)
    assert len(quads) == len(SIGNS)
    np.testing.assert_allclose(in_order(quads).mean(axis=1), in_order(fine).mean(axis=1), atol=4)


def test_the_lines_found_are_those_that_hang_there(engines: Engines, scene: Scene, picture: Colour) -> None:
    quads, _ = engines.detector.detect(picture)
    for _, word, _ in locate_words(scene, 0):
        centre = np.mean(word, axis=0)
        assert any(cv2.pointPolygonTest(quad, centre.tolist(), measureDist=False) > 0 for quad in quads), word


def test_both_back_ends_read_the_same(engines: Engines, others: Engines, scene: Scene, picture: Colour) -> None:
    crops = []
    for _, word, _ in locate_words(scene, 0):
        left, top, width, height = cv2.boundingRect(np.array(word, np.float32))
        crops.append(picture[top - 4 : top + height + 4, left - 4 : left + width + 4])
    ours, theirs = engines.recogniser.read(crops), others.recogniser.read(crops)
    assert [lattice.text for lattice in ours] == [word["text"] for word in words_of(scene)]
    assert [lattice.text for lattice in theirs] == [lattice.text for lattice in ours]
    assert [lattice.confidence for lattice in theirs] == pytest.approx([lattice.confidence for lattice in ours], abs=0.02)
