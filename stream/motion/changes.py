"""Where pixels are new: what a picture shows that the pictures before it did not, with the camera's motion taken out.

Owns the pictures that a new one is held against.  Does not know what text is, nor what comes of it.  Works on the small grey
pictures of the flow; results are in pixels of the source frame.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from glyphfeed.stream.geometry import UNIT_SQUARE, is_tall, transform
from glyphfeed.stream.motion.flow import scaled
from glyphfeed.stream.motion.points import relit

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from glyphfeed.stream.motion.flow import Motion

DIFFERENT = 20.0
"""Grey levels, of 255, by which a pixel must leave the range that was seen around it: noise and compression leave less."""
STILL_PX = 0.15
"""A picture that moved by less than this (pixels of the small picture) is held against the other as it is; else each pixel may
have come from any of its neighbours."""
DRAWN_PX = 3.0
"""So far at the most a fit is drawn along."""
BASE_S = 0.4
"""So old is the second picture that a new one is held against, at the least, for what fades in or creeps."""
CELL = 8
"""Pixels of the small picture, in each direction, that are counted together."""
LEAST, LEAST_MOVING = 3, 14
"""So many new pixels make a cell a changed one, while the picture stands still, and while it moves: edges are off by a pixel."""
NEW_IN_STILL, NEW_IN_MOVING = 2, 0.06
"""So many pixels, or such a share of them, must be new in a text."""
MOST = 0.3
"""Where so much of a picture is new that could not be followed, it is the camera that moved."""


class Part(NamedTuple):
    """A part of a picture, in its pixels: left, top, right, bottom."""

    left: float
    top: float
    right: float
    bottom: float


class Reference:
    """An earlier picture, and the camera's motion since."""

    def __init__(self, picture: NDArray[np.uint8]) -> None:
        self.picture = picture
        self.since = np.eye(3)
        self.age_s = 0.0

    @property
    def is_still(self) -> bool:
        """Whether nothing moved since."""
        outline = UNIT_SQUARE * np.array(self.picture.shape[::-1], np.float32)
        return float(np.abs(transform(outline, self.since) - outline).max()) < STILL_PX

    def new_pixels(self, picture: NDArray[np.uint8], *, strict: bool = True) -> NDArray[np.bool_]:
        """Tell which pixels (height, width) of a picture were not there, or in its light would not have been; unless `strict`
        they may have come from beside even where nothing moved.
        """
        height, width = picture.shape
        if strict and self.is_still:
            low = high = relit(self.picture, picture)
            seen = None
        else:
            warped = cv2.warpPerspective(self.picture, self.since, (width, height), flags=cv2.INTER_LINEAR, borderValue=0)
            # What came into view is new area, and no change.
            outline = transform(UNIT_SQUARE * np.array([width - 1, height - 1], np.float32), self.since)
            seen = cv2.fillConvexPoly(np.zeros_like(picture), np.round(np.clip(outline, -1e4, 1e4)).astype(np.int32), 255)
            lit = np.asarray(warped, np.uint8)
            lit = relit(lit, picture) if seen.mean() > 250 else lit
            low, high = (np.asarray(grown(lit, NEIGHBOURS), np.uint8) for grown in (cv2.erode, cv2.dilate))
            seen = cv2.erode(seen, NEIGHBOURS)
        left = np.maximum(cv2.subtract(picture, np.asarray(high, np.uint8)), cv2.subtract(np.asarray(low, np.uint8), picture))
        new = left > DIFFERENT
        return new if seen is None else new & (seen > 0)


NEIGHBOURS = np.ones((3, 3), np.uint8)


