"""Persistence of vision: what an eye sees of LEDs that are lit in turn, where each picture of a camera catches some rows only.

Owns where the picture flickers, and the last frames while it does.  Does not know what text is.  Flicker is what comes and goes
within a moment and leaves the same brightest and darkest picture in each; what moves leaves others.
"""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from functools import cache
from itertools import pairwise
from typing import TYPE_CHECKING, TypeVar

import cv2
import numpy as np

from glyphfeed.stream.motion.changes import DIFFERENT, LEAST, parts_of
from glyphfeed.stream.motion.points import shrunk

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from glyphfeed.stream.motion.changes import Part
    from glyphfeed.stream.motion.flow import Motion
    from glyphfeed.stream.records import Frame

T = TypeVar("T", bound=np.generic)

MOMENT_S, MOMENT_FRAMES = 0.2, 3
"""So long, and so many frames at the least, an eye still sees what was lit: that catches each row of a sign once."""
ALIKE = 3
"""So many moments in a row must show the same."""
STEADY = 0.9
"""Share of what comes and goes in a part of the picture that must look the same in each moment: on a sign it was 0.98 to 0.99,
and none of thirty clips of streets, tickers and films comes to it anywhere."""
LEAST_PX = 64
"""So many pixels of the small picture flicker where a sign can be read."""
DOUBTS = 4
"""A sign that turns to another text is not steady for fewer moments than this, and remains one."""


class Moment:
    """The brightest and the darkest of the small pictures (height, width) since a stream time."""

    def __init__(self, picture: NDArray[np.uint8], begun: float) -> None:
        self.high = self.low = picture
        self.begun = begun
        self.frames = 1

    def add(self, picture: NDArray[np.uint8]) -> None:
        """Take in the next picture."""
        self.high, self.low = np.maximum(self.high, picture), np.minimum(self.low, picture)
        self.frames += 1

    def changing(self) -> NDArray[np.bool_]:
        """Tell which pixels (height, width) came or went."""
        return np.asarray(cv2.subtract(self.high, self.low) > DIFFERENT)

    def like(self, other: Moment) -> NDArray[np.bool_]:
        """Tell which pixels (height, width) were as bright and as dark in another moment."""
        bright, dark = cv2.absdiff(self.high, other.high), cv2.absdiff(self.low, other.low)
        return np.asarray(cv2.max(bright, dark) <= DIFFERENT)


class Afterglow:
    """Shows frames as an eye sees them: call `show` for each, then `watch`."""

    def __init__(self) -> None:
        self._moment: Moment | None = None
        self._moments: deque[Moment] = deque(maxlen=ALIKE)
        self._doubts = 0
        self._frames: deque[Frame] = deque()
        self.parts: tuple[Part, ...] = ()
        """The parts of the picture that flicker."""
        self.lit = False
        """Whether the frame was shown otherwise than it is."""

    def show(self, frame: Frame) -> Frame:
        """Show what flickers as bright as it was within the last moment; a frame where nothing does is returned as it is."""
        self.lit = False
        if not self.parts:
            return frame
        self._frames.append(frame)
        while len(self._frames) > MOMENT_FRAMES and frame.pts - self._frames[1].pts > MOMENT_S - 1e-6:
            self._frames.popleft()
        self.lit = len(self._frames) >= MOMENT_FRAMES and frame.pts - self._frames[0].pts > MOMENT_S - 1e-6
        if not self.lit:
            return frame
        frames, parts = tuple(self._frames), self.parts
        grey = brightest([each.grey for each in frames], parts)
        return replace(frame, grey=grey, bgr=cache(lambda: brightest([each.bgr() for each in frames], parts)))

    def watch(self, frame: Frame, motion: Motion) -> None:
        """Learn where the source flickers from a frame as it is, and from the motion in it as it was shown."""
        picture = shrunk(frame.grey, motion.scale) if self.lit or motion.picture is None else motion.picture
        moment = self._moment
        if moment is None or moment.high.shape != picture.shape:
            self._moments.clear()
            self.forget()
        elif moment.frames < MOMENT_FRAMES or frame.pts - moment.begun < MOMENT_S - 1e-6:
            moment.add(picture)
            return
        else:
            self._moments.append(moment)
            self._judge(motion.scale)
        self._moment = Moment(picture, frame.pts)

    def forget(self) -> None:
        """Say that nothing goes on from before: a new scene."""
        self.parts, self.lit = (), False
        self._frames.clear()

    def _judge(self, scale: float) -> None:
        parts = flickering(self._moments, scale) if len(self._moments) == ALIKE else ()
        self._doubts = 0 if parts else self._doubts + 1
        if parts:
            self.parts = parts
        elif self._doubts >= DOUBTS:
            self.forget()


def flickering(moments: Sequence[Moment], scale: float) -> tuple[Part, ...]:
    """Find the parts of a picture that flicker, in its pixels, in moments of small ones at `scale`, the latest last."""
    each = [moment.changing() for moment in moments]
    alike = [moment.like(before) for before, moment in pairwise(moments)]
    changing, steady = np.logical_or.reduce(each), np.logical_and.reduce([*each, *alike])
    parts = parts_of(steady, scale, LEAST)
    return tuple(part for part in parts if is_steady(cut(steady, part, scale), cut(changing, part, scale)))


def is_steady(steady: NDArray[np.bool_], changing: NDArray[np.bool_]) -> bool:
    """Tell whether what changes in a part of the picture (height, width) is enough, and mostly looks the same in each moment."""
    return int(np.count_nonzero(steady)) >= max(LEAST_PX, STEADY * int(np.count_nonzero(changing)))


def cut(picture: NDArray[T], part: Part, scale: float = 1.0) -> NDArray[T]:
    """Cut a part out of a picture (height, width, ...) at `scale` of the size in which the part is told; a view."""
    left, top, right, bottom = (round(edge * scale) for edge in part)
    return picture[top:bottom, left:right]


def brightest(pictures: Sequence[NDArray[np.uint8]], parts: Sequence[Part]) -> NDArray[np.uint8]:
    """Copy the last of some pictures (height, width) or (height, width, 3), with some parts as bright as in any of them."""
    shown = pictures[-1].copy()
    for part in parts:
        np.maximum.reduce([cut(picture, part) for picture in pictures], out=cut(shown, part))
    return shown
