"""Recordings that exist already, that are continued, and that are parted."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed import wire
from glyphfeed.stream.feed.publisher import Publisher
from glyphfeed.stream.feed.recording import Recording, RecordTo
from tests.stream.driving import ANY_PORT
from tests.stream.feed.samples import event, snapshot, status

if TYPE_CHECKING:
    from pathlib import Path


def line(kind: str = "event", at: float | None = None, length: int = 0) -> bytes:
    """A message that was sent at some time, in Unix seconds, now unless told."""
    header = {"v": wire.VERSION, "source": "cam1", "epoch": "e", "seq": 1, "published_at": time.time() if at is None else at}
    return wire.message(f"{kind}/cam1", header, {"filler": "x" * length})


def write(plan: RecordTo, *messages: bytes) -> None:
    recording = Recording(plan)
    for message in messages:
        recording.write(message)
    recording.close()


def test_a_recording_that_is_there_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    write(RecordTo(path), line())
    held = path.read_bytes()
    with pytest.raises(FeedError) as refused:
        Publisher(ANY_PORT, path)
    assert str(refused.value) == f"There is a file {path} already: continue it with --append, or record elsewhere."
    assert path.read_bytes() == held


def test_an_empty_file_is_nothing_that_could_be_lost(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    path.touch()
    write(RecordTo(path), line())
    assert path.read_bytes().count(b"\n") == 1


def test_a_recording_is_continued_without_the_message_that_was_cut(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    first, second = line(), line()
    for held in (first + b"\n", first + b"\n" + b"event/cam1 {" + b"x" * 100_000):
        path.write_bytes(held)
        write(RecordTo(path, append=True), second)
        assert path.read_bytes() == first + b"\n" + second + b"\n"


def test_what_is_to_be_continued_may_be_new(tmp_path: Path) -> None:
    write(RecordTo(tmp_path / "feed.jsonl", append=True), line())
    assert (tmp_path / "feed.jsonl").read_bytes().count(b"\n") == 1


@pytest.mark.parametrize("content", [b"a letter to my aunt\n", b"\xff\xd8\xff\xe0", b'event/cam1 {"v":1}\n'])
def test_what_is_no_recording_is_not_continued(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "letter.txt"
    path.write_bytes(content)
    with pytest.raises(FeedError, match=r"letter\.txt is not a recording of a feed, and cannot be continued; record elsewhere"):
        Recording(RecordTo(path, append=True))
    assert path.read_bytes() == content


def test_only_the_topics_that_are_wanted_are_recorded(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    with Publisher(ANY_PORT, RecordTo(path, topics=("event/", "status/cam1"))) as publisher:
        for record in (snapshot(), event(), status()):
            publisher.put(record)
    assert [message.partition(b" ")[0] for message in path.read_bytes().splitlines()] == [b"event/cam1", b"status/cam1"]


def test_a_file_is_put_aside_before_it_is_too_long(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    messages = [line(length=400) for _ in range(7)]
    write(RecordTo(path, most_bytes=2 * len(messages[0]) + 10), *messages)
    aside = sorted(file for file in tmp_path.iterdir() if file != path)
    assert [file.read_bytes().count(b"\n") for file in (*aside, path)] == [2, 2, 2, 1]
    assert all(file.name.startswith("feed-20") and file.suffix == ".jsonl" for file in aside)


def test_a_message_that_is_longer_than_a_file_may_be_is_kept(tmp_path: Path) -> None:
    write(RecordTo(tmp_path / "feed.jsonl", most_bytes=10), line(), line())
    assert sum(file.read_bytes().count(b"\n") for file in tmp_path.iterdir()) == 2


def test_the_recording_of_another_day_is_put_aside_under_its_day(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    yesterday = time.time() - 86_400
    old, new = line(at=yesterday), line()
    path.write_bytes(old + b"\n")
    write(RecordTo(path, append=True, daily=True), new, new)
    assert path.read_bytes() == (new + b"\n") * 2
    aside = tmp_path / time.strftime("feed-%Y%m%d-%H%M%S.jsonl", time.localtime(yesterday))
    assert aside.read_bytes() == old + b"\n"
