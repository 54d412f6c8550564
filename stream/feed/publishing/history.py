"""What a publisher has told: the last text of each source, and its events.

Owns: where events go, to the disk or, where there is none or it fails, to memory.  Does not own what is asked (answering).
"""

from __future__ import annotations

import logging
import sqlite3
import threading
import time
from typing import TYPE_CHECKING, Final

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed.publishing.answering import PAGE_EVENTS, Page, page
from glyphfeed.stream.feed.publishing.kept import BATCH, KeepIn, KeptEvents
from glyphfeed.stream.feed.publishing.ring import RING_EVENTS, Ring

if TYPE_CHECKING:
    from glyphfeed.stream.feed.wire import Position

_log = logging.getLogger("glyphfeed.feed")

RETRY_S: Final = 1.0
"""So often a disk that has failed is tried again."""
_TENDED_EVENTS: Final = BATCH // 2


class History:
    """Holds the last text of each source and its events: the last `length` of this run or, with `keep`, what its folder may hold.

    One thread adds, one asks.  If the disk fails that is told once, and the last events are held in memory until it takes them,
    or until `close` raises.  Bodies are the JSON of messages as they were sent.

    Raises:
        FeedError: events cannot be kept where they are to be.

    """

    def __init__(self, epoch: str, keep: KeepIn | None = None, length: int = RING_EVENTS) -> None:
        self._epoch = epoch
        self._kept = None if keep is None else KeptEvents(keep, epoch)
        self._ring = Ring(length)
        self._texts: dict[str, bytes] = {}
        self._lock = threading.Lock()
        self._added = 0
        self._failure = ""
        self._retry_s = 0.0

    def add_text(self, source: str, body: bytes) -> None:
        """Take in the newest text of a source."""
        with self._lock:
            self._texts[source] = body

    def add_event(self, source: str, seq: int, body: bytes) -> None:
        """Take in the next event of a source; once this returns, the disk has it."""
        self._ring.append(source, seq, body)
        self._added += 1
        self._settle(tend=self._added % _TENDED_EVENTS == 0)

    def tend(self) -> None:
        """See to the disk, also where nothing happens; to be called about once a second."""
        self._settle(tend=True)

    def _settle(self, *, tend: bool, at_once: bool = False) -> None:
        """Bring what is in memory to the disk, and there let go what is too old."""
        if self._kept is None or (self._failure and not at_once and time.monotonic() < self._retry_s):
            return
        try:
            if events := self._ring.all():
                self._kept.append(events, self._ring.gone())
                self._ring.clear()
            if tend:
                self._kept.tend()
        except sqlite3.Error as error:
            self._retry_s = time.monotonic() + RETRY_S
            if not self._failure:
                _log.error(
                    "Events cannot be kept in %s: %s. The feed goes on, with the last %d of each source in memory till then.",
                    *(self._kept.folder, error, RING_EVENTS),
                )
            self._failure = str(error)
        else:
            if self._failure:
                _log.warning("The events are kept in %s again.", self._kept.folder)
            self._failure = ""

    def texts(self) -> list[bytes]:
        """See `Told.texts`."""
        with self._lock:
            return list(self._texts.values())

    def after(self, source: str, position: Position, last: int | None = None) -> Page:
        """See `Told.after`.

        Raises:
            FeedError: what was kept cannot be read.

        """
        since = position.seq if position.epoch == self._epoch else 0
        # Before the disk is read: what moves there meanwhile is found twice, and not never.
        later, whole = self._ring.after(source, since, PAGE_EVENTS + 1, last if self._kept is None else None)
        if self._kept is None:
            # How an epoch ended that is not known nobody can tell.
            return page((body for _, body in later), complete=whole and position.epoch in ("", self._epoch))
        return self._kept.after(source, position, later, last, whole=whole)

    def close(self) -> None:
        """Close what is kept; twice is fine.

        Raises:
            FeedError: it is incomplete; everything is closed nevertheless, and a second call raises no more.

        """
        self._settle(tend=False, at_once=True)
        kept, self._kept = self._kept, None
        if kept is not None:
            kept.close()
            if self._failure:
                raise FeedError(f"The events kept in {kept.folder} are incomplete: {self._failure}.")
