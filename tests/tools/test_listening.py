from __future__ import annotations

import io
import json
import signal
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed import wire
from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.stream.feed.receiving.client import DEFAULT_TOPICS
from glyphfeed.stream.records import EventType, SourceState
from glyphfeed.tools.listening import json_line, print_feed, text_line
from tests.programs import program
from tests.stream.feed.samples import DEADLINE_S, entity, event, of, serve_until_subscribed, snapshot, status, wait_until

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

ALL = len(DEFAULT_TOPICS)
"""Subscriptions of one listener."""
ANY_PORT = "tcp://127.0.0.1:*"
PROGRAM = """
import sys
from rich.console import Console
from glyphfeed.tools.listening import print_feed
endpoint, as_json, *topics = sys.argv[1:]
print_feed(endpoint, topics, as_json == "json", Console())
"""


def listener(
    endpoint: str, form: str, *topics: str, stdout: int = subprocess.PIPE
) -> AbstractContextManager[subprocess.Popen[str]]:
    """The command in a process of its own."""
    return program([sys.executable, "-c", PROGRAM, endpoint, form, *topics], 5 * DEADLINE_S, stdout=stdout)


def lines(child: subprocess.Popen[str], count: int) -> list[str]:
    assert child.stdout is not None
    return [child.stdout.readline() for _ in range(count)]


def interrupted(child: subprocess.Popen[str]) -> tuple[int, str]:
    """Press Ctrl-C; the exit code, and what was left on stderr."""
    child.send_signal(signal.SIGINT)
    _, errors = child.communicate(timeout=2 * DEADLINE_S)
    return child.returncode, errors


def test_people_get_one_line_a_message_at_once_and_ctrl_c_ends_it() -> None:
    with Publisher(ANY_PORT) as publisher, listener(publisher.endpoint, "lines") as child:
        serve_until_subscribed(publisher, ALL)
        publisher.put(snapshot(7, entity(text="EXIT 12"), entity(text=""), entity(text="[red]Größe")))
        publisher.put(event("EXIT 12"))
        publisher.put(event("OPEN", EventType.CHANGED, "OPFN"))
        publisher.put(event("EXIT 12", EventType.LEFT))
        publisher.put(status(SourceState.STALLED, "no frame for 3 s"))
        words = [line.split(maxsplit=1)[1] for line in lines(child, 5)]
        assert words == [
            "cam1  text        frame 7  3 texts  EXIT 12 | [red]Größe\n",
            "cam1  read        EXIT 12  0.99\n",
            "cam1  changed     OPEN  0.99  was: OPFN\n",
            "cam1  left        EXIT 12  0.99  after 4.4 s\n",
            "cam1  stalled     30.0 fps in, 29.5 out, 3 dropped, latency 12 ms (p95 40), 2 texts, 11 reads  no frame for 3 s\n",
        ]
        assert interrupted(child) == (0, "")


def test_json_lines_are_the_messages_with_their_topic() -> None:
    with (
        Publisher(ANY_PORT) as publisher,
        listener(publisher.endpoint, "json", "event/", "text/cam1 ") as child,
    ):
        serve_until_subscribed(publisher, 3)
        publisher.put(status())
        publisher.put(of("cam10", snapshot()))
        publisher.put(snapshot(3))
        publisher.put(of("cam2", event("Größe\n\udcff", EventType.LEFT)))
        text, left = [json.loads(line) for line in lines(child, 2)]
        assert interrupted(child) == (0, "")
    assert (text["topic"], text["frame"], text["epoch"]) == ("text/cam1", 3, publisher.epoch)
    assert (left["topic"], left["seq"], left["entity"]["text"]) == ("event/cam2", 1, "Größe\n\udcff")


def test_a_long_line_is_not_folded_even_for_a_pipe() -> None:
    with Publisher(ANY_PORT) as publisher, listener(publisher.endpoint, "lines") as child:
        serve_until_subscribed(publisher, ALL)
        publisher.put(event("word " * 100))
        publisher.put(event("next"))
        first, second = lines(child, 2)
    assert first.count("word") == 100
    assert "next" in second


def test_silence_is_explained_once_and_the_wait_goes_on() -> None:
    with Publisher(ANY_PORT) as probe:
        endpoint = probe.endpoint
    with listener(endpoint, "lines") as child:
        assert child.stderr is not None
        assert child.stderr.readline() == f"Nobody publishes at {endpoint} yet. Still waiting, Ctrl-C ends.\n"
        with Publisher(endpoint) as publisher:
            serve_until_subscribed(publisher, ALL)
            publisher.put(event("EXIT 12"))
            assert "EXIT 12" in lines(child, 1)[0]
            assert interrupted(child) == (0, "")


