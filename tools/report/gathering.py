"""The texts of a recording, each with all that was told of it: what it said, when it was in view, and where it was seen best.

Owns: what of many messages about a text a report holds.  Pure; does not own the files (files, page) nor pictures (crops).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.records import Action, Event, EventType, Snapshot, TextState

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glyphfeed.stream.feed.wire import Message
    from glyphfeed.stream.records import Attribute, Flag, Polygon, TextEntity

Key: TypeAlias = tuple[str, str, int]
"""Source, epoch and id."""

GAP_S: Final = 1.0
"""A text that was not in view for longer was in view twice."""
HIDING: Final = frozenset({Action.MASK, Action.DROP, Action.BLUR})
TRUSTED: Final = frozenset({TextState.READING, TextState.SETTLED})


@dataclass(frozen=True, slots=True)
class Place:
    """Where a text is in one frame of its source: polygons in pixels of a picture of `size`, (width, height).

    `beside` are the other texts of the same frame.
    """

    frame: int
    pts: float
    size: tuple[int, int]
    polygon: Polygon
    beside: tuple[TextEntity, ...] = ()


@dataclass(slots=True)
class Entry:
    """A text: times in Unix seconds; `spans` are from when to when it was in view, as far as frames were recorded.

    `place` is where it was largest while it could be trusted; None where only events were recorded.  `covered` are the regions of
    that frame in which something stands that a rule hides, then or at another time, or that was not told yet.
    """

    source: str
    epoch: str
    id: int
    text: str = ""
    confidence: float = 0.0
    first_seen: float = 0.0
    last_seen: float = 0.0
    is_told: bool = False
    """Whether it settled, or something was told to have happened to it."""
    earlier: list[str] = field(default_factory=list)
    spans: list[tuple[float, float]] = field(default_factory=list)
    attributes: tuple[Attribute, ...] = ()
    flags: dict[tuple[str, str], Flag] = field(default_factory=dict)
    place: Place | None = None
    covered: tuple[Polygon, ...] = ()

    @property
    def in_view_s(self) -> float:
        """How long it was in view."""
        spans = self.spans or [(self.first_seen, self.last_seen)]
        return sum(end - begin for begin, end in spans)

    @property
    def is_hidden(self) -> bool:
        """Whether a rule hides what it says."""
        return hides(self.flags.values())


def gather(messages: Iterable[Message]) -> list[Entry]:
    """Put together what messages tell of each text, in the order in which they were first seen.

    Raises:
        FeedError: one of the messages is not as the feed's contract says.

    """
    entries: dict[Key, Entry] = {}
    for message in messages:
        record = message.record
        if isinstance(record, Snapshot):
            _take_snapshot(entries, message.epoch, record)
        elif isinstance(record, Event):
            _take_event(_entry(entries, message.epoch, record.source, record.entity), record)
    told = [entry for entry in entries.values() if entry.is_told and entry.text]
    for entry in told:
        entry.covered = _covered(entry, entries)
    return sorted(told, key=lambda entry: (entry.first_seen, entry.source, entry.id))


def _entry(entries: dict[Key, Entry], epoch: str, source: str, text: TextEntity) -> Entry:
    return entries.setdefault((source, epoch, text.id), Entry(source, epoch, text.id))


def _take_snapshot(entries: dict[Key, Entry], epoch: str, snapshot: Snapshot) -> None:
    for text in snapshot.texts:
        if text.state not in TRUSTED or not text.text:
            continue
        entry = _entry(entries, epoch, snapshot.source, text)
        entry.is_told |= text.state is TextState.SETTLED
        _take_text(entry, text)
        _see(entry.spans, snapshot.captured_at)
        if entry.place is None or area(text.polygon) > area(entry.place.polygon):
            beside = tuple(other for other in snapshot.texts if other is not text)
            entry.place = Place(snapshot.frame, snapshot.pts, snapshot.size, text.polygon, beside)


def _covered(entry: Entry, entries: dict[Key, Entry]) -> tuple[Polygon, ...]:
    """Where something is that must not be seen beside a text."""

    def is_hidden(text: TextEntity) -> bool:
        known = entries.get((entry.source, entry.epoch, text.id))
        return not text.text or hides(text.flags) or (known is not None and known.is_hidden)

    beside = () if entry.place is None else entry.place.beside
    return tuple(text.polygon for text in beside if is_hidden(text))


def hides(flags: Iterable[Flag]) -> bool:
    """Whether any of some flags hides a text."""
    return any(flag.action in HIDING for flag in flags)


def _take_event(entry: Entry, event: Event) -> None:
    entry.is_told = True
    if event.type is not EventType.LEFT:
        if event.previous and event.previous != event.entity.text:
            _was(entry, event.previous)
        _take_text(entry, event.entity)
    if event.flag is not None:
        entry.flags[event.flag.rule, event.flag.action] = event.flag
    entry.first_seen = event.entity.first_seen
    entry.last_seen = max(entry.last_seen, event.entity.last_seen)


def _take_text(entry: Entry, text: TextEntity) -> None:
    if not text.text:
        return
    if entry.text and entry.text != text.text:
        _was(entry, entry.text)
    entry.text, entry.confidence, entry.attributes = text.text, text.confidence, text.attributes
    entry.first_seen, entry.last_seen = text.first_seen, max(entry.last_seen, text.last_seen)
    entry.flags |= {(flag.rule, flag.action): flag for flag in text.flags}


def _was(entry: Entry, text: str) -> None:
    if entry.earlier[-1:] != [text]:
        entry.earlier.append(text)


def _see(spans: list[tuple[float, float]], now: float) -> None:
    """Lengthen the last of the spans up to now, or begin another one."""
    if spans and spans[-1][0] <= now <= spans[-1][1] + GAP_S:
        spans[-1] = (spans[-1][0], max(spans[-1][1], now))
    else:
        spans.append((now, now))


def area(polygon: Polygon) -> float:
    """The area that a polygon encloses, in its square units (shoelace formula)."""
    x, y = np.asarray(polygon, np.float64).T
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def check_some(entries: list[Entry], name: str) -> None:
    """Accept what was gathered of a recording.

    Raises:
        FeedError: there is no text in it.

    """
    if not entries:
        raise FeedError(f"{name} tells of no text that was read; record some with glyphfeed watch --record or glyphfeed record")
