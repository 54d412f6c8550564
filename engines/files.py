"""Files that must be whole: their sums, and how they are written."""

from __future__ import annotations

import hashlib
import os
import secrets
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def sum_of(path: Path) -> str:
    """SHA-256 sum of a file, hexadecimal; about 1 ms per MB.

    Raises:
        OSError: it cannot be read.

    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that nobody ever sees a part of it, and several processes may do it at once.

    Raises:
        OSError: it cannot be written; nothing is left then.

    """
    # Not a temporary file of Python's: those are their maker's alone, and a cache may be shared.
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with part.open("xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
