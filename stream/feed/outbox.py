"""What waits to be published: the queue between the threads of a live reader and the thread that publishes.

Owns: which of the waiting values are kept, their order, and the loop of that thread.  Does not own sockets (publisher).
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, Final, TypeAlias

from glyphfeed.stream.channel import Channel
from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.records import Event, Snapshot, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from glyphfeed.stream.feed.publisher import Publisher

Publishable: TypeAlias = Snapshot | Event | Status

EVENT_LIMIT: Final = 10_000
AHEAD: Final = 64
"""So many texts and events of recordings wait to be published before their drivers wait themselves."""


class Outbox:
    """The newest text and status of each source, and every event, until the publishing thread takes them.

    Any thread puts, one thread takes, and nobody ever waits here.  Each put and the close call `wake`, which is to
    end the wait of the one that takes: `Publisher.wake`.  Put the text of a frame before its events.  What is put
    after the close is ignored, so close when those who put are done.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self._lock = threading.Lock()
        self._texts: dict[str, Snapshot] = {}
        self._events: list[tuple[str, Event]] = []
        self._statuses: dict[str, Status] = {}
        self._replaced: Counter[str] = Counter()
        self._closed = False

    def put_text(self, source: str, snapshot: Snapshot) -> None:
        """Leave the state of a source; one that still lies here is replaced, and counted."""
        with self._lock:
            if self._closed:
                return
            self._replaced[source] += source in self._texts
            self._texts[source] = snapshot
        self._wake()

    def put_event(self, source: str, event: Event) -> None:
        """Leave an event; it is never replaced.

        Raises:
            FeedError: 10,000 events lie here, so the publishing thread is stuck and this one would be lost.

        """
        with self._lock:
            if self._closed:
                return
            if len(self._events) >= EVENT_LIMIT:
                raise FeedError(
                    f"The feed is stuck: {EVENT_LIMIT} events wait to be published; if it is recorded, check the disk."
                )
            self._events.append((source, event))
        self._wake()

    def put_status(self, source: str, status: Status) -> None:
        """Leave the health of a source; one that still lies here is replaced."""
        with self._lock:
            if self._closed:
                return
            self._statuses[source] = status
        self._wake()

    def take(self) -> list[tuple[str, Publishable]]:
        """Empty the outbox: pairs of source and value, in the order in which they are to be published.

        Texts come before events, so that whoever sees an event has its state already; statuses come last, so that they
        count these events.
        """
        with self._lock:
            batch: list[tuple[str, Publishable]] = [*self._texts.items(), *self._events, *self._statuses.items()]
            self._texts.clear()
            self._events.clear()
            self._statuses.clear()
        return batch

    def replaced(self, source: str) -> int:
        """How many texts of a source were replaced before they were published."""
        with self._lock:
            return self._replaced[source]

    def close(self) -> None:
        """Say that no more comes: the publishing thread publishes what lies here and ends."""
        with self._lock:
            self._closed = True
        self._wake()

    @property
    def closed(self) -> bool:
        """Whether no more comes."""
        with self._lock:
            return self._closed


class TurnOutbox(Outbox):
    """An outbox with a second way in, for texts of which none may be lost: those who put them wait until there is room."""

    def __init__(self, wake: Callable[[], None]) -> None:
        super().__init__(wake)
        self._turns: Channel[tuple[str, Publishable]] = Channel(AHEAD)

    def put_in_turn(self, source: str, value: Publishable) -> None:
        """Leave a value behind all that were left this way before; waits for the publishing thread, or for the close."""
        self._turns.put_in_turn((source, value))
        self._wake()

    def take(self) -> list[tuple[str, Publishable]]:
        """See `Outbox.take`; what was put in turn comes first, in its order."""
        return [*self._turns.take_all(), *super().take()]

    def close(self) -> None:
        """See `Outbox.close`; ends every wait in `put_in_turn` as well."""
        super().close()
        self._turns.close()


def run(publisher: Publisher, outbox: Outbox) -> None:
    """Publish what comes into the outbox, and answer subscribers, until the outbox is closed and empty.

    The publisher belongs to the calling thread meanwhile, and stays open.

    Raises:
        FeedError: a source has no name that a topic can hold.
        ValueError: a number that was to be published is not finite.

    """
    while True:
        # Asked before taking: after the close nothing is put, so this batch is the last one.
        last = outbox.closed
        for source, value in outbox.take():
            match value:
                case Snapshot():
                    publisher.publish_text(source, value)
                case Event():
                    publisher.publish_event(source, value)
                case Status():
                    publisher.publish_status(source, value)
        if last:
            return
        # Ends with the next put, the close, or a new subscription.
        publisher.serve(None)
