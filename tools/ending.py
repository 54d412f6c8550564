"""An end that waits until what is under way is whole: for loops that Ctrl-C must not cut in two."""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def ending() -> Iterator[list[int]]:
    """Let Ctrl-C and SIGTERM only leave a note of themselves, so that nothing is cut in two; a second one ends at once.

    The list that is yielded holds the signal once there was one.  To be used in the main thread.
    """
    ended: list[int] = []
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}

    def put_back() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def end(number: int, _: object) -> None:
        ended.append(number)
        put_back()

    for number in before:
        signal.signal(number, end)
    try:
        yield ended
    finally:
        put_back()
