"""When the pictures of a stream are due that do not come one by one.

Owns: the waits between them.  Does not own where they come from, nor their place in time (timeline).
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import threading

LONGEST_S = 15.0
"""So long is waited for a picture at most: HLS sends seconds of video at once."""
READY = 0.25
"""A picture that was waited for this share of the time between two came together with the one before."""
BUNCHED = 0.25
"""Where a larger share of pictures comes together with the one before, they are evened out: of a sender with B-frames half or
more do, of a camera over a poor network one in ten."""
SHARE = 0.1
"""How much the newest picture counts in that."""
WINDOW_S = 2.0
"""The latest picture of so many seconds tells how late the others may be."""
OPENING_S = 0.5
"""So long after the first picture they may come at once because they lay there while the stream was opened."""
ARRIVED_S = 0.001
"""A picture that was waited for this long has come just then."""
SPREAD_S = 0.5
"""More than so much later than the earliest they are not made, whatever one of them was."""


class Pace(Protocol):
    """Waits until pictures are due, in the order in which they come."""

    def await_turn(self, stamp: float | None, waited_s: float) -> None:
        """Wait until the picture of a stamp on the stream's own clock is due, which had to be waited for so long."""
        ...


class ByClock:
    """Shows the pictures of a stream that sends seconds at once when they are due by their own clock."""

    def __init__(self, abandoned: threading.Event) -> None:
        self._abandoned = abandoned
        self._start_s: float | None = None

    def await_turn(self, stamp: float | None, waited_s: float) -> None:  # noqa: ARG002
        """See `Pace.await_turn`; where it is late, or its clock has jumped, the clock is set by it."""
        if stamp is None:
            return
        now_s = time.monotonic()
        if self._start_s is None or not -0.5 < self._start_s + stamp - now_s < LONGEST_S:
            self._start_s = now_s - stamp
        # Ends when the connection is abandoned, and is never longer than the bound above.
        self._abandoned.wait(max(self._start_s + stamp - now_s, 0.0))


class Evenly:
    """Spreads the pictures of a live stream that come in bunches over the time that their stamps say; others pass at once.

    A server that sends a picture when it is due to be shown sends those with it that were needed for it, and are shown later: a
    bunch for every group of B-frames.  The first of a bunch is shown at once, so that nothing comes later than it has to.
    """

    def __init__(self, abandoned: threading.Event) -> None:
        self._abandoned = abandoned
        self._stamp: float | None = None
        self._bunched = 0.0
        self._begun_s: float | None = None
        self._has_held = False
        self._lags: deque[tuple[float, float]] = deque()

    def await_turn(self, stamp: float | None, waited_s: float) -> None:
        """See `Pace.await_turn`."""
        if stamp is None:
            return
        now_s, last, self._stamp = time.monotonic(), self._stamp, stamp
        self._begun_s = self._begun_s or now_s
        if now_s - self._begun_s < OPENING_S:
            return
        while self._lags and self._lags[0][0] < now_s - WINDOW_S:
            self._lags.popleft()
        if last is None or not 0 < stamp - last < WINDOW_S:
            self._lags.clear()
        else:
            self._bunched += SHARE * ((waited_s < READY * (stamp - last)) - self._bunched)
        if waited_s > ARRIVED_S or not self._has_held:
            # When others came is not known: they lay there while the one before was held back.
            self._lags.append((now_s, now_s - stamp))
        self._has_held = False
        if self._bunched > BUNCHED and self._lags:
            lags = [lag for _, lag in self._lags]
            hold_s = stamp + min(max(lags), min(lags) + SPREAD_S) - now_s
            self._has_held = hold_s > 0
            # Ends when the connection is abandoned, and is never longer than the spread.
            self._abandoned.wait(max(hold_s, 0.0))
