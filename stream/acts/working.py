"""Threads that do one thing after the other, and never keep waiting who asks for it.

Owns: how much may wait, and that what is left out or fails is told once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Final

from glyphfeed.engines.errors import GlyphfeedError

if TYPE_CHECKING:
    from collections.abc import Callable

MOST_WAITING: Final = 100

_log = logging.getLogger("glyphfeed.acts")


class Worker:
    """Does what is put in by so many threads, which begin when there is something to do; `what` it is begins a sentence.

    At the end each thread calls `leave`.  A job that cannot be done raises a GlyphfeedError or an OSError, whose sentence is told
    the first time.
    """

    def __init__(self, what: str, threads: int = 1, leave: Callable[[], None] = lambda: None) -> None:
        self._what, self._most, self._leave = what, threads, leave
        self._jobs: deque[Callable[[], None]] = deque()
        self._changed = threading.Condition()
        self._threads: list[threading.Thread] = []
        self._idle = 0
        self._closed = False
        self._told: set[str] = set()

    def put(self, job: Callable[[], None]) -> None:
        """Have something done, unless too much waits; returns at once."""
        with self._changed:
            if self._closed:
                return
            if len(self._jobs) >= MOST_WAITING:
                self._tell(f"{self._what}: more is asked for than can be done, and some of it is left out")
                return
            self._jobs.append(job)
            if self._idle < len(self._jobs) and len(self._threads) < self._most:
                thread = threading.Thread(target=self._work, name="glyphfeed-act", daemon=True)
                self._threads.append(thread)
                thread.start()
            self._changed.notify()

    def close(self, until_s: float) -> None:
        """Take no more, and wait for what is to be done until a time of the monotonic clock."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        for thread in self._threads:
            thread.join(max(until_s - time.monotonic(), 0))
        if self._jobs:
            self._tell(f"{self._what}: {len(self._jobs)} of what was asked for is left out, as this ends")

    def _work(self) -> None:
        while (job := self._next()) is not None:
            try:
                job()
            except (GlyphfeedError, OSError) as error:
                self._tell(f"{self._what}: {error}")
        self._leave()

    def _next(self) -> Callable[[], None] | None:
        with self._changed:
            self._idle += 1
            while not self._jobs and not self._closed:
                self._changed.wait()
            self._idle -= 1
            return self._jobs.popleft() if self._jobs else None

    def _tell(self, sentence: str) -> None:
        if sentence not in self._told:
            self._told.add(sentence)
            _log.warning("%s", sentence)
