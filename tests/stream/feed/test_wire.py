from __future__ import annotations

import json
import math
import re
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed import wire
from glyphfeed.stream.records import Char, EventType, Record, Snapshot, SourceState, Word
from tests.stream.feed.samples import box, entity, event, snapshot, status

HEADER = {"v": 1, "source": "cam1", "epoch": "e", "seq": 4, "published_at": 1_700_000_000.5}


def reject(constant: str) -> None:
    raise AssertionError(f"{constant} is not JSON")


def test_text_body_has_the_fields_of_the_contract_rounded() -> None:
    body = wire.text_body(snapshot(7, entity()))
    assert {key: value for key, value in body.items() if key != "texts"} == {
        "frame": 7,
        "pts": 0.233333,
        "captured_at": 1_700_000_000.233333,
        "size": [1280, 720],
        "blocks": [],
    }
    (text,) = body["texts"]
    assert text == {
        "id": 1,
        "rev": 3,
        "state": "settled",
        "text": "EXIT 12",
        "confidence": 0.9877,
        "polygon": [[10.0, 20.1], [50.0, 20.1], [50.0, 32.1], [10.0, 32.1]],
        "words": [
            {"text": "EXIT", "polygon": box(10, 20).tolist(), "confidence": 0.9124},
            {"text": "12", "polygon": box(60, 20).tolist(), "confidence": 0.9124},
        ],
        "velocity": [1.3, -0.3],
        "reads": 2,
        "first_seen": 1_700_000_000.123457,
        "last_seen": 1_700_000_004.5,
    }


def test_each_text_and_word_keeps_its_own_polygon_whatever_their_lengths() -> None:
    curved = np.array([[0, 0], [5, 1], [9, 3], [9, 6], [5, 4], [0, 3]], np.float32)
    first = replace(entity(1), polygon=curved, words=(Word("a", box(1, 1), 1.0), Word("b", curved + 1, 1.0)))
    second = replace(entity(2), polygon=box(100, 100), words=())
    texts = wire.text_body(snapshot(0, first, second))["texts"]
    assert texts[0]["polygon"] == curved.tolist()
    assert [word["polygon"] for word in texts[0]["words"]] == [box(1, 1).tolist(), (curved + 1).tolist()]
    assert texts[1]["polygon"] == box(100, 100).tolist()
    assert texts[1]["words"] == []


def test_a_frame_without_text_has_empty_lists() -> None:
    body = wire.text_body(snapshot(0))
    assert (body["texts"], body["blocks"]) == ([], [])


def test_blocks_are_lists_of_ids() -> None:
    placed = replace(snapshot(0, entity(1), entity(2), entity(5)), blocks=((5, 1), (2,)))
    assert wire.text_body(placed)["blocks"] == [[5, 1], [2]]


def test_characters_are_told_where_they_were_asked_for() -> None:
    letters = (Char("1", box(1, 1), 0.91236, (("l", 0.05), ("I", 0.02004))), Char("2", box(9, 1), 1.0, ()))
    first = replace(entity(1, "12"), chars=letters)
    asked, empty, plain = wire.text_body(snapshot(0, first, replace(entity(2, ""), chars=()), entity(3)))["texts"]
    assert asked["chars"] == [
        {"char": "1", "polygon": box(1, 1).tolist(), "confidence": 0.9124, "alternatives": [("l", 0.05), ("I", 0.02)]},
        {"char": "2", "polygon": box(9, 1).tolist(), "confidence": 1.0, "alternatives": []},
    ]
    assert empty["chars"] == []
    assert "chars" not in plain
    # The points of the next text are its own.
    assert empty["polygon"] == plain["polygon"] == [[10.0, 20.1], [50.0, 20.1], [50.0, 32.1], [10.0, 32.1]]
    assert {key: value for key, value in asked.items() if key != "chars"} == wire.text_body(snapshot(0, entity(1, "12")))[
        "texts"
    ][0]


