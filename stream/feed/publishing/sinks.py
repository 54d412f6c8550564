"""The two ways onto the feed: live texts are replaced when frames come faster than they are published, recorded ones wait.

Owns: that a frame is offered for a picture before its text is left, and the text before its events.  Does not own the thread that
publishes (`outbox.run`) nor the socket (publisher).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glyphfeed.stream.feed.publishing.outbox import Outbox, TurnOutbox
    from glyphfeed.stream.feed.publishing.pictures import Pictures
    from glyphfeed.stream.records import Event, Frame, Snapshot, Status


class LiveSink:
    """To the feed with the newest text only; never waits."""

    def __init__(self, outbox: Outbox, pictures: Pictures) -> None:
        self._outbox, self._pictures = outbox, pictures

    def publish(self, frame: Frame, snapshot: Snapshot, events: Sequence[Event]) -> None:
        """See `Sink.publish`."""
        self._pictures.offer(frame, snapshot)
        self._outbox.put(snapshot)
        for event in events:
            self._outbox.put(event)

    def report(self, status: Status) -> None:
        """See `Sink.report`; texts that were replaced before they were published count as dropped frames."""
        dropped = status.dropped + self._outbox.replaced(status.source)
        self._outbox.put(replace(status, dropped=dropped))


class TurnSink:
    """To the feed with every text; waits while too many are still to be published."""

    def __init__(self, outbox: TurnOutbox, pictures: Pictures) -> None:
        self._outbox, self._pictures = outbox, pictures

    def publish(self, frame: Frame, snapshot: Snapshot, events: Sequence[Event]) -> None:
        """See `Sink.publish`."""
        self._pictures.offer(frame, snapshot, in_turn=True)
        self._outbox.put_in_turn(snapshot)
        for event in events:
            self._outbox.put_in_turn(event)

    def report(self, status: Status) -> None:
        """See `Sink.report`."""
        self._outbox.put(status)
