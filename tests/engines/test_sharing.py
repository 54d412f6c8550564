"""One engine for several cameras: nobody waits for more than a run of each other, and like requests go together."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.engines.errors import EngineError
from glyphfeed.engines.loading import Backend, load_engine
from glyphfeed.engines.sharing import Request, SharedEngine, choose
from tests.engines.backends import BACKENDS
from tests.engines.onnx_bytes import line_model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from glyphfeed.engines.engine import Engine, Shape
    from glyphfeed.engines.tensors import Tensor

NARROW, WIDE = (1, 3, 4, 6), (1, 3, 4, 10)
FACTOR, OFFSET = 2.0, -1.0
BATCH = 4
DEADLINE_S = 10.0


class Gate:
    """A real network behind a gate: each run is noted, and waits until the gate is opened; a mark makes a run fail."""

    FAULT = -7.0

    def __init__(self, engine: Engine, streams: int = 1) -> None:
        self.name, self.input, self.batch = engine.name, engine.input, engine.batch
        self.streams = streams
        self.runs: list[tuple[Shape, list[float]]] = []
        """Shape, and the first number of each input, by which its camera is known."""
        self.begun = threading.Semaphore(0)
        self.open = threading.Semaphore(0)
        self.engine = engine

    def run(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        tensor = tensors[self.input]
        marks = [float(part.flat[0]) for part in tensor]
        self.runs.append((tensor.shape, marks))
        self.begun.release()
        assert self.open.acquire(timeout=DEADLINE_S)
        if self.FAULT in marks:
            raise EngineError("the network ran out of memory")
        return self.engine.run(tensors)

    def metadata(self, key: str) -> str | None:
        return self.engine.metadata(key)

    def close(self) -> None:
        self.engine.close()


@pytest.fixture(params=BACKENDS)
def gate(request: pytest.FixtureRequest, tmp_path: Path) -> Gate:
    path = tmp_path / "line.onnx"
    path.write_bytes(line_model(FACTOR, OFFSET, {"author": "somebody"}, batch="lines"))
    return Gate(load_engine(Backend(request.param), path, [NARROW, WIDE], threads=1, batch=BATCH))


@pytest.fixture
def cameras() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(8) as pool:
        yield pool


def tensor_of(mark: float, shape: Shape = NARROW) -> Tensor:
    return np.full(shape, mark, np.float32)


def asking(engine: Engine, mark: float, shape: Shape = NARROW) -> Callable[[], bool]:
    """What a camera does: it asks, and sees whether the answer is its own."""

    def ask() -> bool:
        return np.array_equal(engine.run({"x": tensor_of(mark, shape)})["y"], FACTOR * tensor_of(mark, shape) + OFFSET)

    return ask


def waiting(shared: SharedEngine, number: int) -> None:
    """Wait until so many requests are in the queue."""
    for _ in range(1000):
        if len(shared._queue) == number:
            return
        threading.Event().wait(0.01)
    raise AssertionError(f"{len(shared._queue)} wait and not {number}")


def test_requests_of_one_shape_share_a_run_and_each_gets_its_own(gate: Gate, cameras: ThreadPoolExecutor) -> None:
    shared = SharedEngine(gate, wait_s=0)
    first = cameras.submit(asking(shared, 1))
    assert gate.begun.acquire(timeout=DEADLINE_S)
    others = []
    for number, (mark, shape) in enumerate([(2, NARROW), (3, WIDE), (4, NARROW), (5, (3, *WIDE[1:])), (6, (3, *NARROW[1:]))]):
        others.append(cameras.submit(asking(shared, mark, shape)))
        waiting(shared, number + 1)
    for _ in range(4):
        gate.open.release()
    assert all(answer.result(DEADLINE_S) for answer in (first, *others))
    assert [marks for _, marks in gate.runs] == [[1], [2, 4], [3, 5, 5, 5], [6, 6, 6]], "four go together, and the oldest first"
    assert [shape[3] for shape, _ in gate.runs] == [6, 6, 10, 6]
    assert shared.metadata("author") == "somebody"
    shared.close()


def test_a_camera_that_wants_much_does_not_hold_up_one_that_wants_little(gate: Gate, cameras: ThreadPoolExecutor) -> None:
    shared = SharedEngine(gate, wait_s=0)

    def insatiable() -> bool:
        return all(asking(shared, 1, WIDE)() for _ in range(20))

    greedy = cameras.submit(insatiable)
    assert gate.begun.acquire(timeout=DEADLINE_S)
    modest = [cameras.submit(asking(shared, mark)) for mark in (2, 3)]
    waiting(shared, 2)
    for _ in range(21):
        gate.open.release()
    assert all(answer.result(DEADLINE_S) for answer in (*modest, greedy))
    assert gate.runs[1][0][3] == NARROW[3], "next are those that came while the greedy one was served"
    assert len(gate.runs) == 21
    shared.close()


def test_as_many_runs_go_at_once_as_the_engine_has_streams(gate: Gate, cameras: ThreadPoolExecutor) -> None:
    shared = SharedEngine(Gate(gate.engine, streams=2), wait_s=0)
    gate = shared._engine
    answers = [cameras.submit(asking(shared, mark, shape)) for mark, shape in ((1, NARROW), (2, WIDE))]
    assert gate.begun.acquire(timeout=DEADLINE_S)
    assert gate.begun.acquire(timeout=DEADLINE_S), "the second does not wait for the first"
    answers.append(cameras.submit(asking(shared, 3)))
    waiting(shared, 1)
    assert not gate.begun.acquire(timeout=0.1), "a third does"
    for _ in range(3):
        gate.open.release()
    assert all(answer.result(DEADLINE_S) for answer in answers)
    shared.close()


def test_a_camera_that_stalls_delays_nobody(gate: Gate, cameras: ThreadPoolExecutor) -> None:
    """Three cameras; after its first picture one has nothing to ask any more, and the queue does not wait for it."""
    shared = SharedEngine(gate)
    for _ in range(42):
        gate.open.release()
    stalled = threading.Event()

    def stalling() -> bool:
        right = asking(shared, 1)()
        stalled.wait(DEADLINE_S)
        return right

    frozen = cameras.submit(stalling)
    lively = [cameras.submit(lambda mark=mark: all(asking(shared, mark)() for _ in range(20))) for mark in (2.0, 3.0)]
    assert all(answer.result(DEADLINE_S) for answer in lively)
    assert not frozen.done()
    stalled.set()
    assert frozen.result(DEADLINE_S)
    assert sum(len(marks) for _, marks in gate.runs) == 41
    shared.close()


def test_a_request_waits_for_company_until_its_deadline_and_not_for_a_full_run(gate: Gate, cameras: ThreadPoolExecutor) -> None:
    gate.open.release()
    patient = SharedEngine(gate, wait_s=DEADLINE_S)
    alone = cameras.submit(asking(patient, 1))
    waiting(patient, 1)
    company = cameras.submit(asking(patient, 2, (3, *NARROW[1:])))
    assert alone.result(DEADLINE_S)
    assert company.result(DEADLINE_S)
    assert gate.runs == [(NARROW, [1.0]), ((3, *NARROW[1:]), [2.0] * 3)] or gate.runs == [
        ((4, *NARROW[1:]), [1.0, 2.0, 2.0, 2.0])
    ]
    assert len(gate.runs) == 1
    patient.close()


def test_what_a_camera_was_given_holds_while_others_use_the_network(gate: Gate, cameras: ThreadPoolExecutor) -> None:
    shared = SharedEngine(gate.engine)
    mine = shared.run({"x": tensor_of(1)})["y"]
    theirs = cameras.submit(lambda: shared.run({"x": tensor_of(5)})["y"]).result(DEADLINE_S)
    assert np.array_equal(mine, FACTOR * tensor_of(1) + OFFSET)
    assert np.array_equal(theirs, FACTOR * tensor_of(5) + OFFSET)
    shared.close()


def test_a_failure_reaches_all_that_shared_the_run_and_nobody_else(gate: Gate, cameras: ThreadPoolExecutor) -> None:
    shared = SharedEngine(gate, wait_s=0)
    first = cameras.submit(asking(shared, 1))
    assert gate.begun.acquire(timeout=DEADLINE_S)
    hit = []
    for mark in (2, gate.FAULT):
        hit.append(cameras.submit(asking(shared, mark)))
        waiting(shared, len(hit))
    spared = cameras.submit(asking(shared, 3, WIDE))
    waiting(shared, 3)
    for _ in range(3):
        gate.open.release()
    for answer in hit:
        with pytest.raises(EngineError, match="ran out of memory"):
            answer.result(DEADLINE_S)
    assert first.result(DEADLINE_S)
    assert spared.result(DEADLINE_S)
    shared.close()


def test_what_waits_is_still_computed_when_it_is_closed(gate: Gate, cameras: ThreadPoolExecutor) -> None:
    shared = SharedEngine(gate, wait_s=DEADLINE_S)
    asked = cameras.submit(asking(shared, 1))
    waiting(shared, 1)
    gate.open.release()
    shared.close()
    assert asked.result(DEADLINE_S)
    with pytest.raises(EngineError, match="closed"):
        shared.run({"x": tensor_of(1)})


def test_what_was_not_compiled_is_refused_as_the_engine_does(gate: Gate) -> None:
    shared = SharedEngine(gate.engine)
    for wrong in ({"picture": tensor_of(1)}, {"x": np.zeros((1, 3, 5, 5), np.float32)}):
        with pytest.raises(EngineError, match=r"takes x of shape \(1, 3, 4, 6\)"):
            shared.run(wrong)
    shared.close()


@given(
    st.lists(st.tuples(st.integers(1, 5), st.sampled_from([6, 10, 14])), max_size=12),
    st.integers(1, 6),
)
def test_the_oldest_is_always_chosen_with_none_but_its_like(wanted: list[tuple[int, int]], most: int) -> None:
    queue = [Request(np.zeros((lines, 3, 4, width), np.float32), float(age)) for age, (lines, width) in enumerate(wanted)]
    left, served = list(queue), []
    while chosen := choose(left, most):
        assert chosen[0] is left[0]
        assert {request.tensor.shape[1:] for request in chosen} == {left[0].tensor.shape[1:]}
        assert len(chosen) == 1 or sum(len(request.tensor) for request in chosen) <= most
        assert [request.since_s for request in chosen] == sorted(request.since_s for request in chosen)
        served += chosen
        left = [request for request in left if request not in chosen]
    assert {*served} == {*queue}
    assert len(served) == len(queue)
