"""What the recogniser is shown: words of pools, each time a little different, in batches of lines that are about as wide.

Owns the lines' making.  A batch follows from seed and number alone, so that a training that is taken up goes on as if it had
never been left.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from glyphfeed.tools.training.charset import classes_of
from glyphfeed.tools.training.ctc import guide
from glyphfeed.tools.training.network import HEIGHT, LINE, STRIDE
from glyphfeed.tools.training.pool import Word
from glyphfeed.tools.training.wear import photograph

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.random import Generator
    from numpy.typing import NDArray

    from glyphfeed.tools.training.pool import Pool

LINES: Final = 64
"""Lines of a batch."""
SHUFFLED: Final = 32
"""So many batches are drawn together, and parted by width."""
BUCKET: Final = 16
"""Batches are padded to a multiple of so many pixels."""
WIDEST: Final = 320
"""Wider lines are squeezed, in pixels."""
LEAST: Final = 2
"""Steps for each character that a line has at least: CTC says one in each, and the same twice only with one between."""
CLEAR: Final = 24
"""Real words at least so high, in pixels, are now and then made `FAINT`: what they say is known, however they look."""
FAINT: Final = (10, 24)
"""Heights of words as they are seen from afar, in pixels."""
FAINT_SHARE: Final = 0.4
"""Of the clear words so many are."""


@dataclass(frozen=True, slots=True)
class Line:
    """A line (HEIGHT, width) uint8, the classes of its characters, and where each begins and ends in steps, (characters, 2), or
    NaN.
    """

    picture: NDArray[np.uint8]
    classes: NDArray[np.int64]
    edges: NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines that go through the network together.

    `lines` is (LINES, 1, HEIGHT, width) float32 of -1..1, 0 beyond each.  `classes` are those of all lines in a row, `lengths`
    says how many are of each line, and `asked`, (LINES, steps), what each step is asked to say (`ctc.guide`).
    """

    lines: NDArray[np.float32]
    classes: NDArray[np.int64]
    lengths: NDArray[np.int64]
    asked: NDArray[np.int64]


