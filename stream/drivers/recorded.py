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
from glyphfeed.stream.drivers.steps import STATUS_S, failure, run_pass, run_reads
from glyphfeed.stream.reader import Reader
from glyphfeed.stream.records import Frame, SourceState

if TYPE_CHECKING:
    from concurrent.futures import Executor, Future

    from glyphfeed.engines.detector import Detector
    from glyphfeed.engines.loading import Engines
    from glyphfeed.stream.detecting.passes import Detections
    from glyphfeed.stream.sink import Sink
    from glyphfeed.stream.sources.source import Source

Arrival: TypeAlias = "Frame | tuple[SourceState, str]"
"""What comes out of a source: frames and changes of state, in their order."""

FINE_FRAMES, COARSE_FRAMES = 8, 4
"""Frames after which a detector pass is taken in: about as long as it takes while the tracker runs beside it."""
AHEAD = 8
"""Frames that are decoded ahead: enough to go on decoding during a detector pass."""


def read_recorded(source: Source, engines: Engines, sink: Sink, reader: Reader | None = None) -> None:
    """Read every frame of a source until it ends or is stopped, with a `reader` where other than its usual settings are wanted.

    Raises:
        SourceError: the source cannot deliver.
        EngineError: a network failed.

    """
    gauges = Gauges(source.name, time.monotonic(), engines.detector, engines.recogniser)
    arrivals: Channel[Arrival] = Channel(AHEAD)
    with ThreadPoolExecutor(2, f"{source.name}-video") as pool:
        decoding = pool.submit(decode, source, arrivals)
        try:
            read_arrivals(reader or Reader(source.name), arrivals, engines, sink, gauges, pool)
            decoding.result()
        except Exception as error:
            gauges.enter(SourceState.FAILED, failure(error))
            sink.report(gauges.status(time.monotonic()))
            raise
        finally:
            source.stop()
            arrivals.close()


class PassAhead:
    """Detector passes beside the tracker, whose results are taken in after a fixed number of frames, however long they took: so
    that both cores have work and the same input gives the same output.
    """

    def __init__(self, detector: Detector, gauges: Gauges, pool: Executor) -> None:
        self._detector, self._gauges, self._pool = detector, gauges, pool
        self._running: Future[Detections] | None = None
        self._due = 0

    def step(self, reader: Reader) -> None:
        """Take in the pass that is due and begin the one that is wanted; a blank scene waits for its first texts."""
        self._due -= 1
        if self._running is not None and self._due <= 0:
            reader.accept_detections(self._running.result())
            self._running = None
        if self._running is None and (wanted := reader.take_pass()) is not None:
            self._running = self._pool.submit(run_pass, self._detector, wanted, self._gauges)
            self._due = COARSE_FRAMES if wanted.kind.coarse else FINE_FRAMES
            if reader.blank:
                reader.accept_detections(self._running.result())
                self._running = None


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
    reader: Reader, arrivals: Channel[Arrival], engines: Engines, sink: Sink, gauges: Gauges, pool: Executor
) -> None:
    """Process what comes, in order; detector passes run in the pool meanwhile."""
    detector = PassAhead(engines.detector, gauges, pool)
    reported_s = time.monotonic()
    for arrival in arrivals:
        if isinstance(arrival, Frame):
            gauges.arrive(arrival, time.monotonic())
            reader.follow(arrival)
            detector.step(reader)
            if requests := reader.take_reads():
                reader.accept_readings(run_reads(engines.recogniser, requests, gauges))
            snapshot = reader.snapshot()
            sink.publish(arrival, snapshot, reader.events())
            # No latency: how long a frame waited here after it was decoded means nothing to anybody.
            gauges.publish(snapshot, reader.reads, None, time.monotonic())
        else:
            gauges.enter(*arrival)
        now_s = time.monotonic()
        if not isinstance(arrival, Frame) or now_s - reported_s >= STATUS_S:
            reported_s = now_s
            sink.report(gauges.status(now_s))
