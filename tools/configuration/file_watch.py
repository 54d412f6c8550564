"""Noticing that a file has changed, however an editor or a deployment changes it.

Owns: when a change counts.  Does not read the file.  It is looked at, as nothing that notifies is there on every system and
sees through each way of replacing a file.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from pathlib import Path

LOOK_S: Final = 0.5
Mark: TypeAlias = "tuple[int, int, int] | None"


class FileWatch:
    """Looks at a file twice a second, however often it is asked; what is there at the beginning is no change."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.note()
        self._looked_s = time.monotonic()

    def note(self) -> None:
        """Take what is there now for known: it is about to be read."""
        self._known = self._seen = mark_of(self._path)

    def changed(self) -> bool:
        """Whether the file is another than the known one, and has been left alone between two looks.

        While a file is being replaced there may be none, or half of one; where it stays away, that is a change as well.
        """
        now_s = time.monotonic()
        if now_s - self._looked_s < LOOK_S:
            return False
        self._looked_s = now_s
        before, self._seen = self._seen, mark_of(self._path)
        return self._seen == before and self._seen != self._known


def mark_of(path: Path) -> Mark:
    """What differs between one state of a file and the next; None where there is none."""
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_mtime_ns, status.st_ino, status.st_size
