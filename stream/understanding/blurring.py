"""Pictures in which some places cannot be read.

Owns: how a place is made unreadable, and how far it reaches beyond a text.  Pure; does not own where those places are (covering).
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from glyphfeed.stream.geometry import axis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from glyphfeed.stream.records import Colour, Frame, Polygon

CELL: Final = 1.0
"""Side of the cells of one colour, in heights of what is blurred, of which a letter takes half: to be read it would have to lie
in eight or so."""
LEAST_CELL_PX: Final = 8.0
STEPS: Final = 16
"""The colours of cells are multiples of this, of 255, so that little can be gathered about a letter from many pictures of it."""


def grown(polygon: NDArray[np.floating], heights: float) -> NDArray[np.float64]:
    """A convex polygon (N, 2) with so many text heights more on all sides."""
    points = polygon.astype(np.float64)
    along, _, height = axis(box_of(points))
    across = np.array([-along[1], along[0]])
    centre = points.mean(axis=0)
    away = np.sign((points - centre) @ np.stack([along, across], axis=1))
    return np.asarray(points + heights * height * (away @ np.stack([along, across])))


def box_of(polygon: NDArray[np.floating]) -> NDArray[np.floating]:
    """The four corners of a polygon (N, 2): its own, or those of the narrowest rectangle around it."""
    return polygon if len(polygon) == 4 else np.asarray(cv2.boxPoints(cv2.minAreaRect(polygon.astype(np.float32))), np.float32)


def blurred(frame: Frame, polygons: Sequence[Polygon]) -> Frame:
    """A frame in whose pictures nothing in some polygons can be read; the colours are made when they are asked for, and kept."""
    if not polygons:
        return frame
    grey = obscured(frame.grey, polygons)

    @cache
    def bgr() -> Colour:
        return obscured(frame.bgr(), polygons)

    return replace(frame, grey=grey, bgr=bgr)


def obscured(picture: NDArray[np.uint8], polygons: Sequence[Polygon]) -> NDArray[np.uint8]:
    """A copy of a picture, (height, width) or with colours, with polygons (N, 2) as cells of one colour without sharp edges."""
    copy = picture.copy()
    for polygon in polygons:
        _obscure(copy, polygon)
    copy.flags.writeable = False
    return copy


def _obscure(picture: NDArray[np.uint8], polygon: Polygon) -> None:
    height, width = picture.shape[:2]
    reach = np.clip([polygon.min(axis=0), polygon.max(axis=0) + 1], 0, [width, height])
    (left, top), (right, bottom) = np.round(reach).astype(int).tolist()
    if right <= left or bottom <= top:
        return
    part = picture[top:bottom, left:right]
    cell = max(CELL * axis(box_of(polygon)).height, LEAST_CELL_PX)
    cells = (max(round((right - left) / cell), 1), max(round((bottom - top) / cell), 1))
    coarse = cv2.resize(part, cells, interpolation=cv2.INTER_AREA)
    stepped = np.asarray(coarse // STEPS * STEPS + STEPS // 2, np.uint8)
    smooth = cv2.resize(stepped, (right - left, bottom - top), interpolation=cv2.INTER_LINEAR)
    mask = np.zeros(part.shape[:2], np.uint8)
    cv2.fillPoly(mask, [np.round(polygon - (left, top)).astype(np.int32)], 1)
    part[mask > 0] = smooth[mask > 0]
