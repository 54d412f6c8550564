"""When codes are looked for: soon where there is anything new, seldom where not, and never more than the budget allows."""

from __future__ import annotations

import numpy as np
import pytest

from glyphfeed.engines.codes import TURNS_DEG
from glyphfeed.stream.detecting.codes import CHANGED_S, GAP_S, LEAST_S, MOST_S, PIXELS_PER_S, CodeSchedule

SIZE, FRAME_S = (960, 540), 1 / 30
STILL = np.eye(3)


def looks(
    seconds: float,
    *,
    size: tuple[int, int] = SIZE,
    pan_px: float = 0.0,
    cut_at: int = -1,
    news: bool = False,
    changes: bool = False,
) -> list[float]:
    """When looks are made in a source that pans by so much a frame, each of which brings news or not."""
    schedule, made = CodeSchedule(), []
    step = np.array([[1, 0, pan_px], [0, 1, 0], [0, 0, 1]], np.float64)
    for index in range(round(seconds / FRAME_S)):
        if index == cut_at:
            schedule.restart()
        schedule.follow(None if index in (0, cut_at) else step, changed=changes)
        now = index * FRAME_S
        if schedule.due(now, size):
            made.append(now)
            schedule.made(now)
            schedule.found(news=news)
    return made


def test_the_first_frame_is_looked_at_and_a_known_scene_seldom() -> None:
    made = looks(10)
    assert made[0] == 0
    assert np.diff(made).max() == pytest.approx(MOST_S, abs=FRAME_S)
    assert len(made) <= 2 + 10 / MOST_S + 2


def test_looks_that_bring_anything_are_followed_by_others_soon() -> None:
    assert np.diff(looks(5, news=True)).max() == pytest.approx(LEAST_S, abs=FRAME_S)


@pytest.mark.parametrize("cut_at", [140, 150, 160])
def test_a_cut_is_looked_at_as_soon_as_the_budget_allows(cut_at: int) -> None:
    assert any(0 <= made - cut_at * FRAME_S <= GAP_S + FRAME_S for made in looks(6, cut_at=cut_at))


def test_what_comes_into_view_is_looked_at_sooner() -> None:
    assert len(looks(6, pan_px=12)) > 1.5 * len(looks(6))


def test_what_changes_is_looked_at_sooner() -> None:
    assert np.diff(looks(6, changes=True)).max() == pytest.approx(CHANGED_S, abs=FRAME_S)


@pytest.mark.parametrize("size", [(320, 180), SIZE, (1920, 1080), (3840, 2160)])
def test_no_more_of_the_picture_is_looked_at_than_the_budget_allows(size: tuple[int, int]) -> None:
    made = looks(12, size=size, pan_px=size[0] / 4, news=True, changes=True)
    least = max(GAP_S, size[0] * size[1] / PIXELS_PER_S)
    assert len(made) > 1
    assert np.diff(made).min() >= least - 1e-6


def test_slanting_bars_take_turns() -> None:
    schedule = CodeSchedule()
    turns = [schedule.made(float(k)) for k in range(8)]
    assert set(turns) == {(), *((angle,) for angle in TURNS_DEG)}
    assert turns[:4] == turns[4:]
