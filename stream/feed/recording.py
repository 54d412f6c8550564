"""The recording of a feed: each message as one line of a file.

Owns: the file, when it is continued and when another one is begun, and what happens when its disk fills up.  Does not own what is
sent (publisher).
"""

from __future__ import annotations

import logging
import os
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed import wire

if TYPE_CHECKING:
    from pathlib import Path

_log = logging.getLogger("glyphfeed.feed")


@dataclass(frozen=True, slots=True)
class RecordTo:
    """What is to be recorded, and where: `path` is the file that is written to, always.

    With `append` an earlier recording is continued.  Only messages whose topics begin with one of `topics` are kept, where there
    are any.  Before the file would be longer than `most_bytes`, and with `daily` at the first message of a day by the machine's
    clock, it is put aside as NAME-YYYYMMDD-HHMMSS, after its first message, and another one is begun.
    """

    path: Path
    append: bool = False
    topics: tuple[str, ...] = ()
    most_bytes: int | None = None
    daily: bool = False


class Recording:
    """Writes messages to a file, each flushed so that nothing is lost when the program is killed.

    It ends at the first write that fails, with one line in the log; later messages are ignored, and `close` raises.

    Raises:
        FeedError: the file cannot be written, or holds something already that is not to be continued.

    """

    def __init__(self, plan: RecordTo) -> None:
        self._plan = plan
        self._path = plan.path
        self._topics = tuple(topic.encode() for topic in plan.topics)
        self._failure: FeedError | None = None
        self._file: BinaryIO | None = _open(plan)
        self._length = os.fstat(self._file.fileno()).st_size if plan.path.is_file() else 0
        self._begun_at = _begun_at(plan.path) if self._length else None

    def write(self, message: bytes) -> None:
        """Append one message, if its topic is wanted."""
        if self._file is None or (self._topics and not message.startswith(self._topics)):
            return
        line, now = message + b"\n", time.time()
        try:
            if self._is_complete(len(line), now):
                self._file = self._put_aside(self._file)
            self._file.write(line)
            self._file.flush()
        except OSError as error:
            self._fail(error)
            _log.error("%s The feed goes on without it.", self._failure)
        else:
            self._begun_at = self._begun_at or now
            self._length += len(line)

    def _is_complete(self, further: int, now: float) -> bool:
        plan = self._plan
        if self._begun_at is None or not self._length:
            return False
        is_long = plan.most_bytes is not None and self._length + further > plan.most_bytes
        return is_long or (plan.daily and time.localtime(now)[:3] != time.localtime(self._begun_at)[:3])

    def _put_aside(self, file: BinaryIO) -> BinaryIO:
        """Give a complete file a name of its own, and begin another."""
        file.close()
        path = self._path
        stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(self._begun_at))
        name, number = f"{path.stem}-{stamp}", 1
        while (aside := path.with_name(f"{name}{path.suffix}" if number == 1 else f"{name}-{number}{path.suffix}")).exists():
            number += 1
        path.rename(aside)
        self._length, self._begun_at = 0, None
        return path.open("xb")

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


def _open(plan: RecordTo) -> BinaryIO:
    path = plan.path
    try:
        # Devices and pipes hold nothing that could be lost, and neither does an empty file.
        holds = path.is_file() and path.stat().st_size > 0
        if holds and not plan.append:
            raise FeedError(f"There is a file {path} already: continue it with --append, or record elsewhere.")
        if holds:
            _mend(path)
        return path.open("ab" if holds else "wb")
    except FileNotFoundError as error:
        raise FeedError(f"Cannot record to {path}: its directory does not exist; create it or record elsewhere.") from error
    except OSError as error:
        raise FeedError(f"Cannot record to {path}: {error.strerror}; record elsewhere.") from error


def _mend(path: Path) -> None:
    """Cut off a last line without its end, a message that was being written when the program was killed.

    Raises:
        FeedError: this is no recording.

    """
    _begun_at(path)
    with path.open("r+b") as file:
        end = file.seek(0, os.SEEK_END)
        tail = b""
        while end > 0 and b"\n" not in tail:
            begin = max(end - 65_536, 0)
            file.seek(begin)
            tail, end = file.read(end - begin), begin
        file.truncate(end + tail.rfind(b"\n") + 1)


def _begun_at(path: Path) -> float:
    """When the first message of a recording was sent, Unix seconds.

    Raises:
        FeedError: this is no recording.

    """
    with path.open("rb") as file:
        line = file.readline(10_000_000)
    try:
        return float(wire.parse(line).body["published_at"])
    except (FeedError, KeyError, TypeError, ValueError):
        raise FeedError(f"{path} is not a recording of a feed, and cannot be continued; record elsewhere.") from None
