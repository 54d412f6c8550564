"""Lettering as it looks on a sign: ink, paper, outlines, shadows and light, on what is behind.

Owns the look before a camera sees it.  Pictures here are (height, width, channels) float32 of 0..255; one channel is grey.
Chances and strengths were set by eye, as in `wear`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.random import Generator

    from glyphfeed.tools.training.lettering import Lettering

Painted = NDArray[np.float32]
SMALLEST: Final = 24
"""A piece of a photo is at least so many pixels wide and high before it is enlarged."""
SHADOWED, OUTLINED, HOLLOW = 0.14, 0.28, 0.33
"""Up to which chance letters have a shadow, an outline of another colour, or are outlines themselves; the others are plain."""
WILDEST: Final = 4.5
"""Ink differs from its ground by so many standard deviations of what is behind."""
TRIES: Final = 12
"""So often a piece without text is looked for in a photo before another background is taken."""


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture (height, width, channels) uint8, and the boxes (n, 4) in it, left, top, right, bottom, where there is text."""

    picture: NDArray[np.uint8]
    texts: NDArray[np.float32]

    def piece(self, rng: Generator, rows: int, columns: int) -> NDArray[np.uint8] | None:
        """A piece of it without text, scaled to (rows, columns); None where none was found."""
        height, width = self.picture.shape[:2]
        for _ in range(TRIES):
            scale = rng.uniform(0.3, 2.0)
            down, across = max(int(rows * scale), SMALLEST), max(int(columns * scale), SMALLEST)
            if down >= height or across >= width:
                continue
            y, x = int(rng.integers(height - down)), int(rng.integers(width - across))
            left, top, right, bottom = self.texts.T
            if not ((left < x + across) & (right > x) & (top < y + down) & (bottom > y)).any():
                piece = cv2.resize(self.picture[y : y + down, x : x + across], (columns, rows), interpolation=cv2.INTER_LINEAR)
                return np.asarray(piece, np.uint8)
        return None


def texture(rng: Generator, rows: int, columns: int) -> NDArray[np.uint8]:
    """Something grey that stands behind where there are no photos: noise of a few sizes, (rows, columns)."""
    whole = np.zeros((rows, columns), np.float32)
    for cells in (2, 6, 20):
        grain = rng.normal(0, 1, (cells, max(round(cells * columns / rows), 1))).astype(np.float32)
        whole += rng.uniform(0, 30) * cv2.resize(grain, (columns, rows), interpolation=cv2.INTER_CUBIC)
    return np.asarray(np.clip(whole + rng.uniform(30, 225), 0, 255), np.uint8)


def background(rng: Generator, photos: Sequence[Photo], rows: int, columns: int) -> Painted:
    """What stands behind the text, (rows, columns, 1)."""
    piece = photos[int(rng.integers(len(photos)))].piece(rng, rows, columns) if photos and rng.random() < 0.9 else None
    if piece is None:
        piece = texture(rng, rows, columns)
    return np.asarray(piece.reshape(rows, columns, -1), np.float32)


def cover(under: Painted, coverage: Painted, colour: Painted | float) -> Painted:
    """Lay a colour over a picture where `coverage`, (height, width, 1) of 0..1, says so."""
    return np.asarray(under + coverage * (colour - under), np.float32)


def paint(rng: Generator, lettering: Lettering, behind: Painted) -> Painted:
    """Text on a background of the same size, with ink as different from it as ink on signs is, or less."""
    coverage = np.asarray(lettering.coverage[..., None] / np.float32(255), np.float32)
    picture = paper(rng, lettering, behind)
    ground = float((picture * coverage).sum() / max(float(coverage.sum()), 1.0))
    ink = ink_on(rng, ground)
    picture = calmed(picture, ground, abs(ink - ground))
    stroke = max(round(coverage.shape[0] * rng.uniform(0.01, 0.05)), 1)
    look = rng.random()
    if look < SHADOWED:
        picture = cover(picture, shadow_of(rng, coverage, stroke), ground - 0.8 * (ink - ground))
    elif look < OUTLINED:
        picture = cover(picture, grown(coverage, stroke), float(np.clip(2 * ground - ink, 0, 255)))
    elif look < HOLLOW:
        coverage = np.asarray(coverage * (1 - rng.uniform(0.6, 1) * shrunk(coverage, stroke)), np.float32)
    return cover(picture, np.asarray(coverage * rng.uniform(0.8, 1), np.float32), shaded(rng, picture.shape, ink))


