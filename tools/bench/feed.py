"""What the feed does under load: to the reader's frames while many listen or attack, to clients that come late or may not stay,
and to events while everything is killed.

Owns: what is measured, in which order, and the sheets.  Does not own the clients (feed_load), the junk (hostile), nor what
befalls events (feed_torture).

Conditions that are compared take turns, so that what else the machine does falls on all of them alike.  Clients run at the lowest
priority: they are to stand for other machines, and not to take the reader's time by being here.
"""

from __future__ import annotations

import json
import logging
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from itertools import count, pairwise
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from glyphfeed.stream.drivers.live import read_live
from glyphfeed.stream.feed.endpoint import ANY_ENDPOINT
from glyphfeed.stream.feed.keys import ServerKeys, issue, revoke
from glyphfeed.stream.feed.publishing.outbox import Outbox, run
from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.stream.feed.publishing.sinks import LiveSink
from glyphfeed.stream.reader import Reader
from glyphfeed.stream.records import Snapshot
from glyphfeed.stream.running.networks import cores
from glyphfeed.stream.running.runtime import FanOut
from glyphfeed.stream.sources.address import open_source
from glyphfeed.stream.sources.source import Pace
from glyphfeed.tools.bench.feed_torture import event_of, torture
from glyphfeed.tools.bench.sheet import Sheet
from glyphfeed.tools.errors import CommandError, note

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from contextlib import AbstractContextManager

    from glyphfeed.engines.loading import Engines
    from glyphfeed.stream.records import Event, Frame, Status
    from glyphfeed.tools.bench.sheet import Cell

GoesOn: TypeAlias = "Callable[[], bool]"
"""Whether a condition is still to be measured."""

PROCESSES, SOCKETS, TOPICS = 10, 5, 3
"""Subscribers: so many processes with so many sockets each, each with so many subscriptions; one process is stopped."""
WARM: Final = 30
"""Frames at the beginning of a play are not counted: everything is new in them."""
SOURCES: Final = 8
"""Cameras whose state somebody who comes late waits for."""
JOINS: Final = 50
REVOKED: Final = 5
PERIOD_S: Final = 0.02
"""From one event, or text of a source, to the next, where no reader tells them."""
SETTLE_S: Final = 1.5
"""So long is looked whether anything still comes."""
PATIENCE_S: Final = 120.0
"""So long is waited for processes, on a machine that has other things to do."""
WANTED_MS, WANTED_REVOKED_S, WANTED_RATIO = 50.0, 1.0, 1.1
NOBODY: Final = "nobody listens"
CROWD: Final = f"{PROCESSES * SOCKETS} subscribers, {SOCKETS} of them stopped"
HOSTILE: Final = "hostile inputs and floods"


@dataclass(frozen=True, slots=True)
class Finding:
    """What was measured, what was wanted, and whether it was kept."""

    what: str
    measured: str
    wanted: str
    kept: bool

    def row(self) -> tuple[str, ...]:
        """As a row of a sheet."""
        return self.what, self.measured, self.wanted, "yes" if self.kept else "no"


@dataclass(slots=True)
class Checked:
    """Messages that were held against the contract, and breaches of it."""

    messages: int = 0
    breaches: int = 0

    def finding(self) -> Finding:
        """Whether there is none."""
        measured = f"{self.breaches} in {self.messages} messages"
        return Finding("breaches of the contract, in all plays", measured, "0", self.messages > 0 and not self.breaches)


class TimedReader(Reader):
    """A reader that remembers when it began with a frame, by the clock for short times."""

    begun_s = 0.0

    def follow(self, frame: Frame) -> None:
        """See `Reader.follow`."""
        self.begun_s = time.perf_counter()
        super().follow(frame)


