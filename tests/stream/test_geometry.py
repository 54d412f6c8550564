"""Shapes against OpenCV and against paper and pencil."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.geometry import (
    UNIT_SQUARE,
    aligned,
    area,
    axis,
    clear_of_border,
    homography_between,
    intersection,
    is_sound,
    is_tall,
    rectify,
    share_inside,
    sides,
    slice_quad,
    transform,
    turn,
    with_margins,
)
from tests.stream.feed.samples import box
from tests.stream.shapes import moved, rotated

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZE = (640, 360)
TRAPEZIUM = np.array([[100, 100], [300, 120], [300, 160], [100, 180]], np.float64)
"""A board seen from its left end, which is the nearer one."""


gentle = st.floats(-0.2, 0.2)
homographies = st.builds(
    lambda a, b, c, d, x, y, u, v: np.array([[1 + a, b, 100 * x], [c, 1 + d, 100 * y], [u / 1000, v / 1000, 1]]),
    *[gentle] * 8,
)
points = st.lists(st.tuples(st.floats(0, 640), st.floats(0, 360)), min_size=1, max_size=8).map(
    lambda pairs: np.array(pairs, np.float64)
)
rectangles = st.builds(
    lambda x, y, width, height, degrees: rotated(box(x, y, width, height), degrees),
    st.floats(50, 500),
    st.floats(50, 300),
    st.floats(5, 200),
    st.floats(5, 200),
    st.floats(-180, 180),
)


@given(points, homographies)
def test_points_map_as_opencv_maps_them(pairs: NDArray[np.float64], homography: NDArray[np.float64]) -> None:
    expected = np.asarray(cv2.perspectiveTransform(pairs[None], homography)[0], np.float64)
    np.testing.assert_allclose(transform(pairs, homography), expected, rtol=1e-9, atol=1e-6)


@given(rectangles, homographies)
def test_a_homography_between_quads_carries_the_corners_and_the_way_back(
    quad: NDArray[np.float64], homography: NDArray[np.float64]
) -> None:
    seen = transform(quad, homography)
    carried = homography_between(quad, seen)
    np.testing.assert_allclose(transform(quad, carried), seen, atol=0.01)
    np.testing.assert_allclose(transform(seen, homography_between(seen, quad)), quad, atol=0.05)


def test_a_homography_carries_what_is_between_the_corners() -> None:
    centre = np.array([[0.5, 0.5]])
    seen = transform(centre, homography_between(UNIT_SQUARE, TRAPEZIUM))
    # The diagonals of a board meet in its middle, from wherever it is seen.
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = TRAPEZIUM.tolist()
    t, _ = np.linalg.solve([[cx - ax, bx - dx], [cy - ay, by - dy]], [bx - ax, by - ay])
    np.testing.assert_allclose(seen[0], [ax + t * (cx - ax), ay + t * (cy - ay)], atol=1e-3)


@given(rectangles, st.integers(-4, 8), st.integers(-4, 8))
def test_quarter_turns_add_up(quad: NDArray[np.float64], first: int, second: int) -> None:
    np.testing.assert_array_equal(turn(turn(quad, first), second), turn(quad, first + second))
    np.testing.assert_array_equal(turn(quad, 4), quad)


def test_text_that_runs_down_starts_at_its_top_right_corner() -> None:
    upright = box(100, 100, 20, 80)
    assert turn(upright, 1).tolist() == [[120, 100], [120, 180], [100, 180], [100, 100]]
    assert sides(turn(upright, 1)) == (80, 20)


@given(rectangles, st.integers(0, 3), st.floats(-30, 30), st.floats(-300, 300), st.floats(-300, 300))
def test_aligned_finds_the_order_again_wherever_the_quad_went(
    quad: NDArray[np.float64], quarters: int, degrees: float, dx: float, dy: float
) -> None:
    now = moved(rotated(quad, degrees), dx, dy)
    np.testing.assert_array_equal(aligned(turn(now, quarters), quad), now)


@given(rectangles, st.floats(-180, 180))
def test_sides_and_area_do_not_depend_on_how_a_quad_lies(quad: NDArray[np.float64], degrees: float) -> None:
    assert sides(rotated(quad, degrees)) == pytest.approx(sides(quad), rel=1e-4)
    assert area(quad) == pytest.approx(abs(cv2.contourArea(quad.astype(np.float32))), rel=1e-3)
    assert area(quad[::-1]) == pytest.approx(area(quad))


def test_sides_of_a_trapezium_are_means_of_its_edges() -> None:
    width, height = sides(TRAPEZIUM)
    assert width == pytest.approx(math.hypot(200, 20))
    assert height == pytest.approx((80 + 40) / 2)


@pytest.mark.parametrize(("width", "height", "tall"), [(100, 20, False), (20, 100, True), (40, 40, False)])
def test_tall_is_what_is_clearly_higher_than_wide(width: float, height: float, tall: bool) -> None:
    assert is_tall(box(100, 100, width, height)) is tall


@pytest.mark.parametrize("degrees", [0, 30, 90, 200])
def test_the_axis_runs_along_the_longer_sides(degrees: float) -> None:
    for quad in (box(200, 200, 120, 20), turn(box(200, 200, 120, 20), 1)):
        along, length, thickness = axis(rotated(quad, degrees))
        direction = np.array([math.cos(math.radians(degrees)), math.sin(math.radians(degrees))])
        assert abs(float(along @ direction)) == pytest.approx(1)
        assert (length, thickness) == pytest.approx((120, 20))


def test_the_axis_of_a_point_is_finite() -> None:
    along, length, thickness = axis(np.full((4, 2), 7.0))
    assert np.isfinite([*along, length, thickness]).all()
    assert thickness > 0


@pytest.mark.parametrize(
    ("quad", "part"),
    [
        (box(100, 100, 64, 20), (0, 1)),
        (box(-6, 100, 64, 20), (0.25, 1)),
        (box(640 - 58, 100, 64, 20), (0, 0.75)),
        (turn(box(640 - 58, 100, 64, 20), 2), (0.25, 1)),
        (box(100, 480 - 15, 64, 20), (1, 0)),
    ],
    ids=["all", "left", "right", "upside down", "none"],
)
def test_the_part_that_is_clear_of_the_border(quad: NDArray[np.floating], part: tuple[float, float]) -> None:
    assert clear_of_border(quad, (640, 480), near_px=10) == pytest.approx(part, abs=1 / 64)


def test_intersection_of_boxes() -> None:
    assert intersection(box(0, 0, 40, 20), box(30, 10, 40, 20)) == pytest.approx(10 * 10)
    assert intersection(box(0, 0, 40, 20), box(10, 5, 10, 5)) == pytest.approx(50)
    assert intersection(box(0, 0, 40, 20), box(100, 0, 40, 20)) == 0


@pytest.mark.parametrize(
    ("quad", "share"),
    [
        (box(10, 10), 1.0),
        (box(0, 0, *SIZE), 1.0),
        (box(-20, 10), 0.5),
        (box(-10, -3, 40, 12), 0.75 * 0.75),
        (box(SIZE[0] - 10, SIZE[1] - 3, 40, 12), 0.25 * 0.25),
        (box(-100, 10), 0.0),
        (box(-SIZE[0], -SIZE[1], 2 * SIZE[0], 2 * SIZE[1]), 0.25),
        (np.full((4, 2), -5.0), 0.0),
    ],
)
def test_share_inside(quad: NDArray[np.floating], share: float) -> None:
    assert share_inside(quad, SIZE) == pytest.approx(share, abs=1e-5)


@pytest.mark.parametrize("beside", [1e-7, 2e-8])
def test_no_more_than_all_of_a_quad_is_inside(beside: float) -> None:
    assert share_inside(box(100, -beside), SIZE) == pytest.approx(1)


@given(rectangles)
def test_rectangles_are_sound_and_the_same_the_other_way_round_are_not(quad: NDArray[np.float64]) -> None:
    assert is_sound(quad, SIZE)
    assert not is_sound(quad[::-1], SIZE)


@pytest.mark.parametrize(
    "quad",
    [
        np.full((4, 2), np.nan),
        np.array([[0, 0], [np.inf, 0], [np.inf, 9], [0, 9]]),
        np.array([[10, 10], [50, 10], [50, np.nan], [10, 20]]),
        np.array([[0, 0], [40, 0], [10, 5], [0, 20]]),
        np.array([[0, 0], [40, 20], [40, 0], [0, 20]]),
        np.zeros((4, 2)),
        box(10, 10, 40, 0.5),
        box(0, 0, 100 * SIZE[0], 40),
    ],
    ids=["nan", "infinite", "partly nan", "dented", "crossed", "point", "hair", "huge"],
)
def test_what_can_be_no_text_is_not_sound(quad: NDArray[np.floating]) -> None:
    assert not is_sound(quad, SIZE)


def quartered(quad: NDArray[np.floating]) -> NDArray[np.uint8]:
    """A picture in which the quarters of a board are 40, 80, 120 and 160, clockwise from its top left."""
    board = np.zeros((40, 160, 3), np.uint8)
    board[:20, :80], board[:20, 80:], board[20:, 80:], board[20:, :80] = 40, 80, 120, 160
    matrix = homography_between(box(0, 0, 160, 40), quad)
    return np.asarray(cv2.warpPerspective(board, matrix, SIZE), np.uint8)


@pytest.mark.parametrize("degrees", [0, 35, 90, 180, -60])
@pytest.mark.parametrize("quad", [box(240, 160, 160, 40), moved(TRAPEZIUM, 120, 40)])
def test_a_quad_is_cut_out_upright(quad: NDArray[np.floating], degrees: float) -> None:
    place = rotated(quad, degrees)
    cut = rectify(quartered(place), place, (48, 96))
    rows, columns = cut.shape[:2]
    assert 48 <= rows <= 96
    assert columns / rows == pytest.approx(sides(place)[0] / sides(place)[1], rel=0.05)
    seen = [int(cut[rows * v // 4, columns * u // 4, 0]) for u, v in ((1, 1), (3, 1), (3, 3), (1, 3))]
    assert seen == pytest.approx([40, 80, 120, 160], abs=3)


@pytest.mark.parametrize(("height", "rows"), [(10, 48), (60, 60), (300, 96)])
def test_a_cut_has_its_own_height_within_bounds(height: int, rows: int) -> None:
    picture = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    assert rectify(picture, box(20, 20, 2 * height, height), (48, 96)).shape == (rows, 2 * rows, 3)
    assert rectify(picture, box(20, 20, 2 * height, height), (48, 96), stretch=1.5).shape == (rows, 3 * rows, 3)


def test_a_cut_beyond_the_border_goes_on_with_the_border() -> None:
    picture = np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)
    assert (rectify(picture, box(-20, -6, 40, 12), (48, 96)) == 90).all()


def test_the_longest_cut_has_bounded_size() -> None:
    picture = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    rows, columns, _ = rectify(picture, box(0, 100, 640, 2), (48, 96)).shape
    assert rows == 48
    assert columns <= 40 * rows


def test_margins_lengthen_a_quad_at_both_ends() -> None:
    longer, margin = with_margins(box(100, 100, 200, 40), 0.25)
    np.testing.assert_allclose(longer, box(90, 100, 220, 40), atol=1e-3)
    assert margin == pytest.approx(10 / 200)


def test_slices_of_a_rectangle() -> None:
    np.testing.assert_allclose(slice_quad(box(100, 100, 200, 40), 0.25, 0.75), box(150, 100, 100, 40), atol=1e-3)


@given(homographies, st.floats(0, 0.45), st.floats(0.55, 1))
def test_slices_in_perspective_are_where_the_slices_of_the_board_are_seen(
    homography: NDArray[np.float64], start: float, end: float
) -> None:
    board = box(200, 150, 200, 40)
    part = box(200 + 200 * start, 150, 200 * (end - start), 40)
    np.testing.assert_allclose(slice_quad(transform(board, homography), start, end), transform(part, homography), atol=0.05)


def test_the_middle_of_a_board_is_seen_nearer_to_its_far_end() -> None:
    half = slice_quad(TRAPEZIUM, 0, 0.5)
    assert half[1][0] > TRAPEZIUM[:, 0].mean() + 20
    np.testing.assert_allclose(half[[1, 2]], slice_quad(TRAPEZIUM, 0.5, 1)[[0, 3]], atol=1e-3)
