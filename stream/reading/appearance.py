"""What the picture inside a text looks like: a small grey patch, to notice a display that changes or something before it."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from glyphfeed.stream.geometry import UNIT_SQUARE, homography_between, is_tall, sides, turn

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from glyphfeed.stream.records import Frame

ROWS = 16
MAX_COLUMNS = 128
SAME = 0.55
"""Appearances that correlate above this show the same text; other text in the same place is below 0.4 (generated displays)."""
LETTER = 10
"""Columns of a window that holds about a letter."""
SAME_LETTERS = 0.6
"""The least correlation of such windows that the same text has: of 1230 comparisons of settled text of street clips 1.3 % lie
below, of those with one letter put in another's place half."""
UNTOUCHED = 0.85
"""From here on no letter can have changed: of those with another letter 7 % lie above, of the same text 78 %."""
SMOOTHING_PX = 0.8
"""Fine detail goes with blur, letters do not."""
PLAIN = 0.3
"""A window with less than this share of the usual contrast shows no letter."""


def appearance_at(grey: NDArray[np.uint8], quad: NDArray[np.floating]) -> NDArray[np.float32]:
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


class Resemblance(NamedTuple):
    """Correlations, -1..1, of two appearances where they fit best: as a whole, and of windows a letter wide along them that show
    anything (N,).
    """

    whole: float
    letters: NDArray[np.floating]


def likeness(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """Correlation of two appearances, -1..1, the best over shifts of a pixel or two, because boxes breathe."""
    scores, _, _ = compared(a, b)
    return float(scores.max())


def letters_likeness(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    """The least correlation, -1..1, of windows a letter wide along two appearances, where those as a whole fit best."""
    return float(resemblance(a, b).letters.min())


def resemblance(a: NDArray[np.float32], b: NDArray[np.float32]) -> Resemblance:
    """Compare two appearances as a whole and letter by letter."""
    scores, inner, b = compared(a, b)
    y, x = np.unravel_index(int(scores.argmax()), scores.shape)
    whole = float(scores[y, x])
    rows, columns = inner.shape
    if columns <= LETTER:
        return Resemblance(whole, np.array([whole]))
    fitted = b[y : y + rows, x : x + columns]
    p, q = (np.asarray(cv2.GaussianBlur(part, (0, 0), SMOOTHING_PX), np.float32) for part in (inner, fitted))
    count = LETTER * rows

    def summed(values: NDArray[np.floating]) -> NDArray[np.floating]:
        return np.convolve(values.sum(axis=0), np.ones(LETTER), "valid")

    sum_p, sum_q = summed(p), summed(q)
    spread_p, spread_q = summed(p * p) - sum_p**2 / count, summed(q * q) - sum_q**2 / count
    contrast = np.maximum(spread_p, spread_q)
    shared = (summed(p * q) - sum_p * sum_q / count) / np.sqrt(np.maximum(spread_p * spread_q, 1e-12))
    return Resemblance(whole, np.asarray(shared[contrast >= PLAIN * np.median(contrast)]))


def compared(
    a: NDArray[np.float32], b: NDArray[np.float32]
) -> tuple[NDArray[np.floating], NDArray[np.float32], NDArray[np.float32]]:
    """Correlate the inner part of an appearance with another one, (16, N) float32 both, at all shifts; returns the correlations,
    the inner part, and the other one at the same size.
    """
    if a.shape != b.shape:
        b = np.asarray(cv2.resize(b, (a.shape[1], a.shape[0]), interpolation=cv2.INTER_AREA), np.float32)
    inner = np.ascontiguousarray(a[2:-2, 2:-2])
    return np.asarray(cv2.matchTemplate(b, inner, cv2.TM_CCOEFF_NORMED)), inner, b


def shows(frame: Frame, quad: NDArray[np.floating], appearance: NDArray[np.float32] | None) -> bool:
    """Tell whether a frame shows at a quad what a text looked like; where that is not known it may."""
    return appearance is None or likeness(appearance, appearance_at(frame.grey, quad)) > SAME
