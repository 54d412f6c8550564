"""How the picture moved since the last frame: sparse optical flow and the camera's part of it.

Owns the points that are followed and the homography of the camera.  Does not know what text is.  Runs on a reduced grey picture,
because that costs a quarter and corners survive it; results are in pixels of the source frame.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import cv2
import numpy as np

from stream.geometry import UNIT_SQUARE, area, is_sound, transform

if TYPE_CHECKING:
    from numpy.typing import NDArray

WORKING_WIDTH_PX = 384
WINDOW_PX = (11, 11)
"""What a point is recognised by: half the work of 15 x 15, as exact."""
POINTS = 160
REFRESH_STEPS = 8
"""New corners are looked for at least this often; between, those that are left are followed on."""
MIN_POINTS = 12
"""Fewer agreeing points than this do not make a camera motion (a homography needs four)."""
MIN_STEADY = 0.4
"""Share of the points that must agree on the camera's motion."""
WIDE_SPREAD = 0.15
"""Points must span this share of the picture to fix all eight freedoms of a homography; beyond them it would run wild."""
MAX_ZOOM = 1.5
"""The picture's area changes by less than this factor from frame to frame."""
CUT_DIFFERENCE = 22.0
"""Mean grey difference of the thumbnails, of 255, above which a picture that cannot be followed is taken for a new scene."""
STILL_DIFFERENCE = 12.0
"""Where no pixel of the small picture changes by this much, of 255, nothing moved: averaging leaves less of a sensor's noise, and
edges that move change more."""
SHUTTER = 0.5
"""Share of the time between frames that a camera's shutter is open: a 180-degree shutter."""
INLIER_PX = 1.5
"""A point that lies further from where the camera's motion takes it moves by itself (pixels of the working picture)."""
OWN_POINTS = 10
"""Followed points that a text needs for a motion of its own."""
APART_PX = 0.5
"""What moves otherwise than the camera's motion by less than this in a frame is the flow's own noise."""


@dataclass(frozen=True, slots=True)
class Motion:
    """What moved in one step, in pixels of the source frame.

    `camera` is the (3, 3) homography from the previous frame to this one, None where the picture could not be followed.  `before`
    and `after` (N, 2) are the followed points.  `cut` says that nothing of the previous frame is left.
    """

    camera: NDArray[np.float64] | None
    before: NDArray[np.float32]
    after: NDArray[np.float32]
    cut: bool

    def apart(self) -> NDArray[np.float64] | None:
        """How far each point (N, 2) went away from where the camera's motion takes it; None if that is not known."""
        return None if self.camera is None else self.after - transform(self.before, self.camera)


NO_POINTS = np.empty((0, 2), np.float32)
NOTHING_KNOWN = Motion(None, NO_POINTS, NO_POINTS, cut=False)


