"""What the picture inside a text looks like: a small grey patch, to notice a display that changes or something before it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

from stream.geometry import UNIT_SQUARE, homography_between, is_tall, sides, turn

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROWS = 16
MAX_COLUMNS = 128
SAME = 0.55
"""Looks correlated above this show the same text; other text in the same place correlates below 0.4 (generated displays)."""


def look_at(grey: NDArray[np.uint8], quad: NDArray[np.floating]) -> NDArray[np.float32]:
    """Cut out a quad as a patch (16, up to 128) float32 of mean 0 and norm 1; flat patches are all 0."""
    if is_tall(quad):
        quad = turn(quad, 1)
    width, height = sides(quad)
    columns = int(np.clip(round(ROWS * width / max(height, 1)), ROWS // 2, MAX_COLUMNS))
    # Shrinking by more than two would alias: cut out larger first, then average.
    over = 2 if height > 1.5 * ROWS else 1
    target = UNIT_SQUARE * np.array([columns * over, ROWS * over], np.float32)
    cut = cv2.warpPerspective(
        grey, homography_between(quad, target), (columns * over, ROWS * over), borderMode=cv2.BORDER_REPLICATE
    )
    patch = cv2.resize(cut, (columns, ROWS), interpolation=cv2.INTER_AREA).astype(np.float32)
    patch -= patch.mean()
    norm = float(np.linalg.norm(patch))
    return patch / np.float32(norm) if norm > 1e-3 else patch * 0


def likeness(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Correlation of two looks, -1..1, the best over shifts of a pixel or two, because boxes breathe."""
    if a.shape != b.shape:
        b = np.asarray(cv2.resize(b, (a.shape[1], a.shape[0]), interpolation=cv2.INTER_AREA), np.float32)
    inner = np.ascontiguousarray(a[2:-2, 2:-2])
    return float(cv2.matchTemplate(b, inner, cv2.TM_CCOEFF_NORMED).max())
