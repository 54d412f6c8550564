"""Where a driver leaves what it found out about one source: the Sink protocol, and the two ways onto the feed.

Owns: that a frame's text goes before its events, and what happens when frames come faster than they are published: live ones
are replaced, recorded ones wait.  Does not own the thread that publishes (feed.outbox.run) nor the socket.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Protocol

from glyphfeed.stream.channel import Channel
from glyphfeed.stream.feed.outbox import Outbox

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glyphfeed.stream.feed.outbox import Publishable
    from glyphfeed.stream.records import Event, Frame, Snapshot, Status

AHEAD = 64
"""So many texts and events of recordings wait to be published before their drivers wait themselves."""


class Sink(Protocol):
    """Takes what is found out about one source; called by several threads of its driver, but `publish` by one only."""

    def publish(self, frame: Frame, snapshot: Snapshot, events: Sequence[Event]) -> None:
        """A frame was processed: its full state, and what has happened since the last one."""
        ...

    def report(self, status: Status) -> None:
        """How the source is doing: once a second, and at each change of state."""
        ...


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


class LiveSink:
    """To the feed with the newest text only; never waits."""

    def __init__(self, outbox: Outbox, source: str) -> None:
        self._outbox = outbox
        self._source = source

    def publish(self, frame: Frame, snapshot: Snapshot, events: Sequence[Event]) -> None:  # noqa: ARG002
        """See `Sink.publish`."""
        self._outbox.put_text(self._source, snapshot)
        for event in events:
            self._outbox.put_event(self._source, event)

    def report(self, status: Status) -> None:
        """See `Sink.report`; texts that were replaced before they were published count as dropped frames."""
        dropped = status.dropped + self._outbox.replaced(self._source)
        self._outbox.put_status(self._source, replace(status, dropped=dropped))


class TurnSink:
    """To the feed with every text; waits while too many are still to be published."""

    def __init__(self, outbox: TurnOutbox, source: str) -> None:
        self._outbox = outbox
        self._source = source

    def publish(self, frame: Frame, snapshot: Snapshot, events: Sequence[Event]) -> None:  # noqa: ARG002
        """See `Sink.publish`."""
        self._outbox.put_in_turn(self._source, snapshot)
        for event in events:
            self._outbox.put_in_turn(self._source, event)

    def report(self, status: Status) -> None:
        """See `Sink.report`."""
        self._outbox.put_status(self._source, status)
