"""Calibration: whether confidences are what they claim, of all with 0.9 nine in ten right.  Pure.

Owns: bins, the reliability diagram's points and the expected calibration error.  Bins hold equal numbers of samples, not
equal widths: most confidences of a reader are near 1, where one wide bin would hide that 0.99 and 0.91 mean the same.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

BINS: Final = 10


@dataclass(frozen=True, slots=True)
class Bin:
    """Samples with confidences from `low` to `high`: how many, their mean confidence, and the share that is right."""

    low: float
    high: float
    count: int
    confidence: float
    accuracy: float


def reliability(confidences: Sequence[float], right: Sequence[bool], bins: int = BINS) -> list[Bin]:
    """Sort samples into at most so many bins of about equal size, by rising confidence; equal confidences stay together."""
    if not len(confidences):
        return []
    values, which = np.unique(np.asarray(confidences, np.float64), return_inverse=True)
    counts = np.bincount(which)
    hits = np.bincount(which, weights=np.asarray(right, np.float64))
    # A value goes where the middle of its samples falls, so that ties move no bin by their order.
    middles = np.cumsum(counts) - counts / 2
    home = np.minimum((middles * bins / counts.sum()).astype(int), bins - 1)
    found = []
    for number in np.unique(home):
        mine = home == number
        count = int(counts[mine].sum())
        confidence = float((values * counts)[mine].sum() / count)
        accuracy = float(hits[mine].sum() / count)
        found.append(Bin(float(values[mine][0]), float(values[mine][-1]), count, confidence, accuracy))
    return found


def calibration_error(bins: Sequence[Bin]) -> float | None:
    """Expected calibration error: the mean distance of confidence and accuracy over all samples (Naeini et al., AAAI 2015)."""
    total = sum(one.count for one in bins)
    return sum(one.count * abs(one.confidence - one.accuracy) for one in bins) / total if total else None
