"""Synthetic words as a camera would see them.

Owns how a word comes to be: what it says, its font, how it is bent and turned, how small it is seen, and how it is cut out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from glyphfeed.tools.training.lettering import Arc, Company, project, set_text, show
from glyphfeed.tools.training.painting import background, light, paint
from glyphfeed.tools.training.pool import Word
from glyphfeed.tools.training.vocabulary import say, word
from glyphfeed.tools.training.wear import photograph

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.random import Generator

    from glyphfeed.tools.training.fonts import Font
    from glyphfeed.tools.training.lettering import Lettering
    from glyphfeed.tools.training.painting import Photo

HEIGHTS: Final = (8, 48)
"""How high a crop is seen, in pixels; the middle half of ICDAR 2015's is 22 to 49 high."""
FINER: Final = 1.6
"""Text is painted so many times as large as it is seen."""
WIDEST: Final = 12.0
"""A crop is at most so many times as wide as high."""


@dataclass(frozen=True, slots=True)
class Studio:
    """What words are made with: fonts, and photos to stand behind them, which may be none."""

    fonts: Sequence[Font]
    photos: Sequence[Photo]


def make_word(rng: Generator, studio: Studio) -> Word:
    """A word, or a few, in a grey crop."""
    while True:
        seen = int(np.clip(np.exp(rng.normal(np.log(27), 0.45)), *HEIGHTS))
        lettering = view(rng, compose(rng, studio.fonts, round(seen * FINER)))
        left, top, right, bottom = frame(rng, lettering)
        if (right - left) / (bottom - top) <= WIDEST and min(right - left, bottom - top) >= 6:
            break
    picture = light(rng, paint(rng, lettering, background(rng, studio.photos, *lettering.coverage.shape)))
    scale = seen / (bottom - top)
    size = (seen, max(round((right - left) * scale), 4))
    crop = photograph(rng, picture[top:bottom, left:right], size)[..., 0]
    if rng.random() < 0.1:
        crop = 255 - crop
    return Word(crop, lettering.text, (lettering.quads - np.array([left, top], np.float32)) * np.float32(scale))


def compose(rng: Generator, fonts: Sequence[Font], size: int) -> Lettering:
    """A text in one of the fonts, so many pixels high, straight and seen from the front."""
    font, text = fonts[int(rng.integers(len(fonts)))], say(rng)
    while not font.has(text):
        text = say(rng)
    beside = [word(rng) if rng.random() < 0.12 else "" for _ in range(4)]
    company = Company(*(said if font.has(said) else "" for said in beside))
    spacing = rng.normal(0.02, 0.05) if rng.random() < 0.88 else rng.uniform(0.05, 0.35)
    weight = int(rng.random() < 0.12) * max(round(size * 0.03), 1)
    return set_text(text, font.at(max(size, 12)), company, max(spacing, -0.06), weight, margin=0.45)


def view(rng: Generator, lettering: Lettering) -> Lettering:
    """Lettering bent, stretched, turned and seen from the side, on a canvas that holds it."""
    (rows, columns), outline = lettering.coverage.shape, lettering.outline
    arc = None
    long = (outline[:, 0].max() - outline[:, 0].min()) / max(outline[:, 1].max() - outline[:, 1].min(), 1)
    if rng.random() < 0.2 and long > 2:
        bent = rng.uniform(0.15, 1.3) * rng.choice([-1, 1])
        arc = Arc((columns / 2, rows / 2), columns / bent)
    turn = np.deg2rad(rng.normal(0, 4 if rng.random() < 0.65 else 16))
    stretch = np.exp(rng.normal(-0.12, 0.22))
    shear = rng.normal(0, 0.12)
    turned = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]]) @ [[stretch, shear], [0, 1]]
    homography = np.eye(3)
    homography[:2, :2] = turned
    homography[2, :2] = rng.normal(0, 0.08, 2) / (columns * 1.5, rows * 3)
    corners = np.array([[0, 0], [columns, 0], [columns, rows], [0, rows]], np.float32)
    around = np.concatenate([outline, corners]) if arc is None else np.concatenate([arc.bend(outline), arc.bend(corners)])
    low, high = (edge(project(around, homography), axis=0) for edge in (np.min, np.max))
    homography = np.array([[1, 0, -low[0]], [0, 1, -low[1]], [0, 0, 1]]) @ homography
    size = np.ceil(high - low).astype(int)
    return show(lettering, arc, homography, (max(int(size[1]), 8), max(int(size[0]), 8)))


def frame(rng: Generator, lettering: Lettering) -> tuple[int, int, int, int]:
    """Where the crop is cut, left, top, right, bottom in pixels: about the text, as annotators and detectors do."""
    rows, columns = lettering.coverage.shape
    low, high = lettering.outline.min(axis=0), lettering.outline.max(axis=0)
    margin = rng.normal(0.07, 0.07, 4) * (high[1] - low[1])
    left, top = np.maximum(low - margin[:2], 0)
    right, bottom = np.minimum(high + margin[2:], (columns, rows))
    return int(left), int(top), int(np.ceil(right)), int(np.ceil(bottom))
