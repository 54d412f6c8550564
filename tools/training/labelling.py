"""`glyphfeed train label`: words that another recogniser reads for sure in photos, as if somebody had told what they say.

Owns which of its readings are trusted.  The idea is that of pseudo-labels (Baek et al., What if we only use real datasets for
scene text recognition?, 2021): of a better reader's answers those that it is sure of are right often enough to learn from.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from glyphfeed.stream.geometry import is_sound, is_tall, rectify, slice_quad, with_margins
from glyphfeed.stream.reader import CROP_HEIGHTS_PX, MARGIN
from glyphfeed.stream.reading.fusion import begin
from glyphfeed.stream.reading.words import words_of
from glyphfeed.tools.errors import note
from glyphfeed.tools.training.charset import spelt
from glyphfeed.tools.training.pool import unplaced, write_pool
from glyphfeed.tools.training.sources import TALLEST, photos_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from numpy.typing import NDArray

    from glyphfeed.engines.loading import Engines
    from glyphfeed.tools.training.pool import Word

SURE: Final = 0.9
"""Every character of a word is at least so probable: of signs that were looked through, the words read so were right."""
ROOM: Final = 0.12
"""Words are cut out with so many text heights more at both ends: their places are guessed from their characters' middles, and
wide letters at the ends would be cut."""
MOST_PIXELS: Final = 1600
"""Larger photos are made smaller, so that their longer side has so many pixels."""


def label(folder: Path, out: Path, engines: Engines) -> None:
    """Read the photos of a folder and write the words that are sure as a pool.

    Raises:
        CommandError: there are no photos, or the pool cannot be written, or is there already.
        EngineError: a network failed.

    """
    note(f"{out}: {write_pool(out, read_folder(folder, engines))} words")


def read_folder(folder: Path, engines: Engines) -> Iterator[Word]:
    """The sure words of all photos of a folder that may be trained on."""
    for file in photos_of(folder):
        photo = cv2.imread(str(file), cv2.IMREAD_COLOR)
        if photo is None:
            note(f"{file} is no picture that can be read, and is passed over")
            continue
        yield from sure_words(fitted(np.asarray(photo, np.uint8)), engines)


def fitted(photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A photo of at most `MOST_PIXELS` on its longer side."""
    scale = MOST_PIXELS / max(photo.shape[:2])
    return (
        photo if scale >= 1 else np.asarray(cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    )


def sure_words(photo: NDArray[np.uint8], engines: Engines) -> Iterator[Word]:
    """The words of a blue-green-red photo that are level, and of which every character is sure, in grey crops."""
    size = (photo.shape[1], photo.shape[0])
    quads, _ = engines.detector.detect(photo)
    lines = [with_margins(quad, MARGIN) for quad in quads if is_sound(quad, size) and not is_tall(quad)]
    crops = [rectify(photo, quad, CROP_HEIGHTS_PX) for quad, _ in lines]
    grey = np.asarray(cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY), np.uint8)
    for (quad, _), lattice in zip(lines, engines.recogniser.read(crops), strict=True):
        for word in words_of(begin(lattice, 1.0)):
            text = spelt(word.text)
            if text is not None and min(slot.best[1] for slot in word.slots) >= SURE:
                around, _ = with_margins(slice_quad(quad, word.start, word.end), ROOM)
                yield unplaced(rectify(grey, around, (8, TALLEST)), text)
