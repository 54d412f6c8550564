"""What is known of each source at the moment, for people, and the displays that show it.

Owns: the newest snapshot and status of each source, and the news that a display has not shown yet.  Does not own the look.
"""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from glyphfeed.stream.records import Event, Frame, Snapshot, Status

NEWS_LIMIT = 10_000
PERIOD_S = 0.5
"""How often displays are drawn where there are none: so soon the end is noticed."""


class View:
    """What is known of one source at the moment."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.newest: tuple[Frame, Snapshot] | None = None
        self.status: Status | None = None
        self.news: deque[tuple[float, Event | Status]] = deque(maxlen=NEWS_LIMIT)
        """Events, and statuses whose state is new, each with the Unix time when it came; the display takes them out."""


class Display(Protocol):
    """Shows views, in the main thread."""

    period_s: float
    """How often it wants to be drawn."""

    def draw(self, views: Sequence[View]) -> bool:
        """Show the sources as they are now; False when the user wants to end."""
        ...


class Views:
    """A sink that keeps a view of each source, and has displays show them."""

    def __init__(self, names: Iterable[str] = (), displays: Sequence[Display] = ()) -> None:
        """`names` are those of the sources in the order in which they are shown; others that come are shown after them."""
        self._views = {name: View(name) for name in names}
        self._displays = displays
        self.period_s = min((display.period_s for display in displays), default=PERIOD_S)
        """How often `draw` is to be called."""

    def publish(self, frame: Frame, snapshot: Snapshot, events: Sequence[Event]) -> None:
        """See `Sink.publish`."""
        view = self._view(snapshot.source)
        view.newest = (frame, snapshot)
        view.news.extend((event.captured_at, event) for event in events)

    def report(self, status: Status) -> None:
        """See `Sink.report`."""
        view = self._view(status.source)
        if view.status is None or view.status.state is not status.state:
            view.news.append((time.time(), status))
        view.status = status

    def _view(self, name: str) -> View:
        return self._views.setdefault(name, View(name))

    def forget(self, name: str) -> None:
        """A source is gone for good."""
        self._views.pop(name, None)

    def draw(self) -> bool:
        """Draw the displays; False when the user wants to end at one of them."""
        views = list(self._views.values())
        return all(display.draw(views) for display in self._displays)

    def draw_last(self) -> None:
        """Draw each display once more, whatever it answers: the end."""
        views = list(self._views.values())
        for display in self._displays:
            display.draw(views)
