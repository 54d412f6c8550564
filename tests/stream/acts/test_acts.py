"""What rules do: real programs, a real web server, and nothing that keeps the reader waiting."""

from __future__ import annotations

import json
import os
import sys
import threading
import time
import wave
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook as Verifier

from glyphfeed.stream.acts import sounds
from glyphfeed.stream.acts.commands import arguments, environment, run
from glyphfeed.stream.acts.performing import Acts
from glyphfeed.stream.acts.working import MOST_WAITING, Worker
from glyphfeed.stream.errors import InputError
from glyphfeed.stream.records import Action, Event, EventType, Flag
from glyphfeed.stream.rules.rule import Hook, Rule
from tests.stream.bridges.test_webhook import SECRET, Receiver, receiving
from tests.stream.feed.samples import DEADLINE_S, wait_until
from tests.stream.rules.subjects import entity

if TYPE_CHECKING:
    from pathlib import Path

WRITE = "import json, os, sys; json.dump([sys.argv[2:], dict(os.environ)], open(sys.argv[1] + '.new', 'w'))"
DONE = "; os.replace(sys.argv[1] + '.new', sys.argv[1])"


def flagged(text: str, rule: str = "sale", source: str = "door") -> Event:
    flag = Flag(rule, (0, len(text)), Action.MASK)
    return Event(source, EventType.FLAGGED, 7, 1_700_000_000.5, entity(text), flag=flag)


def test_a_command_is_told_what_was_seen_and_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DOOR_PASSWORD", "hunter2")
    told = tmp_path / "told.json"
    command = (sys.executable, "-c", WRITE + DONE, str(told), "{text}", "--from={source}", "{rule} of {source}; echo $HOME")
    with Acts({"sale": Rule(name="sale", literal=("a",), command=command)}) as acts:
        acts.perform(flagged('--rm "a" $(id) `b`\n; {rule}'))
        wait_until(told.exists)
    words, known = json.loads(told.read_text("utf-8"))
    assert words == [' --rm "a" $(id) `b` ; {rule}', "--from=door", "sale of door; echo $HOME"]
    assert "hunter2" not in known.values()
    assert known["PATH"] == os.environ["PATH"]


@given(st.text(max_size=20))
def test_what_a_text_says_stays_in_its_argument(text: str) -> None:
    words = arguments(["say", "{text}", "-t", "-{text}", "x{text}"], flagged(text))
    assert len(words) == 5
    assert words[:1] + words[2:3] == ["say", "-t"]
    assert not words[1].startswith("-")
    assert words[3][0] == "-"
    assert "\0" not in "".join(words)


def test_only_what_is_harmless_is_known_of_the_environment() -> None:
    whole = {"PATH": "/bin", "LC_ALL": "C", "AWS_SECRET_ACCESS_KEY": "x", "CREDENTIALS_DIRECTORY": "/run", "MQTT_PASSWORD": "y"}
    assert environment(whole) == {"PATH": "/bin", "LC_ALL": "C"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["/no/such/program"], "cannot be started: No such file"),
        ([sys.executable, "-c", "raise SystemExit(3)"], "exit code 3"),
        ([sys.executable, "-c", "import time; time.sleep(60)"], "took longer than 0.3 s and was ended"),
    ],
)
def test_what_goes_wrong_with_a_command_is_a_sentence(words: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        run(words, 0.3)


def test_a_web_hook_gets_the_event_as_it_is_published_and_signed() -> None:
    with receiving(Receiver(answers=[503])) as receiver:
        hook = Hook(url=f"http://127.0.0.1:{receiver.port}/signs", secret=SECRET)
        rules = {"sale": Rule(name="sale", literal=("a",), webhook=hook), "other": Rule(name="other", literal=("b",))}
        with Acts(rules) as acts:
            acts.perform(flagged("****"))
            acts.perform(flagged("quiet", "other"))
            acts.perform(flagged("unknown", "gone"))
            wait_until(lambda: len(receiver.got) == 2)
        (_, headers, body), again = receiver.got
        assert again[2] == body
        assert Verifier(SECRET).verify(body, headers)["type"] == "text.flagged"
        data = json.loads(body)["data"]
        assert (data["source"], data["entity"]["text"], data["flag"]["rule"]) == ("door", "****", "sale")


def test_a_web_hook_without_a_secret_is_not_signed() -> None:
    with receiving(Receiver()) as receiver:
        rule = Rule(name="sale", literal=("a",), webhook=Hook(url=f"http://127.0.0.1:{receiver.port}"))
        with Acts({}) as acts:
            acts.follow({"sale": rule})
            acts.perform(flagged("a"))
            wait_until(lambda: bool(receiver.got))
            acts.follow({"sale": replace(rule, webhook=None)})
            acts.perform(flagged("b"))
        assert len(receiver.got) == 1
        assert "webhook-signature" not in receiver.got[0][1]


def test_whoever_asks_is_not_kept_waiting_and_what_is_left_out_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    worker, go_on, begun = Worker("The test"), threading.Event(), threading.Event()

    def wait() -> None:
        begun.set()
        go_on.wait(DEADLINE_S)

    worker.put(wait)
    assert begun.wait(DEADLINE_S)
    done: list[int] = []
    for number in range(MOST_WAITING + 5):
        worker.put(lambda number=number: done.append(number))
    go_on.set()
    wait_until(lambda: len(done) == MOST_WAITING)
    worker.close(time.monotonic() + DEADLINE_S)
    assert done == list(range(MOST_WAITING))
    assert [record.getMessage() for record in caplog.records] == [
        "The test: more is asked for than can be done, and some of it is left out"
    ]


def test_what_fails_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    worker = Worker("The test")
    for _ in range(3):
        worker.put(lambda: run(["/no/such/program"]))
    wait_until(lambda: bool(caplog.records))
    worker.close(time.monotonic() + DEADLINE_S)
    assert [record.getMessage() for record in caplog.records] == [
        "The test: /no/such/program cannot be started: No such file or directory; check its path"
    ]


def test_the_bell_is_played_by_what_there_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    heard, player = tmp_path / "heard", tmp_path / "paplay"
    player.write_text(f'#!/bin/sh\nprintf "%s" "$1" > {heard}\n')
    player.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr(sounds, "PLAYERS", (("no-such-player",), ("paplay",)))
    sounds.play("bell")
    with wave.open(heard.read_text()) as file:
        assert file.getnframes() == int(sounds.RATE * sounds.LONG_S)
    sounds.play("/some/file.wav")
    assert heard.read_text() == "/some/file.wav"


def test_without_a_player_that_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sounds, "PLAYERS", ())
    monkeypatch.setattr(sys, "__stderr__", None)
    with pytest.raises(InputError, match="nothing here can play a sound"):
        sounds.play("bell")
