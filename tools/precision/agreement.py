"""How much two networks differ in what matters, lines found and characters read, and whether that is little enough.

Owns the measures and the gate that a network of fewer bits must pass.  Does not load networks.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from functools import partial
from typing import TYPE_CHECKING, Final

from glyphfeed.tools.errors import CommandError
from glyphfeed.tools.evaluation.regions import iou, region_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from numpy.typing import NDArray

    from glyphfeed.engines.detector import Detector
    from glyphfeed.engines.recogniser import Recogniser

SAME_OVERLAP: Final = 0.5
"""Two quads are the same line from this intersection over union on."""
SURE: Final = 0.9
"""A line counts where the full network gives its characters this probability in the mean: where it is not sure, what it says is
wrong about as often, and hangs on the last bit.
"""
LEAST_LINES: Final = 20
"""Lines that must be found, or read for sure, for a verdict."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a network must reach beside the full one: F of the lines it finds, and the most characters that may change, 0..1."""

    detection_f: float = 0.98
    changed: float = 0.005


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether a network agrees well enough with the full one, and the figures that say so."""

    accepted: bool
    figures: str


def judge_detector(full: Detector, fewer: Detector, pictures: Sequence[NDArray[np.uint8]], limits: Limits) -> Verdict:
    """Compare what two detectors find in pictures (height, width, 3).

    Raises:
        CommandError: the full one finds too little.

    """
    wanted = [full.detect(picture)[0] for picture in pictures]
    lines = sum(map(len, wanted))
    if lines < LEAST_LINES:
        raise CommandError(f"a detector cannot be judged by {lines} lines, {LEAST_LINES} are needed: add sources with more text")
    agrees = detection_f([fewer.detect(picture)[0] for picture in pictures], wanted)
    figures = f"it finds the {lines} lines of {len(wanted)} pictures with F {agrees:.3f}; {limits.detection_f:g} is wanted"
    return Verdict(agrees >= limits.detection_f, figures)


def judge_recogniser(full: Recogniser, fewer: Recogniser, crops: Sequence[NDArray[np.uint8]], limits: Limits) -> Verdict:
    """Compare what two recognisers read in crops of lines (height, width, 3), where the full one is sure.

    Raises:
        CommandError: the full one is sure of too few.

    """
    changed, lines = recognisers_differ(full, fewer, crops)
    if lines < LEAST_LINES:
        raise CommandError(
            f"a recogniser cannot be judged by {lines} lines that it is sure of, {LEAST_LINES} are needed: add sources with text"
        )
    figures = f"it changes {changed:.2%} of the characters of {lines} lines; {limits.changed:.2%} may change"
    return Verdict(changed <= limits.changed, figures)


def recognisers_differ(full: Recogniser, fewer: Recogniser, crops: Sequence[NDArray[np.uint8]]) -> tuple[float, int]:
    """Share of the characters, 0..1, that one recogniser reads otherwise than the full one in those lines where that is sure, and
    how many lines these are.
    """
    sure = [
        (crop, lattice.text)
        for crop, lattice in zip(crops, full.read(crops), strict=True)
        if lattice.text and lattice.confidence >= SURE
    ]
    read = fewer.read([crop for crop, _ in sure])
    return characters_changed([lattice.text for lattice in read], [text for _, text in sure]), len(sure)


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
