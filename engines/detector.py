"""Finding lines of text in a picture: the detector protocol and the probability-map detector with its post-processing.

Owns the way from a colour picture to quads and back to its pixels.  Does not own the network (engine) or time (stream).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import cv2
import numpy as np

if TYPE_CHECKING:
    from cv2.typing import MatLike
    from numpy.typing import NDArray

    from engines.engine import Engine

MASK_THRESHOLD = 0.3
"""A pixel of the map above this belongs to text (PP-OCR's default)."""
SCORE_THRESHOLD = 0.5
"""A region whose mean probability is below this is dropped (PP-OCR's default is 0.6; tracking forgives more)."""
UNCLIP_RATIO = 1.6
"""How far the shrunk region is grown back, as area x ratio / perimeter (Liao et al., Real-time Scene Text Detection with
Differentiable Binarization, 2020, equation 10)."""
MIN_SIDE_PX = 3.0
"""Regions thinner than this on the map are noise."""
MAX_UPSCALE = 2.0
"""A small picture is enlarged at most this much to fill its bucket."""


class Detector(Protocol):
    """Finds lines of text."""

    name: str

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


@dataclass(frozen=True, slots=True)
class Fit:
    """How a picture was laid into its bucket: at the top-left corner, scaled by `scale`, `width` x `height` pixels used."""

    scale: float
    width: int
    height: int


class ProbabilityMapDetector:
    """A network whose output is the probability of (shrunk) text at each pixel, at the input's size."""

    BUCKETS = ((544, 960), (960, 544))
    """Input (height, width): landscape and portrait, multiples of 32."""
    COARSE_BUCKETS = ((352, 640),)
    """Landscape alone: most passes are, and each bucket takes a fifth of a second at every start."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.name = engine.name

    def detect(
        self, image: NDArray[np.uint8], *, turned: bool = False, enhanced: bool = False, coarse: bool = False
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """See `Detector.detect`."""
        seen = enhance(image) if enhanced else image
        if turned:
            seen = np.asarray(cv2.rotate(seen, cv2.ROTATE_90_CLOCKWISE), np.uint8)
        landscape = seen.shape[1] >= seen.shape[0]
        tensor, fit = fill_bucket(seen, self.COARSE_BUCKETS if coarse and landscape else self.BUCKETS)
        (output,) = self._engine.run({self._engine.input: tensor}).values()
        quads, scores = quads_from_map(output[0, 0, : fit.height, : fit.width])
        quads /= np.float32(fit.scale)
        return turned_back(quads, image.shape[0]) if turned else quads, scores


def enhance(image: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Even out the local contrast of a colour picture (contrast-limited adaptive histogram equalisation, Zuiderveld, 1994)."""
    lab = cv2.cvtColor(image, cv2.COLOR_BGR2LAB)
    lab[..., 0] = cv2.createCLAHE(clipLimit=4.0, tileGridSize=(8, 8)).apply(np.ascontiguousarray(lab[..., 0]))
    return np.asarray(cv2.cvtColor(lab, cv2.COLOR_LAB2BGR), np.uint8)


def fill_bucket(image: NDArray[np.uint8], buckets: tuple[tuple[int, int], ...]) -> tuple[NDArray[np.float32], Fit]:
    """Scale a picture into the bucket that leaves it largest, and normalise it to -1..1, as (1, 3, height, width)."""
    rows, columns = image.shape[:2]
    scale, (bucket_rows, bucket_columns) = max((min(b[0] / rows, b[1] / columns), b) for b in buckets)
    scale = min(scale, MAX_UPSCALE)
    height, width = max(round(rows * scale), 1), max(round(columns * scale), 1)
    if (height, width) != (rows, columns):
        method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
        image = cv2.resize(image, (width, height), interpolation=method).astype(np.uint8, copy=False)
    canvas = np.full((bucket_rows, bucket_columns, 3), 127, np.uint8)
    canvas[:height, :width] = image
    tensor = cv2.dnn.blobFromImage(canvas, 1 / 127.5, mean=(127.5, 127.5, 127.5))
    return tensor.astype(np.float32, copy=False), Fit(scale, width, height)


def quads_from_map(probability: NDArray[np.float32]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Find the text regions of a (height, width) probability map as quads (N, 4, 2) and scores (N,), largest first."""
    mask = (probability > MASK_THRESHOLD).astype(np.uint8)
    contours, _ = cv2.findContours(mask, cv2.RETR_LIST, cv2.CHAIN_APPROX_SIMPLE)
    quads, scores = [], []
    for contour in contours:
        (centre, (width, height), angle) = cv2.minAreaRect(contour)
        if min(width, height) < MIN_SIDE_PX:
            continue
        score = region_score(probability, contour)
        if score < SCORE_THRESHOLD:
            continue
        # The network was trained on shrunk regions; each side moves out by area * ratio / perimeter.
        margin = 2 * width * height * UNCLIP_RATIO / (2 * (width + height))
        box = cv2.boxPoints((centre, (width + margin, height + margin), angle))
        quads.append(upright(box.astype(np.float32)))
        scores.append(score)
    order = sorted(range(len(quads)), key=lambda i: -float(cv2.contourArea(quads[i])))
    return (
        np.array([quads[i] for i in order], np.float32).reshape(-1, 4, 2),
        np.array([scores[i] for i in order], np.float32),
    )


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
