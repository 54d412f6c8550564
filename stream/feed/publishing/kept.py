"""Events on disk, where they outlive the publisher that told them, also where it is killed.

Owns: the database, its bounds, and who may write to it.  Does not own what happens while it cannot be written (history).

The folder holds `events.sqlite`, in WAL mode, so that asking never waits for telling; `lock`, which its publisher holds locked;
and an empty file `incomplete-EPOCH` for a run of which the database lacks events.
"""

from __future__ import annotations

import sqlite3
import time
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import dataclass
from itertools import takewhile
from typing import TYPE_CHECKING, Final, TypeAlias

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed.locking import lock
from glyphfeed.stream.feed.publishing.answering import PAGE_EVENTS, Page, page

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from glyphfeed.stream.feed.wire import Position

Place: TypeAlias = tuple[int, int]
"""Number of a run and of an event in it: a position as the database knows it, in the order in which events were told."""

BATCH: Final = 256
"""So many of the oldest events go at once, which takes some milliseconds."""
BUSY_S: Final = 0.2
"""So long a writer waits where another program holds the database, such as one that copies it."""
MOST_BYTES: Final = 10**9
MOST_DAYS: Final = 30.0
LEAST_BYTES: Final = 10**6
"""What may lie in a folder where nothing else is said, and the least that can be said: some hundred events go at once."""
_APPLICATION: Final = 0x676C7966
_FORMAT: Final = 1
_BEGINNING: Final = (0, 0)
_WHOLE_RUN: Final = 2**62
_EVERY_SOURCE: Final = ""
_SCHEMA: Final = f"""
BEGIN;
PRAGMA application_id = {_APPLICATION};
PRAGMA user_version = {_FORMAT};
CREATE TABLE runs (id INTEGER PRIMARY KEY AUTOINCREMENT, epoch TEXT UNIQUE NOT NULL);
CREATE TABLE events (
    id INTEGER PRIMARY KEY, source TEXT NOT NULL, run INTEGER NOT NULL, seq INTEGER NOT NULL, kept_at REAL NOT NULL,
    body BLOB NOT NULL, UNIQUE (source, run, seq)
);
-- Of each source the last event that is not here any more; what stands at '' counts for every source.
CREATE TABLE gone (source TEXT PRIMARY KEY, run INTEGER NOT NULL, seq INTEGER NOT NULL) WITHOUT ROWID;
COMMIT;
"""
_GONE: Final = """
INSERT INTO gone VALUES (?, ?, ?) ON CONFLICT (source) DO UPDATE SET run = excluded.run, seq = excluded.seq
WHERE (excluded.run, excluded.seq) > (run, seq)
"""
_BEFORE_LAST: Final = "SELECT run, seq FROM events WHERE source = ? ORDER BY run DESC, seq DESC LIMIT 1 OFFSET ?"
_FOLLOWING: Final = """
SELECT run, seq, body FROM events WHERE source = ? AND (run, seq) > (?, ?) ORDER BY run, seq LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class KeepIn:
    """Where events are to be kept, and for how long: the oldest go once they are `days` old, or do not fit into `most_bytes`."""

    folder: Path
    most_bytes: int = MOST_BYTES
    days: float = MOST_DAYS


class KeptEvents:
    """The events of this run and of earlier ones, in a folder; one thread writes, one asks.

    What was appended is still there when the program is killed; a power failure may cost the last of it.

    Raises:
        FeedError: the folder cannot be written, another publisher uses it, or what lies there is none of ours.

    """

    def __init__(self, plan: KeepIn, epoch: str) -> None:
        self.folder = plan.folder
        self._plan = plan
        self._mark = plan.folder / f"incomplete-{epoch}"
        self._lacks_some = False
        with _opening(plan.folder), ExitStack() as opened:
            plan.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            opened.enter_context(_held(plan.folder))
            self._writer = opened.enter_context(_connected(plan.folder / "events.sqlite"))
            _prepare(self._writer, plan.folder)
            self._run = self._begin(epoch)
            self._reader = opened.enter_context(_connected(plan.folder / "events.sqlite"))
            # Opens all of its files now, so that it can read on even where the folder is taken away.
            _run_of(self._reader, epoch)
            self._inode = (plan.folder / "events.sqlite").stat().st_ino
            self._opened = opened.pop_all()

    def _begin(self, epoch: str) -> int:
        """Begin a run, and note which earlier ones lack events; returns its number."""
        marks = list(self.folder.glob("incomplete-*"))
        with _transaction(self._writer):
            for mark in marks:
                if run := _run_of(self._writer, mark.name.partition("-")[2]):
                    self._writer.execute(_GONE, (_EVERY_SOURCE, run, _WHOLE_RUN))
            self._writer.execute("INSERT INTO runs (epoch) VALUES (?)", (epoch,))
        for mark in marks:
            mark.unlink()
        return _run_of(self._writer, epoch)

    def append(self, events: Iterable[tuple[str, int, bytes]], gone: Mapping[str, int]) -> None:
        """Keep events of this run (source, number, body), and that those of a source are gone up to a number.

        Raises:
            sqlite3.Error: they cannot be written, and none of them was.

        """
        now = time.time()
        try:
            self._check()
            with _transaction(self._writer):
                # One that is there already was taken by an attempt that failed at its very end.
                self._writer.executemany(
                    "INSERT OR IGNORE INTO events (source, run, seq, kept_at, body) VALUES (?, ?, ?, ?, ?)",
                    ((source, self._run, seq, now, body) for source, seq, body in events),
                )
                self._writer.executemany(_GONE, [(source, self._run, seq) for source, seq in gone.items()])
        except sqlite3.Error:
            self._lacks_some = True
            # A name without content is what a full disk most often still takes.
            with suppress(OSError):
                self._mark.touch()
            raise
        if self._lacks_some:
            self._mark.unlink(missing_ok=True)
            self._lacks_some = False

    def _check(self) -> None:
        """See that the database lies where it was opened: what is written to a file without a name is kept for nobody.

        Raises:
            sqlite3.Error: it was taken away, or something else is there now.

        """
        try:
            is_there = (self.folder / "events.sqlite").stat().st_ino == self._inode
        except OSError:
            is_there = False
        if not is_there:
            raise sqlite3.OperationalError("events.sqlite was taken away")

    def tend(self) -> None:
        """Let the oldest events go where they are too old, or too many; not all of them at once.

        Raises:
            sqlite3.Error: that cannot be written.

        """
        self._check()
        until = float("inf") if self._used_bytes() > self._plan.most_bytes else time.time() - self._plan.days * 86_400
        # Nearly always the first one stays, and that is all there is to know.
        rows = self._writer.execute("SELECT id, source, run, seq, kept_at FROM events ORDER BY id LIMIT ?", (BATCH,))
        with closing(rows):
            going = list(takewhile(lambda row: row[4] < until, rows))
        if not going:
            return
        with _transaction(self._writer):
            self._writer.executemany(_GONE, [(source, run, seq) for _, source, run, seq, _ in going])
            self._writer.execute("DELETE FROM events WHERE id <= ?", (going[-1][0],))
            self._writer.execute("DELETE FROM runs WHERE id < (SELECT run FROM events ORDER BY id LIMIT 1)")

    def _used_bytes(self) -> int:
        """What the database takes on the disk, without the pages that it has free."""
        pages, free, size = (
            self._writer.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count", "page_size")
        )
        return int((pages - free) * size)

    def after(
        self, source: str, position: Position, later: Sequence[tuple[int, bytes]], last: int | None = None, *, whole: bool
    ) -> Page:
        """See `Told.after`; `later` are events of this run, with their numbers, that may not be here yet, and `whole` says that
        none of those is gone.

        Raises:
            FeedError: the database cannot be read.

        """
        try:
            with _transaction(self._reader, "DEFERRED"):
                run = _run_of(self._reader, position.epoch)
                place = (run, position.seq) if run else _BEGINNING
                if last is not None:
                    place = max(place, self._reader.execute(_BEFORE_LAST, (source, last)).fetchone() or _BEGINNING)
                gone = self._reader.execute("SELECT run, seq FROM gone WHERE source IN (?, ?)", (source, _EVERY_SOURCE))
                # How an epoch ended that is not known nobody can tell.
                is_known = bool(run) or not position.epoch
                complete = max(gone.fetchall(), default=_BEGINNING) <= place and whole and is_known
                with closing(self._reader.execute(_FOLLOWING, (source, *place, PAGE_EVENTS + 1))) as rows:
                    return page(self._joined(place, rows, later), complete=complete)
        except sqlite3.Error as error:
            raise FeedError(f"The events that were kept cannot be read: {error}.") from error

    def _joined(
        self, place: Place, rows: Iterable[tuple[int, int, bytes]], later: Sequence[tuple[int, bytes]]
    ) -> Iterator[bytes]:
        """The bodies of events that follow a place, first those of the database."""
        for run, seq, body in rows:
            place = run, seq
            yield body
        for seq, body in later:
            if (self._run, seq) > place:
                yield body

    def close(self) -> None:
        """Close the database and let others have the folder; twice is fine."""
        self._opened.close()


@contextmanager
def _opening(folder: Path) -> Iterator[None]:
    """Put what may go wrong with a folder in words."""
    try:
        yield
    except FileExistsError as error:
        raise FeedError(f"Cannot keep events in {folder}: it is no folder; choose another one with --keep.") from error
    except OSError as error:
        raise FeedError(f"Cannot keep events in {folder}: {error.strerror}; choose another folder with --keep.") from error
    except sqlite3.Error as error:
        if error.sqlite_errorcode in (sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_CORRUPT):
            raise _strange(folder) from error
        raise FeedError(
            f"Cannot keep events in {folder}: {error}; check the disk, or choose another folder with --keep."
        ) from error


def _strange(folder: Path) -> FeedError:
    return FeedError(
        f"What lies in {folder} is damaged, or not glyphfeed's: move events.sqlite away, or choose another folder with --keep."
    )


@contextmanager
def _connected(path: Path) -> Iterator[sqlite3.Connection]:
    """A connection that begins no transactions by itself, and may be used by another thread than this one."""
    with closing(sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)) as connection:
        yield connection


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """Have a folder for oneself, until the end or until the program is gone.

    Raises:
        FeedError: another one has it.

    """
    with (folder / "lock").open("ab") as held:
        try:
            lock(held)
        except BlockingIOError as error:
            taken = f"Another publisher keeps its events in {folder}: stop it, or choose another folder with --keep."
            raise FeedError(taken) from error
        yield


def _prepare(connection: sqlite3.Connection, folder: Path) -> None:
    """Make the database what it is to be, if it is new.

    Raises:
        FeedError: it is something else, or of a later version.

    """
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise FeedError(
            f"Cannot keep events in {folder}: its file system shares no memory; choose a folder on a disk of this machine."
        )
    # The disk is waited for when the log is taken over into the database, not at every event.
    connection.execute("PRAGMA synchronous = NORMAL")
    (application,), (version,), (tables,) = (
        connection.execute(question).fetchone()
        for question in ("PRAGMA application_id", "PRAGMA user_version", "SELECT count(*) FROM sqlite_master")
    )
    if not tables:
        connection.executescript(_SCHEMA)
    elif application != _APPLICATION:
        raise _strange(folder)
    elif version > _FORMAT:
        raise FeedError(
            f"The events in {folder} were kept by a later version of glyphfeed: install that one here, or choose another folder "
            "with --keep."
        )


@contextmanager
def _transaction(connection: sqlite3.Connection, kind: str = "IMMEDIATE") -> Iterator[None]:
    connection.execute(f"BEGIN {kind}")
    # Commits, or rolls back what has failed.
    with connection:
        yield


def _run_of(connection: sqlite3.Connection, epoch: str) -> int:
    """The number of a run, 0 where it is not known."""
    # A lone surrogate, which JSON may hold, is in no epoch, and the database does not take it.
    found = connection.execute("SELECT id FROM runs WHERE epoch = ?", (epoch.encode("utf-8", "replace").decode(),)).fetchone()
    return int(found[0]) if found else 0
