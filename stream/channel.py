"""The channel between two threads: where one leaves values for the other.

Owns: which values are kept when they come faster than they are taken, and the end.  Does not own threads, nor what flows.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

T = TypeVar("T")


class Channel(Generic[T]):
    """Holds at most `capacity` values that were put and not yet taken, in order; any thread may call anything.

    A live edge puts and keeps the newest, a recorded edge puts in turn and keeps everything.  The guarantee: `close` ends every
    wait, of those who put and those who take, at once and for good.  What lies there at the close may still be taken, and what
    is put after it is ignored.
    """

    def __init__(self, capacity: int = 1) -> None:
        self._capacity = capacity
        self._values: deque[T] = deque()
        self._replaced = 0
        self._nudged = False
        self._closed = False
        self._changed = threading.Condition()

    def put(self, value: T) -> None:
        """Leave a value without ever waiting; where there is no room the oldest is replaced, and counted."""
        with self._changed:
            if self._closed:
                return
            if len(self._values) == self._capacity:
                self._values.popleft()
                self._replaced += 1
            self._values.append(value)
            self._changed.notify_all()

    def put_in_turn(self, value: T) -> bool:
        """Leave a value as soon as there is room; False if the channel was closed and the value is not wanted any more."""
        with self._changed:
            # Ends when a value is taken, or with the close.
            self._changed.wait_for(lambda: self._closed or len(self._values) < self._capacity)
            if self._closed:
                return False
            self._values.append(value)
            self._changed.notify_all()
            return True

    def get(self, timeout_s: float | None = None) -> T | None:
        """Wait for the next value and take it; None after `timeout_s`, a nudge, or at the end (see `ended`)."""
        with self._changed:
            # Ends when a value is put, with a nudge, with the close, or with the time-out.
            self._changed.wait_for(lambda: self._values or self._nudged or self._closed, timeout_s)
            self._nudged = False
            if not self._values:
                return None
            value = self._values.popleft()
            self._changed.notify_all()
            return value

    def take_all(self) -> list[T]:
        """Take everything that lies there, without waiting."""
        with self._changed:
            values = list(self._values)
            self._values.clear()
            self._changed.notify_all()
            return values

    def nudge(self) -> None:
        """End the wait of the one that takes, or its next one, without a value: there is something else to see to."""
        with self._changed:
            self._nudged = True
            self._changed.notify_all()

    def close(self) -> None:
        """Say that no more comes, or that no more is wanted; any number of times."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def __iter__(self) -> Iterator[T]:
        """Take values until the end."""
        while True:
            value = self.get()
            if value is not None:
                yield value
            elif self.ended:
                return

    @property
    def ended(self) -> bool:
        """Whether it is closed and everything was taken."""
        with self._changed:
            return self._closed and not self._values

    @property
    def replaced(self) -> int:
        """How many values were replaced before they were taken."""
        with self._changed:
            return self._replaced
