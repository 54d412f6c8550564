"""Quads, polygons and homographies: pure functions on float arrays in pixels.

Owns shapes and where they map to.  Does not own what moves them (flow, motion) or what they mean (tracker).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

TALL = 1.5
"""A quad this much higher than wide holds a line that runs up or down."""
UNIT_SQUARE = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)


def transform(points: NDArray[np.floating], homography: NDArray[np.float64]) -> NDArray[np.float64]:
    """Map points (N, 2) by a (3, 3) homography."""
    x, y = points[:, 0], points[:, 1]
    (a, b, c), (d, e, f), (g, h, i) = homography
    w = g * x + h * y + i
    return np.stack([(a * x + b * y + c) / w, (d * x + e * y + f) / w], axis=1)


def homography_between(source: NDArray[np.floating], target: NDArray[np.floating]) -> NDArray[np.float64]:
    """Find the (3, 3) homography that maps one quad (4, 2) onto another."""
    return np.asarray(cv2.getPerspectiveTransform(source.astype(np.float32), target.astype(np.float32)), np.float64)


def turn(quad: NDArray[np.floating], quarters: int) -> NDArray[np.floating]:
    """Start a quad (4, 2) at another corner: text that stands turned by `quarters` times 90 degrees clockwise reads level."""
    return np.roll(quad, -quarters, axis=0)


def aligned(quad: NDArray[np.floating], reference: NDArray[np.floating]) -> NDArray[np.floating]:
    """Start a quad (4, 2) at the corner that brings its corners nearest to those of a reference quad."""
    turns = [turn(quad, quarters) for quarters in range(4)]
    centred = reference - reference.mean(axis=0) + quad.mean(axis=0)
    return min(turns, key=lambda candidate: float(np.square(candidate - centred).sum()))


def sides(quad: NDArray[np.floating]) -> tuple[float, float]:
    """Width along the text and height across it, each the mean of two opposite edges."""
    edges = np.roll(quad, -1, axis=0) - quad
    top, right, bottom, left = np.hypot(edges[:, 0], edges[:, 1]).tolist()
    return (top + bottom) / 2, (left + right) / 2


def is_tall(quad: NDArray[np.floating]) -> bool:
    """Tell whether a quad whose first edge points right holds a line that runs up or down, not across."""
    width, height = sides(quad)
    return height > TALL * width


def axis(quad: NDArray[np.floating]) -> tuple[NDArray[np.floating], float, float]:
    """Direction of a quad's longer sides as a unit vector (2,), and its length and thickness in pixels."""
    width, height = sides(quad)
    across = quad[1] - quad[0] + quad[2] - quad[3]
    along = across if width >= height else quad[3] - quad[0] + quad[2] - quad[1]
    return along / max(float(np.hypot(along[0], along[1])), 1e-6), max(width, height), max(min(width, height), 1e-6)


def area(polygon: NDArray[np.floating]) -> float:
    """Area of a polygon (N, 2), by the shoelace formula."""
    x, y = polygon[:, 0], polygon[:, 1]
    return abs(float(x @ np.roll(y, -1) - y @ np.roll(x, -1))) / 2


def intersection(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """Area that two convex polygons share."""
    return float(cv2.intersectConvexConvex(a.astype(np.float32), b.astype(np.float32))[0])


def share_inside(polygon: NDArray[np.floating], size: tuple[int, int]) -> float:
    """Share of a convex polygon's area that lies inside a picture of (width, height), 0..1."""
    width, height = size
    if polygon.min() >= 0 and polygon[:, 0].max() <= width and polygon[:, 1].max() <= height:
        return 1.0
    whole = area(polygon)
    return intersection(polygon, UNIT_SQUARE * np.array([width, height], np.float32)) / whole if whole > 1 else 0.0


def is_sound(quad: NDArray[np.floating], size: tuple[int, int]) -> bool:
    """Tell whether a quad is finite, convex, clockwise and of a size that text in a (width, height) picture can have."""
    if not np.isfinite(quad).all() or np.abs(quad).max() > 4 * max(size):
        return False
    edges = np.roll(quad, -1, axis=0) - quad
    following = np.roll(edges, -1, axis=0)
    bends = edges[:, 0] * following[:, 1] - edges[:, 1] * following[:, 0]
    return bool((bends > 0).all()) and min(sides(quad)) >= 2


def rectify(
    image: NDArray[np.uint8], quad: NDArray[np.floating], heights_px: tuple[int, int], stretch: float = 1.0
) -> NDArray[np.uint8]:
    """Cut a quad out of a picture, upright and level, at its own size but between two heights, and `stretch` times as wide."""
    width, height = sides(quad)
    rows = int(np.clip(round(height), *heights_px))
    columns = int(np.clip(round(width * stretch * rows / max(height, 1)), 8, 40 * rows))
    matrix = homography_between(quad, UNIT_SQUARE * np.array([columns, rows], np.float32))
    cut = cv2.warpPerspective(image, matrix, (columns, rows), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(cut, np.uint8)


def slice_quad(quad: NDArray[np.floating], start: float, end: float) -> NDArray[np.float64]:
    """Cut the part of a quad between two positions along the text, 0..1, in perspective."""
    matrix = homography_between(UNIT_SQUARE, quad)
    part = np.array([[start, 0], [end, 0], [end, 1], [start, 1]], np.float64)
    return transform(part, matrix)
