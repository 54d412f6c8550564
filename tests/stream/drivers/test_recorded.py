from __future__ import annotations

import math
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import av
import cv2
import numpy as np
import pytest

from glyphfeed.engines.errors import EngineError
from glyphfeed.engines.loading import Engines
from glyphfeed.stream.drivers.gauges import Gauges
from glyphfeed.stream.drivers.recorded import COARSE_S, FINE_S, PassAhead, read_recorded
from glyphfeed.stream.drivers.still import read_still
from glyphfeed.stream.errors import SourceError
from glyphfeed.stream.feed.publishing.sinks import TurnSink
from glyphfeed.stream.feed.receiving.client import DEFAULT_TOPICS, connect
from glyphfeed.stream.reader import Reader
from glyphfeed.stream.records import SourceState
from glyphfeed.stream.sources.address import open_source
from tests.stream.driving import Broken, Notebook, SlowDetector, broken_networks, driver_threads, publishing, recorded
from tests.stream.feed.samples import DEADLINE_S, box, wait_until
from tests.stream.simulation import AT_REST, FRAME_S, SHOP, SIZE, World, clock
from tests.stream.sources.media import picture_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from glyphfeed.stream.feed.wire import Message
    from glyphfeed.stream.records import Colour

CLOCKS = {"epoch", "published_at", "captured_at", "first_seen", "last_seen"}


def without_clocks(value: Any) -> Any:
    """A message's body without the fields that a clock fills in."""
    if isinstance(value, dict):
        return {key: without_clocks(part) for key, part in value.items() if key not in CLOCKS}
    return [without_clocks(part) for part in value] if isinstance(value, list) else value


def read_to(record: Path, clip: Path, engines: Engines, *, chars: bool = False) -> list[Message]:
    with publishing(record) as (publisher, outbox):
        read_recorded(open_source(str(clip), "wall"), engines, TurnSink(outbox, publisher.pictures), Reader("wall", chars=chars))
    return recorded(record)


def test_the_same_clip_gives_the_same_messages(clip: Path, engines: Engines, tmp_path: Path) -> None:
    runs = [read_to(tmp_path / f"{run}.jsonl", clip, engines) for run in range(2)]
    first, second = (
        [(message.topic, without_clocks(message.body)) for message in run if message.kind != "status"] for run in runs
    )
    assert first == second
    assert [body["frame"] for topic, body in first if topic == "text/wall"] == list(range(60))
    assert {body["entity"]["text"].replace(" ", "") for topic, body in first if topic == "event/wall"} == {"EXIT12", "Bakery"}


def test_characters_are_published_only_where_they_were_asked_for(clip: Path, engines: Engines, tmp_path: Path) -> None:
    plain, asked = (read_to(tmp_path / f"{chars}.jsonl", clip, engines, chars=chars) for chars in (False, True))
    told = [entity for message in asked for entity in entities_of(message)]
    assert told
    for entity in told:
        chars = entity.pop("chars")
        if entity["state"] != "tentative":
            assert "".join(char["char"] for char in chars) == entity["text"].replace(" ", "")
        for char in chars:
            assert len(char["polygon"]) == 4
            assert all(char["confidence"] >= probability >= 0.02 for _, probability in char["alternatives"])
    # But for the characters nothing is different, not even the revisions.
    assert without_clocks([entity for message in plain for entity in entities_of(message)]) == without_clocks(told)


def test_each_text_that_can_be_trusted_is_in_a_block(clip: Path, engines: Engines, tmp_path: Path) -> None:
    bodies = [message.body for message in read_to(tmp_path / "feed.jsonl", clip, engines) if message.kind == "text"]
    for body in bodies:
        trusted = sorted(text["id"] for text in body["texts"] if text["state"] != "tentative")
        assert sorted(number for block in body["blocks"] for number in block) == trusted
    # EXIT 12 and Bakery are two signs, the one above and to the left of the other.
    said = {text["id"]: text["text"].replace(" ", "") for text in bodies[-1]["texts"]}
    assert [[said[number] for number in block] for block in bodies[-1]["blocks"]] == [["EXIT12"], ["Bakery"]]


def test_pages_that_look_alike_are_read_each_by_itself(engines: Engines, tmp_path: Path) -> None:
    pages = np.full((3, 100, 320, 3), 250, np.uint8)
    for page, text in zip(pages, ("PAGE ONE", "PAGE TWO", "PAGE THREE"), strict=True):
        cv2.putText(page, text, (20, 65), cv2.FONT_HERSHEY_DUPLEX, 1.2, (20, 20, 20), 3, cv2.LINE_AA)
    (tmp_path / "wall.tif").write_bytes(picture_bytes("TIFF", *pages))
    messages = read_to(tmp_path / "feed.jsonl", tmp_path / "wall.tif", engines)
    events = [message.body for message in messages if message.kind == "event"]
    read = [(round(event["frame"] / 50), event["entity"]["text"]) for event in events if event["type"] == "read"]
    assert read == [(0, "PAGE ONE"), (1, "PAGE TWO"), (2, "PAGE THREE")]


