"""The live table on a terminal: every text of every source as it is now, and how the sources are doing.

Owns: the look.  Reads the newest snapshot only, so that a slow terminal slows nothing down.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from rich.console import Group
from rich.live import Live
from rich.table import Table
from rich.text import Text

from glyphfeed.stream.records import SourceState, TextState
from glyphfeed.tools.listening import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from rich.console import Console, RenderableType

    from glyphfeed.stream.records import Status, TextEntity
    from glyphfeed.tools.displays.views import View

_STATES: Final = {
    SourceState.CONNECTING: "yellow",
    SourceState.LIVE: "green",
    SourceState.STALLED: "yellow",
    SourceState.ENDED: "dim",
    SourceState.FAILED: "red",
}
_TEXTS: Final = {TextState.READING: "yellow", TextState.SETTLED: "green", TextState.COASTING: "blue"}


class LiveTable:
    """A display that redraws itself in place, five times a second."""

    period_s = 0.2

    def __init__(self, console: Console, title: str) -> None:
        self._console = console
        self._title = title
        self._drawn_s = 0.0
        self._views: Sequence[View] = ()
        self._live = Live(console=console, auto_refresh=False)
        self._live.start()
        self._show()

    def draw(self, views: Sequence[View]) -> bool:
        """See `Display.draw`."""
        self._views = views
        now_s = time.monotonic()
        if now_s - self._drawn_s >= self.period_s:
            self._drawn_s = now_s
            self._show()
        return True

    def close(self) -> None:
        """Show the last state and leave it standing there."""
        self._show()
        self._live.stop()

    def _show(self) -> None:
        parts: list[RenderableType] = [Text(self._title, "dim")]
        rows = max((self._console.height - 2) // max(len(self._views), 1) - 4, 2)
        for view in self._views:
            why = reason(view.status)
            further = sum(len(text.wrap(self._console, self._console.width)) for text in why) - 1
            parts += [heading(view.name, view.status), *why, texts_table(view, max(rows - max(further, 0), 2))]
        if not self._views:
            parts.append(Text("no camera yet" if self._drawn_s else "loading the networks"))
        self._live.update(Group(*parts), refresh=True)


def heading(name: str, status: Status | None) -> Text:
    """One line on how a source is doing."""
    if status is None:
        return Text.assemble((name, "bold"), "  starting")
    figures = f"{status.fps_in:.1f} fps in, {status.fps_out:.1f} out, {status.dropped} dropped, {status.reads} reads"
    if status.latency_p50_ms is not None and status.latency_p95_ms is not None:
        figures += f", latency {status.latency_p50_ms:.0f} ms (95 %: {status.latency_p95_ms:.0f})"
    if status.detect_ms is not None:
        figures += f", detector {status.detect_ms:.0f} ms"
    style = _STATES[status.state]
    return Text.assemble((name, "bold"), "  ", (status.state, style), f"  {figures}", overflow="ellipsis", no_wrap=True)


def reason(status: Status | None) -> list[Text]:
    """Why a source is not live, in lines of its own: what to do about it stands at its end, which must not be cut off."""
    if status is None or status.state is SourceState.LIVE or not status.detail:
        return []
    return [Text(f"  {printable(status.detail)}", _STATES[status.state], overflow="fold")]


def texts_table(view: View, rows: int) -> Table:
    """The texts of a source that have been read, newest last, as many as there is room for."""
    table = Table("id", "state", "text", "confidence", "reads", box=None, pad_edge=False, header_style="dim")
    texts = [text for text in view.newest[1].texts if text.text and text.state in _TEXTS] if view.newest else []
    for text in texts[-rows:]:
        table.add_row(*_cells(text))
    if len(texts) > rows:
        table.add_row("", "", Text(f"and {len(texts) - rows} more", "dim"), "", "")
    return table


def _cells(text: TextEntity) -> tuple[str | Text, ...]:
    state = Text(text.state, _TEXTS[text.state])
    return str(text.id), state, Text(printable(text.text)), f"{text.confidence:.2f}", str(text.reads)
