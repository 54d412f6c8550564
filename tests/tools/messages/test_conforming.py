"""`glyphfeed conform`, over files and over sockets."""

from __future__ import annotations

import gzip
import json
import signal
import sys
import threading
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING

import pytest
import zmq

from glyphfeed.stream.feed.publishing.admission import Admission
from glyphfeed.stream.feed.publishing.sockets import bind_pair
from glyphfeed.stream.feed.receiving.client import DEFAULT_TOPICS
from glyphfeed.tools import cli
from tests.programs import program
from tests.stream.driving import ANY_PORT, publishing
from tests.stream.feed.samples import DEADLINE_S, status
from tests.tools.messages.stories import happened, messages, shown, story, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ALL = len(DEFAULT_TOPICS)


def conform(capfd: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, list[str], str]:
    """Exit code, lines of output, and errors."""
    code = cli.run(["conform", *map(str, arguments)])
    output, errors = capfd.readouterr()
    return code, output.splitlines(), errors


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_a_sound_recording_passes(capfd: pytest.CaptureFixture[str], tmp_path: Path, pack: type[bytes]) -> None:
    path = write(tmp_path / "feed.jsonl", messages([*story()]))
    path.write_bytes(pack(path.read_bytes()))
    assert conform(capfd, path) == (0, ["14 messages of 1 source: all keep the contract"], "")


