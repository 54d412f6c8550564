"""How many reads a second may be spent, by one reader or by several together.  Safe for threads."""

from __future__ import annotations

import threading


class Budget:
    """A bucket of reads that one reader has, or several of different threads share.

    It holds `burst` reads at most, and fills at `per_s` a second while the time of all `readers` passes as fast as the clock's.
    """

    def __init__(self, per_s: float = 15.0, burst: float = 20.0, readers: int = 1) -> None:
        self.per_s, self.burst = per_s, burst
        self._share = per_s / readers
        self._left = burst
        self._lock = threading.Lock()

    def fill(self, seconds: float) -> None:
        """Let one reader's part flow in for `seconds` of its stream time."""
        with self._lock:
            self._left = min(self._left + seconds * self._share, self.burst)

    def take(self, reads: int) -> bool:
        """Spend so many reads if there are as many."""
        with self._lock:
            if reads > self._left:
                return False
            self._left -= reads
            return True
