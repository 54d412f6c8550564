"""Many readings of one text into one: aligned as lattices and fused as distributions over characters.

Owns the evidence for one text.  Pure; does not know when or from what the readings were taken.  The idea is that of word
confusion networks (Mangu et al., Finding consensus in speech recognition, 2000), at the level of characters.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from glyphfeed.engines.lattice import Lattice, Slot

GAP = 0.3
"""Cost of leaving a slot without partner that probably holds nothing; one that surely holds a character costs `GAP_CERTAIN`."""
GAP_CERTAIN = 0.65
"""Two of these are dearer than a certain mismatch, 1, so a misread character is paired with what it was misread for."""
SHORT = {1: 2.1, 2: 1.75, 3: 0.5}
"""Doubt in texts of one, two and three letters, as log odds."""
REPEATED = 0.4
"""Trust in the mean of several readings over a single one that is as sure, as log odds a reading."""
MOST_WEIGHT = 2.0
"""All readings of a text together weigh at most so many times what the weightiest of them does: who looks for long from afar does
not see better than who comes near."""
CANDIDATES = 8
"""Characters that are kept for a slot."""
SHIFT = 2.0
"""Cost of a pair whose columns lie the whole line apart."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """What all readings of a text say together.

    `lattice` holds mean probabilities weighted by the readings' qualities, `weight` is the sum of those up to `MOST_WEIGHT` times
    the `best` of them, `readings` their number.
    """

    lattice: Lattice
    weight: float
    readings: int
    best: float


def begin(lattice: Lattice, weight: float) -> Evidence:
    """Start with one reading of weight > 0."""
    return Evidence(lattice, weight, 1, weight)


def fuse(evidence: Evidence, lattice: Lattice, weight: float) -> Evidence:
    """Add one reading of weight > 0."""
    share = weight / (evidence.weight + weight)
    slots = []
    for old, new in align(evidence.lattice.slots, lattice.slots):
        slot = blend(old, new, share)
        if slot.best[0] or 1 - slot.candidates.get("", 0.0) > 0.05:
            slots.append(slot)
    best = max(evidence.best, weight)
    return Evidence(Lattice(tuple(slots)), min(evidence.weight + weight, MOST_WEIGHT * best), evidence.readings + 1, best)


def blend(old: Slot | None, new: Slot | None, share: float) -> Slot:
    """Mix two aligned slots, the new one with weight `share` in 0..1; None stands for a slot that certainly holds nothing."""
    if old is None or new is None:
        present, weight = (new, share) if new is not None else (old, 1 - share)
        assert present is not None
        mixed = {char: score * weight for char, score in present.candidates.items()}
        mixed[""] = mixed.get("", 0.0) + 1 - weight
        return Slot(mixed, present.column)
    chars = old.candidates.keys() | new.candidates.keys()
    mixed = {char: (1 - share) * old.candidates.get(char, 0.0) + share * new.candidates.get(char, 0.0) for char in sorted(chars)}
    if len(mixed) > CANDIDATES:
        mixed = dict(sorted(mixed.items(), key=lambda item: -item[1])[:CANDIDATES])
    return Slot(mixed, (1 - share) * old.column + share * new.column)


def align(old: tuple[Slot, ...], new: tuple[Slot, ...]) -> list[tuple[Slot | None, Slot | None]]:
    """Pair two sequences of slots in order, at the least expected number of mismatches (Needleman and Wunsch, 1970)."""
    rows, columns = len(old), len(new)
    gap_old = [gap(slot) for slot in old]
    gap_new = [gap(slot) for slot in new]
    cost = [[0.0] * (columns + 1) for _ in range(rows + 1)]
    for i in range(rows):
        cost[i + 1][0] = cost[i][0] + gap_old[i]
    for j in range(columns):
        cost[0][j + 1] = cost[0][j] + gap_new[j]
    for i in range(rows):
        for j in range(columns):
            cost[i + 1][j + 1] = min(
                cost[i][j] + mismatch(old[i], new[j]), cost[i][j + 1] + gap_old[i], cost[i + 1][j] + gap_new[j]
            )
    pairs: list[tuple[Slot | None, Slot | None]] = []
    i, j = rows, columns
    while i or j:
        here = cost[i][j]
        if i and j and here == cost[i - 1][j - 1] + mismatch(old[i - 1], new[j - 1]):
            i, j = i - 1, j - 1
            pairs.append((old[i], new[j]))
        elif i and here == cost[i - 1][j] + gap_old[i - 1]:
            i -= 1
            pairs.append((old[i], None))
        else:
            j -= 1
            pairs.append((None, new[j]))
    return pairs[::-1]


def mismatch(a: Slot, b: Slot) -> float:
    """Probability that two slots hold different characters, plus the cost of their distance."""
    same = sum(score * b.candidates.get(char, 0.0) for char, score in a.candidates.items())
    return 1 - same + SHIFT * abs(a.column - b.column)


def gap(slot: Slot) -> float:
    """Cost of a slot without partner."""
    return GAP + (GAP_CERTAIN - GAP) * (1 - slot.candidates.get("", 0.0))


def likelihood(chars: list[tuple[str, float]], readings: int, letters: int) -> float:
    """Estimate the probability that a fused text of so many letters and digits is right, 0..1, from its characters and their
    probabilities; 0 without any.

    Logistic in the mean probability, with less trust in very short texts, which detectors also see in windows and leaves, and
    more in what several readings say.  The weights were fitted on the lines of 142 training photos of ICDAR 2015 at two sizes.
    """
    if not letters:
        return 0.0
    mean = min(max(sum(score for _, score in chars) / len(chars), 0.003), 0.997)
    logit = -2.8 + 0.95 * math.log(mean / (1 - mean)) - SHORT.get(letters, 0.0) + REPEATED * min(readings - 1, 3)
    return 1 / (1 + math.exp(-logit))


def confidence(evidence: Evidence) -> float:
    """Estimate the probability that the fused text is right, 0..1."""
    bests = [(char, score) for char, score in (slot.best for slot in evidence.lattice.slots) if char.strip()]
    return likelihood(bests, evidence.readings, sum(char.isalnum() for char, _ in bests))
