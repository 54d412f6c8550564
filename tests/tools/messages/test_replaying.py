"""`glyphfeed replay` in a process of its own, heard by real clients."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest
import zmq

from glyphfeed.stream.feed import wire
from glyphfeed.stream.feed.conformance import Conformance
from glyphfeed.stream.feed.endpoint import requests_endpoint
from glyphfeed.stream.feed.receiving.client import connect
from glyphfeed.tools import cli
from tests.programs import UNHEARD, program
from tests.stream.driving import ANY_PORT
from tests.stream.feed.samples import DEADLINE_S, status
from tests.tools.messages.stories import BEGIN, messages, shown, story, write

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from glyphfeed.stream.feed.receiving.client import Feed
    from glyphfeed.stream.feed.wire import Message

COMMAND = "from glyphfeed.tools.cli import main; main()"
KEPT = {
    "text": ("frame", "pts", "size", "blocks"),
    "event": ("type", "frame"),
    "status": ("state", "detail", "fps_in", "reads", "uptime_s"),
}


def replay(*arguments: object, code: str = COMMAND) -> AbstractContextManager[subprocess.Popen[str]]:
    command = [sys.executable, "-c", code, "replay", "--feed", ANY_PORT, *map(str, arguments)]
    return program(command, 6 * DEADLINE_S, stdin=subprocess.PIPE)


def address(child: subprocess.Popen[str]) -> str:
    """Where it says that it publishes."""
    assert child.stderr is not None
    return child.stderr.readline().split()[-1]


def receive(feed: Feed) -> Message:
    message = feed.receive(2 * DEADLINE_S)
    assert message is not None
    return message


def told(message: Message) -> tuple[object, ...]:
    """What is to be the same in a recording and when it is told again."""
    return (message.topic, message.seq, *(message.body[name] for name in KEPT[message.kind]))


def test_a_recording_is_published_as_if_a_camera_were_read(tmp_path: Path) -> None:
    lines = messages([*story(8)])
    path = write(tmp_path / "feed.jsonl", lines)
    rules = Conformance()
    with replay(path, "--wait-subscribers", 3) as child, connect(address(child)) as feed:
        received = [receive(feed) for _ in lines]
        assert child.wait(DEADLINE_S) == 0
    assert [breach for message in received for breach in rules.take(wire.sent(message))] == []
    recorded = [wire.parse(line) for line in lines]
    assert [told(message) for message in received] == [told(message) for message in recorded]
    assert {message.epoch for message in received}.isdisjoint({"e"})
    texts = [(new, old) for new, old in zip(received, recorded, strict=True) if new.kind == "text"]
    moved = {round(new.body["captured_at"] - old.body["captured_at"], 3) for new, old in texts}
    # All by the same, and to now.
    assert len(moved) == 1
    assert abs(BEGIN + moved.pop() - time.time()) < 6 * DEADLINE_S
    lasted_s = received[-1].body["published_at"] - received[0].body["published_at"]
    assert lasted_s >= recorded[-1].body["published_at"] - recorded[0].body["published_at"] - 0.01


def test_what_is_drawn_moves_as_fast_as_the_recording_is_played(tmp_path: Path) -> None:
    lines = messages([status(), *(shown(frame) for frame in range(60)), status()])
    with (
        replay(write(tmp_path / "feed.jsonl", lines), "--speed", 4, "--wait-subscribers", 1) as child,
        connect(address(child), ["text/"]) as feed,
    ):
        received = [receive(feed) for _ in range(60)]
    lasted_s = received[-1].body["captured_at"] - received[0].body["captured_at"]
    assert lasted_s == pytest.approx(59 / 30 / 4, abs=1e-4)
    drawn = [feed.at(received[-1].body["captured_at"] + ahead_s)[0].texts[0].polygon for ahead_s in (0, 0.1)]
    # 1.3 px/s to the right, as recorded, four times.
    assert (drawn[1] - drawn[0])[0].tolist() == pytest.approx([0.52, -0.12], abs=0.01)


def test_a_loop_is_one_run_after_the_other_and_events_can_be_fetched(tmp_path: Path) -> None:
    path = write(tmp_path / "feed.jsonl", messages([*story(4)]))
    with replay(path, "--loop", "--wait-subscribers", 3) as child:
        endpoint = address(child)
        with connect(endpoint) as feed:
            events = [message for message in (receive(feed) for _ in range(30)) if message.kind == "event"]
        # Whoever comes later, too, gets the events of the run from its first one on.
        with connect(endpoint, ["event/"], since={}) as late:
            assert [receive(late).seq for _ in range(2)] == [1, 2]
        assert child.poll() is None
        child.send_signal(signal.SIGTERM)
        assert child.wait(DEADLINE_S) == 0
    assert len({message.epoch for message in events}) >= 2
    assert [message.seq for message in events] == [1 + number % 4 for number in range(len(events))]
    assert [message.restarted for message in events].count(True) <= len({message.epoch for message in events}) - 1


def test_each_run_of_a_recording_is_one_of_its_own(tmp_path: Path) -> None:
    path = write(tmp_path / "feed.jsonl", [*messages([*story(2)]), *messages([*story(3)], "f", BEGIN + 86_400)])
    with replay(path, "--wait-subscribers", 2) as child, connect(address(child), ["event/"]) as feed:
        events = [receive(feed) for _ in range(5)]
        # A day lies between them, for which nobody waits.
        assert child.wait(DEADLINE_S) == 0
    assert [message.seq for message in events] == [1, 2, 1, 2, 3]
    assert len({message.epoch for message in events}) == 2


def test_while_nothing_happens_the_last_text_can_be_asked_for_and_it_can_be_ended(tmp_path: Path) -> None:
    lines = messages([status(), shown(0), shown(1), status()])
    last = wire.parse(lines[-1])
    lines[-1] = wire.message(last.topic, {}, {**last.body, "published_at": BEGIN + 3600})
    with (
        replay(write(tmp_path / "feed.jsonl", lines), "--wait-subscribers", 1, code=UNHEARD) as child,
        connect(endpoint := address(child), ["text/"]) as feed,
        zmq.Context() as context,
        context.socket(zmq.REQ) as asking,
    ):
        assert [receive(feed).body["frame"] for _ in range(2)] == [0, 1]
        asking.setsockopt(zmq.LINGER, 0)
        asking.setsockopt(zmq.RCVTIMEO, int(DEADLINE_S * 1000))
        asking.connect(requests_endpoint(endpoint))
        asking.send_json({"op": "snapshot"})
        assert [text["frame"] for text in json.loads(asking.recv())["texts"]] == [1]
        child.communicate("\n", timeout=2 * DEADLINE_S)
        assert child.returncode == 0


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "holds no message; record some with glyphfeed record"),
        (b"a letter\nto my aunt\n", "Line 1 of {path} is no message of a feed"),
        (b"event/ca", "holds no message; record some with glyphfeed record"),
    ],
)
def test_what_cannot_be_replayed_is_said_in_one_sentence(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, content: bytes, sentence: str
) -> None:
    path = tmp_path / "feed.jsonl"
    path.write_bytes(content)
    assert cli.run(["replay", str(path), "--feed", ANY_PORT, "--quiet"]) == 2
    output, errors = capfd.readouterr()
    assert (output, errors.count("\n")) == ("", 1)
    assert sentence.format(path=path) in errors


@pytest.mark.strange
def test_a_number_that_is_too_large_ends_it_with_a_sentence(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    lines = [line.replace(b'"pts":0.0', b'"pts":1e999') for line in messages([status(), shown(0)])]
    assert cli.run(["replay", str(write(tmp_path / "feed.jsonl", lines)), "--feed", ANY_PORT, "--quiet"]) == 2
    assert "A message on 'text/cam1' holds a number that is too large" in capfd.readouterr().err
