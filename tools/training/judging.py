"""`glyphfeed train judge` and `place`: what a recogniser makes of words of which it is known what they say.

Owns the share that is right, and where characters are by the recogniser's own steps.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

import cv2
import numpy as np

from glyphfeed.engines.engine import first_output
from glyphfeed.engines.lattice import LATE, lattice_from_ctc
from glyphfeed.engines.loading import charset_of, choose_backend, load_engine
from glyphfeed.engines.models import describe_recogniser
from glyphfeed.engines.recogniser import LINES, check_classes, distributions, lay_lines
from glyphfeed.tools.errors import CommandError, note
from glyphfeed.tools.training.charset import folded
from glyphfeed.tools.training.ctc import align, prefix_beam
from glyphfeed.tools.training.pool import Pool, Word, write_pool
from glyphfeed.tools.training.sources import corners, listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

LEAST: Final = 1e-9
"""Probabilities are at least this before their logarithm is taken."""
TOGETHER: Final = 4096
"""So many words of a pool are held at a time."""


class Heard(NamedTuple):
    """What a network says of a crop: log-probabilities (steps, classes), the blank first, and the share of them that it fills."""

    steps: NDArray[np.float32]
    filled: float


class Hearer:
    """A recogniser whose steps are wanted, and not what the reader makes of them."""

    def __init__(self, path: Path) -> None:
        """Load it on the fastest back-end that works here.

        Raises:
            EngineError: that cannot be done, or it is not what it is described as.

        """
        self._model = describe_recogniser(path)
        exact = not self._model.bfloat16
        self._engine = load_engine(choose_backend()[0], path, self._model.input.shapes, 0, batch=LINES, exact=exact)
        self.charset = charset_of(self._model, self._engine)
        check_classes(self._engine, self._model, self.charset)

    def hear(self, words: Sequence[Word]) -> list[Heard]:
        """What it says of each word's crop."""
        crops = [np.asarray(cv2.cvtColor(word.crop, cv2.COLOR_GRAY2BGR), np.uint8) for word in words]
        heard: dict[int, Heard] = {}
        for lines in lay_lines(crops, self._model.input, self._engine.batch):
            shares = distributions(first_output(self._engine, lines.tensor), self._model, len(lines.numbers))
            logs = np.log(np.maximum(shares, LEAST))
            for number, steps, filled in zip(lines.numbers, logs, lines.filled, strict=True):
                heard[number] = Heard(steps, filled)
        return [heard[number] for number in range(len(words))]


class Score(NamedTuple):
    """The shares of words that are right to the letter, and but for case and all but letters and digits, 0..1."""

    exact: float
    folded: float


def judge_list(file: Path, recogniser: Path) -> str:
    """Say how many words of a list are read right; each of its lines names a picture, a tab, and what it says.

    Raises:
        CommandError: the list or a picture cannot be read, or no word has a letter or digit.
        EngineError: the recogniser cannot be loaded.

    """
    words = [word for word in listed(file.parent, file.name, slice(None)) if folded(word.text)]
    if not words:
        raise CommandError(f"{file} has no word with a letter or digit to judge by; name a list of others")
    hearer = Hearer(recogniser)
    heard = hearer.hear(words)
    truths = [word.text for word in words]
    best = score([lattice_from_ctc(np.exp(steps), hearer.charset, filled).text for steps, filled in heard], truths)
    whole = score(["".join(hearer.charset[char - 1] for char in prefix_beam(steps)) for steps, _ in heard], truths)
    return (
        f"{file.name}: of {len(words)} words {best.folded:.3f} right in letters and digits, case folded, {best.exact:.3f} to the "
        f"letter; by prefix beam {whole.folded:.3f} and {whole.exact:.3f}"
    )


def score(read: Sequence[str], truths: Sequence[str]) -> Score:
    """Compare what was read with what there was to read."""
    pairs = list(zip(read, truths, strict=True))
    exact = sum(text == truth for text, truth in pairs)
    alike = sum(folded(text) == folded(truth) for text, truth in pairs)
    return Score(exact / len(pairs), alike / len(pairs))


def place(pool: Pool, out: Path, recogniser: Path) -> None:
    """Write the same words with the places of their characters, where nobody has told them: where the recogniser says each on the
    likeliest way to say them all.

    Raises:
        CommandError: the pool cannot be written, or is there already.
        EngineError: the recogniser cannot be loaded.

    """
    hearer = Hearer(recogniser)

    def placed() -> Iterator[Word]:
        for start in range(0, len(pool), TOGETHER):
            words = [pool[number] for number in range(start, min(start + TOGETHER, len(pool)))]
            for word, heard in zip(words, hearer.hear(words), strict=True):
                yield with_places(word, heard, hearer.charset) if np.isnan(word.quads).any() else word

    note(f"{out}: {write_pool(out, placed())} words")


def with_places(word: Word, heard: Heard, charset: Sequence[str]) -> Word:
    """A word with the places that its characters have by a recogniser's steps, each as high as the crop; as it is where there are
    too few steps to say it, or characters that the recogniser does not know.
    """
    known = {char: number for number, char in enumerate(charset, 1)}
    if not known.keys() >= {*word.text}:
        return word
    at = align(heard.steps, np.array([known[char] for char in word.text], np.int64))
    if at is None:
        return word
    rows, columns = word.crop.shape
    middles = (at + 0.5 - LATE) / len(heard.steps) / heard.filled * columns
    # One ends and the next begins halfway between their middles, as in `stream.telling.place_chars`.
    half = np.median(np.diff(middles)) / 2 if len(middles) > 1 else columns / 2
    between = (middles[1:] + middles[:-1]) / 2
    edges = np.clip(np.concatenate([[middles[0] - half], between, [middles[-1] + half]]), 0, columns)
    low = np.stack([edges[:-1], np.zeros(len(middles))], 1).astype(np.float32)
    high = np.stack([edges[1:], np.full(len(middles), rows)], 1).astype(np.float32)
    return Word(word.crop, word.text, corners(low, high))
