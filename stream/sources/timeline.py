"""Placing pictures in time: one growing clock out of stamps that may be missing, repeated, or jump."""

from __future__ import annotations

import math

GLITCH_S = 1.0
"""A stamp that is older than the last by no more than this is a glitch, and the clock it belongs to is still good."""


class Timeline:
    """Turns the stamps of a stream into seconds from its first picture that grow with every picture."""

    def __init__(self) -> None:
        self._last: float | None = None
        self._offset: float | None = None

    def place(self, stamp: float | None, step_s: float, leap_s: float = math.inf) -> float:
        """The time of the next picture, in seconds; 0 for the first.

        `stamp` is its time on the stream's own clock, None if it has none.  `step_s` is how long after the last picture it
        is taken to be when the stamp is of no use: missing, going back, or more than `leap_s` ahead.
        """
        if self._last is None:
            time = 0.0
        elif stamp is None or self._offset is None:
            time = self._last + max(step_s, 1e-3)
        else:
            time = stamp + self._offset
            if self._last - GLITCH_S <= time <= self._last:
                # Half a step, so that the next good stamp is ahead again; the clock itself is kept.
                self._last += max(step_s, 1e-3) / 2
                return self._last
            if not self._last < time <= self._last + leap_s:
                time = self._last + max(step_s, 1e-3)
        self._offset = None if stamp is None else time - stamp
        self._last = time
        return time

    def restart(self) -> None:
        """The stream's clock begins anew, as after a reconnection: the next picture is placed by its step alone."""
        self._offset = None
