"""The life of tracks: how they begin, follow, are found again, missed, lost and gone."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from glyphfeed.stream.detecting.passes import PassKind
from glyphfeed.stream.geometry import contain, slice_quad, transform
from glyphfeed.stream.motion.flow import Motion
from glyphfeed.stream.motion.own import APART_PX, means_apart, own_motion
from glyphfeed.stream.motion.points import NO_POINTS
from glyphfeed.stream.motion.trail import STEPS
from glyphfeed.stream.reading.appearance import appearance_at
from glyphfeed.stream.tracking.association import covers, misfit, overhang
from glyphfeed.stream.tracking.extent import GROWTH, SWALLOWED
from glyphfeed.stream.tracking.following import DRIFTS_ON, LEAVE_S, LOST_COAST_S
from glyphfeed.stream.tracking.tracker import BEGIN_SCORE, MAX_MISSES, OVERLOOKED, PART_MISSES
from tests.stream.feed.samples import box
from tests.stream.shapes import moved
from tests.stream.tracks import (
    CUT,
    DT,
    HEIGHT_PX,
    NOTHING_KNOWN,
    OTHER,
    PICTURE,
    POINTS,
    SIGN,
    TEXT,
    Scene,
    place,
    read,
    shifted,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

TURNED = PassKind(turned=True)


def test_what_never_settled_and_is_never_found_again_was_not_there() -> None:
    scene = Scene(SIGN)
    track = read(scene.seen[0])
    track.belief.settled, track.belief.appearance = False, appearance_at(PICTURE, SIGN)
    for _ in range(OVERLOOKED):
        scene.follow()
        scene.find()
    assert scene.ids == [1]
    for _ in range(MAX_MISSES):
        scene.follow()
        scene.find()
    assert scene.ids == []


def test_what_vanishes_while_the_border_cuts_it_off_is_lost_in_time() -> None:
    scene = Scene(SIGN)
    read(scene.seen[0]).belief.appearance = appearance_at(PICTURE, SIGN)
    scene.follow(shifted(-260))  # 100 of its 160 px are in view
    scene.find(place(scene))
    scene.seen[0].belief.appearance = appearance_at(PICTURE, OTHER)
    for _ in range(PART_MISSES - 1):
        scene.follow()
        scene.find()
    assert scene.ids == [1]
    scene.find()
    assert scene.ids == []


def test_what_stays_out_of_view_leaves() -> None:
    scene = Scene(SIGN)
    read(scene.seen[0])
    scene.follow(shifted(-1000))
    scene.follow(frames=round(0.9 * LEAVE_S / DT))
    assert [track.id for track in scene.tracker.tracks] == [1]
    scene.follow(frames=round(0.2 * LEAVE_S / DT))
    assert scene.tracker.tracks == []
    assert [track.id for track in scene.tracker.gone] == [1]


def test_corners_are_looked_for_where_the_picture_is() -> None:
    scene = Scene(SIGN, OTHER)
    scene.follow(shifted(0, -300))
    assert [quad.tolist() for quad in scene.tracker.quads] == []
    scene.follow(shifted(0, 300))
    assert len(scene.tracker.quads) == 2


def test_what_was_found_in_a_frame_that_nobody_remembers_is_dropped() -> None:
    scene = Scene()
    scene.follow(frames=STEPS)
    assert not scene.find(SIGN, of=0)
    assert scene.ids == []
    assert scene.find(SIGN, of=1)


def side_by_side() -> tuple[Scene, NDArray[np.float64]]:
    """Two words that were read, and the line that a detection makes of both."""
    left, right = box(200, 150, 80, HEIGHT_PX), box(300, 150, 80, HEIGHT_PX)
    scene = Scene(left, right)
    for track in scene.seen:
        read(track)
    return scene, box(200, 150, 180, HEIGHT_PX)


def test_two_words_that_are_found_as_one_now_and_then_stay_two() -> None:
    scene, line = side_by_side()
    left, right = place(scene, 0), place(scene, 1)
    for found in ([line] * (SWALLOWED - 1) + [left, right]) * 4:
        scene.follow()
        scene.find(*([left, right] if found is right else [found]))
    assert scene.ids == [1, 2]


def test_two_words_that_are_always_found_as_one_become_one() -> None:
    scene, line = side_by_side()
    for _ in range(SWALLOWED):
        scene.follow()
        scene.find(line)
    (track,) = scene.seen
    assert misfit(track.quad, line) < 0.1


def test_an_end_of_a_text_tells_how_it_shifts_and_no_more() -> None:
    quad = box(-300, 150, 330, HEIGHT_PX)
    before = np.array([(2, 152), (8, 160), (14, 155), (20, 171), (25, 158), (12, 168), (5, 165)], np.float32)
    turned = before @ np.array([[1, 0.08], [-0.08, 1]], np.float32)
    after = turned + (before - turned).mean(axis=0) + np.float32((3, 1))
    step = own_motion(quad, np.ones(7, np.bool_), Motion(np.eye(3), before, after, cut=False))
    assert step is not None
    np.testing.assert_allclose(transform(quad, step), moved(quad, 3, 1), atol=0.5)


def test_a_detection_begins_a_track_where_it_was_found() -> None:
    scene = Scene(SIGN, OTHER)
    assert scene.ids == [1, 2]
    np.testing.assert_allclose(scene.seen[0].quad, SIGN)
    assert scene.seen[0].born_pts == scene.index * DT
    assert scene.seen[0].identity.first_seen == scene.frame(scene.index).captured_at


def test_a_detection_again_and_again_stays_one_track() -> None:
    scene, rng = Scene(SIGN, OTHER), np.random.default_rng(0)
    for _ in range(20):
        scene.follow()
        scene.find(OTHER + rng.normal(0, 1.5, (4, 2)), SIGN + rng.normal(0, 1.5, (4, 2)))
    assert scene.ids == [1, 2]
    assert np.abs(scene.seen[0].quad - SIGN).max() < 3


@pytest.mark.parametrize(
    ("quad", "score"),
    [
        (SIGN, BEGIN_SCORE - 0.02),
        (SIGN[::-1], 0.9),
        (box(200, 150, 60, 3), 0.9),
        (box(635, 150, 160, 24), 0.9),
    ],
    ids=["unlikely", "the wrong way round", "too thin", "hardly in view"],
)
def test_what_begins_no_track(quad: NDArray[np.floating], score: float) -> None:
    scene = Scene()
    scene.find(quad, score=score)
    assert scene.tracker.tracks == []


def test_an_unlikely_detection_goes_on_with_a_track() -> None:
    scene = Scene(SIGN)
    scene.find()
    assert scene.seen[0].misses == 1
    scene.find(SIGN, score=BEGIN_SCORE - 0.1)
    assert scene.ids == [1]
    assert scene.seen[0].misses == 0


def test_tracks_follow_the_camera() -> None:
    scene = Scene(SIGN)
    scene.follow(shifted(4, -2), frames=10)
    np.testing.assert_allclose(scene.seen[0].quad, moved(SIGN, 40, -20), atol=1e-6)
    assert scene.seen[0].velocity == pytest.approx((4 / DT, -2 / DT), rel=0.05)


def test_a_few_misses_lose_no_track_and_a_find_forgives_them() -> None:
    scene = Scene(SIGN)
    scene.seen[0].belief.text = TEXT
    for _ in range(3):
        for _ in range(MAX_MISSES - 1):
            scene.follow()
            scene.find()
        assert scene.ids == [1]
        scene.follow()
        scene.find(SIGN)
    assert scene.ids == [1]


def test_too_many_misses_in_a_row_lose_it_and_it_comes_back_as_itself() -> None:
    scene = Scene(SIGN)
    scene.seen[0].belief.text = TEXT
    for _ in range(MAX_MISSES):
        scene.follow()
        scene.find()
    assert scene.ids == []
    scene.follow(shifted(5, 0), frames=10)
    scene.find(moved(SIGN, 50, 0))
    assert scene.ids == [1]


def test_what_was_never_read_is_lost_sooner_and_forgotten() -> None:
    scene = Scene(SIGN)
    for _ in range(MAX_MISSES - 1):
        scene.follow()
        scene.find()
    scene.follow()
    assert scene.tracker.tracks == []
    assert [track.id for track in scene.tracker.gone] == [1]


def test_a_pass_of_a_kind_that_never_found_a_text_says_nothing_about_it() -> None:
    scene = Scene(SIGN)
    for _ in range(2 * MAX_MISSES):
        scene.follow()
        scene.find(kind=TURNED)
    assert scene.ids == [1]
    assert scene.seen[0].misses == 0


def test_what_looks_as_it_did_when_it_was_read_was_overlooked() -> None:
    scene = Scene(SIGN)
    read(scene.seen[0]).belief.appearance = appearance_at(PICTURE, SIGN)
    for _ in range(2 * (MAX_MISSES + OVERLOOKED)):
        scene.follow()
        scene.find()
    assert scene.ids == [1]
    scene.seen[0].belief.appearance = appearance_at(PICTURE, OTHER)
    for _ in range(MAX_MISSES):
        scene.find()
    assert scene.ids == []


def test_what_is_out_of_view_is_not_missed() -> None:
    scene = Scene(SIGN)
    scene.seen[0].belief.text = TEXT
    scene.follow(shifted(-40, 0), frames=9)
    for _ in range(2 * MAX_MISSES):
        scene.find()
    scene.follow(shifted(40, 0), frames=9)
    scene.find(SIGN)
    assert scene.ids == [1]


def test_a_lost_text_leaves_after_a_while() -> None:
    scene = Scene(SIGN)
    scene.seen[0].belief.text = TEXT
    for _ in range(MAX_MISSES):
        scene.find()
    scene.follow(frames=round((LEAVE_S - 1) / DT))
    assert scene.tracker.gone == []
    scene.follow(frames=round(2 / DT))
    assert [track.id for track in scene.tracker.gone] == [1]
    assert scene.tracker.tracks == []


def test_a_new_track_never_takes_the_number_of_one_that_left() -> None:
    scene = Scene(SIGN)
    for _ in range(MAX_MISSES):
        scene.find()
    scene.follow()
    scene.find(OTHER)
    assert scene.ids == [2]


@pytest.mark.parametrize("late", [1, 6, 20])
def test_a_late_detection_lands_on_the_text_of_now(late: int) -> None:
    scene = Scene(moved(SIGN, -30, 0))
    scene.follow(shifted(10, 0), frames=3)
    then = scene.index
    scene.follow(shifted(10, -2), frames=late)
    # Of the frame that it was made of, a little beside; and a second text that nobody knew.
    scene.find(moved(SIGN, 2, 1), OTHER, of=then)
    assert scene.ids == [1, 2]
    assert np.abs(scene.seen[0].quad - moved(SIGN, 10 * late, -2 * late)).max() < 2.5
    np.testing.assert_allclose(scene.seen[1].quad, moved(OTHER, 10 * late, -2 * late), atol=1e-3)


def test_a_text_that_was_put_right_is_not_put_right_once_more_by_the_next_pass_over_that_frame() -> None:
    scene = Scene(box(200, 150, 160, 14))
    scene.follow()
    scene.find(SIGN)
    np.testing.assert_allclose(scene.seen[0].quad, SIGN, atol=1)
    then = scene.index
    scene.follow(frames=4)
    scene.find(SIGN, of=then)
    np.testing.assert_allclose(scene.seen[0].quad, SIGN, atol=1)


def test_a_late_detection_does_not_mistake_a_line_for_its_neighbour() -> None:
    lines = [moved(SIGN, 0, 26 * k) for k in range(3)]
    scene = Scene(*lines)
    then = scene.index
    # Meanwhile each line has come where the next one was.
    scene.follow(shifted(0, 26))
    scene.find(*lines[::-1], of=then)
    assert scene.ids == [1, 2, 3]
    for track, line in zip(scene.seen, lines, strict=True):
        np.testing.assert_allclose(track.quad, moved(line, 0, 26), atol=0.5)


def test_a_detection_of_before_a_track_began_does_not_touch_it() -> None:
    scene = Scene()
    then = scene.index
    scene.follow(frames=3)
    scene.find(SIGN)
    scene.find(of=then)
    assert scene.seen[0].misses == 0


def test_without_flow_a_track_goes_on_and_is_lost_after_a_while() -> None:
    scene = Scene(SIGN)
    scene.seen[0].belief.text = TEXT
    scene.follow(shifted(5, 0), frames=10)
    scene.follow(NOTHING_KNOWN, frames=5)
    assert scene.ids == [1]
    assert scene.seen[0].quad.mean(axis=0) == pytest.approx(moved(SIGN.mean(axis=0), 75, 0), abs=5)
    scene.follow(NOTHING_KNOWN, frames=round(LOST_COAST_S / DT))
    assert scene.ids == []


def test_without_flow_a_detection_puts_a_track_right() -> None:
    scene = Scene(SIGN)
    scene.follow(NOTHING_KNOWN, frames=5)
    scene.find(moved(SIGN, 12, 4))
    assert scene.ids == [1]
    assert np.abs(scene.seen[0].quad - SIGN - (12, 4)).max() < 4


def test_without_flow_what_is_out_of_view_is_lost() -> None:
    scene = Scene(SIGN)
    scene.seen[0].belief.text = TEXT
    scene.follow(shifted(-60, 0), frames=7)
    assert scene.ids == [1]
    scene.follow(NOTHING_KNOWN)
    assert scene.ids == []


def test_what_shrinks_to_nothing_is_lost() -> None:
    scene = Scene(SIGN)
    away = Motion(np.diag([0.8, 0.8, 1.0]), POINTS, (POINTS * 0.8).astype(np.float32), cut=False)
    scene.follow(away, frames=8)
    assert scene.ids == [1]
    scene.follow(away, frames=8)
    assert scene.ids == []


def test_a_cut_loses_all_at_once_and_what_is_found_then_is_new() -> None:
    scene = Scene(SIGN, OTHER)
    for track in scene.seen:
        track.belief.text = TEXT
    scene.follow(CUT)
    assert scene.ids == []
    scene.find(SIGN)
    assert scene.ids == [3]


def test_a_detection_from_before_a_cut_says_nothing_about_what_comes_after() -> None:
    scene = Scene(SIGN)
    then = scene.index
    scene.follow(CUT)
    scene.find(SIGN, of=then)
    assert scene.ids == []


def with_own_points(own: tuple[float, float], camera: tuple[float, float]) -> Motion:
    """A sign on a bus: its points move by themselves."""
    inside = np.array([(x, y) for x in range(205, 360, 15) for y in (153, 162, 171)], np.float32)
    before = np.vstack([POINTS, inside])
    on_sign = ((before > SIGN.min(axis=0)) & (before < SIGN.max(axis=0))).all(axis=1)
    after = (before + np.where(on_sign[:, None], own, camera)).astype(np.float32)
    matrix = np.array([[1, 0, camera[0]], [0, 1, camera[1]], [0, 0, 1]], np.float64)
    return Motion(matrix, before, after, cut=False)


def own_step(quad: NDArray[np.floating], motion: Motion, apart: NDArray[np.floating] | None) -> NDArray[np.floating] | None:
    (own,) = contain(quad[None], motion.before)
    goes_along = apart is not None and means_apart(own[None], apart)[0] < APART_PX
    return None if goes_along else own_motion(quad, own, motion)


def test_a_text_that_moves_by_itself_is_followed_by_its_own_points() -> None:
    motion = with_own_points((7, 1), (-2, 0))
    step = own_step(SIGN, motion, motion.apart())
    assert step is not None
    np.testing.assert_allclose(transform(SIGN, step), moved(SIGN, 7, 1), atol=0.1)
    assert own_step(OTHER, motion, motion.apart()) is None


def test_a_text_that_drifts_against_the_camera_goes_on_so_for_a_while_when_its_points_fail() -> None:
    scene = Scene(SIGN, OTHER)
    scene.follow(with_own_points((7, 1), (-2, 0)))
    np.testing.assert_allclose(place(scene), moved(SIGN, 7, 1), atol=0.1)
    bare = Motion(shifted(-2, 0).camera, NO_POINTS, NO_POINTS, cut=False)
    scene.follow(bare)
    drift = 9 * DRIFTS_ON
    np.testing.assert_allclose(place(scene), moved(SIGN, 5 + drift, 1 + DRIFTS_ON), atol=0.2)
    scene.follow(bare, frames=60)
    before = place(scene)
    scene.follow(bare)
    np.testing.assert_allclose(place(scene), moved(before, -2, 0), atol=0.1)
    np.testing.assert_allclose(place(scene, 1), moved(OTHER, -2 * 63, 0), atol=0.5)


def test_text_that_lies_on_the_picture_stands_in_it_when_its_points_fail() -> None:
    scene = Scene(SIGN, OTHER)
    scene.follow(with_own_points((0, 0), (-3, 0)))
    assert not scene.seen[0].on_screen, "a hand may have shaken"
    scene.follow(with_own_points((0, 0), (-3, 0)), frames=5)
    assert scene.seen[0].on_screen
    assert not scene.seen[1].on_screen
    scene.follow(Motion(shifted(-3, 0).camera, NO_POINTS, NO_POINTS, cut=False), frames=20)
    np.testing.assert_allclose(place(scene), SIGN, atol=1)
    scene.follow(with_own_points((-3, 0), (-3, 0)))
    assert not scene.seen[0].on_screen


def test_texts_that_drift_are_looked_at_first_and_then_those_of_which_least_is_known() -> None:
    third = box(40, 40, 100, 20)
    scene = Scene(OTHER, third, SIGN)
    on_other = np.array([(x, y) for x in range(205, 295, 15) for y in (253, 265)], np.float32)
    sign = with_own_points((7, 1), (-2, 0))
    before, after = np.vstack([sign.before, on_other]), np.vstack([sign.after, on_other + np.float32((-2, 0))])
    scene.follow(Motion(sign.camera, before, after, cut=False))
    assert [int(quad[0, 1]) for quad in scene.tracker.quads] == [151, 40, 250]


def test_text_that_stands_on_the_wall_again_has_no_drift_any_more() -> None:
    scene = Scene(SIGN)
    scene.follow(with_own_points((7, 1), (-2, 0)))
    scene.follow(with_own_points((-2, 0), (-2, 0)))
    assert scene.seen[0].drift == (0.0, 0.0)


def test_without_a_camera_and_points_nothing_is_known() -> None:
    assert own_step(SIGN, NOTHING_KNOWN, None) is None


def test_the_own_points_of_a_text_are_enough_without_a_camera() -> None:
    motion = with_own_points((7, 1), (-2, 0))
    blind = Motion(None, motion.before, motion.after, cut=False)
    step = own_step(SIGN, blind, None)
    assert step is not None
    np.testing.assert_allclose(transform(SIGN, step), moved(SIGN, 7, 1), atol=0.1)


def test_measures_are_in_text_heights() -> None:
    assert misfit(SIGN, moved(SIGN, 30, 0)) == pytest.approx(0)
    assert misfit(SIGN, moved(SIGN, 0, 6)) == pytest.approx(0.25)
    assert overhang(SIGN, box(188, 150, 200, 24)) == pytest.approx(28 / 24)
    assert overhang(SIGN, slice_quad(SIGN, 0.1, 0.9)) < 0 < GROWTH
    assert covers(SIGN, slice_quad(SIGN, 0.1, 0.6))
    assert not covers(SIGN, OTHER)
    assert not covers(SIGN, box(200, 165, 100, 24))
