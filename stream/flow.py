"""How the picture moved since the last frame: sparse optical flow and the camera's part of it.

Owns the points that are followed and the homography of the camera.  Does not know what text is.  Runs on a reduced grey picture,
because that costs a quarter and corners survive it; results are in pixels of the source frame.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from stream.geometry import UNIT_SQUARE, area, is_sound, transform

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

WORKING_WIDTH_PX = 384
WINDOW_PX = (11, 11)
"""What a point is recognised by: half the work of 15 x 15, as exact."""
LEVELS = 3
"""Halvings of the picture in which points are sought first: they may go some 20 px of the working picture in a frame."""
POINTS = 160
POINT_GAP_PX = 7
"""How far they lie from each other, at least."""
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
NEAR_PX = 12.0
"""Points nearer than this to each other (pixels of the working picture) are taken to belong to the same thing."""
STEADY_GAIN = 0.02
"""The light of the whole picture changes by less than this share from frame to frame without anybody touching it."""
MAX_GAIN = 4.0
"""More light or less than by this factor leaves nothing to compare."""
SHUTTER = 0.5
"""Share of the time between frames that a camera's shutter is open: a 180-degree shutter."""
INLIER_PX = 0.8
"""A point that lies further from where the camera's motion takes it moves by itself (pixels of the working picture)."""
TEXT_POINTS = 9
"""Corners that are looked for in each text, as those of the whole picture need not lie there."""
TEXT_POINT_GAP_PX = 3
TEXTS = 12
"""Texts at most in which they are looked for at a time: to follow them all would cost more than it tells."""
OWN_POINTS = 6
"""Followed points that a text needs for a motion of its own."""
AGREEING = 0.5
"""Share of them that must agree on it."""
APART_PX = 0.2
"""What moves otherwise than the camera's motion by less than this in a frame is the flow's own noise."""
NO_POINTS = np.empty((0, 2), np.float32)


@dataclass(frozen=True, slots=True)
class Motion:
    """What moved in one step, in pixels of the source frame.

    `camera` is the (3, 3) homography from the previous frame to this one, None where the picture could not be followed.  `before`
    and `after` (N, 2) are the followed points.  `cut` says that nothing of the previous frame is left.  `picture` is this frame,
    small and grey, at `scale` of its size, None if nobody looked at it.
    """

    camera: NDArray[np.float64] | None
    before: NDArray[np.float32]
    after: NDArray[np.float32]
    cut: bool
    picture: NDArray[np.uint8] | None = None
    scale: float = 1.0

    def apart(self) -> NDArray[np.float64] | None:
        """How far each point (N, 2) went away from where the camera's motion takes it; None if that is not known."""
        return None if self.camera is None else self.after - transform(self.before, self.camera)


