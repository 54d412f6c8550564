"""Running sources, which may come and go: a driver for each, one thread that publishes, and whoever waits in the calling thread.

Owns: the threads, who failed, and what sources share.  Does not own what becomes of it (sinks), nor how it is shown (displays).
"""

from __future__ import annotations

import sys
import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, Future, InvalidStateError, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import count
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from glyphfeed.stream.detecting.zones import EVERYWHERE
from glyphfeed.stream.feed.publishing.outbox import TurnOutbox, run
from glyphfeed.stream.feed.publishing.sinks import LiveSink, TurnSink
from glyphfeed.stream.reading.budget import Budget

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from types import TracebackType
    from typing import Self

    from glyphfeed.engines.loading import Engines
    from glyphfeed.stream.detecting.zones import Zones
    from glyphfeed.stream.feed.publishing.publisher import Publisher
    from glyphfeed.stream.reader import Reader
    from glyphfeed.stream.records import Event, Frame, Snapshot, Status
    from glyphfeed.stream.sink import Sink
    from glyphfeed.stream.sources.source import Source
    from glyphfeed.stream.understanding.settings import Settings
    from glyphfeed.stream.understanding.stage import Understanding

T = TypeVar("T")
Failures: TypeAlias = "list[tuple[str, BaseException]]"
"""The name of each source that failed, and its error."""

JOIN_S = 8.0
"""Longer than each driver takes to join its own threads."""
LOOK_S = 0.5
"""How often it is asked whether to go on, where nobody says."""


class FanOut:
    """A sink that passes everything on to several, in their order."""

    def __init__(self, sinks: Sequence[Sink]) -> None:
        self._sinks = sinks

    def publish(self, frame: Frame, snapshot: Snapshot, events: Sequence[Event]) -> None:
        """See `Sink.publish`."""
        for sink in self._sinks:
            sink.publish(frame, snapshot, events)

    def report(self, status: Status) -> None:
        """See `Sink.report`."""
        for sink in self._sinks:
            sink.report(status)


class GoingOn:
    """A sink for a source whose name was read before: numbers of frames and stream time go on from there, to another sink."""

    def __init__(self, sink: Sink, frames: int, pts: float) -> None:
        """`frames` were delivered before, and `pts` is the stream time at which it begins again."""
        self._sink, self._frames, self._pts = sink, frames, pts

    def publish(self, frame: Frame, snapshot: Snapshot, events: Sequence[Event]) -> None:
        """See `Sink.publish`."""
        self._sink.publish(
            replace(frame, index=frame.index + self._frames, pts=frame.pts + self._pts),
            replace(snapshot, frame=snapshot.frame + self._frames, pts=snapshot.pts + self._pts),
            [replace(event, frame=event.frame + self._frames) for event in events],
        )

    def report(self, status: Status) -> None:
        """See `Sink.report`."""
        self._sink.report(status)


@dataclass(slots=True)
class Name:
    """What is used up of a name, and must not come again under it: ids of texts, frames, and stream time until a moment of the
    monotonic clock.
    """

    ids: Iterator[int] = field(default_factory=lambda: count(1))
    frames: int = 0
    pts: float = 0.0
    left_s: float = 0.0

    def leave(self, last: Frame | None) -> None:
        """A source of this name is gone, whose last frame this was."""
        self.left_s = time.monotonic()
        if last is not None:
            self.frames, self.pts = self.frames + last.index + 1, self.pts + last.pts

    def sink(self, sink: Sink) -> Sink:
        """The way on for a source that takes the name."""
        if not self.frames:
            return sink
        self.pts += time.monotonic() - self.left_s
        return GoingOn(sink, self.frames, self.pts)


@dataclass(frozen=True, slots=True)
class Running:
    """A source that is being read, or was until it ended."""

    source: Source
    reader: Reader
    stage: Understanding | None
    thread: Future[None]


