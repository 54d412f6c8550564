"""What the GPU's kernels for pictures (pictures.cu) are told: sizes, colours and layouts as the numbers that they take.

Pure, and without a GPU.  The kernels stand in for `engines.tensors.lay` and `engines.detector.covered`.
"""

from __future__ import annotations

import math
from importlib.resources import files
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from glyphfeed.engines.tensors import PADDING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from glyphfeed.engines.engine import Shape
    from glyphfeed.engines.models import Colours
    from glyphfeed.engines.tensors import Fit

Numbers: TypeAlias = "list[np.int32 | np.float32]"
"""A kernel's arguments after its pointers, in its order."""
SOURCE = files("glyphfeed.engines.nvidia") / "pictures.cu"
ORDERS = ("bgr", "rgb", "grey")
"""Of colours, by the numbers that the kernel knows them by."""


BLOCK = (32, 8, 1)
"""Threads that the GPU takes together, along the columns and the rows of what they make."""


def grid_of(rows: int, columns: int) -> tuple[int, int]:
    """How many blocks of threads make so many rows and columns, along the columns and the rows."""
    return math.ceil(columns / BLOCK[0]), math.ceil(rows / BLOCK[1])


def numbers_of_lay(picture: NDArray[np.uint8], fit: Fit, colours: Colours) -> Numbers:
    """What the kernel `lay` is told for a (height, width, 3) picture, after the pointers to it and to the input."""
    rows, columns = picture.shape[:2]
    missing = (1.0,) * (3 - colours.channels)
    sizes = (rows, columns, *fit.bucket, fit.height, fit.width, ORDERS.index(colours.colour), PADDING)
    return [*map(np.int32, sizes), *map(np.float32, (*colours.mean, *missing, *colours.std, *missing))]


def numbers_of_keep(output: Shape, fit: Fit, least: Sequence[float]) -> tuple[Shape, Numbers]:
    """What the kernel `keep` makes, (maps, rows, columns), and is told after the pointers to the maps and to that.

    The network's output is (1, maps, height, width), or (1, height, width, 2).
    """
    _, first, second, third = output
    if third == 2:
        planes, height, width, steps = third, first, second, (1, second * third, third)
    else:
        planes, height, width, steps = first, second, third, (second * third, third, 1)
    kept = (planes, *fit.covers(height, width))
    return kept, [*map(np.int32, (*kept, *steps)), *map(np.float32, (least[0], least[-1]))]
