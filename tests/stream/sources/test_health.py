"""A live source is judged by time alone; a minute passes here in no time."""

from __future__ import annotations

import numpy as np
import pytest

from glyphfeed.stream.records import SourceState
from glyphfeed.stream.sources.health import Health


def picture(value: int) -> np.ndarray:
    return np.full((48, 64), value % 256, np.uint8)


def watched(seconds: float, fps: float = 25) -> tuple[Health, float]:
    """The health of a source after some seconds of pictures, and the time of the last."""
    health = Health()
    times = np.arange(0, seconds, 1 / fps)
    for number, time_s in enumerate(times):
        health.see(picture(number), float(time_s))
    return health, float(times[-1])


def test_nothing_seen_is_connecting() -> None:
    assert Health().judge(100.0)[0] is SourceState.CONNECTING


def test_a_silence_is_noticed_within_two_seconds_and_given_up_after_five() -> None:
    health, last_s = watched(10)
    assert health.judge(last_s + 1.4)[0] is SourceState.LIVE
    assert health.judge(last_s + 2.0)[0] is SourceState.STALLED
    assert health.judge(last_s + 5.5)[0] is SourceState.CONNECTING


def test_a_picture_after_a_silence_is_live() -> None:
    health, last_s = watched(10)
    health.see(picture(7), last_s + 3)
    assert health.judge(last_s + 3)[0] is SourceState.LIVE


def test_a_slow_camera_is_not_stalled_between_two_pictures() -> None:
    health, last_s = watched(60, fps=0.5)
    assert health.judge(last_s + 2.1)[0] is SourceState.LIVE
    assert health.judge(last_s + 6.5)[0] is SourceState.STALLED


def test_a_camera_that_sends_a_picture_every_eight_seconds_is_live_from_the_first() -> None:
    health = Health()
    for number in range(4):
        health.see(picture(number), 8.0 * number)
        assert health.judge(8.0 * number + 7.9)[0] is SourceState.LIVE
    assert health.judge(24.0 + 25.0)[0] is SourceState.STALLED
    assert health.judge(24.0 + 30.0)[0] is SourceState.CONNECTING


def test_after_a_single_picture_a_connection_that_broke_is_no_slow_camera() -> None:
    health = Health()
    health.see(picture(0), 0.0)
    assert health.judge(2.0)[0] is SourceState.LIVE
    assert health.judge(2.0, broken=True)[0] is SourceState.STALLED


def test_an_outage_does_not_make_a_slow_camera_of_a_quick_one() -> None:
    health, last_s = watched(10)
    for number in range(5):
        health.see(picture(number), last_s + 60 + number / 25)
    assert health.judge(last_s + 62.5)[0] is SourceState.STALLED


def frozen(seconds: float) -> tuple[Health, float]:
    """The health of a camera whose picture stands still for some seconds after it always changed, and the time of the last."""
    health, begun_s = watched(4)
    return health, repeat(health, begun_s, seconds)


def repeat(health: Health, begun_s: float, seconds: float) -> float:
    """Show the same picture for some seconds; the time of the last."""
    times = np.arange(begun_s + 0.04, begun_s + seconds, 0.04)
    for time_s in times:
        health.see(picture(99), float(time_s))
    return float(times[-1])


def test_a_sensor_s_picture_that_stands_still_is_a_stall_and_renewed_once() -> None:
    health, last_s = frozen(4.9)
    assert health.judge(last_s)[0] is SourceState.LIVE
    health, last_s = frozen(5.3)
    assert health.judge(last_s)[0] is SourceState.STALLED
    assert not health.wants_renewal()
    health, last_s = frozen(15.3)
    assert health.wants_renewal()
    assert not health.wants_renewal()


def test_what_is_the_same_over_a_new_connection_is_what_the_camera_shows() -> None:
    health, last_s = frozen(15.3)
    assert health.wants_renewal()
    health.see(picture(99), last_s + 1)
    state, detail = health.judge(last_s + 1)
    assert (state, detail) == (SourceState.LIVE, "the picture is the same over a new connection")
    # Such a camera is not suspected again.
    for number in range(100):
        health.see(picture(number), last_s + 2 + number / 25)
    last_s = repeat(health, last_s + 6, 20)
    assert health.judge(last_s)[0] is SourceState.LIVE
    assert not health.wants_renewal()


@pytest.mark.parametrize("changes_every", [10_000, 25, 2])
def test_a_drawn_picture_may_stand_still(changes_every: int) -> None:
    health = Health()
    for number in range(1000):
        health.see(picture(number // changes_every), number / 25)
    last_s = repeat(health, 40, 20)
    assert health.judge(last_s)[0] is SourceState.LIVE
    assert not health.wants_renewal()


def test_a_change_of_the_frozen_picture_is_live_at_once() -> None:
    health, last_s = frozen(8)
    health.see(picture(1), last_s + 0.04)
    assert health.judge(last_s + 0.04)[0] is SourceState.LIVE


def test_a_change_of_size_is_a_change() -> None:
    health, last_s = frozen(8)
    health.see(np.zeros((24, 32), np.uint8), last_s + 0.04)
    assert health.judge(last_s + 0.04)[0] is SourceState.LIVE
