"""What moves by itself: the step of a text by its own points, beside the camera's.

Pure.  Does not know how points are followed (flow, points).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from glyphfeed.stream.geometry import axis, transform

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from glyphfeed.stream.motion.flow import Motion


OWN_POINTS = 6
"""Followed points that a text needs for a motion of its own."""
AGREEING = 0.5
"""Share of them that must agree on it."""
SPREAD = 0.5
"""Points that span less of a text's length than this tell how it shifts, but not how it turns and grows: where it leaves the
picture only an end of it is seen."""
APART_PX = 0.2
"""What moves otherwise than the camera's motion by less than this in a frame is the flow's own noise."""


def means_apart(owns: NDArray[np.bool_], apart: NDArray[np.floating]) -> NDArray[np.float64]:
    """How far the points of each text, `owns` (M, N), went away from where the camera's motion takes them, `apart` (N, 2), in the
    mean (M,); infinite where there are too few.
    """
    counts = np.count_nonzero(owns, axis=1)
    means = (owns @ apart) / np.maximum(counts, 1)[:, None]
    return np.where(counts >= OWN_POINTS, np.hypot(means[:, 0], means[:, 1]), np.inf)


def own_motion(quad: NDArray[np.floating], own: NDArray[np.bool_], motion: Motion) -> NDArray[np.float64] | None:
    """Fit the step of a text to its `own` points (N,), a (3, 3) similarity, or where they lie close together the camera's and a
    shift; None if they share none, or only the camera's.
    """
    before, after = motion.before[own], motion.after[own]
    step = shared_step(before, after)
    if step is None or motion.camera is None:
        return step
    along, length, _ = axis(quad)
    if np.ptp(before @ along) < SPREAD * length:
        x, y = np.median(after - transform(before, motion.camera), axis=0)
        step = np.array([[1, 0, x], [0, 1, y], [0, 0, 1]]) @ motion.camera
    return None if np.abs(transform(quad, step) - transform(quad, motion.camera)).max() < APART_PX else step


def shared_step(before: NDArray[np.float32], after: NDArray[np.float32]) -> NDArray[np.float64] | None:
    """Fit the (3, 3) similarity that most points (N, 2) share; None if too few do."""
    if len(before) < OWN_POINTS:
        return None
    matrix, mask = cv2.estimateAffinePartial2D(before, after, ransacReprojThreshold=2.0)
    if matrix is None or mask.sum() < max(OWN_POINTS, AGREEING * len(before)):
        return None
    return np.vstack([matrix, [0.0, 0.0, 1.0]])