class Changes:
    """Holds each picture against the one before it, and against one that is some tenths of a second older."""

    def __init__(self) -> None:
        self._last: Reference | None = None
        self._base: Reference | None = None
        self._next: Reference | None = None
        self.new: NDArray[np.bool_] | None = None
        """The pixels of the present small picture that were not there a moment ago."""
        self.scale = 1.0
        self.still = True

    def step(self, motion: Motion, dt: float) -> list[Part]:
        """Take in the next picture, `dt` seconds after the last one, and tell the parts of it that changed."""
        picture, camera = motion.picture, motion.camera
        self.new, self.scale = None, motion.scale
        known = picture is not None and self._last is not None and self._last.picture.shape == picture.shape
        if picture is None or self._last is None or not known or motion.cut:
            self._last = self._base = self._next = None if picture is None else Reference(picture)
            return []
        # Where there is too little to follow, the camera has mostly not moved: then little is new.
        step = np.eye(3) if camera is None or self._stands(camera, motion) else scaled(camera, motion.scale)
        for reference in {id(each): each for each in (self._last, self._base, self._next) if each is not None}.values():
            reference.since = step @ reference.since
            reference.age_s += dt
        self.still = still = self._last.is_still
        new = self._last.new_pixels(picture)
        if still and self._base is not None and self._base is not self._last and self._base.is_still:
            new |= self._base.new_pixels(picture)
        if camera is None and new.mean() > MOST:
            self._last = self._base = self._next = Reference(picture)
            return []
        self.new = new
        self._last = Reference(picture)
        if self._next is None or self._next.age_s >= BASE_S:
            self._base, self._next = self._next or self._last, self._last
        parts = parts_of(new, motion.scale, LEAST if still else LEAST_MOVING)
        if parts:
            # Told once: what is still to come is held against this picture.
            self._base = self._next = self._last
        return parts

    def _stands(self, camera: NDArray[np.float64], motion: Motion) -> bool:
        """Tell whether a camera that stood is better taken to stand still: what appears or goes draws a fit along by a little."""
        assert self._last is not None
        assert motion.picture is not None
        outline = UNIT_SQUARE * np.array(motion.picture.shape[::-1], np.float32)
        shift = np.abs(transform(outline, scaled(camera, motion.scale)) - outline).max()
        if shift < STILL_PX or not self.still or shift > DRAWN_PX:
            return False
        with_it = Reference(self._last.picture)
        with_it.since = scaled(camera, motion.scale)
        new, otherwise = (int(reference.new_pixels(motion.picture, strict=False).sum()) for reference in (self._last, with_it))
        return new <= otherwise

    def across(self, quad: NDArray[np.floating], grown_px: float) -> float:
        """Share of the new pixels near a line's quad (4, 2) that lie more than `grown_px` above or below it, 0..1; 0 where none
        are near.  What lies beside its ends does not count: another line there may be longer.
        """
        if self.new is None:
            return 0.0
        low, high = quad.min(axis=0), quad.max(axis=0)
        across = np.array([4.0, 1.0] if is_tall(quad) else [1.0, 4.0]) * grown_px
        near = self._cut(low - across, high + across)
        inside = self._cut(low - grown_px, high + grown_px)
        total = int(near.sum())
        return 1 - int(inside.sum()) / total if total else 0.0

    def within(self, quad: NDArray[np.floating]) -> bool:
        """Tell whether something is new in a quad (4, 2) or hard beside it."""
        if self.new is None:
            return False
        near = self._cut(quad.min(axis=0) - 2 / self.scale, quad.max(axis=0) + 2 / self.scale)
        least = NEW_IN_STILL if self.still else max(LEAST_MOVING, NEW_IN_MOVING * near.size)
        return int(near.sum()) >= least

    def _cut(self, low: NDArray[np.floating], high: NDArray[np.floating]) -> NDArray[np.bool_]:
        assert self.new is not None
        left, top = (max(int(v * self.scale), 0) for v in low)
        right, bottom = (max(int(v * self.scale) + 1, 0) for v in high)
        return self.new[top:bottom, left:right]


def parts_of(new: NDArray[np.bool_], scale: float, least: int) -> list[Part]:
    """Gather new pixels (height, width) of a picture of so much of the source's size into the parts that they make up."""
    counts = cv2.resize(
        new.astype(np.float32), (max(new.shape[1] // CELL, 1), max(new.shape[0] // CELL, 1)), interpolation=cv2.INTER_AREA
    )
    cells = (counts * CELL * CELL >= least).astype(np.uint8)
    if not cells.any():
        return []
    joined = cv2.dilate(cells, NEIGHBOURS)
    count, _, stats, _ = cv2.connectedComponentsWithStats(joined, connectivity=8)
    width, height = new.shape[1] / cells.shape[1] / scale, new.shape[0] / cells.shape[0] / scale
    return [Part(x * width, y * height, (x + w) * width, (y + h) * height) for x, y, w, h, _ in stats[1:count].tolist()]
