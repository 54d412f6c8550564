"""What is found out about sources on its way to a consumer that takes its own time, and its own thread.

Owns: what a slow consumer misses, and what it never does.  A live source goes on, so that its newest picture is what counts;
a recording waits.  Events are never lost.
"""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence
    from types import TracebackType
    from typing import Self

    from glyphfeed.stream.records import Event, Frame, Snapshot, Status

AHEAD = 8
"""So many frames of recordings wait to be taken before their drivers wait themselves: enough for a short stumble."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """A processed frame, what is known of it, and what has happened since the one that was taken before."""

    frame: Frame
    snapshot: Snapshot
    events: tuple[Event, ...]


class Inbox:
    """A sink on one side; on the other what it got, one delivery at a time, in the order of arrival.

    Of the sources named in `live` a delivery that nobody took yet is replaced by the next one, which takes its events along; of
    all others each is kept, and whoever leaves it waits while too many lie there.  The guarantee: `close` ends every wait, at
    once and for good; what lies there may still be taken.
    """

    def __init__(self, live: Collection[str] = (), notify: Callable[[], None] | None = None) -> None:
        """`notify` is called, by the thread that leaves something, whenever there is something new or the inbox is closed."""
        self._live = frozenset(live)
        self._notify = notify
        self._newest: dict[str, Delivery] = {}
        self._turns: deque[Delivery] = deque()
        self._closed = False
        self._changed = threading.Condition()

    def publish(self, frame: Frame, snapshot: Snapshot, events: Sequence[Event]) -> None:
        """See `Sink.publish`."""
        source = snapshot.source
        with self._changed:
            if source not in self._live:
                # Ends when one is taken, or with the close.
                self._changed.wait_for(lambda: self._closed or len(self._turns) < AHEAD)
            if self._closed:
                return
            if source in self._live:
                # Put at the end again, so that no source of several waits for ever.
                missed = self._newest.pop(source, None)
                self._newest[source] = Delivery(frame, snapshot, (*(missed.events if missed else ()), *events))
            else:
                self._turns.append(Delivery(frame, snapshot, tuple(events)))
            self._tell()

    def report(self, status: Status) -> None:
        """See `Sink.report`; nobody is told."""

    def take(self, timeout_s: float | None = None) -> Delivery | None:
        """Wait for the next delivery and take it; None after `timeout_s`, or at the end (see `ended`)."""
        with self._changed:
            # Ends when something is left, with the close, or with the time-out.
            self._changed.wait_for(lambda: self._turns or self._newest or self._closed, timeout_s)
            if self._turns:
                delivery = self._turns.popleft()
            elif self._newest:
                delivery = self._newest.pop(next(iter(self._newest)))
            else:
                return None
            self._changed.notify_all()
            return delivery

    @property
    def ended(self) -> bool:
        """Whether it is closed and everything was taken."""
        with self._changed:
            return self._closed and not (self._turns or self._newest)

    def close(self) -> None:
        """Say that no more comes, or that no more is wanted; any number of times."""
        with self._changed:
            self._closed = True
            self._tell()

    def _tell(self) -> None:
        self._changed.notify_all()
        if self._notify is not None:
            self._notify()

    def __iter__(self) -> Iterator[Delivery]:
        """Take deliveries until the end."""
        while True:
            delivery = self.take()
            if delivery is not None:
                yield delivery
            elif self.ended:
                return


class Consumer(Protocol):
    """What a relay works for: takes frames in its own time, and completes what it made of them at the end."""

    def publish(self, frame: Frame, snapshot: Snapshot, events: Sequence[Event]) -> None:
        """See `Sink.publish`."""
        ...

    def close(self) -> None:
        """No more frames come."""
        ...


class Relay:
    """A sink that passes everything on to a slow consumer, in a thread of the consumer's own; use as a context.

    The context ends when all was passed on and the consumer is closed; an error of the consumer is raised there, and until then
    what is published is not wanted any more.
    """

    def __init__(self, consumer: Consumer, live: Collection[str] = ()) -> None:
        self._inbox = Inbox(live)
        self._pool = ThreadPoolExecutor(1, "glyphfeed-relay")
        self._passing_on = self._pool.submit(self._pass_on, consumer)

    def publish(self, frame: Frame, snapshot: Snapshot, events: Sequence[Event]) -> None:
        """See `Sink.publish`."""
        self._inbox.publish(frame, snapshot, events)

    def report(self, status: Status) -> None:
        """See `Sink.report`; it is not passed on."""

    def _pass_on(self, consumer: Consumer) -> None:
        try:
            try:
                for delivery in self._inbox:
                    consumer.publish(delivery.frame, delivery.snapshot, delivery.events)
            finally:
                consumer.close()
        finally:
            # Whatever went wrong, nobody waits for it.
            self._inbox.close()

    def close(self) -> None:
        """Pass on what is left, and let the consumer complete its work; twice is fine.

        Raises:
            Exception: what the consumer failed with.

        """
        self._inbox.close()
        self._pool.shutdown()
        self._passing_on.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