def ink_on(rng: Generator, ground: float) -> float:
    """A grey value that can be told from the ground's, on the side where there is room for it."""
    contrast = rng.uniform(40, 80) if rng.random() < 0.3 else rng.uniform(80, 220)
    side = rng.choice([-1, 1])
    if not 0 <= ground + side * contrast <= 255:
        side = 1 if ground < 127.5 else -1
    return float(np.clip(ground + side * contrast, 0, 255))


def calmed(picture: Painted, ground: float, contrast: float) -> Painted:
    """A picture with so much less contrast that ink can be told from it: what is wilder than the ink hides the text."""
    share = min(1.0, contrast / max(WILDEST * float(picture.std()), 1.0))
    return np.asarray(ground + (picture - ground) * share, np.float32)


def shadow_of(rng: Generator, coverage: Painted, stroke: int) -> Painted:
    """What text throws beside itself, hard or soft."""
    down, across = rng.integers(-2 * stroke, 2 * stroke + 1, 2).tolist()
    thrown = np.roll(coverage, (down, across), (0, 1))
    if rng.random() < 0.5:
        thrown = blurred(thrown, stroke)
    return np.asarray(thrown * rng.uniform(0.3, 1), np.float32)


def grown(coverage: Painted, radius: int) -> Painted:
    """Letters that are bolder by so many pixels on each side."""
    return np.asarray(cv2.dilate(coverage, disc(radius)), np.float32).reshape(coverage.shape)


def shrunk(coverage: Painted, radius: int) -> Painted:
    """Letters that are thinner by so many pixels on each side."""
    return np.asarray(cv2.erode(coverage, disc(radius)), np.float32).reshape(coverage.shape)


def blurred(coverage: Painted, sigma: float) -> Painted:
    """A coverage with soft edges."""
    return np.asarray(cv2.GaussianBlur(coverage, (0, 0), sigma), np.float32).reshape(coverage.shape)


def disc(radius: int) -> NDArray[np.uint8]:
    """A disc of pixels."""
    return np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1)), np.uint8)


def paper(rng: Generator, lettering: Lettering, behind: Painted) -> Painted:
    """What the text stands on: the background itself, all of it a plain colour, or a plate of one around the text."""
    draw = rng.random()
    if draw < 0.4:
        return behind
    plain = shaded(rng, behind.shape, rng.uniform(0, 255)) + (behind - behind.mean()) * rng.choice([0.0, 0.1, 0.3])
    if draw < 0.8:
        return np.asarray(plain, np.float32)
    middle = lettering.outline.mean(axis=0)
    plate = np.zeros(behind.shape[:2], np.float32)
    corners = middle + (lettering.outline - middle) * rng.uniform(1.05, 1.6, 2)
    cv2.fillPoly(plate, [corners.astype(np.int32)], 1.0, cv2.LINE_AA)
    return cover(behind, plate[..., None], np.asarray(plain, np.float32))


def shaded(rng: Generator, shape: tuple[int, ...], level: float) -> Painted:
    """A plain colour, now and then with a gradient, in a picture's shape."""
    rows, columns = shape[:2]
    flat = np.full((rows, columns, 1), level, np.float32)
    if rng.random() < 0.3:
        flat += slope(rng, rows, columns) * rng.uniform(0, 60)
    return flat


def slope(rng: Generator, rows: int, columns: int) -> Painted:
    """What rises from -1 to 1 in some direction, (rows, columns, 1)."""
    angle = rng.uniform(0, 2 * np.pi)
    across, down = np.linspace(-1, 1, columns, dtype=np.float32), np.linspace(-1, 1, rows, dtype=np.float32)
    return np.asarray(np.cos(angle) * across[None, :, None] + np.sin(angle) * down[:, None, None], np.float32)


def light(rng: Generator, picture: Painted) -> Painted:
    """A picture in uneven light, now and then with a reflection."""
    rows, columns = picture.shape[:2]
    lit = picture * (1 + slope(rng, rows, columns) * rng.uniform(0, 0.35)) if rng.random() < 0.5 else picture
    if rng.random() < 0.06:
        spot = np.zeros((rows, columns), np.float32)
        where = (int(rng.integers(columns)), int(rng.integers(rows)))
        cv2.circle(spot, where, int(rows * rng.uniform(0.1, 0.5)), float(rng.uniform(60, 220)), -1)
        lit = lit + blurred(spot, rows * 0.12)[..., None]
    return np.asarray(lit, np.float32)


def read_photos(files: Sequence[Path], boxes: Sequence[NDArray[np.float32]]) -> list[Photo]:
    """Grey photos from files, each with the boxes of the text in it."""
    photos = []
    for file, texts in zip(files, boxes, strict=True):
        picture = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
        if picture is not None:
            photos.append(Photo(np.asarray(picture, np.uint8), texts.reshape(-1, 4)))
    return photos