class Flow:
    """Follows corners from frame to frame."""

    def __init__(self) -> None:
        self._previous: NDArray[np.uint8] | None = None
        self._thumbnail: NDArray[np.uint8] | None = None
        self._size = (0, 0)
        self._points = self._text_points = NO_POINTS
        self._steady = np.empty(0, np.bool_)
        self._texts = 0
        self._age = 0

    def step(self, grey: NDArray[np.uint8], texts: Sequence[NDArray[np.floating]] = ()) -> Motion:
        """Compare a (height, width) uint8 frame with the one before; the first, or one of another size, is a cut.

        In `texts`, quads (4, 2) in the frame before, corners are looked for that tell their own motion, in the first ones of
        many, and at once when there are more than before.
        """
        scale = min(WORKING_WIDTH_PX / grey.shape[1], 1.0)
        small = shrunk(grey, scale)
        thumbnail = cv2.resize(small, (32, 18), interpolation=cv2.INTER_AREA).astype(np.uint8, copy=False)
        previous, self._previous = self._previous, small
        last_thumbnail, self._thumbnail = self._thumbnail, thumbnail
        resized, self._size = self._size != grey.shape, (grey.shape[0], grey.shape[1])
        if previous is None or last_thumbnail is None or resized:
            self._points = NO_POINTS
            return Motion(None, NO_POINTS, NO_POINTS, cut=True, picture=small, scale=scale)
        motion = replace(self._follow(relit(previous, small), small, scale, texts), picture=small, scale=scale)
        if motion.camera is None:
            self._points = NO_POINTS
            change = float(cv2.absdiff(thumbnail, relit(last_thumbnail, thumbnail)).mean())
            return replace(motion, cut=change > CUT_DIFFERENCE)
        return motion

    def _follow(
        self, previous: NDArray[np.uint8], small: NDArray[np.uint8], scale: float, texts: Sequence[NDArray[np.floating]]
    ) -> Motion:
        if self._age >= REFRESH_STEPS or len(self._points) < POINTS // 2:
            fresh = corners(previous, POINTS, POINT_GAP_PX)
            self._steady = as_near(fresh, self._points, self._steady)
            self._points, self._age = fresh, 0
        if self._age == 0 or len(texts) > self._texts:
            self._text_points = np.concatenate([NO_POINTS, *(corners_in(previous, quad * scale) for quad in texts[:TEXTS])])
        self._age += 1
        self._texts = len(texts)
        before = np.concatenate([self._points, self._text_points])
        after, kept = follow_points(previous, small, before)
        steady = self._steady[kept[: len(self._points)]]
        general = len(steady)
        before, after = before[kept], after[kept]
        self._points, self._text_points = after[:general], after[general:]
        if general >= MIN_POINTS:
            size = (small.shape[1], small.shape[0])
            camera, self._steady = steady_motion(before[:general], after[:general], steady, size)
        else:
            camera, self._steady = np.eye(3) if is_still(previous, small) else None, steady
        full = np.float32(1 / scale)
        return Motion(None if camera is None else scaled(camera, 1 / scale), before * full, after * full, cut=False)


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
    if max(MIN_POINTS, MIN_STEADY * len(before)) <= np.count_nonzero(steady) < len(before):
        camera, _ = camera_motion(before[steady], after[steady], size)
    if camera is None:
        camera, _ = camera_motion(before, after, size)
    if camera is None:
        return None, steady
    return camera, np.asarray(np.linalg.norm(after - transform(before, camera), axis=1) < INLIER_PX)


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


def means_apart(owns: NDArray[np.bool_], apart: NDArray[np.floating]) -> NDArray[np.float64]:
    """How far the points of each text, `owns` (M, N), went away from where the camera's motion takes them, `apart` (N, 2), in the
    mean (M,); infinite where there are too few.
    """
    counts = np.count_nonzero(owns, axis=1)
    means = (owns @ apart) / np.maximum(counts, 1)[:, None]
    return np.where(counts >= OWN_POINTS, np.hypot(means[:, 0], means[:, 1]), np.inf)


def own_motion(quad: NDArray[np.floating], own: NDArray[np.bool_], motion: Motion) -> NDArray[np.float64] | None:
    """Fit the step of a text to its `own` points (N,), a (3, 3) similarity; None if they share none, or only the camera's."""
    step = shared_step(motion.before[own], motion.after[own])
    if step is None or motion.camera is None:
        return step
    return None if np.abs(transform(quad, step) - transform(quad, motion.camera)).max() < APART_PX else step


def shared_step(before: NDArray[np.float32], after: NDArray[np.float32]) -> NDArray[np.float64] | None:
    """Fit the (3, 3) similarity that most points (N, 2) share; None if too few do."""
    if len(before) < OWN_POINTS:
        return None
    matrix, mask = cv2.estimateAffinePartial2D(before, after, ransacReprojThreshold=2.0)
    if matrix is None or mask.sum() < max(OWN_POINTS, AGREEING * len(before)):
        return None
    return np.vstack([matrix, [0.0, 0.0, 1.0]])


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
