"""Words as their characters' cells, straight or along an arc, for tests of what is drawn from them and found again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray


def celled(
    widths: Sequence[float], height: float, *, turned_deg: float = 0.0, bend: float = 0.0, narrowing: float = 0.0
) -> NDArray[np.float64]:
    """The quads (n, 4, 2) of a word's characters of some widths and a height, around (0, 0).

    The word is bent along an arc by so many radians in all, upwards in the middle where that is positive; its height changes by
    so large a share from its beginning to its end; then it is turned clockwise.
    """
    edges = np.append(0.0, np.cumsum(widths)) - sum(widths) / 2
    halves = height / 2 * (1 - narrowing * edges / sum(widths))
    if bend:
        radius = sum(widths) / bend
        away = np.stack([np.sin(edges / radius), -np.cos(edges / radius)], axis=1)
        upper, lower = ((radius + sign * halves[:, None]) * away + [0, radius] for sign in (1, -1))
    else:
        upper, lower = (np.stack([edges, sign * halves], axis=1) for sign in (-1, 1))
    cos, sin = np.cos(np.radians(turned_deg)), np.sin(np.radians(turned_deg))
    cells = np.stack([upper[:-1], upper[1:], lower[1:], lower[:-1]], axis=1)
    return np.asarray(cells @ np.array([[cos, sin], [-sin, cos]]))


def moved(points: NDArray[np.float64], x: float, y: float) -> NDArray[np.float64]:
    """Points (..., 2) so far to the right and down."""
    return points + np.array([x, y])


def placed(cells: NDArray[np.float64], margin: float = 12.0) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """Cells moved to where all are in a map, and its (height, width)."""
    inside = cells - cells.min(axis=(0, 1)) + margin
    rows, columns = np.ceil(inside.max(axis=(0, 1)) + margin).astype(int)[::-1]
    return inside, (int(rows), int(columns))
