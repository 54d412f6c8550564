"""`glyphfeed train score`: how well a network that gives character maps finds the words of photos with truth.

Owns the way from a photo to its words, as the reader lays it, and the reading of CUTE80's truth.  The rules are `finding`'s.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from functools import partial
from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np

from glyphfeed.engines.characters import words_from_maps
from glyphfeed.engines.detector import covered
from glyphfeed.engines.engine import first_output
from glyphfeed.engines.loading import Backend, load_engine
from glyphfeed.engines.models import CharacterMaps, describe_detector
from glyphfeed.engines.tensors import fit_into, lay
from glyphfeed.tools.errors import CommandError
from glyphfeed.tools.training.annotated import found, read_photo
from glyphfeed.tools.training.finding import Tally, tally
from glyphfeed.tools.training.sources import read_lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from glyphfeed.engines.models import CharacterThresholds, PictureInput
    from glyphfeed.engines.tensors import Tensor
    from glyphfeed.tools.training.annotated import Annotated

    Maps = Callable[[Tensor], Tensor]
    """Runs a network on a picture (1, 3, height, width)."""


class Page(NamedTuple):
    """A photo, and the outlines (n, 2) of words that are to be found in it, and of text of which nothing more is known."""

    photo: Path
    wanted: Sequence[NDArray[np.floating]]
    unknown: Sequence[NDArray[np.floating]]


def page_of(told: Annotated) -> Page:
    """What is to be found in an annotated photo."""
    return Page(told.picture, [word.outline for word in told.words], told.unknown)


def score_detector(truth: Path, detector: Path) -> Tally:
    """Find the words of photos with a network, and compare them with the truth.

    Args:
        truth: a list of photos, in whose folder these lie with their truth as in ICDAR 2015, or CUTE80's GroundTruth.xml.
        detector: an ONNX file that gives character maps, with its description.

    Raises:
        CommandError: the truth cannot be read, or the network gives something else.

    """
    model = describe_detector(detector)
    if not isinstance(model, CharacterMaps):
        raise CommandError(f"{detector} gives no character maps; name a network that does")
    pages = read_cute80(truth) if truth.suffix == ".xml" else [page_of(read_photo(photo)) for photo in listed(truth)]
    engine = load_engine(Backend.ONNXRUNTIME, detector, model.input.shapes, 0)
    return score((seen(page, partial(first_output, engine), model.input) for page in pages), model.thresholds)


class Seen(NamedTuple):
    """What a network gives for a page: region and affinity map (height, width), and how many pixels of the photo each of theirs
    stands for, along either side.
    """

    page: Page
    region: Tensor
    affinity: Tensor
    times: float


def seen(page: Page, maps: Maps, inputs: PictureInput) -> Seen:
    """Let a network see a page as the reader lays it."""
    picture = read_colour(page.photo)
    fit = fit_into(picture, inputs.sizes)
    whole = maps(lay(picture, fit, inputs))
    times = fit.bucket[1] / whole.shape[3] / fit.scale
    region, affinity = covered(whole, fit)
    return Seen(page, region, affinity, times)


def score(pages: Iterable[Seen], thresholds: CharacterThresholds) -> Tally:
    """Compare the words in maps with those wanted."""
    total = Tally()
    for page, region, affinity, times in pages:
        outlines = [word.outline * times for word in words_from_maps(region, affinity, thresholds)]
        total += tally(outlines, page.wanted, page.unknown)
    return total


def listed(truth: Path) -> list[Path]:
    """The photos of a list, in its folder."""
    return found((truth.parent / name for name in read_lines(truth) if name), truth)


def read_cute80(truth: Path) -> list[Page]:
    """Read CUTE80's ground truth of the photos that are there (Risnumawan et al., A robust arbitrary text detection system for
    natural scene images, 2014).

    Raises:
        CommandError: it cannot be read.

    """
    try:
        images = [*ET.parse(truth).getroot().iter("Image")]
        pages = [Page(truth.parent / str(image.findtext("ImageName")), outlines_in(image), ()) for image in images]
    except (OSError, ET.ParseError, ValueError, KeyError) as error:
        raise CommandError(f"{truth} is no ground truth as CUTE80 has it ({error}); name its GroundTruth.xml") from error
    there = {*found((page.photo for page in pages if page.photo.is_file()), truth.parent)}
    return [page for page in pages if page.photo in there]


def outlines_in(image: ET.Element) -> list[NDArray[np.float64]]:
    """The outlines (n, 2) of an image's words."""
    polygons = image.iter("PolygonPoints")
    return [np.array([polygon.attrib[axis].split() for axis in "xy"], np.float64).T for polygon in polygons]


def read_colour(path: Path) -> NDArray[np.uint8]:
    """A picture (height, width, 3), blue-green-red.

    Raises:
        CommandError: it cannot be read.

    """
    picture = cv2.imread(str(path), cv2.IMREAD_COLOR)
    if picture is None:
        raise CommandError(f"{path} is no picture that can be read; remove it, or bring the file")
    return np.asarray(picture, np.uint8)
