"""Where a driver leaves what it found out about one source: the Sink protocol, and nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glyphfeed.stream.records import Event, Frame, Snapshot, Status


class Sink(Protocol):
    """Takes what is found out about one source; called by several threads of its driver, but `publish` by one only."""

    def publish(self, frame: Frame, snapshot: Snapshot, events: Sequence[Event]) -> None:
        """A frame was processed: its full state, and what has happened since the last one.

        Of a live source a frame may come again, with what has become known or has gone since, where the next one takes its time.
        """
        ...

    def report(self, status: Status) -> None:
        """How the source is doing: once a second, and at each change of state."""
        ...
