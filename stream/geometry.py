"""Quads, polygons and homographies: pure functions on float arrays in pixels.

Owns shapes and where they map to.  Does not own what moves them (flow, motion) or what they mean (tracker).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

TALL = 1.5
"""A quad this much higher than wide holds a line that runs up or down."""
BORDER_PX = 3.0
"""Text that comes this near to the border is probably cut off."""
UNIT_SQUARE = np.array([[0, 0], [1, 0], [1, 1], [0, 1]], np.float32)


def transform(points: NDArray[np.floating], homography: NDArray[np.float64]) -> NDArray[np.float64]:
    """Map points (N, 2) by a (3, 3) homography."""
    mapped = points @ homography[:, :2].T + homography[:, 2]
    return np.asarray(mapped[:, :2] / mapped[:, 2:], np.float64)


def homography_between(source: NDArray[np.floating], target: NDArray[np.floating]) -> NDArray[np.float64]:
    """Find the (3, 3) homography that maps one quad (4, 2) onto another."""
    return np.asarray(cv2.getPerspectiveTransform(source.astype(np.float32), target.astype(np.float32)), np.float64)


def turn(quad: NDArray[np.floating], quarters: int) -> NDArray[np.floating]:
    """Start a quad (4, 2) at another corner: text that stands turned by `quarters` times 90 degrees clockwise reads level."""
    return quad[[(quarters + k) % 4 for k in range(4)]]


def aligned(quad: NDArray[np.floating], reference: NDArray[np.floating]) -> NDArray[np.floating]:
    """Start a quad (4, 2) at the corner that brings its corners nearest to those of a reference quad."""
    turns = [turn(quad, quarters) for quarters in range(4)]
    centred = reference - reference.mean(axis=0) + quad.mean(axis=0)
    return min(turns, key=lambda candidate: float(np.square(candidate - centred).sum()))


def sides(quad: NDArray[np.floating]) -> tuple[float, float]:
    """Width along the text and height across it, each the mean of two opposite edges."""
    # Plain floats: for four corners they are ten times as fast as arrays, and this is asked of every track in every frame.
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = quad.tolist()
    width = (math.hypot(bx - ax, by - ay) + math.hypot(cx - dx, cy - dy)) / 2
    return width, (math.hypot(cx - bx, cy - by) + math.hypot(dx - ax, dy - ay)) / 2


def is_tall(quad: NDArray[np.floating]) -> bool:
    """Tell whether a quad whose first edge points right holds a line that runs up or down, not across."""
    width, height = sides(quad)
    return height > TALL * width


class Axis(NamedTuple):
    """How a line lies: the direction of its longer sides as a unit vector (2,), its length along and its height across them in
    pixels.
    """

    along: NDArray[np.floating]
    length: float
    height: float


def axis(quad: NDArray[np.floating]) -> Axis:
    """Find how the line in a quad (4, 2) lies, whichever way it is read."""
    width, height = sides(quad)
    across = quad[1] - quad[0] + quad[2] - quad[3]
    along = across if width >= height else quad[3] - quad[0] + quad[2] - quad[1]
    return Axis(along / max(float(np.hypot(along[0], along[1])), 1e-6), max(width, height), max(min(width, height), 1e-6))


def area(polygon: NDArray[np.floating]) -> float:
    """Area of a polygon (N, 2), by the shoelace formula."""
    points = polygon.tolist()
    return abs(float(sum(ax * by - ay * bx for (ax, ay), (bx, by) in zip(points, [*points[1:], points[0]], strict=True)))) / 2


def intersection(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """Area that two convex polygons share."""
    # OpenCV errs on edges that all but coincide, 1e-8 to 1e-5 px apart: rounded, they do coincide.
    first, second = (np.round(polygon, 2).astype(np.float32) for polygon in (a, b))
    return float(cv2.intersectConvexConvex(first, second)[0])


def share_inside(polygon: NDArray[np.floating], size: tuple[int, int]) -> float:
    """Share of a convex polygon's area that lies inside a picture of (width, height), 0..1."""
    width, height = size
    if all(0 <= x <= width and 0 <= y <= height for x, y in polygon.tolist()):
        return 1.0
    whole = area(polygon)
    inside = intersection(polygon, UNIT_SQUARE * np.array([width, height], np.float32))
    return min(inside / whole, 1.0) if whole > 1 else 0.0


