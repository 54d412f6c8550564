"""Judging the health of a live source by when its pictures came and whether they differed.

Owns: what counts as live, stalled and lost.  Does not own a clock: time is passed in, in seconds that never go back.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from glyphfeed.stream.records import SourceState

if TYPE_CHECKING:
    from glyphfeed.stream.records import Grey

STALLED_AFTER_S = 1.5
"""Without a picture for this long a source is stalled."""
LOST_AFTER_S = 5.0
"""Without a picture for this long a connection is given up and made anew."""
FROZEN_AFTER_S = 5.0
"""Pictures that have not changed for this long are a stall as well: no sensor repeats itself exactly."""
RENEWED_AFTER_S = 15.0
"""A connection whose pictures have not changed for this long is made anew, once."""
SAMPLING = 4
"""Every fourth pixel of every fourth row is compared: enough for the digits of a burnt-in clock."""


class Health:
    """The state of one live source as a function of its pictures and the time.

    A camera that by habit sends less than two pictures a second is given more time before it counts as stalled.
    """

    def __init__(self) -> None:
        self._seen_s: float | None = None
        self._changed_s = 0.0
        self._interval_s = 0.0
        self._sample: Grey | None = None
        self._renewed = False

    @property
    def was_live(self) -> bool:
        """Whether there has been any picture yet."""
        return self._seen_s is not None

    def see(self, grey: Grey, now_s: float) -> None:
        """Take note of a picture, (height, width) uint8."""
        if self._seen_s is not None:
            interval_s = now_s - self._seen_s
            self._interval_s += (interval_s - self._interval_s) * (0.1 if self._interval_s else 1.0)
        self._seen_s = now_s
        sample = grey[::SAMPLING, ::SAMPLING]
        if self._sample is None or not np.array_equal(sample, self._sample):
            self._sample = sample.copy()
            self._changed_s = now_s
            self._renewed = False

    def judge(self, now_s: float) -> tuple[SourceState, str]:
        """The state at a time, and what is the matter, in words."""
        if self._seen_s is None:
            return SourceState.CONNECTING, "there is no picture yet"
        silence_s = now_s - self._seen_s
        if silence_s > LOST_AFTER_S + self._interval_s:
            return SourceState.CONNECTING, f"there was no picture for {silence_s:.1f} s"
        if silence_s > max(STALLED_AFTER_S, 3 * self._interval_s):
            return SourceState.STALLED, f"there was no picture for {silence_s:.1f} s"
        if self._seen_s - self._changed_s > FROZEN_AFTER_S:
            return SourceState.STALLED, f"the picture has not changed for {self._seen_s - self._changed_s:.0f} s"
        return SourceState.LIVE, "pictures arrive"

    def wants_renewal(self) -> bool:
        """Whether the connection should be made anew because its picture is frozen; says so once for each such picture.

        Only once, because a picture that is still the same over a new connection is what the camera sees.
        """
        if self._renewed or self._seen_s is None or self._seen_s - self._changed_s <= RENEWED_AFTER_S:
            return False
        self._renewed = True
        return True
