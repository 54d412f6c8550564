"""How well words are found: against the truth of a picture, one to one, at an intersection over union of a half.

Pure.  The rules are those of ICDAR 2015's incidental scene text (Karatzas et al., 2015, task 4.1): what lies by half over text of
which the truth knows nothing more is neither right nor wrong.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

AT_PLACE: Final = 0.5
"""Intersection over union from which on a word is found; and the share of a word that may lie over unknown text."""
FINER: Final = 4
"""Shared areas are counted in cells of a pixel by so many, along either side."""


@dataclass(frozen=True, slots=True)
class Tally:
    """How many words were matched, found and wanted, and the sum of the matched ones' intersections over unions."""

    matched: int = 0
    found: int = 0
    wanted: int = 0
    shared: float = 0.0

    def __add__(self, other: Tally) -> Tally:
        """The two together."""
        return Tally(
            self.matched + other.matched, self.found + other.found, self.wanted + other.wanted, self.shared + other.shared
        )

    def __str__(self) -> str:
        """The figures for people."""
        precision, recall = self.matched / max(self.found, 1), self.matched / max(self.wanted, 1)
        return (
            f"F {self.f:.3f}, precision {precision:.3f}, recall {recall:.3f}: {self.matched} of {self.wanted} words, "
            f"with a mean intersection over union of {self.mean_iou:.3f}"
        )

    @property
    def f(self) -> float:
        """F of the words, 0..1; 1 where there are none of either."""
        total = self.found + self.wanted
        return 2 * self.matched / total if total else 1.0

    @property
    def mean_iou(self) -> float:
        """The mean intersection over union of the matched words, 0..1; 0 where there are none."""
        return self.shared / self.matched if self.matched else 0.0


def tally(
    found: Sequence[NDArray[np.floating]], wanted: Sequence[NDArray[np.floating]], unknown: Sequence[NDArray[np.floating]]
) -> Tally:
    """Match outlines (n, 2) found in a picture with those wanted, the best pair first."""
    judged = [outline for outline in found if not any(overlap(outline, other)[0] > AT_PLACE for other in unknown)]
    pairs = [(overlap(outline, other)[1], k, j) for k, outline in enumerate(judged) for j, other in enumerate(wanted)]
    taken: dict[int, int] = {}
    shared = 0.0
    for iou, k, j in sorted(pairs, reverse=True):
        if iou > AT_PLACE and k not in taken and j not in taken.values():
            taken[k] = j
            shared += iou
    return Tally(len(taken), len(judged), len(wanted), shared)


def overlap(outline: NDArray[np.floating], other: NDArray[np.floating]) -> tuple[float, float]:
    """The area that two outlines (n, 2) share: over that of the first, and over that of both together, 0..1."""
    low, high = np.minimum(outline.min(axis=0), other.min(axis=0)), np.maximum(outline.max(axis=0), other.max(axis=0))
    if (np.maximum(outline.min(axis=0), other.min(axis=0)) >= np.minimum(outline.max(axis=0), other.max(axis=0))).any():
        return 0.0, 0.0
    columns, rows = (int(side) for side in np.ceil((high - low) * FINER) + 1)
    masks = []
    for points in (outline, other):
        mask = np.zeros((rows, columns), np.uint8)
        cv2.fillPoly(mask, [np.round((points - low) * FINER * 16).astype(np.int32)], 1, shift=4)
        masks.append(mask.astype(bool))
    first, second = masks
    shared = float((first & second).sum())
    return shared / max(float(first.sum()), 1.0), shared / max(float((first | second).sum()), 1.0)
