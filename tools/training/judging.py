"""`glyphfeed train judge`: which share of the words of a list a recogniser reads, as it would read them in a frame."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from glyphfeed.tools.errors import CommandError
from glyphfeed.tools.training.charset import folded
from glyphfeed.tools.training.sources import listed

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from glyphfeed.engines.recogniser import Recogniser
    from glyphfeed.tools.training.pool import Word


class Score(NamedTuple):
    """Of so many words, all with a letter or digit: the shares that are right to the letter, and but for case and all but letters
    and digits, 0..1.
    """

    words: int
    exact: float
    folded: float


def judge_list(file: Path, recogniser: Recogniser) -> str:
    """Say how many words of a list are read right; each of its lines names a picture, a tab, and what it says.

    Raises:
        CommandError: the list or a picture cannot be read, or no word has a letter or digit.

    """
    score = judge(list(listed(file.parent, file.name, slice(None))), recogniser)
    return (
        f"{file.name}: {score.folded:.3f} of {score.words} words right in their letters and digits, case folded, "
        f"and {score.exact:.3f} to the letter ({recogniser.name})"
    )


def judge(words: Sequence[Word], recogniser: Recogniser) -> Score:
    """Compare what a recogniser reads with what words say.

    Raises:
        CommandError: none of them has a letter or digit.

    """
    judged = [word for word in words if folded(word.text)]
    if not judged:
        raise CommandError("there is no word with a letter or digit to judge by; name a list of others")
    read = recogniser.read([np.asarray(cv2.cvtColor(word.crop, cv2.COLOR_GRAY2BGR), np.uint8) for word in judged])
    pairs = [(lattice.text, word.text) for lattice, word in zip(read, judged, strict=True)]
    exact = sum(text == truth for text, truth in pairs)
    alike = sum(folded(text) == folded(truth) for text, truth in pairs)
    return Score(len(judged), exact / len(judged), alike / len(judged))
