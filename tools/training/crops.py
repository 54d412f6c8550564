"""What the detector is trained with: parts of pictures, seen from elsewhere and in another light, and their maps.

Owns the way from an annotated picture to a `Crop`.  Every crop is a pure function of a picture and a random generator.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from glyphfeed.engines.tensors import PADDING
from glyphfeed.stream.geometry import transform
from glyphfeed.tools.training.targets import STRIDE, maps_of_words

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.random import Generator
    from numpy.typing import NDArray

    from glyphfeed.tools.training.annotated import Annotated, Word

SIDE_PX: Final = 384
HEIGHTS_PX: Final = (8.0, 80.0)
"""A word of the crop is brought to a height of these, evenly on a logarithmic scale, as far as the next allows."""
SCALES: Final = (0.4, 1.6)
LEAST_HEIGHT_PX: Final = 6.0
"""Lower words cannot be told from texture, and are not learnt from."""
TURNED, INVERTED, GREY, BLURRED, NOISY, COMPRESSED = 0.15, 0.1, 0.15, 0.3, 0.3, 0.3
"""Shares of the crops to which this happens."""
AT_A_WORD: Final = 0.85
"""Share of crops in whose middle half there is a word, if the picture has any."""


@dataclass(frozen=True, slots=True)
class Crop:
    """A picture (side, side, 3) uint8 blue-green-red, region and affinity map (2, side / 4, side / 4) of 0..1, and how much each
    of their pixels counts (side / 4, side / 4), 0..1.
    """

    picture: NDArray[np.uint8]
    maps: NDArray[np.float32]
    trust: NDArray[np.float32]


def crop_of(
    picture: NDArray[np.uint8], told: Annotated, rng: Generator, side: int = SIDE_PX, behind: NDArray[np.uint8] | None = None
) -> Crop:
    """Cut a square out of a picture (height, width, 3) of which this is told.

    Beside the picture it shows what is `behind` (side, side, 3), or grey: mirrored text would be taken for a mistake.
    """
    view = random_view(picture.shape[1::-1], told.words, rng, side)
    seen = np.full((side, side, 3), PADDING, np.uint8) if behind is None else behind
    shown = cv2.warpPerspective(picture, view, (side, side), seen, cv2.INTER_LINEAR, cv2.BORDER_TRANSPARENT)
    return Crop(in_other_light(np.asarray(shown, np.uint8), rng), *targets_of(told.words, told.unknown, view, side))


def random_view(size: tuple[int, int], words: Sequence[Word], rng: Generator, side: int) -> NDArray[np.float64]:
    """Draw the homography (3, 3) that takes a picture of (width, height) into a crop: shift, scale, turn and a little tilt.

    Turned back the crop lies in the picture, as far as that is large enough.
    """
    word = words[int(rng.integers(len(words)))] if words else None
    height = math.exp(rng.uniform(*np.log(HEIGHTS_PX)))
    scale = float(np.clip(height / word.height if word else 1.0, *SCALES))
    centre = word.outline.mean(axis=0) if word and rng.random() < AT_A_WORD else rng.uniform((0, 0), size)
    angle = rng.uniform(-90, 90) if rng.random() < TURNED else rng.normal(0, 5)
    cos, sin = scale * math.cos(math.radians(angle)), scale * math.sin(math.radians(angle))
    stretch = math.exp(rng.normal(0, 0.1))
    tilt = rng.normal(0, 0.08, 2) / side
    half = np.minimum(side / 2 / scale, np.array(size) / 2)
    middle = np.clip(centre + rng.uniform(-side / 4, side / 4, 2) / scale, half, size - half)
    to_origin = np.array([[1, 0, -middle[0]], [0, 1, -middle[1]], [0, 0, 1]])
    turned = np.array([[cos * stretch, -sin, 0], [sin * stretch, cos, 0], [*tilt, 1]])
    to_crop = np.array([[1, 0, side / 2], [0, 1, side / 2], [0, 0, 1]])
    return np.asarray(to_crop @ turned @ to_origin)


def targets_of(
    words: Sequence[Word], unknown: Sequence[NDArray[np.float64]], view: NDArray[np.float64], side: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Draw maps (2, side / 4, side / 4) of a picture's words as seen in a crop by a homography, and tell how much each of their
    pixels counts (side / 4, side / 4): 0 where there is text of which nothing more is known, by its outlines.
    """
    cells = side // STRIDE
    trust = np.ones((cells, cells), np.float32)
    drawn: list[NDArray[np.float64]] = []
    for word in words:
        characters = transform(word.characters.reshape(-1, 2), view).reshape(-1, 4, 2) / STRIDE
        seen = replace(word, characters=characters)
        large = seen.height * STRIDE >= LEAST_HEIGHT_PX
        if is_near(characters, cells):
            fill(trust, seen.outline, word.trust if large else 0.0)
            drawn += [characters] if large else []
    for outline in unknown:
        fill(trust, transform(outline, view) / STRIDE, 0.0)
    return maps_of_words(drawn, (cells, cells)), trust


def is_near(characters: NDArray[np.float64], cells: int) -> bool:
    """Tell whether a word's characters (n, 4, 2) reach into a square of so many cells."""
    low, high = characters.min(axis=(0, 1)), characters.max(axis=(0, 1))
    return bool((high > 0).all() and (low < cells).all())


def fill(trust: NDArray[np.float32], outline: NDArray[np.float64], value: float) -> None:
    """Let what lies inside an outline (n, 2) count so much."""
    # OpenCV's coordinates are those of pixels' centres, here in sixteenths.
    cv2.fillPoly(trust, [np.round((np.clip(outline, -4096, 4096) - 0.5) * 16).astype(np.int32)], value, shift=4)


def in_other_light(picture: NDArray[np.uint8], rng: Generator) -> NDArray[np.uint8]:
    """A picture (height, width, 3) as another camera might show it: exposure, colour, and now and then blur, noise, JPEG."""
    exposed = (np.arange(256) / 255) ** math.exp(rng.normal(0, 0.25))
    table = exposed[:, None] * np.exp(rng.normal(0, 0.12, 3)) + rng.normal(0, 0.06)
    if rng.random() < INVERTED:
        table = 1 - table
    seen = np.asarray(cv2.LUT(picture, (table * 255).clip(0, 255).astype(np.uint8)[None]), np.uint8)
    if rng.random() < GREY:
        seen = np.repeat(seen[..., 1:2], 3, axis=2)
    if rng.random() < BLURRED:
        seen = np.asarray(cv2.GaussianBlur(seen, (0, 0), rng.uniform(0.4, 1.6)), np.uint8)
    if rng.random() < NOISY:
        noise = rng.standard_normal(seen.shape, np.float32) * np.float32(rng.uniform(2, 10))
        seen = (seen + noise).clip(0, 255).astype(np.uint8)
    if rng.random() < COMPRESSED:
        packed = cv2.imencode(".jpg", seen, [cv2.IMWRITE_JPEG_QUALITY, int(rng.integers(30, 90))])[1]
        seen = np.asarray(cv2.imdecode(packed, cv2.IMREAD_COLOR), np.uint8)
    return seen
