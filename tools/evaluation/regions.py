"""Places in the picture for the matching of words: convex hulls and how much they share.  Pure.

Overlap is over the smaller area, because a reader may publish a word tighter or wider than the truth draws it; intersection
over union, which punishes that, is for the tracking figures.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from glyphfeed.stream.geometry import aligned

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from glyphfeed.stream.records import Polygon

LEAST_AREA_PX = 1.0


@dataclass(frozen=True, slots=True)
class Region:
    """The convex hull (N, 1, 2) of a polygon, its area in square pixels, and its box: left, top, right, bottom."""

    hull: NDArray[np.float32]
    area: float
    box: tuple[float, float, float, float]


def region_of(polygon: Polygon) -> Region:
    """Take the convex hull of a polygon (N, 2)."""
    hull = np.asarray(cv2.convexHull(polygon), np.float32)
    (left, top), (right, bottom) = polygon.min(axis=0).tolist(), polygon.max(axis=0).tolist()
    return Region(hull, cv2.contourArea(hull), (left, top, right, bottom))


def shared_area(a: Region, b: Region) -> float:
    """Area that two regions have in common, in square pixels."""
    if a.box[0] >= b.box[2] or b.box[0] >= a.box[2] or a.box[1] >= b.box[3] or b.box[1] >= a.box[3]:
        return 0.0
    return float(cv2.intersectConvexConvex(a.hull, b.hull)[0])


def overlap(a: Region, b: Region) -> float:
    """Shared area over the smaller one's."""
    smaller = min(a.area, b.area)
    return shared_area(a, b) / smaller if smaller > LEAST_AREA_PX else 0.0


def iou(a: Region, b: Region) -> float:
    """Intersection over union, 0..1."""
    shared = shared_area(a, b)
    union = a.area + b.area - shared
    return min(shared / union, 1.0) if union > LEAST_AREA_PX else 0.0


def quad_of(polygon: Polygon) -> Polygon:
    """Four corners for a polygon: its own, or those of the smallest rectangle around it, from the top left of its text.

    A polygon of other than four points begins at the top left of its text and runs along its upper side to about half of its
    points.  The scorer of `../shared/bench` takes the rectangle's corners in any order, and so differs for such polygons.
    """
    if len(polygon) == 4:
        return polygon
    half = (len(polygon) + 1) // 2
    box = np.asarray(cv2.boxPoints(cv2.minAreaRect(polygon)), np.float32)
    return np.asarray(aligned(box, polygon[[0, half - 1, half, -1]]), np.float32)


def height_of(polygon: Polygon) -> float:
    """Height of the text in a polygon in pixels: the mean of its quad's left and right edge."""
    quad = quad_of(polygon)
    return float((np.linalg.norm(quad[0] - quad[3]) + np.linalg.norm(quad[1] - quad[2])) / 2)
