"""Which characters a number is meant to have."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.attributes.choosing import MOST_ALTERNATIVES, picked, spelled
from glyphfeed.stream.attributes.line import Line

if TYPE_CHECKING:
    from collections.abc import Callable

EAN = "4006381333931"


def is_ean(number: str) -> bool:
    return sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(number)) % 10 == 0


def seen(text: str, **others: dict[str, float]) -> Line:
    """A line of which the recogniser was sure, but for the places named like p3."""
    doubts = {int(place[1:]): candidates for place, candidates in others.items()}
    return Line(text, tuple({char: 0.6, **doubts[at]} if at in doubts else {char: 0.99} for at, char in enumerate(text)))


def spell(line: Line, form: str, valid: Callable[[str], bool], unseen: int = 0) -> str | None:
    return spelled(line, range(len(line.text)), form, valid, unseen)


def test_what_is_right_stays_whatever_else_it_might_be() -> None:
    assert spell(seen(EAN, p0={"9": 0.4}, p5={"3": 0.4}), "9" * 13, is_ean) == EAN


@pytest.mark.parametrize(
    "text", ["4OO6381333931", "400638l333931", "4006381333 93I".replace(" ", ""), "400G381333931", "4006381E33931"]
)
def test_a_letter_is_the_digit_that_it_looks_like(text: str) -> None:
    assert spell(Line(text), "9" * 13, is_ean) == (None if "E" in text else EAN)


def test_a_wrong_digit_is_not_put_right_without_the_recognisers_support() -> None:
    assert spell(Line("4006381333932"), "9" * 13, is_ean) is None
    assert spell(seen("4006381333932"), "9" * 13, is_ean) is None


def test_of_two_corrections_the_likelier_is_chosen() -> None:
    # The last digit may be a 1, or the first a 3: both come right.
    assert is_ean("3006381333932")
    last = seen("4006381333932", p12={"1": 0.3}, p0={"3": 0.1})
    first = seen("4006381333932", p12={"1": 0.1}, p0={"3": 0.3})
    assert [spell(line, "9" * 13, is_ean) for line in (last, first)] == [EAN, "3006381333932"]


def test_two_characters_may_be_wrong_and_not_three() -> None:
    two = seen("4806981333931", p1={"0": 0.2}, p4={"3": 0.2})
    assert spell(two, "9" * 13, lambda number: number == EAN) == EAN
    three = seen("4806981333981", p1={"0": 0.2}, p4={"3": 0.2}, p11={"3": 0.2})
    assert spell(three, "9" * 13, lambda number: number == EAN) is None


def test_what_the_recogniser_holds_for_hardly_possible_is_not_tried() -> None:
    assert spell(seen("4006381333932", p12={"1": 0.01}), "9" * 13, is_ean) is None


def test_a_letter_where_either_may_be_is_doubted_only_where_that_is_allowed() -> None:
    line = Line("S5")
    assert spell(line, "XX", lambda number: number == "55") is None
    assert spell(line, "XX", lambda number: number == "55", unseen=1) == "55"


def test_what_is_mostly_letters_is_no_number() -> None:
    assert spell(Line("SOLIB0"), "9" * 6, lambda _: True) is None


@given(st.text("0158OISB", min_size=1, max_size=34))
def test_few_are_tried(text: str) -> None:
    tried: list[str] = []
    line = Line(text, tuple({char: 0.5, "2": 0.2, "3": 0.15, "4": 0.1} for char in text))
    assert spell(line, "X" * len(text), lambda number: bool(tried.append(number))) is None
    assert len(tried) <= 2 + MOST_ALTERNATIVES * (MOST_ALTERNATIVES + 1) // 2


@pytest.mark.parametrize(
    ("text", "count", "places"),
    [
        ("12 34", 4, (0, 1, 3, 4)),
        ("12  34", 4, None),
        ("12 34", 3, None),
        ("12 345", 4, None),
        ("1-2.3", 3, (0, 2, 4)),
        ("12", 3, None),
        ("1/2", 2, None),
        ("12 ", 2, (0, 1)),
        ("12 ", 3, None),
    ],
)
def test_a_number_is_picked_out_of_its_separators(text: str, count: int, places: tuple[int, ...] | None) -> None:
    assert picked(text, 0, count) == places
