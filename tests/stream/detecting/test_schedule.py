"""When a detector pass is due and of which kind, with cameras and clocks made by hand."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest

from glyphfeed.stream.detecting.passes import PassKind
from glyphfeed.stream.detecting.schedule import (
    BLURRED_PX,
    DOUBT_S,
    FINE_EVERY,
    MAX_BLURRED_S,
    PASS_GAP_S,
    RHYTHMS,
    TILE_RHYTHM,
    Schedule,
    new_area,
    shift_px,
)
from glyphfeed.stream.detecting.tiles import tiles_of
from glyphfeed.stream.motion.flow import SHUTTER
from tests.stream.feed.samples import box

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from glyphfeed.stream.detecting.tiles import Tile

SIZE = (640, 360)
LARGE = (1920, 1080)
TILES = set(tiles_of(LARGE))
FRAME_S = 1 / 25
REST = np.eye(3)
PLAIN = PassKind()
LATE_S = FRAME_S + len(RHYTHMS) * PASS_GAP_S
"""So late a pass may come that waits for those of the other kinds."""


def shifted(x: float, y: float = 0.0) -> NDArray[np.float64]:
    return np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)


PAN = shifted(0.9 * BLURRED_PX / SHUTTER)
WHIP = shifted(1.2 * BLURRED_PX / SHUTTER)
"""As fast as text can still be read, and faster."""


class Clock:
    """A schedule and its time; every pass that is due is made at once and finds what it is told to."""

    def __init__(self, size: tuple[int, int] = SIZE) -> None:
        self.schedule = Schedule()
        self.size = size
        self.frame = -1
        self.made: list[tuple[float, PassKind]] = []

    @property
    def now(self) -> float:
        return self.frame * FRAME_S

    def run(
        self, seconds: float, camera: NDArray[np.float64] | None = REST, *, news: bool = False, unsure: PassKind | None = None
    ) -> list[tuple[float, PassKind]]:
        """Let time pass, and tell when passes of which kinds were made."""
        before = len(self.made)
        for _ in range(round(seconds / FRAME_S)):
            self.frame += 1
            self.schedule.follow(camera if self.frame else None)
            kind = self.schedule.due(self.now, self.size, unsure)
            if kind is not None:
                self.schedule.made(kind, self.now)
                self.schedule.found(kind, news=news)
                self.made.append((self.now, kind))
        return self.made[before:]

    def times(self, kind: PassKind) -> list[float]:
        return [t for t, made in self.made if made._replace(coarse=False) == kind]


def calm() -> Clock:
    """A clock whose schedule has found nothing for long, and that has just looked in every way."""
    clock = Clock()
    clock.run(LATE_S)
    for kind in RHYTHMS:
        for _ in range(10):
            clock.schedule.found(kind, news=False)
        clock.schedule.made(kind, clock.now)
    return clock


def test_a_new_scene_is_looked_at_in_every_way_in_turn_at_the_full_detail() -> None:
    clock = Clock()
    made = clock.run(LATE_S)
    assert [kind for _, kind in made] == list(RHYTHMS)
    assert made[0][0] == 0
    assert all(later - earlier >= PASS_GAP_S - 1e-6 for (earlier, _), (later, _) in pairwise(made))


def test_a_camera_that_is_swung_elsewhere_at_once_is_looked_through_plainly_first() -> None:
    clock = Clock()
    clock.run(FRAME_S)
    clock.run(2 * FRAME_S, shifted(SIZE[0] / 2))
    clock.run(LATE_S)
    assert [kind._replace(coarse=False) for _, kind in clock.made] == [PLAIN, PLAIN, *list(RHYTHMS)[1:]]


def test_two_passes_over_one_frame_are_one_too_many() -> None:
    schedule = Schedule()
    schedule.follow(None)
    assert schedule.due(0.0, SIZE) == PLAIN
    schedule.made(PLAIN, 0.0)
    assert schedule.due(0.0, SIZE) is None


@pytest.mark.parametrize("kind", RHYTHMS)
def test_passes_that_find_nothing_become_seldom(kind: PassKind) -> None:
    clock = Clock()
    clock.run(10 * RHYTHMS[kind].most_s)
    gaps = [later - earlier for earlier, later in pairwise(clock.times(kind))]
    assert gaps[0] == pytest.approx(min(2 * RHYTHMS[kind].least_s, RHYTHMS[kind].most_s), abs=LATE_S)
    assert gaps[-3:] == pytest.approx([RHYTHMS[kind].most_s] * 3, abs=LATE_S)


@pytest.mark.parametrize("kind", RHYTHMS)
def test_passes_that_find_something_stay_frequent(kind: PassKind) -> None:
    clock = Clock()
    clock.run(5 * RHYTHMS[kind].least_s, news=True)
    gaps = [later - earlier for earlier, later in pairwise(clock.times(kind))]
    assert gaps == pytest.approx([RHYTHMS[kind].least_s] * len(gaps), abs=LATE_S)
    assert len(gaps) >= 3


@pytest.mark.parametrize("kind", RHYTHMS)
@pytest.mark.parametrize("coarse", [False, True])
def test_news_make_a_kind_of_pass_frequent_again_and_no_other(kind: PassKind, coarse: bool) -> None:
    clock = calm()
    begun = clock.now
    clock.schedule.found(kind._replace(coarse=coarse), news=True)
    clock.run(2 * max(pace.most_s for pace in RHYTHMS.values()))
    for other, pace in RHYTHMS.items():
        first = next(t for t in clock.times(other) if t > begun)
        assert first - begun == pytest.approx(pace.least_s if other == kind else pace.most_s, abs=LATE_S)


def test_one_pass_in_so_many_sees_the_full_detail() -> None:
    clock = Clock()
    clock.run(2 * FINE_EVERY * max(pace.most_s for pace in RHYTHMS.values()))
    for kind in RHYTHMS:
        coarse = [made.coarse for _, made in clock.made if made._replace(coarse=False) == kind]
        assert coarse == [index % FINE_EVERY != 0 for index in range(len(coarse))]
        assert coarse.count(False) >= 2


def test_new_area_in_view_is_looked_at_at_once() -> None:
    clock = calm()
    step = PAN[0, 2] / SIZE[0]
    steps = math.ceil(max(RHYTHMS[PLAIN].new_area / step, PASS_GAP_S / FRAME_S))
    assert clock.run((steps - 1) * FRAME_S, PAN) == []
    ((_, kind),) = clock.run(FRAME_S, PAN)
    assert kind._replace(coarse=False) == PLAIN


def test_a_moving_camera_makes_more_passes_than_one_at_rest() -> None:
    assert len(calm().run(3, PAN)) > 2 * len(calm().run(3))


def test_what_came_into_view_is_new_once() -> None:
    clock = calm()
    travelled = round(2 * max(pace.new_area for pace in RHYTHMS.values()) * SIZE[0] / PAN[0, 2])
    clock.run(travelled * FRAME_S, PAN)
    clock.run(LATE_S)
    assert clock.run(min(pace.most_s for pace in RHYTHMS.values()) - 2 * LATE_S) == []


def test_a_camera_that_goes_away_and_comes_back_has_seen_nothing_new() -> None:
    clock = calm()
    step_px = 0.4 * min(pace.new_area for pace in RHYTHMS.values()) * SIZE[0] / 4
    there, back = shifted(step_px), shifted(-step_px)
    assert [clock.run(4 * FRAME_S, camera) for camera in (there, back) * 2] == [[]] * 4


def test_a_picture_that_could_not_be_followed_is_looked_at_when_it_can() -> None:
    clock = calm()
    assert clock.run(2 * PASS_GAP_S, None) == []
    assert len(clock.run(LATE_S, REST)) == len(RHYTHMS)


def test_a_blurred_picture_waits_for_a_sharper_one() -> None:
    clock = calm()
    assert clock.run(MAX_BLURRED_S - 2 * FRAME_S, WHIP) == []
    assert len(clock.run(FRAME_S, REST)) == 1


def test_a_camera_that_never_rests_is_looked_through_all_the_same() -> None:
    clock = calm()
    made = clock.run(4 * MAX_BLURRED_S, WHIP)
    assert 3 <= len(made) <= 5
    assert all(later - earlier >= MAX_BLURRED_S - 1e-6 for (earlier, _), (later, _) in pairwise(made))


def test_the_first_pass_does_not_wait_for_a_sharp_picture() -> None:
    schedule = Schedule()
    schedule.follow(WHIP)
    assert schedule.due(0.0, SIZE) == PLAIN


def test_who_is_hurried_looks_at_a_scene_coarsely_first_and_only_first() -> None:
    schedule = Schedule()
    first = schedule.due(0.0, SIZE, hurried=True)
    assert first == PLAIN._replace(coarse=True)
    schedule.made(first, 0.0)
    schedule.follow(np.eye(3))
    second = schedule.due(1.0, SIZE, hurried=True)
    assert second is not None
    assert not second.coarse, "another kind, in full detail"
    schedule.restart()
    assert schedule.due(2.0, SIZE, hurried=True) == first


@pytest.mark.parametrize("kind", RHYTHMS)
def test_text_that_came_in_from_the_border_is_looked_for_with_what_found_it(kind: PassKind) -> None:
    clock = calm()
    begun = clock.now
    made = clock.run(max(DOUBT_S, PASS_GAP_S) + 2 * FRAME_S, unsure=kind._replace(coarse=True))
    ((t, first),) = made
    assert first._replace(coarse=False) == kind
    assert t - begun >= DOUBT_S - 1e-6


def test_text_that_came_in_and_stays_is_not_looked_for_in_every_frame() -> None:
    clock = calm()
    clock.run(10 * DOUBT_S, unsure=PLAIN)
    gaps = np.diff(clock.times(PLAIN)[1:])
    assert len(gaps) > 3
    assert gaps.min() >= DOUBT_S - 1e-6


def test_after_a_restart_everything_is_new() -> None:
    clock = calm()
    clock.schedule.restart()
    made = clock.run(LATE_S)
    assert [kind for _, kind in made] == list(RHYTHMS)
    clock.run(10)
    gap = np.diff(clock.times(PLAIN)).min()
    assert gap <= 2 * RHYTHMS[PLAIN].least_s + LATE_S, "what was seldom is frequent again"


def tiles_in(made: list[tuple[float, PassKind]]) -> list[tuple[float, Tile]]:
    """When which tiles were looked at."""
    return [(t, kind.tile) for t, kind in made if kind.tile is not None]


def test_a_small_picture_is_never_looked_at_in_tiles() -> None:
    clock = Clock()
    clock.run(20, news=True)
    clock.run(20, PAN)
    assert tiles_in(clock.made) == []


def test_a_large_new_scene_is_looked_at_in_tiles_once_it_was_looked_at_in_every_way() -> None:
    clock = Clock(LARGE)
    made = clock.run(LATE_S + len(TILES) * (PASS_GAP_S + FRAME_S))
    assert [kind for _, kind in made[: len(RHYTHMS)]] == list(RHYTHMS)
    assert {kind.tile for _, kind in made[len(RHYTHMS) :]} == TILES
    assert len(made) == len(RHYTHMS) + len(TILES)
    assert all(later - earlier >= PASS_GAP_S - 1e-6 for (earlier, _), (later, _) in pairwise(made))


def test_where_all_is_still_tiles_are_seldom_and_the_others_keep_their_pace() -> None:
    clock = Clock(LARGE)
    clock.run(4 * TILE_RHYTHM.most_s)
    tiles = tiles_in(clock.made)
    for tile in TILES:
        gaps = np.diff([t for t, looked_at in tiles if looked_at == tile])
        assert gaps == pytest.approx([TILE_RHYTHM.most_s] * len(gaps), abs=1.0)
        assert len(gaps) == 3
    assert clock.times(PLAIN)[-1] > clock.now - RHYTHMS[PLAIN].most_s - LATE_S


def test_tiles_in_which_something_is_found_are_looked_at_sooner() -> None:
    quiet, busy = Clock(LARGE), Clock(LARGE)
    quiet.run(10)
    busy.run(10, news=True)
    assert len(tiles_in(busy.made)) > 2 * len(tiles_in(quiet.made))


@pytest.mark.parametrize("news", [False, True])
def test_each_tile_of_a_very_large_picture_has_its_turn_though_few_can_be_looked_at(news: bool) -> None:
    size, schedule, tiles = (7680, 4320), Schedule(), []
    for k in range(250):
        # A detector that takes so long is always busy.
        now = 0.3 * k
        schedule.follow(REST if k else None)
        kind = schedule.due(now, size)
        if kind is not None:
            schedule.made(kind, now)
            schedule.found(kind, news=news)
            tiles.append(kind.tile)
    assert set(tiles) == {None, *tiles_of(size)}


def test_after_a_cut_all_tiles_are_new() -> None:
    clock = Clock(LARGE)
    clock.run(3)
    clock.schedule.restart()
    assert {tile for _, tile in tiles_in(clock.run(2))} == TILES


def test_a_pan_brings_the_tiles_at_its_side() -> None:
    clock = Clock(LARGE)
    clock.run(3)
    panned = tiles_in(clock.run(1.5, shifted(-0.9 * BLURRED_PX / SHUTTER)))
    assert panned
    assert all(tile.x > 0 for _, tile in panned)


def test_what_large_text_fills_is_not_looked_at_more_closely() -> None:
    schedule = Schedule()
    schedule.follow(None)
    for kind in RHYTHMS:
        schedule.made(kind, 0.0)
    assert schedule.due(0.5, LARGE, None, [box(-10, -10, 1940, 1100)]) is None
    assert schedule.due(0.5 + PASS_GAP_S, LARGE) is not None


@pytest.mark.parametrize(
    ("since", "share"),
    [
        (None, 1.0),
        (REST, 0.0),
        (shifted(320), 0.5),
        (shifted(320, 180), 0.75),
        (shifted(700), 1.0),
        (np.diag([0.5, 0.5, 1.0]), 0.75),
        (np.diag([2.0, 2.0, 1.0]), 0.0),
    ],
    ids=["unknown", "rest", "half", "corner", "away", "out", "in"],
)
def test_area_that_came_into_view(since: NDArray[np.float64] | None, share: float) -> None:
    assert new_area(since, SIZE) == pytest.approx(share, abs=1e-6)


@pytest.mark.parametrize(
    ("camera", "shift"),
    [(None, 0.0), (REST, 0.0), (shifted(3, -4), 5.0), (np.diag([1.1, 1.1, 1.0]), 0.1 * np.hypot(320, 180))],
    ids=["unknown", "rest", "pan", "zoom at the corner"],
)
def test_how_far_the_middle_moves(camera: NDArray[np.float64] | None, shift: float) -> None:
    assert shift_px(camera, SIZE) == pytest.approx(shift)
