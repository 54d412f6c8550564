"""Quads that were moved and turned."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray


def moved(quad: NDArray[np.floating], x: float = 0.0, y: float = 0.0) -> NDArray[np.float64]:
    return np.asarray(quad + np.array([x, y]), np.float64)


def rotated(quad: NDArray[np.floating], degrees: float) -> NDArray[np.float64]:
    """Turn a quad clockwise about its centre."""
    cos, sin = math.cos(math.radians(degrees)), math.sin(math.radians(degrees))
    centre = quad.mean(axis=0)
    return np.asarray((quad - centre) @ np.array([(cos, sin), (-sin, cos)]) + centre, np.float64)
