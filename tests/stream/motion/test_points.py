"""Small pictures that points are followed in."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from glyphfeed.stream.motion.flow import ALIKE
from glyphfeed.stream.motion.points import shift_between, shrunk
from tests.stream.simulation import texture


@pytest.mark.parametrize("scale", [1.0, 0.9, 0.5, 0.4, 0.3, 0.2, 384 / 1920, 384 / 1152])
def test_a_shrunk_picture_has_its_size_and_shows_the_same(scale: float) -> None:
    picture = texture((840, 560), 0)
    small = shrunk(picture, scale)
    assert small.dtype == np.uint8
    assert small.shape == (round(picture.shape[0] * scale), round(picture.shape[1] * scale))
    fair = cv2.resize(picture, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_AREA).astype(np.float64)
    assert np.abs(small - fair).mean() < 0.1 * fair.std()


def test_the_shift_between_two_pictures_of_one_place_is_found() -> None:
    wall = texture((840, 560), 0)
    shift, alike = shift_between(wall[40:400, 60:700], wall[70:430, 40:680])
    np.testing.assert_allclose(shift, (20, -30), atol=0.5)
    assert alike > 0.5
    _, alike = shift_between(wall[40:400, 60:700], texture((840, 560), 1)[40:400, 60:700])
    assert alike < ALIKE


def test_pictures_of_one_row_count_as_alike() -> None:
    row = np.arange(200, dtype=np.uint8)[None]
    assert shift_between(row, row[:, ::-1])[1] > ALIKE
    assert shift_between(row.T, row.T)[1] > ALIKE


def test_a_picture_is_shrunk_by_averages_of_whole_pixels() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (60, 90), np.uint8)
    blocks = picture.reshape(20, 3, 30, 3).mean(axis=(1, 3))
    np.testing.assert_allclose(shrunk(picture, 1 / 3), blocks, atol=0.51)
    np.testing.assert_array_equal(shrunk(picture, 1.0), picture)


def test_fine_stripes_become_grey_and_no_other_stripes() -> None:
    stripes = np.tile(np.array([0, 255], np.uint8), (90, 160))
    for scale in (0.5, 0.3, 0.22):
        assert np.ptp(shrunk(stripes, scale)[:, 1:-1].astype(np.float64)) <= 0.4 * 255


def test_a_picture_of_a_few_pixels_can_be_shrunk() -> None:
    assert shrunk(np.full((2, 2), 7, np.uint8), 0.5).tolist() == [[7]]
    assert shrunk(np.full((1, 1), 7, np.uint8), 0.6).tolist() == [[7]]
    assert shrunk(np.full((3, 3000), 7, np.uint8), 0.128).tolist() == [[7] * 384]