@dataclass(slots=True)
class FrameTimes:
    """A sink that takes the time of each frame in ms: of the work, from when the reader begins with it until it is handed over to
    be sent, and of the whole way, from when it came.
    """

    reader: TimedReader
    work: list[float] = field(default_factory=list)
    way: list[float] = field(default_factory=list)
    last: int = WARM

    def publish(self, frame: Frame, snapshot: Snapshot, events: Sequence[Event]) -> None:  # noqa: ARG002
        """See `Sink.publish`; what is told of a frame once more is not counted."""
        if frame.index > self.last:
            self.last = frame.index
            self.work.append((time.perf_counter() - self.reader.begun_s) * 1e3)
            self.way.append((time.time() - frame.captured_at) * 1e3)

    def report(self, status: Status) -> None:
        """See `Sink.report`; how the source is doing is not looked at."""


@dataclass(slots=True)
class Times:
    """The times of frames in ms, of each round."""

    work: list[list[float]] = field(default_factory=list)
    way: list[list[float]] = field(default_factory=list)


def bench_feed(clip: str | Path, engines: Engines, *, rounds: int, inputs: int, events: int) -> list[Sheet]:
    """Measure it all, with so many rounds of plays, hostile inputs, and events that are tortured; tortured and attacked is only
    what there is to be.

    Raises:
        CommandError: a process did not do its part.
        EngineError: a network failed.
        SourceError: the clip cannot be read.

    """
    # Of refusals there are to be many.
    logging.getLogger("glyphfeed.feed").setLevel(logging.ERROR)
    checked = Checked()
    times = compare(clip, engines, rounds, inputs, checked)
    findings = [late_joiner(), revoked_key(), checked.finding()]
    if events:
        findings.append(tortured(events))
    notes = (f"{cores()} cores; clients are processes of their own.",)
    rows = [finding.row() for finding in findings]
    return [times_sheet(clip, times), Sheet("The feed", ("what", "measured", "wanted", "kept"), rows, notes)]


