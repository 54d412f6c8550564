"""Cameras beside each other on one canvas: each with its picture, the text on it, its name and how it is doing.

Owns: the look of a tile, and where tiles are.  Pure: what there is in, pixels out.  Does not own the text over a picture
(overlay) nor the window.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from glyphfeed.stream.feed.publishing.pictures import LONGEST_PX
from glyphfeed.stream.records import SourceState
from glyphfeed.tools.displays.overlay import draw_texts, extent, write

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from glyphfeed.stream.feed.receiving.drawing import Shown
    from glyphfeed.stream.records import Colour
    from glyphfeed.tools.displays.overlay import Bgr, Box

SHAPE: Final = 16 / 9
"""Width by height of most cameras; what is otherwise has black beside it."""
BAR_PX: Final = 26
LETTERS_PX: Final = 16
GAP_PX: Final = 2
LATE_S: Final = 1.0
"""A picture that is older than so says its age."""
GROUND: Final[Bgr] = (24, 24, 24)
BAR: Final[Bgr] = (48, 48, 48)
LIGHT: Final[Bgr] = (240, 240, 240)
AMBER: Final[Bgr] = (60, 190, 250)
STATES: Final[dict[SourceState, Bgr]] = {
    SourceState.CONNECTING: AMBER,
    SourceState.LIVE: (110, 210, 90),
    SourceState.STALLED: AMBER,
    SourceState.ENDED: (170, 170, 170),
    SourceState.FAILED: (110, 110, 250),
}
_REDUCED: Final = {8: cv2.IMREAD_REDUCED_COLOR_8, 4: cv2.IMREAD_REDUCED_COLOR_4, 2: cv2.IMREAD_REDUCED_COLOR_2}
"""How a JPEG is decoded to a part of its size, which takes a part of the time."""


@dataclass(frozen=True, slots=True)
class Tile:
    """What is shown of one camera: `picture` (height, width, 3) uint8 may be smaller than the size that `shown` is in.

    `age` is what is said of the picture's age, "" where it is fresh; `words` stand where there is no picture.
    """

    name: str
    state: SourceState | None
    age: str
    words: str
    picture: Colour | None
    shown: Shown | None


def age_words(age_s: float, state: SourceState | None, *, frozen: bool) -> str:
    """What is to be said of a picture's age in seconds: nothing while it is fresh, or where no other is to come."""
    if state in (SourceState.ENDED, SourceState.FAILED):
        return ""
    old = "" if age_s <= LATE_S else f"{age_s:.0f} s old"
    return ", ".join(part for part in ("frozen" if frozen else "", old) if part)


