"""Where texts begin and end: found longer or shorter, in halves, two lines at once, blurred."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from glyphfeed.stream.detecting.passes import PassKind
from glyphfeed.stream.geometry import axis, slice_quad
from glyphfeed.stream.motion.flow import SHUTTER
from glyphfeed.stream.tracking.extent import GROWTH, KNOWN, SWALLOWED
from glyphfeed.stream.tracking.sighting import ASTRAY, BLOCK
from glyphfeed.stream.tracking.tracker import MAX_MISSES
from tests.stream.feed.samples import box
from tests.stream.shapes import moved
from tests.stream.tracks import CUT, DT, HEIGHT_PX, OTHER, SIGN, SIZE, TEXT, Scene, place, read, shifted

if TYPE_CHECKING:
    from numpy.typing import NDArray


SHORT = slice_quad(SIGN, 0.15, 0.85)
LONGER = box(200 - HEIGHT_PX, 150, 160 + 2 * HEIGHT_PX, HEIGHT_PX)


def test_only_what_was_not_known_is_news() -> None:
    scene = Scene()
    assert scene.find(SIGN)
    assert not scene.find(SIGN)
    assert not scene.find()
    assert scene.find(SIGN, OTHER)
    then = scene.index
    scene.follow(CUT)
    assert not scene.find(SIGN, of=then)


HALVES = (slice_quad(SIGN, 0, 0.45), slice_quad(SIGN, 0.5, 1))


def find_in_turn(scene: Scene, *passes: tuple[NDArray[np.floating], ...]) -> None:
    for _ in range(5):
        for found in passes:
            scene.follow(frames=5)
            scene.find(*found)


def test_a_line_that_is_now_and_then_found_in_halves_stays_one_text() -> None:
    scene = Scene(SIGN)
    find_in_turn(scene, (SIGN,), (SIGN,), (SIGN,), HALVES)
    assert scene.ids == [1]


def test_a_line_that_is_found_in_halves_every_other_time_stays_one_text() -> None:
    scene = Scene(SIGN)
    find_in_turn(scene, (SIGN,), HALVES)
    assert scene.ids == [1]
    np.testing.assert_allclose(scene.seen[0].quad, SIGN, atol=12)


def test_halves_that_turn_out_to_be_a_line_become_one() -> None:
    scene = Scene(slice_quad(SIGN, 0, 0.55), slice_quad(SIGN, 0.6, 1))
    assert len(scene.ids) == 2
    for _ in range(4):
        scene.follow()
        scene.find(SIGN)
    assert len(scene.ids) == 1
    np.testing.assert_allclose(scene.seen[0].quad, SIGN, atol=1.5)


@pytest.mark.parametrize(("says", "texts"), [(TEXT, 1), ("SNAP", 2)])
def test_a_line_that_was_found_once_more_half_as_high_is_one_text_when_it_says_the_same(says: str, texts: int) -> None:
    thin = box(206, 156, 148, 0.45 * HEIGHT_PX)
    scene = Scene(SIGN, thin)
    first, second = scene.seen
    read(first)
    read(second).belief.text = says
    scene.find(SIGN, thin)
    assert len(scene.seen) == texts
    assert scene.seen[0] is first


@pytest.mark.parametrize(
    ("gap_px", "camera_px", "cut_off"),
    [(0.15 * HEIGHT_PX, -8, True), (0.15 * HEIGHT_PX, 0, False), (0.4 * HEIGHT_PX, -8, False), (2, 0, True)],
)
def test_what_is_found_to_end_by_the_border_may_go_on_beyond_it_while_the_camera_moves(
    gap_px: float, camera_px: float, cut_off: bool
) -> None:
    scene = Scene()
    scene.follow(shifted(camera_px), frames=2)
    scene.find(box(SIZE[0] - 100 - gap_px, 150, 100, HEIGHT_PX))
    assert scene.seen[0].cut_off is cut_off
    scene.find(place(scene))
    assert scene.seen[0].cut_off is cut_off


def test_text_that_turns_out_longer_is_read_anew() -> None:
    scene = Scene(SHORT)
    track = read(scene.seen[0])
    assert not scene.find(SIGN)
    assert track.belief.settled, "once might be a slip"
    assert scene.find(SIGN)
    assert scene.ids == [1]
    np.testing.assert_allclose(track.quad, SIGN, atol=1e-3)
    assert (track.belief.settled, track.reads.tried, track.reads.read_at) == (False, 0, float("-inf"))
    assert track.belief.text == TEXT, "that is what it says until it is read again"


def test_settled_text_that_was_found_as_it_is_becomes_longer_late() -> None:
    scene = Scene(SIGN)
    read(scene.seen[0])
    for _ in range(KNOWN):
        scene.find(SIGN)
    for _ in range(SWALLOWED - 1):
        assert not scene.find(LONGER)
    np.testing.assert_allclose(place(scene), SIGN, atol=1)
    assert scene.seen[0].belief.settled
    assert scene.find(LONGER)
    np.testing.assert_allclose(place(scene), LONGER, atol=1)


def test_longer_now_and_then_is_a_slip() -> None:
    scene = Scene(SIGN)
    for _ in range(4):
        scene.find(LONGER)
        scene.find(SIGN)
    np.testing.assert_allclose(place(scene), SIGN, atol=1)


def test_text_of_which_a_small_part_was_known_is_taken_whole_at_once() -> None:
    scene = Scene(slice_quad(SIGN, 0, 0.25))
    assert scene.find(SIGN)
    assert scene.ids == [1]
    np.testing.assert_allclose(place(scene), SIGN, atol=1e-3)


def test_text_that_goes_on_beyond_the_border_grows_at_once() -> None:
    scene = Scene(box(1, 150, 100, HEIGHT_PX))
    longer = box(1, 150, 140, HEIGHT_PX)
    assert scene.find(longer)
    np.testing.assert_allclose(place(scene), longer, atol=1e-3)


def test_a_letter_that_turns_out_to_be_a_line_is_read_level() -> None:
    scene = Scene(box(200, 150, 15, HEIGHT_PX))
    assert scene.seen[0].belief.quarters == 1
    assert scene.find(SIGN)
    assert scene.ids == [1]
    assert scene.seen[0].belief.quarters == 0


def test_how_a_text_stands_is_remembered_when_it_grows() -> None:
    scene = Scene(SHORT)
    read(scene.seen[0]).belief.quarters = 2
    scene.find(SIGN)
    scene.find(SIGN)
    assert (scene.seen[0].belief.quarters, scene.seen[0].belief.turn_known) == (2, True)


def test_a_longer_text_goes_on_as_fast_as_before() -> None:
    scene = Scene(SHORT)
    scene.follow(shifted(2, 1), frames=10)
    velocity = scene.seen[0].velocity
    longer = moved(SIGN, 20, 10)
    scene.find(longer)
    assert scene.find(longer)
    assert scene.seen[0].velocity == pytest.approx(velocity)


def test_text_that_has_not_settled_shrinks_to_what_is_found_twice() -> None:
    scene = Scene(SIGN)
    assert not scene.find(SHORT)
    np.testing.assert_allclose(place(scene), SIGN)
    assert scene.find(SHORT)
    assert scene.ids == [1]
    np.testing.assert_allclose(place(scene), SHORT, atol=1e-3)


def test_longer_and_then_shorter_is_not_twice() -> None:
    scene = Scene(SIGN)
    for found in (LONGER, SHORT):
        scene.follow(frames=5)
        scene.find(found)
    assert axis(place(scene)).length == pytest.approx(axis(SIGN).length, rel=0.02)


def test_settled_text_does_not_shrink() -> None:
    scene = Scene(SIGN)
    track = read(scene.seen[0])
    for _ in range(5):
        assert not scene.find(SHORT)
    np.testing.assert_allclose(place(scene), SIGN)
    assert track.belief.settled
    assert track.misses == 0


def test_text_that_is_found_in_two_parts_does_not_shrink() -> None:
    scene = Scene(SIGN)
    for _ in range(5):
        assert not scene.find(slice_quad(SIGN, 0, 0.7), slice_quad(SIGN, 0.75, 1))
    assert scene.ids == [1]
    np.testing.assert_allclose(place(scene), SIGN)


def fast(quad: NDArray[np.floating]) -> Scene:
    """A text that has come to a place so fast that nobody can tell where it ends."""
    step = 1.2 * GROWTH * HEIGHT_PX / SHUTTER
    scene = Scene(moved(quad, -5 * step, 0))
    scene.follow(shifted(step), frames=5)
    return scene


@pytest.mark.parametrize("share", [(0.15, 0.85), (0, 0.25)], ids=["most of it", "a part"])
def test_text_that_only_blur_makes_longer_does_not_grow(share: tuple[float, float]) -> None:
    part = slice_quad(SIGN, *share)
    scene = fast(part)
    for _ in range(4):
        assert not scene.find(SIGN)
    assert scene.ids == [1]
    assert scene.seen[0].misses == 0
    assert axis(place(scene)).length == pytest.approx(axis(part).length, abs=0.1)
    # It stops, and then the ends can be seen.
    scene.follow(frames=5)
    scene.find(SIGN)
    scene.find(SIGN)
    np.testing.assert_allclose(place(scene), SIGN, atol=1e-3)


def test_text_that_blur_hides_the_ends_of_does_not_shrink() -> None:
    scene = fast(SIGN)
    for _ in range(4):
        assert not scene.find(SHORT)
    assert axis(place(scene)).length == pytest.approx(axis(SIGN).length, abs=0.1)


ASTRAY_PX = 1.2 * ASTRAY * HEIGHT_PX
TILTED = SIGN + np.array([[0, ASTRAY_PX], [0, 0], [0, 0], [0, ASTRAY_PX]])


def certain(*quads: NDArray[np.floating]) -> Scene:
    """A scene whose texts were found so often that a detection hardly moves them."""
    scene = Scene(*quads)
    for _ in range(30):
        scene.find(*quads)
    return scene


def test_a_track_that_went_astray_starts_anew_where_it_is_found() -> None:
    scene = certain(SIGN)
    scene.find(TILTED)
    assert scene.ids == [1]
    np.testing.assert_allclose(place(scene), TILTED, atol=1e-3)


def test_text_that_was_read_starts_anew_elsewhere_only_the_second_time() -> None:
    scene = certain(SIGN)
    read(scene.seen[0])
    for found in (TILTED, SIGN, TILTED):
        scene.find(found)
        np.testing.assert_allclose(place(scene), SIGN, atol=1)
    scene.find(TILTED)
    np.testing.assert_allclose(place(scene), TILTED, atol=1e-3)
    assert scene.seen[0].belief.settled


def test_a_coarse_look_moves_a_text_less() -> None:
    beside = moved(SIGN, 4, 2)
    shifts = []
    for coarse in (False, True):
        scene = Scene(SIGN)
        scene.find(beside, kind=PassKind(coarse=coarse))
        shifts.append(np.abs(place(scene) - SIGN))
    assert (shifts[1] < 0.7 * shifts[0]).all()
    assert (shifts[1] > 0).all()


THIN_PX = 8
LINE_BELOW = box(200, 150 + BLOCK * HEIGHT_PX - THIN_PX, 160, THIN_PX + 2)
TWO_IN_ONE = box(200, 150, 160, BLOCK * HEIGHT_PX + 2)


def test_two_lines_that_are_found_as_one_stay_where_they_are() -> None:
    scene = Scene(SIGN, LINE_BELOW)
    for track in scene.seen:
        read(track)
    for _ in range(MAX_MISSES - 1):
        assert not scene.find(TWO_IN_ONE)
    assert scene.ids == [1, 2]
    np.testing.assert_allclose(place(scene), SIGN)
    np.testing.assert_allclose(place(scene, 1), LINE_BELOW)
    assert scene.seen[0].misses == 0, "it was found, for all that"


def test_two_lines_that_are_found_as_one_that_is_neither_stay_two() -> None:
    lines = (box(200, 150, 160, 24), box(200, 176, 160, 24))
    scene = Scene(*lines)
    for track in scene.seen:
        read(track)
    before = scene.ids
    for _ in range(MAX_MISSES + 1):
        scene.follow(frames=5)
        assert not scene.find(box(200, 150, 160, 50))
    assert scene.ids == before


def test_what_hides_in_a_line_and_was_never_read_does_not_make_it_two() -> None:
    scene = Scene(SIGN, LINE_BELOW)
    read(scene.seen[0])
    scene.find(TWO_IN_ONE)
    scene.find(TWO_IN_ONE)
    np.testing.assert_allclose(place(scene), TWO_IN_ONE, atol=1)


def test_a_line_that_is_as_thick_as_before_is_no_two_lines() -> None:
    scene = Scene(SIGN, LINE_BELOW)
    for track in scene.seen:
        read(track)
    beside = moved(SIGN, 4, 1)
    scene.find(beside, LINE_BELOW)
    assert np.abs(place(scene) - SIGN).max() > 0.5


def test_a_new_text_moves_with_the_camera_from_the_start() -> None:
    scene = Scene()
    scene.follow(shifted(5, -2), frames=2)
    scene.find(SIGN)
    assert scene.seen[0].velocity == pytest.approx((5 / DT, -2 / DT))
    scene.follow(CUT)
    scene.find(OTHER)
    assert scene.seen[0].velocity == (0, 0)
