"""Painting a street wall and the signs on it: brick, plaster and timber, letters, boards and shadows.

Owns the look of things only.  Does not know of cameras or time (clip).
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray

    from glyphfeed.stream.records import Colour

Bgr: TypeAlias = tuple[int, int, int]
"""Blue, green, red, 0 to 255."""

PAVEMENT_PX = 110
BRICK_PX = (64, 26)
PLANK_PX = 58
QUIET = 4
"""Modules of nothing around a code, at least: so many a QR code needs, and bars a tenth of their width."""


@lru_cache(maxsize=2)
def bare_wall(size: tuple[int, int], seed: int) -> Colour:
    """A wall of the given width and height: a third brick, a third plaster, a third timber, over a pavement.

    The same size and seed give the same pixels.
    """
    width, height = size
    rng = np.random.default_rng(seed)
    wall = np.empty((height, width, 3), np.float32)
    edges = np.linspace(0, width, 4).astype(int)
    for paint, left, right in zip((_bricks, _plaster, _planks), edges, edges[1:], strict=False):
        wall[:, left:right] = paint(right - left, height, rng)
    for edge in edges[1:-1]:  # a drainpipe's shadow hides each seam
        wall[:, edge - 9 : edge + 9] *= np.abs(np.linspace(-1, 1, 18, dtype=np.float32))[None, :, None] * 0.5 + 0.35
    ground = height - min(PAVEMENT_PX, height // 6)
    wall[ground:] = (128, 130, 132)
    wall[ground : ground + 8] *= 0.55
    wall *= 1 + _clouds(width, height, 180, rng) * 0.16 + rng.normal(0, 0.035, (height, width, 1)).astype(np.float32)
    return np.clip(wall, 0, 255).astype(np.uint8)


def set_text(text: str, size_px: int, font: str, weight: int) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Set the lines of a text, centred, with a margin around them.

    Returns the coverage of the letters, (height, width) uint8, and the box of the ink of each word in there, (N, 4, 2), from
    the top left clockwise.
    """
    face = cv2.FontFace(font)
    space, leading, margin = round(0.3 * size_px), round(1.2 * size_px), round(0.35 * size_px)
    lines = [line.split() for line in text.split("\n")]
    widths = [[cv2.getTextSize((0, 0), word, (0, 0), face, size_px, weight)[2] for word in line] for line in lines]
    extents = [sum(line) + space * (len(line) - 1) for line in widths]
    size = (leading * (len(lines) - 1) + size_px + 2 * margin, max(extents) + 2 * margin)
    letters, boxes = np.zeros(size, np.uint8), []
    for row, line in enumerate(lines):
        # Capitals are 0.75 of the size high: this puts their middle on the middle of the line.
        x, baseline = (size[1] - extents[row]) // 2, margin + leading * row + round(0.875 * size_px)
        for word, width in zip(line, widths[row], strict=True):
            alone = np.zeros(size, np.uint8)
            cv2.putText(alone, word, (x, baseline), (255, 255, 255), face, size_px, weight)
            left, top, wide, high = cv2.boundingRect(alone)
            boxes.append([(left, top), (left + wide, top), (left + wide, top + high), (left, top + high)])
            letters |= alone
            x += width + space
    return letters, np.array(boxes, np.float64)


