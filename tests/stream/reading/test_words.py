"""Words of a line, and where in it they are."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.engines.lattice import Lattice, Slot
from glyphfeed.stream.reading.fusion import begin, confidence
from glyphfeed.stream.reading.words import Span, half_advance, words_of
from tests.stream.feed.samples import box
from tests.stream.simulation import lattice_of

SIZE = (640, 360)
LINE = box(100, 100, 200, 20)


def spans(text: str, score: float = 0.9) -> tuple[Span, ...]:
    return words_of(begin(lattice_of(text, score), 1.0))


def test_a_line_is_split_at_its_spaces() -> None:
    assert [span.text for span in spans("CAFE LUNA 24")] == ["CAFE", "LUNA", "24"]
    assert [span.text for span in spans(" a  b ")] == ["a", "b"]
    assert spans("HOTEL")[0].text == "HOTEL"


def test_a_word_reaches_from_the_start_of_its_first_letter_to_the_end_of_its_last() -> None:
    first, second = spans("CAFE LUNA 1")[:2]
    assert (first.start, first.end) == pytest.approx((0, 4 / 11))
    assert (second.start, second.end) == pytest.approx((5 / 11, 9 / 11))


def test_one_letter_takes_up_the_line() -> None:
    (span,) = spans("A")
    assert (span.start, span.end) == (0, 1)


def test_nothing_and_blanks_have_no_words() -> None:
    assert words_of(begin(Lattice(()), 1.0)) == ()
    assert spans("   ") == ()


def test_what_is_probably_nothing_is_no_letter_of_a_word() -> None:
    lattice = Lattice((Slot({"A": 0.9}, 0.2), Slot({"": 0.7, "X": 0.3}, 0.5), Slot({"B": 0.9}, 0.8)))
    assert [span.text for span in words_of(begin(lattice, 1.0))] == ["AB"]


def test_each_word_has_a_confidence_of_its_own() -> None:
    sure, unsure = words_of(begin(lattice_of("SURE MAYB", [0.98] * 4 + [0.9] + [0.5] * 4), 1.0))
    assert sure.confidence > unsure.confidence > 0
    evidence = begin(lattice_of("HOTEL", 0.9), 1.0)
    assert words_of(evidence)[0].confidence == confidence(evidence)


def test_a_sign_between_words_is_as_sure_as_they_are_and_alone_says_nothing() -> None:
    fish, sign, chips = spans("Fish & Chips", 0.99)
    assert 0.5 < sign.confidence == pytest.approx(chips.confidence)
    assert fish.confidence == pytest.approx(chips.confidence)
    assert spans("&", 0.99)[0].confidence == 0


def test_half_an_advance_is_a_median() -> None:
    columns = (0.1, 0.2, 0.3, 0.4, 0.9)
    assert half_advance(Lattice(tuple(Slot({"A": 0.9}, column) for column in columns))) == pytest.approx(0.05)


@given(st.text("AB ", max_size=20), st.floats(0.1, 0.99), st.data())
def test_words_lie_inside_the_line_in_order(text: str, score: float, data: st.DataObject) -> None:
    columns = sorted(data.draw(st.lists(st.floats(0, 1), min_size=len(text), max_size=len(text))))
    lattice = Lattice(tuple(Slot({char: score}, column) for char, column in zip(text, columns, strict=True)))
    found = words_of(begin(lattice, 1.0))
    assert " ".join(span.text for span in found) == " ".join(text.split())
    assert all(0 <= span.start < span.end <= 1 for span in found)
    assert all(0 <= span.confidence <= 1 for span in found)
    assert all(a.start <= b.start and a.end <= b.end for a, b in pairwise(found))
