"""What the tests of the drivers share: sources and networks that misbehave, and a sink that remembers."""

from __future__ import annotations

import threading
import time
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING

import cv2
import numpy as np

from glyphfeed.engines.errors import EngineError
from glyphfeed.engines.loading import Engines
from glyphfeed.stream.errors import SourceError
from glyphfeed.stream.feed import wire
from glyphfeed.stream.feed.publishing.outbox import TurnOutbox, run
from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.stream.records import Frame, SourceState
from tests.stream.feed.samples import DEADLINE_S

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from glyphfeed.engines.detector import Detector
    from glyphfeed.engines.lattice import Lattice
    from glyphfeed.engines.recogniser import Recogniser
    from glyphfeed.stream.records import Colour, Event, Snapshot, Status
    from glyphfeed.stream.sources.source import Source, StateListener

ANY_PORT = "tcp://127.0.0.1:*"


class Notebook:
    """A sink that remembers everything, and on which a test can wait."""

    def __init__(self) -> None:
        self.frames: list[Frame] = []
        self.snapshots: list[Snapshot] = []
        self.events: list[Event] = []
        self.statuses: list[Status] = []
        self._changed = threading.Condition()

    def publish(self, frame: Frame, snapshot: Snapshot, events: Sequence[Event]) -> None:
        with self._changed:
            self.frames.append(frame)
            self.snapshots.append(snapshot)
            self.events.extend(events)
            self._changed.notify_all()

    def report(self, status: Status) -> None:
        with self._changed:
            self.statuses.append(status)
            self._changed.notify_all()

    @property
    def states(self) -> list[SourceState]:
        """The states reported, without repetitions."""
        states = [status.state for status in self.statuses]
        return [state for i, state in enumerate(states) if i == 0 or states[i - 1] is not state]

    @property
    def words(self) -> set[str]:
        """Everything that was announced as read, without spaces."""
        return {event.entity.text.replace(" ", "") for event in self.events}

    def wait_until(self, condition: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(condition, DEADLINE_S), "this never came true"


class Broken:
    """A source that breaks after so many frames of another."""

    def __init__(self, source: Source, frames: int) -> None:
        self.name, self.live = source.name, source.live
        self._source = source
        self._frames = frames

    def frames(self, on_state: StateListener) -> Iterator[Frame]:
        for frame in self._source.frames(on_state):
            if frame.index >= self._frames:
                raise SourceError(f"{self.name}: the cable was cut")
            yield frame

    def stop(self) -> None:
        self._source.stop()


class Stalled:
    """A live source that gives the first frames of another, and then nothing more until it is stopped."""

    live = True

    def __init__(self, source: Source, frames: int) -> None:
        self.name = source.name
        self._source = source
        self._frames = frames
        self._stopped = threading.Event()

    def frames(self, on_state: StateListener) -> Iterator[Frame]:
        for frame in self._source.frames(on_state):
            if frame.index >= self._frames:
                break
            yield frame
        on_state(SourceState.STALLED, f"{self.name}: there is no picture any more")
        # Ends with `stop`.
        self._stopped.wait()
        on_state(SourceState.ENDED, f"{self.name} was stopped")

    def stop(self) -> None:
        self._source.stop()
        self._stopped.set()


class Poster:
    """A live source that shows one picture, thirty times a second, until it is stopped."""

    live = True

    def __init__(self, image: Colour, name: str) -> None:
        self.name = name
        self._image = image
        self._grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
        self._stopped = threading.Event()

    def frames(self, on_state: StateListener) -> Iterator[Frame]:
        on_state(SourceState.CONNECTING, f"{self.name}: hanging the poster")
        on_state(SourceState.LIVE, f"{self.name}: the poster hangs")
        for index in count():
            yield Frame(index, index / 30, time.time(), self._grey, lambda: self._image)
            # Ends with `stop`.
            if self._stopped.wait(1 / 30):
                break
        on_state(SourceState.ENDED, f"{self.name} was stopped")

    def stop(self) -> None:
        self._stopped.set()


class FailingDetector:
    """A detector that works so many times."""

    def __init__(self, detector: Detector, times: int) -> None:
        self.name = detector.name
        self._detector = detector
        self._left = times

    def detect(
        self, image: NDArray[np.uint8], *, turned: bool = False, enhanced: bool = False, coarse: bool = False
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        self._left -= 1
        if self._left < 0:
            raise EngineError("the detector ran out of memory")
        return self._detector.detect(image, turned=turned, enhanced=enhanced, coarse=coarse)


class FailingRecogniser:
    """A recogniser that works so many times."""

    def __init__(self, recogniser: Recogniser, times: int) -> None:
        self.name = recogniser.name
        self._recogniser = recogniser
        self._left = times

    def read(self, crops: Sequence[NDArray[np.uint8]]) -> list[Lattice]:
        self._left -= 1
        if self._left < 0:
            raise EngineError("the recogniser ran out of memory")
        return self._recogniser.read(crops)


class Slow:
    """A network that answers only when it is let, or at the latest after the tests' deadline."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.asked = 0
        self.let = threading.Event()

    def wait(self) -> None:
        self.asked += 1
        self.let.wait(DEADLINE_S)


class SlowDetector(Slow):
    def __init__(self, detector: Detector) -> None:
        super().__init__(detector.name)
        self._detector = detector

    def detect(
        self, image: NDArray[np.uint8], *, turned: bool = False, enhanced: bool = False, coarse: bool = False
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        self.wait()
        return self._detector.detect(image, turned=turned, enhanced=enhanced, coarse=coarse)


class SlowRecogniser(Slow):
    def __init__(self, recogniser: Recogniser) -> None:
        super().__init__(recogniser.name)
        self._recogniser = recogniser

    def read(self, crops: Sequence[NDArray[np.uint8]]) -> list[Lattice]:
        self.wait()
        return self._recogniser.read(crops)


def broken_networks(engines: Engines) -> dict[str, Engines]:
    """Networks of which one fails, the detector at its second use and the recogniser at its first, by what the error says."""
    return {
        "the detector ran out of memory": Engines(FailingDetector(engines.detector, 1), engines.recogniser),
        "the recogniser ran out of memory": Engines(engines.detector, FailingRecogniser(engines.recogniser, 0)),
    }


@contextmanager
def publishing(record: Path | None = None) -> Iterator[tuple[Publisher, TurnOutbox]]:
    """A publisher on a free port with its thread, which has published everything at the end of the context."""
    with Publisher(ANY_PORT, record) as publisher:
        outbox = TurnOutbox(publisher.wake)
        thread = threading.Thread(target=run, args=(publisher, outbox))
        thread.start()
        try:
            yield publisher, outbox
        finally:
            outbox.close()
            thread.join(DEADLINE_S)
            assert not thread.is_alive()


def recorded(record: Path) -> list[wire.Message]:
    """The messages of a recording."""
    return [wire.parse(line) for line in record.read_bytes().splitlines()]


def driver_threads(name: str) -> list[str]:
    """The threads of a source's driver that are still running."""
    return [thread.name for thread in threading.enumerate() if thread.name.startswith(name)]
