"""How much two runs of the same network differ in what matters: lines found, characters read.  Pure."""

from __future__ import annotations

from difflib import SequenceMatcher
from functools import partial
from typing import TYPE_CHECKING

from tools.evaluation.regions import iou, region_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

SAME_OVERLAP = 0.5
"""Two quads are the same line from this intersection over union on."""


def detection_f(found: Sequence[NDArray[np.float32]], wanted: Sequence[NDArray[np.float32]]) -> float:
    """F of the quads (N, 4, 2) found in some pictures against those wanted there, 0..1; 1 where there are none of either."""
    matched = total = 0
    for some, others in zip(found, wanted, strict=True):
        left = [region_of(quad) for quad in others]
        total += len(some) + len(others)
        for region in map(region_of, some):
            best = max(left, key=partial(iou, region), default=None)
            if best is not None and iou(region, best) >= SAME_OVERLAP:
                left = [other for other in left if other is not best]
                matched += 2
    return matched / total if total else 1.0


def characters_changed(read: Sequence[str], wanted: Sequence[str]) -> float:
    """Share of the characters of some lines that are not read as wanted, 0..1."""
    kept = sum(
        sum(block.size for block in SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks())
        for a, b in zip(read, wanted, strict=True)
    )
    whole = sum(max(len(a), len(b)) for a, b in zip(read, wanted, strict=True))
    return 1 - kept / whole if whole else 0.0
