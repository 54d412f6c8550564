"""Keeping what is told for a while before it is passed on, all in its order.

Owns: when something is due, and the thread that passes on what is by the clock.  Does not own what it is (stage).
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")
S = TypeVar("S")


class Holding(Generic[T]):
    """Passes on what is put when it is due: by the clock in a thread of its own, or when `advance` says that time has gone on.

    What was put first is passed on first, whatever its time.  Nothing is held, and no thread begun, before something is put that
    is not due at once; who puts that passes it on.  An error of `pass_on` is raised to the next one who puts, or by `close`.
    """

    def __init__(self, pass_on: Callable[[T], None], *, by_clock: bool) -> None:
        self._pass_on = pass_on
        self._by_clock = by_clock
        self._held: deque[tuple[float, T]] = deque()
        self.changed = threading.Condition(threading.RLock())
        """Held by whoever looks at what is held or changes it; not while something is passed on."""
        self._thread: threading.Thread | None = None
        self._hurries = self._ends = False
        self._error: BaseException | None = None

    def put(self, value: T, due_s: float, now_s: float) -> None:
        """Leave a value that is due at a time, on the clock or in the stream."""
        self._raise()
        with self.changed:
            due_s = now_s if self._hurries else due_s
            if due_s > now_s and self._thread is None and self._by_clock:
                self._thread = threading.Thread(target=self._run, name="glyphfeed-delay", daemon=False)
                self._thread.start()
            direct = self._thread is None and not self._held and due_s <= now_s
            if not direct:
                self._held.append((due_s, value))
                self.changed.notify_all()
        if direct:
            self._pass_on(value)

    def held(self) -> Iterator[T]:
        """What is held, the newest first; only while `changed` is held."""
        return (value for _, value in reversed(self._held))

    def take_back(self, kind: type[S]) -> S | None:
        """Take back the newest that is held of a kind; None where there is none."""
        with self.changed:
            for place in reversed(range(len(self._held))):
                if isinstance(value := self._held[place][1], kind):
                    del self._held[place]
                    return value
        return None

    def advance(self, now_s: float) -> None:
        """Pass on what is due at a time of the stream."""
        while (value := self._take(now_s)) is not None:
            self._pass_on(value)

    def release(self) -> bool:
        """Pass on the oldest, whatever its time; whether there was one."""
        if (value := self._take(math.inf)) is None:
            return False
        self._pass_on(value)
        return True

    def hurry(self) -> None:
        """Pass everything on that is held, and what comes from now on, at once: by this thread, or by the one that goes by the
        clock.
        """
        with self.changed:
            self._hurries = True
            self._held = deque((-math.inf, value) for _, value in self._held)
            self.changed.notify_all()
        if self._thread is None:
            self.advance(0.0)

    def close(self) -> None:
        """Pass everything on, by the clock when its time has come, and end the thread; twice is fine.

        Raises:
            Exception: what `pass_on` failed with.

        """
        with self.changed:
            self._ends = True
            self.changed.notify_all()
        if self._thread is not None:
            self._thread.join()
            self._raise()
        # Where the thread has failed something is left.
        self.advance(math.inf)

    def _take(self, now_s: float) -> T | None:
        with self.changed:
            return self._held.popleft()[1] if self._held and self._held[0][0] <= now_s else None

    def _run(self) -> None:
        try:
            while self._wait():
                self.advance(time.monotonic())
        except BaseException as error:
            self._error = error

    def _wait(self) -> bool:
        """Wait until the oldest is due; whether there is one, which is not so after the end."""
        with self.changed:
            # Ends when something is put, with the oldest one's time, or with the close.
            while not (self._held and self._held[0][0] <= time.monotonic()):
                if self._ends and not self._held:
                    return False
                self.changed.wait(self._held[0][0] - time.monotonic() if self._held else None)
            return True

    def _raise(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            raise error
