"""`glyphfeed.Reader`: for who has the frames already, and hands them over one by one.

Owns: the two threads beside which the networks run.  The caller's own thread follows the text, and never waits for a network.
"""

from __future__ import annotations

import math
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np

from glyphfeed.engines.lexicon import LANGUAGES
from glyphfeed.stream.drivers.gauges import Gauges
from glyphfeed.stream.drivers.steps import run_pass, run_reads, take_work
from glyphfeed.stream.errors import InputError
from glyphfeed.stream.reader import Reader as Core
from glyphfeed.stream.records import Frame, sight_of
from glyphfeed.stream.running.networks import AUTO, borrowed, networks_of
from glyphfeed.stream.understanding.stage import Understanding
from glyphfeed.stream.understanding.wanted import settings_of

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from concurrent.futures import Future
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from numpy.typing import NDArray

    from glyphfeed.engines.loading import Engines
    from glyphfeed.stream.detecting.passes import Detections
    from glyphfeed.stream.reading.requests import Reading
    from glyphfeed.stream.records import Colour, Event, Grey, Sight, Snapshot, Status
    from glyphfeed.stream.sink import Sink

ROUNDS = 8
"""Reads of one text build on each other; so often at most at one time."""


class Reader:
    """Reads frames that it is handed; one thread only.

    The networks run beside the caller: what they found is in one of the next sights, and `finish` waits for them.  `close`, or
    the end of a `with`, ends their threads.
    """

    def __init__(
        self,
        name: str = "reader",
        *,
        chars: bool = False,
        attributes: bool | Collection[str] = False,
        region: str | None = None,
        engine: str = AUTO,
        detector: str | Path | None = None,
        recogniser: str | Path | None = None,
        languages: Sequence[str] = LANGUAGES,
        alphabets: Sequence[str] = (),
    ) -> None:
        """Load the networks, once for all who want the same, which takes a second or two.

        Args:
            name: what sights call the source.
            chars: whether texts are told down to their single characters.
            attributes: whether texts are told with what they mean, or the kinds of which that is told, such as `price`.
            region: the country by whose ways of writing attributes are meant, an ISO 3166 code such as DE; US unless told.
            engine: what runs the networks: `auto` for the best that works here, or a back-end's name.
            detector: an ONNX file instead of the default model, with its description beside it.
            recogniser: likewise.
            languages: whose common words to expect where letters are in doubt, by two letters, such as en.
            alphabets: whose letters to read, of latin, greek, han and kana; all without any.

        Raises:
            EngineError: they cannot be loaded.
            InputError: there is no such region, or what attributes need is not installed.

        """
        settings = settings_of(attributes, region)
        self._latest = Latest()
        self._sink: Sink = self._latest if settings is None else Understanding(self._latest, settings, live=False)
        networks = networks_of(engine, detector, recogniser, languages, alphabets)
        self._reader = Core(name, chars=chars)
        self._stack = ExitStack()
        self._engines: Engines = self._stack.enter_context(borrowed(networks, live=True))
        self._pool: ThreadPoolExecutor | None = self._stack.enter_context(ThreadPoolExecutor(2, "glyphfeed-reader"))
        self._gauges = Gauges(name, time.monotonic(), self._engines.detector, self._engines.recogniser)
        self._detecting: Future[Detections] | None = None
        self._recognising: Future[list[Reading]] | None = None
        self._frame: Frame | None = None
        self._begun_s = time.perf_counter()

    def see(self, frame: NDArray[np.uint8], at: float | None = None) -> Sight:
        """Follow the text into the next frame, and return at once with what is known of it.

        Args:
            frame: (height, width, 3) uint8 blue-green-red, or (height, width) grey; it is copied, and may be written to after.
            at: when it was taken, seconds on any clock of the caller's that only goes forward; without it, since the reader was
                made.

        Raises:
            InputError: it is no such picture, it is not later than the last one, or the reader is closed.
            EngineError: a network failed.

        """
        self._check_open()
        last, pts = self._frame, time.perf_counter() - self._begun_s if at is None else float(at)
        if not math.isfinite(pts) or (last is not None and pts <= last.pts):
            before = "" if last is None else f" came after one of {last.pts:g} s"
            raise InputError(f"a frame of {pts:g} s{before}: hand frames over in the order of their times, in seconds")
        grey, colour = planes_of(frame)
        # The networks look at it later: who draws on a sight's picture is to draw on a copy.
        colour.flags.writeable = False
        self._frame = Frame(0 if last is None else last.index + 1, pts, time.time(), grey, lambda: colour)
        self._reader.follow(self._frame)
        self._take_in(wait=False)
        sight = self._sight(self._frame)
        self._ask()
        return sight

    def finish(self) -> Sight:
        """Wait until everything that deserves it in the last frame was found and read, and tell what is known then.

        Raises:
            InputError: no frame was handed over yet, or the reader is closed.
            EngineError: a network failed.

        """
        self._check_open()
        if self._frame is None:
            raise InputError("there is nothing to finish before the first frame: call see first")
        for _ in range(ROUNDS):
            self._take_in(wait=True)
            if not self._ask():
                break
        self._take_in(wait=True)
        return self._sight(self._frame)

    def _check_open(self) -> None:
        if self._pool is None:
            raise InputError("this reader is closed; make another one")

    def _take_in(self, *, wait: bool) -> None:
        """Take in what the networks have found out, or all that they are at."""
        if self._detecting is not None and (wait or self._detecting.done()):
            detecting, self._detecting = self._detecting, None
            self._reader.accept_detections(detecting.result())
        if self._recognising is not None and (wait or self._recognising.done()):
            recognising, self._recognising = self._recognising, None
            self._reader.accept_readings(recognising.result())

    def _ask(self) -> bool:
        """Give idle networks something to do, and tell whether they have."""
        assert self._pool is not None
        detecting, recognising = self._detecting is not None, self._recognising is not None
        requests, wanted = take_work(self._reader, detecting=detecting, recognising=recognising)
        if requests:
            self._recognising = self._pool.submit(run_reads, self._engines.recogniser, requests, self._gauges)
        if wanted is not None:
            self._detecting = self._pool.submit(run_pass, self._engines.detector, wanted, self._gauges)
        return self._detecting is not None or self._recognising is not None

    def _sight(self, frame: Frame) -> Sight:
        self._sink.publish(frame, self._reader.snapshot(), self._reader.events())
        return self._latest.sight

    def close(self) -> None:
        """End the threads when the networks are done with what they are at; twice is fine."""
        self._pool = None
        self._stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


