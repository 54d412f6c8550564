"""Motion of generated pictures, of which it is known how they moved."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from glyphfeed.stream.geometry import contain, transform
from glyphfeed.stream.motion.camera import MIN_POINTS
from glyphfeed.stream.motion.flow import Flow, Motion, scaled
from glyphfeed.stream.motion.own import OWN_POINTS
from tests.stream.feed.samples import box
from tests.stream.motions import GRID, IDENTITY, SIZE, camera, error_px
from tests.stream.simulation import texture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from glyphfeed.stream.records import Grey


def astray(motion: Motion) -> NDArray[np.bool_]:
    """Which of the followed points (N,) do not move with the camera."""
    apart = motion.apart()
    assert apart is not None
    return np.hypot(apart[:, 0], apart[:, 1]) > 1.5


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


def page(*lines: str) -> Grey:
    """Dark print on white paper."""
    paper = np.full((SIZE[1], SIZE[0]), 245, np.uint8)
    for k, line in enumerate(lines):
        cv2.putText(paper, line, (40, 60 + 50 * k), cv2.FONT_HERSHEY_DUPLEX, 1.0, (30,), 2, cv2.LINE_AA)
    return paper


def test_another_white_page_is_a_cut() -> None:
    breakfast = page("Breakfast menu", "Orange juice", "Fresh coffee")
    departures = page("Departures", "Berlin central", "Platform seven", "Every day")
    assert step(breakfast, breakfast, departures).cut
    assert step(breakfast, breakfast, page()).cut
    assert not step(breakfast, breakfast, breakfast).cut


@pytest.mark.parametrize("jump", [(90, 0), (-60, 40), (0, -80)])
def test_a_camera_that_is_jerked_is_followed(jump: tuple[float, float]) -> None:
    motion = camera(*jump)
    wall = wide()
    found = step(seen(wall, IDENTITY), seen(wall, IDENTITY), seen(wall, motion))
    assert error_px(found.camera, motion) < 1.0


def test_noise_on_a_plain_wall_is_no_cut() -> None:
    rng = np.random.default_rng(0)
    frames = [np.clip(rng.normal(120, 14, (SIZE[1], SIZE[0])), 0, 255).astype(np.uint8) for _ in range(10)]
    flow = Flow()
    flow.step(frames[0])
    assert not any(flow.step(frame).cut for frame in frames[1:])


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


def test_a_motion_in_larger_pixels() -> None:
    motion = camera(x=6, zoom=1.1, tilt=1e-4)
    np.testing.assert_allclose(transform(GRID * 3, scaled(motion, 3)), transform(GRID, motion) * 3)


def test_a_picture_without_corners_stands_still_while_it_does_not_change() -> None:
    blank = np.tile(np.linspace(60, 160, 960).astype(np.uint8), (540, 1))
    found = step(blank, blank + np.uint8(2))
    assert found.camera is not None
    np.testing.assert_array_equal(found.camera, np.eye(3))
    assert step(blank // 8, blank // 8).camera is None, "nothing can be seen"
    door = blank.copy()
    cv2.rectangle(door, (400, 100), (500, 400), (60,), -1)
    assert step(blank, door).camera is None
