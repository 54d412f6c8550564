"""The way from an earlier picture to the present one, where a sign stands before a wall and it is known how both moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from glyphfeed.stream.geometry import contain
from glyphfeed.stream.motion.flow import Flow, Motion
from glyphfeed.stream.motion.points import NO_POINTS
from glyphfeed.stream.motion.trail import STEPS, Trail
from tests.stream.feed.samples import box
from tests.stream.shapes import moved, rotated
from tests.stream.simulation import pattern, texture
from tests.stream.tracks import CUT, SIGN, shifted

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from glyphfeed.stream.records import Grey

SIZE = (640, 360)
DT = 1 / 25
WALL = texture((1200, 700))
FACE = np.asarray(225 - 200 * cv2.resize(pattern("SHOPPING"), (160, 24), interpolation=cv2.INTER_NEAREST), np.uint8)
PLACE = box(300, 200, 160, 24)


def picture(wall_x: float, sign_x: float | None) -> Grey:
    """A wall that has gone so far, and before it a sign that has."""
    shift = np.array([[1, 0, wall_x - 200], [0, 1, -150]], np.float64)
    seen = np.asarray(cv2.warpAffine(WALL, shift, SIZE), np.uint8)
    if sign_x is not None:
        left = 300 + round(sign_x)
        seen[200:224, left : left + 160] = FACE
    return seen


def walked(frames: int, wall_px: float, sign_px: float | None) -> Trail:
    """A trail over frames in which the wall and the sign go so far each."""
    trail, flow = Trail(), Flow()
    for index in range(frames):
        sign = None if sign_px is None else index * sign_px
        trail.follow(index, flow.step(picture(index * wall_px, sign)), DT)
    return trail


@pytest.mark.parametrize("sign_px", [3.0, -6.0, 12.0])
def test_what_was_found_is_carried_by_its_own_corners_and_not_by_the_camera(sign_px: float) -> None:
    (found,) = walked(9, 2.0, sign_px).carry(1, [moved(PLACE, sign_px, 0)])
    quad, velocity = found
    np.testing.assert_allclose(quad, moved(PLACE, 8 * sign_px, 0), atol=1.5)
    assert velocity == pytest.approx((sign_px / DT, 0), abs=8)


def test_what_is_on_the_wall_goes_with_the_camera() -> None:
    trail = walked(9, 2.0, None)
    ((quad, velocity),) = trail.carry(1, [PLACE])
    np.testing.assert_allclose(quad, moved(PLACE, 14, 0), atol=0.5)
    assert velocity == trail.camera_velocity(quad)
    assert velocity == pytest.approx((2 / DT, 0), abs=2)


def test_each_of_several_goes_its_own_way() -> None:
    on_the_wall = box(60, 60, 120, 24)
    (sign, _), (wall, _) = walked(6, 2.0, 8.0).carry(0, [PLACE, on_the_wall])
    np.testing.assert_allclose(sign, moved(PLACE, 40, 0), atol=1.5)
    np.testing.assert_allclose(wall, moved(on_the_wall, 10, 0), atol=0.5)


def test_without_pictures_the_camera_carries() -> None:
    trail = Trail()
    for index in range(4):
        trail.follow(index, shifted(3, 1), DT)
    ((quad, velocity),) = trail.carry(1, [SIGN])
    np.testing.assert_allclose(quad, moved(SIGN, 6, 2), atol=1e-3)
    assert velocity == pytest.approx((3 / DT, 1 / DT))


def test_what_was_found_just_now_stays() -> None:
    ((quad, velocity),) = walked(3, 2.0, 6.0).carry(2, [PLACE])
    np.testing.assert_allclose(quad, PLACE)
    assert velocity is not None


def test_steps_that_are_not_known_count_as_none() -> None:
    trail = Trail()
    assert trail.camera_velocity(SIGN) is None
    trail.follow(0, CUT, DT)
    assert trail.carry(0, []) == []
    trail.follow(1, Motion(None, NO_POINTS, NO_POINTS, cut=False), DT)
    ((quad, velocity),) = trail.carry(0, [SIGN])
    np.testing.assert_allclose(quad, SIGN)
    assert velocity is None


def test_what_is_longer_ago_than_is_remembered_goes_with_the_camera_of_what_is() -> None:
    trail = Trail()
    for index in range(STEPS + 10):
        trail.follow(index, shifted(1, 0), DT)
    ((quad, _),) = trail.carry(2, [SIGN])
    np.testing.assert_allclose(quad, moved(SIGN, STEPS, 0), atol=1e-3)


@pytest.mark.parametrize("degrees", [0, 30, 90, 200])
def test_points_are_within_a_quad_or_not(degrees: float) -> None:
    quad: NDArray[np.floating] = rotated(PLACE, degrees)
    middle, corner = quad.mean(axis=0), quad[0]
    points = np.array([middle, middle + 0.98 * (corner - middle), middle + 1.02 * (corner - middle), [0, 0]])
    assert contain(quad[None], points).tolist() == [[True, True, False, False]]
