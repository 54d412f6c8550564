"""The recording of a feed: each message as one line of a file, which is compressed where its name ends in .gz.

Owns: the file, when it is continued and when another one is begun, what happens when its disk fills up, and reading it.  Does not
own what is sent (publisher), nor the format of compressed files (compression).
"""

from __future__ import annotations

import glob
import logging
import os
import time
import zlib
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, BinaryIO, Final, TypeAlias, cast

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed import wire
from glyphfeed.stream.feed.recordings.compression import GzipWriter, is_gzip, lines_of
from glyphfeed.stream.feed.wire import Position

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

File: TypeAlias = BinaryIO | GzipWriter

_COMPRESSED: Final = ".gz"
# YYYYMMDD-HHMMSS, for glob.
_DATE: Final = f"{'[0-9]' * 8}-{'[0-9]' * 6}"
_log = logging.getLogger("glyphfeed.feed")


@dataclass(frozen=True, slots=True)
class RecordTo:
    """What is to be recorded, and where: `path` is the file that is written to, always, compressed if it ends in `.gz`.

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
        self._file: File | None = _open(plan)
        self._length = plan.path.stat().st_size if plan.path.is_file() else 0
        self._begun_at = _begun_at(plan.path) if self._length else None

    def write(self, message: bytes) -> None:
        """Append one message, if its topic is wanted."""
        if self._file is None or (self._topics and not message.startswith(self._topics)):
            return
        line, now = message + b"\n", time.time()
        try:
            if self._is_complete(len(line), now):
                self._file = self._put_aside(self._file)
            further = self._file.write(line)
            self._file.flush()
        except OSError as error:
            self._fail(error)
            _log.error("%s The feed goes on without it.", self._failure)
        else:
            self._begun_at = self._begun_at or now
            self._length += further

    @property
    def has_failed(self) -> bool:
        """Whether it has ended because its file could not be written."""
        return self._failure is not None

    def _is_complete(self, further: int, now: float) -> bool:
        plan = self._plan
        if self._begun_at is None or not self._length:
            return False
        is_long = plan.most_bytes is not None and self._length + further > plan.most_bytes
        return is_long or (plan.daily and time.localtime(now)[:3] != time.localtime(self._begun_at)[:3])

    def _put_aside(self, file: File) -> File:
        """Give a complete file a name of its own, and begin another."""
        file.close()
        path = self._path
        stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(self._begun_at))
        stem, suffix = _parted(path)
        name, number = f"{stem}-{stamp}", 1
        while (aside := path.with_name(f"{name}{suffix}" if number == 1 else f"{name}-{number}{suffix}")).exists():
            number += 1
        path.rename(aside)
        self._length, self._begun_at = 0, None
        return _writer(path, "xb")

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


def is_compressed(path: Path) -> bool:
    """Whether what is recorded there is compressed, by its name."""
    return path.suffix == _COMPRESSED


def read_lines(path: Path) -> Iterator[bytes]:
    """Yield the lines of a recording, compressed or not, with their ends; the last one has none where it was cut.

    Raises:
        FeedError: it cannot be read, or is damaged.

    """
    read = 0
    try:
        with path.open("rb") as file, suppress(EOFError):
            for line in lines_of(file):
                yield line
                read += 1
    except (OSError, zlib.error) as error:
        reason = error.strerror if isinstance(error, OSError) else f"it is damaged after line {read}"
        raise FeedError(f"The recording {path} cannot be read: {reason}.") from error


def read_messages(path: Path) -> Iterator[wire.Message]:
    """Yield the messages of a recording, without a last one that was cut.

    Raises:
        FeedError: it cannot be read, or one of its lines is no message.

    """
    for number, line in enumerate(read_lines(path), start=1):
        try:
            yield wire.parse(line.removesuffix(b"\n"))
        except FeedError:
            if line.endswith(b"\n"):
                raise FeedError(
                    f"Line {number} of {path} is no message of a feed, version {wire.VERSION}: name a recording."
                ) from None


def positions(path: Path) -> dict[str, Position]:
    """After which event of each source a recording is to be continued.

    Files that were put aside are looked at where the newest does not say so of all sources.

    Raises:
        FeedError: one of the files cannot be read.

    """
    found: dict[str, Position] = {}
    for part in reversed(parts(path)):
        first, last = {}, {}
        for line in read_lines(part):
            if line.startswith(b"event/") and (event := _parsed(line)) is not None:
                last[event.source] = event.position
            elif line.startswith(b"status/") and (status := _parsed(line)) is not None and status.source not in first:
                # Where no event follows, this many there had been: later ones may have been told of and not have come.
                first[status.source] = Position(status.epoch, int(status.body.get("last_event_seq", 0)))
        found = {**first, **last, **found}
        if first:
            # Statuses name all sources.
            break
    return found


def _parsed(line: bytes) -> wire.Message | None:
    try:
        return wire.parse(line)
    except FeedError:
        return None


def parts(path: Path) -> list[Path]:
    """The files of a recording, oldest first: those that were put aside, and the one that is written to."""
    stem, suffix = _parted(path)
    dated = f"{glob.escape(stem)}-{_DATE}*{glob.escape(suffix)}"
    aside = sorted(path.parent.glob(dated), key=lambda part: part.stat().st_mtime_ns)
    return [part for part in (*aside, path) if part.is_file()]


def _parted(path: Path) -> tuple[str, str]:
    """Part the name of a file, so that a date can come in between."""
    suffix = "".join(path.suffixes[-2:]) if is_compressed(path) else path.suffix
    return path.name.removesuffix(suffix), suffix


def _open(plan: RecordTo) -> File:
    path = plan.path
    try:
        # Devices and pipes hold nothing that could be lost, and neither does an empty file.
        holds = path.is_file() and path.stat().st_size > 0
        if holds and not plan.append:
            raise FeedError(f"There is a file {path} already: continue it with --append, or record elsewhere.")
        if holds:
            _mend(path)
        return _writer(path, "r+b" if holds else "wb")
    except FileNotFoundError as error:
        raise FeedError(f"Cannot record to {path}: its directory does not exist; create it or record elsewhere.") from error
    except OSError as error:
        # Of what cannot be sought in nothing is said.
        reason = error.strerror or "a pipe cannot be compressed"
        raise FeedError(f"Cannot record to {path}: {reason}; record elsewhere.") from error


def _writer(path: Path, mode: str) -> File:
    if not is_compressed(path):
        return cast("BinaryIO", path.open("ab" if mode == "r+b" else mode))
    file = cast("BinaryIO", path.open(mode))
    try:
        return GzipWriter(file)
    except OSError:
        file.close()
        raise


def _mend(path: Path) -> None:
    """Cut off a last line without its end, a message that was being written when the program was killed.

    Raises:
        FeedError: this is no recording.

    """
    _begun_at(path)
    with path.open("rb") as file:
        if is_gzip(file) != is_compressed(path):
            raise FeedError(f"What is compressed has a name that ends in {_COMPRESSED}, and nothing else: rename {path} first.")
    if is_compressed(path):
        _mend_compressed(path)
        return
    with path.open("r+b") as file:
        end = file.seek(0, os.SEEK_END)
        tail = b""
        while end > 0 and b"\n" not in tail:
            begin = max(end - 65_536, 0)
            file.seek(begin)
            tail, end = file.read(end - begin), begin
        file.truncate(end + tail.rfind(b"\n") + 1)


def _mend_compressed(path: Path) -> None:
    """The same for a compressed file, which is written anew if it was cut."""
    with path.open("rb") as file, suppress(EOFError):
        if all(line.endswith(b"\n") for line in lines_of(file)):
            return
    mended = path.with_name(f"{path.name}.mended")
    with path.open("rb") as file, mended.open("wb") as other, suppress(EOFError):
        writer = GzipWriter(other)
        for line in lines_of(file):
            if line.endswith(b"\n"):
                writer.write(line)
    mended.replace(path)


def _begun_at(path: Path) -> float:
    """When the first message of a recording was sent, Unix seconds.

    Raises:
        FeedError: this is no recording.

    """
    try:
        with path.open("rb") as file:
            return float(wire.parse(next(lines_of(file))).body["published_at"])
    except (EOFError, FeedError, KeyError, StopIteration, TypeError, ValueError, zlib.error):
        raise FeedError(f"{path} is not a recording of a feed, and cannot be continued; record elsewhere.") from None
