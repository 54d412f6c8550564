"""The JSON Schema of the feed: that it is what is committed, and that it and the rules of conform agree on what is sound."""

from __future__ import annotations

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from glyphfeed.stream.feed import wire
from glyphfeed.stream.feed.conformance import Conformance
from glyphfeed.stream.feed.shapes import schema
from glyphfeed.stream.records import Char, EventType
from glyphfeed.tools.messages.conforming import schema_text
from tests.contract import SCHEMA, validator
from tests.stream.feed.samples import box, entity, event, snapshot, status

if TYPE_CHECKING:
    from glyphfeed.stream.records import Record

HEADER = {"v": 1, "source": "cam1", "epoch": "e", "seq": 1, "published_at": 1_700_000_000.5}
FLAG = {"rule": "profanity", "span": [0, 4], "action": "blur"}
CHARS = (Char("1", box(1, 1), 0.9, (("l", 0.05),)), Char("2", box(9, 1), 1.0, ()))


def body_of(record: Record) -> dict[str, Any]:
    """The JSON of a message as a receiver has it."""
    kind = wire.KINDS[type(record)]
    return wire.parse(wire.message(wire.topic(kind.name, record.source), HEADER, kind.write(record))).body


SOUND = {
    "text": body_of(
        replace(snapshot(0, replace(entity(1), chars=CHARS, last_seen=1_700_000_000.2), entity(2)), blocks=((1,), (2,)))
    ),
    "event": body_of(event(kind=EventType.CHANGED, previous="EX1T")),
    "status": body_of(status()),
    "picture": {**HEADER, "frame": 7, "pts": 0.1, "captured_at": 1_700_000_000.1, "size": [1280, 720]},
}


def test_the_committed_schema_is_the_one_that_is_generated() -> None:
    committed = Path(__file__).parents[3] / "docs/feed.schema.json"
    assert committed.read_text("utf-8") == schema_text(), "write it anew: glyphfeed conform --schema > docs/feed.schema.json"
    Draft202012Validator.check_schema(schema())


@pytest.mark.parametrize("kind", SOUND)
def test_a_message_is_valid_by_its_own_shape_and_as_any_message(kind: str) -> None:
    validator(kind).validate(SOUND[kind])
    Draft202012Validator(SCHEMA).validate(SOUND[kind])
    # Fields that a later version adds.
    validator(kind).validate({**SOUND[kind], "weather": "fine"})


def test_what_the_contract_foresees_is_valid_already() -> None:
    attributes = [{"kind": "price", "value": 3.5, "span": [0, 4]}]
    rich = {**SOUND["event"]["entity"], "attributes": attributes, "flags": [FLAG]}
    validator("event").validate({**SOUND["event"], "type": "flagged", "entity": rich, "flag": FLAG})
    validator("text").validate({**SOUND["text"], "texts": [rich]})


def test_what_was_added_to_version_1_may_be_missing() -> None:
    old = copy.deepcopy(SOUND["text"])
    del old["blocks"], old["texts"][0]["chars"][0]["alternatives"]
    validator("text").validate(old)


@pytest.mark.parametrize("kind", ["text", "event"])
def test_a_broken_message_is_no_other_kind_of_message(kind: str) -> None:
    broken = {**SOUND[kind], "texts": None, "entity": None}
    assert not Draft202012Validator(SCHEMA).is_valid(broken)


@pytest.mark.parametrize(("kind", "needed"), [("changed", "previous"), ("flagged", "flag")])
def test_events_of_some_types_have_one_field_more(kind: str, needed: str) -> None:
    told = {**SOUND["event"], "type": kind, "flag": FLAG}
    validator("event").validate(told)
    assert not validator("event").is_valid({key: value for key, value in told.items() if key != needed})


def paths(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where there is something in a JSON object, deep down too."""
    found = [path] if path else []
    if isinstance(value, dict):
        found += [deeper for key in value for deeper in paths(value[key], (*path, key))]
    elif isinstance(value, list):
        found += [deeper for index in range(len(value)) for deeper in paths(value[index], (*path, index))]
    return found


ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 3),
    st.sampled_from([1.0, 0.5, 2.5, -0.1, 1e12, 10**30, "", "x", "settled", "live", "read", [], [1], [1, 2], {}, ["a", 0.5]]),
    st.just("gone"),
)


@given(data=st.data(), kind=st.sampled_from(sorted(SOUND)), odd=ODD)
def test_the_schema_and_conform_find_the_same_shapes_broken(data: st.DataObject, kind: str, odd: Any) -> None:
    body = copy.deepcopy(SOUND[kind])
    *path, last = data.draw(st.sampled_from(paths(body)))
    inner = body
    for key in path:
        inner = inner[key]
    if odd == "gone":
        del inner[last]
    else:
        inner[last] = odd
    jpeg = b"\n\xff\xd8\xff\xd9" if kind == "picture" else b""
    breaches = Conformance().take(f"{kind}/cam1 ".encode() + json.dumps(body).encode() + jpeg)
    misshapen = [breach for breach in breaches if "Expected" in breach or "missing required" in breach or "Invalid" in breach]
    # The topic says what the source is; and one that is broken so is not looked at further.
    if not any("in the JSON" in breach for breach in breaches) and body.get("type") not in ("changed", "flagged"):
        assert bool(misshapen) == (not validator(kind).is_valid(body)), (breaches, list(validator(kind).iter_errors(body)))