class Runtime:
    """Sources that are read beside each other, and that come and go without disturbing the others.

    Used by one thread, as a context; its end ends all sources, and waits for that.  What is found out goes to a feed, if there is
    a `publisher`, which stays open, and then to the `others`.  `chars` tells texts down to their single characters, `codes` has
    QR and bar codes read as well, unless a source is to have it otherwise, and `settings` are what is wanted of texts beyond what
    they say.  Live sources share one budget of reads; a recording has its own, so that what is read of it does not depend on what
    else runs.

    Raises:
        EngineError: there is nothing here that reads codes.
        FeedError: at the end of the context, where the feed could not go on.

    """

    def __init__(
        self,
        engines: Engines,
        publisher: Publisher | None = None,
        others: Sequence[Sink] = (),
        *,
        chars: bool = False,
        codes: bool = False,
        settings: Settings | None = None,
    ) -> None:
        if codes:
            _check_codes()
        self._engines, self._others, self._chars, self._codes, self._settings = engines, others, chars, codes, settings
        self._publisher = publisher
        # A thread for each, however many come.
        self._pool = ThreadPoolExecutor(sys.maxsize, "glyphfeed")
        self._outbox = None if publisher is None else TurnOutbox(publisher.wake)
        self._publishing: list[Future[None]] = []
        if publisher is not None and self._outbox is not None:
            self._publishing.append(self._pool.submit(run, publisher, self._outbox))
        self._budget = Budget()
        self._reading: dict[str, Running] = {}
        self._told: set[Future[None]] = set()
        self._names: dict[str, Name] = {}
        self._calls: deque[tuple[Future[Any], Callable[[], Any]]] = deque()
        self._called = Future[None]()
        self.expects = False
        """Whether sources may yet come, so that it goes on where none is read."""

    def add(
        self,
        source: Source,
        engines: Engines | None = None,
        zones: Zones = EVERYWHERE,
        *,
        takes_leave: bool = False,
        codes: bool | None = None,
    ) -> None:
        """Begin to read a source; one that has its name is removed before, and where one had it before, all numbers go on.

        `engines` are given where the source has others than the rest, and `codes` where those are read in it and not in the rest,
        or the other way round.  Where it `takes_leave` its texts are told as left at its end.

        Raises:
            EngineError: there is nothing here that reads codes.

        """
        if codes:
            _check_codes()
        # The core takes a second to import, and is not needed before the networks are there.
        from glyphfeed.stream.reader import Reader

        if source.name in self._reading:
            self.remove([source.name])
        sinks = [*self._feed_sinks(source), *self._others]
        name = self._names.setdefault(source.name, Name())
        budget = self._budget if source.live else None
        reader = Reader(
            source.name,
            chars=self._chars,
            codes=self._codes if codes is None else codes,
            budget=budget,
            ids=name.ids,
            zones=zones,
            takes_leave=takes_leave,
        )
        sink, stage = self._staged(FanOut(sinks), source)
        thread = self._pool.submit(read, source, engines or self._engines, name.sink(sink), reader, stage)
        self._reading[source.name] = Running(source, reader, stage, thread)
        self._share()

    def _staged(self, sink: Sink, source: Source) -> tuple[Sink, Understanding | None]:
        """The way on of a source, and the stage on it, where anything is wanted of texts beyond what they say."""
        if self._settings is None:
            return sink, None
        from glyphfeed.stream.understanding.stage import Understanding

        stage = Understanding(sink, self._settings, live=source.live)
        return stage, stage

    def describe(self, source: str, identity: int, text: str, caption: str) -> None:
        """Say what there is around a text of a source; any thread may call it.  A source that is gone has no use for it."""
        running = self._reading.get(source)
        if running is not None and running.stage is not None:
            running.stage.describe(identity, text, caption)

    def understand(self, settings: Settings) -> None:
        """Want something else of all texts from now on; a runtime that was begun with settings, if with empty ones, can do so."""
        self._settings = settings
        for running in self._reading.values():
            if running.stage is not None:
                running.stage.settings = settings

    def _feed_sinks(self, source: Source) -> Iterator[Sink]:
        """The way onto the feed, if there is one: of a live source the newest, of a recording everything."""
        if self._publisher is not None and self._outbox is not None:
            way = LiveSink if source.live else TurnSink
            yield way(self._outbox, self._publisher.pictures)

    def remove(self, names: Iterable[str]) -> None:
        """Stop sources, wait until they have told of their end, and forget them; names that none has are passed over."""
        leaving = [self._reading.pop(name) for name in names if name in self._reading]
        self._stop(leaving)
        for running in leaving:
            self._told.discard(running.thread)
            self._names[running.source.name].leave(running.reader.frame)
        self._share()

    @property
    def sources(self) -> Mapping[str, Source]:
        """Those that are read, or have ended and were not removed, by their names."""
        return {name: running.source for name, running in self._reading.items()}

    def next_frame(self, name: str) -> int:
        """The number under which the first frame is published of a source that takes this name next."""
        return self._names[name].frames if name in self._names else 0

    def call(self, function: Callable[[], T]) -> Future[T]:
        """Have something done by the thread that uses this, which does it in `wait`; any thread may ask for it."""
        outcome = Future[T]()
        self._calls.append((outcome, function))
        with suppress(InvalidStateError):
            self._called.set_result(None)
        return outcome

    def _answer(self) -> None:
        """Do what other threads have asked for."""
        if self._called.done():
            # Before they are looked at: what comes after that ends the next wait.
            self._called = Future()
        while self._calls:
            outcome, function = self._calls.popleft()
            if outcome.set_running_or_notify_cancel():
                try:
                    outcome.set_result(function())
                except Exception as error:
                    outcome.set_exception(error)

    def change_zones(self, name: str, zones: Zones) -> None:
        """Read elsewhere in the pictures of a source from now on, if there is one of that name."""
        if name in self._reading:
            self._reading[name].reader.zones = zones

    def _share(self) -> None:
        """Part the budget of reads among the live sources that there are."""
        live = [running for running in self._reading.values() if running.source.live and not running.thread.done()]
        self._budget.readers = max(len(live), 1)

    def wait(self, timeout_s: float) -> bool:
        """Wait until a source has ended, or for so long, and do what was called for; whether any is still read or expected, and
        all is published.
        """
        reading = self._unfinished()
        if reading or self.expects:
            # Ends when a source does, when somebody calls, or with the time-out.
            wait({*reading, self._called}, timeout_s, FIRST_COMPLETED)
        self._answer()
        return (self.expects or bool(self._unfinished())) and self.publishes

    def _unfinished(self) -> set[Future[None]]:
        return {running.thread for running in self._reading.values() if not running.thread.done()}

    @property
    def publishes(self) -> bool:
        """Whether the feed goes on, if there is one."""
        return not any(thread.done() for thread in self._publishing)

    def take_failures(self) -> Failures:
        """The sources that have failed, but for those that were told of before."""
        # Of one that is stuck nothing is known, and to ask would be to wait for it.
        ended = [(name, running.thread) for name, running in self._reading.items() if running.thread.done()]
        failed = [(name, thread) for name, thread in ended if thread not in self._told and thread.exception()]
        self._told.update(thread for _, thread in failed)
        return [(name, error) for name, thread in failed if (error := thread.exception()) is not None]

    def _stop(self, leaving: Sequence[Running]) -> set[Future[None]]:
        """Stop sources and wait until they have ended; those that are stuck."""
        for running in leaving:
            running.source.stop()
            if running.stage is not None:
                running.stage.hurry()
        if self._outbox is not None and not self.publishes:
            # Nobody takes any more: this ends the wait of those who put in turn.
            self._outbox.close()
        return wait([running.thread for running in leaving], JOIN_S).not_done

    def _end(self) -> None:
        stuck = self._stop(list(self._reading.values()))
        if self._outbox is not None:
            self._outbox.close()
        stuck = wait([*self._publishing, *stuck], JOIN_S).not_done
        self._pool.shutdown(wait=not stuck)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._end()
        if kind is None:
            for thread in self._publishing:
                thread.result()


