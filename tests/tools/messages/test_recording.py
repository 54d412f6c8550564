"""`glyphfeed record` in a process of its own, killed and started again, of publishers that come and go."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed import wire
from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.stream.feed.recordings.recording import Recording, RecordTo, parts, positions, read_lines, read_messages
from glyphfeed.stream.feed.wire import Position
from glyphfeed.tools import cli
from tests.programs import program
from tests.stream.driving import ANY_PORT
from tests.stream.feed.samples import DEADLINE_S, serve_until_subscribed, status, wait_until
from tests.tools.messages.stories import happened, messages, shown, story, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

ALL = 3
"""Subscriptions of one recorder."""


def record(endpoint: str, *arguments: object) -> AbstractContextManager[subprocess.Popen[str]]:
    return program([sys.executable, "-m", "glyphfeed", "record", endpoint, *map(str, arguments)], 6 * DEADLINE_S)


def events(*paths: Path) -> list[tuple[str, int]]:
    """Epoch and number of each event that was recorded."""
    read = [message for path in paths if path.exists() for message in read_messages(path)]
    return [(message.epoch, message.seq) for message in read if message.kind == "event"]


def put(publisher: Publisher, first: int, last: int) -> None:
    """A frame each with its event, and a status."""
    for frame in range(first - 1, last):
        publisher.put(shown(frame, frame + 1))
        publisher.put(happened(frame, frame + 1))
    publisher.put(status())


def conforms(path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    capfd.readouterr()
    code = cli.run(["conform", str(path)])
    assert (code, capfd.readouterr().out.split(":")[-1]) == (0, " all keep the contract\n")


@pytest.mark.parametrize("name", ["feed.jsonl", "feed.jsonl.gz"])
def test_a_recorder_that_is_killed_goes_on_where_it_was(tmp_path: Path, capfd: pytest.CaptureFixture[str], name: str) -> None:
    path = tmp_path / name
    with Publisher(ANY_PORT) as publisher:
        epoch = publisher.epoch
        with record(publisher.endpoint, path) as child:
            serve_until_subscribed(publisher, ALL)
            put(publisher, 1, 5)
            wait_until(lambda: (epoch, 5) in events(path))
            child.kill()
        serve_until_subscribed(publisher, 0)
        put(publisher, 6, 10)
        with record(publisher.endpoint, path, "--append") as child:
            serve_until_subscribed(publisher, ALL)
            put(publisher, 11, 12)
            wait_until(lambda: (epoch, 12) in events(path))
            child.send_signal(signal.SIGINT)
            _, errors = child.communicate()
    assert events(path) == [(epoch, number) for number in range(1, 13)]
    assert child.returncode == 0
    assert errors.splitlines()[-1].endswith(f"of {publisher.endpoint} are recorded in {path}")
    conforms(path, capfd)


def test_a_publisher_that_was_restarted_is_found_again(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "feed.jsonl"
    with Publisher(ANY_PORT) as probe:
        endpoint = probe.endpoint
    epochs = []
    with record(endpoint, path) as child:
        assert child.stderr is not None
        assert child.stderr.readline() == f"Nobody publishes at {endpoint} yet. Still waiting, Ctrl-C ends.\n"
        for _ in range(2):
            with Publisher(endpoint) as publisher:
                epochs.append(publisher.epoch)
                serve_until_subscribed(publisher, ALL)
                put(publisher, 1, 3)
                wait_until(lambda: (epochs[-1], 3) in events(path))
        child.send_signal(signal.SIGTERM)
        assert "The publisher was restarted.\n" in child.stderr.read()
    assert child.wait(DEADLINE_S) == 0
    assert events(path) == [(epoch, number) for epoch in epochs for number in (1, 2, 3)]
    conforms(path, capfd)


@contextmanager
def telling(publisher: Publisher, stories: Iterator[int]) -> Iterator[None]:
    """A thread that tells of one frame after the other."""
    ended = threading.Event()

    def tell() -> None:
        for number in stories:
            publisher.serve(0.0)
            put(publisher, number, number)
            if ended.wait(0.002):
                return

    thread = threading.Thread(target=tell)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join(DEADLINE_S)


def test_killed_again_and_again_while_files_are_packed_and_put_aside_it_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl.gz"
    with Publisher(ANY_PORT) as publisher, telling(publisher, count(1)):
        for enough, ending in ((4, signal.SIGKILL), (8, signal.SIGKILL), (12, signal.SIGINT)):
            with record(publisher.endpoint, path, "--append", "--rotate", "4k", "--quiet") as child:
                wait_until(lambda enough=enough: len(parts(path)) >= enough)
                child.send_signal(ending)
                child.wait(DEADLINE_S)
    assert child.returncode == 0
    seen = events(*parts(path))
    first = seen[0][1]
    assert sorted(seen) == seen == [(publisher.epoch, number) for number in range(first, first + len(seen))]
    # The last one may not hold anything yet.
    subprocess.run(["gzip", "-t", *(part for part in parts(path) if part.stat().st_size)], check=True)


def test_of_some_topics_only_those_are_recorded(tmp_path: Path) -> None:
    path = tmp_path / "events.jsonl"
    with Publisher(ANY_PORT) as publisher, record(publisher.endpoint, path, "--topic", "event/") as child:
        # Statuses tell how many events there were.
        serve_until_subscribed(publisher, 2)
        put(publisher, 1, 3)
        wait_until(lambda: len(events(path)) == 3)
        child.send_signal(signal.SIGINT)
        assert child.wait(DEADLINE_S) == 0
    assert {message.kind for message in read_messages(path)} == {"event"}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the disk that is always full")
def test_a_full_disk_ends_it() -> None:
    with Publisher(ANY_PORT) as publisher, record(publisher.endpoint, "/dev/full") as child:
        serve_until_subscribed(publisher, ALL)
        put(publisher, 1, 1)
        _, errors = child.communicate()
    assert child.returncode == 2
    assert errors.splitlines()[-1] == "glyphfeed: The recording /dev/full is incomplete: No space left on device."


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["record", "5570", "x"], "'5570' is not an address of a feed"),
        (["record", "tcp://127.0.0.1:5570"], "Missing argument 'FILE'"),
        (["record", "tcp://127.0.0.1:5570", "x", "--rotate", "weekly"], "'weekly' is no size; write day, or one such as 500M"),
        (["record", "tcp://127.0.0.1:5570", "x", "--topic", "picture/"], "pictures are never recorded; record the video itself"),
        (["record", "tcp://127.0.0.1:5570", "none/x"], "Cannot record to none/x: its directory does not exist"),
        (["record", "tcp://127.0.0.1:5570", "feed.jsonl"], "There is a file feed.jsonl already: continue it with --append"),
        (
            ["record", "tcp://127.0.0.1:5570", "letter", "--append"],
            "letter is not a recording of a feed, and cannot be continued",
        ),
    ],
)
def test_what_cannot_be_recorded_is_said_in_one_sentence(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "feed.jsonl", messages([*story(1)]))
    (tmp_path / "letter").write_text("to my aunt\n")
    assert cli.run(arguments) == 2
    output, errors = capfd.readouterr()
    assert (output, errors.count("\n")) == ("", 1)
    assert sentence in errors


def test_a_recording_is_continued_after_the_last_event_of_each_source(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    cam2 = [line.replace(b"cam1", b"cam2") for line in messages([*story(2)], "f")]
    write(path, [*messages([*story(4)]), *cam2])
    assert positions(path) == {"cam1": Position("e", 4), "cam2": Position("f", 2)}
    # What comes after what was cut is missing, too.
    path.write_bytes(path.read_bytes()[:-1500])
    assert positions(path) == {"cam1": Position("e", 4), "cam2": Position("f", 1)}


def test_where_no_event_was_recorded_it_is_continued_after_those_that_the_first_status_counts(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    told = [line for line in messages([*story(3), status()]) if line.startswith(b"status/")]
    # Later ones tell of events that were still to be fetched when the recorder was killed.
    write(path, told)
    assert positions(path) == {"cam1": Position("e", 0)}
    write(path, told[1:])
    assert positions(path) == {"cam1": Position("e", 3)}


def test_files_that_were_put_aside_tell_where_events_are_all_that_is_recorded(tmp_path: Path) -> None:
    path = tmp_path / "feed.jsonl"
    told = [line for line in messages([*story(8)]) if line.startswith(b"event/")]
    recording = Recording(RecordTo(path, most_bytes=2 * len(told[0])))
    for line in [*told, told[0].replace(b"cam1", b"cam2"), *(line.replace(b"cam1", b"cam3") for line in told[:2])]:
        recording.write(line)
    recording.close()
    assert len(parts(path)) > 4
    assert [line for part in parts(path) for line in read_lines(part)][:8] == [line + b"\n" for line in told]
    assert positions(path) == {"cam1": Position("e", 8), "cam2": Position("e", 1), "cam3": Position("e", 2)}


def test_there_is_nothing_to_continue_in_what_was_never_recorded(tmp_path: Path) -> None:
    assert parts(tmp_path / "feed.jsonl") == []
    assert positions(tmp_path / "feed.jsonl") == {}
    (tmp_path / "feed-notes.jsonl").write_text("buy milk\n")
    assert positions(tmp_path / "feed.jsonl") == {}
    with pytest.raises(FeedError, match="is no message of a feed"):
        list(read_messages(tmp_path / "feed-notes.jsonl"))


def test_a_message_is_written_as_it_was_sent() -> None:
    for line in messages([*story(2)]):
        assert wire.sent(wire.parse(line)) == line
