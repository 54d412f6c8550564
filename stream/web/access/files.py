"""Files that only their user can read.

Owns: how they are read and written.  Does not own what they hold (certificates, devices).
"""

from __future__ import annotations

import os
import stat
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed.keys import refuse_shared, writing

if TYPE_CHECKING:
    from pathlib import Path

# Beyond what any chain of certificates holds: a file that is named by mistake may be large, or have no end.
_MOST_BYTES: Final = 262_144


def open_folder(folder: Path) -> None:
    """Make a folder that only this user can enter, where it is not there yet.

    Raises:
        FeedError: it cannot be made, or others can enter it.

    """
    with writing(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        refuse_shared(folder, folder.stat().st_mode)


def content(path: Path, *, secret: bool = False) -> bytes:
    """What a file holds.

    Raises:
        FileNotFoundError: there is none.
        FeedError: it cannot be read, is no regular file, or it is `secret` and others can read it too.

    """
    try:
        # Without waiting: of a pipe that nobody writes to, even the opening does not end.
        with open(path, "rb", opener=lambda name, flags: os.open(name, flags | os.O_NONBLOCK)) as file:
            mode = os.fstat(file.fileno()).st_mode
            if not stat.S_ISREG(mode):
                raise FeedError(f"{path} cannot be read: it is no regular file; name one.")
            if secret:
                refuse_shared(path, mode)
            return file.read(_MOST_BYTES)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise unreadable(path, error) from error


def write(path: Path, content: bytes, *, replace: bool) -> None:
    """Write a file that only this user can read, whole or not at all; one that is there already is replaced, or left alone."""
    unfinished = path.with_suffix(f".{os.getpid()}-{threading.get_ident()}")
    with writing(path):
        unfinished.unlink(missing_ok=True)
        try:
            with os.fdopen(os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            if replace:
                unfinished.replace(path)
            else:
                # Another server may just have written its own: then that one is taken.
                with suppress(FileExistsError):
                    path.hardlink_to(unfinished)
        finally:
            unfinished.unlink(missing_ok=True)


def unreadable(path: Path, error: OSError) -> FeedError:
    """Why a file cannot be read."""
    return FeedError(f"{path} cannot be read: {error.strerror}; check the path and whose it is.")
