"""From a line's lattice to its words: which characters belong together, which part of the line they take up, and what makes two
texts the same.  Pure.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING

from glyphfeed.stream.reading.fusion import Evidence, likelihood

if TYPE_CHECKING:
    from glyphfeed.engines.lattice import Lattice, Slot


@dataclass(frozen=True, slots=True)
class Span:
    """A word within its line: from `start` to `end`, 0..1 along the text; `slots` are its characters."""

    text: str
    start: float
    end: float
    confidence: float
    slots: tuple[Slot, ...]


def words_of(evidence: Evidence) -> tuple[Span, ...]:
    """Split a line at its spaces; a word reaches half a character beyond the centres of its first and last one.

    Alone a sign such as & says nothing; between words it is one of their letters.
    """
    letters = sum(slot.best[0].isalnum() for slot in evidence.lattice.slots)
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
            likelihood(
                [(char, score) for char, score, _ in word],
                evidence.readings,
                sum(char.isalnum() for char, _, _ in word) or letters,
            ),
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


def plain(text: str) -> str:
    """Reduce a text to what makes it the same text: letters and digits, case folded."""
    return "".join(char for char in text.casefold() if char.isalnum())
