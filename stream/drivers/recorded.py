"""The sequential driver: every frame of a recording, one after the other, as fast as the machine can.

Owns: the order of work, and decoding ahead.  The same input gives the same texts and events, whatever else the machine does;
only clock times and statuses differ.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeAlias

from glyphfeed.stream.channel import Channel
from glyphfeed.stream.drivers.gauges import Gauges
from glyphfeed.stream.drivers.steps import STATUS_S, failure, revisions, run_pass, run_reads
from glyphfeed.stream.reader import Reader
from glyphfeed.stream.records import Frame, SourceState

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Executor, Future

    from glyphfeed.engines.detector import Detector
    from glyphfeed.engines.loading import Engines
    from glyphfeed.stream.detecting.passes import Detections, DetectorPass
    from glyphfeed.stream.sink import Sink
    from glyphfeed.stream.sources.source import Source

Arrival: TypeAlias = "Frame | tuple[SourceState, str]"
"""What comes out of a source: frames and changes of state, in their order."""

FINE_S, COARSE_S = 8 / 30, 4 / 30
"""Seconds of stream time after which a detector pass is taken in: about what it takes while the tracker runs beside it."""
PART_S = 0.05
"""The same for a pass over what changed, which is small, and which the tracker waits for."""
APART_S = 0.2
"""Where frames are further apart than this, what is found in between is published at once (see docs/feed.md)."""
STANDS_S = 5.0
"""So long a frame is looked at, however long it stands: whatever such looks and reads can find in it they have found by then, and
a recording of slides is not to take as long as it lasts."""
SLIDE_S = 0.9
"""A frame that stands so long, and shows anything new, is looked at in every way, as a still picture is."""
LAST_S = 1.0
"""So long the last frame stands, where it must not be left as it is: it is a slide, then, and what came into view just before is
found.  With 0.3 s six of 24 such pictures were left as they were, with this none."""
STEP_S = 0.1
"""In such steps time goes on between frames that are far apart."""
AHEAD = 8
"""Frames that are decoded ahead: enough to go on decoding during a detector pass."""


def read_recorded(
    source: Source,
    engines: Engines,
    sink: Sink,
    reader: Reader | None = None,
    *,
    to_the_last: Callable[[], bool] = lambda: False,
) -> None:
    """Read every frame of a source until it ends or is stopped, with a `reader` where other than its usual settings are wanted.

    What comes into view too late to be found is passed over, unless all is to be found `to_the_last`, which is asked at the end.

    Raises:
        SourceError: the source cannot deliver.
        EngineError: a network failed.

    """
    gauges = Gauges(source.name, time.monotonic(), engines.detector, engines.recogniser)
    arrivals: Channel[Arrival] = Channel(AHEAD)
    with ThreadPoolExecutor(2, f"{source.name}-video") as pool:
        decoding = pool.submit(decode, source, arrivals)
        try:
            reading = RecordedReading(reader or Reader(source.name), engines, sink, gauges, pool)
            read_arrivals(reading, arrivals, sink, gauges, to_the_last)
            decoding.result()
        except Exception as error:
            gauges.enter(SourceState.FAILED, failure(error))
            sink.report(gauges.status(time.monotonic()))
            raise
        finally:
            source.stop()
            arrivals.close()


class PassAhead:
    """Detector passes beside the tracker, whose results are taken in after a fixed stream time, however long they took: so that
    both cores have work and the same input gives the same output.
    """

    def __init__(self, detector: Detector, gauges: Gauges, pool: Executor) -> None:
        self._detector, self._gauges, self._pool = detector, gauges, pool
        self._running: list[tuple[float, DetectorPass, Future[Detections]]] = []

    def step(self, reader: Reader, now_s: float, *, stands: bool = False) -> None:
        """Take in the passes that are due at a stream time and begin the one that is wanted, beside a pass over the whole picture
        one over what changed; a blank scene waits for its first texts, and a frame that `stands` for all that is found in it.
        """
        for run in [run for run in self._running if stands or run[0] <= now_s + 1e-6]:
            self._running.remove(run)
            reader.accept_detections(run[2].result())
        if any(asked.part for _, asked, _ in self._running):
            return
        wanted = reader.take_pass(part_only=bool(self._running))
        if wanted is None:
            return
        running = self._pool.submit(run_pass, self._detector, wanted, self._gauges)
        if stands or (reader.blank and wanted.part is None):
            reader.accept_detections(running.result())
            return
        wait_s = PART_S if wanted.part else COARSE_S if wanted.kind.coarse else FINE_S
        self._running.append((now_s + wait_s, wanted, running))


def decode(source: Source, arrivals: Channel[Arrival]) -> None:
    """Take frames and states from the source until its end, or until nobody wants them any more."""

    def on_state(state: SourceState, detail: str) -> None:
        arrivals.put_in_turn((state, detail))

    try:
        for frame in source.frames(on_state):
            if not arrivals.put_in_turn(frame):
                return
    finally:
        arrivals.close()


def read_arrivals(
    reading: RecordedReading, arrivals: Channel[Arrival], sink: Sink, gauges: Gauges, to_the_last: Callable[[], bool]
) -> None:
    """Process what comes, in order; detector passes run in the pool meanwhile."""
    reported_s = time.monotonic()
    for arrival in arrivals:
        if isinstance(arrival, Frame):
            gauges.arrive(arrival, time.monotonic())
            reading.follow(arrival)
        else:
            if arrival[0] is SourceState.ENDED:
                reading.finish(LAST_S if to_the_last() else 0.0)
            gauges.enter(*arrival)
        now_s = time.monotonic()
        if not isinstance(arrival, Frame) or now_s - reported_s >= STATUS_S:
            reported_s = now_s
            sink.report(gauges.status(now_s))


class RecordedReading:
    """The steps of reading a recording: each frame, and the time between two that are far apart."""

    def __init__(self, reader: Reader, engines: Engines, sink: Sink, gauges: Gauges, pool: Executor) -> None:
        self._reader, self._recogniser, self._sink, self._gauges = reader, engines.recogniser, sink, gauges
        self._detector = PassAhead(engines.detector, gauges, pool)
        self._last: Frame | None = None
        self._apart_s = 0.0

    def follow(self, frame: Frame) -> None:
        """Move on to the next frame, and publish what is known there."""
        if self._last is not None:
            self._apart_s = frame.pts - self._last.pts
            self._pass_time(self._last, frame.pts)
        self._last = frame
        self._reader.follow(frame)
        self._work(frame.pts)
        self._publish(frame)

    def finish(self, least_s: float = 0.0) -> None:
        """See to the end of the last frame, which stands as long as the one before it did, or longer if that is the `least`."""
        if self._last is not None:
            self._pass_time(self._last, self._last.pts + max(self._apart_s, least_s))

    def _pass_time(self, frame: Frame, until_s: float) -> None:
        """Let the time until the next frame pass, if that is long, and publish what is found in it at once."""
        if until_s - frame.pts <= APART_S:
            return
        if until_s - frame.pts >= SLIDE_S:
            self._reader.look_anew()
        until_s = min(until_s, frame.pts + STANDS_S)
        now_s = frame.pts
        known = revisions(self._reader.snapshot())
        while (now_s := now_s + STEP_S) < until_s - 1e-6:
            self._reader.stand(now_s)
            self._work(now_s, stands=True)
            snapshot = self._reader.snapshot()
            if revisions(snapshot) != known:
                known = revisions(snapshot)
                self._sink.publish(frame, snapshot, self._reader.events())
                self._gauges.publish_further(snapshot, self._reader.reads)

    def _work(self, now_s: float, *, stands: bool = False) -> None:
        self._detector.step(self._reader, now_s, stands=stands)
        if (look := self._reader.take_code_look()) is not None:
            # Not beside the tracker: a look takes no longer than a few frames.
            self._reader.accept_codes(look.find())
        if requests := self._reader.take_reads():
            self._reader.accept_readings(run_reads(self._recogniser, requests, self._gauges))

    def _publish(self, frame: Frame) -> None:
        snapshot = self._reader.snapshot()
        self._sink.publish(frame, snapshot, self._reader.events())
        # No latency: how long a frame waited here after it was decoded means nothing to anybody.
        self._gauges.publish(snapshot, self._reader.reads, None, time.monotonic())
