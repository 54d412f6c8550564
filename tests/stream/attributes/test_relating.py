"""What the lines of a block say of each other."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest

from glyphfeed.stream.attributes.line import Line
from glyphfeed.stream.attributes.relating import relate
from tests.stream.attributes.amounts import all_of

if TYPE_CHECKING:
    from glyphfeed.stream.records import Attribute


def related(texts: list[str], region: str) -> list[list[tuple[str, Any, str, str]]]:
    """The kinds, values, labels and places of what lines say."""
    lines, find = [Line(text) for text in texts], partial(all_of, region=region)
    found = relate(lines, [find(line) for line in lines], find)
    return [
        [(one.kind, one.value, one.label, line.text[slice(*one.span)]) for one in attributes]
        for line, attributes in zip(lines, found, strict=True)
    ]


@pytest.mark.parametrize(
    ("texts", "region", "found"),
    [
        (["WAS £5", "£3"], "GB", [[("price", 5, "was", "£5")], [("price", 3, "now", "£3")]]),
        (["WAS", "$5", "NOW", "$3"], "US", [[], [("price", 5, "was", "$5")], [], [("price", 3, "now", "$3")]]),
        (["Statt", "7,49 €"], "DE", [[], [("price", 7.49, "was", "7,49 €")]]),
        (["4,99", "€"], "DE", [[("price", 4.99, "", "4,99")], []]),
        (["NET WT", "12 OZ"], "US", [[], [("weight", 12, "net", "12 OZ")]]),
        (["Best before:", "12.03.27"], "GB", [[], [("date", "2027-03-12", "best_before", "12.03.27")]]),
        (["BEST BEFORE END", "31 10 2026"], "GB", [[], [("date", "2026-10-31", "best_before", "31 10 2026")]]),
        (["Mo-Fr", "9-18 Uhr"], "DE", [[], [("opening_hours", "Mo-Fr 09:00-18:00", "", "9-18 Uhr")]]),
        (["Sonntag", "geschlossen"], "DE", [[], [("opening_hours", "Su off", "", "geschlossen")]]),
        (["SPEED", "LIMIT", "35"], "US", [[], [], [("speed", 35, "", "35")]]),
        (["30", "MPH"], "GB", [[("speed", 30, "", "30")], []]),
    ],
)
def test_lines_say_more_together(texts: list[str], region: str, found: list[Any]) -> None:
    assert related(texts, region) == found


@pytest.mark.parametrize(
    "texts", [["ROUTE", "66"], ["Platform", "9"], ["Windows", "11"], ["SPEED", "KILLS"], ["WAS", "NOW"], ["12", "Angry Men"], []]
)
def test_lines_that_say_nothing_say_nothing_together(texts: list[str]) -> None:
    assert related(texts, "US") == [[] for _ in texts]


def test_a_line_above_changes_nothing_that_a_line_says_by_itself() -> None:
    assert related(["Closed", "Mon 9am-5pm"], "US")[1] == [("opening_hours", "Mo 09:00-17:00", "", "Mon 9am-5pm")]
    assert related(["£2", "£3", "WAS £5"], "GB") == [
        [("price", 2, "", "£2")],
        [("price", 3, "", "£3")],
        [("price", 5, "was", "£5")],
    ]


def test_candidates_are_read_across_the_lines() -> None:
    below = Line("l2,G0", ({"l": 1.0}, {"2": 1.0}, {",": 1.0}, {"G": 0.6, "6": 0.4}, {"0": 1.0}))
    find = partial(all_of, region="DE")
    assert [one.value for one in relate([Line("statt"), below], [(), find(below)], find)[1]] == [12.6]


def test_a_number_with_candidates_is_measured_by_a_unit_without() -> None:
    lines = [Line("500", tuple({char: 1.0} for char in "500")), Line("ml")]
    asked: list[Line] = []

    def find(line: Line) -> tuple[Attribute, ...]:
        asked.append(line)
        return all_of(line, region="DE")

    (volume,), _ = relate(lines, [(), ()], find)
    assert (volume.kind, volume.value, volume.unit, volume.span) == ("volume", 500, "ml", (0, 3))
    assert asked == [Line("500 ml")]
