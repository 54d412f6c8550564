"""Words that a text nearly says: what differences cost, and that no text takes long."""

from __future__ import annotations

import string
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.attributes.line import Line
from glyphfeed.stream.rules.watch_list import DOUBTED, MOST_CELLS, WatchList
from tests.stream.rules.subjects import doubted, subject

PLATES = WatchList(["B-AB 1234", "M XY 55"])


def costs(watch: WatchList, text: str) -> list[tuple[str, float]]:
    """What of a text is near, and what its differences cost."""
    return [(text[slice(*near.span)], round(near.cost, 6)) for near in watch.near(Line(text))]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Stop B-AB 1234 here", [("B-AB 1234", 0.0)]),
        ("8-A8 1Z34", [("8-A8 1Z34", 0.6)]),
        ("bab1234", [("bab1234", 0.0)]),
        ("B-AB 1235", [("B-AB 1235", 1.0)]),
        ("B-AB 134", [("B-AB 134", 1.0)]),
        ("B-AB 12344", [("B-AB 12344", 1.0)]),
        ("B-AC 1235", []),
        ("XB-AB1234X", []),
        ("M·XY·55", [("M·XY·55", 0.0)]),
        ("", []),
    ],
)
def test_what_is_taken_for_each_other_costs_little(text: str, expected: list[tuple[str, float]]) -> None:
    assert costs(PLATES, text) == expected


def test_doubts_of_the_recogniser_cost_less_still() -> None:
    watch = WatchList(["AXLE4711"], 0.5)
    (near,) = watch.near(doubted("AWLE4711", _1="XK").line)
    assert near.cost == pytest.approx(DOUBTED)
    assert watch.find(subject("AWLE4711")) is None


@pytest.mark.parametrize(("text", "is_found"), [("AB", True), ("A8", True), ("AC", False)])
def test_of_short_words_only_confusions_may_differ(text: str, is_found: bool) -> None:
    assert (WatchList(["AB"], 3).find(subject(text)) is not None) is is_found


def test_parts_of_words_count_where_wanted() -> None:
    assert WatchList(["park"], 0, whole=False).find(subject("Parkhaus")) == ((0, 4),)
    assert WatchList(["park"], 0).find(subject("Parkhaus")) is None


def test_it_says_what_is_nearest() -> None:
    assert WatchList(["B-AB 1234"], 0.5).why(subject("B-AC 1234")) == (
        "it says nothing within 0.5 of 'B-AB 1234'; the nearest is 'B-AC 1234' at 0, 1.0 from 'B-AB 1234'"
    )
    assert PLATES.why(subject("8-AB 1234")) == "it says '8-AB 1234' at 0, 0.2 from 'B-AB 1234'"


WORDS = st.text(string.ascii_uppercase + string.digits, min_size=4, max_size=10)


@given(WORDS, st.data())
def test_a_word_with_one_edit_is_found(word: str, data: st.DataObject) -> None:
    place = data.draw(st.integers(0, len(word) - 1))
    other = data.draw(st.sampled_from(["", *string.ascii_uppercase]))
    text = f"- {word[:place]}{other}{word[place + 1 :]} -"
    assert any(near.cost <= 1 and near.span == (2, len(text) - 2) for near in WatchList([word]).near(Line(text)))


@given(
    st.lists(st.text("AB01 -", min_size=2, max_size=12).filter(lambda word: len(set(word) - {" ", "-"}) > 1)), st.text("AB01 -")
)
def test_spans_lie_inside_and_costs_within(words: list[str], text: str) -> None:
    watch = WatchList([word for word in words if sum(char.isalnum() for char in word) > 1], 2)
    for near in watch.near(Line(text)):
        assert 0 <= near.span[0] < near.span[1] <= len(text)
        assert near.cost <= 2 + 1e-9


@pytest.mark.parametrize("text", ["A" * 1000, "A " * 500, "AB 1234 " * 125, "".join("AB12"[k * k % 7 % 4] for k in range(1000))])
def test_texts_made_to_take_long_are_taken_to_say_a_word(text: str) -> None:
    watch = WatchList(["A" * length for length in range(2, 41)] + [f"AB{number}" for number in range(900)], 2, whole=False)
    began_s = time.thread_time()
    near = watch.near(Line(text))
    assert near == watch.near(Line(text))
    assert len(near) < MOST_CELLS
    assert time.thread_time() - began_s < 1
