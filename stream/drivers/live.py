"""The live driver: four threads around the core, or five where codes are read, so that a frame never waits for a network.

    capture --newest--> track --newest--> detect, recognise, look for codes
                        track <--results-- detect, recognise, look for codes

Owns: the threads, their channels and their end.  Does not own the thread that publishes, which sources may share (running).
"""

from __future__ import annotations

import time
from collections import deque
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from itertools import groupby
from typing import TYPE_CHECKING, TypeAlias

from glyphfeed.stream.channel import Channel
from glyphfeed.stream.drivers.gauges import Gauges
from glyphfeed.stream.drivers.steps import STATUS_S, failure, revisions, run_pass, run_reads, take_work
from glyphfeed.stream.reader import Reader
from glyphfeed.stream.records import LAST_STATES, SourceState

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Future

    from glyphfeed.engines.detector import Detector
    from glyphfeed.engines.loading import Engines
    from glyphfeed.engines.recogniser import Recogniser
    from glyphfeed.stream.detecting.codes import CodeLook, CodesFound
    from glyphfeed.stream.detecting.passes import Detections, DetectorPass
    from glyphfeed.stream.reading.requests import Reading, ReadRequest
    from glyphfeed.stream.records import Frame, Snapshot
    from glyphfeed.stream.sink import Sink
    from glyphfeed.stream.sources.source import Source

Batch: TypeAlias = "list[ReadRequest]"

APART_S = 0.2
"""Where the next frame takes longer, what is found meanwhile is published at once; so often a silence is looked for."""
JOIN_S = 5.0
"""All waits of a thread are bounded: by the end of its channel, by a frame's time-out (0.5 s), or by one run of a network."""


def read_live(source: Source, engines: Engines, sink: Sink, reader: Reader | None = None) -> None:
    """Read a live source until it ends or is stopped; frames that come too fast are dropped, the oldest first.

    A `reader` is given where it is to have other than its usual settings.

    Raises:
        SourceError: the source cannot deliver.
        EngineError: a network failed.

    """
    gauges = Gauges(source.name, time.monotonic(), engines.detector, engines.recogniser)
    frames: Channel[Frame] = Channel()
    passes: Channel[DetectorPass] = Channel()
    batches: Channel[Batch] = Channel()
    detections: deque[Detections] = deque()
    readings: deque[list[Reading]] = deque()
    looks = LooksBeside(frames.nudge)
    endings: list[str] = []
    pool = ThreadPoolExecutor(5, source.name)
    reader = reader or Reader(source.name)
    threads = [
        pool.submit(capture, source, frames, gauges, sink, endings),
        pool.submit(track, reader, frames, passes, batches, detections, readings, looks, gauges, sink),
        pool.submit(detect, engines.detector, passes, detections, frames.nudge, gauges),
        pool.submit(recognise, engines.recogniser, batches, readings, frames.nudge, gauges),
        *([pool.submit(looks.run)] if reader.reads_codes else []),
    ]
    try:
        try:
            supervise(threads, gauges, sink)
        finally:
            source.stop()
            for channel in (frames, passes, batches, looks.asked):
                channel.close()
            stuck = wait(threads, JOIN_S).not_done
            pool.shutdown(wait=not stuck)
            for detail in endings:
                gauges.enter(SourceState.ENDED, detail)
    except Exception as error:
        # Not before the threads have ended, as stopping the source makes it tell of an end.
        gauges.enter(SourceState.FAILED, failure(error))
        raise
    finally:
        sink.report(gauges.status(time.monotonic()))


def supervise(threads: Sequence[Future[None]], gauges: Gauges, sink: Sink) -> None:
    """Tell how the source is doing once a second until all threads have ended, or one has failed: its error is raised."""
    running = set(threads)
    while running:
        # Ends when a thread fails, when the last one ends, or with the time-out.
        done, running = wait(running, STATUS_S, FIRST_EXCEPTION)
        for thread in done:
            thread.result()
        # An end is told once, and last of all.
        if running and gauges.state not in LAST_STATES:
            sink.report(gauges.status(time.monotonic()))


def capture(source: Source, frames: Channel[Frame], gauges: Gauges, sink: Sink, endings: list[str]) -> None:
    """Take frames as they come, and tell of each change of state at once; of its end in words, as that is told last of all, when
    all frames are read.
    """

    def on_state(state: SourceState, detail: str) -> None:
        if state is SourceState.ENDED:
            endings.append(detail)
            return
        gauges.enter(state, detail)
        sink.report(gauges.status(time.monotonic()))
        # The texts coast where no picture comes any more.
        frames.nudge()

    try:
        for frame in source.frames(on_state):
            gauges.arrive(frame, time.monotonic())
            frames.put(frame)
    finally:
        frames.close()


