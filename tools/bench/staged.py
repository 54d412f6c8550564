"""What the stage that understands texts costs in each frame, beside the same frames without it.

Owns: the texts that stand for a street, and the times.  Does not own the rules that are asked (understanding).
"""

from __future__ import annotations

import time
from dataclasses import replace
from itertools import count
from statistics import median
from typing import TYPE_CHECKING, Final

import numpy as np

from glyphfeed.stream.records import Frame, Snapshot, TextEntity, TextState
from glyphfeed.stream.understanding.stage import Understanding
from glyphfeed.tools.bench.sheet import Sheet

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from glyphfeed.stream.records import Event, Status
    from glyphfeed.stream.sink import Sink
    from glyphfeed.stream.understanding.settings import Settings

SIGNS: Final = ("Best before 30.11.2026", "4,99 €", "Tel. 030 1234567", "www.example.com", "OPEN", "Mo-Fr 9-18", "Hauptstraße 12")
"""What the texts say, most of which means something."""
LINES: Final = 5
"""So many texts make up a block."""
TEXTS: Final = (10, 40)
FRAMES: Final = 200
ROUNDS: Final = 9
GREY: Final = np.zeros((120, 160), np.uint8)


class Nobody:
    """A sink whose receivers cost nothing."""

    def publish(self, frame: Frame, snapshot: Snapshot, events: Sequence[Event]) -> None:
        """See `Sink.publish`."""

    def report(self, status: Status) -> None:
        """See `Sink.report`."""


def stage_sheet(settings: Callable[[], Settings]) -> Sheet:
    """Processor time of frames in which nothing changes, and of those in which one text does."""
    rows = []
    for texts in TEXTS:
        without, still, changing = (
            median(per_round)
            for per_round in zip(
                *(
                    (
                        frame_ms(Nobody(), texts, changes=True),
                        frame_ms(Understanding(Nobody(), settings(), live=False), texts, changes=False),
                        frame_ms(Understanding(Nobody(), settings(), live=False), texts, changes=True),
                    )
                    for _ in range(ROUNDS)
                ),
                strict=True,
            )
        )
        rows.append((texts, without, still, changing, changing - still))
    notes = (
        f"Milliseconds of processor time a frame, medians of {ROUNDS} rounds of {FRAMES} frames in turns, in blocks of {LINES} "
        "texts.  Without the stage a frame is only made and handed over.",
    )
    return Sheet("Cost of a frame", ("texts", "without", "nothing changes", "one changes", "a changed text"), rows, notes)


def frame_ms(sink: Sink, texts: int, *, changes: bool) -> float:
    """The processor time of a frame that a sink is handed, in milliseconds, its making included."""
    frame, told = Frame(0, 0.0, 0.0, GREY, lambda: np.dstack([GREY] * 3)), street(texts, changes=changes)
    sink.publish(frame, next(told), ())
    begun_s = time.process_time()
    for _ in range(FRAMES):
        sink.publish(frame, next(told), ())
    return 1e3 * (time.process_time() - begun_s) / FRAMES


def street(texts: int, *, changes: bool) -> Iterator[Snapshot]:
    """Frames with so many texts, of which in each another says something new, if any does."""
    corners = np.array([[0, 0], [100, 0], [100, 10], [0, 10]], np.float32)
    view = [
        TextEntity(number + 1, 1, TextState.SETTLED, SIGNS[number % len(SIGNS)], 1.0, corners, (), (0.0, 0.0), 1, 0.0, 0.0)
        for number in range(texts)
    ]
    blocks = tuple(tuple(range(first + 1, first + LINES + 1)) for first in range(0, texts, LINES))
    for index in count():
        if changes:
            other = view[index % texts]
            view[index % texts] = replace(other, text=f"{SIGNS[index % len(SIGNS)]} {index}", rev=other.rev + 1)
        yield Snapshot("street", index, index / 30, index / 30, (160, 120), tuple(view), blocks)
