"""Running sources until they end: one driver a source, one thread that publishes, and whoever waits for it in the calling thread.

Owns: the threads, and who failed.  Does not own what becomes of it (sinks), nor how it is shown (displays).
"""

from __future__ import annotations

from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from typing import TYPE_CHECKING, TypeAlias

from glyphfeed.stream.feed.outbox import TurnOutbox, run
from glyphfeed.stream.feed.sinks import LiveSink, TurnSink
from glyphfeed.stream.reading.budget import Budget

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from glyphfeed.engines.loading import Engines
    from glyphfeed.stream.feed.publisher import Publisher
    from glyphfeed.stream.records import Event, Frame, Snapshot, Status
    from glyphfeed.stream.sink import Sink
    from glyphfeed.stream.sources.source import Source

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


def run_sources(
    sources: Sequence[Source],
    engines: Engines,
    publisher: Publisher | None = None,
    others: Sequence[Sink] = (),
    *,
    chars: bool = False,
    go_on: Callable[[], bool] = lambda: True,
    period_s: float = LOOK_S,
) -> Failures:
    """Read all sources until each has ended or failed, or the caller does not want to go on.

    What is found out goes to a feed, if there is a `publisher`, which stays open, and then to the `others`.  `chars` tells texts
    down to their single characters.  `go_on` is asked every `period_s` in the calling thread.  Live sources share one budget of
    reads; a recording has its own, so that what is read of it does not depend on what else runs.

    Raises:
        FeedError: the feed cannot go on.
        KeyboardInterrupt: the user pressed Ctrl-C; here, too, everything has ended in order.

    """
    pool = ThreadPoolExecutor(len(sources) + 1, "glyphfeed")
    outbox = None if publisher is None else TurnOutbox(publisher.wake)
    publishing = [] if publisher is None or outbox is None else [pool.submit(run, publisher, outbox)]
    budget = Budget(readers=max(sum(source.live for source in sources), 1))
    reading = []
    for source in sources:
        sinks = others if outbox is None else [feed_sink(source, outbox), *others]
        reading.append(pool.submit(read, source, engines, FanOut(sinks), budget, chars))
    try:
        watch_over(reading, publishing, go_on, period_s)
    finally:
        for source in sources:
            source.stop()
        if outbox is not None and any(thread.done() for thread in publishing):
            # Nobody takes any more: this ends the wait of those who put in turn.
            outbox.close()
        wait(reading, JOIN_S)
        if outbox is not None:
            outbox.close()
        stuck = wait([*publishing, *reading], JOIN_S).not_done
        pool.shutdown(wait=not stuck)
    for thread in publishing:
        thread.result()
    # Of one that is stuck nothing is known, and to ask would be to wait for it.
    ended = [(source.name, thread.exception()) for source, thread in zip(sources, reading, strict=True) if thread.done()]
    return [(name, error) for name, error in ended if error is not None]


def feed_sink(source: Source, outbox: TurnOutbox) -> Sink:
    """The way onto the feed for a source: of a live one the newest, of a recording everything."""
    return LiveSink(outbox) if source.live else TurnSink(outbox)


def read(source: Source, engines: Engines, sink: Sink, budget: Budget, chars: bool) -> None:
    """Read one source with the driver that is made for it."""
    # The core takes a second to import, and is not needed before the networks are there.
    from glyphfeed.stream.drivers.live import read_live
    from glyphfeed.stream.drivers.recorded import read_recorded
    from glyphfeed.stream.reader import Reader

    if source.live:
        read_live(source, engines, sink, Reader(source.name, chars=chars, budget=budget))
    else:
        read_recorded(source, engines, sink, Reader(source.name, chars=chars))


def watch_over(
    reading: Sequence[Future[None]], publishing: Sequence[Future[None]], go_on: Callable[[], bool], period_s: float
) -> None:
    """Wait until nothing is read or published any more, or it is not to go on."""
    running = {*reading}
    while running and not any(thread.done() for thread in publishing):
        # Ends when a source does, or with the time-out.
        running -= wait(running, period_s, FIRST_COMPLETED).done
        if not go_on():
            return
