"""Synthetic scenes: signs of several words, straight, bent and seen from the side, on photos in which there is no other text.

Owns what is on a sign and where it hangs.  Letters and their places are `lettering`'s, texts `vocabulary`'s.  Pictures are
(height, width, 3) uint8, blue-green-red.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from glyphfeed.tools.training.annotated import Word
from glyphfeed.tools.training.lettering import EDGE, Arc, Company, Lettering, project, set_text, show
from glyphfeed.tools.training.painting import OUTLINED, SHADOWED, cover, grown, shadow_of
from glyphfeed.tools.training.vocabulary import say

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.random import Generator
    from numpy.typing import NDArray

    from glyphfeed.tools.training.fonts import Font

SIGNS: Final = (1, 9)
"""So many signs are tried on a scene."""
LINES: Final = (1, 4)
TRIES: Final = 6
"""Places that are tried for a sign."""
WIDEST: Final = 0.7
"""Share of a scene's side that a sign takes at most, before it is turned and stretched."""
HEIGHTS_PX: Final = (8.0, 90.0)
"""How high letters are set, evenly on a logarithmic scale."""
FINEST: Final = 24
"""Fonts are opened at no fewer pixels; smaller text is set so and seen from further off."""
BENT: Final = 0.25
"""Share of signs of a line that are bent."""
BENDS: Final = (0.3, 3.0)
"""By which angle, in radians, they are bent."""
LONG: Final = 2.5
"""They are so many times as wide as high at least."""
ON_BOARDS: Final = 0.5
"""Share of signs on a board of one colour."""
CONTRAST: Final = (35.0, 200.0)
"""By how much ink and what it stands on differ in grey, of 0..255, before colours are cut off."""


@dataclass(frozen=True, slots=True)
class Sign:
    """Lettering on a canvas of its own, with the edge of its board for an outline, and the words of which it consists."""

    lettering: Lettering
    words: tuple[Word, ...]


def make_scene(
    rng: Generator, fonts: Sequence[Font], photo: NDArray[np.uint8], side: int
) -> tuple[NDArray[np.uint8], list[Word]]:
    """Hang signs on a piece of a photo, scaled to a square of `side` pixels; no two of them touch."""
    picture = piece(rng, photo, side)
    taken = np.zeros((side, side), bool)
    words: list[Word] = []
    for _ in range(rng.integers(*SIGNS, endpoint=True)):
        sign = make_sign(rng, fonts, side)
        rows, columns = sign.lettering.coverage.shape
        for _ in range(TRIES):
            x, y = int(rng.integers(max(side - columns, 0) + 1)), int(rng.integers(max(side - rows, 0) + 1))
            window = np.s_[y : y + rows, x : x + columns]
            if max(rows, columns) <= side and not taken[window].any():
                taken[window] = True
                picture[window] = painted(rng, sign.lettering, picture[window])
                words += [Word(word.characters + np.array([x, y]), text=word.text) for word in sign.words]
                break
    return picture, words