def test_a_restart_is_told_on_stderr_and_what_can_be_had_is_fetched() -> None:
    with Publisher(ANY_PORT) as first, listener(first.endpoint, "json") as child:
        serve_until_subscribed(first, ALL)
        first.put(event())
        lines(child, 1)
        first.close()
        with Publisher(first.endpoint) as second:
            second.put(event())
            serve_until_subscribed(second, ALL)
            second.put(event())
            assert [json.loads(line)["seq"] for line in lines(child, 2)] == [1, 2]
            code, errors = interrupted(child)
    assert code == 0
    # How its last run ended it cannot tell, as it keeps nothing.
    assert errors.splitlines() == ["The publisher was restarted.", "event/cam1: some may be lost."]


@pytest.mark.parametrize("form", ["lines", "json"])
def test_it_ends_quietly_when_nobody_reads_any_more(form: str) -> None:
    with Publisher(ANY_PORT) as publisher, listener(publisher.endpoint, form) as child:
        serve_until_subscribed(publisher, ALL)
        publisher.put(event())
        lines(child, 1)
        assert child.stdout is not None
        child.stdout.close()

        def ended() -> bool:
            publisher.put(event())
            return child.poll() is not None

        wait_until(ended)
        assert child.stderr is not None
        assert (child.returncode, child.stderr.read()) == (0, "")


def test_an_address_that_is_none_is_an_error() -> None:
    with pytest.raises(FeedError, match="is not an address of a feed"):
        print_feed("5570", [], False, Console(file=io.StringIO()))


def message(topic: str, body: wire.Body) -> wire.Message:
    header = {"v": 1, "source": "cam1", "epoch": "e", "seq": 1, "published_at": 1_700_000_000.0}
    return wire.parse(wire.message(topic, header, body))


def test_what_was_read_cannot_steer_the_terminal() -> None:
    nasty = message("event/cam1", wire.event_body(event("\x1b[2Jgone\u202e\nnext")))
    assert "\N{REPLACEMENT CHARACTER}[2Jgone\N{REPLACEMENT CHARACTER}\N{REPLACEMENT CHARACTER}next" in str(text_line(nasty))


@pytest.mark.strange
def test_no_other_word_of_a_feed_can_either() -> None:
    nasty = message("event/cam1", {**wire.event_body(event()), "source": "\x1b[2J\nfake"})
    assert "\N{REPLACEMENT CHARACTER}[2J\N{REPLACEMENT CHARACTER}fake" in str(text_line(nasty))
    nasty = message("event/cam1", {**wire.event_body(event()), "type": "\x1b[2J"})
    assert "\x1b" not in str(text_line(nasty))
    with pytest.raises(FeedError) as complaint:
        text_line(message("event/\x1b[2J", {**wire.event_body(event()), "frame": "x"}))
    assert "\x1b" not in str(complaint.value)


@pytest.mark.strange
def test_a_message_that_lacks_what_its_line_tells_is_an_error_in_one_sentence() -> None:
    for nasty in (
        message("event/cam1", {"type": "flagged"}),
        message("event/cam1", {**wire.event_body(event()), "captured_at": 1e300}),
        message("status/cam1", {**wire.status_body(status()), "published_at": None}),
    ):
        with pytest.raises(FeedError, match="is not as the feed's contract says"):
            text_line(nasty)


@pytest.mark.strange
def test_a_line_of_json_is_json_whatever_a_stranger_sends() -> None:
    raw = wire.message("text/cam1", {"v": 1, "source": "cam1", "epoch": "e", "seq": 1, "published_at": 1.5}, {})
    with pytest.raises(FeedError, match="A message on 'text/cam1' holds a number that is too large"):
        json_line(wire.parse(raw.replace(b"1.5", b"1e999")))


def test_figures_that_are_not_known_yet_are_left_out() -> None:
    early = replace(status(SourceState.CONNECTING), latency_p50_ms=None, latency_p95_ms=None)
    line = str(text_line(message("status/cam1", wire.status_body(early))))
    assert line.endswith("connecting  30.0 fps in, 29.5 out, 3 dropped, 2 texts, 11 reads")


def test_of_a_picture_there_is_a_line_without_its_bytes() -> None:
    header = {"v": 1, "source": "cam1", "epoch": "e", "seq": 1, "published_at": 1_700_000_000.5}
    body = wire.picture_body(snapshot(7))
    message = wire.parse(wire.picture_message("picture/cam1", header, body, b"\xff\xd8" + bytes(73_998)))
    assert text_line(message).plain.split(maxsplit=1)[1] == "cam1  picture     frame 7  74 kB of 1280x720"
    assert json.loads(json_line(message)) == {"topic": "picture/cam1", **header, **body}


@pytest.mark.strange
def test_topics_and_events_of_a_later_version_are_shown_too() -> None:
    assert '"answer":42' in str(text_line(message("news/cam1", {"answer": 42})))
    moved = message("event/cam1", {**wire.event_body(event("EXIT 12")), "type": "moved", "to": {}})
    assert "moved       EXIT 12" in str(text_line(moved))
