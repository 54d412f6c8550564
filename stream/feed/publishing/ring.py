"""The last events of a publisher's run, in memory.

Owns: how many there are of each source.
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from itertools import islice
from typing import Final

RING_EVENTS: Final = 10_000
"""Of each source, some 15 MB."""


class Ring:
    """Holds the last `length` events of each source, with their numbers, which have no gaps; one thread changes it, any asks."""

    def __init__(self, length: int = RING_EVENTS) -> None:
        self._length = length
        self._events: defaultdict[str, deque[tuple[int, bytes]]] = defaultdict(deque)
        self._gone: dict[str, int] = {}
        self._lock = threading.Lock()

    def append(self, source: str, seq: int, body: bytes) -> None:
        """Take in the next event of a source; the oldest goes where there are too many."""
        with self._lock:
            events = self._events[source]
            events.append((seq, body))
            if len(events) > self._length:
                self._gone[source], _ = events.popleft()

    def after(self, source: str, seq: int, limit: int, last: int | None = None) -> tuple[list[tuple[int, bytes]], bool]:
        """The first `limit` of the events of a source that follow a number, or of the `last` so many of them, and whether none of
        those that did is gone.
        """
        with self._lock:
            events = self._events.get(source, ())
            if last is not None and events:
                seq = max(seq, events[-1][0] - last)
            begin = min(max(0, seq + 1 - events[0][0]), len(events)) if events else 0
            return list(islice(events, begin, begin + limit)), seq >= self._gone.get(source, 0)

    def all(self) -> list[tuple[str, int, bytes]]:
        """Every event with its source and number, those of a source in their order."""
        with self._lock:
            return [(source, *event) for source, events in self._events.items() for event in events]

    def gone(self) -> dict[str, int]:
        """The number of the last event that had to go, of each source of which one had to."""
        with self._lock:
            return dict(self._gone)

    def clear(self) -> None:
        """Forget everything, also what had to go."""
        with self._lock:
            self._events.clear()
            self._gone.clear()
