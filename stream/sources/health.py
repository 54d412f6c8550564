"""Judging the health of a live source by when its pictures came and whether they differed.

Owns: what counts as live, stalled and lost.  Does not own a clock: time is passed in, in seconds that never go back.
"""

from __future__ import annotations

from collections import deque
from statistics import median
from typing import TYPE_CHECKING

import numpy as np

from glyphfeed.stream.records import SourceState

if TYPE_CHECKING:
    from glyphfeed.stream.records import Grey

STALLED_AFTER_S = 1.5
"""Without a picture for this long a source is stalled."""
LOST_AFTER_S = 5.0
"""Without a picture for this long a connection is given up and made anew."""
SLOW_S = 12.0
"""After a single picture nobody knows how often one comes: so long the next one may take."""
FROZEN_AFTER_S = 5.0
"""Pictures of a sensor that have not changed for this long are a stall as well: no sensor repeats itself exactly."""
RENEWED_AFTER_S = 15.0
"""A connection whose pictures have not changed for this long is made anew, once."""
LIVELY = 0.8
"""So many of a sensor's pictures differ from the one before; what is drawn, or smoothed by a codec, stands still now and then."""
SHARE = 0.1
"""How much the newest picture counts in that."""
HABIT = 9
"""So many intervals tell how often pictures come; in their median an outage counts no more than any other."""
SAMPLING = 4
"""Every fourth pixel of every fourth row is compared: enough for the digits of a burnt-in clock."""


class Health:
    """The state of one live source as a function of its pictures and the time.

    A camera that by habit sends less than two pictures a second is given more time before it counts as stalled.  A picture that
    stands still is a stall only where pictures always differed before, and only until it is the same over a new connection as
    well: then it is what the camera shows, and such a camera is not suspected again.
    """

    def __init__(self) -> None:
        self._seen_s: float | None = None
        self._changed_s = 0.0
        self._intervals_s: deque[float] = deque(maxlen=HABIT)
        self._sample: Grey | None = None
        self._repeats = 0
        self._lively = 0.0
        self._renewed = False
        self._may_stand = False

    @property
    def was_live(self) -> bool:
        """Whether there has been any picture yet."""
        return self._seen_s is not None

    def see(self, grey: Grey, now_s: float) -> None:
        """Take note of a picture, (height, width) uint8."""
        if self._seen_s is not None:
            self._intervals_s.append(now_s - self._seen_s)
        self._seen_s = now_s
        sample = grey[::SAMPLING, ::SAMPLING]
        if self._sample is not None and np.array_equal(sample, self._sample):
            self._repeats += 1
            self._may_stand |= self._renewed
            return
        self._sample = sample.copy()
        self._changed_s = now_s
        # The repetitions count only now that they are over, so that a picture that stands is judged by what was before it.
        self._lively = self._lively * (1 - SHARE) ** (self._repeats + 1) + SHARE
        self._repeats = 0
        self._renewed = False

    def judge(self, now_s: float, *, broken: bool = False) -> tuple[SourceState, str]:
        """The state at a time, and what is the matter, in words that hold as long as it; `broken` is whether the connection is
        known to be.
        """
        if self._seen_s is None:
            return SourceState.CONNECTING, "there is no picture yet"
        silence_s, patience_s = now_s - self._seen_s, self._patience_s(broken=broken)
        if silence_s > patience_s + LOST_AFTER_S - STALLED_AFTER_S:
            return SourceState.CONNECTING, "no picture comes"
        if silence_s > patience_s:
            return SourceState.STALLED, "no picture comes"
        if self._is_suspect and self._still_s > FROZEN_AFTER_S:
            return SourceState.STALLED, "the picture does not change"
        return SourceState.LIVE, "pictures arrive" if not self._renewed else "the picture is the same over a new connection"

    def _patience_s(self, *, broken: bool) -> float:
        if not self._intervals_s:
            return STALLED_AFTER_S if broken else SLOW_S
        return max(STALLED_AFTER_S, 3 * median(self._intervals_s))

    @property
    def _is_suspect(self) -> bool:
        """Whether a picture that stands still would be out of the ordinary."""
        return self._lively > LIVELY and not self._may_stand

    @property
    def _still_s(self) -> float:
        return 0.0 if self._seen_s is None else self._seen_s - self._changed_s

    def wants_renewal(self) -> bool:
        """Whether the connection should be made anew because its picture is frozen; says so once for each such picture.

        Only once, because a picture that is still the same over a new connection is what the camera sees.
        """
        if self._renewed or not self._is_suspect or self._still_s <= RENEWED_AFTER_S:
            return False
        self._renewed = True
        return True
