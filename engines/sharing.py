"""One engine for many cameras: a thread for each of its streams, which takes requests of like shape together.

Owns: the order of the requests.  Does not know what the tensors mean.
"""

from __future__ import annotations

import threading
import time
from concurrent.futures import Future
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from glyphfeed.engines.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from glyphfeed.engines.engine import Engine, Eye
    from glyphfeed.engines.models import Colours
    from glyphfeed.engines.tensors import Fit, Tensor

WAIT_S = 0.002
"""A request waits so long at most for others to share its run: far less than any run takes on a CPU."""


@dataclass(frozen=True, slots=True, eq=False)
class Request:
    """What one thread wants to have computed, since when (monotonic clock), and the answer to come.

    That is a tensor (inputs, ...), or none and a picture to `see`, which takes a run of its own.
    """

    tensor: Tensor | None
    since_s: float
    see: Callable[[], Tensor] | None = None
    answer: Future[Any] = field(default_factory=Future)

    @property
    def inputs(self) -> int:
        """How many inputs of the network it takes."""
        return 1 if self.tensor is None else len(self.tensor)

    def joins(self, other: Request) -> bool:
        """Whether one run can compute both, as far as their shapes go."""
        return self.tensor is not None and other.tensor is not None and self.tensor.shape[1:] == other.tensor.shape[1:]


class SharedEngine:
    """An engine that many threads use, and that is run by as many threads as it has streams; itself an `Engine`.

    `run` blocks, so a camera has no more requests in the queue than threads that ask.  The oldest request is always next, with
    those of its shape that others have waiting: so each camera has its turn after a few of each of the others, however much it
    wants, and one that wants nothing holds up nobody.
    """

    def __init__(self, engine: Engine, wait_s: float = WAIT_S) -> None:
        """Take over an engine; `wait_s` is how long a request waits at most for others to fill its run."""
        self.input = engine.input
        self._engine = engine
        self._wait_s = wait_s
        self._queue: list[Request] = []
        self._news = threading.Condition()
        self._closed = False
        self.streams = engine.streams
        self._threads = [threading.Thread(target=self._work, name="glyphfeed-engine", daemon=True) for _ in range(self.streams)]
        for thread in self._threads:
            thread.start()

    @property
    def name(self) -> str:
        """See `engines.engine.Engine.name`."""
        return self._engine.name

    @property
    def batch(self) -> int:
        """See `engines.engine.Engine.batch`."""
        return self._engine.batch

    def run(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Have the network run; see `engines.engine.Engine.run`."""
        if [*tensors] != [self.input]:
            return self._engine.run(tensors)  # which refuses it
        results: dict[str, Tensor] = self._ask(Request(tensors[self.input], time.monotonic()))
        return results

    @property
    def eye(self) -> Eye | None:
        """See `engines.engine.Engine.eye`."""
        return self if self._engine.eye else None

    def see(self, picture: NDArray[np.uint8], fit: Fit, colours: Colours, least: Sequence[float]) -> Tensor:
        """Have the network shown a picture; see `engines.engine.Eye.see`."""
        eye = self._engine.eye
        assert eye is not None
        maps: Tensor = self._ask(Request(None, time.monotonic(), lambda: eye.see(picture, fit, colours, least)))
        return maps

    def _ask(self, request: Request) -> Any:
        with self._news:
            if self._closed:
                raise EngineError(f"{self.name} is closed")
            self._queue.append(request)
            self._news.notify_all()
        return request.answer.result()

    def metadata(self, key: str) -> str | None:
        """See `engines.engine.Engine.metadata`."""
        return self._engine.metadata(key)

    def close(self) -> None:
        """Compute what is waiting, end the threads and free the network."""
        with self._news:
            self._closed = True
            self._news.notify_all()
        for thread in self._threads:
            thread.join()
        self._engine.close()

    def _work(self) -> None:
        while requests := self._next():
            try:
                answers = run_together(self._engine, requests)
            except Exception as error:  # each of those who wait must hear of it, whatever it is
                for request in requests:
                    request.answer.set_exception(error)
            else:
                for request, answer in zip(requests, answers, strict=True):
                    request.answer.set_result(answer)

    def _next(self) -> list[Request]:
        """Wait for requests; nothing once the engine is closed and all are answered."""
        with self._news:
            while True:
                chosen = choose(self._queue, self.batch)
                full = any(request.see for request in chosen) or sum(request.inputs for request in chosen) >= self.batch
                left_s = chosen[0].since_s + self._wait_s - time.monotonic() if chosen else None
                if self._closed or full or (left_s is not None and left_s <= 0):
                    self._queue = [request for request in self._queue if request not in chosen]
                    return chosen
                # Ends with a request, with the end, or when the oldest request has waited long enough.
                self._news.wait(left_s)


def choose(queue: Sequence[Request], most: int) -> list[Request]:
    """Take the oldest request, and those of its shape, by age, that go into one run of so many inputs with it."""
    chosen: list[Request] = []
    for request in queue:
        together = sum(other.inputs for other in chosen) + request.inputs
        if not chosen or (request.joins(chosen[0]) and together <= most):
            chosen.append(request)
    return chosen


def run_together(engine: Engine, requests: Sequence[Request]) -> list[Any]:
    """Compute requests of like shape in one run, and give each its own part of what comes out; or show one picture."""
    if requests[0].see is not None:
        return [requests[0].see()]
    tensors = [request.tensor for request in requests if request.tensor is not None]
    results = engine.run({engine.input: np.concatenate(tensors)})
    ends = np.cumsum([len(tensor) for tensor in tensors])[:-1]
    # Copies: what the engine lends holds only until this thread runs it again.
    parts = {name: [part.copy() for part in np.split(result, ends)] for name, result in results.items()}
    return [{name: part[number] for name, part in parts.items()} for number in range(len(tensors))]
