"""Corners in small grey pictures: finding them, and finding them again in the next picture.

Pure.  Does not know what they belong to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

WINDOW_PX = (11, 11)
"""What a point is recognised by: half the work of 15 x 15, as exact."""
LEVELS = 3
"""Halvings of the picture in which points are sought first: they may go some 20 px of the working picture in a frame."""
TEXT_POINTS = 9
"""Corners that are looked for in each text, as those of the whole picture need not lie there."""
TEXT_POINT_GAP_PX = 3
STILL_DIFFERENCE = 12.0
"""Where no pixel of the small picture changes by this much, of 255, nothing moved: averaging leaves less of a sensor's noise, and
edges that move change more."""
STEADY_GAIN = 0.02
"""The light of the whole picture changes by less than this share from frame to frame without anybody touching it."""
MAX_GAIN = 4.0
"""More light or less than by this factor leaves nothing to compare."""
NO_POINTS = np.empty((0, 2), np.float32)


def corners(picture: NDArray[np.uint8], count: int, apart_px: int, mask: NDArray[np.uint8] | None = None) -> NDArray[np.float32]:
    """Find the strongest corners (N, 2) of a picture, `count` at most."""
    found = cv2.goodFeaturesToTrack(picture, count, 0.005, apart_px, mask=mask)
    return NO_POINTS if found is None else np.asarray(found, np.float32).reshape(-1, 2)


def corners_in(picture: NDArray[np.uint8], quad: NDArray[np.floating]) -> NDArray[np.float32]:
    """Find the strongest corners (N, 2) in a quad, as far as it lies in the picture."""
    left, top = (max(int(v), 0) for v in quad.min(axis=0))
    right, bottom = (max(int(v) + 1, 0) for v in quad.max(axis=0))
    part = np.ascontiguousarray(picture[top:bottom, left:right])
    if min(part.shape) < TEXT_POINT_GAP_PX:
        return NO_POINTS
    origin = np.array([left, top], np.float32)
    mask = np.zeros(part.shape, np.uint8)
    cv2.fillConvexPoly(mask, np.round(quad - origin).astype(np.int32), 255)
    return corners(part, TEXT_POINTS, TEXT_POINT_GAP_PX, mask) + origin


def follow_points(
    previous: NDArray[np.uint8], picture: NDArray[np.uint8], before: NDArray[np.float32], guess: NDArray[np.float32] | None = None
) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    """Find where points (N, 2) of one small picture are in the next, near where a guess has them; also which (N,) were found."""
    if not len(before):
        return before, np.empty(0, np.bool_)
    start = before.copy() if guess is None else guess.astype(np.float32)
    flags = cv2.OPTFLOW_USE_INITIAL_FLOW
    after, found, _ = cv2.calcOpticalFlowPyrLK(previous, picture, before, start, winSize=WINDOW_PX, maxLevel=LEVELS, flags=flags)
    return np.asarray(after, np.float32), np.asarray(found)[:, 0] > 0


def shift_between(previous: NDArray[np.uint8], picture: NDArray[np.uint8]) -> tuple[NDArray[np.float32], float]:
    """Find the shift (2,), pixels, that most of a picture made since the one before, and how much of it agrees, about 0..1: phase
    correlation (Kuglin and Hines, The phase correlation image alignment method, 1975).  A single row or column counts as alike.
    """
    if min(picture.shape) < 2:  # OpenCV has no window for it
        return np.zeros(2, np.float32), 1.0
    window = cv2.createHanningWindow((picture.shape[1], picture.shape[0]), cv2.CV_32F)
    shift, alike = cv2.phaseCorrelate(previous.astype(np.float32), picture.astype(np.float32), window)
    return np.array(shift, np.float32), alike


def relit(previous: NDArray[np.uint8], picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Show a picture in the light of the next one, so that points can be followed by their grey when a lamp goes on or the camera
    changes its exposure.
    """
    gain = float(np.clip((picture.mean() + 1) / (previous.mean() + 1), 1 / MAX_GAIN, MAX_GAIN))
    return previous if abs(gain - 1) < STEADY_GAIN else np.asarray(cv2.convertScaleAbs(previous, alpha=gain), np.uint8)


def is_still(previous: NDArray[np.uint8], small: NDArray[np.uint8]) -> bool:
    """Tell whether there is anything to be seen in two small pictures, and nothing moved from one to the other."""
    shows = int(small.max()) - int(small.min()) > 3 * STILL_DIFFERENCE
    return shows and float(cv2.absdiff(previous, small).max()) < STILL_DIFFERENCE


def shrunk(grey: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """Shrink a (height, width) picture to `scale`, 0..1, of its size: by averaging whole pixels as far as those go, which is ten
    times as fast as by fractions, and the rest by interpolation.
    """
    size = (max(round(grey.shape[1] * scale), 1), max(round(grey.shape[0] * scale), 1))
    factor = int(1 / scale)
    whole = (max(grey.shape[1] // factor, 1), max(grey.shape[0] // factor, 1))
    averaged = cv2.resize(grey, whole, interpolation=cv2.INTER_AREA) if factor > 1 else grey
    return cv2.resize(averaged, size, interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
