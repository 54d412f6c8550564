"""From a line's lattice to its words and characters: which belong together, and which part of the line each takes up.  Pure."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from heapq import nlargest
from typing import TYPE_CHECKING

import numpy as np

from glyphfeed.stream.geometry import UNIT_SQUARE, homography_between, share_inside, transform
from glyphfeed.stream.reading.fusion import Evidence, likelihood
from glyphfeed.stream.records import Char, Word

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from glyphfeed.engines.lattice import Lattice, Slot


IN_PICTURE = 0.2
"""A word of which less than this share is in the picture is not shown."""
ALTERNATIVES = 3
"""So many other characters are named at most."""
POSSIBLE = 0.02
"""A character below this probability is no alternative."""


@dataclass(frozen=True, slots=True)
class Span:
    """A word within its line: from `start` to `end`, 0..1 along the text; `slots` are its characters."""

    text: str
    start: float
    end: float
    confidence: float
    slots: tuple[Slot, ...]


def words_of(evidence: Evidence) -> tuple[Span, ...]:
    """Split a line at its spaces; a word reaches half a character beyond the centres of its first and last one."""
    words: list[list[tuple[str, float, Slot]]] = [[]]
    for slot in evidence.lattice.slots:
        char, score = slot.best
        if char.isspace():
            words.append([])
        elif char:
            words[-1].append((char, score, slot))
    half = half_advance(evidence.lattice)
    return tuple(
        Span(
            "".join(char for char, _, _ in word),
            max(word[0][2].column - half, 0.0),
            min(word[-1][2].column + half, 1.0),
            likelihood([(char, score) for char, score, _ in word], evidence.readings),
            tuple(slot for _, _, slot in word),
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
    placed = zip(spans, strips(quad, [(span.start, span.end) for span in spans]), strict=True)
    words = (Word(span.text, polygon, span.confidence) for span, polygon in placed)
    return tuple(word for word in words if share_inside(word.polygon, size) >= IN_PICTURE)


def place_chars(spans: tuple[Span, ...], quad: NDArray[np.floating]) -> tuple[Char, ...]:
    """Put the characters of words into the quad of their line, in perspective, in the picture or not.

    They share their word without gaps: one ends and the next begins halfway between their centres.
    """
    if not spans:
        return ()
    polygons = strips(quad, [extent for span in spans for extent in itertools.pairwise(edges_of(span))])
    slots = (slot for span in spans for slot in span.slots)
    return tuple(Char(slot.best[0], polygon, slot.best[1], others(slot)) for slot, polygon in zip(slots, polygons, strict=True))


def strips(quad: NDArray[np.floating], extents: list[tuple[float, float]]) -> NDArray[np.float32]:
    """Cut the parts of a quad between positions along the text, (start, end) in 0..1, in perspective: (N, 4, 2) pixels."""
    ends = np.array([(x, y) for a, b in extents for x, y in ((a, 0), (b, 0), (b, 1), (a, 1))])
    return transform(ends, homography_between(UNIT_SQUARE, quad)).astype(np.float32).reshape(-1, 4, 2)


def edges_of(span: Span) -> list[float]:
    """Where the characters of a word begin, and the last one ends, 0..1 along the text."""
    halfway = [(a.column + b.column) / 2 for a, b in itertools.pairwise(span.slots)]
    # Columns fused from several readings need not be in order.
    return list(itertools.accumulate([span.start, *(min(x, span.end) for x in halfway), span.end], max))


def others(slot: Slot) -> tuple[tuple[str, float], ...]:
    """What else a character might be, likeliest first; neither nothing nor a space."""
    best, _ = slot.best
    rest = ((char, score) for char, score in slot.candidates.items() if char.strip() and char != best and score >= POSSIBLE)
    return tuple(nlargest(ALTERNATIVES, rest, key=lambda other: other[1]))
