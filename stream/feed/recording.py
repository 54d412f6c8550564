"""The recording of a feed: each message as one line of a file.

Owns: the file and what happens when its disk fills up.  Does not own what is recorded (publisher).
"""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO

from glyphfeed.stream.errors import FeedError

if TYPE_CHECKING:
    from pathlib import Path

_log = logging.getLogger("glyphfeed.feed")


class Recording:
    """Writes messages to a file, replacing what it held, each flushed so that nothing is lost when the program is killed.

    It ends at the first write that fails, with one line in the log; later messages are ignored, and `close` raises.

    Raises:
        FeedError: the file cannot be written.

    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._failure: FeedError | None = None
        self._file: BinaryIO | None = _open(path)

    def write(self, message: bytes) -> None:
        """Append one message."""
        if self._file is None:
            return
        try:
            self._file.write(message + b"\n")
            self._file.flush()
        except OSError as error:
            self._fail(error)
            _log.error("%s The feed goes on without it.", self._failure)

    def close(self) -> None:
        """Close the file; twice is fine.

        Raises:
            FeedError: the recording is incomplete; a second call raises no more.

        """
        if self._file is not None:
            try:
                self._file.close()
            except OSError as error:
                self._fail(error)
            self._file = None
        failure, self._failure = self._failure, None
        if failure is not None:
            raise failure

    def _fail(self, error: OSError) -> None:
        """Give the file up, keeping the reason for `close`."""
        self._failure = FeedError(f"The recording {self._path} is incomplete: {error.strerror}.")
        file, self._file = self._file, None
        if file is not None:
            # Closing tries once more to write what is left in the buffer.
            with suppress(OSError):
                file.close()


def _open(path: Path) -> BinaryIO:
    try:
        return path.open("wb")
    except FileNotFoundError as error:
        raise FeedError(f"Cannot record to {path}: its directory does not exist; create it or record elsewhere.") from error
    except OSError as error:
        raise FeedError(f"Cannot record to {path}: {error.strerror}; record elsewhere.") from error