def test_event_body_has_previous_only_where_something_was_replaced() -> None:
    body = wire.event_body(event())
    assert body["type"] == "read"
    assert (body["frame"], body["captured_at"]) == (7, 1_700_000_000.25)
    assert body["entity"] == wire.text_body(snapshot(7, entity()))["texts"][0]
    assert "previous" not in body
    assert wire.event_body(event(kind=EventType.CHANGED, previous=""))["previous"] == ""


def test_status_body_has_the_fields_of_the_contract() -> None:
    assert wire.status_body(status(SourceState.STALLED, "no frame for 3 s")) == {
        "state": "stalled",
        "detail": "no frame for 3 s",
        "fps_in": 29.97,
        "fps_out": 29.5,
        "dropped": 3,
        "latency_ms": {"p50": 12.35, "p95": 40.0},
        "detect_ms": 26.1,
        "read_ms": None,
        "reads": 11,
        "texts": 2,
        "uptime_s": 61.5,
        "last_event_seq": 0,
        "engines": {"detector": "PP-OCRv6_det_small (openvino)", "recogniser": "PP-OCRv6_rec_small (openvino)"},
    }


@pytest.mark.strange
def test_a_message_is_its_topic_a_space_and_compact_json() -> None:
    assert wire.message("text/cam1", {"v": 1}, {"text": "Größe 3"}) == 'text/cam1 {"v":1,"text":"Größe 3"}'.encode()


@given(text=st.text(st.characters(codec=None)), source=st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True))
def test_any_text_comes_back_as_it_was_sent_on_one_line(text: str, source: str) -> None:
    sent = wire.event_body(replace(event(), previous=text, entity=replace(entity(), text=text, words=())))
    raw = wire.message(wire.topic("event", source), {**HEADER, "source": source}, sent)
    assert b"\n" not in raw
    assert b"\r" not in raw
    received = wire.parse(raw)
    assert received.topic == f"event/{source}"
    assert (received.kind, received.source, received.epoch, received.seq) == ("event", source, "e", 4)
    assert received.body == {**HEADER, "source": source, **sent}


@given(
    points=st.lists(st.tuples(*[st.floats(-1e5, 1e5, width=32)] * 2), min_size=4, max_size=12),
    confidence=st.floats(0, 1),
    velocity=st.tuples(*[st.floats(-1e6, 1e6)] * 2),
)
def test_numbers_are_json_and_close_to_what_was_sent(
    points: list[tuple[float, float]], confidence: float, velocity: tuple[float, float]
) -> None:
    polygon = np.array(points, np.float32)
    sent = replace(entity(), polygon=polygon, confidence=confidence, velocity=velocity)
    raw = wire.message("text/cam1", HEADER, wire.text_body(snapshot(1, sent)))
    (received,) = json.loads(raw.split(b" ", 1)[1], parse_constant=reject)["texts"]
    assert np.allclose(received["polygon"], polygon, rtol=0, atol=0.0501)
    assert received["confidence"] == pytest.approx(confidence, abs=5.1e-5)
    assert received["velocity"] == pytest.approx(velocity, abs=0.0501)
    # One decimal is also what is printed: no tail of binary digits.
    assert re.search(rb"\d\.\d{8}", raw.split(b'"polygon":')[1].split(b'"words"')[0]) is None


@pytest.mark.parametrize("number", [math.nan, math.inf, -math.inf])
def test_a_number_that_json_has_no_word_for_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="Out of range"):
        wire.message("text/cam1", HEADER, wire.text_body(replace(snapshot(), pts=number)))


@pytest.mark.parametrize("name", ["", "a b", "cam/1", "käm", "x" * 65, "cam1\n", "rtsp://me:secret@10.0.0.1/x"])
def test_a_source_name_that_would_break_a_topic_is_refused_without_repeating_it(name: str) -> None:
    with pytest.raises(FeedError) as refusal:
        wire.topic("text", name)
    assert "secret" not in str(refusal.value)
    assert "another name" in str(refusal.value)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"text/cam1",
        b"text/cam1 ",
        b"text/cam1 []",
        b"text/cam1 {}",
        b"text/cam1 {",
        b'text/cam1 {"v": 1}',
        b'text/cam1 {"v": 1, "source": "cam1", "epoch": "e", "seq": "4"}',
        b"\xff\xfe {}",
        b'text/cam1 "\xff"',
        b"text/cam1 " + b"[" * 100_000,
        b'text/cam1 {"v":1,"source":"cam1","epoch":"e","seq":1,"published_at":NaN}',
        b'text/cam1 {"v":1,"source":"cam1","epoch":"e","seq":1,"published_at":-Infinity}',
    ],
)
def test_what_is_no_message_is_refused(raw: bytes) -> None:
    with pytest.raises(FeedError, match="another program"):
        wire.parse(raw)


