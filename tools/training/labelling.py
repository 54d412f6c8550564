"""`glyphfeed train label`: words that another recogniser reads for sure in photos, as if somebody had told what they say.

Owns which of its readings are trusted.  The idea is that of pseudo-labels (Baek et al., What if we only use real datasets for
scene text recognition?, 2021): of a better reader's answers those that it is sure of are right often enough to learn from.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from glyphfeed.engines.files import write_whole
from glyphfeed.stream.geometry import is_sound, is_tall, rectify, slice_quad, with_margins
from glyphfeed.stream.reader import CROP_HEIGHTS_PX, MARGIN
from glyphfeed.stream.reading.fusion import begin
from glyphfeed.stream.reading.words import words_of
from glyphfeed.tools.errors import note, writing
from glyphfeed.tools.training.annotated import CUTS, NOT_LEGIBLE
from glyphfeed.tools.training.charset import spelt
from glyphfeed.tools.training.pool import unplaced, write_pool
from glyphfeed.tools.training.sources import TALLEST, askew, kept, photos_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from numpy.random import Generator
    from numpy.typing import NDArray

    from glyphfeed.engines.loading import Engines
    from glyphfeed.stream.reading.words import Span
    from glyphfeed.tools.training.pool import Word

SURE: Final = 0.9
"""Every character of a word is at least so probable: of signs that were looked through, the words read so were right."""
ROOM: Final = 0.12
"""Words are cut out with so many text heights more at both ends: their places are guessed from their characters' middles, and
wide letters at the ends would be cut."""
ASKEW_SHARE: Final = 0.4
"""So many words are cut out turned, with what is around them."""
SEEN: Final = 0.75
"""How far it is trusted where characters begin and end half way between the recogniser's steps: of 161 words of ICDAR 2003 nine
cuts of ten lie within 0.13 of the word's height from those by hand; by usual widths within 0.19."""
MOST_PIXELS: Final = 1600
"""Larger photos are made smaller, so that their longer side has so many pixels."""


@dataclass(frozen=True, slots=True)
class Reading:
    """A word in a photo: its quad (4, 2) from its top left corner clockwise, in pixels, and what it says, if that is sure, with
    the n + 1 edges of its n characters, 0..1 along it.
    """

    quad: NDArray[np.float64]
    text: str | None = None
    edges: tuple[float, ...] = ()


def label(folder: Path, out: Path, engines: Engines, truth: Path | None = None) -> None:
    """Read the photos of a folder and write the words that are sure as a pool, and, if there is to be one, a folder of the photos
    with their words' places and texts, for a detector to learn from.

    Raises:
        CommandError: there are no photos, or the pool or the truth cannot be written, or is there already.
        EngineError: a network failed.

    """
    if truth is not None:
        with writing(truth):
            truth.mkdir(parents=True)
    note(f"{out}: {write_pool(out, read_folder(folder, engines, truth))} words")


def read_folder(folder: Path, engines: Engines, truth: Path | None = None) -> Iterator[Word]:
    """The sure words of all photos of a folder that may be trained on."""
    rng, cuts = np.random.default_rng(0), {}
    for file in photos_of(folder):
        given = cv2.imread(str(file), cv2.IMREAD_COLOR)
        if given is None:
            note(f"{file} is no picture that can be read, and is passed over")
            continue
        photo = fitted(np.asarray(given, np.uint8))
        readings = [*read_words(photo, engines)]
        if truth is not None:
            cuts[write_truth(truth, file.stem, photo, readings)] = [(told.edges, SEEN) for told in readings if told.text]
        yield from sure_words(rng, photo, readings)
    if truth is not None:
        with writing(truth):
            write_whole(truth / CUTS, json.dumps(cuts).encode())


def fitted(photo: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """A photo of at most `MOST_PIXELS` on its longer side."""
    scale = MOST_PIXELS / max(photo.shape[:2])
    return (
        photo if scale >= 1 else np.asarray(cv2.resize(photo, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
    )


def read_words(photo: NDArray[np.uint8], engines: Engines) -> Iterator[Reading]:
    """The words of a blue-green-red photo; lines that are not level, or in which nothing is read, are one word each."""
    size = (photo.shape[1], photo.shape[0])
    quads, _ = engines.detector.detect(photo)
    sound = [quad for quad in quads if is_sound(quad, size)]
    level = [quad for quad in sound if not is_tall(quad)]
    yield from (Reading(quad) for quad in sound if is_tall(quad))
    lines = [with_margins(quad, MARGIN) for quad in level]
    lattices = engines.recogniser.read([rectify(photo, quad, CROP_HEIGHTS_PX) for quad, _ in lines])
    for quad, (wider, _), lattice in zip(level, lines, lattices, strict=True):
        words = words_of(begin(lattice, 1.0))
        for word in words:
            sure = min(slot.best[1] for slot in word.slots) >= SURE
            within = slice_quad(wider, word.start, word.end)
            yield Reading(within, spelt(word.text) if sure else None, edges_in(word))
        if not words:
            yield Reading(quad)


def edges_in(word: Span) -> tuple[float, ...]:
    """Where the n characters of a word begin and end, n + 1 places of 0..1 along it: half way between their middles."""
    middles = [(slot.column - word.start) / (word.end - word.start) for slot in word.slots]
    return (0.0, *(round((a + b) / 2, 4) for a, b in pairwise(middles)), 1.0)


def sure_words(rng: Generator, photo: NDArray[np.uint8], readings: Iterable[Reading]) -> Iterator[Word]:
    """Those of the words of a blue-green-red photo that are sure, in grey crops."""
    grey = np.asarray(cv2.cvtColor(photo, cv2.COLOR_BGR2GRAY), np.uint8)
    for reading in readings:
        if reading.text is not None:
            around, _ = with_margins(reading.quad, ROOM)
            turned = rng.random() < ASKEW_SHARE
            crop = askew(rng, grey, around) if turned else rectify(grey, around, (8, TALLEST))
            yield kept(unplaced(crop, reading.text))


def write_truth(folder: Path, name: str, photo: NDArray[np.uint8], readings: Iterable[Reading]) -> str:
    """Write a photo, and beside it its words as ICDAR 2015 has them; returns under which name.

    Raises:
        CommandError: it cannot be written.

    """
    # ICDAR's own names are of photos of which only some may be trained on.
    stem = f"labelled_{name}"
    corners = ((",".join(f"{side:.0f}" for side in reading.quad.ravel()), reading.text or NOT_LEGIBLE) for reading in readings)
    with writing(folder):
        (folder / f"{stem}.jpg").write_bytes(cv2.imencode(".jpg", photo)[1].tobytes())
        (folder / f"gt_{stem}.txt").write_text("".join(f"{place},{text}\n" for place, text in corners), "utf-8")
    return stem
