"""Drawing what was read over the picture it was read in.  Pure: a picture and a snapshot in, a new picture out."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np

from glyphfeed.stream.records import TextState

if TYPE_CHECKING:
    from collections.abc import Sequence

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
    taken: list[Box] = []
    for text in snapshot.texts:
        thickness = 1 if text.state is TextState.TENTATIVE else 2
        cv2.polylines(canvas, [text.polygon.round().astype(np.int32)], True, COLOURS[text.state], thickness, cv2.LINE_AA)
        taken.append(_box(text))
    for text in snapshot.texts:
        if text.text and text.state is not TextState.TENTATIVE:
            taken.append(_draw_label(canvas, text, taken))
    return canvas


def _draw_label(canvas: Colour, text: TextEntity, taken: Sequence[Box]) -> Box:
    """Write a text into a filled box above its outline, or below where that hides less of what is taken."""
    left, top, width, height = _box(text)
    size_px = int(np.clip(min(width, height) * 0.5, *LABEL_PX))
    wide, high = _extent(text.text, size_px), round(size_px * 1.4)
    x = int(np.clip(left, 0, max(canvas.shape[1] - wide, 0)))
    places = [(x, y, wide, high) for y in (top - high - 2, top + height + 2) if 0 <= y <= canvas.shape[0] - high]
    box = min(places or [(x, max(top, 0), wide, high)], key=lambda place: sum(_shared(place, other) for other in taken))
    y = box[1]
    cv2.rectangle(canvas, (x, y), (x + wide, y + high), COLOURS[text.state], cv2.FILLED)
    cv2.putText(canvas, text.text, (x + 4, y + round(size_px * 1.05)), INK, _face(), size_px, WEIGHT)
    return box


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
def _extent(text: str, size_px: int) -> int:
    """Width of a label in pixels."""
    return int(cv2.getTextSize((0, 0), text, (0, 0), _face(), size_px, WEIGHT)[2]) + 8
