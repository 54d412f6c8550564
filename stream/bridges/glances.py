"""Pictures of cameras now and then, of a feed that makes them only for who subscribes.

Owns: when they are subscribed to: until each camera has given one, and no longer, as else every frame would be made a picture for
the sake of one in hundreds.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from glyphfeed.stream.feed.receiving.client import Feed

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from glyphfeed.stream.feed.wire import Message

GLANCE_S: Final = 3.0
"""For the connection, and for a frame to be processed; a camera that gives none in this time is looked at the next time."""


class Glances:
    """Looks at cameras every so many seconds."""

    def __init__(self, endpoint: str, keys: Path | None, every_s: float) -> None:
        self._endpoint, self._keys, self._every_s = endpoint, keys, every_s
        self._feed: Feed | None = None
        self._missing: set[str] = set()
        self._next_at = self._until = 0.0

    def take(self, sources: Collection[str]) -> list[Message]:
        """The `picture/` messages that are here, one of each of these cameras at a look; waits for none.

        Raises:
            FeedError: what comes is no feed.

        """
        now = time.monotonic()
        if self._feed is None and sources and now >= self._next_at:
            self._next_at, self._until, self._missing = now + self._every_s, now + GLANCE_S, {*sources}
            self._feed = Feed(self._endpoint, [f"picture/{source} " for source in sorted(sources)], keys=self._keys)
        if self._feed is None:
            return []
        got = []
        while self._missing and (message := self._feed.receive(0)) is not None:
            if message.source in self._missing:
                self._missing.remove(message.source)
                got.append(message)
        if not self._missing or now > self._until:
            self.close()
        return got

    def close(self) -> None:
        """Look no more; twice is fine."""
        if self._feed is not None:
            self._feed.close()
            self._feed = None
