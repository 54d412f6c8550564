"""A live source is judged by time alone; a minute passes here in no time."""

from __future__ import annotations

import numpy as np

from glyphfeed.stream.records import SourceState
from glyphfeed.stream.sources.health import Health


def picture(value: int) -> np.ndarray:
    return np.full((48, 64), value % 256, np.uint8)


def watched(seconds: float, fps: float = 25, frozen: bool = False) -> tuple[Health, float]:
    """The health of a source after some seconds of pictures, and the time of the last."""
    health = Health()
    times = np.arange(0, seconds, 1 / fps)
    for number, time_s in enumerate(times):
        health.see(picture(0 if frozen else number), float(time_s))
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


def test_a_frozen_picture_is_a_stall_and_renewed_once() -> None:
    health, last_s = watched(4.9, frozen=True)
    assert health.judge(last_s)[0] is SourceState.LIVE
    health, last_s = watched(5.2, frozen=True)
    assert health.judge(last_s)[0] is SourceState.STALLED
    assert not health.wants_renewal()
    health, last_s = watched(15.2, frozen=True)
    assert health.wants_renewal()
    assert not health.wants_renewal()


def test_a_change_of_the_frozen_picture_is_live_at_once() -> None:
    health, last_s = watched(8, frozen=True)
    health.see(picture(1), last_s + 0.04)
    assert health.judge(last_s + 0.04)[0] is SourceState.LIVE


def test_a_change_of_size_is_a_change() -> None:
    health, last_s = watched(8, frozen=True)
    health.see(np.zeros((24, 32), np.uint8), last_s + 0.04)
    assert health.judge(last_s + 0.04)[0] is SourceState.LIVE
