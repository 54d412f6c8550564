from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.web.told import told
from tests.stream.feed.samples import entity, event, snapshot, status
from tests.stream.web.serving import EPOCH, message, picture


def test_a_message_goes_on_as_it_came() -> None:
    raw = message(snapshot(41, entity(text="Größe 東京")), 7)
    read = told(raw)
    assert (read.topic, read.epoch, read.seq, read.frame) == ("text/cam1", EPOCH, 7, 41)
    assert read.payload == raw.decode()
    assert not read.is_event
    assert not read.is_picture


def test_an_event_counts_by_itself_and_a_status_need_not_be_proper_text() -> None:
    assert told(message(event())).is_event
    read = told(message(status(detail="clip\udcff.mp4 has ended")))
    assert not read.is_event
    assert read.frame == -1
    assert isinstance(read.payload, str)
    assert "\\udcff" in read.payload


def test_the_bytes_of_a_picture_are_not_looked_at() -> None:
    raw = picture(41, bytes(range(256)) + b"\n \n{")
    read = told(raw)
    assert (read.topic, read.seq, read.frame, read.payload) == ("picture/cam1", 42, 41, raw)
    assert read.is_picture


@pytest.mark.parametrize(
    "junk",
    [
        b"",
        b"text/cam1",
        b"text/cam1 ",
        b"text/cam1 {",
        b"text/cam1 []",
        b'text/cam1 {"v":1}',
        b'text/cam1 {"v":1,"source":"cam1","epoch":"a","seq":"7"}',
        b'text/cam1 {"v":1,"source":"cam1","epoch":"a","seq":7,"text":"\xff"}',
        b'\xff/cam1 {"v":1,"source":"cam1","epoch":"a","seq":7}',
        b'picture/cam1 {"v":1,"epoch":"a",\n"seq":7}',
        b"text/cam1 " + b"[" * 100_000,
    ],
)
def test_what_is_no_message_is_said_in_a_sentence(junk: bytes) -> None:
    with pytest.raises(FeedError, match="does not belong to a text feed"):
        told(junk)


@pytest.mark.strange
def test_another_version_is_refused_in_words() -> None:
    with pytest.raises(FeedError, match="speaks version 2"):
        told(message(snapshot()).replace(b'"v":1', b'"v":2'))


@given(st.binary(max_size=300) | st.binary(max_size=100).map(lambda rest: b"text/a " + rest))
def test_any_bytes_are_a_message_or_an_error_in_words(some: bytes) -> None:
    try:
        read = told(some)
    except FeedError:
        return
    assert json.loads(read.payload[len(read.topic) :])["seq"] == read.seq
