"""How much two runs of the same network differ in what matters: lines found, characters read.  Pure."""

from __future__ import annotations

from difflib import SequenceMatcher
from typing import TYPE_CHECKING

from stream.geometry import area, intersection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SAME_OVERLAP = 0.5
"""Two quads are the same line from this intersection over union on."""


def detection_f(found: Sequence[NDArray], wanted: Sequence[NDArray]) -> float:  # type: ignore[type-arg]
    """F of the quads (N, 4, 2) found in some pictures against those wanted there, 0..1; 1 where there are none of either."""
    matched = total = 0
    for some, others in zip(found, wanted, strict=True):
        left = list(others)
        total += len(some) + len(others)
        for quad in some:
            best = max(left, key=lambda other: overlap(quad, other), default=None)
            if best is not None and overlap(quad, best) >= SAME_OVERLAP:
                left = [other for other in left if other is not best]
                matched += 2
    return matched / total if total else 1.0


def overlap(a: NDArray, b: NDArray) -> float:  # type: ignore[type-arg]
    """Intersection over union of two quads, 0..1."""
    shared = intersection(a, b)
    return shared / max(area(a) + area(b) - shared, 1e-9)


def characters_changed(read: Sequence[str], wanted: Sequence[str]) -> float:
    """Share of the characters of some lines that are not read as wanted, 0..1."""
    kept = sum(
        sum(block.size for block in SequenceMatcher(None, a, b, autojunk=False).get_matching_blocks())
        for a, b in zip(read, wanted, strict=True)
    )
    whole = sum(max(len(a), len(b)) for a, b in zip(read, wanted, strict=True))
    return 1 - kept / whole if whole else 0.0
