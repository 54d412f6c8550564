"""Recordings that exist already, that are continued, that are parted, and that are compressed."""

from __future__ import annotations

import gzip
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed import wire
from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.stream.feed.recordings.compression import GzipWriter
from glyphfeed.stream.feed.recordings.recording import Recording, RecordTo, read_lines
from tests.programs import program
from tests.stream.driving import ANY_PORT
from tests.stream.feed.samples import DEADLINE_S, event, snapshot, status

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT = Path(__file__).parents[4]


def line(at: float | None = None, length: int = 0) -> bytes:
    """A message that was sent at some time, in Unix seconds, now unless told."""
    header = {"v": wire.VERSION, "source": "cam1", "epoch": "e", "seq": 1, "published_at": time.time() if at is None else at}
    return wire.message("event/cam1", header, {**wire.event_body(event()), "filler": "x" * length})


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


def unpacked(path: Path) -> bytes:
    """What gzip itself makes of a file: it checks the length and the sum at the end of each part, too."""
    return subprocess.run(["gzip", "-dc", path], check=True, capture_output=True).stdout


def test_a_compressed_recording_is_whole_after_every_message(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl.gz"
    messages = [line(length=400) for _ in range(5)]
    recording = Recording(RecordTo(path))
    for count, message in enumerate(messages, start=1):
        recording.write(message)
        assert unpacked(path) == b"".join(message + b"\n" for message in messages[:count])
    assert path.stat().st_size < 2 * len(messages[0])
    recording.close()


@given(parts=st.lists(st.lists(st.binary(max_size=300), min_size=1, max_size=4), min_size=1, max_size=3))
def test_what_is_packed_in_parts_is_unpacked_as_one(tmp_path_factory: pytest.TempPathFactory, parts: list[list[bytes]]) -> None:
    path = tmp_path_factory.mktemp("packed") / "x.gz"
    path.touch()
    for part in parts:
        with path.open("r+b") as file:
            writer = GzipWriter(file)
            for data in part:
                writer.write(data)
    assert gzip.decompress(path.read_bytes()) == b"".join(map(b"".join, parts))


def test_a_compressed_recording_is_continued(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl.gz"
    first, second = line(), line(length=10)
    write(RecordTo(path), first)
    write(RecordTo(path, append=True), second)
    assert unpacked(path) == first + b"\n" + second + b"\n"
    assert list(read_lines(path)) == [first + b"\n", second + b"\n"]


def test_a_compressed_recording_that_was_cut_is_read_and_continued(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl.gz"
    messages = [line(length=length) for length in (30, 20, 10)]
    write(RecordTo(path), *messages[:1])
    write(RecordTo(path, append=True), *messages[1:])
    whole, kept = path.read_bytes(), set()
    for end in range(len(whole), 60, -2):
        path.write_bytes(whole[:end])
        read = [one.removesuffix(b"\n") for one in read_lines(path) if one.endswith(b"\n")]
        assert read == messages[: len(read)]
        kept.add(len(read))
        if not read:
            break
        write(RecordTo(path, append=True), messages[0])
        assert gzip.decompress(path.read_bytes()) == b"".join(message + b"\n" for message in [*read, messages[0]])
    assert kept == {0, 1, 2, 3}


def test_a_pipe_is_not_compressed(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "feed.gz")
    # Else it would wait for somebody who reads.
    reading = os.open(tmp_path / "feed.gz", os.O_RDONLY | os.O_NONBLOCK)
    with pytest.raises(FeedError, match=r"Cannot record to .*feed\.gz: a pipe cannot be compressed; record elsewhere\."):
        Recording(RecordTo(tmp_path / "feed.gz"))
    os.close(reading)


def test_a_compressed_recording_can_be_read_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl.gz"
    write(RecordTo(path), line())
    before = path.read_bytes()
    write(RecordTo(path, append=True), line())
    # Read up to its end, which was replaced then.
    path.write_bytes(before + path.read_bytes()[len(before) + 5 :])
    assert len(list(read_lines(path))) == 1


def test_compressed_recordings_are_put_aside_under_compressed_names(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl.gz"
    messages = [line(length=400) for _ in range(7)]
    write(RecordTo(path, most_bytes=1000), *messages)
    aside = sorted(file for file in tmp_path.iterdir() if file != path)
    assert len(aside) >= 2
    assert all(file.name.startswith("feed-20") and file.name.endswith(".jsonl.gz") for file in aside)
    assert sorted(one for file in (*aside, path) for one in unpacked(file).splitlines()) == sorted(messages)


@pytest.mark.parametrize(("name", "pack"), [("feed.jsonl", gzip.compress), ("feed.jsonl.gz", bytes)])
def test_a_recording_whose_name_does_not_tell_whether_it_is_compressed_is_not_continued(
    tmp_path: Path, name: str, pack: Callable[[bytes], bytes]
) -> None:
    path = tmp_path / name
    path.write_bytes(pack(line() + b"\n"))
    held = path.read_bytes()
    with pytest.raises(FeedError, match=r"What is compressed has a name that ends in \.gz, and nothing else: rename .*feed"):
        Recording(RecordTo(path, append=True))
    assert path.read_bytes() == held
    # To be read it may have any name.
    assert [wire.parse(one).kind for one in read_lines(path)] == ["event"]


def test_a_damaged_recording_is_told_with_its_last_sound_line(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl.gz"
    write(RecordTo(path), *(line(length=100_000) for _ in range(3)))
    damaged = bytearray(path.read_bytes())
    damaged[-5] ^= 1
    path.write_bytes(damaged)
    with pytest.raises(FeedError, match=r"feed\.jsonl\.gz cannot be read: it is damaged after line"):
        list(read_lines(path))
    with pytest.raises(FeedError, match=r"cannot be read: No such file or directory"):
        list(read_lines(tmp_path / "none.jsonl"))


RECORDER = """
import sys, time
from pathlib import Path
from glyphfeed.stream.feed import wire
from glyphfeed.stream.feed.recordings.recording import Recording, RecordTo
from tests.stream.feed.samples import event
recording = Recording(RecordTo(Path(sys.argv[1]), append=True, most_bytes=1500))
seq = int(sys.argv[2])
while True:
    header = {"v": 1, "source": "cam1", "epoch": "e", "seq": seq, "published_at": time.time()}
    recording.write(wire.message("event/cam1", header, wire.event_body(event())))
    print(seq, flush=True)
    seq += 1
"""


def test_whoever_is_killed_while_files_are_compressed_and_put_aside_leaves_all_it_wrote(tmp_path: Path) -> None:
    path, last = tmp_path / "feed.jsonl.gz", 0
    for _ in range(2):
        with program([sys.executable, "-c", RECORDER, str(path), str(last + 1)], 6 * DEADLINE_S, cwd=ROOT) as child:
            assert child.stdout is not None
            for _ in range(300):
                last = int(child.stdout.readline())
            child.kill()
            said = child.stdout.read().split()
        # What was told after the last whole line was written, too; one more may be on the disk, of which nothing was told.
        last = int(said[-2]) if len(said) > 1 else last
        seqs = [message.seq for file in tmp_path.iterdir() for message in map(wire.parse, read_lines(file))]
        assert set(range(1, last + 1)) <= set(seqs)
        last = max(seqs)
        assert len(seqs) == last
    assert len(list(tmp_path.iterdir())) > 10
    # The last one may not hold anything yet.
    assert all(unpacked(file) for file in tmp_path.iterdir() if file.stat().st_size)
