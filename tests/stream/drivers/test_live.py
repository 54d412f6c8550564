from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from itertools import pairwise
from queue import Queue
from typing import TYPE_CHECKING, Any, Self

import numpy as np
import pytest

from glyphfeed.engines.errors import EngineError
from glyphfeed.engines.loading import Engines
from glyphfeed.stream.drivers.live import read_live
from glyphfeed.stream.errors import SourceError
from glyphfeed.stream.feed.publishing.sinks import LiveSink
from glyphfeed.stream.feed.receiving.client import DEFAULT_TOPICS, connect
from glyphfeed.stream.reader import Reader
from glyphfeed.stream.records import EventType, SourceState, TextState
from glyphfeed.stream.sources.address import open_source
from glyphfeed.stream.sources.source import Pace
from glyphfeed.tools.evaluation.report import PACES
from glyphfeed.tools.scenes.street import MENU, MENU_CODE
from tests.stream.driving import (
    Broken,
    Notebook,
    Poster,
    SlowDetector,
    SlowRecogniser,
    Stalled,
    broken_networks,
    driver_threads,
    publishing,
)
from tests.stream.feed.samples import DEADLINE_S, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from glyphfeed.stream.records import Colour, Frame
    from glyphfeed.stream.sink import Sink
    from glyphfeed.stream.sources.source import Source, StateListener

STOP_S = 5.0
"""A second is what is promised; this many are allowed on a machine that has other things to do."""


def played(clip: Path, name: str = "wall") -> Source:
    return open_source(str(clip), name, Pace.LIVE)


class Driving:
    """A source that is being read in a thread of its own, which ends with the context if it has not been joined before."""

    def __init__(self, source: Source, engines: Engines, sink: Sink) -> None:
        self.source = source
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._run, args=(engines, sink))
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        # Otherwise a test that fails would leave behind a thread that the interpreter waits for at its end.
        self.source.stop()
        self._thread.join(2 * DEADLINE_S)

    def _run(self, engines: Engines, sink: Sink) -> None:
        try:
            read_live(self.source, engines, sink)
        except Exception as error:
            self.error = error

    def join(self) -> None:
        self._thread.join(2 * DEADLINE_S)
        assert not self._thread.is_alive(), "the driver did not end"
        assert driver_threads(self.source.name) == []
        if self.error is not None:
            raise self.error


def test_a_live_source_is_read_and_its_health_told(wall: Colour, engines: Engines) -> None:
    notebook = Notebook()
    with Driving(Poster(wall, "wall"), engines, notebook) as driving:
        notebook.wait_until(lambda: notebook.words >= {"EXIT12", "Bakery"})
        driving.source.stop()
        driving.join()
    assert notebook.states == [SourceState.CONNECTING, SourceState.LIVE, SourceState.ENDED]
    end = notebook.statuses[-1]
    assert end.latency_p50_ms is not None
    assert end.latency_p95_ms is not None
    assert 0 < end.latency_p50_ms <= end.latency_p95_ms
    assert end.detect_ms is not None
    assert end.read_ms is not None
    assert end.reads >= 2
    assert end.texts == len(notebook.snapshots[-1].texts)
    assert (end.detector, end.recogniser) == (engines.detector.name, engines.recogniser.name)


def test_codes_are_read_beside_the_text_of_a_live_source(wall: Colour, engines: Engines) -> None:
    dark = np.array([[module == "#" for module in row] for row in MENU_CODE]).repeat(4, 0).repeat(4, 1)
    picture = np.vstack([wall, np.full((140, wall.shape[1], 3), 255, np.uint8)])
    picture[wall.shape[0] + 20 :, 200:][: len(dark), : len(dark)][dark] = 0
    notebook, source = Notebook(), Poster(picture, "wall")
    thread = threading.Thread(target=read_live, args=(source, engines, notebook, Reader("wall", codes=True)))
    thread.start()
    try:
        notebook.wait_until(lambda: notebook.words >= {"EXIT12", "Bakery", MENU})
    finally:
        source.stop()
        thread.join(2 * DEADLINE_S)
    assert not thread.is_alive()
    assert driver_threads("wall") == []
    (code,) = (text for text in notebook.snapshots[-1].texts if text.code)
    assert (code.text, code.code) == (MENU, "QRCode")


