"""What a client asks for beside the feed, and what it is answered: one JSON object to another, as the contract says.

Owns: the requests there are, what they may hold, and the length of a page.  Pure; does not own what was told (history), nor the
socket (requests).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed import wire
from glyphfeed.stream.feed.wire import Position

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

PAGE_EVENTS: Final = 500
"""The contract's bound."""
PAGE_BYTES: Final = 1_000_000
"""A page ends with the event that reaches it: with single characters one has some 10 kB, and pages wait in memory to be sent."""
_SEQ_LIMIT: Final = 2**63


@dataclass(frozen=True, slots=True)
class Page:
    """Events that follow a position, oldest first, each the JSON that was sent.

    `complete` says that nothing after the position is gone, `more` that a further page follows.
    """

    events: tuple[bytes, ...]
    complete: bool
    more: bool


class Told(Protocol):
    """What was told so far; see `History`."""

    def texts(self) -> Sequence[bytes]:
        """The last `text/` message of every source, each its JSON."""
        ...

    def after(self, source: str, position: Position, last: int | None = None) -> Page:
        """The events of a source that follow a position, or no more than about the `last` so many of them; everything there is
        where its epoch is not known.
        """
        ...


def page(following: Iterable[bytes], *, complete: bool) -> Page:
    """Take from the events that follow a position as many as fit into a page, at least one."""
    events: list[bytes] = []
    length = 0
    for event in following:
        if len(events) == PAGE_EVENTS or length >= PAGE_BYTES:
            return Page(tuple(events), complete, more=True)
        events.append(event)
        length += len(event)
    return Page(tuple(events), complete, more=False)


def answer(request: bytes, told: Told) -> bytes:
    """Answer a request; what is none is answered with an error in words, and changes nothing."""
    try:
        asked = json.loads(request)
    except (ValueError, RecursionError):
        return _error("A request is one JSON object in UTF-8.")
    match asked:
        case {"op": "snapshot"}:
            return b'{"texts":[%b]}' % b",".join(told.texts())
        case {"op": "events", "source": str(source), "epoch": str(epoch), "since": int(since) | float(since)}:
            return _events(told, source, epoch, since, asked.get("last"))
        case {"op": "events"}:
            return _error('To ask for events takes {"op":"events","source":STRING,"epoch":STRING,"since":INTEGER}.')
        case _:
            return _error('A request is {"op":"events",...} or {"op":"snapshot"}.')


def _events(told: Told, source: str, epoch: str, since: float, last: object) -> bytes:
    if (after := _whole(since)) is None:
        return _error("since is the seq of an event, or 0 for what is before the first.")
    most = _whole(last)
    if not most and last is not None:
        return _error("last is how many of the last events are wanted, 1 or more.")
    try:
        # Checks the name.
        wire.topic("event", source)
        found = told.after(source, Position(epoch, after), most)
    except FeedError as error:
        return _error(str(error))
    flags = b'"complete":%b%b' % (b"true" if found.complete else b"false", b',"more":true' if found.more else b"")
    return b'{"events":[%b],%b}' % (b",".join(found.events), flags)


def _whole(number: object) -> int | None:
    """A whole number of 63 bits that is not negative; None for anything else."""
    # Some languages know one kind of numbers only, and write 41.0.
    if isinstance(number, bool) or not isinstance(number, int | float) or not 0 <= number < _SEQ_LIMIT or number != int(number):
        return None
    return int(number)


def _error(sentence: str) -> bytes:
    return json.dumps({"error": sentence}).encode()
