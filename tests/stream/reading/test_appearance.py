"""What text looks like: the same however it is seen, and another where it says something else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from glyphfeed.stream.geometry import turn
from glyphfeed.stream.reading.appearance import (
    LETTER,
    MAX_COLUMNS,
    ROWS,
    SAME,
    SAME_LETTERS,
    UNTOUCHED,
    appearance_at,
    letters_likeness,
    likeness,
)
from tests.stream.feed.samples import box
from tests.stream.shapes import moved, rotated

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from glyphfeed.stream.records import Grey

PLACE = box(62, 57, 152, 45)
"""Where the display says 12:45."""


def display(text: str, paper: int = 230, ink: int = 20, degrees: float = 0.0) -> Grey:
    """A lit sign at the same place, in a picture that is turned about the sign's middle."""
    picture = np.full((160, 320), 90, np.uint8)
    picture[55:105, 50:270] = paper
    cv2.putText(picture, text, (62, 98), (ink,), cv2.FontFace("sans"), 50, 600)
    matrix = cv2.getRotationMatrix2D((160, 80), -degrees, 1)
    return np.asarray(cv2.warpAffine(picture, matrix, (320, 160), borderValue=(90,)), np.uint8)


def look(text: str, quad: NDArray[np.floating] = PLACE, degrees: float = 0.0, **colours: int) -> NDArray[np.float32]:
    return appearance_at(display(text, degrees=degrees, **colours), quad)


def test_a_look_is_a_patch_of_mean_0_and_norm_1() -> None:
    patch = look("12:45")
    assert patch.shape == (ROWS, round(ROWS * 152 / 45))
    assert patch.dtype == np.float32
    assert float(patch.mean()) == pytest.approx(0, abs=1e-6)
    assert float(np.linalg.norm(patch)) == pytest.approx(1, abs=1e-5)


def test_the_same_picture_looks_the_same() -> None:
    assert likeness(look("12:45"), look("12:45")) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("other", ["07:38", "CLOSED", "Gate B"])
def test_another_text_in_the_same_place_looks_different(other: str) -> None:
    assert likeness(look("12:45"), look(other)) < SAME


def test_light_and_contrast_make_no_difference() -> None:
    assert likeness(look("12:45"), look("12:45", paper=150, ink=60)) > 0.95


def test_what_is_inverted_looks_different() -> None:
    assert likeness(look("12:45"), look("12:45", paper=20, ink=230)) < SAME


def test_boxes_may_breathe() -> None:
    patch = look("12:45")
    for shift in ((2, 0), (-3, 1), (0, -2)):
        assert likeness(patch, look("12:45", moved(PLACE, *shift))) > SAME
    assert likeness(patch, look("12:45", box(60, 59, 156, 43))) > SAME


@pytest.mark.parametrize("degrees", [-25, 10, 40])
def test_a_turned_sign_looks_the_same_in_its_turned_quad(degrees: float) -> None:
    middle = np.array([160, 80])
    quad = rotated(np.vstack([PLACE, 2 * middle - PLACE]), degrees)[:4]
    assert likeness(look("12:45"), look("12:45", quad, degrees)) > 0.8


def test_a_look_does_not_depend_on_size() -> None:
    large = np.asarray(cv2.resize(display("12:45"), None, fx=3, fy=3, interpolation=cv2.INTER_CUBIC), np.uint8)
    assert likeness(look("12:45"), appearance_at(large, PLACE * 3)) > 0.9


def test_text_that_runs_down_is_laid_level() -> None:
    picture = np.asarray(cv2.rotate(display("12:45"), cv2.ROTATE_90_CLOCKWISE), np.uint8)
    tall = box(160 - 57 - 45, 62, 45, 152)
    assert likeness(look("12:45"), appearance_at(picture, turn(tall, 1))) > 0.9
    assert appearance_at(picture, tall).shape == look("12:45").shape
    assert likeness(appearance_at(picture, tall), appearance_at(picture, turn(tall, 1))) == pytest.approx(1, abs=1e-3)


def test_a_flat_picture_looks_like_nothing() -> None:
    flat = appearance_at(np.full((160, 320), 77, np.uint8), PLACE)
    assert not flat.any()
    assert likeness(look("12:45"), flat) < SAME


@pytest.mark.parametrize("quad", [box(10, 10, 300, 3), box(10, 10, 8, 8), box(-40, -10, 60, 20)])
def test_a_look_has_bounded_size_wherever_the_quad_lies(quad: NDArray[np.float32]) -> None:
    patch = look("12:45", quad)
    assert patch.shape[0] == ROWS
    assert ROWS // 2 <= patch.shape[1] <= MAX_COLUMNS
    assert np.isfinite(patch).all()
    assert np.isfinite(likeness(look("12:45"), patch))


@pytest.mark.parametrize("other", ["12:46", "12:41", "12:15", "12:85", "13:45"])
def test_one_letter_that_changed_is_seen_though_the_whole_looks_the_same(other: str) -> None:
    assert likeness(look("12:45"), look(other)) > SAME
    assert letters_likeness(look("12:45"), look(other)) < SAME_LETTERS


@pytest.mark.parametrize("other", ["12:48", "17:45"])
def test_a_letter_that_is_much_like_another_leaves_room_for_doubt(other: str) -> None:
    assert letters_likeness(look("12:45"), look(other)) < UNTOUCHED


def test_letters_look_the_same_in_other_light_blurred_and_a_little_beside() -> None:
    before = look("12:45")
    blurred = np.asarray(cv2.GaussianBlur(display("12:45"), (0, 0), 1.5), np.uint8)
    assert letters_likeness(before, look("12:45", paper=150, ink=60)) > UNTOUCHED
    assert letters_likeness(before, appearance_at(blurred, PLACE)) > UNTOUCHED
    assert letters_likeness(before, look("12:45", moved(PLACE, 3, -2))) > UNTOUCHED


def test_a_look_of_a_single_letter_is_compared_as_a_whole() -> None:
    letter = box(62, 57, 32, 45)
    before, after = look("12:45", letter), look("72:45", letter)
    assert before.shape[1] - 4 <= LETTER
    assert letters_likeness(before, after) == likeness(before, after)
