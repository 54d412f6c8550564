"""What is told of the texts: entities, snapshots and events, from the tracks as they are now."""

from __future__ import annotations

import itertools
from heapq import nlargest
from typing import TYPE_CHECKING

import numpy as np

from glyphfeed.stream.geometry import UNIT_SQUARE, homography_between, share_inside, transform
from glyphfeed.stream.records import Char, Word

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from glyphfeed.engines.lattice import Slot
    from glyphfeed.stream.reading.words import Span


IN_PICTURE = 0.2
"""A word of which less than this share is in the picture is not shown."""
ALTERNATIVES = 3
"""So many other characters are named at most."""
POSSIBLE = 0.02
"""A character below this probability is no alternative."""


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
