"""Lines of text that are, and are not, the ones seen before."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.engines.detector import upright
from glyphfeed.stream.geometry import aligned, slice_quad, turn
from glyphfeed.stream.tracking.association import GATE, associate, is_part, near, offsets, text_distance
from tests.stream.feed.samples import box
from tests.stream.shapes import moved, rotated

if TYPE_CHECKING:
    from numpy.typing import NDArray

LINE = box(100, 100, 200, 20)


def below(heights: float) -> NDArray[np.float64]:
    return moved(LINE, 0, heights * 20)


def test_a_line_is_matched_with_itself_a_little_beside() -> None:
    match = associate([LINE], [moved(LINE, 6, -3)])
    assert match.pairs == ((0, 0),)
    assert (match.parts, match.new) == ((), ())


def test_a_line_moved_by_its_own_height_is_not_matched_with_its_neighbour() -> None:
    # Two lines that touch; both moved down by a line, so that one lies where the other was.
    match = associate([LINE, below(1)], [below(1), below(2)])
    assert match.pairs == ((1, 0),)
    assert match.new == (1,)


def test_a_line_moved_by_its_own_height_is_new() -> None:
    assert associate([LINE], [below(1)]).new == (0,)


@pytest.mark.parametrize("shift", [-0.3, 0.0, 0.3])
def test_stacked_lines_of_equal_length_stay_two(shift: float) -> None:
    # Boxes of detectors reach over the lines: these overlap by a fifth of their height.
    tracks = [box(100, 100 + 20 * k, 200, 25) for k in range(4)]
    detections = [moved(tracks[k], 3, 20 * shift) for k in (2, 0, 3, 1)]
    match = associate(list(tracks), list(detections))
    assert set(match.pairs) == {(2, 0), (0, 1), (3, 2), (1, 3)}
    assert (match.parts, match.new) == ((), ())


def test_a_line_between_two_others_is_part_of_neither() -> None:
    match = associate([box(100, 100, 200, 25), box(100, 140, 200, 25)], [box(100, 120, 200, 25)])
    assert match.new == (0,)
    assert match.parts == ()


def test_halves_of_a_line_are_parts_of_it() -> None:
    halves = [box(100, 101, 80, 18), box(185, 99, 115, 21)]
    match = associate([LINE], halves)
    assert match.new == ()
    assert {j for _, j in (*match.pairs, *match.parts)} == {0, 1}


def test_a_line_found_whole_has_its_halves_for_parts() -> None:
    match = associate([box(100, 100, 80, 20), box(190, 100, 110, 20)], [LINE])
    assert match.new == ()
    assert {i for i, _ in (*match.pairs, *match.parts)} == {0, 1}


def test_a_whole_that_is_paired_leaves_its_fragment_a_part() -> None:
    match = associate([LINE], [box(105, 101, 70, 18), moved(LINE, 1, 1)])
    assert match.pairs == ((0, 1),)
    assert match.parts == ((0, 0),)
    assert match.new == ()


def test_small_print_inside_a_large_line_is_no_part_of_it() -> None:
    large = box(100, 100, 300, 90)
    small = box(150, 110, 100, 15)
    assert not is_part(large, small)
    assert associate([large], [small]).new == (0,)


def test_far_apart_is_new_and_nothing_is_matched_with_nothing() -> None:
    assert associate([LINE], [below(8)]).new == (0,)
    assert associate([], [LINE]).new == (0,)
    match = associate([LINE], [])
    assert (match.pairs, match.parts, match.new) == ((), (), ())


def test_the_nearer_one_wins() -> None:
    match = associate([LINE, moved(LINE, 40, 0)], [moved(LINE, 36, 1), moved(LINE, 2, 1)])
    assert set(match.pairs) == {(0, 1), (1, 0)}


def test_a_line_that_runs_down_is_matched_like_one_that_runs_across() -> None:
    tall = box(100, 100, 20, 200)
    match = associate([tall, moved(tall, 20, 0)], [moved(tall, 20, 8), moved(tall, 1, 5)])
    assert set(match.pairs) == {(0, 1), (1, 0)}


@pytest.mark.parametrize("clockwise", [True, False])
def test_a_camera_rolled_by_a_right_angle_keeps_the_order_of_corners(clockwise: bool) -> None:
    track = LINE.astype(np.float64)
    for degrees in range(5, 95, 5):
        turned = rotated(LINE, degrees if clockwise else -degrees)
        # The detector starts at whichever corner is now top left.
        detected = upright(turned.astype(np.float32))
        assert associate([track], [detected]).pairs == ((0, 0),)
        track = aligned(detected, track).astype(np.float64)
        np.testing.assert_allclose(track, turned, atol=1e-3)
    assert not np.allclose(upright(track.astype(np.float32)), track)


def test_offsets_are_along_and_across_the_text() -> None:
    assert offsets(LINE, moved(LINE, 50, 5)) == pytest.approx((0.25, 0.25))
    line = rotated(LINE, 40)
    assert offsets(line, moved(line, *(line[1] - line[0]) / 4)) == pytest.approx((0.25, 0), abs=1e-6)


@given(st.floats(-180, 180), st.floats(0.2, 5), st.integers(0, 3))
def test_the_distance_does_not_depend_on_turn_size_or_corner(degrees: float, scale: float, quarters: int) -> None:
    other = box(110, 104, 180, 22)
    place = rotated(np.vstack([LINE, other]), degrees) * scale
    track, detection = turn(place[:4], quarters), turn(place[4:], quarters)
    assert text_distance(track, detection) == pytest.approx(text_distance(LINE, other), rel=1e-4)


def test_the_distance_grows_with_every_difference() -> None:
    assert text_distance(LINE, LINE) == pytest.approx(0)
    for worse in (
        [below(0.1), below(0.3), below(0.6)],
        [moved(LINE, 20, 0), moved(LINE, 60, 0)],
        [box(100, 98, 200, 24), box(100, 92, 200, 36)],
        [slice_quad(LINE, 0.05, 0.95), slice_quad(LINE, 0.2, 0.8)],
    ):
        distances = [text_distance(LINE, quad) for quad in worse]
        assert distances[0] > 0
        assert distances == sorted(distances)
    assert text_distance(LINE, below(1)) > GATE


boxes = st.builds(box, st.integers(0, 500), st.integers(0, 300), st.integers(8, 300), st.integers(8, 60))


@given(st.lists(boxes, max_size=6), st.lists(boxes, max_size=6))
def test_each_detection_is_matched_or_part_or_new(tracks: list[NDArray[np.float32]], found: list[NDArray[np.float32]]) -> None:
    match = associate(list(tracks), list(found))
    matched_tracks, matched = [i for i, _ in match.pairs], [j for _, j in match.pairs]
    assert len(set(matched_tracks)) == len(matched_tracks)
    assert len(set(matched)) == len(matched)
    parts = {j for _, j in match.parts}
    assert set(matched) | parts | set(match.new) == set(range(len(found)))
    assert not set(match.new) & (set(matched) | parts)
    assert not set(match.parts) & set(match.pairs)
    touching = near(list(tracks), list(found))
    assert all(touching[pair] for pair in (*match.pairs, *match.parts))


@given(st.lists(boxes, min_size=1, max_size=5))
def test_what_did_not_move_is_matched_at_no_cost(found: list[NDArray[np.float32]]) -> None:
    match = associate(list(found), list(found))
    assert len(match.pairs) == len(found)
    assert sum(text_distance(found[i], found[j]) for i, j in match.pairs) == pytest.approx(0, abs=1e-4)


def test_near_is_what_touches() -> None:
    assert near([LINE], [below(0.9), below(1.2), moved(LINE, 500, 0)]).tolist() == [[True, False, False]]
    assert near([], [LINE]).shape == (0, 1)
