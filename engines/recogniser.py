"""Reading lines of text: the recogniser protocol and the CTC recogniser for crops of one line.

Owns the way from upright crops to lattices.  Does not cut the crops out of a frame and does not fuse readings (stream).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np

from engines.lattice import Lattice, lattice_from_ctc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from engines.engine import Engine
    from engines.lexicon import Lexicon


FAINT_RANGE = 64.0
"""Crops whose grey values span less than this, of 255, are stretched to it."""


class Recogniser(Protocol):
    """Reads crops that hold one upright line of text each."""

    name: str

    def read(self, crops: Sequence[NDArray[np.uint8]]) -> list[Lattice]:
        """Read (height, width, 3) uint8 blue-green-red crops, one lattice a crop."""
        ...


class CtcRecogniser:
    """A network that gives a distribution over characters at each step along the line."""

    HEIGHT_PX = 48
    WIDTHS_PX = (80, 120, 160, 200, 240, 320, 400, 640, 1120)
    """Input widths; a crop goes, padded on the right, into the narrowest that holds it, and into the widest squeezed."""

    def __init__(self, engine: Engine, charset: Sequence[str], lexicon: Lexicon) -> None:
        """`charset` holds the characters of the network's classes from 1 on; class 0 is the CTC blank."""
        self._engine = engine
        self._charset = charset
        self._lexicon = lexicon
        self.name = engine.name

    def read(self, crops: Sequence[NDArray[np.uint8]]) -> list[Lattice]:
        """See `Recogniser.read`.

        One crop a run: on a CPU a batch costs as much as its lines one by one, and lines of like width are few.
        """
        return [self._read_line(crop) for crop in crops]

    def _read_line(self, crop: NDArray[np.uint8]) -> Lattice:
        tensor, filled = fill_line(crop, self.HEIGHT_PX, self.WIDTHS_PX)
        (output,) = self._engine.run({self._engine.input: tensor}).values()
        return self._lexicon.weigh(lattice_from_ctc(output[0], self._charset, filled))


def fill_line(crop: NDArray[np.uint8], height_px: int, widths_px: tuple[int, ...]) -> tuple[NDArray[np.float32], float]:
    """Scale a crop to the network's height and pad it to one of its widths, normalised to -1..1, padding 0.

    Returns:
        The tensor (1, 3, height, width) and the share of the width that the crop fills.

    """
    rows, columns = crop.shape[:2]
    width = max(round(columns * height_px / rows), 8)
    bucket = next((w for w in widths_px if w >= width), widths_px[-1])
    width = min(width, bucket)
    method = cv2.INTER_AREA if rows > height_px else cv2.INTER_CUBIC
    line = cv2.resize(crop, (width, height_px), interpolation=method)
    low, high = np.percentile(line, (2, 98))
    # Text printed tone on tone is stretched to a contrast that the network knows; other text is read best as it is.
    middle, span = ((low + high) / 2, max(high - low, 16.0) * 255 / FAINT_RANGE) if high - low < FAINT_RANGE else (127.5, 255.0)
    tensor = np.zeros((1, 3, height_px, bucket), np.float32)
    tensor[0, :, :, :width] = (line.transpose(2, 0, 1).astype(np.float32) - middle) * (2 / span)
    return tensor, width / bucket
