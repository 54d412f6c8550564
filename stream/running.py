"""Running sources until they end: one driver a source, one thread that publishes, and the displays in the main thread.

Owns: the threads, what is shown of each source at the moment, and who failed.  Does not own how it is shown (lines, table,
window), nor the command line (cli).
"""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, Protocol, TypeAlias

from glyphfeed.stream.feed.outbox import TurnOutbox, run
from glyphfeed.stream.feed.sinks import LiveSink, TurnSink
from glyphfeed.stream.reading.budget import Budget

if TYPE_CHECKING:
    from collections.abc import Sequence
    from concurrent.futures import Future

    from glyphfeed.engines.loading import Engines
    from glyphfeed.stream.feed.publisher import Publisher
    from glyphfeed.stream.records import Event, Frame, Snapshot, Status
    from glyphfeed.stream.sink import Sink
    from glyphfeed.stream.sources.source import Source

Failures: TypeAlias = "list[tuple[str, BaseException]]"
"""The name of each source that failed, and its error."""

NEWS_LIMIT = 10_000
JOIN_S = 8.0
"""Longer than each driver takes to join its own threads."""


class View:
    """What is known of one source at the moment, for people; a sink that passes everything on to other sinks first."""

    def __init__(self, name: str, sinks: Sequence[Sink]) -> None:
        self.name = name
        self.newest: tuple[Frame, Snapshot] | None = None
        self.status: Status | None = None
        self.news: deque[tuple[float, Event | Status]] = deque(maxlen=NEWS_LIMIT)
        """Events, and statuses whose state is new, each with the Unix time when it came; the display takes them out."""
        self._sinks = sinks

    def publish(self, frame: Frame, snapshot: Snapshot, events: Sequence[Event]) -> None:
        """See `Sink.publish`."""
        for sink in self._sinks:
            sink.publish(frame, snapshot, events)
        self.newest = (frame, snapshot)
        self.news.extend((event.captured_at, event) for event in events)

    def report(self, status: Status) -> None:
        """See `Sink.report`."""
        for sink in self._sinks:
            sink.report(status)
        if self.status is None or self.status.state is not status.state:
            self.news.append((time.time(), status))
        self.status = status


class Display(Protocol):
    """Shows views, in the main thread."""

    period_s: float
    """How often it wants to be drawn."""

    def draw(self, views: Sequence[View]) -> bool:
        """Show the sources as they are now; False when the user wants to end."""
        ...


def run_sources(
    sources: Sequence[Source],
    engines: Engines,
    publisher: Publisher,
    displays: Sequence[Display],
    others: Sequence[Sink] = (),
    *,
    chars: bool = False,
) -> Failures:
    """Read all sources until each has ended or failed, or the user ends it at a display; the publisher stays open.

    `others` get what the feed gets; `chars` tells texts down to their single characters.  Live sources share one budget of
    reads; a recording has its own, so that what is read of it does not depend on what else runs.

    Raises:
        FeedError: the feed cannot go on.
        KeyboardInterrupt: the user pressed Ctrl-C; here, too, everything has ended in order.

    """
    outbox = TurnOutbox(publisher.wake)
    views = [View(source.name, [feed_sink(source, outbox), *others]) for source in sources]
    pool = ThreadPoolExecutor(len(sources) + 1, "glyphfeed")
    publishing = pool.submit(run, publisher, outbox)
    budget = Budget(readers=max(sum(source.live for source in sources), 1))
    reading = [pool.submit(_read, source, engines, view, budget, chars) for source, view in zip(sources, views, strict=True)]
    try:
        _show(reading, publishing, views, displays)
    finally:
        for source in sources:
            source.stop()
        if publishing.done():
            # Nobody takes any more: this ends the wait of those who put in turn.
            outbox.close()
        wait(reading, JOIN_S)
        outbox.close()
        stuck = wait([publishing, *reading], JOIN_S).not_done
        pool.shutdown(wait=not stuck)
        for display in displays:
            display.draw(views)
    publishing.result()
    return [
        (source.name, error) for source, thread in zip(sources, reading, strict=True) if (error := thread.exception()) is not None
    ]


def feed_sink(source: Source, outbox: TurnOutbox) -> Sink:
    """The way onto the feed for a source: of a live one the newest, of a recording everything."""
    return LiveSink(outbox, source.name) if source.live else TurnSink(outbox, source.name)


def _read(source: Source, engines: Engines, view: View, budget: Budget, chars: bool) -> None:
    from glyphfeed.stream.drivers.live import read_live
    from glyphfeed.stream.drivers.recorded import read_recorded
    from glyphfeed.stream.reader import Reader

    if source.live:
        read_live(source, engines, view, Reader(chars=chars, budget=budget))
    else:
        read_recorded(source, engines, view, Reader(chars=chars))


def _show(reading: Sequence[Future[None]], publishing: Future[None], views: Sequence[View], displays: Sequence[Display]) -> None:
    """Draw the displays until nothing is read or published any more, or the user ends it there."""
    period_s = min((display.period_s for display in displays), default=0.5)
    running = {*reading}
    while running and not publishing.done():
        # Ends when a source does, or with the time-out; the displays want to be drawn anyway.
        running -= wait(running, period_s, FIRST_COMPLETED).done
        if not all(display.draw(views) for display in displays):
            return
