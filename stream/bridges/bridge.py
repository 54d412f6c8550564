"""A bridge: takes events off the feed, gives them to the far side, and moves its cursor past those that were acknowledged.

Owns: that loop, and what of the feed is carried on.  Does not own the far side's protocol (mqtt, webhook, jetstream).
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, Protocol

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.records import Event, EventType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from glyphfeed.stream.bridges.cursor import Cursor
    from glyphfeed.stream.bridges.settings import BridgeSettings
    from glyphfeed.stream.feed.wire import Message, Position


class Feed(Protocol):
    """What a bridge needs of the feed's client."""

    @property
    def positions(self) -> Mapping[str, Position]:
        """By source, the last event that was received."""
        ...

    @property
    def trouble(self) -> str | None:
        """Why there is no connection, in a sentence; None while there is one."""
        ...

    def receive(self, timeout_s: float) -> Message | None:
        """The next message, None where none comes in time."""
        ...


WINDOW: Final = 100
"""So many events may wait for their acknowledgement; all others wait in the feed's log."""
TICK_S: Final = 0.2
"""How long the feed, or the far side, is waited for at a time."""
PATIENCE_S: Final = 2.0
"""For what was told before the end, and its acknowledgements."""
TROUBLE_S: Final = 3.0
"""A feed that is away for less, as when its reader is restarted, is not worth a word."""

_log = logging.getLogger("glyphfeed.bridges")


@dataclass(slots=True)
class Receipt:
    """For an event that was handed to a far side, which sets `is_acknowledged`."""

    is_acknowledged: bool = False


class End:
    """The end of a bridge: once it `begins` no more is waited for, and some seconds later, when it `is_due`, nothing is."""

    def __init__(self) -> None:
        self.begins = threading.Event()
        self.is_due = threading.Event()

    def begin(self) -> None:
        """Have the bridge end; any thread may call it."""
        if not self.begins.is_set():
            self.begins.set()
            timer = threading.Timer(PATIENCE_S, self.is_due.set)
            timer.daemon = True
            timer.start()


class FarSide(Protocol):
    """Where a bridge leads; used by one thread."""

    purpose: str
    """Where it leads, in words that end a sentence."""

    def event(self, message: Message) -> Receipt:
        """Take an event, after all before it.

        Returns when it is acknowledged, or before that: then `tick` will acknowledge it some time.
        """
        ...

    def state(self, message: Message) -> None:
        """Take what is not an event, and may be forgotten where it is in the way."""
        ...

    def tick(self, wait_s: float) -> None:
        """Do what is due, and wait so long at most for news of the far side."""
        ...

    def close(self) -> None:
        """Leave in order; what waits for an acknowledgement waits no more."""
        ...


def check_event(message: Message) -> None:
    """Accept an event that has what every event has, whatever its type, at a time that calendars know.

    Raises:
        FeedError: it is none.

    """
    as_read = replace(message, body={**message.body, "type": EventType.READ}).record
    assert isinstance(as_read, Event)
    try:
        datetime.fromtimestamp(as_read.captured_at, UTC)
    except (ValueError, OverflowError, OSError):
        raise FeedError(f"A message on {message.topic!r} is not as the feed's contract says: it is of no time.") from None


def topics(settings: BridgeSettings) -> list[str]:
    """What of the feed a bridge subscribes to: of the sources that it carries on, all where none is named."""
    kinds = ["event/", "status/"]
    return [f"{kind}{source} " for kind in kinds for source in settings.sources] or kinds


class Bridge:
    """One feed, one far side, and a cursor that is moved past each event once all up to it are acknowledged.

    Of the events those whose type is one of `types` are carried on, all where there is none.
    """

    def __init__(self, feed: Feed, far: FarSide, cursor: Cursor, endpoint: str, types: Sequence[str] = ()) -> None:
        self._feed, self._far, self._cursor, self._types = feed, far, cursor, frozenset(types)
        self._waiting: deque[tuple[Receipt, str, Position]] = deque()
        self._endpoint = endpoint
        self._trouble: str | None = None
        self._well_at = time.monotonic()

    def run(self, end: End) -> None:
        """Carry on what the feed tells, until the end.

        Raises:
            BridgeError: the far side wants no more, or refuses.
            FeedError: what comes is no feed, or it refuses.

        """
        while not end.begins.is_set():
            self._turn(end)
        # What was told before: the reader may end as well, and not know of it the next time.
        while not end.is_due.is_set() and self._turn(end):
            pass
        while not end.is_due.is_set() and self._waiting:
            self._far.tick(TICK_S)
            self._settle()

    def _turn(self, end: End) -> bool:
        """Carry the next message on, and see to the far side; whether there was one."""
        message = self._feed.receive(TICK_S)
        self._note_trouble()
        if message is not None:
            self._take(message, end)
        self._far.tick(0)
        self._settle()
        return message is not None

    def _take(self, message: Message, end: End) -> None:
        if message.missed:
            _log.error("%d events of %s are lost: the feed's log no longer has them.", message.missed, message.source)
        elif message.lost:
            _log.warning("Events of %s may be lost: its reader was started anew, and had kept none.", message.source)
        if message.kind != "event":
            self._far.state(message)
            self._join(message.source)
            return
        while len(self._waiting) >= WINDOW and not end.is_due.is_set():
            self._far.tick(TICK_S)
            self._settle()
        if not end.is_due.is_set():
            self._waiting.append((self._hand_over(message), message.source, message.position))

    def _join(self, source: str) -> None:
        """Note down where a source is that was joined, or of which events are lost: there is no event to be acknowledged."""
        position = self._feed.positions.get(source)
        is_waiting = any(source == other for _, other, _ in self._waiting)
        if position is not None and not is_waiting and position != self._cursor.positions.get(source):
            self._cursor.advance({source: position})

    def _hand_over(self, message: Message) -> Receipt:
        """Give the far side an event, if it is wanted and is one."""
        if self._types and message.body.get("type") not in self._types:
            return Receipt(is_acknowledged=True)
        try:
            check_event(message)
        except FeedError as error:
            # It would come again after each restart, and stop the bridge for ever.
            _log.error("%s It is left out.", error)
            return Receipt(is_acknowledged=True)
        return self._far.event(message)

    def _settle(self) -> None:
        """Move the cursor past what is acknowledged."""
        passed: dict[str, Position] = {}
        while self._waiting and self._waiting[0][0].is_acknowledged:
            _, source, position = self._waiting.popleft()
            passed[source] = position
        if passed:
            self._cursor.advance(passed)

    def _note_trouble(self) -> None:
        """Tell once that the feed is away, and once that it is back."""
        trouble, now = self._feed.trouble, time.monotonic()
        if trouble is None:
            if self._trouble is not None:
                _log.info("The feed at %s is there.", self._endpoint)
            self._trouble, self._well_at = None, now
        elif now - self._well_at > TROUBLE_S and trouble != self._trouble:
            self._trouble = trouble
            _log.warning("%s It is waited for.", trouble)
