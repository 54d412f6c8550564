"""Captions by a server that answers as llama.cpp, Ollama and vLLM do."""

from __future__ import annotations

import base64
import logging
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.captions.asking import LONGEST, caption_of
from glyphfeed.stream.captions.captioner import Captioner, surroundings
from glyphfeed.stream.captions.settings import CaptionSettings
from glyphfeed.stream.errors import BridgeError
from glyphfeed.stream.records import Action, EventType, Flag, Frame
from tests.stream.captions.models import completion, model
from tests.stream.feed.samples import box, event, snapshot, wait_until

if TYPE_CHECKING:
    from glyphfeed.stream.records import Event

PICTURE = np.full((720, 1280, 3), 90, np.uint8)
FRAME = Frame(7, 0.2, 1_700_000_000.25, PICTURE[:, :, 0], lambda: PICTURE)


def settings(address: str, **changes: Any) -> CaptionSettings:
    return CaptionSettings(**{"address": address, "per_minute": 6000.0, **changes})


def tell(captioner: Captioner, *events: Event) -> None:
    captioner.publish(FRAME, snapshot(7, *(told.entity for told in events)), events)


def test_a_read_text_is_described_with_its_surroundings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MODEL_KEY", "s3cret")
    said: list[tuple[str, int, str, str]] = []
    with model((200, completion("<think>hm</think>\n A green  sign\nover a door. "))) as server:
        told = settings(server.endpoint, model="llava", prompt="Where is {text}?", key="${MODEL_KEY}")
        with Captioner(told, lambda *answer: said.append(answer)) as captioner:
            tell(captioner, event("EXIT"), event("EXIT", EventType.LEFT))
            wait_until(lambda: bool(said))
    assert said == [("cam1", 1, "EXIT", "A green sign over a door.")]
    ((path, headers, question),) = server.asked
    assert (path, headers["authorization"], question["model"]) == ("/v1/chat/completions", "Bearer s3cret", "llava")
    words, picture = question["messages"][0]["content"]
    assert words == {"type": "text", "text": "Where is EXIT?"}
    jpeg = base64.b64decode(picture["image_url"]["url"].removeprefix("data:image/jpeg;base64,"))
    # 40x12 px with four heights on each side at its own size, but for what is beyond the left border.
    assert cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR).shape[:2] == pytest.approx((81, 98), abs=2)


def test_nothing_waits_for_a_slow_model_and_nothing_hidden_is_shown_to_it() -> None:
    said: list[str] = []
    with model(*[(200, completion("A sign."))] * 6) as server:
        server.free.clear()
        with Captioner(settings(server.endpoint), lambda _source, _id, text, _caption: said.append(text)) as captioner:
            hidden = event("GONE")
            entity = replace(hidden.entity, flags=(Flag("swear", (0, 4), Action.BLUR),))
            tell(captioner, replace(hidden, entity=entity), event("", EventType.READ))
            tell(captioner, event("first"))
            wait_until(lambda: bool(server.asked))
            for number in range(20):
                tell(captioner, event(f"later {number}"))
            server.free.set()
            wait_until(lambda: len(said) == 5)
    assert said == ["first", *(f"later {number}" for number in range(4))]


def test_flagged_texts_of_some_rules_alone() -> None:
    said: list[str] = []
    with model((200, completion("A shop."))) as server:
        told = settings(server.endpoint, on=("flagged",), rules=("cheap",))
        with Captioner(told, lambda _source, _id, text, _caption: said.append(text)) as captioner:
            flagged = event("2 EUR", EventType.FLAGGED)
            tell(captioner, event("2 EUR"), replace(flagged, flag=Flag("dear", (0, 1), Action.FLAG)))
            tell(captioner, replace(flagged, flag=Flag("cheap", (0, 1), Action.FLAG)))
            wait_until(lambda: bool(said))
    assert (said, len(server.asked)) == (["2 EUR"], 1)


def test_a_model_that_fails_is_told_once_and_asked_again(caplog: pytest.LogCaptureFixture) -> None:
    said: list[str] = []
    with model((503, b""), (200, b"{}"), (200, completion("There."))) as server:
        with (
            caplog.at_level(logging.WARNING, "glyphfeed.captions"),
            Captioner(settings(server.endpoint), lambda *answer: said.append(answer[-1])) as captioner,
        ):
            for text in "abc":
                tell(captioner, event(text))
            wait_until(lambda: bool(said))
        place = server.endpoint.removeprefix("http://").removesuffix("/v1")
    assert said == ["There."]
    assert [record.getMessage() for record in caplog.records] == [
        f"The model at {place} describes nothing (it answers 503); the reading goes on, and it is asked again."
    ]


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b'{"choices":[]}', completion(None), completion(" \n"), b"[" * 100_000])
def test_what_is_no_answer_is_told_in_words(body: bytes) -> None:
    with pytest.raises(BridgeError, match=r"no chat completion|is empty"):
        caption_of(body)


@given(st.text(min_size=1))
def test_a_caption_is_one_printable_line(said: str) -> None:
    with suppress(BridgeError):
        line = caption_of(completion(said))
        assert 1 <= len(line) <= LONGEST
        assert line.isprintable()


def test_surroundings_stay_in_the_picture() -> None:
    for polygon in (box(0, 0), box(1240, 708), box(-50, -50, 20, 20), box(1400, 900)):
        shown = cv2.imdecode(np.frombuffer(surroundings(PICTURE, polygon, 100, 200), np.uint8), cv2.IMREAD_COLOR)
        assert max(shown.shape) <= 200


@pytest.mark.parametrize(
    ("changes", "fields"),
    [
        ({}, []),
        ({"address": "ftp://x"}, ["address"]),
        ({"address": "http://user@host/v1"}, ["address"]),
        ({"address": "http://[::1"}, ["address"]),
        ({"on": ("left",)}, ["on"]),
        ({"rules": ("cheap",)}, ["rules"]),
        ({"prompt": "What is around {txt}?"}, ["prompt"]),
        ({"prompt": " "}, ["prompt"]),
        ({"prompt": 'Answer as {"what": "..."}: {text}'}, []),
    ],
)
def test_mistakes_of_settings_name_their_field(changes: dict[str, Any], fields: list[str]) -> None:
    told = CaptionSettings(**{"address": "http://127.0.0.1:8080/v1", **changes})
    assert [name for name, _ in told.mistakes()] == fields