def entities_of(message: Message) -> list[dict[str, Any]]:
    """The text entities in a message."""
    entity = message.body.get("entity")
    return [entity] if entity else message.body.get("texts", []) if message.kind == "text" else []


def test_the_text_of_a_frame_comes_before_its_events_and_the_end_comes_last(clip: Path, engines: Engines, tmp_path: Path) -> None:
    messages = read_to(tmp_path / "feed.jsonl", clip, engines)
    frame = -1
    for message in messages:
        if message.kind == "text":
            frame = message.body["frame"]
        if message.kind == "event":
            assert message.body["frame"] == frame
            assert any(text["id"] == message.body["entity"]["id"] for text in latest_text(messages, frame)["texts"])
    states = [message.body["state"] for message in messages if message.kind == "status"]
    assert states[0] == "live"
    assert set(states[1:-1]) <= {"live"}
    end = messages[-1]
    assert (end.kind, end.body["state"], end.body["dropped"], end.body["texts"]) == ("status", "ended", 0, 2)
    assert end.body["reads"] >= 2
    assert end.body["last_event_seq"] == 2
    assert end.body["engines"]["detector"] == engines.detector.name
    assert end.body["latency_ms"] == {"p50": None, "p95": None}


def latest_text(messages: list[Message], frame: int) -> dict[str, Any]:
    return next(message.body for message in messages if message.kind == "text" and message.body["frame"] == frame)


def test_a_subscriber_gets_every_frame(clip: Path, engines: Engines) -> None:
    with publishing() as (publisher, outbox), connect(publisher.endpoint) as subscriber:
        wait_until(lambda: publisher.subscribers == len(DEFAULT_TOPICS))
        read_recorded(open_source(str(clip), "wall"), engines, TurnSink(outbox, publisher.pictures))
        frames = []
        while (message := subscriber.receive(DEADLINE_S)) is not None:
            if message.kind == "text":
                frames.append(message.body["frame"])
            if message.kind == "status" and message.body["state"] == "ended":
                break
    assert frames == list(range(60))
    assert subscriber.missed == 0


def test_a_source_that_breaks_is_read_up_to_there_and_fails(clip: Path, engines: Engines) -> None:
    notebook = Notebook()
    with pytest.raises(SourceError, match="the cable was cut"):
        read_recorded(Broken(open_source(str(clip), "wall"), 20), engines, notebook)
    assert [snapshot.frame for snapshot in notebook.snapshots] == list(range(20))
    assert notebook.states == [SourceState.LIVE, SourceState.FAILED]
    assert notebook.statuses[-1].detail == "wall: the cable was cut"
    assert driver_threads("wall") == []


@pytest.mark.parametrize("sentence", ["the detector ran out of memory", "the recogniser ran out of memory"])
def test_a_network_that_fails_ends_the_source_with_its_sentence(clip: Path, engines: Engines, sentence: str) -> None:
    notebook = Notebook()
    with pytest.raises(EngineError, match=sentence):
        read_recorded(open_source(str(clip), "wall"), broken_networks(engines)[sentence], notebook)
    assert notebook.states[-1] is SourceState.FAILED
    assert notebook.statuses[-1].detail == sentence
    assert len(notebook.snapshots) < 60
    assert driver_threads("wall") == []


def test_stopping_the_source_ends_it_before_the_end(clip: Path, engines: Engines) -> None:
    source = open_source(str(clip), "wall")

    class StopsEarly(Notebook):
        def publish(self, *frame: Any) -> None:
            super().publish(*frame)
            source.stop()

    notebook = StopsEarly()
    read_recorded(source, engines, notebook)
    assert 1 <= len(notebook.snapshots) < 30
    assert notebook.states[-1] is SourceState.ENDED
    assert "was stopped" in notebook.statuses[-1].detail


def test_a_status_is_due_once_a_second(clip: Path, engines: Engines) -> None:
    class Slow(Notebook):
        def publish(self, *frame: Any) -> None:
            super().publish(*frame)
            if len(self.snapshots) in (10, 20):
                time.sleep(1)

    notebook = Slow()
    read_recorded(open_source(str(clip), "wall"), engines, notebook)
    live = [status for status in notebook.statuses if status.state is SourceState.LIVE]
    assert len(live) >= 3
    assert all(later.uptime_s - earlier.uptime_s >= 0.99 for earlier, later in pairwise(live))


