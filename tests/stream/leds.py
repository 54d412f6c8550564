"""A sign of LEDs, of which a camera's picture catches some rows only."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from glyphfeed.stream.records import Colour

SIZE = (640, 360)
LINE_ROWS, COLUMNS, PITCH_PX = 14, 112, 5
LEFT, TOP = 40, 120
LIT, DARK, PANEL, WALL = (40, 170, 255), (22, 24, 26), 10, 60


def letters(*lines: str) -> NDArray[np.bool_]:
    """Which LEDs (row, column) make up some lines of text."""
    leds = np.zeros((LINE_ROWS * len(lines), COLUMNS), np.uint8)
    for number, line in enumerate(lines):
        cv2.putText(leds, line, (4, LINE_ROWS * number + 11), cv2.FONT_HERSHEY_PLAIN, 0.9, 255, 1, cv2.LINE_8)
    return leds > 0


def rows_lit(leds: NDArray[np.bool_], index: int, period: int, dark: int, step: int = 1) -> NDArray[np.bool_]:
    """Which of the LEDs (row, column) the picture of an index catches: of each `period` rows `dark` are not, others in each."""
    rows = np.arange(len(leds))
    return leds & ((rows + step * index) % period >= dark)[:, None]


def sign(leds: NDArray[np.bool_]) -> Colour:
    """A picture of a sign on a wall."""
    picture = np.full((SIZE[1], SIZE[0], 3), WALL, np.uint8)
    rows, columns = leds.shape
    picture[TOP - PITCH_PX : TOP + (rows + 1) * PITCH_PX, LEFT - PITCH_PX : LEFT + (columns + 1) * PITCH_PX] = PANEL
    for (row, column), lit in np.ndenumerate(leds):
        middle = (LEFT + column * PITCH_PX + PITCH_PX // 2, TOP + row * PITCH_PX + PITCH_PX // 2)
        cv2.circle(picture, middle, PITCH_PX // 2 - 1, LIT if lit else DARK, -1)
    return picture


def flicker(lines: Sequence[str], frames: int, period: int, dark: int, step: int = 1) -> list[Colour]:
    """The pictures of a sign whose rows are dark in turn."""
    leds = letters(*lines)
    return [sign(rows_lit(leds, index, period, dark, step)) for index in range(frames)]
