"""How far off an overlay is drawn: the centres of right words against those of the truth, in heights of the text.  Pure.

Now, and 50 ms later, about when a client draws: there the word is moved by the published velocity, and the truth is
interpolated between its frames.  A reader without velocities has its words left where they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from glyphfeed.tools.evaluation.matching import JudgedFrame
    from glyphfeed.tools.evaluation.truth import Truth

LEAD_S: Final = 0.05


@dataclass(frozen=True, slots=True)
class OverlayErrors:
    """Distances in text heights: now, and `LEAD_S` later for words that were moved and for the same words left alone."""

    now: tuple[float, ...]
    moved: tuple[float, ...]
    unmoved: tuple[float, ...]


def overlay_errors(truth: Truth, judged: Sequence[JudgedFrame]) -> OverlayErrors:
    """Measure all words that are read right."""
    now, moved, unmoved = [], [], []
    for frame in judged:
        for target in frame.targets:
            if target.published is None or not target.right:
                continue
            height, centre = target.word.height_px, target.published.polygon.mean(axis=0)
            now.append(_distance(centre, target.word.polygon.mean(axis=0)) / height)
            later = centre_at(truth, target.word.id, frame.frame + LEAD_S * truth.fps)
            if later is not None:
                step = np.array(target.published.velocity, np.float32) * LEAD_S
                moved.append(_distance(centre + step, later) / height)
                unmoved.append(_distance(centre, later) / height)
    return OverlayErrors(tuple(now), tuple(moved), tuple(unmoved))


def centre_at(truth: Truth, word: int, frame: float) -> NDArray[np.float32] | None:
    """Where a word's centre (2,) is at a time between two frames, None where one of them does not tell."""
    before, share = int(frame), frame - int(frame)
    first = _centre(truth, word, before)
    if first is None or share == 0:
        return first
    second = _centre(truth, word, before + 1)
    return None if second is None else np.asarray(first + (second - first) * share, np.float32)


def _centre(truth: Truth, word: int, frame: int) -> NDArray[np.float32] | None:
    placed = (truth.frames[frame] if frame < len(truth.frames) else None) or ()
    return next((np.asarray(other.polygon.mean(axis=0), np.float32) for other in placed if other.id == word), None)


def _distance(a: NDArray[np.float32], b: NDArray[np.float32]) -> float:
    return float(np.linalg.norm(a - b))
