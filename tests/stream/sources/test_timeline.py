"""Whatever the stamps, time grows; where they are good, it is theirs."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.sources.timeline import Timeline

STAMP = st.none() | st.floats(-1e6, 1e6)


def placed(stamps: list[float | None], step_s: float = 0.04) -> list[float]:
    timeline = Timeline()
    return [timeline.place(stamp, step_s) for stamp in stamps]


def test_good_stamps_are_kept_from_the_first_on() -> None:
    assert placed([7.0, 7.04, 7.5, 7.54]) == pytest.approx([0, 0.04, 0.5, 0.54])


def test_missing_stamps_are_made_of_the_rate() -> None:
    assert placed([None, None, None]) == pytest.approx([0, 0.04, 0.08])


def test_a_repeated_stamp_does_not_move_the_clock() -> None:
    assert placed([1.0, 1.04, 1.04, 1.08]) == pytest.approx([0, 0.04, 0.06, 0.08])


def test_a_jump_back_goes_on_by_the_rate() -> None:
    assert placed([100.0, 100.04, 3.0, 3.04]) == pytest.approx([0, 0.04, 0.08, 0.12])


def test_a_leap_ahead_is_taken_for_a_jump_where_leaps_are_bounded() -> None:
    timeline = Timeline()
    assert timeline.place(0.0, 0.04, 10.0) == 0
    assert timeline.place(5000.0, 0.04, 10.0) == pytest.approx(0.04)
    assert timeline.place(5000.5, 0.04, 10.0) == pytest.approx(0.54)


def test_a_new_clock_goes_on_after_the_gap() -> None:
    timeline = Timeline()
    timeline.place(50.0, 0.0)
    timeline.restart()
    assert timeline.place(0.2, 7.5) == pytest.approx(7.5)
    assert timeline.place(0.24, 0.1) == pytest.approx(7.54)


@given(st.lists(STAMP, min_size=2), st.floats(0, 10))
def test_time_always_grows(stamps: list[float | None], step_s: float) -> None:
    times = placed(stamps, step_s)
    assert times[0] == 0
    assert all(later > earlier for earlier, later in itertools.pairwise(times))