@pytest.mark.strange
def test_another_version_is_refused_by_its_number() -> None:
    with pytest.raises(FeedError, match="version 2 and this client version 1"):
        wire.parse(wire.message("text/cam1", {**HEADER, "v": 2}, {}))


def sent_and_read(record: Record) -> Record | None:
    """What a client reads of a record that was published."""
    kind = wire.KINDS[type(record)]
    raw = wire.message(wire.topic(kind.name, record.source), {**HEADER, "source": record.source}, kind.write(record))
    return wire.parse(raw).record


@pytest.mark.parametrize("kind", wire.KINDS.values(), ids=lambda kind: kind.name)
def test_each_kind_of_message_reads_what_it_writes(kind: wire.Kind) -> None:
    chars = (Char("1", box(10, 20, 5), 0.9, (("l", 0.06),)), Char("2", box(15, 20, 5), 0.9, ()))
    shown = replace(snapshot(7, entity(1), replace(entity(2, "12"), chars=chars)), blocks=((2,), (1,)))
    records = {"text": shown, "event": event(kind=EventType.CHANGED, previous="EX1T"), "status": status()}
    record = records[kind.name]
    # What was rounded stays as it is when it is sent on.
    assert kind.write(sent_and_read(record)) == kind.write(record)
    received = sent_and_read(record)
    assert type(received) is type(record)
    if isinstance(received, Snapshot):
        assert [text.polygon.dtype for text in received.texts] == [np.float32, np.float32]
        assert received.texts[1].chars is not None
        assert received.texts[1].chars[0].alternatives == (("l", 0.06),)


@pytest.mark.strange
@pytest.mark.parametrize(
    ("topic", "body"),
    [
        ("event/cam1", {**wire.event_body(event()), "entity": {}}),
        ("status/cam1", {**wire.status_body(status()), "state": "asleep"}),
        ("status/cam1", {**wire.status_body(status()), "latency_ms": None}),
        ("text/cam1", {**wire.text_body(snapshot()), "size": [1]}),
        (
            "text/cam1",
            {**wire.text_body(snapshot()), "texts": [{**wire.text_body(snapshot(0, entity()))["texts"][0], "polygon": []}]},
        ),
        ("text/cam1", {**wire.text_body(snapshot()), "size": ["wide", 720]}),
        ("text/cam1", {**wire.text_body(snapshot()), "pts": 10**400}),
        ("event/cam1", {**wire.event_body(event()), "type": []}),
        ("status/cam1", {**wire.status_body(status()), "read_ms": "fast"}),
    ],
    ids=[
        *("no entity", "an unknown state", "no latency", "no size", "no polygon"),
        *("a size in words", "a number too large", "a type that is a list", "a time in words"),
    ],
)
def test_a_message_that_is_not_as_the_contract_says_is_told_in_one_sentence(topic: str, body: wire.Body) -> None:
    received = wire.parse(wire.message(topic, HEADER, body))
    with pytest.raises(FeedError, match=f"A message on '{topic}' is not as the feed's contract says"):
        _ = received.record


@pytest.mark.strange
def test_what_a_later_version_adds_is_no_record_and_no_error() -> None:
    assert wire.parse(wire.message("news/cam1", HEADER, {})).record is None
    later = {**wire.event_body(event()), "type": "admired"}
    assert wire.parse(wire.message("event/cam1", HEADER, later)).record is None
    richer = {**wire.text_body(snapshot(3, entity())), "weather": "fine"}
    assert isinstance(wire.parse(wire.message("text/cam1", HEADER, richer)).record, Snapshot)