def piece(rng: Generator, photo: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """A random square of a photo at another size, now and then mirrored."""
    height, width = photo.shape[:2]
    cut = int(min(height, width) * rng.uniform(0.35, 1.0))
    x, y = int(rng.integers(width - cut + 1)), int(rng.integers(height - cut + 1))
    seen = cv2.resize(photo[y : y + cut, x : x + cut], (side, side), interpolation=cv2.INTER_LINEAR)
    return np.array(seen[:, ::-1] if rng.random() < 0.5 else seen, np.uint8)


def make_sign(rng: Generator, fonts: Sequence[Font], side: int) -> Sign:
    """Lines of text in one font, not much wider than a scene, as somebody sees them who does not stand straight before them."""
    height = float(np.exp(rng.uniform(*np.log(HEIGHTS_PX))))
    size = max(round(height * 1.3), FINEST)
    font = fonts[int(rng.integers(len(fonts)))]
    spacing = max(rng.normal(0.02, 0.05), -0.04) if rng.random() < 0.8 else rng.uniform(0.1, 0.4)
    texts = [text for text in (say(rng) for _ in range(rng.integers(*LINES, endpoint=True))) if font.has(text)] or ["A1"]
    lines = [set_text(text, font.at(size), Company(), spacing, margin=0.4) for text in texts]
    coverage, words = stacked(rng, lines)
    bent = len(lines) == 1 and coverage.shape[1] > LONG * coverage.shape[0] and rng.random() < BENT
    scale = min(height / size, WIDEST * side / max(coverage.shape))
    return hung(rng, coverage, words, scale=scale * rng.uniform(1.0, 1.3), bent=bent)


def stacked(rng: Generator, lines: Sequence[Lettering]) -> tuple[NDArray[np.uint8], list[Word]]:
    """Lines one below the other: what they cover together, and their words."""
    width, leading = max(line.coverage.shape[1] for line in lines), rng.uniform(-0.35, 0.3)
    flush = rng.choice([0.0, 0.5, 1.0])
    tops = np.cumsum([0.0, *(line.coverage.shape[0] * (1 + leading) for line in lines[:-1])]).astype(int)
    canvas = np.zeros((tops[-1] + lines[-1].coverage.shape[0], width), np.uint8)
    words: list[Word] = []
    for top, line in zip(tops, lines, strict=True):
        rows, columns = line.coverage.shape
        left = int(flush * (width - columns))
        window = canvas[top : top + rows, left : left + columns]
        np.maximum(window, line.coverage[: len(window)], out=window)
        words += [Word(word.characters + np.array([left, top]), text=word.text) for word in cells_of(line)]
    return canvas, words


def cells_of(line: Lettering) -> list[Word]:
    """The words of a straight line, parted by spaces, with cells for characters that fill each word's rectangle, as truths have
    them: as high as the word, and parted half way between the letters.
    """
    words, start = [], 0
    for text in line.text.split(" "):
        quads = line.quads[start : start + len(text)].astype(np.float64)
        start += len(text) + 1
        left, right = quads[:, :, 0].min(axis=1), quads[:, :, 0].max(axis=1)
        edges = np.concatenate([left[:1], (right[:-1] + left[1:]) / 2, right[-1:]])
        edges = np.maximum.accumulate(edges + 1e-3 * np.arange(len(edges)))
        top, bottom = np.full(len(text), quads[..., 1].min()), np.full(len(text), quads[..., 1].max())
        corners = [(edges[:-1], top), (edges[1:], top), (edges[1:], bottom), (edges[:-1], bottom)]
        words.append(Word(np.stack([np.stack(corner, axis=1) for corner in corners], axis=1), text=text))
    return words


def hung(rng: Generator, coverage: NDArray[np.uint8], words: Sequence[Word], *, scale: float, bent: bool) -> Sign:
    """A sign as it is seen: bent or not, turned, tilted, and so many times as large."""
    rows, columns = coverage.shape
    arc = Arc((columns / 2, rows / 2), columns / (rng.uniform(*BENDS) * rng.choice([-1, 1]))) if bent else None
    angle = np.deg2rad(rng.normal(0, 6) if rng.random() < 0.8 else rng.uniform(-90, 90))
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    view = np.eye(3)
    view[:2, :2] = scale * turn @ [[np.exp(rng.normal(0, 0.15)), rng.normal(0, 0.1)], [0, 1]]
    view[2, :2] = rng.normal(0, 0.1, 2) / columns
    along = np.linspace(0, columns, EDGE, dtype=np.float32)
    board = np.concatenate([np.stack([along, 0 * along], axis=1), np.stack([along[::-1], 0 * along + rows], axis=1)])
    reach = project(arc.bend(board) if arc else board, view)
    low = reach.min(axis=0)
    view = np.array([[1, 0, -low[0]], [0, 1, -low[1]], [0, 0, 1]]) @ view
    width, height = (int(side) + 2 for side in reach.max(axis=0) - low)
    # What is made smaller is blurred before, as the pixels of a camera do.
    soft = np.asarray(cv2.GaussianBlur(coverage, (0, 0), 0.4 / scale), np.uint8) if scale < 0.8 else coverage
    quads = np.concatenate([word.characters for word in words]).astype(np.float32)
    shown = show(Lettering("", soft, quads, board), arc, view, (height, width))
    parts = np.split(shown.quads.astype(np.float64), np.cumsum([len(word.characters) for word in words])[:-1])
    return Sign(shown, tuple(Word(part, text=word.text) for part, word in zip(parts, words, strict=True)))


def painted(rng: Generator, lettering: Lettering, behind: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Lettering in some colour on what is behind, or on a board of a plain one; now and then with a rim or a shadow."""
    coverage = np.asarray(lettering.coverage[..., None] / np.float32(255), np.float32)
    picture = behind.astype(np.float32)
    if rng.random() < ON_BOARDS:
        board = np.zeros(coverage.shape[:2], np.float32)
        cv2.fillPoly(board, [np.round(lettering.outline).astype(np.int32)], rng.uniform(0.8, 1.0))
        picture = cover(picture, board[..., None], rng.uniform(0, 255, 3).astype(np.float32))
    ground = (picture * coverage).sum(axis=(0, 1)) / max(float(coverage.sum()), 1.0)
    ink = ink_on(rng, ground)
    stroke = max(round(np.sqrt(coverage.size) * rng.uniform(0.004, 0.015)), 1)
    look = rng.random()
    if look < SHADOWED:
        picture = cover(picture, shadow_of(rng, coverage, stroke), ink_on(rng, ink))
    elif look < OUTLINED:
        picture = cover(picture, grown(coverage, stroke), ink_on(rng, ink))
    covered = cover(picture, np.asarray(coverage * rng.uniform(0.8, 1.0), np.float32), ink)
    return np.clip(covered, 0, 255).astype(np.uint8)


def ink_on(rng: Generator, ground: NDArray[np.floating]) -> NDArray[np.float32]:
    """A colour (3,) whose grey differs from that of another by `CONTRAST`."""
    grey, contrast = float(ground.mean()), rng.uniform(*CONTRAST)
    lighter = grey + contrast <= 255 and (grey - contrast < 0 or rng.random() < 0.5)
    colour = rng.uniform(0, 255, 3)
    colour += grey + (contrast if lighter else -contrast) - colour.mean()
    return np.asarray(np.clip(colour, 0, 255), np.float32)
