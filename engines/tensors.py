"""From pictures to the tensors that networks take."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glyphfeed.engines.models import Colours, Size

Tensor: TypeAlias = NDArray[np.float32]
MAX_UPSCALE = 2.0
"""A small picture is enlarged at most this much to fill its bucket."""
PADDING = 127
"""What the rest of a bucket is filled with: the grey in the middle."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How a picture lies in its bucket of (rows, columns): in the top-left corner, `scale` times as large, `width` x `height`."""

    scale: float
    width: int
    height: int
    bucket: tuple[int, int]

    def covers(self, rows: int, columns: int) -> tuple[int, int]:
        """How many rows and columns of maps of the bucket, which may be smaller than it, belong to the picture."""
        times = self.bucket[0] / rows
        return min(math.ceil(self.height / times), rows), min(math.ceil(self.width / times), columns)


def fit_into(image: NDArray[np.uint8], buckets: Sequence[Size]) -> Fit:
    """Fit a (height, width, 3) picture into the bucket that leaves it largest."""
    rows, columns = image.shape[:2]
    scale, bucket = max((min(b[0] / rows, b[1] / columns), b) for b in buckets)
    scale = min(scale, MAX_UPSCALE)
    return Fit(scale, max(round(columns * scale), 1), max(round(rows * scale), 1), bucket)


def lay(image: NDArray[np.uint8], fit: Fit, colours: Colours) -> Tensor:
    """Scale a (height, width, 3) blue-green-red picture into its bucket, and normalise it, as (1, channels, rows, columns)."""
    if (fit.height, fit.width) != image.shape[:2]:
        method = cv2.INTER_AREA if fit.scale < 1 else cv2.INTER_LINEAR
        image = cv2.resize(image, (fit.width, fit.height), interpolation=method).astype(np.uint8, copy=False)
    canvas = np.full((*fit.bucket, 3), PADDING, np.uint8)
    canvas[: fit.height, : fit.width] = image
    return tensor_of(canvas, colours)


def tensor_of(image: NDArray[np.uint8] | NDArray[np.float32], colours: Colours) -> Tensor:
    """Normalise a (height, width, 3) blue-green-red picture of 0..255, as (1, channels, height, width)."""
    seen = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) if colours.colour == "grey" else image
    swapped = colours.colour == "rgb"
    if len({*colours.std}) == 1:
        # One pass over the picture where two would be needed.
        return np.asarray(cv2.dnn.blobFromImage(seen, 1 / colours.std[0], mean=colours.mean, swapRB=swapped), np.float32)
    tensor = np.asarray(cv2.dnn.blobFromImage(seen, 1.0, mean=colours.mean, swapRB=swapped), np.float32)
    tensor /= np.array(colours.std, np.float32).reshape(1, -1, 1, 1)  # in place: it is large
    return tensor
