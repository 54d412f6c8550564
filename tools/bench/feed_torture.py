"""Whether each event arrives once, whatever befalls who publishes and who takes it: real processes, stopped and killed.

Owns: what befalls them, and what is counted.  Does not own how it is shown (feed).

`python -m glyphfeed.tools.bench.feed_torture publish ENDPOINT FOLDER EVENTS` publishes until there were so many events in all,
however often it is begun anew, and `... take ENDPOINT FOLDER` takes them.  Each writes down what it has done, event by event, and
goes on after the last one.
"""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from glyphfeed.stream.feed.endpoint import ANY_ENDPOINT
from glyphfeed.stream.feed.publishing.kept import KeepIn
from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.stream.feed.receiving.client import connect
from glyphfeed.stream.feed.wire import Position
from glyphfeed.stream.records import Event, EventType, SourceState, Status, TextEntity, TextState
from glyphfeed.tools.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import Self

SOURCES: Final = ("door", "hall")
STATUS_S: Final = 0.2
"""From one status to the next; a reader tells one a second."""
LETTERS: Final = 2000
"""Of the text of an event: a reader's events are half as large."""
KEPT_BYTES: Final = 10**10
PATIENCE_S: Final = 60.0
"""So long nothing may happen, on a machine that has other things to do."""
_TURN_S: Final = 0.01
_MODULE: Final = "glyphfeed.tools.bench.feed_torture"


@dataclass(frozen=True, slots=True)
class Toll:
    """What became of events: how many were published, lost, or taken twice, came before one that was published earlier, were said
    to be lost, or had to be fetched; how often who published and who took them was killed, and how often the latter was stopped.
    """

    events: int
    lost: int
    twice: int
    disordered: int
    said_lost: int
    fetched: int
    publisher_kills: int
    taker_kills: int
    taker_stops: int
    seconds: float


@dataclass(frozen=True, slots=True)
class Entry:
    """What is written down of an event that was published, or taken: before it `missed` are said to be lost, and since the one
    before so many were `fetched`.
    """

    source: str
    position: Position
    missed: int = 0
    fetched: int = 0

    def line(self) -> bytes:
        """As a line; all are of the same length."""
        epoch, seq = self.position.epoch, self.position.seq
        return f"{self.source:8} {epoch:16} {seq:10d} {self.missed:10d} {self.fetched:10d}\n".encode()


class Ledger:
    """A file of entries; one that was added stays, also if the program is killed."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._width = len(Entry("", Position("", 0)).line())

    def __len__(self) -> int:
        return self._path.stat().st_size // self._width if self._path.exists() else 0

    def __iter__(self) -> Iterator[Entry]:
        if not len(self):
            return
        with self._path.open("rb") as file:
            for _ in range(len(self)):
                source, epoch, seq, missed, fetched = file.read(self._width).decode().split()
                yield Entry(source, Position(epoch, int(seq)), int(missed), int(fetched))

    @contextmanager
    def adding(self) -> Iterator[Callable[[Entry], object]]:
        """A function that adds an entry; one of which only a part is there goes."""
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.truncate(file, self._width * len(self))
            yield lambda entry: os.write(file, entry.line())
        finally:
            os.close(file)


class Child:
    """A process of this module, which is begun anew when it was killed; the end of a `with` ends it."""

    def __init__(self, *command: str) -> None:
        self._command = [sys.executable, "-m", _MODULE, *command]
        self._process: subprocess.Popen[bytes] | None = None
        self.kills = 0
        self.stops = 0

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def kill(self) -> None:
        """Kill it, and begin it anew."""
        self._end()
        self._process = subprocess.Popen(self._command)
        self.kills += 1

    @contextmanager
    def stopped(self) -> Iterator[None]:
        """Have it do nothing for the time of a `with`."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)
        yield
        self._process.send_signal(signal.SIGCONT)
        self.stops += 1

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(self._command)
        return self

    def __exit__(self, *_: object) -> None:
        self._end()


def torture(
    events: int, folder: Path, *, endpoint: str | None = None, rounds: int = 4, behind: int = 8000, seed: int = 0
) -> Toll:
    """Publish so many events, and take them, by two processes that write to a folder.  In each of some rounds both are killed, at
    moments that are left to chance, and the one that takes is stopped until so many were published that not all of them wait
    for it anywhere.

    Raises:
        CommandError: nothing went on for a minute.

    """
    began_s, chance = time.monotonic(), random.Random(seed)
    told, taken = ledgers(folder)
    if endpoint is None:
        with Publisher(ANY_ENDPOINT) as free:
            endpoint = free.endpoint
    publisher, taker = Child("publish", endpoint, str(folder), str(events)), Child("take", endpoint, str(folder))

    def wait(condition: Callable[[], bool]) -> None:
        if not came_true(condition, lambda: (len(told), len(taken))):
            raise CommandError(f"nothing went on for {PATIENCE_S:g} s: {len(told)} events published, {len(taken)} taken")

    def stop() -> None:
        end = min(events, len(told) + behind)
        with taker.stopped():
            wait(lambda: len(told) >= end)

    with publisher, taker:
        ills = [ill for _ in range(rounds) for ill in chance.sample([publisher.kill, taker.kill, stop], 3)]
        for number, befall in enumerate(ills):
            due = (events - behind) * (number + chance.random()) / len(ills)
            wait(partial(lambda due: len(told) >= due, due))
            befall()
        wait(lambda: len(told) >= events)
        # Where some never come this ends, too, and they are counted.
        came_true(lambda: len(taken) >= len(told) and places(told) <= places(taken), lambda: len(taken))
    return count(list(told), list(taken), publisher, taker, time.monotonic() - began_s)


