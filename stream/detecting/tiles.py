"""Where on a large picture to look more closely: tiles that cover it, and what of it was looked at so, and when.

Owns the tiles' geometry and the memory of close passes, which moves with the camera.  Pure.  Does not own whether a pass pays
beside the other passes (schedule) or what it tells about tracks (tracker).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import cv2
import numpy as np

from glyphfeed.stream.geometry import BORDER_PX, UNIT_SQUARE, axis, is_sound, transform

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

Scalar = TypeVar("Scalar", bound=np.generic)

FULL_DETAIL_PX = (960, 544)
"""A picture of this width and height, or the other way round, is seen by a fine pass as it is."""
LARGE = 0.75
"""A picture that a fine pass must shrink to less than this is looked at in tiles as well."""
TILE_SCALE = 0.9
"""A tile is shrunk to this at the least: 1920x1080 takes 4 tiles, and would take 9 if none were shrunk."""
SMALL_PX = 10.0
"""Text that is no higher than this in what the network sees is what tiles are for; twice as high is found without."""
OVERLAP = (6, 2)
"""Neighbours share so many heights of such text, along a line and across it, or a third of a tile."""
CELL_PX = 20
"""What was looked at is added up in cells of so many pixels: a tile has some fifty by thirty."""
LEVELS_APART, LEVEL_STEP = 4.0, 2.5
"""In a still, where tiles show more than the one times what the whole does, a line may be too long for a tile and too small for
the whole picture: there are tiles between, each level seeing so much less than the one before."""
ROUNDS = 2
"""So many passes a tile are remembered: when one was made, in what order the others come, tells even where it holds no more."""


class Tile(NamedTuple):
    """A part of a picture, in its pixels."""

    x: int
    y: int
    width: int
    height: int

    def cut(self, image: NDArray[Scalar]) -> NDArray[Scalar]:
        """The part itself, as a view of the picture, (height, width) or with colours."""
        return image[self.y : self.y + self.height, self.x : self.x + self.width]

    def scaled(self, scale: float) -> Tile:
        """The same part of the picture when that is scaled, at least a pixel of it."""
        left, top = int(self.x * scale), int(self.y * scale)
        right, bottom = math.ceil((self.x + self.width) * scale), math.ceil((self.y + self.height) * scale)
        return Tile(left, top, right - left, bottom - top)

    def holds(self, quad: NDArray[np.floating], size: tuple[int, int]) -> bool:
        """Tell whether no edge inside the picture of (width, height) cuts a quad off, or comes so near that it might."""
        low, high = quad.min(axis=0), quad.max(axis=0)
        return all(
            (edge == 0 or low[k] >= edge + BORDER_PX) and (edge + extent == size[k] or high[k] <= edge + extent - BORDER_PX)
            for k, (edge, extent) in enumerate(((self.x, self.width), (self.y, self.height)))
        )


def detail(size: tuple[int, int]) -> float:
    """How much a fine pass shrinks a picture of (width, height), 1 for not at all."""
    return min(1.0, max(FULL_DETAIL_PX) / max(size), min(FULL_DETAIL_PX) / min(size))


@lru_cache(maxsize=16)
def tiles_of(size: tuple[int, int]) -> dict[Tile, Tile]:
    """Cover a picture of (width, height) with as few tiles as show it well enough, each with the part that it alone covers; one
    that fine passes see well enough has none.
    """
    return {} if detail(size) >= LARGE else tiles_at(size, TILE_SCALE)


def tiles_at(size: tuple[int, int], scale: float) -> dict[Tile, Tile]:
    """Cover a picture of (width, height) with tiles that are shrunk to no less than `scale`, each with the part of its own."""
    shape = FULL_DETAIL_PX if size[0] >= size[1] else FULL_DETAIL_PX[::-1]
    columns, rows = (
        pieces(whole, extent / scale, heights * SMALL_PX / detail(size))
        for whole, extent, heights in zip(size, shape, OVERLAP, strict=True)
    )
    return {
        Tile(x[0], y[0], x[1] - x[0], y[1] - y[0]): Tile(u[0], v[0], u[1] - u[0], v[1] - v[0])
        for y, v in rows
        for x, u in columns
    }


def levels_of(size: tuple[int, int]) -> list[Tile]:
    """List the tiles in which a still of (width, height) is looked at; the closest come last, as they cut most."""
    levels, scale = [tiles_of(size)], TILE_SCALE
    while levels[0] and scale > LEVELS_APART * detail(size):
        scale /= LEVEL_STEP
        levels.append(tiles_at(size, scale))
    return [tile for level in reversed(levels) for tile in level]


def pieces(whole: int, most: float, overlap: float) -> list[tuple[tuple[int, int], tuple[int, int]]]:
    """Cut a whole into the fewest equal pieces, (start, end), not longer than `most`, that overlap by so much, or by a third of
    that; each comes with the part of it that lies in no other.
    """
    overlap = min(overlap, most / 3)
    last = max(math.ceil((whole - overlap) / (most - overlap)), 1) - 1
    extent = math.ceil((whole + last * overlap) / (last + 1))
    starts = [k * (whole - extent) // max(last, 1) for k in range(last + 1)]
    ends = [start + extent for start in starts]
    alone = zip([0, *ends[:-1]], [*starts[1:], whole], strict=True)
    return list(zip(zip(starts, ends, strict=True), alone, strict=True))


@dataclass(slots=True)
class ClosePass:
    """A tile that was looked at: its outline (4, 2), which moves with the camera, when, in stream seconds, and for how long that
    holds.
    """

    outline: NDArray[np.floating]
    made_at: float
    holds_s: float


class ClosePasses:
    """What of one source's picture was looked at in tiles."""

    def __init__(self, least_s: float, most_s: float) -> None:
        """A pass that found something new holds for `least_s`, one that did not for `most_s`."""
        self._least_s, self._most_s = least_s, most_s
        self._passes: list[ClosePass] = []
        self._astray = False

    def follow(self, camera: NDArray[np.float64] | None) -> None:
        """Take in the camera's motion of one frame, a (3, 3) homography, None if the picture could not be followed."""
        if camera is None:
            # Where nothing can be followed, mostly nothing moves either: not before it can is everything new.
            self._astray = True
            return
        if self._astray:
            self._astray = False
            for made in self._passes:
                made.holds_s = 0.0
        if self._passes:
            outlines = transform(np.concatenate([made.outline for made in self._passes]), camera).reshape(-1, 4, 2)
            for made, outline in zip(self._passes, outlines, strict=True):
                made.outline = outline

    def most_wanted(
        self, now: float, size: tuple[int, int], texts: Iterable[NDArray[np.floating]], new_area: float
    ) -> Tile | None:
        """Name the tile of the picture of (width, height) to look at next at `now`, if any is due.

        Due is one if a share of at least `new_area`, above 0 up to 1, of what it alone covers was not looked at lately.  One that
        was never looked at comes first, then the one whose last pass is the oldest: so each has its turn, however many there
        are.  What lies in one of the `texts`, quads (4, 2), is known, unless they are small.  A small picture has no tiles.
        """
        tiles = tiles_of(size)
        if not tiles:
            return None
        self._passes = [made for made in self._passes if is_sound(made.outline, size)][-ROUNDS * len(tiles) :]
        shape = math.ceil(size[1] / CELL_PX), math.ceil(size[0] / CELL_PX)
        mask, age_s = np.ones(shape, np.uint8), np.full(shape, np.inf, np.float32)
        for made in self._passes:
            cells = in_cells(made.outline)
            cv2.fillConvexPoly(age_s, cells, now - made.made_at)
            if now < made.made_at + made.holds_s:
                cv2.fillConvexPoly(mask, cells, 0)
        large_px = 2 * SMALL_PX / detail(size)
        for quad in texts:
            if axis(quad).height > large_px:
                cv2.fillConvexPoly(mask, in_cells(quad), 0)
        due = mask > 0
        wanted: list[tuple[float, float, Tile]] = []
        for tile, alone in tiles.items():
            part = alone.scaled(1 / CELL_PX)
            due_here = part.cut(due)
            share = float(due_here.mean())
            if share >= new_area:
                # The median, as a camera that moves a little brings a strip that was never looked at to the tiles at the border.
                wanted.append((float(np.median(part.cut(age_s)[due_here])), share, tile))
        return max(wanted, key=lambda item: item[:2])[2] if wanted else None

    def made(self, tile: Tile, now: float) -> None:
        """Note that a pass over a tile of the current frame was begun at stream time `now`."""
        # A cell at the least, as an outline that is but a pixel high is not a sound one.
        outline = UNIT_SQUARE * np.maximum(tile[2:], CELL_PX).astype(np.float32) + np.array(tile[:2], np.float32)
        self._passes.append(ClosePass(outline, now, self._least_s))

    def found(self, *, news: bool) -> None:
        """Note whether the last pass found text that was not known."""
        if self._passes and self._passes[-1].holds_s and not news:
            self._passes[-1].holds_s = self._most_s


def in_cells(quad: NDArray[np.floating]) -> NDArray[np.int32]:
    """Tell which cells the corners (4, 2) of a quad lie in, for OpenCV to fill those between."""
    return np.round(quad / CELL_PX - 0.5).astype(np.int32)
