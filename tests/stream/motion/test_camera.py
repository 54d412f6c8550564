"""The camera's motion out of points of which it is known how they moved."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest

from glyphfeed.stream.geometry import transform
from glyphfeed.stream.motion.camera import IN_PART, MAX_ZOOM, as_near, camera_motion, is_gentle, standing, steady_motion
from tests.stream.motions import IDENTITY, SIZE, camera, error_px

if TYPE_CHECKING:
    from numpy.typing import NDArray


def cloud(count: int, seed: int = 0) -> NDArray[np.float32]:
    return np.random.default_rng(seed).uniform((20, 20), (SIZE[0] - 20, SIZE[1] - 20), (count, 2)).astype(np.float32)


def test_most_points_decide_what_the_camera_did() -> None:
    before = cloud(80)
    after = transform(before, camera(x=5, roll_deg=1)).astype(np.float32)
    after[:24] += np.random.default_rng(1).uniform(6, 30, (24, 2)).astype(np.float32)
    found, steady = camera_motion(before, after, SIZE)
    assert error_px(found, camera(x=5, roll_deg=1)) < 0.1
    assert not steady[:24].any()
    assert steady[24:].all()


def test_points_that_agree_on_nothing_make_no_motion() -> None:
    found, _ = camera_motion(cloud(60, seed=1), cloud(60, seed=2), SIZE)
    assert found is None


def test_points_in_a_corner_make_a_motion_that_does_not_run_wild() -> None:
    before = (cloud(40) * 0.2).astype(np.float32)
    noisy = (before + 4 + np.random.default_rng(3).normal(0, 0.3, before.shape)).astype(np.float32)
    found, _ = camera_motion(before, noisy, SIZE)
    assert found is not None
    np.testing.assert_allclose(found[2], [0, 0, 1])
    assert error_px(found, camera(x=4, y=4)) < 10


def test_when_most_of_the_steady_points_are_gone_all_are_asked() -> None:
    before = np.random.default_rng(2).uniform((0, 0), SIZE, (100, 2)).astype(np.float32)
    after = before + np.float32((5, 0))
    few = np.arange(100) < 20
    found, steady = steady_motion(before, after, few, SIZE)
    assert error_px(found, camera(x=5)) < 0.1
    assert steady.all()


def test_points_that_were_steady_decide_against_more_that_were_not() -> None:
    before = np.random.default_rng(3).uniform((0, 0), SIZE, (100, 2)).astype(np.float32)
    wall = np.arange(100) < 45
    after = before + np.where(wall[:, None], np.float32((2, 1)), np.float32((9, 0)))
    found, steady = steady_motion(before, after, wall, SIZE)
    assert error_px(found, camera(x=2, y=1)) < 0.1
    assert (steady == wall).all()


def logo_above(height: float, step: tuple[float, float]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """A logo that stands in the top left corner, and below a band of so many pixels that goes by."""
    rng = np.random.default_rng(4)
    logo = rng.uniform((10, 10), (120, 35), (20, 2))
    band = rng.uniform((0, SIZE[1] - height), SIZE, (60, 2))
    before = np.concatenate([logo, band]).astype(np.float32)
    after = np.concatenate([logo, band + step]) + rng.normal(0, 0.02, before.shape)
    return before, after.astype(np.float32)


@pytest.mark.parametrize("step", [(-2.0, 0.0), (-7.0, 0.0), (0.0, 3.0)])
def test_a_logo_stands_above_a_band_that_goes_by(step: tuple[float, float]) -> None:
    before, after = logo_above(25, step)
    found, steady = steady_motion(before, after, np.ones(len(before), np.bool_), SIZE)
    assert error_px(found, IDENTITY) < 0.5
    assert steady.tolist() == [True] * 20 + [False] * 60


def test_what_moves_in_most_of_the_picture_moves_with_the_camera_whatever_stands_before_it() -> None:
    before, after = logo_above(IN_PART * SIZE[1] + 40, (3.0, 0.0))
    assert standing(before, after, SIZE) is None


def test_points_that_go_each_as_far_as_they_are_near_belong_to_what_the_camera_sees() -> None:
    before = cloud(100)
    after = before + np.float32((1, 0)) * np.maximum(before[:, 1:] - SIZE[1] / 2, 0) * np.float32(0.05)
    assert standing(before, after, SIZE) is None


def test_new_points_are_as_steady_as_those_near_by() -> None:
    others = np.array([(10, 10), (100, 100)], np.float32)
    points = np.array([(13, 12), (103, 98), (200, 40)], np.float32)
    assert as_near(points, others, np.array([True, False])).tolist() == [True, False, True]
    assert as_near(points, others[:0], np.empty(0, np.bool_)).all()


@pytest.mark.parametrize(
    ("motion", "gentle"),
    [
        (IDENTITY, True),
        (camera(x=60, roll_deg=20), True),
        (camera(zoom=math.sqrt(MAX_ZOOM) * 0.98), True),
        (camera(zoom=math.sqrt(MAX_ZOOM) * 1.02), False),
        (camera(zoom=1 / math.sqrt(MAX_ZOOM) / 1.02), False),
        (np.diag([-1.0, 1.0, 1.0]), False),
        (camera(tilt=1 / 200), False),
    ],
    ids=["rest", "roll", "zoom", "leap in", "leap out", "mirror", "behind"],
)
def test_what_a_camera_can_do_within_a_frame(motion: NDArray[np.float64], gentle: bool) -> None:
    assert is_gentle(motion, SIZE) is gentle