def contain(quads: NDArray[np.floating], points: NDArray[np.floating]) -> NDArray[np.bool_]:
    """Tell of convex quads (M, 4, 2) that go round clockwise which points (N, 2) each contains, as (M, N)."""
    edges = quads[:, [1, 2, 3, 0]] - quads
    inwards = np.stack([-edges[..., 1], edges[..., 0]], axis=-1)
    return np.asarray((points @ inwards.transpose(0, 2, 1) >= (quads * inwards).sum(axis=2)[:, None]).all(axis=2))


def touches_border(quad: NDArray[np.floating], size: tuple[int, int], near_px: float = BORDER_PX) -> bool:
    """Tell whether a quad comes so near to the border of a picture of (width, height) that its text may go on beyond it."""
    width, height = size
    low, high = quad.min(axis=0), quad.max(axis=0)
    return bool(low.min() < near_px or high[0] > width - near_px or high[1] > height - near_px)


def clear_of_border(quad: NDArray[np.floating], size: tuple[int, int], near_px: float) -> tuple[float, float]:
    """Tell which part of a line's quad (4, 2), from and to in 0..1 along it, keeps `near_px` pixels from the border of a picture
    of (width, height); (1, 0) where none does.
    """
    along = np.linspace(0, 1, 65)
    points = transform(np.array([(x, y) for x in along for y in (0.2, 0.8)]), homography_between(UNIT_SQUARE, quad))
    inside = ((points >= near_px) & (points <= np.array(size) - near_px)).all(axis=1).reshape(-1, 2).all(axis=1)
    if not inside.any():
        return 1.0, 0.0
    start, end = along[inside][[0, -1]]
    return float(start), float(end)


def is_sound(quad: NDArray[np.floating], size: tuple[int, int]) -> bool:
    """Tell whether a quad is finite, convex, clockwise and of a size that text in a (width, height) picture can have."""
    points = quad.tolist()
    reach = 4 * max(size)
    if not all(abs(x) <= reach and abs(y) <= reach for x, y in points):  # so not for NaN either
        return False
    for k in range(4):
        (ax, ay), (bx, by), (cx, cy) = points[k], points[(k + 1) % 4], points[(k + 2) % 4]
        if (bx - ax) * (cy - by) - (by - ay) * (cx - bx) <= 0:
            return False
    return min(sides(quad)) >= 2


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


def cut_around(image: NDArray[np.uint8], polygon: NDArray[np.floating], times: float) -> NDArray[np.uint8]:
    """The part of a picture that a polygon lies in, and so many times the shorter side of its box around; a pixel at least."""
    height, width = image.shape[:2]
    low, high = polygon.min(axis=0), polygon.max(axis=0)
    margin = times * float((high - low).min())
    left, top = np.clip(np.floor(low - margin), 0, [width - 1, height - 1]).astype(int)
    right, bottom = np.clip(np.ceil(high + margin), [left + 1, top + 1], [width, height]).astype(int)
    return image[top:bottom, left:right]


def with_margins(quad: NDArray[np.floating], heights: float) -> tuple[NDArray[np.float64], float]:
    """Lengthen a quad at both ends by so many of its heights; also returns the margin as a share of the quad's width."""
    width, height = sides(quad)
    margin = heights * height / max(width, 1e-6)
    return slice_quad(quad, -margin, 1 + margin), margin


def slice_quad(quad: NDArray[np.floating], start: float, end: float) -> NDArray[np.float64]:
    """Cut the part of a quad between two positions along the text, 0..1, in perspective."""
    matrix = homography_between(UNIT_SQUARE, quad)
    part = np.array([[start, 0], [end, 0], [end, 1], [start, 1]], np.float64)
    return transform(part, matrix)


def possible_turns(quad: NDArray[np.floating]) -> tuple[int, ...]:
    """Order the ways in which text can stand in a quad whose first edge points right, likeliest first."""
    return (1, 3) if is_tall(quad) else (0, 2)
