"""What waits to be published: the queue between the threads of a live reader and the thread that publishes.

Owns: which of the waiting values are kept, their order, and the loop of that thread.  Does not own sockets (publisher).
"""

from __future__ import annotations

import threading
from collections import Counter
from typing import TYPE_CHECKING, Final

from glyphfeed.stream.channel import Channel
from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.records import LAST_STATES, Event, Snapshot, Status

if TYPE_CHECKING:
    from collections.abc import Callable

    from glyphfeed.stream.feed.publishing.publisher import Publisher
    from glyphfeed.stream.records import Record

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
        self._events: list[Event] = []
        self._statuses: dict[str, Status] = {}
        self._replaced: Counter[str] = Counter()
        self._ended: set[str] = set()
        self._earlier: list[Record] = []
        """What is to be published before a source that had ended begins anew, and the status that says so."""
        self._closed = False

    def put(self, record: Record) -> None:
        """Leave a record: a text or a status takes the place of the last one of its source, an event is never replaced.

        Raises:
            FeedError: 10,000 events lie here, so the publishing thread is stuck and this one would be lost.

        """
        with self._lock:
            if self._closed:
                return
            match record:
                case Event():
                    self._append(record)
                case Snapshot():
                    self._replaced[record.source] += record.source in self._texts
                    self._texts[record.source] = record
                case Status() if record.state in LAST_STATES:
                    self._ended.add(record.source)
                    self._statuses[record.source] = record
                case Status() if record.source in self._ended:
                    self._ended.remove(record.source)
                    self._earlier += [*self._drain(), record]
                case Status():
                    self._statuses[record.source] = record
        self._wake()

    def _append(self, event: Event) -> None:
        if len(self._events) >= EVENT_LIMIT:
            raise FeedError(f"The feed is stuck: {EVENT_LIMIT} events wait to be published; if it is recorded, check the disk.")
        self._events.append(event)

    def take(self) -> list[Record]:
        """Empty the outbox, in the order in which all is to be published.

        Texts come before events, so that whoever sees an event has its state already; statuses come last, so that they
        count these events, but for one that says that a source is back, which comes before all that is new of it.
        """
        with self._lock:
            batch = [*self._earlier, *self._drain()]
            self._earlier.clear()
        return batch

    def _drain(self) -> list[Record]:
        batch: list[Record] = [*self._texts.values(), *self._events, *self._statuses.values()]
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
        self._turns: Channel[Record] = Channel(AHEAD)

    def put_in_turn(self, record: Record) -> None:
        """Leave a record behind all that were left this way before; waits for the publishing thread, or for the close."""
        self._turns.put_in_turn(record)
        self._wake()

    def _drain(self) -> list[Record]:
        """What was put in turn comes first, in its order."""
        return [*self._turns.take_all(), *super()._drain()]

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
        for record in outbox.take():
            publisher.put(record)
        if last:
            return
        # Ends with the next put, the close, or a new subscription.
        publisher.serve(None)
