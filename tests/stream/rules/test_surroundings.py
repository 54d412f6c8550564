"""Where and when a text is seen, and what stands around it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from glyphfeed.stream.errors import InputError
from glyphfeed.stream.records import Flag, TextState
from glyphfeed.stream.rules.moderating import Moderate, Moderation
from glyphfeed.stream.rules.rule import Rule
from glyphfeed.stream.rules.rulebook import Rulebook
from glyphfeed.stream.rules.subject import Subject
from glyphfeed.stream.rules.surroundings import InZones, parse_hours
from tests.stream.rules.subjects import NOON, entity, subject


@pytest.mark.parametrize(
    ("hours", "day", "clock", "holds"),
    [
        ("Mo-Fr 08:00-18:00", 30, "08:00", True),
        ("Mo-Fr 08:00-18:00", 30, "18:00", False),
        ("Mo-Fr 08:00-18:00", 29, "12:00", False),
        ("sa, su 00:00-24:00", 29, "23:59", True),
        ("Fr-Mo 10:00-11:00", 29, "10:30", True),
        ("Su 22:00-06:00", 30, "05:59", True),
        ("Mo 22:00-06:00", 30, "05:59", False),
        ("22:00-06:00", 30, "23:00", True),
    ],
)
def test_times_of_the_week(hours: str, day: int, clock: str, holds: bool) -> None:
    """The 30th is a Monday."""
    hour, minute = map(int, clock.split(":"))
    assert parse_hours(hours).hold(datetime(2026, 11, day, hour, minute, tzinfo=UTC)) is holds


@pytest.mark.parametrize(
    "hours", ["", "Mo", "9-17", "Mx 08:00-09:00", "25:00-26:00", "08:00-08:00", "24:00-08:00", "Mo 08:61-09:00"]
)
def test_what_is_no_time_of_the_week_is_told(hours: str) -> None:
    with pytest.raises(InputError):
        parse_hours(hours)


def test_a_text_lies_where_its_centre_does() -> None:
    left = InZones(["0,0 0.5,1"])
    assert left.find(subject("a", polygon=entity("a", at=(99, 50)).polygon)) == ()
    assert left.find(subject("a", polygon=entity("a", at=(101, 50)).polygon)) is None
    assert InZones(["0,0 1,1"]).find(subject("a", polygon=entity("a", at=(500, 50)).polygon)) == ()


def test_by_place_and_time_alone_all_of_the_text_is_meant() -> None:
    rules = Rulebook(
        [Rule(name="night", zones=("0,0 1,1",), sources=("door",), hours=("Mo 11:00-13:00",), states=(TextState.SETTLED,))]
    )
    said = subject("Hello you")
    assert [flag.span for flag in rules.flags(said)] == [(0, 9)]
    assert rules.flags(replace(said, source="yard")) == ()
    assert rules.flags(replace(said, now=NOON.replace(hour=14))) == ()
    assert rules.flags(replace(said, entity=replace(said.entity, state=TextState.READING))) == ()
    assert rules.flags(replace(said, entity=replace(said.entity, text=""))) == ()


OWN = Moderation(categories=(), own={"brand": ("acmecorp",)})


def test_words_are_found_in_a_line_across_lines_and_across_readings() -> None:
    condition = Moderate(OWN)
    assert condition.find(subject("by ACME-C0RP!")) is not None
    upper, lower = entity("acme", identity=1), entity("corp!", identity=2)
    assert condition.find(subject("acme")) is None
    assert condition.find(Subject(upper, (upper, lower), (), (200, 100), NOON)) == ((0, 4),)
    assert condition.find(Subject(lower, (upper, lower), (), (200, 100), NOON)) == ((0, 4),)
    assert condition.find(Subject(lower, (lower,), ("acme",), (200, 100), NOON)) == ((0, 4),)
    assert condition.why(subject("acmecorp")) == "brand: 'acmecorp' at 0"


def test_flags_of_a_moderating_rule_are_its_words() -> None:
    flags = Rulebook([Rule(name="own", moderate=OWN)]).flags(subject("by acmecorp, you"))
    assert [(flag.rule, flag.span) for flag in flags] == [("own", (3, 11))]
    assert isinstance(flags[0], Flag)