def compare(clip: str | Path, engines: Engines, rounds: int, inputs: int, checked: Checked) -> dict[str, Times]:
    """The times of frames under each condition."""
    share = -(-inputs // rounds)

    def condition(name: str, publisher: Publisher, number: int) -> AbstractContextManager[GoesOn]:
        conditions: dict[str, Callable[[], AbstractContextManager[GoesOn]]] = {
            NOBODY: nobody,
            CROWD: partial(subscribers, publisher, checked),
            HOSTILE: partial(attack, publisher, share, number, checked),
        }
        return conditions[name]()

    times = {name: Times() for name in ((NOBODY, CROWD, HOSTILE) if inputs else (NOBODY, CROWD))}
    for number in range(-1, rounds):
        # The first play is slower than all others, and not counted.
        for name in list(times)[:: 1 if number % 2 else -1] if number >= 0 else [NOBODY]:
            note(f"round {number + 1} of {rounds}: {name}")
            with Publisher(ANY_ENDPOINT) as publisher, condition(name, publisher, number) as goes_on:
                work, way = play(clip, engines, publisher, goes_on)
            if number >= 0:
                times[name].work.append(work)
                times[name].way.append(way)
    return times


def play(clip: str | Path, engines: Engines, publisher: Publisher, goes_on: GoesOn) -> tuple[list[float], list[float]]:
    """Play a clip live, again as long as something goes on, each time as another source; see `FrameTimes`.

    Raises:
        SourceError: it cannot be read.

    """
    work: list[float] = []
    way: list[float] = []
    outbox = Outbox(publisher.wake)
    with ThreadPoolExecutor(1, "glyphfeed-publish") as pool:
        publishing = pool.submit(run, publisher, outbox)
        try:
            for number in count():
                source = open_source(str(clip), f"play{number}", Pace.LIVE)
                times = FrameTimes(TimedReader(source.name))
                read_live(source, engines, FanOut([LiveSink(outbox, publisher.pictures), times]), times.reader)
                work += times.work
                way += times.way
                if not goes_on():
                    break
        finally:
            outbox.close()
        publishing.result()
    return work, way


@contextmanager
def nobody() -> Iterator[GoesOn]:
    """No client at all."""
    yield lambda: False


@contextmanager
def subscribers(publisher: Publisher, checked: Checked) -> Iterator[GoesOn]:
    """Many clients, of which a process is stopped."""
    with ExitStack() as stack:
        children = [stack.enter_context(client("subscribe", publisher.endpoint, str(SOCKETS))) for _ in range(PROCESSES)]
        await_subscriptions(publisher, PROCESSES * SOCKETS * TOPICS)
        children[0].send_signal(signal.SIGSTOP)
        with checking(publisher, checked):
            yield lambda: False
        children[0].send_signal(signal.SIGCONT)


@contextmanager
def attack(publisher: Publisher, inputs: int, seed: int, checked: Checked) -> Iterator[GoesOn]:
    """A process that attacks, which goes on until it has tried everything, and a client that must not notice."""
    with checking(publisher, checked), process("hostile", publisher.endpoint, str(inputs), str(seed)) as attacker:
        yield lambda: attacker.poll() is None
        if attacker.wait():
            raise CommandError("the attack itself failed")


@contextmanager
def checking(publisher: Publisher, checked: Checked) -> Iterator[None]:
    """A client that holds what it gets against the contract."""
    there = publisher.subscribers
    with client("check", publisher.endpoint) as child:
        await_subscriptions(publisher, there + TOPICS)
        yield
        output, _ = child.communicate(timeout=PATIENCE_S)
    found = json.loads(output)
    checked.messages += found["messages"]
    checked.breaches += found["breaches"]


def await_subscriptions(publisher: Publisher, number: int) -> None:
    """Serve a publisher until it has so many subscriptions."""
    deadline_s = time.monotonic() + PATIENCE_S
    while publisher.subscribers < number:
        publisher.serve(0.1)
        if time.monotonic() > deadline_s:
            raise CommandError(f"only {publisher.subscribers} of {number} subscriptions came")


def client(*command: str) -> AbstractContextManager[subprocess.Popen[str]]:
    """A process of clients."""
    return process("feed_load", *command)


@contextmanager
def process(module: str, *command: str) -> Iterator[subprocess.Popen[str]]:
    """A process of a module beside this one; the end of the `with` ends it."""
    line = [sys.executable, "-m", f"{__package__}.{module}", *command]
    with subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as child:
        try:
            yield child
        finally:
            child.kill()


def late_joiner() -> Finding:
    """How long it takes until somebody who comes late has the state of all sources."""
    entity = event_of("source", 0).entity
    sources = [f"source{number}" for number in range(SOURCES)]

    def tell(publisher: Publisher, number: int) -> None:
        # Once: what comes to those who are late is what they have missed.
        for source in sources if number == 0 else ():
            publisher.put(Snapshot(source, number, 0.0, time.time(), (1280, 720), (entity,)))

    with Publisher(ANY_ENDPOINT) as publisher, telling(publisher, tell), client("join", publisher.endpoint, str(JOINS)) as child:
        output, _ = child.communicate(timeout=PATIENCE_S)
    subscribing, asking = (sorted(1e3 * seconds for seconds in way) for way in json.loads(output))
    typical, worst = median(subscribing), subscribing[-1]
    measured = f"{typical:.1f} ms, at worst {worst:.1f}; asked for {median(asking):.1f} ms"
    return Finding(f"late joiner has the state of {SOURCES} sources", measured, f"{WANTED_MS:g} ms", typical < WANTED_MS)


def revoked_key() -> Finding:
    """How long a client still gets events whose key was revoked, and whether another one notices."""
    with TemporaryDirectory(prefix="glyphfeed-keys-") as name, ExitStack() as stack:
        folder, names = Path(name) / "keys", [f"client{number}" for number in range(REVOKED + 1)]
        for each in names:
            issue(folder, each, Path(name) / each)
        publisher = stack.enter_context(Publisher(ANY_ENDPOINT, keys=ServerKeys.load(folder)))
        stack.enter_context(telling(publisher, lambda publisher, number: publisher.put(event_of("source", number))))
        children = [stack.enter_context(client("follow", publisher.endpoint, str(Path(name) / each))) for each in names]
        begun = [read_line(child) for child in children]
        revoked_s = []
        for each in names[1:]:
            revoked_s.append(time.time())
            revoke(folder, each)
            time.sleep(SETTLE_S / REVOKED)
        time.sleep(SETTLE_S)
        for child in children:
            child.kill()
        told = [[line, *child.communicate()[0].splitlines()] for line, child in zip(begun, children, strict=True)]
    # The last line of each may have been cut.
    came = [[(int(seq), float(came_s)) for seq, came_s in map(str.split, lines[:-1])] for lines in told]
    longest_s = max(each[-1][1] - at_s for each, at_s in zip(came[1:], revoked_s, strict=True))
    missed = sum(after - before - 1 for (before, _), (after, _) in pairwise(came[0]))
    gap_s = max(after - before for (_, before), (_, after) in pairwise(came[0]))
    kept = longest_s < WANTED_REVOKED_S and not missed
    other = f"another one lost {missed} of {len(came[0])} events, and waited {gap_s * 1e3:.0f} ms at most"
    measured = f"{max(longest_s, 0) * 1e3:.0f} ms; {other}"
    return Finding(f"revoked key still receives, the longest of {REVOKED}", measured, f"{WANTED_REVOKED_S:g} s", kept)


def read_line(child: subprocess.Popen[str]) -> str:
    """The first line that a process writes."""
    assert child.stdout is not None
    return child.stdout.readline()


@contextmanager
def telling(publisher: Publisher, tell: Callable[[Publisher, int], None]) -> Iterator[None]:
    """A publisher that tells something again and again, in a thread of its own."""
    ended = threading.Event()

    def run() -> None:
        for number in count():
            if ended.is_set():
                return
            tell(publisher, number)
            publisher.serve(PERIOD_S)

    with ThreadPoolExecutor(1, "glyphfeed-telling") as pool:
        thread = pool.submit(run)
        try:
            yield
        finally:
            ended.set()
            thread.result()


def tortured(events: int) -> Finding:
    """What becomes of events while who publishes and who takes them are killed and stopped."""
    note(f"{events} events, while their publisher and their client are killed")
    with TemporaryDirectory(prefix="glyphfeed-torture-") as folder:
        toll = torture(events, Path(folder))
    kills = toll.publisher_kills + toll.taker_kills
    measured = f"{toll.lost}, {toll.twice} of {toll.events}; {kills} kills, {toll.taker_stops} stops, {toll.fetched} fetched"
    return Finding("events lost, events twice", measured, "0, 0", not (toll.lost or toll.twice))


def times_sheet(clip: str | Path, times: dict[str, Times]) -> Sheet:
    """Frame times under all conditions, the first of which is what the others are compared with."""
    floor = [median(ms) for ms in times[NOBODY].work]
    rows: list[tuple[Cell, ...]] = []
    for name, taken in times.items():
        ratio = median(median(ms) / least for ms, least in zip(taken.work, floor, strict=True))
        work, way = np.concatenate(taken.work), np.concatenate(taken.way)
        shares = [float(np.percentile(ms, share)) for ms in (work, way) for share in (50, 95)]
        rows.append((name, len(work), *shares, ratio, "yes" if ratio <= WANTED_RATIO else "no"))
    return Sheet(
        f"Frame times of {clip}, played live",
        ("while", "frames", "work p50, ms", "p95", "way p50, ms", "p95", "ratio", "within 10 %"),
        rows,
        (
            "Work: from when the reader begins with a frame until its texts are handed over for sending; way: from when it came.",
            f"Ratio: of the medians of the work, each to that of the same round; the median of {len(floor)} rounds.",
        ),
    )
