"""Text set in a font: which pixels it covers, and where each of its characters is.

Owns the truth of rendered text: a quad for every character, a polygon for the whole, and how both move as the text is bent
along an arc and seen from the side.  Does not choose fonts nor texts, and knows no colours (painting).  Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import accumulate
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from PIL import Image, ImageDraw

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from PIL.ImageFont import FreeTypeFont

EDGE: Final = 8
"""Points on each long side of the polygon around a text."""


@dataclass(frozen=True, slots=True)
class Lettering:
    """Text as it covers a picture.

    `coverage` is (height, width) uint8, 255 where a pixel is all text.  `quads`, (characters, 4, 2) float32, are the corners of
    what each character covers, clockwise from its own top left, in pixels; a space's reach from one neighbour to the other.
    `outline`, (2 * EDGE, 2) float32, goes round the whole in the same way, first along its top.
    """

    text: str
    coverage: NDArray[np.uint8]
    quads: NDArray[np.float32]
    outline: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Company:
    """Text beside a text, which is in the picture, but not in its truth."""

    before: str = ""
    after: str = ""
    above: str = ""
    below: str = ""


def set_text(
    text: str, font: FreeTypeFont, company: Company, spacing: float = 0.0, weight: int = 0, margin: float = 0.4
) -> Lettering:
    """Set a line of text.

    Args:
        text: what it says, of one character at least, the first and last of which can be seen.
        font: in this font.
        company: what stands around it.
        spacing: what is added between characters, in ems.
        weight: pixels by which strokes are made thicker on each side.
        margin: what is left around the text, in ems.

    """
    em = font.size
    pens = pens_of(text, font, spacing * em)
    boxes = np.array([font.getbbox(char, stroke_width=weight, anchor="ls") for char in text], np.float32)
    boxes[:, ::2] += np.array(pens, np.float32)[:, None]
    for k, char in enumerate(text):
        if char == " ":
            boxes[k] = boxes[k - 1, 2], boxes[k - 1, 1], boxes[k + 1, 0], boxes[k - 1, 3]
    (left, top), (right, bottom) = boxes[:, :2].min(axis=0).tolist(), boxes[:, 2:].max(axis=0).tolist()
    x, y = margin * em - left, margin * em - top
    size = (max(round(right + x + margin * em), 2), max(round(bottom + y + margin * em), 2))
    canvas = Image.new("L", size, 0)
    draw = ImageDraw.Draw(canvas)
    for char, pen in zip(text, pens, strict=True):
        draw.text((x + pen, y), char, 255, font, anchor="ls", stroke_width=weight)
    gap, line = 0.3 * em, 1.1 * em
    draw.text((x + left - gap, y), company.before, 255, font, anchor="rs", stroke_width=weight)
    draw.text((x + right + gap, y), company.after, 255, font, anchor="ls", stroke_width=weight)
    draw.text((x, y - line), company.above, 255, font, anchor="ls", stroke_width=weight)
    draw.text((x, y + line), company.below, 255, font, anchor="ls", stroke_width=weight)
    boxes += np.array([x, y, x, y], np.float32)
    along = np.linspace(left + x, right + x, EDGE)
    outline = np.stack([np.r_[along, along[::-1]], np.repeat([top + y, bottom + y], EDGE)], 1).astype(np.float32)
    return Lettering(text, np.asarray(canvas, np.uint8), boxes[:, [0, 1, 2, 1, 2, 3, 0, 3]].reshape(-1, 4, 2), outline)


def pens_of(text: str, font: FreeTypeFont, spacing: float) -> list[float]:
    """Where each character of a text begins along its baseline, in pixels."""
    return [0.0, *accumulate(font.getlength(char) + spacing for char in text[:-1])]


@dataclass(frozen=True, slots=True)
class Arc:
    """The circle along which a straight line is bent.

    `centre` is where the line touches it, (x, y) in pixels.  `radius`, in pixels, is positive where the middle stands highest,
    and negative where it hangs lowest.
    """

    centre: tuple[float, float]
    radius: float

    def bend(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Where points (..., 2) of the straight line come to lie: along the line becomes along the circle, above stays above."""
        (x, y), radius = self.centre, self.radius
        angle, distance = (points[..., 0] - x) / radius, radius - (points[..., 1] - y)
        return np.stack([x + distance * np.sin(angle), y + radius - distance * np.cos(angle)], -1).astype(np.float32)

    def unbend(self, points: NDArray[np.float32]) -> NDArray[np.float32]:
        """Where points (..., 2) have come from: the inverse of `bend` within half a circle to each side."""
        (x, y), radius = self.centre, self.radius
        side = np.sign(radius)
        across, up = points[..., 0] - x, y + radius - points[..., 1]
        angle, distance = np.arctan2(side * across, side * up), side * np.hypot(across, up)
        return np.stack([x + radius * angle, y + radius - distance], -1).astype(np.float32)


def project(points: NDArray[np.float32], homography: NDArray[np.float64]) -> NDArray[np.float32]:
    """Points (..., 2) as a homography (3, 3) shows them."""
    moved = points @ homography[:, :2].T + homography[:, 2]
    return np.asarray(moved[..., :2] / moved[..., 2:], np.float32)


def show(lettering: Lettering, arc: Arc | None, homography: NDArray[np.float64], size: tuple[int, int]) -> Lettering:
    """Lettering bent along an arc, and then seen through a homography, on a canvas of (height, width)."""
    rows, columns = size
    if arc is None:
        quads, outline = lettering.quads, lettering.outline
        coverage = cv2.warpPerspective(lettering.coverage, homography, (columns, rows), flags=cv2.INTER_LINEAR)
    else:
        quads, outline = arc.bend(lettering.quads), arc.bend(lettering.outline)
        grid = np.stack(np.meshgrid(np.arange(columns, dtype=np.float32), np.arange(rows, dtype=np.float32)), -1)
        origin = arc.unbend(project(grid, np.asarray(np.linalg.inv(homography), np.float64)))
        coverage = cv2.remap(lettering.coverage, origin[..., 0], origin[..., 1], cv2.INTER_LINEAR)
    seen = np.asarray(coverage, np.uint8)
    return Lettering(lettering.text, seen, project(quads, homography), project(outline, homography))
