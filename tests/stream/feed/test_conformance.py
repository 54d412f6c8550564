"""The rules of the contract: a sound story passes, and each way to break it is told in words."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.feed.conformance import Conformance, is_clockwise

if TYPE_CHECKING:
    from collections.abc import Callable

    Body = dict[str, Any]
    Story = list[Body]

BEGIN = 1_700_000_000.0
SIZE = [64, 48]
JPEG = cv2.imencode(".jpg", np.zeros((24, 32, 3), np.uint8))[1].tobytes()
BOX = [[10.0, 20.0], [50.0, 20.0], [50.0, 32.0], [10.0, 32.0]]


def said(frame: int, rev: int, state: str, text: str, **more: Any) -> Body:
    """A text as it was at a frame, of which ten come in a second."""
    word = {"text": text, "polygon": BOX, "confidence": 0.9}
    first = {"id": 1, "rev": rev, "state": state, "text": text, "confidence": 0.9, "polygon": BOX}
    rest = {"words": [word] if text else [], "velocity": [0.0, 0.0], "reads": 1}
    return {**first, **rest, "first_seen": BEGIN, "last_seen": BEGIN + frame / 10, **more}


class Writer:
    """Numbers and dates messages as a publisher does."""

    def __init__(self, epoch: str = "e", begin: float = BEGIN) -> None:
        self.story: Story = []
        self._epoch, self._now = epoch, begin
        self._seqs: dict[str, int] = {}

    def tell(self, kind: str, **fields: Any) -> None:
        self._now += 0.01
        self._seqs[kind] = self._seqs.get(kind, 0) + 1
        header = {"v": 1, "source": "cam", "epoch": self._epoch, "seq": self._seqs[kind], "published_at": round(self._now, 6)}
        self.story.append({"topic": f"{kind}/cam", **header, **fields})

    def text(self, frame: int, *texts: Body) -> None:
        self._now = max(self._now, BEGIN + frame / 10)
        blocks = [[text["id"] for text in texts if text["state"] != "tentative"]]
        self.tell("text", **self._at(frame), pts=frame / 10, size=SIZE, texts=list(texts), blocks=[b for b in blocks if b])

    def event(self, kind: str, frame: int, entity: Body, **fields: Any) -> None:
        self.tell("event", type=kind, **self._at(frame), entity=entity, **fields)

    def status(self, state: str) -> None:
        figures = {"fps_in": 10.0, "fps_out": 10.0, "dropped": 0, "detect_ms": None, "read_ms": 2.5, "reads": 1, "texts": 1}
        health = {"latency_ms": {"p50": 5.0, "p95": None}, "uptime_s": 1.0, "engines": {"detector": "d", "recogniser": "r"}}
        self.tell("status", state=state, detail="", **figures, **health, last_event_seq=self._seqs.get("event", 0))

    def picture(self, frame: int) -> None:
        self.tell("picture", **self._at(frame), pts=frame / 10, size=SIZE)

    @staticmethod
    def _at(frame: int) -> Body:
        return {"frame": frame, "captured_at": BEGIN + frame / 10}


def story(epoch: str = "e", begin: float = BEGIN) -> Story:
    """A sign that is found, read, changes and leaves; by their places 0 to 12."""
    writer = Writer(epoch, begin)
    writer.status("live")  # 0
    writer.text(0, said(0, 1, "tentative", ""))
    writer.text(1, said(1, 2, "reading", "EX1T"))
    writer.text(2, said(2, 3, "settled", "EXIT"))
    writer.event("read", 2, said(2, 3, "settled", "EXIT"))  # 4
    writer.picture(2)
    writer.status("live")  # 6
    writer.text(4, said(4, 4, "settled", "GATE"), said(4, 1, "tentative", "", id=2, first_seen=BEGIN + 0.4))
    writer.event("changed", 4, said(4, 4, "settled", "GATE"), previous="EXIT")  # 8
    writer.text(110)  # 9
    writer.event("left", 110, said(4, 5, "coasting", "GATE"))  # 10
    writer.status("ended")  # 11
    return writer.story


def raw(body: Body, jpeg: bytes = JPEG) -> bytes:
    topic = body["topic"]
    message = f"{topic} {json.dumps({key: value for key, value in body.items() if key != 'topic'})}".encode()
    return message + b"\n" + jpeg if topic.startswith("picture/") else message


def breaches(told: Story) -> list[str]:
    rules = Conformance()
    found = [breach for body in told for breach in rules.take(raw(body))]
    return found + rules.finish()


def test_a_sound_story_breaks_nothing() -> None:
    assert breaches(story()) == []


def test_a_source_that_was_taken_in_again_says_so_first() -> None:
    writer = Writer()
    writer.status("live")
    writer.text(4)
    writer.status("ended")
    writer.status("connecting")
    writer.text(5)
    writer.status("ended")
    assert breaches(writer.story) == []
    del writer.story[3]
    told = [breach.split(": it was")[1].split(",")[0] for breach in breaches(writer.story)]
    assert told == [" published after the source had ended or failed"] * 2


@pytest.mark.parametrize("begin", range(12))
def test_neither_does_what_somebody_hears_who_comes_late(begin: int) -> None:
    assert breaches(story()[begin:]) == []


@pytest.mark.parametrize("kinds", [("event",), ("text",), ("status",), ("event", "status"), ("text", "event")])
def test_nor_some_of_the_topics(kinds: tuple[str, ...]) -> None:
    assert breaches([body for body in story() if body["topic"].startswith(kinds)]) == []


@given(lost=st.sets(st.integers(0, 11)))
def test_nor_does_it_matter_which_states_were_lost(lost: set[int]) -> None:
    assert breaches([body for i, body in enumerate(story()) if i not in lost or body["topic"].startswith("event/")]) == []


def test_nor_do_repetitions_for_others_and_a_restart() -> None:
    first, second = story(), story("f", BEGIN + 100)
    assert breaches([*first, first[9], first[11], *second]) == []


def test_events_that_were_fetched_late_are_compared_by_when_they_were_published() -> None:
    told = story()
    # The connection broke before the text of frame 2, and was there again with the end.
    assert breaches([*told[:3], told[9], told[11], told[4], told[8], told[10]]) == []
    assert breaches([*told[:3], told[11], told[4], told[8], told[10]]) == []
    # Nothing was known of this run before.
    assert breaches([told[4], told[8], told[9], told[11], told[10]]) == []


def change(place: int, **fields: Any) -> Callable[[Story], None]:
    def changed(told: Story) -> None:
        told[place] |= fields

    return changed


def entity(place: int, **fields: Any) -> Callable[[Story], None]:
    """Change the first text of a message."""

    def changed(told: Story) -> None:
        of = told[place]["entity"] if "entity" in told[place] else told[place]["texts"][0]
        of |= fields

    return changed


def drop(place: int) -> Callable[[Story], None]:
    def dropped(told: Story) -> None:
        del told[place]

    return dropped


def swap(place: int, other: int) -> Callable[[Story], None]:
    """Send two messages the other way round."""

    def swapped(told: Story) -> None:
        told[place], told[other] = told[other], told[place]
        first, second = told[place]["published_at"], told[other]["published_at"]
        told[place]["published_at"], told[other]["published_at"] = second, first

    return swapped


def without(place: int, field: str) -> Callable[[Story], None]:
    def shortened(told: Story) -> None:
        del told[place][field]

    return shortened


def appended(place: int, **fields: Any) -> Callable[[Story], None]:
    """Send a message once more, changed."""

    def longer(told: Story) -> None:
        last = told[-1]["published_at"]
        told.append({**copy.deepcopy(told[place]), "published_at": last + 1, **fields})

    return longer


def come_back(told: Story) -> None:
    writer = Writer()
    writer.text(111, said(111, 6, "settled", "GATE"))
    told.insert(11, {**writer.story[0], "seq": 6})


FALSE_BOX = [BOX[0], BOX[3], BOX[2], BOX[1]]
BROKEN = {
    "another version": (change(0, v=2), "status/cam: Invalid enum value 2 - at `v`"),
    "no seq": (without(0, "seq"), "status/cam: Object missing required field `seq`"),
    "a size of none": (change(1, size=[0, 48]), "text/cam: Expected `int` >= 1 - at `size[0]`"),
    "a confidence of 90": (entity(2, confidence=90), "text/cam: Expected `float` <= 1.0 - at `texts[0].confidence`"),
    "three points": (entity(2, polygon=BOX[:3]), "text/cam: Expected `array` of length >= 4 - at `texts[0].polygon`"),
    "an unknown state": (entity(2, state="sure"), "text/cam: Invalid enum value 'sure' - at `texts[0].state`"),
    "an unknown type": (change(4, type="seen"), "event/cam: Invalid enum value 'seen' - at `type`"),
    "another source": (change(1, source="door"), "text/cam: source is 'door' in the JSON"),
    "milliseconds": (change(1, published_at=BEGIN * 1000), "published_at is 1700000000000.0, which is no time of now"),
    "a monotonic clock": (change(1, captured_at=12.5), "captured_at is 12.5, which is no time of now"),
    "captured tomorrow": (change(11 - 2, captured_at=BEGIN + 86_400), "captured_at is 86389 s later than published_at"),
    "anticlockwise": (entity(2, polygon=FALSE_BOX), "the polygon of text 1 does not go round clockwise"),
    "row by row": (
        entity(2, polygon=[BOX[0], BOX[1], BOX[3], BOX[2]]),
        "the polygon of text 1 does not go round clockwise",
    ),
    "a word the wrong way": (
        entity(2, words=[{"text": "EX1T", "polygon": FALSE_BOX, "confidence": 0.5}]),
        "the polygon of the word 'EX1T' of text 1 does not go",
    ),
    "a character the wrong way": (
        entity(2, chars=[{"char": "E", "polygon": FALSE_BOX, "confidence": 0.5}]),
        "the polygon of the character 'E' of text 1",
    ),
    "seen before it was found": (entity(2, first_seen=BEGIN + 5), "text 1 was last seen 4.900 s before it was first seen"),
    "seen in the future": (entity(2, last_seen=BEGIN + 5), "text 1 was last seen 4.900 s after the frame was captured"),
    "another first sight": (entity(3, first_seen=BEGIN + 0.1), "first_seen of text 1 was 1700000000.0 and is 1700000000.1"),
    "a span backwards": (
        entity(3, flags=[{"rule": "x", "span": [3, 1], "action": "blur"}]),
        "a span in flags of text 1 ends before it starts",
    ),
    "one id twice": (change(7, texts=[said(4, 4, "settled", "GATE")] * 2), "text/cam: there are several texts with id 1"),
    "rev falls": (entity(7, rev=2), "rev of text 1 falls from 3 to 2"),
    "rev stays": (entity(7, rev=3), "text, state, attributes or flags of text 1 have changed, but rev is still 3"),
    "rev grows": (entity(3, text="EX1T", state="reading"), "rev of text 1 has grown to 3, but text, state"),
    "rev of another event": (entity(8, text="GATES"), "event/cam: text, state, attributes or flags of text 1 have changed"),
    "an attribute without rev": (
        entity(4, attributes=[{"kind": "x", "value": 1, "span": [0, 1]}]),
        "text, state, attributes or flags of text 1 have changed, but rev is still 3",
    ),
    "blocks name others": (change(3, blocks=[[1, 7]]), "text/cam: blocks name text 7, which is not in texts"),
    "in two blocks": (change(3, blocks=[[1], [1]]), "text/cam: text 1 is in blocks more than once"),
    "in none": (change(3, blocks=[]), "text/cam: text 1 is in no block, though it is not tentative"),
    "a tentative one": (change(1, blocks=[[1]]), "text/cam: text 1 is tentative, and in a block"),
    "frames fall": (change(7, frame=1), "text/cam: frame 1 follows 2"),
    "pts stand": (change(7, pts=0.2), "text/cam: pts is 0.2 at frame 4, and was 0.2 at frame 2"),
    "one frame at two times": (change(7, frame=2), "pts, captured_at or size of frame 2 are not those of the text/ before"),
    "text numbers fall": (change(7, seq=2), "text/cam: seq 2 follows 3; numbers rise within a topic and an epoch"),
    "an event is missing": (drop(8), "event/cam: seq 3 follows 1: event 2 is missing"),
    "an event twice": (appended(10), "event/cam: seq 3 follows 3; numbers rise"),
    "an event before its text": (swap(3, 4), "text/cam: event 1 of frame 2 came before the text/"),
    "an event of the future": (change(4, frame=99), "text/cam: event 1 of frame 99 came before the text/ of that frame"),
    "events go back": (change(8, frame=1), "event/cam: frame 1 follows 2"),
    "read twice": (change(8, type="read"), "event/cam: text 1 is read for a second time"),
    "changed before it was read": (change(4, type="changed", previous="X"), "event/cam: text 1 has changed, but was never read"),
    "left before it was read": (change(4, type="left"), "event/cam: text 1 has left, but was never read"),
    "no previous": (without(8, "previous"), "event/cam: previous is missing in changed"),
    "another previous": (change(8, previous="EXXT"), "event/cam: previous of text 1 is 'EXXT', but it was told to say 'EXIT'"),
    "the same again": (change(8, previous="GATE"), "event/cam: text 1 has changed from 'GATE' to the same"),
    "previous of a read": (change(4, previous="X"), "event/cam: previous is there, but the event is read"),
    "no flag": (change(8, type="flagged"), "event/cam: flag is missing in flagged"),
    "back from the dead": (come_back, "text/cam: text 1 has left, and is there again"),
    "too few events counted": (change(6, last_event_seq=0), "status/cam: last_event_seq is 0, but event 1 came before"),
    "too many events counted": (
        change(6, last_event_seq=2),
        "event/cam: a status has counted event 2 before it was published (last_event_seq 2)",
    ),
    "events missing at the end": (change(11, last_event_seq=5), "the last event of epoch 'e' is 3, but a status has counted 5"),
    "a text after the end": (appended(9, seq=9), "text/cam: it was published after the source had ended or failed"),
    "an epoch is back": (lambda told: told.extend([*story("f"), *story()[9:10]]), "epoch 'e' had been followed by another one"),
    "a restart in the middle": (lambda told: told.extend(story("f")[8:]), "seq begins with 2: event 1 is missing"),
    "a picture of another frame": (
        change(5, captured_at=BEGIN),
        "picture/cam: pts, captured_at or size of frame 2 are not those",
    ),
    "a picture of another shape": (change(5, size=[64, 64]), "picture/cam: "),
    "a picture that grew": (change(5, size=[16, 12]), "picture/cam: the JPEG is 32x24, larger than the frame, which is 16x12"),
    "a picture before its text": (swap(3, 5), "came before the text/ of that frame"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_each_way_to_break_the_contract_is_told(name: str) -> None:
    spoil, words = BROKEN[name]
    told = story()
    spoil(told)
    found = breaches(told)
    assert any(words in breach for breach in found), found


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (b"", "'' is no message"),
        (b"text/cam", "'text/cam' is no message"),
        (b"\xff/cam {}", "is no topic in UTF-8"),
        (b"text/cam {", "text/cam: what follows is no JSON"),
        (b'text/cam {"a":NaN}', "text/cam: what follows is no JSON: NaN is no number there"),
        (b'text/cam {"a":1e999}', "text/cam: what follows is no JSON: 1e999 is too large"),
        (b'text/cam "\xff"', "text/cam: what follows is no JSON"),
        (b"text/cam []", "text/cam: what follows is JSON, but no object"),
        (b'text/cam {"source":"cam",\n"v":1}', "text/cam: the JSON holds a line break"),
        (b"text/" + b"x" * 65 + b" {}", "the name of a source has 1 to 64"),
        (b"text/cam " + b"[" * 100_000, "text/cam: what follows is no JSON"),
        (b'picture/cam {"source":"cam"}', "picture/cam: no newline and picture follow the JSON"),
        (b'news/cam {"source":"cam"}', "news/cam: Object missing required field"),
    ],
)
def test_what_is_no_message_is_told(message: bytes, words: str) -> None:
    (found,) = Conformance().take(message)
    assert words in found


@pytest.mark.parametrize("jpeg", [b"", b"\xff\xd8\xff\xd9", JPEG[:-20], b"\x89PNG" + JPEG])
def test_what_is_no_jpeg_is_told(jpeg: bytes) -> None:
    rules = Conformance()
    found = [breach for body in story()[:6] for breach in rules.take(raw(body, jpeg))]
    assert found == [f"picture/cam: the {len(jpeg)} bytes after the JSON are no JPEG"]


def test_what_a_later_version_adds_breaks_nothing() -> None:
    told = story()
    told[3]["weather"] = "fine"
    told[3]["texts"][0]["language"] = "en"
    news = {key: told[0][key] for key in ("v", "source", "epoch", "seq", "published_at")}
    assert breaches([*told[:4], {"topic": "news/cam", **news, "headline": 7}, *told[4:]]) == []


def test_numbers_are_numbers() -> None:
    rules = Conformance()
    text = raw(story()[1]).replace(b'"frame": 0', b'"frame": 0.0').replace(b'"seq": 1', b'"seq": 1.0')
    assert text.count(b".0,") > 3
    assert rules.take(text) == []


def test_after_a_connection_was_broken_events_may_be_missing_here() -> None:
    rules, told = Conformance(), story()
    for body in told[:8]:
        rules.take(raw(body))
    rules.interrupt()
    assert [breach for body in told[9:] for breach in rules.take(raw(body))] == []


def test_a_feed_without_end_is_remembered_in_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("glyphfeed.stream.feed.conformance.REMEMBERED", 3)
    writer = Writer()
    for number in range(1, 9):
        seen = BEGIN + number / 10
        writer.text(number, said(number, 1, "reading", "x", id=number, first_seen=seen))
    assert breaches(writer.story) == []
    # The first is forgotten, and so it may be another one.
    writer.text(9, said(9, 1, "reading", "y"))
    assert breaches(writer.story) == []


@given(
    points=st.lists(st.tuples(st.integers(-500, 500), st.integers(-500, 500)), min_size=4, max_size=8, unique=True),
    turns=st.integers(0, 7),
)
def test_hulls_go_round_clockwise_from_any_point_and_not_the_other_way(points: list[tuple[int, int]], turns: int) -> None:
    hull = cv2.convexHull(np.array(points, np.float32), clockwise=True)[:, 0]
    if len(hull) < 4 or cv2.contourArea(hull) < 0.3 * cv2.arcLength(hull, True):
        return
    polygon = np.roll(hull, turns, axis=0).tolist()
    # OpenCV's clockwise is that of a y axis that points up.
    assert is_clockwise(polygon) != is_clockwise(polygon[::-1])
    assert is_clockwise(polygon[::-1]) == (cv2.contourArea(hull, oriented=True) < 0)
