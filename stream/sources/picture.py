"""One decoded picture before it has a place in its source: its grey plane, its colour on demand, its time stamp.

Owns: turning what PyAV and OpenCV deliver into the arrays of a `Frame`.  Does not own numbering and placing in time.
"""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
from av.sidedata.sidedata import Type

if TYPE_CHECKING:
    from collections.abc import Callable

    import av

    from glyphfeed.stream.records import Colour, Grey

# Pixel formats whose first plane is the luma, one byte a pixel.
LUMA_FIRST = {
    *("gray", "nv12", "nv16", "nv21", "nv24", "yuv410p", "yuv411p", "yuv420p", "yuv422p", "yuv440p", "yuv444p"),
    *("yuvj411p", "yuvj420p", "yuvj422p", "yuvj440p", "yuvj444p", "yuva420p", "yuva422p", "yuva444p"),
}
FLIPS = {(True, True): -1, (True, False): 1, (False, True): 0}
"""OpenCV's code for what is flipped from left to right, from top to bottom, or both."""


class Lie(NamedTuple):
    """How a stored picture lies: to be shown it is `transposed`, then flipped from left to right, from top to bottom."""

    transposed: bool = False
    mirrored: bool = False
    inverted: bool = False

    def undo(self, image: Grey) -> Grey:
        """Show a picture as it is meant, (height, width) or with colours."""
        if self.transposed:
            image = np.asarray(cv2.transpose(image), np.uint8)
        flip = FLIPS.get((self.mirrored, self.inverted))
        return image if flip is None else np.asarray(cv2.flip(image, flip), np.uint8)


@dataclass(frozen=True, slots=True)
class Picture:
    """A decoded picture: `stamp` is seconds on the stream's own clock, None where it has none; the rest as in `Frame`."""

    stamp: float | None
    captured_at: float
    grey: Grey
    bgr: Callable[[], Colour]
    scene: int = 0


class LazyColour:
    """A picture in blue-green-red, converted when first asked for and kept; any thread may call it."""

    __slots__ = ("_convert", "_image", "_lock")

    def __init__(self, convert: Callable[[], Colour]) -> None:
        self._convert = convert
        self._image: Colour | None = None
        self._lock = threading.Lock()

    def __call__(self) -> Colour:
        """The (height, width, 3) uint8 picture, read-only and the same array each time."""
        with self._lock:
            if self._image is None:
                self._image = self._convert()
                self._image.flags.writeable = False
            return self._image


def picture_from_av(decoded: av.VideoFrame, stamp: float | None, captured_at: float) -> Picture:
    """A picture that shares the decoder's memory: `grey` is a read-only view of its luma plane wherever there is one.

    The turn or mirror that a phone or a converter notes beside its video is made here, for grey and colour alike.
    """
    lie = lie_of(decoded)

    def convert() -> Colour:
        # One thread: swscale's own threads cost more to start than a picture costs to convert.
        return lie.undo(np.asarray(decoded.to_ndarray(format="bgr24", threads=1), np.uint8))

    grey = lie.undo(_luma(decoded))
    grey.flags.writeable = False
    return Picture(stamp, captured_at, grey, LazyColour(convert))


def lie_of(decoded: av.VideoFrame) -> Lie:
    """Find how a picture lies by its display matrix, which is that of ISO 14496-12 (6.2.2), to the nearest quarter of a turn."""
    note = decoded.side_data.get(Type.DISPLAYMATRIX)  # type: ignore[call-overload]
    if note is None:
        return Lie()
    a, b, _, c, d = np.frombuffer(note, np.int32)[:5].astype(np.int64).tolist()
    if abs(a) + abs(d) >= abs(b) + abs(c):
        return Lie(transposed=False, mirrored=a < 0, inverted=d < 0)
    return Lie(transposed=True, mirrored=c < 0, inverted=b < 0)


def picture_from_bgr(image: Colour, stamp: float | None) -> Picture:
    """A picture of an image that came as colour, (height, width, 3) uint8, and that nobody writes any more."""
    grey = np.asarray(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY), np.uint8)
    grey.flags.writeable = False
    return Picture(stamp, time.time(), grey, LazyColour(lambda: image))


def _luma(decoded: av.VideoFrame) -> Grey:
    plane = decoded.planes[0]
    if decoded.format.name not in LUMA_FIRST or plane.line_size < decoded.width:
        return np.asarray(decoded.to_ndarray(format="gray", threads=1), np.uint8)
    # The view holds the plane, the plane holds the decoder's frame: its memory stays as long as the view does.
    rows = np.frombuffer(memoryview(plane), np.uint8).reshape(-1, plane.line_size)
    return rows[: decoded.height, : decoded.width]
