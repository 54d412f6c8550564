"""What is masked or blurred is nowhere, however it may leave: the real reader, and everything that it tells, shows and writes."""

from __future__ import annotations

import io
import logging
import threading
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np
import pytest

import glyphfeed
from glyphfeed.stream.bridges.mqtt import Mqtt
from glyphfeed.stream.bridges.settings import MqttSettings
from glyphfeed.stream.feed.publishing.kept import KeepIn
from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.stream.feed.receiving.client import connect
from glyphfeed.stream.feed.wire import parse
from glyphfeed.stream.geometry import rectify
from glyphfeed.stream.records import Action, EventType
from glyphfeed.stream.rules.rule import Rule
from glyphfeed.stream.rules.rulebook import Rulebook
from glyphfeed.stream.running.runtime import run_sources
from glyphfeed.stream.sources.address import open_source
from glyphfeed.stream.understanding.settings import Settings
from glyphfeed.tools.displays.film import filming
from glyphfeed.tools.displays.lines import Lines
from glyphfeed.tools.displays.views import Views
from glyphfeed.tools.scenes.clip import Scene, Sign, Waypoint, locate_words, travel, write_clip
from tests.stream.bridges.conftest import mosquitto, running
from tests.stream.bridges.listening import listening
from tests.stream.driving import ANY_PORT, Notebook
from tests.stream.feed.samples import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from glyphfeed.engines.loading import Engines
    from glyphfeed.stream.records import Colour, Polygon

MASKED, BLURRED, FREE = "KRAKEN", "WALRUS", "Museum"
SIZE = (640, 480)
COMES_S = 0.6
"""The sign that is blurred is hung while the camera looks on, and read some frames later."""
SCENE = Scene(
    signs=(
        Sign(f"No {MASKED} here", (560, 250), 48, paper=(206, 232, 240)),
        Sign(BLURRED, (560, 370), 60, ink=(244, 246, 246), paper=(74, 118, 24), weight=700, begin_s=COMES_S),
        Sign(FREE, (560, 490), 56),
    ),
    camera=travel(SIZE, (Waypoint(0.0, (560, 350)), Waypoint(2.0, (620, 380), 1.1, 2.0))),
    seconds=2.0,
    size=SIZE,
    wall=(1200, 800),
)
RULES = (
    Rule(name="monster", literal=(MASKED,), action=Action.MASK, whole=False),
    Rule(name="animal", literal=(BLURRED,), action=Action.BLUR, whole=False),
)
WANTED = Settings(rulebook=Rulebook(RULES))


@dataclass
class Run:
    """All that has left a run."""

    clip: Path
    folder: Path
    printed: str
    logged: str
    messages: list[bytes]
    notebook: Notebook
    pictures: dict[int, Colour] = field(default_factory=dict)

    @property
    def film(self) -> list[Colour]:
        """The pictures of the film."""
        with av.open(str(self.folder / "film.mp4")) as container:
            return [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]


@pytest.fixture(scope="module")
def run(engines: Engines, tmp_path_factory: pytest.TempPathFactory) -> Run:
    """A clip read with a feed, a recording, kept events, a film, lines for people and pictures for whoever asks."""
    folder, made = tmp_path_factory.mktemp("told"), tmp_path_factory.mktemp("made")
    clip = made / "wall.mp4"
    write_clip(clip, SCENE)
    source, printed, notebook = open_source(str(clip), "wall"), io.StringIO(), Notebook()
    logged = io.StringIO()
    handler = logging.StreamHandler(logged)
    logging.getLogger().addHandler(handler)
    ended = threading.Event()
    told = Run(clip, folder, "", "", [], notebook)
    try:
        with (
            Publisher(ANY_PORT, folder / "feed.jsonl", KeepIn(folder / "kept")) as publisher,
            connect(publisher.endpoint, ["picture/"]) as feed,
            filming(folder / "film.mp4", source) as film,
        ):
            looking = threading.Thread(target=look, args=(feed, told.pictures, ended))
            looking.start()
            wait_until(lambda: bool(publisher.serve(0.02)) or publisher.subscribers > 0)
            views = Views(["wall"], [Lines(printed)])
            assert run_sources([source], engines, publisher, [film, notebook, views], settings=WANTED, go_on=views.draw) == []
            views.draw_last()
            wait_until(lambda: 59 in told.pictures)
            ended.set()
            looking.join()
    finally:
        ended.set()
        logging.getLogger().removeHandler(handler)
    told.printed, told.logged = printed.getvalue(), logged.getvalue()
    told.messages = (folder / "feed.jsonl").read_bytes().splitlines()
    return told


def look(feed: glyphfeed.Feed, pictures: dict[int, Colour], ended: threading.Event) -> None:
    """Take pictures until the end."""
    while not ended.is_set():
        if (message := feed.receive(0.1)) is not None:
            pictures[message.body["frame"]] = decoded(message.jpeg)


