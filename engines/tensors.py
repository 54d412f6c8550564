"""From pictures to the tensors that networks take."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.engine import Tensor
    from engines.models import Colours


def tensor_of(image: NDArray[np.uint8] | NDArray[np.float32], colours: Colours) -> Tensor:
    """Normalise a (height, width, 3) blue-green-red picture of 0..255, as (1, channels, height, width)."""
    seen = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) if colours.colour == "grey" else image
    swapped = colours.colour == "rgb"
    if len({*colours.std}) == 1:
        # One pass over the picture where three would be needed.
        tensor = cv2.dnn.blobFromImage(seen, 1 / colours.std[0], mean=colours.mean, swapRB=swapped)
        return np.asarray(tensor, np.float32)
    tensor = cv2.dnn.blobFromImage(seen, 1.0, mean=colours.mean, swapRB=swapped)
    return np.asarray(tensor / np.array(colours.std, np.float32).reshape(1, -1, 1, 1), np.float32)