class Eye:
    """A detector that finds one more line with each pass that is not turned, and remembers of which frames those were."""

    name = "eye"

    def __init__(self) -> None:
        self.looks: list[tuple[int, bool]] = []
        """The frame's number, which its first pixel shows, and whether the look was coarse."""

    def detect(
        self, image: NDArray[np.uint8], *, turned: bool = False, enhanced: bool = False, coarse: bool = False
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        assert not (turned and enhanced)
        if not turned:
            self.looks.append((int(image[0, 0, 0]), coarse))
        lines = [box(20 + 150 * (k % 2), 10 + 18 * (k // 2), 100, 12) for k in range(len(self.looks))]
        return np.array(lines, np.float32).reshape(-1, 4, 2), np.full(len(lines), 0.9, np.float32)


def test_a_pass_is_taken_in_a_fixed_time_after_it_was_begun_and_the_first_at_once() -> None:
    world, eye, reader = World((SHOP,), AT_REST), Eye(), Reader()
    seen: list[int] = []
    with ThreadPoolExecutor(1) as pool:
        detector = PassAhead(eye, Gauges("cam1", 0.0, eye, eye), pool)
        for index, t in enumerate(clock(5)):
            picture = np.full((SIZE[1], SIZE[0], 3), index, np.uint8)
            reader.follow(replace(world.frame(index, t), bgr=picture.copy))
            detector.step(reader, t)
            seen += [index] * (len(reader.snapshot().texts) - len(seen))
    waits = [(begun, taken - begun, coarse) for (begun, coarse), taken in zip(eye.looks, seen, strict=False)]
    assert waits[0] == (0, 0, False)
    assert {coarse for *_, coarse in waits[1:]} == {False, True}
    assert all(wait == math.ceil((COARSE_S if coarse else FINE_S) / FRAME_S) for _, wait, coarse in waits[1:])


def write_slides(path: Path, slides: dict[int, Colour], unit_s: Fraction = Fraction(1)) -> Path:
    """Write a video of pictures of one size by the times at which they come, seconds unless told."""
    height, width, _ = slides[0].shape
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for at_s, picture in slides.items():
            frame = av.VideoFrame.from_ndarray(picture, "bgr24")
            frame.pts, frame.time_base = at_s, unit_s
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def test_a_slide_is_read_though_it_stands_for_ten_minutes_and_is_not_looked_at_all_the_time(
    wall: Colour, engines: Engines, tmp_path: Path
) -> None:
    slides = write_slides(tmp_path / "slides.mkv", {0: wall, 600: np.full_like(wall, 200), 601: np.full_like(wall, 200)})
    detector, notebook = SlowDetector(engines.detector), Notebook()
    detector.let.set()
    read_recorded(open_source(str(slides), "slides"), Engines(detector, engines.recogniser), notebook)
    assert [frame.pts for frame in notebook.frames if frame.index == 1] == [600.0]
    assert notebook.words == {"EXIT12", "Bakery"}
    assert detector.asked < 40


def test_what_a_still_would_show_is_found_on_a_slide_that_differs_little_from_the_one_before(
    engines: Engines, tmp_path: Path
) -> None:
    first = np.full((720, 1280, 3), 240, np.uint8)
    cv2.putText(first, "Chapter one", (80, 120), cv2.FONT_HERSHEY_DUPLEX, 2, (20, 20, 20), 3, cv2.LINE_AA)
    upright = np.full((60, 400, 3), 240, np.uint8)
    cv2.putText(upright, "Harbour office", (10, 42), cv2.FONT_HERSHEY_DUPLEX, 1.3, (20, 20, 20), 2, cv2.LINE_AA)
    second = first.copy()
    second[100:500, 1150:1210] = cv2.rotate(upright, cv2.ROTATE_90_COUNTERCLOCKWISE)
    found = {text.text for text in read_still(second, engines).texts}
    assert found == {"Chapter one", "Harbour office"}
    detector, notebook = SlowDetector(engines.detector), Notebook()
    detector.let.set()
    slides = write_slides(tmp_path / "slides.mkv", {0: first, 2: second, 4: second, 6: second})
    read_recorded(open_source(str(slides), "slides"), Engines(detector, engines.recogniser), notebook)
    last = [snapshot for snapshot in notebook.snapshots if snapshot.frame == 1][-1]
    assert {text.text for text in last.texts} == found
    # Nothing is looked at anew where nothing is new.
    assert detector.asked < 16


@pytest.mark.parametrize("to_the_last", [True, False])
def test_what_comes_into_view_just_before_the_end_is_read_if_wanted(
    wall: Colour, engines: Engines, tmp_path: Path, *, to_the_last: bool
) -> None:
    more = wall.copy()
    cv2.putText(more, "HARBOUR", (60, more.shape[0] - 40), cv2.FONT_HERSHEY_DUPLEX, 2, (20, 20, 20), 4, cv2.LINE_AA)
    pictures = {index: wall if index < 30 else more for index in range(32)}
    video, notebook = write_slides(tmp_path / "end.mkv", pictures, Fraction(1, 25)), Notebook()
    read_recorded(open_source(str(video), "end"), engines, notebook, to_the_last=lambda: to_the_last)
    assert ("HARBOUR" in notebook.words) is to_the_last
    assert [frame.index for frame in notebook.frames][30:] == ([30, 31, 31] if to_the_last else [30, 31])
