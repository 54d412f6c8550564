"""From a line's lattice to its words: which characters belong together and which part of the line each word takes up.  Pure."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from stream.fusion import Evidence, likelihood
from stream.geometry import UNIT_SQUARE, homography_between, share_inside, transform
from stream.records import Word

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.lattice import Lattice


IN_PICTURE = 0.2
"""A word of which less than this share is in the picture is not shown."""


@dataclass(frozen=True, slots=True)
class Span:
    """A word within its line: from `start` to `end`, 0..1 along the text."""

    text: str
    start: float
    end: float
    confidence: float


def words_of(evidence: Evidence) -> tuple[Span, ...]:
    """Split a line at its spaces; a word reaches half a character beyond the centres of its first and last one."""
    words: list[list[tuple[str, float, float]]] = [[]]
    for slot in evidence.lattice.slots:
        char, score = slot.best
        if char.isspace():
            words.append([])
        elif char:
            words[-1].append((char, score, slot.column))
    half = half_advance(evidence.lattice)
    return tuple(
        Span(
            "".join(char for char, _, _ in word),
            max(word[0][2] - half, 0.0),
            min(word[-1][2] + half, 1.0),
            likelihood([(char, score) for char, score, _ in word], evidence.readings),
        )
        for word in words
        if word
    )


def half_advance(lattice: Lattice) -> float:
    """Half of the median distance between neighbouring characters, as a share of the line; half of the line for a single one."""
    columns = [slot.column for slot in lattice.slots if slot.best[0]]
    steps = sorted(b - a for a, b in itertools.pairwise(columns))
    return max(steps[len(steps) // 2] / 2, 0.005) if steps else 0.5


def place_words(spans: tuple[Span, ...], quad: NDArray[np.floating], size: tuple[int, int]) -> tuple[Word, ...]:
    """Put words into the quad of their line, in perspective; those outside of a picture of (width, height) are left out."""
    if not spans:
        return ()
    ends = np.array([(x, y) for span in spans for x, y in ((span.start, 0), (span.end, 0), (span.end, 1), (span.start, 1))])
    placed = transform(ends, homography_between(UNIT_SQUARE, quad)).astype(np.float32)
    words = (Word(span.text, placed[4 * k : 4 * k + 4], span.confidence) for k, span in enumerate(spans))
    return tuple(word for word in words if share_inside(word.polygon, size) >= IN_PICTURE)
