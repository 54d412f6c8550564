"""How the picture moved since the last frame: sparse optical flow and the camera's part of it.

Owns the points that are followed from frame to frame.  Does not know what text is.  Runs on a reduced grey picture, because that
costs a quarter and corners survive it; results are in pixels of the source frame.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import cv2
import numpy as np

from glyphfeed.stream.geometry import transform
from glyphfeed.stream.motion.camera import MIN_POINTS, as_near, steady_motion
from glyphfeed.stream.motion.points import NO_POINTS, corners, corners_in, follow_points, is_still, relit, shift_between, shrunk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

WORKING_WIDTH_PX = 384
POINTS = 160
POINT_GAP_PX = 7
"""How far they lie from each other, at least."""
REFRESH_STEPS = 8
"""New corners are looked for at least this often; between, those that are left are followed on."""
CUT_DIFFERENCE = 22.0
"""Mean grey difference of the thumbnails, of 255, above which a picture that cannot be followed is taken for a new scene."""
LEAST_DIFFERENCE = 2.0
"""The same if nothing of the picture before is found again at any shift: white pages differ by no more than 3 to 6."""
ALIKE = 0.1
"""Phase correlation from which on a picture shows something of the one before: in eleven clips, seven of them filmed by hand, it
is above 0.2 from frame to frame (but for a sign filmed walking around it, 0.08), between different places below 0.18."""
LEAST_SHIFT_PX = 2.0
"""Corners that shift less (pixels of the working picture) are found without being told."""
SHUTTER = 0.5
"""Share of the time between frames that a camera's shutter is open: a 180-degree shutter."""
TEXTS = 12
"""Texts at most in which corners are looked for at a time: to follow them all would cost more than it tells."""


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
        previous = relit(previous, small)
        motion = self._follow(previous, small, scale, texts)
        if motion.camera is None:
            shift, alike = shift_between(previous, small)
            if alike >= ALIKE and np.abs(shift).max() > LEAST_SHIFT_PX:
                motion = self._follow(previous, small, scale, texts, shift)
        if motion.camera is None:
            self._points = NO_POINTS
            change = float(cv2.absdiff(thumbnail, relit(last_thumbnail, thumbnail)).mean())
            motion = replace(motion, cut=change > (CUT_DIFFERENCE if alike >= ALIKE else LEAST_DIFFERENCE))
        return replace(motion, picture=small, scale=scale)

    def _follow(
        self,
        previous: NDArray[np.uint8],
        small: NDArray[np.uint8],
        scale: float,
        texts: Sequence[NDArray[np.floating]],
        shift: NDArray[np.float32] | None = None,
    ) -> Motion:
        """Follow corners, and fit the camera's motion to them, where a `shift` (2,) of the picture is known from there on."""
        if self._age >= REFRESH_STEPS or len(self._points) < POINTS // 2:
            fresh = corners(previous, POINTS, POINT_GAP_PX)
            self._steady = as_near(fresh, self._points, self._steady)
            self._points, self._age = fresh, 0
        if self._age == 0 or len(texts) > self._texts:
            self._text_points = np.concatenate([NO_POINTS, *(corners_in(previous, quad * scale) for quad in texts[:TEXTS])])
        self._age += 1
        self._texts = len(texts)
        before = np.concatenate([self._points, self._text_points])
        after, kept = follow_points(previous, small, before, None if shift is None else before + shift)
        steady = self._steady[kept[: len(self._points)]]
        general = len(steady)
        before, after = before[kept], after[kept]
        camera: NDArray[np.float64] | None
        if general >= MIN_POINTS:
            size = (small.shape[1], small.shape[0])
            camera, steady = steady_motion(before[:general], after[:general], steady, size)
        else:
            camera = np.eye(3) if is_still(previous, small) else None
        if camera is not None:
            self._points, self._text_points, self._steady = after[:general], after[general:], steady
        full = np.float32(1 / scale)
        return Motion(None if camera is None else scaled(camera, 1 / scale), before * full, after * full, cut=False)


def blur_px(velocity: tuple[float, float], frame_s: float) -> float:
    """How far a shutter smears what moves at a velocity, pixels/s, with `frame_s` seconds between frames."""
    return math.hypot(*velocity) * frame_s * SHUTTER


def scaled(homography: NDArray[np.float64], factor: float) -> NDArray[np.float64]:
    """Express a homography in pixels that are `factor` times smaller."""
    grow = np.diag([factor, factor, 1.0])
    shrink = np.diag([1 / factor, 1 / factor, 1.0])
    return grow @ homography @ shrink
