"""Synthetic scenes: letters are where the truth says, and nowhere else."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import ImageFont

from glyphfeed.tools.training.lettering import Company, set_text
from glyphfeed.tools.training.scenes import cells_of, ink_on, make_scene, make_sign
from tests.tools.training.setting import FONTS, plain_fonts

if TYPE_CHECKING:
    from glyphfeed.tools.training.fonts import Font

PHOTO = np.full((300, 400, 3), 90, np.uint8)
SANS = ImageFont.truetype(FONTS / "DejaVuSans.ttf", 40)


@cache
def fonts() -> list[Font]:
    """Not a fixture, which would be told with every example."""
    return plain_fonts()


def test_cells_fill_the_words_of_a_line() -> None:
    line = set_text("no way", SANS, Company())
    first, second = cells_of(line)
    assert (first.text, second.text) == ("no", "way")
    for word in (first, second):
        assert len({*word.characters[:, :2, 1].ravel()}) == len({*word.characters[:, 2:, 1].ravel()}) == 1
        assert word.characters[:-1, 1] == pytest.approx(word.characters[1:, 0], abs=0.01)
    assert first.characters[-1, 1, 0] < second.characters[0, 0, 0]
    left, right = round(first.characters[0, 0, 0]), round(first.characters[-1, 1, 0])
    ink = np.flatnonzero(line.coverage[:, left:right].any(axis=1))
    assert first.characters[0, [0, 3], 1] == pytest.approx([ink[0], ink[-1] + 1], abs=1.01)


@settings(max_examples=15)
@given(st.integers(0, 2**32))
def test_what_is_not_covered_by_signs_stays_as_it_was(seed: int) -> None:
    picture, words = make_scene(np.random.default_rng(seed), fonts(), PHOTO, 256)
    again, _ = make_scene(np.random.default_rng(seed), fonts(), PHOTO, 256)
    assert np.array_equal(picture, again)
    assert picture.shape == (256, 256, 3)
    assert (picture == 90).all() == (not words)
    for word in words:
        assert len(word.characters) == len(word.text)
        assert word.outline.min() > -8
        assert word.outline.max() < 264


@settings(max_examples=15)
@given(st.integers(0, 2**32))
def test_a_signs_letters_lie_in_its_words(seed: int) -> None:
    sign = make_sign(np.random.default_rng(seed), fonts(), 256)
    inside = np.zeros(sign.lettering.coverage.shape, np.uint8)
    for word in sign.words:
        middle = word.outline.mean(axis=0)
        cv2.fillPoly(inside, [np.round(middle + (word.outline - middle) * 1.3).astype(np.int32)], 1)
    covered = sign.lettering.coverage.astype(float)
    assert (covered * inside).sum() >= 0.9 * covered.sum()


@given(st.integers(0, 2**32), st.floats(0, 255))
def test_ink_differs_from_what_it_stands_on(seed: int, grey: float) -> None:
    ink = ink_on(np.random.default_rng(seed), np.full(3, grey))
    assert ink.shape == (3,)
    assert 0 <= ink.min() <= ink.max() <= 255
    assert np.abs(ink - grey).max() > 20
