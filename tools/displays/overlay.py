"""Drawing what was read over the picture it was read in.  Pure: a picture and a snapshot in, a new picture out."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np

from glyphfeed.stream.records import TextState

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from glyphfeed.stream.records import Colour, Snapshot, TextEntity

Bgr: TypeAlias = tuple[int, int, int]
Box: TypeAlias = tuple[int, int, int, int]
"""Left, top, width, height, in pixels."""

COLOURS: dict[TextState, Bgr] = {
    TextState.TENTATIVE: (150, 150, 150),
    TextState.READING: (30, 180, 250),
    TextState.SETTLED: (80, 200, 60),
    TextState.COASTING: (220, 140, 60),
}
"""Grey while not trusted, amber while read, green once settled, blue while out of sight."""
INK: Bgr = (20, 20, 20)
LABEL_PX = 15, 26
"""Least and greatest size of a label's letters; in between they are as high as the text itself."""
FONT, WEIGHT = "uni", 500
"""The one of OpenCV's own fonts that has Chinese, Greek and Cyrillic letters."""


def draw_snapshot(image: Colour, snapshot: Snapshot) -> Colour:
    """Draw each text's outline and, beside it, what it says; `image` (height, width, 3) uint8 stays as it is."""
    canvas = image.copy()
    draw_texts(canvas, snapshot.texts)
    return canvas


def draw_texts(canvas: Colour, texts: Iterable[TextEntity]) -> None:
    """The same on a picture (height, width, 3) uint8 itself, with polygons in its pixels."""
    texts, taken = tuple(texts), list[Box]()
    for text in texts:
        thickness = 1 if text.state is TextState.TENTATIVE else 2
        cv2.polylines(canvas, [text.polygon.round().astype(np.int32)], True, COLOURS[text.state], thickness, cv2.LINE_AA)
        taken.append(_box(text))
    for text in texts:
        if text.text and text.state is not TextState.TENTATIVE:
            taken.append(_draw_label(canvas, text, taken))


def _draw_label(canvas: Colour, text: TextEntity, taken: Sequence[Box]) -> Box:
    """Write a text into a filled box above its outline, or below where that hides less of what is taken."""
    left, top, width, height = _box(text)
    size_px = int(np.clip(min(width, height) * 0.5, *LABEL_PX))
    wide, high = extent(text.text, size_px) + 8, round(size_px * 1.4)
    x = int(np.clip(left, 0, max(canvas.shape[1] - wide, 0)))
    places = [(x, y, wide, high) for y in (top - high - 2, top + height + 2) if 0 <= y <= canvas.shape[0] - high]
    box = min(places or [(x, max(top, 0), wide, high)], key=lambda place: sum(_shared(place, other) for other in taken))
    y = box[1]
    cv2.rectangle(canvas, (x, y), (x + wide, y + high), COLOURS[text.state], cv2.FILLED)
    write(canvas, text.text, (x + 4, y), size_px, INK)
    return box


def write(canvas: Colour, words: str, place: tuple[int, int], size_px: int, ink: Bgr) -> None:
    """Write a line of letters so high; `place` is its top-left corner."""
    cv2.putText(canvas, words, (place[0], place[1] + round(size_px * 1.05)), ink, _face(), size_px, WEIGHT)


def _box(text: TextEntity) -> Box:
    left, top, width, height = cv2.boundingRect(text.polygon)
    return left, top, width, height


def _shared(one: Box, other: Box) -> int:
    """Area that two boxes share, in pixels."""
    width = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    height = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return max(width, 0) * max(height, 0)


@lru_cache(maxsize=1)
def _face() -> cv2.FontFace:
    return cv2.FontFace(FONT)


@lru_cache(maxsize=1024)
def extent(text: str, size_px: int) -> int:
    """Width of a line in pixels."""
    return int(cv2.getTextSize((0, 0), text, (0, 0), _face(), size_px, WEIGHT)[2])