class Latest:
    """A sink that keeps what it was told last."""

    sight: Sight

    def publish(self, frame: Frame, snapshot: Snapshot, events: Sequence[Event]) -> None:
        """See `Sink.publish`."""
        self.sight = sight_of(frame, snapshot, events)

    def report(self, status: Status) -> None:
        """See `Sink.report`; nobody is told."""


def planes_of(picture: NDArray[Any]) -> tuple[Grey, Colour]:
    """Copy a picture, and make the other of grey and colour of it.

    Raises:
        InputError: it is no (height, width, 3) or (height, width) uint8 array, or empty.

    """
    is_picture = isinstance(picture, np.ndarray) and picture.dtype == np.uint8 and picture.size > 0
    if is_picture and picture.ndim == 2:
        grey = np.array(picture, np.uint8, order="C")
        return grey, np.asarray(cv2.cvtColor(grey, cv2.COLOR_GRAY2BGR), np.uint8)
    if is_picture and picture.ndim == 3 and picture.shape[2] == 3:
        colour = np.array(picture, np.uint8, order="C")
        return np.asarray(cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY), np.uint8), colour
    what = f"{picture.dtype} {picture.shape}" if isinstance(picture, np.ndarray) else type(picture).__name__
    raise InputError(
        f"a picture is a (height, width, 3) uint8 array, blue-green-red, or a (height, width) grey one; this is {what}"
    )
