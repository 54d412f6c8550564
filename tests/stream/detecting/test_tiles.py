"""Which part of a large picture is looked at more closely, and when again, with cameras and clocks made by hand."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glyphfeed.engines.models import describe_detector
from glyphfeed.engines.tensors import fit_into
from glyphfeed.engines.weights import DETECTOR, locate
from glyphfeed.stream.detecting.tiles import (
    FULL_DETAIL_PX,
    LARGE,
    LEVEL_STEP,
    LEVELS_APART,
    OVERLAP,
    SMALL_PX,
    TILE_SCALE,
    ClosePasses,
    Tile,
    detail,
    levels_of,
    tiles_of,
)
from glyphfeed.stream.geometry import BORDER_PX
from tests.stream.feed.samples import box
from tests.stream.shapes import moved

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZE = (1920, 1080)
TILES = list(tiles_of(SIZE))
LEAST_S, MOST_S = 2.0, 8.0
SIZES = st.tuples(st.integers(1, 30000), st.integers(1, 30000))
SOME_SIZES = st.tuples(st.integers(1, 6000), st.integers(1, 6000))


def shifted(x: float, y: float = 0.0) -> NDArray[np.float64]:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)


def shared(a: Tile, b: Tile) -> Tile | None:
    """What two parts of a picture have in common."""
    left, top = max(a.x, b.x), max(a.y, b.y)
    right, bottom = min(a.x + a.width, b.x + b.width), min(a.y + a.height, b.y + b.height)
    return Tile(left, top, right - left, bottom - top) if left < right and top < bottom else None


def looked_at(*tiles: Tile, now: float = 0.0, news: bool = False) -> ClosePasses:
    """Looks at so many tiles at one time."""
    looks = ClosePasses(LEAST_S, MOST_S)
    for tile in tiles:
        looks.made(tile, now)
        looks.found(news=news)
    return looks


def wanted(looks: ClosePasses, now: float, *texts: NDArray[np.floating], share: float = 0.05) -> Tile | None:
    """The tile that is wanted most of those that are due in such a share."""
    return looks.most_wanted(now, SIZE, texts, share)


@settings(deadline=None)
@given(SOME_SIZES)
def test_tiles_cover_a_large_picture_and_overlap(size: tuple[int, int]) -> None:
    tiles, scale = tiles_of(size), detail(size)
    assert (tiles == {}) == (scale >= LARGE)
    shape = FULL_DETAIL_PX if size[0] >= size[1] else FULL_DETAIL_PX[::-1]
    for axis in range(2) if tiles else ():
        most = shape[axis] / TILE_SCALE
        spans = sorted({(tile[axis], tile[axis] + tile[2 + axis]) for tile in tiles})
        assert spans[0][0] == 0
        assert spans[-1][1] == size[axis]
        assert all(0 < end - start <= most + 1 for start, end in spans)
        assert len({end - start for start, end in spans}) == 1
        overlap = min(OVERLAP[axis] * SMALL_PX / scale, most / 3)
        assert all(end - start >= overlap - 1 for (_, end), (start, _) in pairwise(spans))
    assert len(tiles) == len({tile[0] for tile in tiles}) * len({tile[1] for tile in tiles})


@pytest.mark.parametrize(("size", "levels"), [((1280, 720), 0), ((3840, 2160), 1), ((8000, 200), 2), ((20000, 1000), 3)])
def test_between_the_closest_tiles_and_the_whole_picture_there_are_levels(size: tuple[int, int], levels: int) -> None:
    tiles = levels_of(size)
    assert tiles[len(tiles) - len(tiles_of(size)) :] == list(tiles_of(size))
    assert len({tile.width for tile in tiles}) == levels
    # None shows much less of a line than the next.
    widths = [size[0], *sorted({tile.width for tile in tiles}, reverse=True)] if tiles else []
    assert all(wide <= (LEVELS_APART if closer == widths[1] else LEVEL_STEP) * 1.2 * closer for wide, closer in pairwise(widths))


@settings(deadline=None)
@given(SOME_SIZES.filter(lambda size: bool(tiles_of(size))))
def test_a_part_of_each_tile_is_covered_by_no_other(size: tuple[int, int]) -> None:
    tiles = tiles_of(size)
    for tile, alone in tiles.items():
        assert alone.width > 0
        assert alone.height > 0
        assert shared(tile, alone) == alone
        for other in tiles:
            assert other == tile or not shared(other, alone)


@pytest.mark.parametrize(
    ("size", "count"),
    [
        ((640, 360), 0),
        ((960, 540), 0),
        ((1280, 720), 0),
        ((1920, 1080), 4),
        ((1080, 1920), 4),
        ((2560, 1440), 9),
        ((3840, 2160), 20),
    ],
)
def test_so_many_tiles_a_picture_takes(size: tuple[int, int], count: int) -> None:
    assert len(tiles_of(size)) == count


@pytest.mark.parametrize("size", [(1920, 1080), (1080, 1920), (2560, 1440), (3840, 2160), (4032, 3024)])
def test_a_tile_fills_what_the_detector_sees(size: tuple[int, int]) -> None:
    model = describe_detector(locate(DETECTOR))
    picture = np.zeros((size[1], size[0], 3), np.uint8)
    for tile in tiles_of(size):
        fit = fit_into(tile.cut(picture), model.input.sizes)
        assert 0.99 * TILE_SCALE <= fit.scale <= 1.1
        assert fit.width * fit.height > 0.9 * math.prod(FULL_DETAIL_PX)


@pytest.mark.parametrize(
    ("quad", "held"),
    [
        (box(500, 300, 200, 20), True),
        (box(2, 300, 200, 20), True),
        (box(-50, -10, 200, 20), True),
        (box(900, 300, 119, 20), False),
        (box(900, 300, 120 - BORDER_PX, 20), True),
        (box(500, 550, 200, 20), False),
        (box(1500, 300, 200, 20), False),
    ],
    ids=["inside", "at the border", "beyond the border", "at an edge", "near an edge", "over an edge", "elsewhere"],
)
def test_a_tile_holds_what_no_inner_edge_cuts(quad: NDArray[np.float32], held: bool) -> None:
    assert TILES[0] == Tile(0, 0, 1020, 560)
    assert TILES[0].holds(quad, SIZE) == held
    assert Tile(0, 0, *SIZE).holds(quad, SIZE)


def test_a_small_picture_is_never_looked_at_in_parts() -> None:
    assert ClosePasses(LEAST_S, MOST_S).most_wanted(0.0, (960, 540), (), 0.05) is None


def test_each_tile_has_its_turn_and_then_none_is_due() -> None:
    looks, turns = ClosePasses(LEAST_S, MOST_S), []
    for k in range(len(TILES)):
        tile = wanted(looks, 0.1 * k, share=0.9)
        assert tile is not None
        looks.made(tile, 0.1 * k)
        turns.append(tile)
    assert sorted(turns) == sorted(TILES)
    assert wanted(looks, 0.5) is None


@given(SIZES)
def test_a_picture_of_any_size_has_a_tile_to_look_at_or_none_at_all(size: tuple[int, int]) -> None:
    looks = ClosePasses(LEAST_S, MOST_S)
    first = looks.most_wanted(0.0, size, (), 1.0)
    assert (first is None) == (not tiles_of(size))
    if first is not None:
        looks.made(first, 0.0)
        looks.follow(np.eye(3))
        assert looks.most_wanted(0.1, size, (), 0.05) != first


@pytest.mark.parametrize("size", [(10000, 40), (27088, 44), (40, 10000), (30000, 1), (1, 30000), (1921, 1081), (5999, 3001)])
def test_each_tile_of_an_odd_picture_has_its_turn_once(size: tuple[int, int]) -> None:
    looks = ClosePasses(math.inf, math.inf)
    turns: list[Tile] = []
    while (tile := looks.most_wanted(0.1 * len(turns), size, (), 0.05)) is not None and len(turns) < 100:
        looks.made(tile, 0.1 * len(turns))
        turns.append(tile)
    assert sorted(turns) == sorted(tiles_of(size))


@pytest.mark.parametrize("news", [False, True])
@pytest.mark.parametrize("shake", [shifted(0), shifted(9, 4), np.diag([1.001, 1.001, 1.0])], ids=["rest", "shake", "breathe"])
def test_no_tile_starves_where_looks_expire_before_all_had_their_turn(shake: NDArray[np.float64], news: bool) -> None:
    size, looks, turns = (5120, 2880), ClosePasses(LEAST_S, MOST_S), []
    tiles, back = tiles_of(size), np.asarray(np.linalg.inv(shake), np.float64)
    for k in range(3 * len(tiles)):
        looks.follow(shake if k % 2 else back)
        tile = looks.most_wanted(0.4 * k, size, (), 0.3)
        assert tile is not None
        looks.made(tile, 0.4 * k)
        looks.found(news=news)
        turns.append(tile)
    assert set(turns[: len(tiles)]) == set(tiles)
    assert {turns.count(tile) for tile in tiles} == {3}


def test_where_the_camera_drifts_tiles_at_the_border_leave_the_others_their_turn() -> None:
    size, looks, turns = (3840, 2160), ClosePasses(LEAST_S, MOST_S), []
    tiles = tiles_of(size)
    for k in range(3 * len(tiles)):
        looks.follow(shifted(-2, -1))
        tile = looks.most_wanted(0.5 * k, size, (), 0.3)
        assert tile is not None
        looks.made(tile, 0.5 * k)
        turns.append(tile)
    assert set(turns[: len(tiles)]) == set(tiles)
    assert min(turns.count(tile) for tile in tiles) >= 2


@pytest.mark.parametrize(("news", "holds_s"), [(True, LEAST_S), (False, MOST_S)])
def test_a_look_that_found_something_is_sooner_repeated(news: bool, holds_s: float) -> None:
    looks = looked_at(*TILES, news=news)
    assert wanted(looks, holds_s - 0.1) is None
    assert wanted(looks, holds_s, share=1.0) is not None


def test_what_was_not_looked_at_for_longest_comes_first() -> None:
    looks = looked_at()
    for tile, now in zip((TILES[1], TILES[3], TILES[0], TILES[2]), (0.0, 0.5, 1.0, 1.5), strict=True):
        looks.made(tile, now)
    for tile, now in zip((TILES[1], TILES[3], TILES[0]), (0.0, 0.5, 1.0), strict=True):
        assert wanted(looks, now + LEAST_S, share=0.9) == tile
        looks.made(tile, now + LEAST_S)


def test_a_tile_that_large_text_covers_comes_last() -> None:
    large = box(900, 0, 1020, 560)
    turns, looks = [], ClosePasses(LEAST_S, MOST_S)
    for _ in range(3):
        tile = wanted(looks, 0.0, large)
        assert tile is not None
        looks.made(tile, 0.0)
        turns.append(tile)
    assert TILES[1] not in turns
    assert wanted(looks, 0.0, large, share=0.1) is None


def test_small_text_covers_nothing() -> None:
    lines = [box(0, 30.0 * k, 1920, 2 * SMALL_PX / detail(SIZE) - 1) for k in range(36)]
    assert wanted(ClosePasses(LEAST_S, MOST_S), 0.0, *lines, share=1.0) is not None


@pytest.mark.parametrize(
    ("camera", "tiles"),
    [(shifted(-20), {1, 3}), (shifted(20), {0, 2}), (shifted(0, 10), {0, 1}), (shifted(-20, -10), {1, 2, 3})],
    ids=["right", "left", "up", "down right"],
)
def test_what_came_into_view_is_due(camera: NDArray[np.float64], tiles: set[int]) -> None:
    looks = looked_at(*TILES)
    for _ in range(25):
        looks.follow(camera)
    tile = wanted(looks, 1.0)
    assert tile in [TILES[k] for k in tiles]
    shares = [
        1 - float(np.prod([1 - 25 * abs(camera[k, 2]) / alone[2 + k] for k in range(2)]))
        for alone in (tiles_of(SIZE)[TILES[k]] for k in tiles)
    ]
    assert wanted(looks, 1.0, share=max(shares) - 0.06) is not None
    assert wanted(looks, 1.0, share=max(shares) + 0.06) is None


def test_a_camera_that_shakes_brings_nothing_new() -> None:
    looks = looked_at(*TILES)
    for _ in range(40):
        for step in (shifted(9, 4), shifted(-9, -4)):
            looks.follow(step)
    assert wanted(looks, 4.0) is None


def test_a_picture_that_could_not_be_followed_is_new_when_it_can_again() -> None:
    looks = looked_at(*TILES)
    looks.follow(None)
    assert wanted(looks, 1.0) is None
    looks.follow(np.eye(3))
    looks.found(news=False)
    assert wanted(looks, 1.0, share=1.0) is not None


def test_a_picture_that_is_often_lost_is_looked_through_all_the_same() -> None:
    looks, turns = looked_at(), []
    for k in range(2 * len(TILES)):
        tile = wanted(looks, 0.1 * k)
        assert tile is not None
        looks.made(tile, 0.1 * k)
        turns.append(tile)
        looks.follow(None)
        looks.follow(np.eye(3))
    assert {turns.count(tile) for tile in TILES} == {2}


def test_a_look_goes_on_to_hold_where_its_text_has_gone() -> None:
    looks = looked_at(TILES[0])
    looks.follow(shifted(TILES[1].x, TILES[2].y))
    outline = moved(box(0, 0, *TILES[0][2:]), TILES[1].x, TILES[2].y)
    assert tuple(outline[0]) == (TILES[3].x, TILES[3].y)
    assert wanted(looks, 1.0) == TILES[0]
    for tile in TILES[:3]:
        looks.made(tile, 1.0)
    assert wanted(looks, 1.0) is None
