"""What can be seen of a line that something hides, or that a window shows a part of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from glyphfeed.stream.geometry import UNIT_SQUARE, homography_between, sides, transform
from tests.stream.feed.samples import box

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

HIDING = 0.4
"""What covers more than this share of a line's height hides what is behind it."""


def visible(quad: NDArray[np.floating], window: NDArray[np.floating]) -> NDArray[np.float64]:
    """What a window leaves of a quad, level with the text."""
    return between(quad, *extent(quad, window))


def pieces(quad: NDArray[np.float64], occluders: Sequence[NDArray[np.floating]]) -> list[NDArray[np.float64]]:
    """The pieces of a line that can be seen beside what is before it, if they are as long as high."""
    ends = [(0.0, 1.0)]
    for occluder in occluders:
        start, top, end, bottom = extent(quad, occluder)
        if bottom - top > HIDING:
            ends = [part for a, b in ends for part in ((a, min(b, start)), (max(a, end), b))]
    width, height = sides(quad)
    return [between(quad, a, 0, b, 1) for a, b in ends if (b - a) * width >= height]


def extent(quad: NDArray[np.floating], polygon: NDArray[np.floating]) -> tuple[float, float, float, float]:
    """Which part of a quad a convex polygon covers: left, top, right, bottom, in shares of the quad's sides."""
    inside = transform(polygon, homography_between(quad, UNIT_SQUARE)).astype(np.float32)
    shared, outline = cv2.intersectConvexConvex(inside, UNIT_SQUARE)
    if not shared:
        return 0.0, 0.0, 0.0, 0.0
    (left, top), (right, bottom) = outline.reshape(-1, 2).min(axis=0).tolist(), outline.reshape(-1, 2).max(axis=0).tolist()
    return left, top, right, bottom


def between(quad: NDArray[np.floating], left: float, top: float, right: float, bottom: float) -> NDArray[np.float64]:
    """The part of a quad between shares of its sides."""
    return transform(box(left, top, right - left, bottom - top), homography_between(UNIT_SQUARE, quad))
