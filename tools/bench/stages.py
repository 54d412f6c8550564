"""`glyphfeed bench stages`: where the time of a frame goes, from decode to publish.

Owns: the stop-watches around each part.  The parts themselves are those of `glyphfeed watch`, in the same threads.
"""

from __future__ import annotations

import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import numpy as np

from glyphfeed.engines.loading import Engines
from glyphfeed.stream.drivers.recorded import read_recorded
from glyphfeed.stream.feed.endpoint import ANY_ENDPOINT
from glyphfeed.stream.feed.publishing.outbox import TurnOutbox, run
from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.stream.feed.publishing.sinks import TurnSink
from glyphfeed.stream.reader import Reader
from glyphfeed.stream.sources.address import open_source
from glyphfeed.stream.sources.source import Pace
from glyphfeed.tools.bench.sheet import Sheet

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from glyphfeed.engines.detector import Detector
    from glyphfeed.engines.lattice import Lattice
    from glyphfeed.engines.recogniser import Recogniser
    from glyphfeed.stream.detecting.passes import Detections, DetectorPass
    from glyphfeed.stream.reading.requests import Reading, ReadRequest
    from glyphfeed.stream.records import Frame, Record, Snapshot
    from glyphfeed.stream.sources.source import Source, StateListener

BESIDE: Final = ("decode", "detect", "publish")
"""Stages that have threads of their own, beside the one that follows and reads."""


class StopWatch:
    """How long each run of each stage took, in seconds; any thread may use it."""

    def __init__(self) -> None:
        self.runs: defaultdict[str, list[float]] = defaultdict(list)
        self._lock = threading.Lock()

    @contextmanager
    def over(self, stage: str) -> Iterator[None]:
        """Time what is done meanwhile."""
        begun_s = time.perf_counter()
        try:
            yield
        finally:
            taken_s = time.perf_counter() - begun_s
            with self._lock:
                self.runs[stage].append(taken_s)


class TimedSource:
    """A source whose every frame is timed as `decode`."""

    def __init__(self, source: Source, watch: StopWatch) -> None:
        self.name, self.live = source.name, source.live
        self._source, self._watch = source, watch

    def frames(self, on_state: StateListener) -> Iterator[Frame]:
        """See `Source.frames`."""
        frames = self._source.frames(on_state)
        while True:
            with self._watch.over("decode"):
                frame = next(frames, None)
            if frame is None:
                return
            yield frame

    def stop(self) -> None:
        """See `Source.stop`."""
        self._source.stop()


class TimedDetector:
    """A detector whose every pass is timed as `detect`."""

    def __init__(self, detector: Detector, watch: StopWatch) -> None:
        self.name = detector.name
        self._detector, self._watch = detector, watch

    def detect(self, image: NDArray[np.uint8], **how: bool) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """See `Detector.detect`."""
        with self._watch.over("detect"):
            return self._detector.detect(image, **how)


class TimedRecogniser:
    """A recogniser whose every batch is timed as `recognise`."""

    def __init__(self, recogniser: Recogniser, watch: StopWatch) -> None:
        self.name = recogniser.name
        self._recogniser, self._watch = recogniser, watch

    def read(self, crops: Sequence[NDArray[np.uint8]]) -> list[Lattice]:
        """See `Recogniser.read`."""
        with self._watch.over("recognise"):
            return self._recogniser.read(crops)


