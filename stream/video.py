"""The sequential driver: every frame of a recording, one after the other, as fast as the machine can.

Owns: the order of work, and decoding ahead.  The same input gives the same texts and events, whatever else the machine does;
only clock times and statuses differ.
"""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, TypeAlias

from engines.engine import EngineError
from stream.channel import Channel
from stream.feed.endpoint import FeedError
from stream.gauges import Gauges
from stream.reader import Reader, Reading
from stream.records import Frame, SourceState
from stream.sources.redaction import redact
from stream.sources.source import SourceError

if TYPE_CHECKING:
    from engines.detector import Detector
    from engines.loading import Engines
    from engines.recogniser import Recogniser
    from stream.sink import Sink
    from stream.sources.source import Source

Arrival: TypeAlias = "Frame | tuple[SourceState, str]"
"""What comes out of a source: frames and changes of state, in their order."""

AHEAD = 8
"""Frames that are decoded ahead: enough to go on decoding during a detector pass."""
STATUS_S = 1.0


def read_video(source: Source, engines: Engines, sink: Sink) -> None:
    """Read every frame of a source until it ends or is stopped.

    Raises:
        SourceError: the source cannot deliver.
        EngineError: a network failed.

    """
    gauges = Gauges(time.monotonic(), engines.detector.name, engines.recogniser.name)
    arrivals: Channel[Arrival] = Channel(AHEAD)
    with ThreadPoolExecutor(1, f"{source.name}-decode") as pool:
        decoding = pool.submit(decode, source, arrivals)
        try:
            read_arrivals(arrivals, engines, sink, gauges)
            decoding.result()
        except Exception as error:
            gauges.enter(SourceState.FAILED, failure(error))
            sink.report(gauges.status(time.monotonic()))
            raise
        finally:
            source.stop()
            arrivals.close()


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


def read_arrivals(arrivals: Channel[Arrival], engines: Engines, sink: Sink, gauges: Gauges) -> None:
    """Process what comes, in order."""
    reader = Reader()
    reported_s = time.monotonic()
    for arrival in arrivals:
        if isinstance(arrival, Frame):
            gauges.arrive(arrival, time.monotonic())
            reader.follow(arrival)
            detect_now(reader, engines.detector, gauges)
            read_now(reader, engines.recogniser, gauges)
            snapshot = reader.snapshot()
            sink.publish(arrival, snapshot, reader.events())
            gauges.publish(snapshot, reader.reads, time.time() - arrival.captured_at, time.monotonic())
        else:
            gauges.enter(*arrival)
        now_s = time.monotonic()
        if not isinstance(arrival, Frame) or now_s - reported_s >= STATUS_S:
            reported_s = now_s
            sink.report(gauges.status(now_s))


def detect_now(reader: Reader, detector: Detector, gauges: Gauges) -> None:
    """Run a detector pass if the reader wants one."""
    wanted = reader.wanted_pass()
    if wanted is not None:
        begun_s = time.monotonic()
        quads, _ = detector.detect(wanted.frame.bgr(), turned=wanted.turned)
        gauges.detect(time.monotonic() - begun_s)
        reader.accept_detections(wanted, quads)


def read_now(reader: Reader, recogniser: Recogniser, gauges: Gauges) -> int:
    """Read what the reader wants read now, and say how many crops that were."""
    requests = reader.wanted()
    if requests:
        begun_s = time.monotonic()
        lattices = recogniser.read([request.crop for request in requests])
        gauges.read((time.monotonic() - begun_s) / len(requests))
        reader.accept_readings([Reading(*pair) for pair in zip(requests, lattices, strict=True)])
    return len(requests)


def failure(error: BaseException) -> str:
    """What a status says of an error, without credentials."""
    known = isinstance(error, SourceError | EngineError | FeedError)
    return redact(str(error) if known else f"{type(error).__name__}: {error}")
