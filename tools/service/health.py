"""How the sources of a service are doing, for whoever asks from outside: a sink that remembers, and the judgement.

Owns: the last status of each source, what was counted, and what counts as healthy.  Does not own how that is told (monitor,
notify).
"""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from glyphfeed.stream.records import SourceState

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from glyphfeed.stream.records import Event, EventType, Frame, Snapshot, Status

SILENT_S: Final = 15.0
"""A driver reports every second; one that has said nothing for so long hangs, or the machine does."""


@dataclass(slots=True)
class Known:
    """What is known of one source, with when it was heard and seen, in seconds of the monotonic clock."""

    status: Status | None = None
    heard_s: float = 0.0
    seen_s: float = 0.0
    events: Counter[EventType] = field(default_factory=Counter)

    def hangs(self, now_s: float) -> bool:
        """Whether it should be read and says nothing any more, or has frames of which nothing comes."""
        if self.status is None or self.status.state in (SourceState.ENDED, SourceState.FAILED):
            return False
        has_frames = self.status.state is SourceState.LIVE and self.status.fps_in > 0
        return now_s - self.heard_s > SILENT_S or (has_frames and self.seen_s > 0 and now_s - self.seen_s > SILENT_S)


class Health:
    """A sink that remembers the last status of each source, and counts events by their type; any thread may ask."""

    def __init__(self) -> None:
        self._sources: dict[str, Known] = {}
        self.publishes: Callable[[], bool] = lambda: True
        """Whether the feed goes on."""
        self.visitors: Callable[[], Collection[str]] = tuple
        """The sources that come and go as they like, such as phones: that one is away is no illness."""

    def publish(self, frame: Frame, snapshot: Snapshot, events: Sequence[Event]) -> None:  # noqa: ARG002
        """See `Sink.publish`."""
        known = self._sources.setdefault(snapshot.source, Known())
        known.seen_s = time.monotonic()
        known.events.update(event.type for event in events)

    def report(self, status: Status) -> None:
        """See `Sink.report`."""
        known = self._sources.setdefault(status.source, Known())
        known.heard_s, known.status = time.monotonic(), status

    def forget(self, source: str) -> None:
        """A source is gone for good."""
        self._sources.pop(source, None)

    @property
    def alive(self) -> bool:
        """Whether every thread does what it should."""
        now_s = time.monotonic()
        return self.publishes() and not any(known.hangs(now_s) for known in list(self._sources.values()))

    def known(self) -> list[tuple[Status, Known]]:
        """The sources of which there was a status, by their names."""
        told = [(known.status, known) for known in list(self._sources.values()) if known.status is not None]
        return sorted(told, key=lambda pair: pair[0].source)

    def report_lines(self) -> tuple[bool, list[str]]:
        """Whether all is well, and a line for each source; of texts nothing is told."""
        now_s, sources = time.monotonic(), self.known()
        lines = [] if self.publishes() else ["the feed has ended"]
        if not sources:
            lines.append("starting")
        well, visitors = not lines, self.visitors()
        for status, known in sources:
            hangs = known.hangs(now_s)
            is_away = status.source in visitors and status.state is not SourceState.FAILED
            well &= (is_away or status.state in (SourceState.LIVE, SourceState.ENDED)) and not hangs
            lines.append(f"{status.source} {'hangs' if hangs else f'is {status.state}: {status.detail}'}")
        return well, lines

    def summary(self) -> str:
        """How many sources are in which state, in a few words."""
        counts = Counter(status.state for status, _ in self.known())
        return ", ".join(f"{count} {state}" for state, count in sorted(counts.items())) or "starting"
