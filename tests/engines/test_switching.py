"""The reader goes on while a faster engine is built, and changes over without losing or mixing anything."""

from __future__ import annotations

import threading
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest

from glyphfeed.engines.errors import EngineError
from glyphfeed.engines.loading import Backend, load_engine, load_while_built, trouble_with
from glyphfeed.engines.switching import SwitchingEngine
from tests.engines.onnx_bytes import line_model

if TYPE_CHECKING:
    from pathlib import Path

    from glyphfeed.engines.engine import Engine

SHAPE = (1, 3, 4, 6)
DEADLINE_S = 10.0


def line(folder: Path, backend: Backend, factor: float) -> Engine:
    path = folder / f"times{factor:g}.onnx"
    path.write_bytes(line_model(factor, 0, {"author": "somebody"}))
    return load_engine(backend, path, [SHAPE], threads=1)


@pytest.fixture
def first(tmp_path: Path) -> Engine:
    return line(tmp_path, Backend.ONNXRUNTIME, 2)


@pytest.fixture
def second(tmp_path: Path) -> Engine:
    return line(tmp_path, Backend.OPENVINO, 3)


def factor(engine: Engine) -> float:
    return float(engine.run({"x": np.ones(SHAPE, np.float32)})["y"].flat[0])


def test_it_changes_over_when_the_other_is_ready_and_says_so(
    first: Engine, second: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    better: Future[Engine] = Future()
    engine = SwitchingEngine(first, better, "tensorrt")
    assert factor(engine) == 2
    assert engine.name == "times2 (onnxruntime, fp32, while tensorrt is built)"
    assert engine.metadata("author") == "somebody"
    assert (engine.input, engine.batch) == ("x", 1)
    better.set_result(second)
    assert factor(engine) == 3
    assert engine.name == second.name
    assert f"{second.name} takes over" in caplog.text
    engine.close()
    with pytest.raises(EngineError, match="closed"):
        factor(engine)


def test_where_the_other_cannot_be_built_it_goes_on_and_tells_why(first: Engine, caplog: pytest.LogCaptureFixture) -> None:
    better: Future[Engine] = Future()
    engine = SwitchingEngine(first, better, "tensorrt")
    better.set_exception(EngineError("the GPU has no memory left"))
    assert factor(engine) == 2
    assert engine.name == "times2 (onnxruntime, fp32, because what would be faster cannot be built)"
    assert "times2 (onnxruntime, fp32) goes on: the GPU has no memory left" in caplog.text


def test_where_nothing_else_is_wanted_the_failure_is_an_error(first: Engine) -> None:
    better: Future[Engine] = Future()
    engine = SwitchingEngine(first, better, "tensorrt", required=True)
    assert factor(engine) == 2
    better.set_exception(EngineError("the GPU has no memory left"))
    with pytest.raises(EngineError, match="the GPU has no memory left"):
        factor(engine)


def test_no_run_is_lost_while_it_changes_over(first: Engine, second: Engine) -> None:
    better: Future[Engine] = Future()
    engine = SwitchingEngine(first, better, "tensorrt")
    factors: list[float] = []
    running = threading.Event()

    def work() -> None:
        for _ in range(300):
            factors.append(factor(engine))
            running.set()

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    assert running.wait(DEADLINE_S)
    better.set_result(second)
    for thread in threads:
        thread.join(DEADLINE_S)
        assert not thread.is_alive()
    assert len(factors) == 900
    assert set(factors) <= {2, 3}
    assert factor(engine) == 3


def test_what_is_ready_only_after_the_end_is_closed(first: Engine, second: Engine) -> None:
    better: Future[Engine] = Future()
    engine = SwitchingEngine(first, better, "tensorrt")
    engine.close()
    better.set_result(second)
    with pytest.raises(EngineError, match="closed"):
        factor(second)


@pytest.mark.gpu
@pytest.mark.skipif(trouble_with(Backend.CUDA) is not None, reason=f"cuda: {trouble_with(Backend.CUDA)}")
def test_a_cpu_runs_a_network_until_cuda_is_ready(tmp_path: Path) -> None:
    path = tmp_path / "line.onnx"
    path.write_bytes(line_model(5, 0))

    def load(backend: Backend) -> Engine:
        return load_engine(backend, path, [SHAPE], threads=1)

    with ThreadPoolExecutor(1) as builds:
        engine = load_while_built(Backend.CUDA, load, builds, required=True)
        assert factor(engine) == 5
    assert engine.name == "line (cuda, fp32)"
    assert factor(engine) == 5
    engine.close()
