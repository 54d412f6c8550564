"""Motion of generated pictures, of which it is known how they moved."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from stream.flow import (
    MAX_ZOOM,
    MIN_POINTS,
    OWN_POINTS,
    Flow,
    Motion,
    as_near,
    camera_motion,
    is_gentle,
    scaled,
    shrunk,
    steady_motion,
)
from stream.geometry import contain, transform
from tests.stream.feed.samples import box
from tests.stream.simulation import texture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from stream.records import Grey

SIZE = (640, 360)
GRID = np.array([(x, y) for x in np.linspace(40, 600, 6) for y in np.linspace(30, 330, 5)])
IDENTITY = np.eye(3)


def astray(motion: Motion) -> NDArray[np.bool_]:
    """Which of the followed points (N,) do not move with the camera."""
    apart = motion.apart()
    assert apart is not None
    return np.hypot(apart[:, 0], apart[:, 1]) > 1.5


def camera(x: float = 0, y: float = 0, zoom: float = 1, roll_deg: float = 0, tilt: float = 0) -> NDArray[np.float64]:
    """A motion about the middle of the picture."""
    cos, sin = zoom * math.cos(math.radians(roll_deg)), zoom * math.sin(math.radians(roll_deg))
    middle = np.array([[1, 0, SIZE[0] / 2], [0, 1, SIZE[1] / 2], [0, 0, 1]])
    return np.asarray(
        np.array([[1, 0, x], [0, 1, y], [0, 0, 1]])
        @ middle
        @ np.array([[cos, -sin, 0], [sin, cos, 0], [tilt, 0, 1]])
        @ np.linalg.inv(middle)
    )


def seen(picture: Grey, homography: NDArray[np.float64]) -> Grey:
    """The picture after a motion; it reaches beyond the frame on all sides."""
    margin = (np.array([picture.shape[1], picture.shape[0]]) - SIZE) / 2
    to_frame = np.array([[1, 0, -margin[0]], [0, 1, -margin[1]], [0, 0, 1]])
    return np.asarray(cv2.warpPerspective(picture, homography @ to_frame, SIZE), np.uint8)


def wide(seed: int = 0) -> Grey:
    return texture((SIZE[0] + 200, SIZE[1] + 200), seed)


def step(*pictures: Grey) -> Motion:
    """The motion of the last of several frames."""
    flow = Flow()
    return [flow.step(picture) for picture in pictures][-1]


def error_px(found: NDArray[np.float64] | None, expected: NDArray[np.float64]) -> float:
    assert found is not None
    return float(np.linalg.norm(transform(GRID, found) - transform(GRID, expected), axis=1).max())


@pytest.mark.parametrize(
    "motion",
    [
        IDENTITY,
        camera(x=1.5, y=-0.7),
        camera(x=-28, y=11),
        camera(zoom=1.03),
        camera(roll_deg=2),
        camera(x=6, y=-4, zoom=0.98, roll_deg=-1, tilt=4e-5),
    ],
    ids=["rest", "little", "fast", "zoom", "roll", "all"],
)
def test_the_motion_of_a_camera_is_recovered(motion: NDArray[np.float64]) -> None:
    found = step(seen(wide(), IDENTITY), seen(wide(), motion))
    assert error_px(found.camera, motion) < 0.5
    assert not found.cut
    assert len(found.before) == len(found.after) >= MIN_POINTS
    assert astray(found).mean() < 0.1


def test_steps_add_up_without_drifting_away() -> None:
    flow, carried = Flow(), IDENTITY
    for index in range(20):
        found = flow.step(seen(wide(), camera(x=2.0 * index, zoom=1 + 0.003 * index)))
        if index:
            assert found.camera is not None
            carried = found.camera @ carried
    assert error_px(carried, camera(x=38, zoom=1.057)) < 1.5


def test_points_are_followed_on_from_step_to_step() -> None:
    flow = Flow()
    first, second = [flow.step(seen(wide(), camera(x=3 * index))) for index in range(3)][1:]
    went_on = (second.before[:, None] == first.after[None]).all(axis=2).any(axis=1)
    assert len(second.before) > MIN_POINTS
    assert went_on.all()


def test_a_large_picture_is_told_in_its_own_pixels() -> None:
    small = wide()
    doubled = [
        np.asarray(cv2.resize(seen(small, motion), None, fx=2, fy=2), np.uint8) for motion in (IDENTITY, camera(x=5, y=-3))
    ]
    found = step(*doubled)
    assert found.camera is not None
    np.testing.assert_allclose(transform(GRID * 2, found.camera), GRID * 2 + (10, -6), atol=0.7)
    assert found.before.max() > SIZE[0]


def test_the_first_frame_and_one_of_another_size_are_cuts() -> None:
    flow, picture = Flow(), texture(SIZE)
    assert flow.step(picture).cut
    assert not flow.step(picture).cut
    other = flow.step(picture[:, 40:])
    assert other.cut
    assert other.camera is None
    assert not flow.step(picture[:, 40:]).cut


@pytest.mark.parametrize("gain", [0.4, 0.9, 1.3])
def test_light_that_changes_is_no_cut_and_hides_no_motion(gain: float) -> None:
    motion = camera(x=3, y=-2)
    dark = np.asarray(wide() * 0.7, np.uint8)
    found = step(seen(dark, IDENTITY), np.asarray(cv2.convertScaleAbs(seen(dark, motion), alpha=gain), np.uint8))
    assert not found.cut
    assert error_px(found.camera, motion) < 0.5


def test_corners_are_looked_for_in_texts_too() -> None:
    quad = np.array([(300, 100), (348, 106), (346, 122), (298, 116)], np.float64)
    flow = Flow()
    flow.step(seen(wide(), IDENTITY))
    without = flow.step(seen(wide(), camera(x=2)))
    found = flow.step(seen(wide(), camera(x=4)), [quad])
    (before,), (within,) = contain(quad[None], without.before), contain(quad[None], found.before)
    assert within.sum() >= OWN_POINTS > before.sum()
    np.testing.assert_allclose(found.after[within] - found.before[within], [(2, 0)] * within.sum(), atol=0.3)


def test_a_text_beyond_the_border_has_no_corners() -> None:
    flow = Flow()
    flow.step(seen(wide(), IDENTITY))
    beyond = [box(-200, 100, 100, 20), box(700, 100, 100, 20), box(100, -60, 100, 20), box(637, 350, 100, 20)]
    assert flow.step(seen(wide(), camera(x=2)), beyond).camera is not None


def test_who_walks_by_does_not_take_the_camera_along() -> None:
    walker, flow, most = texture((140, 360), seed=9), Flow(), 0
    for index in range(40):
        picture = seen(wide(), camera(x=1.5 * index))
        ahead = 12 * index
        behind = max(ahead - 140, 0)
        picture[:, behind:ahead] = walker[:, max(140 - ahead, 0) :]
        found = flow.step(picture)
        if index:
            assert error_px(found.camera, camera(x=1.5)) < 1
            most = max(most, np.count_nonzero(contain(box(behind, 0, 140, 360)[None], found.before)))
    assert most > 40


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


def test_new_points_are_as_steady_as_those_near_by() -> None:
    others = np.array([(10, 10), (100, 100)], np.float32)
    points = np.array([(13, 12), (103, 98), (200, 40)], np.float32)
    assert as_near(points, others, np.array([True, False])).tolist() == [True, False, True]
    assert as_near(points, others[:0], np.empty(0, np.bool_)).all()


def test_a_cut_is_noticed_and_what_follows_is_followed() -> None:
    flow, other = Flow(), np.asarray(255 - wide(seed=5), np.uint8)
    flow.step(seen(wide(), IDENTITY))
    flow.step(seen(wide(), camera(x=2)))
    cut = flow.step(seen(other, IDENTITY))
    assert cut.cut
    assert cut.camera is None
    after = flow.step(seen(other, camera(x=3)))
    assert not after.cut
    assert error_px(after.camera, camera(x=3)) < 0.5


def test_a_uniform_picture_tells_nothing_and_is_no_cut() -> None:
    grey = np.full((SIZE[1], SIZE[0]), 128, np.uint8)
    found = step(grey, grey, grey)
    assert found.camera is None
    assert not found.cut
    assert found.before.shape == found.after.shape == (0, 2)


def test_something_that_moves_by_itself_does_not_move_with_the_camera() -> None:
    thing, pictures = texture((110, 90), seed=9), []
    for x in (200, 212):
        picture = seen(wide(), IDENTITY)
        picture[130:220, x : x + 110] = thing
        pictures.append(picture)
    found = step(*pictures)
    assert error_px(found.camera, IDENTITY) < 0.5
    moved = found.after - found.before
    own = (np.abs(moved - (12, 0)) < 1).all(axis=1)
    assert own.sum() >= 5
    assert astray(found)[own].all()
    assert not astray(found)[(np.abs(moved) < 0.5).all(axis=1)].any()


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


def test_a_motion_in_larger_pixels() -> None:
    motion = camera(x=6, zoom=1.1, tilt=1e-4)
    np.testing.assert_allclose(transform(GRID * 3, scaled(motion, 3)), transform(GRID, motion) * 3)


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


@pytest.mark.parametrize("scale", [1.0, 0.9, 0.5, 0.4, 0.3, 0.2, 384 / 1920, 384 / 1152])
def test_a_shrunk_picture_has_its_size_and_shows_the_same(scale: float) -> None:
    picture = wide()
    small = shrunk(picture, scale)
    assert small.dtype == np.uint8
    assert small.shape == (round(picture.shape[0] * scale), round(picture.shape[1] * scale))
    fair = cv2.resize(picture, (small.shape[1], small.shape[0]), interpolation=cv2.INTER_AREA).astype(np.float64)
    assert np.abs(small - fair).mean() < 0.1 * fair.std()


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


def test_a_picture_without_corners_stands_still_while_it_does_not_change() -> None:
    blank = np.tile(np.linspace(60, 160, 960).astype(np.uint8), (540, 1))
    found = step(blank, blank + np.uint8(2))
    assert found.camera is not None
    np.testing.assert_array_equal(found.camera, np.eye(3))
    assert step(blank // 8, blank // 8).camera is None, "nothing can be seen"
    door = blank.copy()
    cv2.rectangle(door, (400, 100), (500, 400), (60,), -1)
    assert step(blank, door).camera is None
