"""How many reads a second may be spent, by one reader or by several together.  Safe for threads."""

from __future__ import annotations

import threading

LEAST_BURST = 4.0
"""What a purse holds at least: text that may stand either way takes two reads at once."""


class Budget:
    """Reads that several readers share: what the purse of one cannot hold any more, all may spend."""

    def __init__(self, per_s: float = 15.0, burst: float = 20.0, readers: int = 1) -> None:
        """Allow `per_s` reads a second to so many readers together, and about `burst` at once after a rest; how many `readers`
        there are may change at any time.
        """
        self.per_s, self.burst, self.readers = per_s, burst, readers
        self._spare = 0.0
        self._lock = threading.Lock()

    def give(self, reads: float) -> None:
        """Leave reads to all, as many as the other readers' part of a burst; a single reader leaves none."""
        with self._lock:
            self._spare = min(self._spare + reads, self.burst * (1 - 1 / self.readers))

    def take(self, reads: float) -> bool:
        """Spend reads that are left to all, if there are as many."""
        with self._lock:
            if reads > self._spare:
                return False
            self._spare -= reads
            return True


class Purse:
    """One reader's part of a budget, which nobody else can spend; one thread only."""

    def __init__(self, budget: Budget) -> None:
        self._budget = budget
        self._left = self._most

    @property
    def _most(self) -> float:
        return max(self._budget.burst / self._budget.readers, LEAST_BURST)

    def fill(self, seconds: float) -> None:
        """Let this reader's part flow in for so many seconds of its stream time; what does not fit is left to all."""
        self._left += seconds * self._budget.per_s / self._budget.readers
        if self._left > self._most:
            self._budget.give(self._left - self._most)
            self._left = self._most

    def take(self, reads: int) -> bool:
        """Spend so many reads, its own first, if there are as many."""
        if reads > self._left and not self._budget.take(reads - self._left):
            return False
        self._left = max(self._left - reads, 0.0)
        return True
