"""What a publisher has told: the last text of each source, and its last events.

Owns: how far back the events reach.  Does not own what is asked of them (answering).
"""

from __future__ import annotations

import threading
from collections import defaultdict, deque
from itertools import islice
from typing import TYPE_CHECKING, Final

from glyphfeed.stream.feed.answering import PAGE_EVENTS, Page, page

if TYPE_CHECKING:
    from glyphfeed.stream.feed.wire import Position

RING_EVENTS: Final = 10_000
"""Of each source, some 15 MB."""


class History:
    """Holds the last text of each source, and its last `length` events of this run; one thread adds, any thread asks.

    Bodies are the JSON of messages as they were sent.
    """

    def __init__(self, epoch: str, length: int = RING_EVENTS) -> None:
        self._epoch = epoch
        self._texts: dict[str, bytes] = {}
        self._events: defaultdict[str, deque[tuple[int, bytes]]] = defaultdict(lambda: deque(maxlen=length))
        self._lock = threading.Lock()

    def add_text(self, source: str, body: bytes) -> None:
        """Take in the newest text of a source."""
        with self._lock:
            self._texts[source] = body

    def add_event(self, source: str, seq: int, body: bytes) -> None:
        """Take in the next event of a source."""
        with self._lock:
            self._events[source].append((seq, body))

    def texts(self) -> list[bytes]:
        """See `Told.texts`."""
        with self._lock:
            return list(self._texts.values())

    def after(self, source: str, position: Position) -> Page:
        """See `Told.after`."""
        since = position.seq if position.epoch == self._epoch else 0
        with self._lock:
            events = self._events.get(source)
            if not events:
                return Page((), complete=True, more=False)
            first = events[0][0]
            # Numbers have no gaps here.
            begin = min(max(0, since + 1 - first), len(events))
            following = list(islice(events, begin, begin + PAGE_EVENTS + 1))
        return page((body for _, body in following), complete=since + 1 >= first)
