"""Where something new in the picture asks for a pass of its own, and where such a pass has brought nothing lately.

Owns what has changed and was not looked at since.  Pure: time is the frames' own.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from glyphfeed.stream.detecting.tiles import Tile

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from glyphfeed.stream.motion.changes import Part

GAP_S = 0.08
"""Time between two passes for what changed, at least."""
CELLS = (16, 9)
"""Columns and rows of the map of where passes brought nothing."""
FRUITLESS_S, MOST_FRUITLESS_S = 0.25, 8.0
"""Where a pass brought nothing, what changes is let alone for the first time, and each time for twice as long, up to the second:
leaves move, people walk, and water glitters."""
RESTED = 16
"""What changes again after a rest is something else, and not let alone, unless it was to be for more than so many times the rest:
what goes on and off is."""
SMALLEST_PX = (640, 352)
"""A part is made at least this large, the other way round where it is higher than wide: the network sees no less at a time."""
MARGIN_PX = 48
"""What changed may belong to something that reaches on by so much."""
STALE_S = 1.0
"""What changed longer ago is left to the other passes."""


class News:
    """What is new in the pictures of one scene, and was not looked at since."""

    def __init__(self) -> None:
        self._parts: list[tuple[float, Part]] = []
        self._asked: list[Part] = []
        self._made_at = float("-inf")
        self._at = 0.0
        self._wait_s = np.zeros(CELLS[::-1])
        self._until = np.full(CELLS[::-1], -np.inf)
        self._changed_at = np.full(CELLS[::-1], -np.inf)

    def add(self, parts: Sequence[Part], now: float, size: tuple[int, int]) -> None:
        """Take in the parts of a picture of (width, height) that changed at stream time `now`."""
        self._parts = [(at, part) for at, part in self._parts if now - at < STALE_S]
        self._parts += [(now, part) for part in parts]
        changed = np.zeros_like(self._until, np.bool_)
        for part in parts:
            changed[self._cells(part, size)] = True
        self._until[changed & (self._wait_s <= RESTED * (self._at - self._changed_at))] = now
        self._changed_at[changed] = now
        self._at = now

    def ask(self, part: Part) -> None:
        """Ask for a pass over a part where text that was known is no longer: however little passes have brought there."""
        self._asked.append(part)

    def due(self, now: float, size: tuple[int, int]) -> Tile | None:
        """Name the part of the picture of (width, height) that deserves a pass at `now`, if any does, and count it as made."""
        if now - self._made_at < GAP_S - 1e-6:
            return None
        parts = self._asked + [part for _, part in self._parts if (self._until[self._cells(part, size)] <= now).any()]
        if not parts:
            return None
        self._parts.clear()
        self._asked.clear()
        self._made_at = now
        low = np.min([part[:2] for part in parts], axis=0)
        high = np.max([part[2:] for part in parts], axis=0)
        return part_around(low, high, size)

    def found(self, part: Tile, now: float, size: tuple[int, int], *, news: bool) -> None:
        """Note whether a pass over a part brought anything new."""
        cells = self._cells((part.x, part.y, part.x + part.width, part.y + part.height), size)
        if news:
            self._wait_s[cells] = 0.0
        else:
            self._wait_s[cells] = np.clip(2 * self._wait_s[cells], FRUITLESS_S, MOST_FRUITLESS_S)
            self._until[cells] = now + self._wait_s[cells]

    def _cells(self, part: Sequence[float], size: tuple[int, int]) -> tuple[slice, slice]:
        """Which cells of the map a part of a picture of (width, height) lies in."""
        (columns, rows), (width, height) = CELLS, size
        left, right = int(part[0] * columns / width), math.ceil(part[2] * columns / width)
        top, bottom = int(part[1] * rows / height), math.ceil(part[3] * rows / height)
        # What lies on the very border of the picture lies in the cell beside it.
        left, top = min(max(left, 0), columns - 1), min(max(top, 0), rows - 1)
        return slice(top, max(bottom, top + 1)), slice(left, max(right, left + 1))


def part_around(low: NDArray[np.floating], high: NDArray[np.floating], size: tuple[int, int]) -> Tile:
    """Grow what lies between two corners (2,) to a part of a picture of (width, height) that is worth a pass."""
    wide = high[0] - low[0] >= high[1] - low[1]
    least = SMALLEST_PX if wide else SMALLEST_PX[::-1]
    spans = []
    for k in range(2):
        extent = min(max(int(high[k] - low[k]) + 2 * MARGIN_PX, least[k]), size[k])
        start = int(np.clip((low[k] + high[k] - extent) / 2, 0, size[k] - extent))
        spans.append((start, extent))
    (x, width), (y, height) = spans
    return Tile(x, y, width, height)
