"""The camera's part of what moved: one homography that most points share, not drawn along by who walks by.

Pure.  Works on points in pixels of the small picture that they were followed in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from glyphfeed.stream.geometry import UNIT_SQUARE, area, is_sound, transform

if TYPE_CHECKING:
    from numpy.typing import NDArray

NEAR_PX = 12.0
"""Points nearer than this to each other (pixels of the working picture) are taken to belong to the same thing."""
MIN_POINTS = 12
"""Fewer agreeing points than this do not make a camera motion (a homography needs four)."""
MIN_STEADY = 0.4
"""Share of the points that must agree on the camera's motion."""
WIDE_SPREAD = 0.15
"""Points must span this share of the picture to fix all eight freedoms of a homography; beyond them it would run wild."""
MAX_ZOOM = 1.5
"""The picture's area changes by less than this factor from frame to frame."""
INLIER_PX = 0.8
"""A point that lies further from where the camera's motion takes it moves by itself (pixels of the working picture)."""
STANDS_PX = 0.15
"""A point that moves by less may well stand (likewise): the flow's noise at corners is a third of that."""
IN_PART = 0.3
"""What moves in less than this share of the picture, beside what stands, is not what the camera sees moving."""
CLEARLY = 0.9
"""Share of the points that must either stand or move together for that: before a camera that moves points go each as far as it is
near."""


def as_near(points: NDArray[np.float32], others: NDArray[np.float32], steady: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Guess which points (N, 2) are steady: near others (M, 2) if those are, `steady` (M,), and elsewhere all."""
    if not (len(points) and len(others)):
        return np.ones(len(points), np.bool_)
    away = np.linalg.norm(points[:, None] - others[None], axis=2)
    return np.asarray(steady[away.argmin(axis=1)] | (away.min(axis=1) > NEAR_PX))


def steady_motion(
    before: NDArray[np.float32], after: NDArray[np.float32], steady: NDArray[np.bool_], size: tuple[int, int]
) -> tuple[NDArray[np.float64] | None, NDArray[np.bool_]]:
    """Fit the camera's motion to the points (N, 2) that were `steady` (N,) until now, and if those do not agree to all: who walks
    by has many corners, but he came later.

    Returns:
        The (3, 3) matrix, None if too few points agree, and which points (N,) are steady now.

    """
    camera = None
    if (stand := standing(before, after, size)) is not None:
        camera, _ = camera_motion(before[stand], after[stand], size)
    elif max(MIN_POINTS, MIN_STEADY * len(before)) <= np.count_nonzero(steady) < len(before):
        camera, _ = camera_motion(before[steady], after[steady], size)
    if camera is None:
        camera, _ = camera_motion(before, after, size)
    if camera is None:
        return None, steady
    return camera, np.asarray(np.linalg.norm(after - transform(before, camera), axis=1) < INLIER_PX)


def standing(before: NDArray[np.float32], after: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.bool_] | None:
    """Find the points (N,) that stand while all others move together in a part of a picture of (width, height), such as a logo
    above a ticker on plain ground, which one homography fits as well: as a shear that draws along whatever lies between.

    Returns:
        None if that is not what is to be seen.

    """
    steps = after - before
    far = np.linalg.norm(steps, axis=1)
    stand, move = far < STANDS_PX, far > INLIER_PX
    if np.count_nonzero(stand) < MIN_POINTS or not move.any():
        return None
    together = move & (np.linalg.norm(steps - np.median(steps[move], axis=0), axis=1) < INLIER_PX)
    moving_area = float(cv2.contourArea(cv2.convexHull(before[together]))) if together.any() else 0.0
    clear = float((stand | together).mean()) >= CLEARLY and moving_area < IN_PART * size[0] * size[1]
    return stand if clear else None


def camera_motion(
    before: NDArray[np.float32], after: NDArray[np.float32], size: tuple[int, int]
) -> tuple[NDArray[np.float64] | None, NDArray[np.bool_]]:
    """Fit the motion that most points share: a homography, or where they cover little of the picture, a similarity.

    Returns:
        The (3, 3) matrix, None if too few points agree, and which points (N,) do.

    """
    found, mask = cv2.findHomography(before, after, cv2.USAC_MAGSAC, INLIER_PX, maxIters=500, confidence=0.99)
    steady = np.zeros(len(before), np.bool_) if mask is None else np.asarray(mask)[:, 0] > 0
    if found is None or steady.sum() < max(MIN_POINTS, MIN_STEADY * len(before)):
        return None, steady
    matrix = np.asarray(found, np.float64)
    if float(cv2.contourArea(cv2.convexHull(before[steady]))) < WIDE_SPREAD * size[0] * size[1]:
        found, _ = cv2.estimateAffinePartial2D(before[steady], after[steady], ransacReprojThreshold=INLIER_PX)
        similarity = np.asarray(found, np.float64)
        if similarity.shape != (2, 3):  # none was found
            return None, steady
        matrix = np.vstack([similarity, [0.0, 0.0, 1.0]])
    return (matrix if is_gentle(matrix, size) else None), steady


def is_gentle(homography: NDArray[np.float64], size: tuple[int, int]) -> bool:
    """Tell whether a homography can be a camera's motion within one frame of (width, height): the picture's outline stays
    convex and keeps its area within a factor.
    """
    outline = UNIT_SQUARE * np.array(size, np.float32)
    moved = transform(outline, homography)
    return is_sound(moved, size) and 1 / MAX_ZOOM < area(moved) / area(outline) < MAX_ZOOM