def set_modules(rows: tuple[str, ...], module_px: int) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Set the modules of a code, rows of # where it is dark, with the quiet zone that it needs around it.

    Returns the coverage, (height, width) uint8, and the box of the code in there, (1, 4, 2), as `set_text` does.
    """
    dark = np.array([[255 if module == "#" else 0 for module in row] for row in rows], np.uint8)
    quiet = max(QUIET, dark.shape[1] // 10)
    large = np.pad(dark, quiet).repeat(module_px, axis=0).repeat(module_px, axis=1)
    low, (height, width) = quiet * module_px, large.shape
    right, bottom = width - low, height - low
    return large, np.array([[(low, low), (right, low), (right, bottom), (low, bottom)]], np.float64)


def hang(wall: Colour, letters: NDArray[np.uint8], to_wall: NDArray[np.float64], ink: Bgr, paper: Bgr | None) -> None:
    """Paint letters onto the wall in place, and below them, if there is paper, a board with a rim and a shadow.

    `letters` is (height, width) uint8 coverage, which `to_wall`, a 3x3 affine matrix, takes to wall pixels.
    """
    height, width = letters.shape
    corners = np.array([[(0, 0), (width, 0), (width, height), (0, height)]], np.float64)
    placed = cv2.perspectiveTransform(corners, to_wall)[0]
    left, top = np.maximum(np.floor(placed.min(0)).astype(int) - 24, 0)
    right, bottom = np.maximum(np.ceil(placed.max(0)).astype(int) + 24, 0)
    region = wall[top:bottom, left:right]
    if not region.size:
        return
    there = to_wall[:2] - np.array([[0, 0, left], [0, 0, top]])
    target = region.shape[1::-1]

    def cover(coverage: NDArray[np.uint8]) -> NDArray[np.float32]:
        warped = cv2.warpAffine(cv2.GaussianBlur(coverage, (3, 3), 0), there, target, flags=cv2.INTER_LINEAR)
        return np.asarray(warped[..., None] / 255, np.float32)

    painted = region.astype(np.float32)
    if paper is not None:
        board, inside = np.full_like(letters, 255), np.zeros_like(letters)
        cv2.rectangle(inside, (8, 8), (width - 9, height - 9), 255, cv2.FILLED)
        shadow = cv2.GaussianBlur(np.roll(cover(board), (9, 6), (0, 1))[..., 0], (0, 0), 5)[..., None]
        painted *= 1 - 0.5 * shadow
        rim = tuple(0.55 * p + 0.45 * i for p, i in zip(paper, ink, strict=True))
        painted = _blend(_blend(painted, rim, cover(board)), paper, cover(inside))
    region[:] = np.clip(_blend(painted, ink, cover(letters)), 0, 255).astype(np.uint8)


def _blend(below: NDArray[np.float32], colour: tuple[float, ...], coverage: NDArray[np.float32]) -> NDArray[np.float32]:
    return below + (np.array(colour, np.float32) - below) * coverage


def _clouds(width: int, height: int, grain_px: int, rng: Generator) -> NDArray[np.float32]:
    """Smooth noise of about -1 to 1 with features of the given size; (height, width, 1)."""
    coarse = rng.uniform(-1, 1, (height // grain_px + 2, width // grain_px + 2)).astype(np.float32)
    return np.asarray(cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC), np.float32)[..., None]


def _bricks(width: int, height: int, rng: Generator) -> NDArray[np.float32]:
    wide, high = BRICK_PX
    rows, columns = height // high + 1, width // wide + 2
    tones = rng.normal(1, 0.09, (rows, columns, 1)) * np.array([66, 84, 142]) + rng.normal(0, 5, (rows, columns, 3))
    y, x = np.mgrid[:height, :width]
    row = y // high
    shifted = x + (row % 2) * (wide // 2)
    wall = np.asarray(tones[row, shifted // wide], np.float32)
    wall[(y % high < 3) | (shifted % wide < 3)] = (128, 136, 142)
    return wall


def _plaster(width: int, height: int, rng: Generator) -> NDArray[np.float32]:
    stain = 1 + 0.05 * _clouds(width, height, 24, rng) + 0.05 * _clouds(width, height, 70, rng)
    return np.asarray(stain * (168, 196, 208), np.float32)


def _planks(width: int, height: int, rng: Generator) -> NDArray[np.float32]:
    x = np.arange(width)
    tones = rng.normal(1, 0.06, width // PLANK_PX + 1)[x // PLANK_PX] * np.where(x % PLANK_PX < 3, 0.45, 1.0)
    grain = 1 + 0.08 * cv2.resize(rng.normal(0, 1, (height // 60 + 2, width)), (width, height))
    return np.asarray((tones[None, :] * grain)[..., None] * np.array([92, 88, 62]), np.float32)
