"""Holding a file, so that no two programs write what belongs to it.

Owns: the lock.  Does not own the file, nor what the second program is told.
"""

from __future__ import annotations

import sys
from typing import IO, Any


def lock(file: IO[Any]) -> None:
    """Hold an open file until it is closed, or until the program is gone, however it ends.

    On Windows, which has another kind of locks, nothing is held.

    Raises:
        BlockingIOError: another program holds it.

    """
    if sys.platform != "win32":
        # Not there at all on Windows.
        import fcntl

        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
