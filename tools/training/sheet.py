"""`glyphfeed train sheet`: words of a pool in one picture, to be looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from glyphfeed.tools.errors import CommandError
from glyphfeed.tools.training.pool import Pool

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from glyphfeed.tools.training.pool import Word

CELL: Final = (216, 84)
"""Width and height of what each word gets, in pixels."""
ROOM: Final = (208, 60)
"""What of it the crop gets."""


def write_sheet(folder: Path, out: Path, columns: int, rows: int, seed: int) -> None:
    """Draw some of a pool's words into a picture file, what each says below, and round its characters where these are known.

    Raises:
        CommandError: the pool cannot be read, or the picture not be written.

    """
    pool = Pool([folder])
    drawn = np.random.default_rng(seed).permutation(len(pool))[: columns * rows]
    cells = [draw_cell(pool[int(number)]) for number in drawn]
    cells += [np.full((CELL[1], CELL[0], 3), 255, np.uint8)] * (columns * rows - len(cells))
    lines = [np.concatenate(cells[start : start + columns], axis=1) for start in range(0, len(cells), columns)]
    try:
        written = cv2.imwrite(str(out), np.concatenate(lines))
    except cv2.error:
        written = False
    if not written:
        raise CommandError(f"{out} cannot be written; name a picture, such as sheet.png, in a folder that is there")


def draw_cell(word: Word) -> NDArray[np.uint8]:
    """One word on white, (height, width, 3)."""
    cell = np.full((CELL[1], CELL[0], 3), 255, np.uint8)
    rows, columns = word.crop.shape
    scale = min(ROOM[0] / columns, ROOM[1] / rows)
    size = (max(round(columns * scale), 1), max(round(rows * scale), 1))
    crop = cv2.cvtColor(cv2.resize(word.crop, size, interpolation=cv2.INTER_CUBIC), cv2.COLOR_GRAY2BGR)
    for quad in word.quads[~np.isnan(word.quads).any(axis=(1, 2))]:
        cv2.polylines(crop, [np.rint(quad * scale).astype(np.int32)], True, (0, 180, 0), 1)
    cell[: size[1], : size[0]] = crop
    cv2.putText(cell, word.text, (0, ROOM[1] + 16), cv2.FONT_HERSHEY_PLAIN, 1.0, (160, 0, 0), 1, cv2.LINE_AA)
    return cell