def track(
    reader: Reader,
    frames: Channel[Frame],
    passes: Channel[DetectorPass],
    batches: Channel[Batch],
    detections: deque[Detections],
    readings: deque[list[Reading]],
    looks: LooksBeside,
    gauges: Gauges,
    sink: Sink,
) -> None:
    """Follow every frame and publish it at once; take in what the networks found, and ask them for more, in between."""
    detecting = recognising = False
    between = Between(reader, gauges, sink)
    try:
        while not frames.ended:
            # Ends with a frame, when a network has something (a nudge), with the end of the frames, or with the time-out.
            frame = frames.get(APART_S)
            if frame is not None:
                between.restart(frame, publish_frame(reader, frame, gauges, sink))
            while detections:
                reader.accept_detections(detections.popleft())
                detecting, between.has_news = False, True
            while readings:
                if told := readings.popleft():
                    reader.accept_readings(told)
                    between.has_news = True
                else:
                    recognising = False
            between.has_news |= looks.step(reader)
            between.look()
            requests, wanted = take_work(reader, detecting=detecting, recognising=recognising)
            if requests:
                batches.put(requests)
                recognising = True
            if wanted is not None:
                passes.put(wanted)
                detecting = True
        between.end()
    finally:
        passes.close()
        batches.close()
        looks.asked.close()


class LooksBeside:
    """Looks for codes beside the tracker, one at a time, which belong to a frame of the past once they are made."""

    def __init__(self, nudge: Callable[[], None]) -> None:
        self.asked: Channel[CodeLook] = Channel()
        self._nudge = nudge
        self._found: deque[CodesFound] = deque()
        self._busy = False

    def step(self, reader: Reader) -> bool:
        """Hand on what was found, ask for the next look if it is due, and tell whether anything came."""
        came = bool(self._found)
        while self._found:
            reader.accept_codes(self._found.popleft())
            self._busy = False
        if not self._busy and (look := reader.take_code_look()) is not None:
            self.asked.put(look)
            self._busy = True
        return came

    def run(self) -> None:
        """Look, until nobody asks any more."""
        for look in self.asked:
            self._found.append(look.find())
            self._nudge()


def publish_frame(reader: Reader, frame: Frame, gauges: Gauges, sink: Sink) -> Snapshot:
    """Move the texts to a frame and publish them: the whole way from a picture to the feed."""
    reader.follow(frame)
    snapshot = reader.snapshot()
    sink.publish(frame, snapshot, reader.events())
    gauges.publish(snapshot, reader.reads, time.time() - frame.captured_at, time.monotonic())
    return snapshot


class Between:
    """Publishes further messages of the newest frame where the next one does not come soon: what was found meanwhile, and that
    texts coast and go where the source has fallen silent.
    """

    def __init__(self, reader: Reader, gauges: Gauges, sink: Sink) -> None:
        self._reader, self._gauges, self._sink = reader, gauges, sink
        self._frame: Frame | None = None
        self._told: set[tuple[int, int]] = set()
        self._followed_s = 0.0
        self.has_news = False
        """Whether something was found or read since the last message."""

    def restart(self, frame: Frame, snapshot: Snapshot) -> None:
        """A frame was published, with everything that was known."""
        self._frame, self._told, self._followed_s = frame, revisions(snapshot), time.monotonic()
        self.has_news = False

    def look(self) -> None:
        """Publish what there is to be told by now, if the frame is old enough for that."""
        age_s, state = time.monotonic() - self._followed_s, self._gauges.state
        is_silent = state in (SourceState.STALLED, SourceState.CONNECTING)
        if self._frame is None or age_s < APART_S:
            return
        self._reader.stand(self._frame.pts + age_s)
        if not (is_silent or self.has_news):
            return
        if is_silent:
            self._reader.wait(self._frame.pts + age_s, lost=state is SourceState.CONNECTING)
        snapshot, events = self._reader.snapshot(), self._reader.events()
        told = revisions(snapshot)
        if self.has_news or events or told != self._told:
            self._sink.publish(self._frame, snapshot, events)
            self._gauges.publish_further(snapshot, self._reader.reads)
        self._told, self.has_news = told, False

    def end(self) -> None:
        """Tell that the texts have left, where the source has ended and its reader is to."""
        if self._frame is not None and self._reader.takes_leave:
            self._reader.leave()
            self._sink.publish(self._frame, self._reader.snapshot(), self._reader.events())


def detect(
    detector: Detector, passes: Channel[DetectorPass], detections: deque[Detections], nudge: Callable[[], None], gauges: Gauges
) -> None:
    """Run the detector over what is asked for; each pass has its answer, which belongs to a frame of the past by then."""
    for wanted in passes:
        detections.append(run_pass(detector, wanted, gauges))
        nudge()


def recognise(
    recogniser: Recogniser, batches: Channel[Batch], readings: deque[list[Reading]], nudge: Callable[[], None], gauges: Gauges
) -> None:
    """Read the batches of crops that are asked for, and tell of each text as soon as it is read; an empty list ends a batch."""
    for requests in batches:
        # The rival turns of one text stand side by side and are told together.
        for _, rivals in groupby(requests, key=lambda request: request.track):
            readings.append(run_reads(recogniser, list(rivals), gauges))
            nudge()
        readings.append([])
        nudge()
