"""What a CTC network's steps say (Graves et al., Connectionist Temporal Classification, 2006): decoding, alignment, guidance.

Owns the ways between steps and characters while training.  What the reader makes of steps is `engines.lattice`.  Pure; class 0 is
the blank, and steps are log-probabilities (steps, classes).
"""

from __future__ import annotations

from collections import defaultdict
from heapq import nlargest
from itertools import groupby
from typing import TYPE_CHECKING, Final

import numpy as np

from glyphfeed.engines.lattice import LATE

if TYPE_CHECKING:
    from numpy.typing import NDArray

BLANK: Final = 0
IGNORED: Final = -100
"""The class of a step of which nothing is asked; PyTorch's cross-entropy leaves it out."""
BEAMS: Final = 16
"""So many beginnings of a text are followed at a time."""
UNLIKELY: Final = float(np.log(1e-4))
"""Classes below this probability begin nothing."""


def greedy(steps: NDArray[np.float32]) -> list[int]:
    """The classes of the likeliest path: repeats are one, and blanks none."""
    return [int(label) for label, _ in groupby(steps.argmax(axis=1)) if label != BLANK]


def prefix_beam(steps: NDArray[np.float32]) -> list[int]:
    """The classes of the likeliest text, the sum of all its paths (Hannun et al., First-pass large vocabulary continuous speech
    recognition using bi-directional recurrent DNNs, 2014), as far as `BEAMS` see.
    """
    # Of each beginning: how likely it is that its paths so far end in a blank, and that they do not.
    beams: dict[tuple[int, ...], list[float]] = {(): [0.0, -np.inf]}
    for step in steps:
        likely = [int(char) for char in np.flatnonzero(step > UNLIKELY) if char != BLANK]
        longer: dict[tuple[int, ...], list[float]] = defaultdict(lambda: [-np.inf, -np.inf])
        for text, (blank, label) in beams.items():
            whole = np.logaddexp(blank, label)
            same = longer[text]
            same[0] = np.logaddexp(same[0], whole + step[BLANK])
            if text:
                same[1] = np.logaddexp(same[1], label + step[text[-1]])
            for char in likely:
                more = longer[(*text, char)]
                # A character that follows itself needs a blank between.
                before = blank if text and text[-1] == char else whole
                more[1] = np.logaddexp(more[1], before + step[char])
        beams = dict(nlargest(BEAMS, longer.items(), key=lambda item: float(np.logaddexp.reduce(item[1]))))
    return list(max(beams.items(), key=lambda item: float(np.logaddexp.reduce(item[1])))[0])


def align(steps: NDArray[np.float32], classes: NDArray[np.int64]) -> NDArray[np.int64] | None:
    """At which step each of a text's characters is surest on the likeliest path that says the text (Viterbi, 1967); None where
    there are too few steps.
    """
    states = np.zeros(2 * len(classes) + 1, np.int64)
    states[1::2] = classes
    # A blank between two characters may be passed over where they differ.
    skips = np.zeros(len(states), bool)
    skips[3::2] = classes[1:] != classes[:-1]
    scores = np.full(len(states), -np.inf)
    scores[:2] = steps[0, states[:2]]
    came = np.zeros((len(steps), len(states)), np.int64)
    for number, step in enumerate(steps[1:], 1):
        one, two = (np.concatenate([np.full(back, -np.inf), scores])[: len(states)] for back in (1, 2))
        ways = np.stack([scores, one, np.where(skips, two, -np.inf)])
        came[number] = ways.argmax(axis=0)
        scores = ways.max(axis=0) + step[states]
    state = len(states) - 1 - int(scores[-2:].argmax() == 0)
    if not np.isfinite(scores[state]):
        return None
    path = np.zeros(len(steps), np.int64)
    for number in range(len(steps) - 1, -1, -1):
        path[number] = state
        state -= came[number, state]
    on = steps[np.arange(len(steps)), states[path]]
    return np.array([max(np.flatnonzero(path == 2 * k + 1), key=on.__getitem__) for k in range(len(classes))], np.int64)


def guide(classes: NDArray[np.int64], edges: NDArray[np.float32], steps: int) -> NDArray[np.int64]:
    """What each step is asked to say, where it is known where the characters are; nothing where `edges` are NaN.

    A character is said at its middle, when readers expect it (`engines.lattice.LATE`), and blanks before the first, after the
    last, and between two that are the same.

    Args:
        classes: (characters,), none of them blank.
        edges: (characters, 2), where each begins and ends, in steps.
        steps: how many there are.

    """
    asked = np.full(steps, IGNORED, np.int64)
    if len(edges) == 0 or np.isnan(edges).any():
        return asked
    at = np.rint(edges.mean(axis=1) - 0.5 + LATE).astype(np.int64)
    asked[: max(int(edges[0, 0]), 0)] = BLANK
    asked[int(np.ceil(edges[-1, 1])) + 1 :] = BLANK
    for k in np.flatnonzero(classes[1:] == classes[:-1]):
        between = (at[k] + at[k + 1]) // 2
        if at[k] < between < at[k + 1] and 0 <= between < steps:
            asked[between] = BLANK
    inside = (at >= 0) & (at < steps)
    # Two characters at one step are said by CTC alone.
    alone = np.bincount(at[inside], minlength=steps)[np.clip(at, 0, steps - 1)] == 1
    asked[at[inside & alone]] = classes[inside & alone]
    return asked