class Flow:
    """Follows corners from frame to frame."""

    def __init__(self) -> None:
        self._previous: NDArray[np.uint8] | None = None
        self._thumbnail: NDArray[np.uint8] | None = None
        self._size = (0, 0)
        self._points = NO_POINTS
        self._age = 0

    def step(self, grey: NDArray[np.uint8]) -> Motion:
        """Compare a (height, width) uint8 frame with the one before; the first, or one of another size, is a cut."""
        scale = min(WORKING_WIDTH_PX / grey.shape[1], 1.0)
        small = shrunk(grey, scale)
        thumbnail = cv2.resize(small, (32, 18), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        previous, self._previous = self._previous, small
        last_thumbnail, self._thumbnail = self._thumbnail, thumbnail
        resized, self._size = self._size != grey.shape, (grey.shape[0], grey.shape[1])
        if previous is None or last_thumbnail is None or resized:
            self._points = NO_POINTS
            return Motion(None, NO_POINTS, NO_POINTS, cut=True)
        motion = self._follow(previous, small, scale)
        if motion.camera is None:
            self._points = NO_POINTS
            change = float(cv2.absdiff(thumbnail, last_thumbnail).mean())
            return Motion(None, motion.before, motion.after, cut=change > CUT_DIFFERENCE)
        return motion

    def _follow(self, previous: NDArray[np.uint8], small: NDArray[np.uint8], scale: float) -> Motion:
        if self._age >= REFRESH_STEPS or len(self._points) < POINTS // 2:
            corners = cv2.goodFeaturesToTrack(previous, POINTS, 0.005, 7)
            self._points = NO_POINTS if corners is None else np.asarray(corners, np.float32).reshape(-1, 2)
            self._age = 0
        self._age += 1
        before = self._points
        if len(before) < MIN_POINTS:
            return unfollowed(previous, small)
        guess = before.copy()
        after, found, _ = cv2.calcOpticalFlowPyrLK(previous, small, before, guess, winSize=WINDOW_PX, maxLevel=3)
        kept = np.asarray(found)[:, 0] > 0
        before, after = before[kept], np.asarray(after, np.float32)[kept]
        self._points = after
        if len(before) < MIN_POINTS:
            return unfollowed(previous, small)
        matrix, _ = camera_motion(before, after, (small.shape[1], small.shape[0]))
        full = np.float32(1 / scale)
        camera = None if matrix is None else scaled(matrix, 1 / scale)
        return Motion(camera, before * full, after * full, cut=False)


def unfollowed(previous: NDArray[np.uint8], small: NDArray[np.uint8]) -> Motion:
    """What is known of the motion between two small pictures without points to follow: that there was none, if there is anything
    to be seen, or nothing.
    """
    shows = int(small.max()) - int(small.min()) > 3 * STILL_DIFFERENCE
    still = shows and float(cv2.absdiff(previous, small).max()) < STILL_DIFFERENCE
    return Motion(np.eye(3), NO_POINTS, NO_POINTS, cut=False) if still else NOTHING_KNOWN


def shrunk(grey: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
    """Shrink a (height, width) picture to `scale`, 0..1, of its size: by averaging whole pixels as far as those go, which is ten
    times as fast as by fractions, and the rest by interpolation.
    """
    size = (max(round(grey.shape[1] * scale), 1), max(round(grey.shape[0] * scale), 1))
    factor = int(1 / scale)
    whole = (max(grey.shape[1] // factor, 1), max(grey.shape[0] // factor, 1))
    averaged = cv2.resize(grey, whole, interpolation=cv2.INTER_AREA) if factor > 1 else grey
    return cv2.resize(averaged, size, interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)


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


def own_motion(quad: NDArray[np.floating], motion: Motion, apart: NDArray[np.floating] | None) -> NDArray[np.float64] | None:
    """Fit the step of one text to its own points, a (3, 3) similarity; None if they know no other than the camera's.

    `apart` (N, 2) is how far each point went away from where the camera's motion takes it, None if that is not known.
    """
    own = ((motion.before >= quad.min(axis=0)) & (motion.before <= quad.max(axis=0))).all(axis=1)
    count = int(np.count_nonzero(own))
    if count < OWN_POINTS or (apart is not None and math.hypot(*(own @ apart / count)) < APART_PX):
        return None
    matrix, mask = cv2.estimateAffinePartial2D(motion.before[own], motion.after[own], ransacReprojThreshold=2.0)
    if matrix is None or mask.sum() < max(OWN_POINTS, 0.6 * count):
        return None
    step = np.vstack([matrix, [0.0, 0.0, 1.0]])
    if motion.camera is not None and np.abs(transform(quad, step) - transform(quad, motion.camera)).max() < APART_PX:
        return None
    return step


def blur_px(velocity: tuple[float, float], frame_s: float) -> float:
    """How far a shutter smears what moves at a velocity, pixels/s, with `frame_s` seconds between frames."""
    return math.hypot(*velocity) * frame_s * SHUTTER


def scaled(homography: NDArray[np.float64], factor: float) -> NDArray[np.float64]:
    """Express a homography in pixels that are `factor` times smaller."""
    grow = np.diag([factor, factor, 1.0])
    shrink = np.diag([1 / factor, 1 / factor, 1.0])
    return grow @ homography @ shrink


def is_gentle(homography: NDArray[np.float64], size: tuple[int, int]) -> bool:
    """Tell whether a homography can be a camera's motion within one frame of (width, height): the picture's outline stays
    convex and keeps its area within a factor.
    """
    outline = UNIT_SQUARE * np.array(size, np.float32)
    moved = transform(outline, homography)
    return is_sound(moved, size) and 1 / MAX_ZOOM < area(moved) / area(outline) < MAX_ZOOM
