"""Frames whose number stands in the pixels of their picture and in the places of their texts, to be compared on a page.

Owns: how a number is written in both, and read again from a canvas.  Each bit is a square of the picture, white for 1, and below
it is a text where it is 1.  A page draws the outline of the text; so what is seen of one frame tells two numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from glyphfeed.stream.records import Frame, Snapshot, TextEntity, TextState

if TYPE_CHECKING:
    from glyphfeed.stream.records import Colour

SIZE: Final = (640, 360)
BITS: Final = 12
_SIDE: Final = 40
_LEFT: Final = 80
_TOP: Final = 60
_BELOW: Final = 200
READ: Final = f"""
(canvas) => {{
  const [width, height, bits, left, side, top, below] = {[*SIZE, BITS, _LEFT, _SIDE, _TOP, _BELOW]};
  // Contained in the canvas, neither turned nor zoomed.
  const scale = Math.min(canvas.width / width, canvas.height / height);
  const context = canvas.getContext("2d");
  const number = (y) => {{
    const row = Math.round(canvas.height / 2 + (y - height / 2) * scale);
    const {{ data }} = context.getImageData(0, row, canvas.width, 1);
    let read = 0;
    for (let bit = 0; bit < bits; bit++) {{
      const column = Math.round(canvas.width / 2 + (left + (bit + 0.5) * side - width / 2) * scale);
      if (data[4 * column + 1] > 128) read += 2 ** bit;
    }}
    return read;
  }};
  // In the middle of the squares, and on the upper edges of the texts, where the ground of the picture is black.
  return [number(top + side / 2), number(below)];
}}
"""
"""A function of JavaScript: the numbers of picture and texts that a canvas shows, where texts are shown as outlines."""


def numbered_picture(number: int) -> Colour:
    """A picture, 360x640x3 uint8, that says a number of up to 12 bits."""
    picture = np.full((SIZE[1], SIZE[0], 3), 20, np.uint8)
    for bit in _bits(number):
        left = _LEFT + bit * _SIDE
        picture[_TOP : _TOP + _SIDE, left : left + _SIDE] = 255
    return picture


def numbered_frame(number: int, captured_at: float) -> Frame:
    """The frame of that number with that picture, of a source of 30 frames a second; `captured_at` in Unix seconds."""
    picture = numbered_picture(number)
    return Frame(number, number / 30, captured_at, picture[..., 0], lambda: picture)


def numbered_snapshot(source: str, number: int, captured_at: float) -> Snapshot:
    """What is told of that frame: a text for each bit that is set, at its place."""
    texts = tuple(_text(bit, captured_at) for bit in _bits(number))
    return Snapshot(source, number, number / 30, captured_at, SIZE, texts, tuple((text.id,) for text in texts))


def _text(bit: int, captured_at: float) -> TextEntity:
    left = _LEFT + bit * _SIDE
    corners = [[left + 4, _BELOW], [left + _SIDE - 4, _BELOW], [left + _SIDE - 4, _BELOW + 20], [left + 4, _BELOW + 20]]
    return TextEntity(
        id=bit + 1,
        rev=1,
        state=TextState.SETTLED,
        text=f"bit {bit}",
        confidence=0.9,
        polygon=np.array(corners, np.float32),
        words=(),
        velocity=(0.0, 0.0),
        reads=1,
        first_seen=captured_at,
        last_seen=captured_at,
    )


def _bits(number: int) -> list[int]:
    return [bit for bit in range(BITS) if number >> bit & 1]
