"""Motions of a camera, and how far one is from another."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from glyphfeed.stream.geometry import transform

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZE = (640, 360)
GRID = np.array([(x, y) for x in np.linspace(40, 600, 6) for y in np.linspace(30, 330, 5)])
IDENTITY = np.eye(3)


def camera(x: float = 0, y: float = 0, zoom: float = 1, roll_deg: float = 0, tilt: float = 0) -> NDArray[np.float64]:
    """A motion about the middle of the picture."""
    cos, sin = zoom * math.cos(math.radians(roll_deg)), zoom * math.sin(math.radians(roll_deg))
    middle = np.array([[1, 0, SIZE[0] / 2], [0, 1, SIZE[1] / 2], [0, 0, 1]])
    return np.asarray(
        np.array([[1, 0, x], [0, 1, y], [0, 0, 1]])
        @ middle
        @ np.array([[cos, -sin, 0], [sin, cos, 0], [tilt, 0, 1]])
        @ np.linalg.inv(middle)
    )


def error_px(found: NDArray[np.float64] | None, expected: NDArray[np.float64]) -> float:
    assert found is not None
    return float(np.linalg.norm(transform(GRID, found) - transform(GRID, expected), axis=1).max())