def cells(count: int, size: tuple[int, int]) -> list[Box]:
    """Where so many tiles are on a canvas of this width and height: rows of equal ones, as large as they can be."""
    width, height = size

    def picture_width(columns: int) -> float:
        rows = -(-count // columns)
        return min(width / columns, (height / rows - BAR_PX) * SHAPE)

    columns = max(range(1, count + 1), key=picture_width, default=1)
    rows = max(-(-count // columns), 1)
    lefts = [round(width * column / columns) for column in range(columns + 1)]
    tops = [round(height * row / rows) for row in range(rows + 1)]
    found: list[Box] = []
    for number in range(count):
        row, column = divmod(number, columns)
        left, top = lefts[column], tops[row]
        found.append((left, top, max(lefts[column + 1] - left - GAP_PX, 1), max(tops[row + 1] - top - GAP_PX, 1)))
    return found


def draw_tile(tile: Tile, size: tuple[int, int]) -> Colour:
    """Draw a camera: a bar, and under it its picture as large as it fits, black beside it."""
    width, height = size
    canvas = np.full((height, width, 3), GROUND, np.uint8)
    _draw_bar(canvas[:BAR_PX], tile)
    rest = canvas[BAR_PX:]
    if tile.picture is not None and rest.size:
        _draw_picture(rest, tile.picture, tile.shown)
    elif rest.size:
        draw_sentence(rest, tile.words)
    return canvas


def _draw_bar(bar: Colour, tile: Tile) -> None:
    bar[:] = BAR
    y = (BAR_PX - round(LETTERS_PX * 1.3)) // 2
    write(bar, tile.name, (8, y), LETTERS_PX, LIGHT)
    x = 8 + extent(tile.name, LETTERS_PX) + 12
    if tile.state is not None:
        write(bar, tile.state, (x, y), LETTERS_PX, STATES[tile.state])
        x += extent(tile.state, LETTERS_PX) + 12
    if tile.age:
        write(bar, tile.age, (max(x, bar.shape[1] - extent(tile.age, LETTERS_PX) - 8), y), LETTERS_PX, AMBER)


def _draw_picture(canvas: Colour, picture: Colour, shown: Shown | None) -> None:
    """Draw a picture in the middle of a canvas, and text over it once it has its size: letters stay readable in small tiles."""
    # The frame's own shape, of which a JPEG that was halved misses an odd edge.
    size = picture.shape[1::-1] if shown is None else shown.size
    left, top, width, height = contained(size, canvas.shape[1::-1])
    way = cv2.INTER_AREA if width < picture.shape[1] else cv2.INTER_LINEAR
    inside = canvas[top : top + height, left : left + width]
    cv2.resize(picture, (width, height), inside, interpolation=way)
    if shown is not None:
        scale = np.array([width / size[0], height / size[1]], np.float32)
        texts = [*shown.tentative, *shown.coasting, *shown.texts]
        # Pixels are counted from their middles.
        draw_texts(inside, [replace(text, polygon=(text.polygon + 0.5) * scale - 0.5) for text in texts])


def contained(size: tuple[int, ...], room: tuple[int, ...]) -> Box:
    """Where a picture of a width and height is in a room of another, whole and as large as it can be, in its middle."""
    scale = min(room[0] / size[0], room[1] / size[1])
    width, height = max(round(size[0] * scale), 1), max(round(size[1] * scale), 1)
    return (room[0] - width) // 2, (room[1] - height) // 2, width, height


def draw_sentence(canvas: Colour, words: str) -> None:
    """Write a sentence in the middle of a canvas, in as many lines as it takes."""
    lines = list(wrapped(words, canvas.shape[1] - 2 * LETTERS_PX))
    high = round(LETTERS_PX * 1.5)
    top = (canvas.shape[0] - high * len(lines)) // 2
    for number, line in enumerate(lines):
        left = (canvas.shape[1] - extent(line, LETTERS_PX)) // 2
        write(canvas, line, (max(left, 0), top + number * high), LETTERS_PX, LIGHT)


def wrapped(words: str, width: int) -> Iterator[str]:
    """The lines of a sentence that are no wider, where its words allow it."""
    line = ""
    for word in words.split():
        longer = f"{line} {word}".strip()
        if line and extent(longer, LETTERS_PX) > width:
            yield line
            longer = word
        line = longer
    if line:
        yield line


def compose(tiles: Iterable[tuple[Box, Colour]], size: tuple[int, int], words: str = "") -> Colour:
    """Put drawn tiles on a canvas of a width and height; `words` stand in its middle, or below the tiles."""
    width, height = size
    canvas = np.full((height, width, 3), GROUND, np.uint8)
    there = False
    for (left, top, wide, high), drawn in tiles:
        canvas[top : top + high, left : left + wide] = drawn
        there = True
    if words:
        bottom = canvas[-BAR_PX:] if there else canvas
        bottom[:] = BAR if there else GROUND
        draw_sentence(bottom, words)
    return canvas


def decode(jpeg: bytes, size: tuple[int, int], room: tuple[int, int]) -> Colour | None:
    """Decode the picture of a frame of a width and height, for a room of pixels, to which it is reduced on the way where that is
    much smaller; None where it is no picture.
    """
    width, height = size
    while max(width, height) > LONGEST_PX:
        width, height = width // 2, height // 2
    spare = max(width / room[0], height / room[1])
    way = next((way for by, way in _REDUCED.items() if by <= spare), cv2.IMREAD_COLOR)
    if not jpeg:
        return None
    try:
        image = cv2.imdecode(np.frombuffer(jpeg, np.uint8), way)
    except cv2.error:
        return None
    return None if image is None else image.astype(np.uint8, copy=False)