def test_a_clip_played_live_keeps_its_times_and_counts_what_it_drops(clip: Path, engines: Engines) -> None:
    notebook = Notebook()
    read_live(played(clip), engines, notebook)
    indices = [snapshot.frame for snapshot in notebook.snapshots]
    # A frame comes again where the next one takes its time, as on a machine that has other things to do.
    assert indices == sorted(indices) == [frame.index for frame in notebook.frames]
    assert [snapshot.captured_at for snapshot in notebook.snapshots] == [frame.captured_at for frame in notebook.frames]
    assert notebook.states == [SourceState.LIVE, SourceState.ENDED]
    # What was not published was dropped, except at the very end, where nothing comes after it to show the gap.
    assert notebook.statuses[-1].dropped == indices[-1] + 1 - len(set(indices))


def test_the_end_is_told_once_when_all_is_read(clip: Path, engines: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glyphfeed.stream.drivers.live.STATUS_S", 0.05)
    detector, notebook = SlowDetector(engines.detector), Notebook()
    with Driving(played(clip), Engines(detector, engines.recogniser), notebook) as driving:
        notebook.wait_until(lambda: notebook.snapshots[-1:] != [] and notebook.snapshots[-1].frame == 59)
        told = len(notebook.statuses)
        # The source has ended, or will at once; the detector is still at its first frame.
        notebook.wait_until(lambda: len(notebook.statuses) > told + 10)
        detector.let.set()
        driving.join()
    assert [status.state for status in notebook.statuses].index(SourceState.ENDED) == len(notebook.statuses) - 1
    assert notebook.statuses[-1].detail


def test_a_subscriber_gets_frames_events_and_health(wall: Colour, engines: Engines) -> None:
    topics: list[str] = []
    texts: set[str] = set()
    with publishing() as (publisher, outbox), connect(publisher.endpoint) as subscriber, ExitStack() as stack:
        wait_until(lambda: publisher.subscribers == len(DEFAULT_TOPICS))
        driving = stack.enter_context(Driving(Poster(wall, "wall"), engines, LiveSink(outbox, publisher.pictures)))
        while (message := subscriber.receive(DEADLINE_S)) is not None:
            topics.append(message.topic)
            if message.kind == "event":
                texts.add(message.body["entity"]["text"].replace(" ", ""))
                if texts >= {"EXIT12", "Bakery"}:
                    driving.source.stop()
            if message.kind == "status" and message.body["state"] == "ended":
                break
        driving.join()
    assert texts >= {"EXIT12", "Bakery"}
    assert set(topics) == {"text/wall", "event/wall", "status/wall"}
    assert subscriber.missed == 0


def test_frames_never_wait_for_the_detector(wall: Colour, engines: Engines) -> None:
    notebook = Notebook()
    detector = SlowDetector(engines.detector)
    # Without an end, as it may take any time until so many frames have come.
    with Driving(Poster(wall, "wall"), Engines(detector, engines.recogniser), notebook) as driving:
        notebook.wait_until(lambda: len(notebook.snapshots) >= 20)
        # It is still at its first frame, and nothing piles up for it.
        assert detector.asked == 1
        assert all(snapshot.texts == () for snapshot in notebook.snapshots)
        detector.let.set()
        # What it found there is carried forward to the frame of today.
        notebook.wait_until(lambda: any(snapshot.texts for snapshot in notebook.snapshots))
        driving.source.stop()
        driving.join()


def test_what_was_found_is_read_before_more_is_looked_for(wall: Colour, engines: Engines) -> None:
    notebook = Notebook()
    detector, recogniser = SlowDetector(engines.detector), SlowRecogniser(engines.recogniser)
    detector.let.set()
    with Driving(Poster(wall, "wall"), Engines(detector, recogniser), notebook) as driving:
        notebook.wait_until(lambda: recogniser.asked == 1)
        passes, frames = detector.asked, len(notebook.snapshots)
        # Another pass has long been due, but the texts of the first one have not been read yet.
        notebook.wait_until(lambda: len(notebook.snapshots) >= frames + 20)
        assert detector.asked == passes == 1
        assert all(text.text == "" for snapshot in notebook.snapshots for text in snapshot.texts)
        recogniser.let.set()
        notebook.wait_until(lambda: detector.asked >= len(PACES))
        notebook.wait_until(lambda: notebook.words >= {"EXIT12", "Bakery"})
        driving.source.stop()
        driving.join()


def test_two_pipelines_in_one_process_do_not_mix(wall: Colour, engines: Engines) -> None:
    upside_down = np.ascontiguousarray(wall[::-1, ::-1])
    images = {"left": wall, "right": upside_down, "none": np.full_like(wall, 90)}
    notebooks = {name: Notebook() for name in images}
    with ExitStack() as stack:
        drivings = [stack.enter_context(Driving(Poster(image, name), engines, notebooks[name])) for name, image in images.items()]
        for name in ("left", "right"):
            notebooks[name].wait_until(lambda name=name: notebooks[name].words >= {"EXIT12", "Bakery"})  # type: ignore[misc]
        for driving in drivings:
            driving.source.stop()
        for driving in drivings:
            driving.join()
    assert notebooks["none"].words == set()
    assert notebooks["none"].snapshots
    assert all(notebook.states[-1] is SourceState.ENDED for notebook in notebooks.values())


def test_a_stalled_source_goes_on_telling_its_health_and_can_be_stopped(clip: Path, engines: Engines) -> None:
    notebook = Notebook()

    def stalls() -> list[float]:
        return [status.uptime_s for status in notebook.statuses if status.state is SourceState.STALLED]

    with Driving(Stalled(played(clip), 10), engines, notebook) as driving:
        notebook.wait_until(lambda: len(stalls()) >= 4)
        told = stalls()
        # The first comes at the change of state, the others once a second.
        assert all(0.9 <= later - earlier <= STOP_S for earlier, later in pairwise(told[1:]))
        assert notebook.statuses[-1].detail == "wall: there is no picture any more"
        begun_s = time.monotonic()
        driving.source.stop()
        driving.join()
        assert time.monotonic() - begun_s < STOP_S
    assert notebook.states[-1] is SourceState.ENDED


class Silent(Poster):
    """A live source that shows one picture until it is told to be silent; then it stalls, and is lost, as it is told."""

    def __init__(self, image: Colour, name: str) -> None:
        super().__init__(image, name)
        self.told: Queue[SourceState] = Queue()

    def frames(self, on_state: StateListener) -> Iterator[Frame]:
        for frame in super().frames(on_state):
            while not self.told.empty():
                state = self.told.get()
                on_state(state, f"{self.name} is {state}")
                if state is SourceState.LIVE:
                    break
                while self.told.empty():
                    # Ends with `stop`.
                    if self._stopped.wait(0.02):
                        return
            yield frame


def test_where_a_source_falls_silent_its_texts_coast_and_go_and_come_back(wall: Colour, engines: Engines) -> None:
    notebook = Notebook()
    source = Silent(wall, "wall")
    with Driving(source, engines, notebook) as driving:
        notebook.wait_until(lambda: notebook.words >= {"EXIT12", "Bakery"})
        settled = {text.id: text.text for text in notebook.snapshots[-1].texts}
        source.told.put(SourceState.STALLED)
        notebook.wait_until(lambda: {text.state for text in notebook.snapshots[-1].texts} == {TextState.COASTING})
        coasting = notebook.snapshots[-1]
        assert coasting.frame == notebook.snapshots[-2].frame
        assert {text.id: text.text for text in coasting.texts} == settled
        source.told.put(SourceState.CONNECTING)
        notebook.wait_until(lambda: notebook.snapshots[-1].texts == ())
        assert notebook.snapshots[-1].frame == coasting.frame
        notebook.wait_until(lambda: notebook.statuses[-1].texts == 0)
        source.told.put(SourceState.LIVE)
        notebook.wait_until(lambda: {text.id for text in notebook.snapshots[-1].texts} == settled.keys())
        driving.source.stop()
        driving.join()
    assert EventType.LEFT not in {event.type for event in notebook.events}


def shown(notebook: Notebook) -> set[str]:
    """What stands in the last message, without spaces."""
    return {text.text.replace(" ", "") for snapshot in notebook.snapshots[-1:] for text in snapshot.texts}


def test_between_frames_that_are_far_apart_what_is_read_is_told_at_once(wall: Colour, engines: Engines) -> None:
    class Slow(Poster):
        def frames(self, on_state: StateListener) -> Iterator[Frame]:
            for frame in super().frames(on_state):
                yield frame
                self._stopped.wait(DEADLINE_S)

    notebook = Notebook()
    with Driving(Slow(wall, "wall"), engines, notebook) as driving:
        notebook.wait_until(lambda: shown(notebook) >= {"EXIT12", "Bakery"})
        driving.source.stop()
        driving.join()
    assert {snapshot.frame for snapshot in notebook.snapshots} == {0}


def test_a_source_that_breaks_ends_everything_and_is_the_error(clip: Path, engines: Engines) -> None:
    notebook = Notebook()
    with pytest.raises(SourceError, match="the cable was cut"):
        Driving(Broken(played(clip), 20), engines, notebook).join()
    assert notebook.states == [SourceState.LIVE, SourceState.FAILED]
    assert notebook.statuses[-1].detail == "wall: the cable was cut"
    assert notebook.snapshots


@pytest.mark.parametrize("sentence", ["the detector ran out of memory", "the recogniser ran out of memory"])
def test_a_network_that_fails_ends_the_source_with_its_sentence(clip: Path, engines: Engines, sentence: str) -> None:
    notebook = Notebook()
    with pytest.raises(EngineError, match=sentence):
        Driving(played(clip), broken_networks(engines)[sentence], notebook).join()
    assert notebook.states[-1] is SourceState.FAILED
    assert notebook.statuses[-1].detail == sentence


def test_a_defect_in_the_tracking_thread_ends_everything_with_its_traceback(clip: Path, engines: Engines) -> None:
    class Defective(Notebook):
        def publish(self, *frame: Any) -> None:
            super().publish(*frame)
            if len(self.snapshots) == 5:
                raise ZeroDivisionError("at frame 5")

    notebook = Defective()
    with pytest.raises(ZeroDivisionError) as caught:
        Driving(played(clip), engines, notebook).join()
    assert len(notebook.snapshots) == 5
    assert notebook.statuses[-1].detail == "ZeroDivisionError: at frame 5"
    assert "publish_frame" in {entry.name for entry in caught.traceback}


def test_a_frame_that_comes_while_another_is_worked_on_replaces_the_one_before(clip: Path, engines: Engines) -> None:
    class Slow(Notebook):
        def publish(self, *frame: Any) -> None:
            super().publish(*frame)
            if len(self.snapshots) == 5:
                # Thirty-odd frames, of which a machine that has other things to do follows a few at least.
                time.sleep(1.2)

    notebook = Slow()
    read_live(played(clip), engines, notebook)
    frames = [snapshot.frame for snapshot in notebook.snapshots]
    assert frames[5] - frames[4] > 5
    assert notebook.statuses[-1].dropped >= 5