class TimedReader(Reader):
    """A core whose every part is timed."""

    def __init__(self, source: str, watch: StopWatch) -> None:
        super().__init__(source)
        self._watch = watch

    def follow(self, frame: Frame) -> None:
        """See `Reader.follow`."""
        with self._watch.over("follow"):
            super().follow(frame)

    def take_pass(self, *, hurried: bool = False, part_only: bool = False) -> DetectorPass | None:
        """See `Reader.take_pass`."""
        with self._watch.over("choose a pass"):
            return super().take_pass(hurried=hurried, part_only=part_only)

    def accept_detections(self, found: Detections) -> None:
        """See `Reader.accept_detections`."""
        with self._watch.over("take in a pass"):
            super().accept_detections(found)

    def take_reads(self, texts: int | None = None) -> list[ReadRequest]:
        """See `Reader.take_reads`."""
        with self._watch.over("choose reads"):
            return super().take_reads(texts)

    def accept_readings(self, readings: Sequence[Reading]) -> None:
        """See `Reader.accept_readings`."""
        with self._watch.over("take in reads"):
            super().accept_readings(readings)

    def snapshot(self) -> Snapshot:
        """See `Reader.snapshot`."""
        with self._watch.over("snapshot"):
            return super().snapshot()


class TimedPublisher(Publisher):
    """A publisher whose every message is timed as `publish`."""

    watch: StopWatch

    def put(self, record: Record) -> None:
        """See `Publisher.put`."""
        with self.watch.over("publish"):
            super().put(record)


def bench_stages(clip: str | Path, engines: Engines) -> Sheet:
    """Read every frame of a clip, and tell what each stage took.

    Raises:
        SourceError: the clip cannot be read.
        EngineError: a network failed.
        FeedError: nothing can be published here.

    """
    floor_s = decode_only(clip)
    watch = StopWatch()
    begun_s = time.perf_counter()
    frames = read_timed(clip, engines, watch)
    taken_s = time.perf_counter() - begun_s
    work_s = sum(map(sum, watch.runs.values()))
    rows = [stage_row(stage, watch.runs[stage], frames, work_s) for stage in watch.runs]
    rows.sort(key=lambda row: -row[1])
    rows.append(("all work", work_s / frames * 1e3, 1.0, None, None, None))
    rows.append(("wall clock", taken_s / frames * 1e3, taken_s / work_s, None, None, None))
    rows.append(("decode alone: the floor", floor_s / frames * 1e3, floor_s / work_s, None, None, None))
    return Sheet(
        f"{frames} frames of {clip} at {frames / taken_s:.0f} a second",
        ("stage", "ms a frame", "share", "runs a frame", "p50, ms", "p95, ms"),
        rows,
        (
            f"{', '.join(BESIDE)} run beside the rest, so that the wall clock takes less than all work.",
            f"Networks: {engines.detector.name}, {engines.recogniser.name}.",
        ),
    )


def stage_row(
    stage: str, runs: Sequence[float], frames: int, work_s: float
) -> tuple[str, float, float, float | None, float | None, float | None]:
    """What one stage took of so many frames and of all work."""
    middle, most = (float(np.percentile(runs, share)) * 1e3 for share in (50, 95))
    return stage, sum(runs) / frames * 1e3, sum(runs) / work_s, len(runs) / frames, middle, most


def decode_only(clip: str | Path) -> float:
    """Seconds that it takes to decode a clip and do nothing else."""
    begun_s = time.perf_counter()
    for _ in open_source(str(clip), "floor", Pace.EVERY_FRAME).frames(lambda *_: None):
        pass
    return time.perf_counter() - begun_s


def read_timed(clip: str | Path, engines: Engines, watch: StopWatch) -> int:
    """Read a clip as `glyphfeed watch` does, timed; how many frames it had."""
    timed = Engines(TimedDetector(engines.detector, watch), TimedRecogniser(engines.recogniser, watch))
    source = TimedSource(open_source(str(clip), "bench", Pace.EVERY_FRAME), watch)
    with TimedPublisher(ANY_ENDPOINT) as publisher, ThreadPoolExecutor(1, "glyphfeed-publish") as pool:
        publisher.watch = watch
        outbox = TurnOutbox(publisher.wake)
        publishing = pool.submit(run, publisher, outbox)
        try:
            read_recorded(source, timed, TurnSink(outbox, publisher.pictures), TimedReader(source.name, watch))
        finally:
            outbox.close()
        publishing.result()
    return len(watch.runs["follow"])