class Batches:
    """The batches of a training, by their numbers from 0."""

    def __init__(self, synthetic: Pool | None, real: Pool | None, seed: int) -> None:
        """Half of each `SHUFFLED` batches is from either pool, or all of them from the one that there is."""
        self._pools = [pool for pool in (synthetic, real) if pool is not None]
        self._real = real
        self._seed = seed
        self._drawn = lru_cache(maxsize=1)(self._draw)

    def __getitem__(self, number: int) -> Batch:
        """A batch; those that are drawn together are quickest one after the other."""
        return pack(self._drawn(number // SHUFFLED)[number % SHUFFLED])

    def _draw(self, chunk: int) -> list[list[Line]]:
        rng = np.random.default_rng([self._seed, chunk])
        share = SHUFFLED * LINES // len(self._pools)
        words = [(pool, pool[int(number)]) for pool in self._pools for number in rng.integers(len(pool), size=share)]
        # Synthetic words have been through a camera as they were made.
        lines = [vary(rng, recede(rng, word) if pool is self._real else word) for pool, word in words]
        return deal(rng, lines)


def deal(rng: Generator, lines: Sequence[Line]) -> list[list[Line]]:
    """Part lines into batches of about the same width, in any order."""
    order = sorted(lines, key=lambda line: line.picture.shape[1])
    parts = [order[start : start + LINES] for start in range(0, len(order), LINES)]
    return [parts[k] for k in rng.permutation(len(parts))]


def pack(lines: Sequence[Line]) -> Batch:
    """Put lines into a batch."""
    width = -(-max(line.picture.shape[1] for line in lines) // BUCKET) * BUCKET
    tensor = np.zeros((len(lines), 1, HEIGHT, width), np.float32)
    for place, line in zip(tensor[:, 0], lines, strict=True):
        place[:, : line.picture.shape[1]] = (line.picture - np.float32(127.5)) / np.float32(127.5)
    return Batch(
        tensor,
        np.concatenate([line.classes for line in lines]),
        np.array([len(line.classes) for line in lines], np.int64),
        np.stack([guide(line.classes, line.edges, width // STRIDE) for line in lines]),
    )


def recede(rng: Generator, word: Word) -> Word:
    """A clear word, now and then as a camera sees it from farther off: smaller, blurred, noisy, compressed."""
    rows, columns = word.crop.shape
    if rows < CLEAR or rng.random() >= FAINT_SHARE:
        return word
    seen = int(rng.integers(*FAINT))
    size = (seen, max(round(columns * seen / rows), 4))
    crop = photograph(rng, word.crop.astype(np.float32)[..., None], size)[..., 0]
    return Word(crop, word.text, word.quads * np.array([size[1] / columns, seen / rows], np.float32))


def vary(rng: Generator, word: Word) -> Line:
    """A word as a line, seen a little otherwise each time: cut wider or narrower, turned, stretched, in other light."""
    rows, columns = word.crop.shape
    turn = np.deg2rad(rng.normal(0, 2.5 if rng.random() < 0.75 else 10))
    turned = np.array([[np.cos(turn), rng.normal(0, 0.08) - np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    # What is turned is cut out level, as annotators do: all of it is within.
    reach = (np.abs(turned) @ [columns, rows]) / 2 + rng.normal(0, 0.04, 2) * rows
    scale = HEIGHT / (2 * reach[1])
    width = max(2 * reach[0] * scale, LINE.narrowest) * float(np.exp(rng.normal(0, 0.12)))
    width = round(min(max(width, LEAST * STRIDE * len(word.text)), WIDEST))
    matrix = np.diag([width / (2 * reach[0]), scale]) @ turned
    middle = np.array([columns, rows]) / 2 + rng.normal(0, 0.03, 2) * rows
    affine = np.column_stack([matrix, np.array([width, HEIGHT]) / 2 - matrix @ middle])
    method = cv2.INTER_CUBIC if scale > 1 else cv2.INTER_LINEAR
    picture = cv2.warpAffine(word.crop, affine, (width, HEIGHT), flags=method, borderMode=cv2.BORDER_REPLICATE)
    across = (word.quads @ affine[0, :2] + affine[0, 2]) / STRIDE
    edges = np.stack([across.min(axis=1), across.max(axis=1)], 1).astype(np.float32)
    return Line(relight(rng, np.asarray(picture, np.uint8)), classes_of(word.text), edges)


def relight(rng: Generator, picture: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A line in other light, now and then the other way round, less sharp, or noisy."""
    if rng.random() < 0.1:
        columns = picture.shape[1]
        share = rng.uniform(0.35, 0.8)
        small = cv2.resize(picture, (max(round(columns * share), 4), round(HEIGHT * share)), interpolation=cv2.INTER_AREA)
        picture = np.asarray(cv2.resize(small, (columns, HEIGHT), interpolation=cv2.INTER_LINEAR), np.uint8)
    if rng.random() < 0.15:
        picture = np.asarray(cv2.GaussianBlur(picture, (0, 0), rng.uniform(0.4, 1.2)), np.uint8)
    # One table for contrast, brightness and gamma.
    levels = np.linspace(0, 1, 256) ** np.exp(rng.normal(0, 0.2)) * 255
    levels = 127.5 + (levels - 127.5) * np.exp(rng.normal(-0.1, 0.25)) + rng.normal(0, 18)
    if rng.random() < 0.15:
        levels = 255 - levels
    picture = np.asarray(cv2.LUT(picture, np.clip(levels, 0, 255).astype(np.uint8)), np.uint8)
    if rng.random() < 0.15:
        noise = rng.normal(0, rng.uniform(2, 10), picture.shape)
        picture = np.clip(picture + noise, 0, 255).astype(np.uint8)
    return picture