def _check_codes() -> None:
    # As late as the core, and for the same reason.
    from glyphfeed.engines.codes import check_codes

    check_codes()


def run_sources(
    sources: Sequence[Source],
    engines: Engines,
    publisher: Publisher | None = None,
    others: Sequence[Sink] = (),
    *,
    chars: bool = False,
    codes: bool = False,
    zones: Zones = EVERYWHERE,
    settings: Settings | None = None,
    begin: Callable[[Runtime], None] = lambda _: None,
    go_on: Callable[[], bool] = lambda: True,
    period_s: float = LOOK_S,
) -> Failures:
    """Read all sources until each has ended or failed, or the caller does not want to go on; see `Runtime`.

    Text is read in the `zones` of each, and understood as `settings` say.  `begin` is handed the runtime first, and may have
    further sources come.  `go_on` is asked every `period_s` in the calling thread.

    Raises:
        EngineError: there is nothing here that reads codes.
        FeedError: the feed cannot go on.
        KeyboardInterrupt: the user pressed Ctrl-C; here, too, everything has ended in order.

    """
    with Runtime(engines, publisher, others, chars=chars, codes=codes, settings=settings) as runtime:
        begin(runtime)
        for source in sources:
            runtime.add(source, zones=zones)
        while runtime.wait(period_s) and go_on():
            pass
    return runtime.take_failures()


def read(source: Source, engines: Engines, sink: Sink, reader: Reader, stage: Understanding | None = None) -> None:
    """Read one source with the driver that is made for it, until all is told that a stage on its way holds back."""
    from glyphfeed.stream.drivers.live import read_live
    from glyphfeed.stream.drivers.recorded import read_recorded

    try:
        if source.live:
            read_live(source, engines, sink, reader)
        else:
            read_recorded(source, engines, sink, reader, to_the_last=lambda: stage is not None and stage.settings.hides)
    finally:
        if stage is not None:
            stage.close()
