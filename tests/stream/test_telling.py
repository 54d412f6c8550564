"""Words of a line, and where in it they are."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.engines.lattice import Lattice, Slot
from glyphfeed.stream.geometry import slice_quad
from glyphfeed.stream.reading.fusion import begin, fuse
from glyphfeed.stream.reading.words import Span, words_of
from glyphfeed.stream.telling import ALTERNATIVES, IN_PICTURE, POSSIBLE, others, place_chars, place_words
from tests.stream.feed.samples import box
from tests.stream.simulation import lattice_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZE = (640, 360)
LINE = box(100, 100, 200, 20)


def spans(text: str, score: float = 0.9) -> tuple[Span, ...]:
    return words_of(begin(lattice_of(text, score), 1.0))


def test_words_are_placed_in_their_line() -> None:
    words = place_words(spans("CAFE LUNA 1"), LINE, SIZE)
    assert [word.text for word in words] == ["CAFE", "LUNA", "1"]
    np.testing.assert_allclose(words[0].polygon, box(100, 100, 200 * 4 / 11, 20), atol=1e-3)
    np.testing.assert_allclose(words[1].polygon, box(100 + 200 * 5 / 11, 100, 200 * 4 / 11, 20), atol=1e-3)
    assert words[0].polygon.dtype == np.float32


@pytest.mark.parametrize(
    "quad", [box(300, 300, -200, -20), np.array([[100, 100], [300, 130], [300, 150], [100, 160]], np.float64)]
)
def test_words_are_placed_in_perspective_from_where_the_text_begins(quad: NDArray[np.floating]) -> None:
    for word, span in zip(place_words(spans("AB CD"), quad, SIZE), spans("AB CD"), strict=True):
        np.testing.assert_allclose(word.polygon, slice_quad(quad, span.start, span.end), atol=1e-2)
        assert word.confidence == span.confidence


def test_words_that_are_out_of_the_picture_are_left_out() -> None:
    half_out = box(-100, 100, 200, 20)
    assert [word.text for word in place_words(spans("LEFT RIGHT"), half_out, SIZE)] == ["RIGHT"]
    assert place_words(spans("LEFT RIGHT"), box(-400, 100, 200, 20), SIZE) == ()
    assert 0 < IN_PICTURE < 1


def test_no_words_are_placed_nowhere() -> None:
    assert place_words((), LINE, SIZE) == ()


def test_characters_share_their_word_without_gaps() -> None:
    first, second, third = place_chars(spans("AB C"), LINE)
    assert [char.char for char in (first, second, third)] == ["A", "B", "C"]
    np.testing.assert_allclose(first.polygon, box(100, 100, 50, 20), atol=1e-3)
    np.testing.assert_allclose(second.polygon, box(150, 100, 50, 20), atol=1e-3)
    np.testing.assert_allclose(third.polygon, box(250, 100, 50, 20), atol=1e-3)
    assert first.polygon.dtype == np.float32
    assert first.confidence == 0.9


def test_characters_are_placed_outside_of_the_picture_as_well() -> None:
    assert "".join(char.char for char in place_chars(spans("LEFT RIGHT"), box(-400, 100, 200, 20))) == "LEFTRIGHT"
    assert place_chars((), LINE) == ()


def test_what_else_a_character_might_be_is_told_likeliest_first() -> None:
    slot = Slot({"": 0.2, "I": 0.05, "1": 0.5, " ": 0.1, "l": 0.06, "|": 0.03, "!": 0.02, "i": 0.01}, 0.5)
    assert others(slot) == (("l", 0.06), ("I", 0.05), ("|", 0.03))
    assert others(Slot({"1": 0.5, "!": 0.02, "i": 0.0199}, 0.5)) == (("!", 0.02),)
    assert others(Slot({"1": 1.0}, 0.5)) == ()


def test_several_readings_say_what_a_character_might_be() -> None:
    evidence = fuse(begin(lattice_of("BOX", 0.9), 1.0), lattice_of("B0X", 0.8), 0.5)
    _, char, _ = place_chars(words_of(evidence), LINE)
    assert char.char == "O"
    assert char.confidence == pytest.approx(0.6)
    assert char.alternatives == (("0", pytest.approx(0.8 / 3)),)


candidates = st.dictionaries(st.sampled_from(["A", "B", "C", "D", "E", " ", ""]), st.floats(0.001, 1), min_size=1)


@given(st.lists(st.builds(Slot, candidates, st.floats(0, 1)), max_size=12))
def test_characters_are_those_of_the_text_and_lie_in_it_one_after_the_other(slots: list[Slot]) -> None:
    lattice = Lattice(tuple(slots))
    words = words_of(begin(lattice, 1.0))
    ordered = all(a.column <= b.column for a, b in pairwise(slots))
    chars = place_chars(words, LINE)
    assert "".join(char.char for char in chars) == "".join(lattice.text.split())
    assert all(0 <= char.confidence <= 1 for char in chars)
    for char in chars:
        assert len(char.alternatives) <= ALTERNATIVES
        assert all(char.confidence >= score >= POSSIBLE and other != char.char for other, score in char.alternatives)
        if ordered:
            assert 100 - 1e-3 <= char.polygon[0, 0] <= char.polygon[1, 0] <= 300 + 1e-3
    placed = [word.polygon for word in place_words(words, LINE, SIZE)]
    if ordered and len(placed) == len(words) > 0:
        assert min(polygon[0, 0] for polygon in placed) == pytest.approx(chars[0].polygon[0, 0], abs=1e-3)
        assert max(polygon[1, 0] for polygon in placed) == pytest.approx(chars[-1].polygon[1, 0], abs=1e-3)
