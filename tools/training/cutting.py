"""`glyphfeed train cut`: where the characters of real words are, by what another detector, or ours, sees of them.

Owns CRAFT's weak supervision (Baek et al., 2019, section 3.2.2): a word is cut out, its characters are found in the region map,
and are trusted by how well their count fits the text.
"""

from __future__ import annotations

import json
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from scipy.signal import find_peaks

from glyphfeed.engines.detector import planes_first
from glyphfeed.engines.engine import first_output
from glyphfeed.engines.files import write_whole
from glyphfeed.engines.loading import Backend, load_engine
from glyphfeed.engines.models import CharacterMaps, describe_detector
from glyphfeed.engines.tensors import PADDING, tensor_of
from glyphfeed.stream.geometry import UNIT_SQUARE, homography_between, sides
from glyphfeed.tools.errors import CommandError, note, writing
from glyphfeed.tools.training.annotated import GUESSED, edges_of
from glyphfeed.tools.training.scoring import read_colour

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from glyphfeed.engines.engine import Engine
    from glyphfeed.tools.training.annotated import Annotated, Word

HEIGHT_PX: Final = 64
"""Words are looked at so high, with a quarter of it as a margin all around."""
MARGIN_PX: Final = HEIGHT_PX // 4
WIDTHS_PX: Final = tuple(range(96, 1057, 96))
"""With the margins words are filled up to one of these widths, or made narrower."""
LEAST_PEAK: Final = 0.3
"""A character's value in the profile of the region map, at least, and by how much it stands out of the values beside it."""
LEAST_RISE: Final = 0.08
LOOKED_AT: Final = 8
"""Lower words, in pixels, are not looked at."""


def cut_photos(photos: Sequence[Annotated], detector: Path, out: Path) -> None:
    """Write where the characters of photos' words begin and end, and how far that is trusted, by the photos' names, as JSON.

    Raises:
        CommandError: the detector gives no character maps, or the file cannot be written.

    """
    model = describe_detector(detector)
    if not isinstance(model, CharacterMaps):
        raise CommandError(f"{detector} gives no character maps, in which characters could be found; name one that does")
    shapes = [(1, model.input.channels, HEIGHT_PX + 2 * MARGIN_PX, width) for width in WIDTHS_PX]
    engine = load_engine(Backend.ONNXRUNTIME, detector, shapes, 1)
    cuts = {}
    for number, told in enumerate(photos, 1):
        cuts[told.picture.stem] = [(edges.round(4).tolist(), trust) for edges, trust in cuts_of(told, engine, model)]
        if number % 50 == 0:
            note(f"{number} of {len(photos)} photos are cut")
    with writing(out):
        write_whole(out, json.dumps(cuts).encode())


def cuts_of(told: Annotated, engine: Engine, model: CharacterMaps) -> Iterator[tuple[NDArray[np.float64], float]]:
    """For each word of a photo n + 1 edges, 0..1 along it, of n characters, and how far they are trusted."""
    picture = read_colour(told.picture)
    for word in told.words:
        if word.height < LOOKED_AT:
            yield edges_of(word.text), GUESSED
        else:
            profile = profile_of(picture, word, engine, model)
            yield edges_in(profile, word.text)


def profile_of(picture: NDArray[np.uint8], word: Word, engine: Engine, model: CharacterMaps) -> NDArray[np.float64]:
    """The greatest value of the region map in each column along a word."""
    quad = word.outline[[0, len(word.characters), len(word.characters) + 1, -1]]
    width, height = sides(quad)
    columns = int(np.clip(round(width * HEIGHT_PX / height), 8, WIDTHS_PX[-1] - 2 * MARGIN_PX))
    whole = next(width for width in WIDTHS_PX if width >= columns + 2 * MARGIN_PX)
    inside = UNIT_SQUARE * np.array([columns, HEIGHT_PX], np.float32) + MARGIN_PX
    view = homography_between(quad, inside)
    size = (columns + 2 * MARGIN_PX, HEIGHT_PX + 2 * MARGIN_PX)
    canvas = np.full((size[1], whole, 3), PADDING, np.uint8)
    canvas[:, : size[0]] = cv2.warpPerspective(picture, view, size, flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    maps = planes_first(first_output(engine, tensor_of(canvas, model.input)))
    assert maps is not None
    stride = canvas.shape[0] / maps.shape[1]
    rows, places = (np.s_[round(MARGIN_PX / stride) : round((MARGIN_PX + side) / stride)] for side in (HEIGHT_PX, columns))
    return np.asarray(maps[0][rows, places].max(axis=0), np.float64)


def edges_in(profile: NDArray[np.float64], text: str) -> tuple[NDArray[np.float64], float]:
    """Part a word where its profile (columns,) is lowest between characters.

    Returns:
        n + 1 edges of n characters, 0..1, and how far they are trusted (CRAFT, equation 2): 1 where there are as many as in the
        text, less where not, and where that is less than for `GUESSED` ones, those.

    """
    peaks = find_peaks(np.pad(profile, 1), height=LEAST_PEAK, prominence=LEAST_RISE)[0] - 1
    wanted = len(text.replace(" ", ""))
    trust = 1 - min(wanted, abs(wanted - len(peaks))) / wanted
    if trust < GUESSED:
        return edges_of(text), GUESSED
    cuts = [(a + int(np.argmin(profile[a : b + 1])) + 0.5) / len(profile) for a, b in pairwise(peaks)]
    return np.array([0.0, *cuts, 1.0]), trust