def count(told: Sequence[Entry], taken: Sequence[Entry], publisher: Child, taker: Child, seconds: float) -> Toll:
    """Compare what was taken with what was told.  An event that was told when its publisher was killed may not have been written
    down: that it is lost shows in the number of the next one.
    """
    came = Counter((entry.source, entry.position) for entry in taken)
    lost = places(told) - came.keys()
    epochs = {epoch: number for number, epoch in enumerate(dict.fromkeys(entry.position.epoch for entry in told))}
    disordered = 0
    for source in SOURCES:
        order = [(epochs.get(each.position.epoch, -1), each.position.seq) for each in taken if each.source == source]
        disordered += sum(after < before for before, after in pairwise(order))
        lost |= {
            (source, Position(epoch, seq))
            for epoch in epochs
            for seq in range(1, max((each.seq for name, each in came if name == source and each.epoch == epoch), default=0))
            if (source, Position(epoch, seq)) not in came
        }
    return Toll(
        events=len(told),
        lost=len(lost),
        twice=came.total() - len(came),
        disordered=disordered,
        said_lost=sum(entry.missed for entry in taken),
        fetched=sum(entry.fetched for entry in taken),
        publisher_kills=publisher.kills,
        taker_kills=taker.kills,
        taker_stops=taker.stops,
        seconds=seconds,
    )


def ledgers(folder: Path) -> tuple[Ledger, Ledger]:
    """What was told, and what was taken."""
    return Ledger(folder / "told"), Ledger(folder / "taken")


def places(entries: Iterable[Entry]) -> set[tuple[str, Position]]:
    """Which events they are of."""
    return {(entry.source, entry.position) for entry in entries}


def came_true(condition: Callable[[], bool], progress: Callable[[], object]) -> bool:
    """Wait until a condition holds, as long as there is progress: something that changes at least once a minute."""
    last, changed_s = progress(), time.monotonic()
    while not condition():
        time.sleep(_TURN_S)
        if (now := progress()) != last:
            last, changed_s = now, time.monotonic()
        elif time.monotonic() > changed_s + PATIENCE_S:
            return False
    return True


def publish(endpoint: str, folder: Path, events: int) -> None:
    """Publish until there were so many events in all, and statuses until the process is ended."""
    told, _ = ledgers(folder)
    left, status_s = events - len(told), 0.0
    with Publisher(endpoint, keep=KeepIn(folder / "events", KEPT_BYTES)) as publisher, told.adding() as add:
        while True:
            if time.monotonic() > status_s + STATUS_S:
                status_s = time.monotonic()
                for source in SOURCES:
                    publisher.put(status_of(source))
            if left > 0:
                source = SOURCES[left % len(SOURCES)]
                publisher.put(event_of(source, left))
                add(Entry(source, Position(publisher.epoch, publisher.last_event_seq(source))))
                left -= 1
            else:
                publisher.serve(STATUS_S)


def take(endpoint: str, folder: Path) -> None:
    """Take every event, going on after the last one that was written down."""
    _, taken = ledgers(folder)
    since = {entry.source: entry.position for entry in taken}
    fetched = 0
    with connect(endpoint, ["event/"], since=since) as feed, taken.adding() as add:
        for message in feed:
            add(Entry(message.source, message.position, message.missed, feed.fetched - fetched))
            fetched = feed.fetched


def event_of(source: str, number: int) -> Event:
    """An event that is larger than most."""
    square = np.array([[0, 0], [40, 0], [40, 12], [0, 12]], np.float32)
    text = f"{number} " + "x" * LETTERS
    entity = TextEntity(number, 1, TextState.SETTLED, text, 0.9, square, (), (0.0, 0.0), 1, time.time(), time.time())
    return Event(source, EventType.READ, number, time.time(), entity)


def status_of(source: str) -> Status:
    """A status, in which the publisher fills in the number of the last event."""
    return Status(source, SourceState.LIVE, "", 30.0, 30.0, 0, None, None, None, None, 0, 0, 0.0, 0, "none", "none")


def main(what: str, endpoint: str, folder: str, *events: str) -> None:
    """See the module."""
    if what == "publish":
        publish(endpoint, Path(folder), int(events[0]))
    else:
        take(endpoint, Path(folder))


if __name__ == "__main__":
    main(*sys.argv[1:])