def test_a_broken_one_is_told_line_by_line_and_fails(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    lines = messages([*story()])
    lines[3] = lines[3].replace(b'"confidence":0.9877', b'"confidence":98.77')
    del lines[4]
    lines[8] = b"text/cam1 \x1b[2J"
    code, output, _ = conform(capfd, write(tmp_path / "feed.jsonl", lines))
    assert code == 1
    assert output[0] == "line 4, text/cam1: Expected `float` <= 1.0 - at `texts[0].confidence`"
    assert output[1].startswith("line 6, event/cam1: seq 3 follows 1: event 2 is missing")
    assert output[2].startswith("line 9, text/cam1: what follows is no JSON")
    assert "\x1b" not in "".join(output)
    assert output[-1] == "13 messages of 1 source: the contract is broken 3 times"


def test_only_the_first_of_very_many_breaches_are_printed(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, output, _ = conform(capfd, write(tmp_path / "feed.jsonl", [b"nonsense"] * 150))
    assert (code, len(output)) == (1, 102)
    assert output[-2:] == ["... and 50 more", "150 messages of 0 sources: the contract is broken 150 times"]


def test_a_line_that_was_cut_is_passed_over(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    path = write(tmp_path / "feed.jsonl", messages([*story()]))
    path.write_bytes(path.read_bytes()[:-30])
    code, output, errors = conform(capfd, path)
    assert (code, output) == (0, ["13 messages of 1 source: all keep the contract"])
    assert errors == f"glyphfeed: line 14 of {path} is cut off, and passed over\n"
    # Of another writer, who leaves out the last line end.
    path.write_bytes(b"\n".join(messages([*story()])))
    assert conform(capfd, path)[1] == ["14 messages of 1 source: all keep the contract"]


def test_pictures_are_not_recorded(capfd: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    code, output, _ = conform(capfd, write(tmp_path / "feed.jsonl", [b"picture/cam1 {}"]))
    assert code == 1
    assert "line 1, pictures are never recorded" in output


@pytest.mark.parametrize(
    ("target", "sentence"),
    [
        ("none.jsonl", "The recording none.jsonl cannot be read: No such file or directory."),
        ("empty.jsonl", "empty.jsonl holds no message; record some with glyphfeed record"),
        ("tcp://127.0.0.1", "'tcp://127.0.0.1' is not an address of a feed"),
    ],
)
def test_what_cannot_be_looked_at_is_an_error_in_one_sentence(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: str, sentence: str
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty.jsonl").touch()
    code, output, errors = conform(capfd, target)
    assert (code, output) == (2, [])
    assert errors.startswith(f"glyphfeed: {sentence}")


def test_where_nobody_publishes_there_is_nothing_to_pass(capfd: pytest.CaptureFixture[str]) -> None:
    code, output, errors = conform(capfd, "tcp://127.0.0.1:9", "--seconds", "1")
    assert (code, output) == (2, [])
    assert errors.startswith("glyphfeed: nothing came from tcp://127.0.0.1:9; is it the address of a feed")


@contextmanager
def reader() -> Iterator[str]:
    """Publishes one frame after the other, each with an event, and a status after each ten; yields its address."""
    ended = threading.Event()

    def read() -> None:
        for frame in count():
            outbox.put_in_turn(shown(frame, frame + 1))
            outbox.put_in_turn(happened(frame, frame + 1))
            if frame % 10 == 0:
                outbox.put_in_turn(status())
            if ended.wait(0.03):
                return

    with publishing() as (publisher, outbox):
        thread = threading.Thread(target=read)
        thread.start()
        try:
            yield publisher.endpoint
        finally:
            ended.set()
            thread.join(DEADLINE_S)


def test_a_publisher_keeps_the_contract_and_so_does_what_it_answers(capfd: pytest.CaptureFixture[str]) -> None:
    with reader() as endpoint:
        code, output, errors = conform(capfd, endpoint, "--messages", 100, "--seconds", DEADLINE_S)
    assert output[-1].endswith(" messages of 1 source: all keep the contract"), output
    assert (code, len(output), errors) == (0, 1, "")
    assert int(output[0].split()[0]) >= 100


def test_ctrl_c_ends_the_listening_and_the_verdict_is_given() -> None:
    with reader() as endpoint, program([sys.executable, "-m", "glyphfeed", "conform", endpoint], 6 * DEADLINE_S) as child:
        # It is heard of once it has subscribed; there is nothing else to wait for.
        with zmq.Context() as context, context.socket(zmq.SUB) as sub:
            sub.setsockopt(zmq.RCVTIMEO, int(DEADLINE_S * 1000))
            sub.subscribe(b"event/")
            sub.connect(endpoint)
            for _ in range(150):
                sub.recv()
        child.send_signal(signal.SIGINT)
        output, errors = child.communicate()
    assert (output.count("\n"), errors, child.returncode) == (1, "", 0), output
    assert output.endswith(": all keep the contract\n")


@contextmanager
def stranger(lines: list[bytes], answer: bytes) -> Iterator[str]:
    """Publishes the same over and over, and gives one answer to everything."""
    context = zmq.Context()
    # Where nobody says whom to let in, nobody is; it ends with the context.
    admission = Admission(context, None)
    feed, asked, endpoint = bind_pair(context, ANY_PORT)
    admission.watch(feed, asked)
    ended = threading.Event()

    def serve() -> None:
        with feed, asked:
            while not ended.wait(0.05):
                for line in lines:
                    feed.send(line)
                while asked.poll(0):
                    *before, _ = asked.recv_multipart()
                    asked.send_multipart([*before, answer])

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield endpoint
    finally:
        ended.set()
        thread.join(DEADLINE_S)
        context.term()


@pytest.mark.strange
def test_a_publisher_that_does_not_keep_it_is_told_so(capfd: pytest.CaptureFixture[str]) -> None:
    told = messages([shown(1), happened(1)])
    with stranger(told, json.dumps({"texts": []}).encode()) as endpoint:
        code, output, _ = conform(capfd, endpoint, "--messages", 4, "--seconds", DEADLINE_S)
    assert code == 1
    assert "message 4, event/cam1: seq 1 follows 1; numbers rise within a topic and an epoch" in output
    assert "beside the feed, asked for a snapshot: the last message of text/cam1 is missing" in output
    assert "beside the feed, asked for the events of cam1: the answer is none: Object missing required field `events`" in output
    assert any(line.startswith("beside the feed, asked b'nonsense': the answer is no error in words") for line in output)


@pytest.mark.strange
def test_a_publisher_that_answers_nothing_and_has_nothing_for_who_comes_late(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("glyphfeed.tools.messages.probing.ANSWER_S", 0.3)
    with zmq.Context() as context, context.socket(zmq.XPUB) as feed:
        feed.setsockopt(zmq.LINGER, 0)
        feed.bind(ANY_PORT)
        endpoint = feed.getsockopt_string(zmq.LAST_ENDPOINT)

        def tell_once() -> None:
            for _ in range(ALL + 1):
                feed.recv()
            for line in messages([shown(1)]):
                feed.send(line)

        thread = threading.Thread(target=tell_once)
        thread.start()
        code, output, _ = conform(capfd, endpoint, "--messages", 1, "--seconds", DEADLINE_S)
        thread.join(DEADLINE_S)
    assert code == 1
    assert "beside the feed, text/cam1: a late subscriber did not get the last message within 0 s" in output
    assert "beside the feed, nobody answers requests, at the port after that of the feed" in output


def test_the_schema_is_printed(capfd: pytest.CaptureFixture[str]) -> None:
    code, output, _ = conform(capfd, "--schema")
    assert (code, json.loads("\n".join(output))["$schema"]) == (0, "https://json-schema.org/draft/2020-12/schema")
