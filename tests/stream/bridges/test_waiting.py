from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.bridges.waiting import LONGEST_PAUSE_S, Reach, pause_s

if TYPE_CHECKING:
    import pytest


def test_pauses_double_up_to_a_bound() -> None:
    assert [pause_s(failures, 0.0) for failures in range(1, 9)] == [1, 2, 4, 8, 16, 32, 60, 60]
    assert pause_s(3, 1.0) == 2.0
    assert pause_s(10, 0.0, 300.0) == 300.0


@given(st.integers(1, 10**9), st.floats(0, 1))
def test_a_pause_is_never_long_nor_none(failures: int, chance: float) -> None:
    assert 0.5 <= pause_s(failures, chance) <= LONGEST_PAUSE_S


def test_an_outage_is_told_once_and_its_end_once(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "glyphfeed.bridges")
    reach = Reach("The broker at host:1883")
    reach.found()
    for _ in range(3):
        reach.lost("Connection refused")
    reach.found()
    reach.found()
    reach.lost("it does not answer in time")
    assert caplog.messages == [
        "The broker at host:1883 takes no events (Connection refused): they wait in the feed's log until it does.",
        "The broker at host:1883 takes events again, after 0 s.",
        "The broker at host:1883 takes no events (it does not answer in time): they wait in the feed's log until it does.",
    ]
