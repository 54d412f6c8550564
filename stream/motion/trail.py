"""How a place in an earlier picture got to where it is now: for what was found there and comes late.

Owns the steps of the last frames, with their small pictures.  Does not know tracks: those remember their own way.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from glyphfeed.stream.geometry import transform
from glyphfeed.stream.motion.flow import scaled
from glyphfeed.stream.motion.own import shared_step
from glyphfeed.stream.motion.points import corners_in, follow_points, relit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from glyphfeed.stream.motion.flow import Motion

STEPS = 150
"""Frames that are remembered, with pictures of 80 kB: five seconds at 30 frames/s, more than any detector takes."""
ALIKE_PX = 1.0
"""What comes to lie no further than this from where the camera takes it went with the camera, which knows more points."""


@dataclass(frozen=True, slots=True)
class Step:
    """The step that led to frame `index` within `dt` seconds."""

    index: int
    motion: Motion
    dt: float


class Trail:
    """The last steps of one source."""

    def __init__(self) -> None:
        self._steps: deque[Step] = deque(maxlen=STEPS)

    def follow(self, index: int, motion: Motion, dt: float) -> None:
        """Take in the step that led to frame `index` within `dt` seconds, dt > 0."""
        self._steps.append(Step(index, motion, dt))

    def reaches(self, index: int) -> bool:
        """Tell whether frame `index` is remembered."""
        return any(step.index == index for step in self._steps)

    def camera_velocity(self, quad: NDArray[np.floating]) -> tuple[float, float] | None:
        """Velocity, pixels/s, at which the camera's last step moves what lies at a quad (4, 2); None if it is not known."""
        last = self._steps[-1] if self._steps else None
        if last is None or last.motion.camera is None:
            return None
        centre = quad.mean(axis=0, keepdims=True)
        vx, vy = (centre - transform(centre, np.asarray(np.linalg.inv(last.motion.camera), np.float64)))[0] / last.dt
        return float(vx), float(vy)

    def carry(
        self, index: int, quads: Sequence[NDArray[np.floating]]
    ) -> list[tuple[NDArray[np.float64], tuple[float, float] | None]]:
        """Find where quads (4, 2) of frame `index` lie now, and how fast they move, pixels/s, None where that is not known.

        Each goes by its own corners, followed from picture to picture, and where those do not tell, with the camera, whose steps
        count as none where they are not known.
        """
        since = [step for step in self._steps if step.index > index]
        start = next((step.motion for step in self._steps if step.index == index), None)
        camera = np.eye(3)
        for step in since:
            if step.motion.camera is not None:
                camera = step.motion.camera @ camera
        own: list[NDArray[np.float64] | None] = [None] * len(quads)
        if start is not None and since and quads:
            own = follow_corners([start, *(step.motion for step in since)], quads)
        passed_s = sum(step.dt for step in since)
        return [self._carried(quad, camera, step, passed_s) for quad, step in zip(quads, own, strict=True)]

    def _carried(
        self, quad: NDArray[np.floating], camera: NDArray[np.float64], own: NDArray[np.float64] | None, passed_s: float
    ) -> tuple[NDArray[np.float64], tuple[float, float] | None]:
        with_camera = transform(quad, camera)
        velocity = self.camera_velocity(with_camera)
        by_itself = with_camera if own is None else transform(quad, own)
        if np.abs(by_itself - with_camera).max() <= ALIKE_PX:
            return with_camera, velocity
        vx, vy = (by_itself - with_camera).mean(axis=0) / passed_s + (velocity or (0.0, 0.0))
        return by_itself, (float(vx), float(vy))


def follow_corners(motions: Sequence[Motion], quads: Sequence[NDArray[np.floating]]) -> list[NDArray[np.float64] | None]:
    """Follow the corners in at least one quad (4, 2) of the first motion's picture through the pictures of the others.

    Returns:
        For each quad the (3, 3) similarity that its corners share, None where too few of them could be followed.

    """
    pictures = [motion.picture for motion in motions if motion.picture is not None]
    if len(pictures) < len(motions):
        return [None] * len(quads)
    scale = motions[0].scale
    found = [corners_in(pictures[0], quad * scale) for quad in quads]
    owner = np.repeat(np.arange(len(quads)), [len(points) for points in found])
    before = after = np.concatenate(found)
    for motion, (last, picture) in zip(motions[1:], pairwise(pictures), strict=True):
        guess = None if motion.camera is None else transform(after, scaled(motion.camera, scale)).astype(np.float32)
        stepped, kept = follow_points(relit(last, picture), picture, after, guess)
        owner, before, after = owner[kept], before[kept], stepped[kept]
    full = np.float32(1 / scale)
    return [shared_step(before[owner == k] * full, after[owner == k] * full) for k in range(len(quads))]
