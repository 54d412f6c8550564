"""Finding lines of text in a picture: the detector protocol, and the detector for networks that give maps.

Owns the way from a colour picture to quads and back to its pixels.  Does not own the network (engine) or time (stream).
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np

from glyphfeed.engines.character_maps import boxes_from_characters
from glyphfeed.engines.engine import first_output
from glyphfeed.engines.models import ModelError, ProbabilityMap
from glyphfeed.engines.tensors import fit_into, lay

if TYPE_CHECKING:
    from cv2.typing import MatLike
    from numpy.typing import NDArray

    from glyphfeed.engines.engine import Engine
    from glyphfeed.engines.models import DetectorModel, MapThresholds
    from glyphfeed.engines.tensors import Fit, Tensor

MIN_SIDE_PX = 3.0
"""Regions thinner than this on the map are noise."""


class Detector(Protocol):
    """Finds lines of text."""

    @property
    def name(self) -> str:
        """The network's, for people; see `engines.engine.Engine.name`."""
        ...

    def detect(
        self, image: NDArray[np.uint8], *, turned: bool = False, enhanced: bool = False, coarse: bool = False
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Find text in a (height, width, 3) uint8 blue-green-red picture.

        What the network sees may be `turned` by 90 degrees, for lines that run up or down, or `enhanced` in local contrast, for
        text that is printed tone on tone; a `coarse` look costs less than half and misses the smallest text
        (what the network sees upright as a portrait it sees in full all the same).

        Returns:
            Quads (N, 4, 2) in pixels of the picture, clockwise, from the corner that is top-left as the picture stands (so the
            first edge points right, within 45 degrees), and scores (N,) in 0..1.

        """
        ...


class MapDetector:
    """A network whose output is a picture of where text is, or of where characters are and what joins them."""

    def __init__(self, engine: Engine, model: DetectorModel) -> None:
        """Run the network once, to see whether its output is what its description says.

        Raises:
            ModelError: it is not.

        """
        self._times = check_maps(engine, model)
        self._engine = engine
        self._model = model

    @property
    def name(self) -> str:
        """See `engines.engine.Engine.name`."""
        return self._engine.name

    def detect(
        self, image: NDArray[np.uint8], *, turned: bool = False, enhanced: bool = False, coarse: bool = False
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """See `Detector.detect`."""
        seen = enhance(image) if enhanced else image
        if turned:
            seen = np.asarray(cv2.rotate(seen, cv2.ROTATE_90_CLOCKWISE), np.uint8)
        landscape = seen.shape[1] >= seen.shape[0]
        inputs = self._model.input
        sizes = inputs.coarse_sizes if coarse and landscape else ()
        fit = fit_into(seen, sizes or inputs.sizes)
        eye = self._engine.eye
        if eye is None:
            maps = covered(first_output(self._engine, lay(seen, fit, inputs)), fit)
        else:
            maps = eye.see(seen, fit, inputs, self._model.least)
        quads, scores = quads_from_maps(maps, self._times, self._model)
        quads /= np.float32(fit.scale)
        return turned_back(quads, image.shape[0]) if turned else quads, scores


def check_maps(engine: Engine, model: DetectorModel) -> float:
    """Run the network once and see whether its output is what its description says.

    Returns:
        How many pixels of the input one of the maps stands for, along either side.

    Raises:
        ModelError: it is not.

    """
    shape = min(model.input.shapes, key=math.prod)
    output = first_output(engine, np.zeros(shape, np.float32))
    maps = planes_first(output)
    times = shape[2] / maps.shape[1] if maps is not None else 0.0
    if isinstance(model, ProbabilityMap):
        fits, wanted = output.shape == (1, 1, *shape[2:]), f"{(1, 1, *shape[2:])}"
    else:
        fits = maps is not None and len(maps) == 2 and shape[3] / maps.shape[2] == times >= 1
        wanted = "(1, height, width, 2), as the input or smaller"
    if not fits:
        raise ModelError(
            f"{engine.name} is described with the head {model.head}, whose output for an input of {shape} is {wanted}, "
            f"and it gives {output.shape}: choose the head, or the ONNX file, that fits"
        )
    return times


def planes_first(output: Tensor) -> Tensor | None:
    """The maps, (planes, height, width), in an output of either layout; None if it is of neither."""
    if output.ndim != 4 or output.shape[0] != 1:
        return None
    if output.shape[3] == 2:
        return np.ascontiguousarray(output[0].transpose(2, 0, 1))
    return output[0] if output.shape[1] in (1, 2) else None


def covered(output: Tensor, fit: Fit) -> Tensor:
    """The part of an output that a picture covers, as maps (planes, rows, columns)."""
    maps = planes_first(output)
    assert maps is not None
    rows, columns = fit.covers(*maps.shape[1:])
    return maps[:, :rows, :columns]


def quads_from_maps(maps: Tensor, times: float, model: DetectorModel) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Read maps, whose pixels stand for so many of the input, as quads (N, 4, 2) in its pixels, largest first, with scores."""
    if isinstance(model, ProbabilityMap):
        return quads_from_map(maps[0], model.thresholds)
    boxes = boxes_from_characters(maps[0], maps[1], model.thresholds)
    return in_order([(box * np.float32(times), score) for box, score in boxes])


def enhance(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Even out the local contrast of a colour picture (contrast-limited adaptive histogram equalisation, Zuiderveld, 1994)."""
    lab = cv2.cvtColor(image, cv2.COLOR_BGR2LAB)
    lab[..., 0] = cv2.createCLAHE(clipLimit=4.0, tileGridSize=(8, 8)).apply(np.ascontiguousarray(lab[..., 0]))
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2BGR), np.uint8)


def quads_from_map(
    probability: NDArray[np.float32], thresholds: MapThresholds
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Find the text regions of a (height, width) probability map as quads (N, 4, 2) and scores (N,), largest first."""
    mask = (probability > thresholds.mask).astype(np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    boxes = []
    for contour in contours:
        (centre, (width, height), angle) = cv2.minAreaRect(contour)
        if min(width, height) < MIN_SIDE_PX:
            continue
        score = region_score(probability, contour)
        if score < thresholds.score:
            continue
        # The network was trained on shrunk regions; each side moves out by area x ratio / perimeter (Liao et al., Real-time Scene
        # Text Detection with Differentiable Binarization, 2020, equation 10).
        margin = 2 * width * height * thresholds.unclip / (2 * (width + height))
        boxes.append((cv2.boxPoints((centre, (width + margin, height + margin), angle)).astype(np.float32), score))
    return in_order(boxes)


def in_order(boxes: list[tuple[NDArray[np.float32], float]]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Put boxes (4, 2) with scores, largest first, into quads (N, 4, 2), each upright, and scores (N,)."""
    boxes = sorted(boxes, key=lambda scored: -float(cv2.contourArea(scored[0])))
    quads = np.array([upright(box) for box, _ in boxes], np.float32).reshape(-1, 4, 2)
    return quads, np.array([score for _, score in boxes], np.float32)


def region_score(probability: NDArray[np.float32], contour: MatLike) -> float:
    """Mean probability inside a contour, 0..1."""
    x, y, width, height = cv2.boundingRect(contour)
    inside = np.zeros((height, width), np.uint8)
    cv2.fillPoly(inside, [np.asarray(contour) - np.array([x, y], np.int32)], 1)
    return float(cv2.mean(probability[y : y + height, x : x + width], inside)[0])


def turned_back(quads: NDArray[np.float32], height: int) -> NDArray[np.float32]:
    """Map quads (N, 4, 2) of a picture that was turned clockwise by 90 degrees back into the picture, `height` pixels high."""
    back = np.stack([quads[..., 1], height - quads[..., 0]], axis=-1)
    return np.array([upright(quad) for quad in back], np.float32).reshape(-1, 4, 2)


def upright(box: NDArray[np.float32]) -> NDArray[np.float32]:
    """Order a rectangle's corners clockwise so that its first edge points right, within 45 degrees."""
    edges = np.roll(box, -1, axis=0) - box
    clockwise = float(np.cross(np.append(edges[0], 0), np.append(edges[1], 0))[2]) > 0
    if not clockwise:
        box = box[::-1]
        edges = np.roll(box, -1, axis=0) - box
    directions = edges[:, 0] / np.maximum(np.hypot(edges[:, 0], edges[:, 1]), 1e-6)
    return np.roll(box, -int(np.argmax(directions)), axis=0)
