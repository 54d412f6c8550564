"""What one look at a line of text says: for each character position, the candidates and their probabilities.

Owns the lattice and its making from a CTC network's output (Graves et al., Connectionist Temporal Classification, 2006).  Pure.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

CANDIDATES = 4
"""Characters kept for a position."""
LIKELY = 1e-3
"""A character below this probability is no candidate."""
FAINT = 0.08
"""Where the blank wins, a character above this probability is kept as a position that probably is not there."""
SPACE = 0.12
"""A space counts from this probability on: in the gap between two words CTC spreads over space and blank, which look the same
(read off crops of several words in training photos)."""


LATE = 0.4
"""Steps by which a character's answer comes after its middle: without it the words of a line lie 0.08 text heights, about half a
step, too far along it (97 words of street clips)."""

DIGITS = {"O": "0", "o": "0", "\N{GREEK CAPITAL LETTER OMICRON}": "0", "I": "1", "l": "1"}
"""Letters that look like digits, and on a line of digits alone are taken for them."""
LEAST_DIGITS = 2
"""So many make a line of digits: a ring that stands alone may be a letter as well."""


@dataclass(frozen=True, slots=True)
class Slot:
    """One character position.

    `candidates` maps characters to probabilities that sum to at most 1; the empty string stands for "no character here".
    `column` is the centre of the character, 0 at the left end of the crop and 1 at the right.
    """

    candidates: dict[str, float]
    column: float

    @property
    def best(self) -> tuple[str, float]:
        """The most probable candidate and its probability; a space needs less to win over nothing."""
        char, score = max(self.candidates.items(), key=lambda item: item[1])
        space = self.candidates.get(" ", 0.0)
        return (" ", space) if not char and space >= SPACE else (char, score)


@dataclass(frozen=True, slots=True)
class Lattice:
    """The positions of one line, left to right.

    `seen` is the confidence that the network alone had, where the slots' probabilities come from more than that; `words` are the
    common words that it spells, in lower case, where those are known.
    """

    slots: tuple[Slot, ...]
    seen: float | None = None
    words: frozenset[str] = frozenset()

    @property
    def text(self) -> str:
        """The most probable text, with single spaces and none at its ends."""
        return " ".join("".join(slot.best[0] for slot in self.slots).split())

    @property
    def confidence(self) -> float:
        """How sure the network was of what it saw, as the mean probability of the characters of `text`, 0..1; 0 for none."""
        if self.seen is not None:
            return self.seen
        scores = [score for char, score in (slot.best for slot in self.slots) if char.strip()]
        return sum(scores) / len(scores) if scores else 0.0

    def within(self, margin: float) -> Lattice:
        """Give the columns in terms of the crop without its margins, each `margin` times as wide as what is between them."""
        return Lattice(
            tuple(Slot(slot.candidates, min(max(slot.column * (1 + 2 * margin) - margin, 0.0), 1.0)) for slot in self.slots),
            self.seen,
            self.words,
        )


def lattice_from_ctc(probabilities: NDArray[np.float32], charset: Sequence[str], width: float = 1.0) -> Lattice:
    """Decode the output of a CTC network greedily, keeping what else each position might be.

    Args:
        probabilities: (steps, 1 + len(charset)), each row sums to 1; class 0 is the blank.
        charset: the characters of classes 1, 2, ...
        width: the share of the steps that the crop filled, 0..1; the rest was padding.

    """
    steps = len(probabilities)
    classes = probabilities.argmax(axis=1)
    slots: list[Slot] = []
    step = 0
    while step < steps:
        first, label = step, classes[step]
        while step < steps and classes[step] == label:
            step += 1
        if label:
            peak = first + int(probabilities[first:step, label].argmax())
            slots.append(_slot(probabilities[peak], charset, ((first + step) / 2 - LATE) / steps / width))
        else:
            slots.extend(_faint_slots(probabilities[first:step], charset, first, steps * width))
    return Lattice(merged(tuple(slots)))


def merged(slots: tuple[Slot, ...]) -> tuple[Slot, ...]:
    """Add up characters that are one and the same where they stand: those of full width on a line without letters as wide, and
    on a line of digits letters that look like some.
    """
    if not any(unicodedata.east_asian_width(slot.best[0] or " ") == "W" for slot in slots):
        slots = tuple(renamed(slot, narrow) for slot in slots)
    said = [char for char in (slot.best[0] for slot in slots) if char.isalnum()]
    if len(said) >= LEAST_DIGITS and all(map(str.isdecimal, said)):
        slots = tuple(renamed(slot, lambda char: DIGITS.get(char, char)) for slot in slots)
    return slots


def narrow(char: str) -> str:
    """Give a character of full width in the usual one."""
    return unicodedata.normalize("NFKC", char) if char and unicodedata.east_asian_width(char) == "F" else char


def renamed(slot: Slot, name: Callable[[str], str]) -> Slot:
    """Call the candidates of a slot otherwise, and add up those that are called the same."""
    candidates: dict[str, float] = {}
    for char, score in slot.candidates.items():
        candidates[name(char)] = candidates.get(name(char), 0.0) + score
    return Slot(candidates, slot.column)


def _slot(row: NDArray[np.float32], charset: Sequence[str], column: float) -> Slot:
    # Few of the thousands of classes are likely at all: to find and order those is a tenth of the work of ordering all.
    likely = np.flatnonzero(row > LIKELY)
    top = likely[np.argsort(row[likely])[-CANDIDATES:]]
    return Slot({charset[k - 1] if k else "": float(row[k]) for k in top}, min(max(column, 0.0), 1.0))


def _faint_slots(rows: NDArray[np.float32], charset: Sequence[str], first: int, steps: float) -> list[Slot]:
    """Keep the strongest character of a run of blanks, if it is strong enough to be one."""
    strongest = rows[:, 1:].max(axis=1)
    peak = int(strongest.argmax())
    if strongest[peak] < FAINT:
        return []
    return [_slot(rows[peak], charset, (first + peak + 0.5 - LATE) / steps)]