def decoded(jpeg: bytes) -> Colour:
    return np.asarray(cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR), np.uint8)


def place_of(word: str, index: int) -> Polygon | None:
    """Where a word of the scene is in a frame; None before it hangs there."""
    number = [each for sign in SCENE.signs for each in sign.text.split()].index(word)
    places = [place for identity, place, _ in locate_words(SCENE, index / SCENE.fps) if identity == number]
    return np.array(places[0], np.float32) if places else None


def read_at(picture: Colour, place: Polygon, engines: Engines) -> str:
    """What the recogniser makes of a place in a picture, wherever the reader has found text."""
    (lattice,) = engines.recogniser.read([rectify(picture, place, (48, 96))])
    return lattice.text.upper()


def traces(said: str, word: str) -> list[str]:
    """Three letters in a row of a word, where something that was read has them."""
    return [word[start : start + 3] for start in range(len(word) - 2) if word[start : start + 3] in said]


def assert_unreadable(pictures: dict[int, Colour], engines: Engines) -> None:
    """No place where one of the hidden words is can be read, in any picture."""
    for index, picture in pictures.items():
        for word in (MASKED, BLURRED):
            if (place := place_of(word, index)) is not None:
                assert traces(read_at(picture, place, engines), word) == [], f"frame {index}"


def test_the_words_can_be_read_where_nothing_is_hidden(run: Run, engines: Engines) -> None:
    with av.open(str(run.clip)) as container:
        pictures = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    first = round(COMES_S * SCENE.fps)
    for index in (first, first + 1, 40, 59):
        for word in (MASKED, BLURRED):
            place = place_of(word, index)
            assert place is not None
            assert traces(read_at(pictures[index], place, engines), word)


def test_no_byte_of_anything_that_was_told_or_written_holds_a_hidden_word(run: Run) -> None:
    written = {str(file): file.read_bytes() for file in run.folder.rglob("*") if file.is_file()}
    assert len(written) > 2
    told = {**written, "printed": run.printed.encode(), "logged": run.logged.encode(), "seen": repr(run.notebook.events).encode()}
    told["shown"] = repr(run.notebook.snapshots).encode()
    for name, data in told.items():
        for word in (MASKED, BLURRED):
            # Short pieces might be there by chance: a film is random bytes.
            assert word.lower().encode() not in data.lower(), f"{word} in {name}"


def test_what_is_told_of_them_is_how_long_they_are_and_which_rule_hid_them(run: Run) -> None:
    events = [parse(message).record for message in run.messages if message.startswith(b"event/")]
    told = {(event.type, event.entity.text) for event in events if isinstance(event, glyphfeed.Event)}
    assert {(EventType.READ, "No ****** here"), (EventType.READ, "******"), (EventType.READ, FREE)} <= told
    flagged = {event.flag.rule for event in events if isinstance(event, glyphfeed.Event) and event.flag}
    assert flagged == {"monster", "animal"}
    assert "****** here" in run.printed


def test_neither_word_is_readable_in_the_film_from_its_first_frame_on(run: Run, engines: Engines) -> None:
    film = run.film
    assert len(film) == 60
    assert_unreadable(dict(enumerate(film)), engines)
    first = round(COMES_S * SCENE.fps)
    for index in (first, first + 2, 40, 59):
        said = [text.text for text in glyphfeed.read(film[index])]
        assert FREE in said
        assert not any(traces(each.upper(), word) for each in said for word in (MASKED, BLURRED)), said


def test_neither_is_readable_in_pictures_of_the_feed_and_in_those_that_windows_and_programs_are_shown(
    run: Run, engines: Engines
) -> None:
    assert run.pictures
    assert_unreadable(run.pictures, engines)
    assert_unreadable({frame.index: frame.bgr() for frame in run.notebook.frames}, engines)
    grey = {frame.index: np.dstack([frame.grey] * 3) for frame in run.notebook.frames[::6]}
    assert_unreadable(grey, engines)


def test_a_broker_is_told_nothing_of_them(run: Run, tmp_path: Path) -> None:
    with running(mosquitto(tmp_path)) as server, listening(server.port, "#") as home:
        with closing(Mqtt(MqttSettings(name="mqtt", address=f"mqtt://127.0.0.1:{server.port}"), "1")) as far:
            receipts = []
            for message in map(parse, run.messages):
                if message.kind == "event":
                    receipts.append(far.event(message))
                else:
                    far.state(message)
            wait_until(lambda: bool(far.tick(0.01)) or all(receipt.is_acknowledged for receipt in receipts))
        wait_until(lambda: any(b"****** here" in got.payload for got in home.got))
        assert not any(word.lower().encode() in got.payload.lower() for got in home.got for word in (MASKED, BLURRED))
