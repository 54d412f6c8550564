"""Where in a picture text is read and where it is not, as a user draws it: polygons in fractions of the picture, or in pixels.

Owns: how a zone is written, and what lies in it.  Does not own what becomes of text that lies elsewhere (reader).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from glyphfeed.stream.errors import InputError
from glyphfeed.stream.geometry import area

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

CELL_PX = 8
"""So fine is the map that tells which zones a part of the picture touches: finer than any text that is read."""


@dataclass(frozen=True, slots=True)
class Zone:
    """A polygon, its corners (x, y) one after the other: in fractions of the picture where none is above 1, else in pixels."""

    corners: tuple[tuple[float, float], ...]

    @property
    def in_pixels(self) -> bool:
        """Whether the corners are pixels."""
        return max(map(max, self.corners)) > 1

    def polygon(self, size: tuple[int, int]) -> NDArray[np.float64]:
        """Its corners (N, 2) in pixels of a picture of (width, height)."""
        return np.array(self.corners, np.float64) * (1 if self.in_pixels else np.array(size))

    def __str__(self) -> str:
        """As it is written."""
        return " ".join(f"{x:g},{y:g}" for x, y in self.corners)


@dataclass(frozen=True, slots=True)
class Zones:
    """Text is read in the `read` zones, everywhere without any, but not in the `ignore` zones."""

    read: tuple[Zone, ...] = ()
    ignore: tuple[Zone, ...] = ()

    @property
    def everywhere(self) -> bool:
        """Whether text is read in the whole picture."""
        return not (self.read or self.ignore)

    def hold(self, points: NDArray[np.floating], size: tuple[int, int]) -> NDArray[np.bool_]:
        """Tell at which points (N, 2) of a picture of (width, height) text is read; what lies beyond the border is judged by
        where the border is nearest.
        """
        if self.everywhere:
            return np.ones(len(points), np.bool_)
        seen = np.clip(points, 0, np.array(size) - 1e-3)
        read = covered(self.read, seen, size) if self.read else np.ones(len(points), np.bool_)
        return read & ~covered(self.ignore, seen, size)

    def touch(self, part: Sequence[float], size: tuple[int, int]) -> bool:
        """Tell whether text is read anywhere in a part (left, top, right, bottom) of a picture of (width, height)."""
        if self.everywhere:
            return True
        cells = cells_of(self, size)
        left, top, right, bottom = (edge / CELL_PX for edge in part)
        rows = slice(max(int(top), 0), max(math.ceil(bottom), int(top) + 1))
        return bool(cells[rows, max(int(left), 0) : max(math.ceil(right), int(left) + 1)].any())


EVERYWHERE = Zones()


@lru_cache(maxsize=64)
def cells_of(zones: Zones, size: tuple[int, int]) -> NDArray[np.bool_]:
    """Tell in which cells (rows, columns) of a picture of (width, height) text is read."""
    columns, rows = (math.ceil(edge / CELL_PX) for edge in size)
    y, x = np.mgrid[:rows, :columns]
    centres = np.stack([x, y], axis=-1).reshape(-1, 2) * CELL_PX + CELL_PX / 2
    return zones.hold(centres, size).reshape(rows, columns)


def covered(zones: Sequence[Zone], points: NDArray[np.floating], size: tuple[int, int]) -> NDArray[np.bool_]:
    """Tell which points (N, 2) of a picture of (width, height) lie in any of some zones."""
    within = np.zeros(len(points), np.bool_)
    for zone in zones:
        within |= inside(points, zone.polygon(size))
    return within


def inside(points: NDArray[np.floating], polygon: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Tell which points (N, 2) lie inside a polygon (M, 2) of any form: from there its outline is crossed an odd number of times
    on the way to the right.
    """
    x, y = points[:, :1], points[:, 1:]
    (ax, ay), (bx, by) = polygon.T, np.roll(polygon, -1, axis=0).T
    crosses = (ay <= y) != (by <= y)
    rise = np.where(by == ay, 1.0, by - ay)
    # An edge may rise by next to nothing, and then meets the line next to nowhere.
    with np.errstate(over="ignore"):
        meets = ax + (y - ay) * (bx - ax) / rise
    return np.asarray((crosses & (x < meets)).sum(axis=1) % 2 == 1)


def parse_zone(text: str) -> Zone:
    """Read a zone such as "0.1,0.2 0.6,0.2 0.5,0.9": its corners in order; two are those of an upright rectangle.

    Raises:
        InputError: it is none.

    """
    advice = 'write its corners as x,y with spaces between, such as "0.1,0.2 0.6,0.8"'
    try:
        corners = [(float(x), float(y)) for x, y in (corner.split(",") for corner in text.split())]
    except ValueError:
        raise InputError(f"{text!r} is no zone; {advice}") from None
    flat = [edge for corner in corners for edge in corner]
    if len(corners) < 2:
        raise InputError(f"{text!r} is no zone, as it has {len(corners)} of at least 2 corners; {advice}")
    if not all(0 <= edge < 1e6 for edge in flat):
        raise InputError(f"the zone {text!r} reaches beyond the picture: x and y begin with 0 at its top-left corner")
    if max(flat) > 1 and not all(edge.is_integer() for edge in flat):
        raise InputError(f"the zone {text!r} is neither in fractions of the picture, of 0 to 1, nor in whole pixels; choose one")
    if len(corners) == 2:
        (left, top), (right, bottom) = corners
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
    if area(np.array(corners)) < 1e-9:
        raise InputError(f"the zone {text!r} encloses nothing; give its corners in their order around it")
    return Zone(tuple(corners))
