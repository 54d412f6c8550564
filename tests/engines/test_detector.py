"""From a picture to the network's input, and from its probability map back to quads, on maps drawn by hand."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.engines.detector import MapDetector, enhance, quads_from_map, turned_back, upright
from glyphfeed.engines.models import DESCRIPTIONS, ProbabilityMap, parse

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from glyphfeed.engines.tensors import Tensor

MODEL = parse(DESCRIPTIONS / "PP-OCRv6_det_small.toml", "the default")
assert isinstance(MODEL, ProbabilityMap)
LIMITS = MODEL.thresholds
BUCKETS, COARSE_BUCKETS = MODEL.input.sizes, MODEL.input.coarse_sizes
LANDSCAPE, PORTRAIT = BUCKETS


def rectangle(centre: tuple[float, float], width: float, height: float, angle_deg: float) -> NDArray[np.float32]:
    """Corners clockwise from the top left, then turned clockwise by an angle."""
    cos, sin = math.cos(math.radians(angle_deg)), math.sin(math.radians(angle_deg))
    corners = np.array([(-width, -height), (width, -height), (width, height), (-width, height)]) / 2
    return np.asarray(corners @ np.array([(cos, sin), (-sin, cos)]) + centre, np.float32)


def grown(width: float, height: float) -> tuple[float, float]:
    """Sides of a region of the map after it has been grown back, each by area x ratio / perimeter on either side."""
    margin = width * height * LIMITS.unclip / (width + height)
    return width + margin, height + margin


def drawn(*quads: NDArray[np.float32], size: tuple[int, int] = (200, 320), value: float = 0.9) -> NDArray[np.float32]:
    probability = np.zeros(size, np.float32)
    for quad in quads:
        cv2.fillPoly(probability, [np.round(quad * 16).astype(np.int32)], value, shift=4)
    return probability


def deviation(found: NDArray[np.float32], expected: NDArray[np.float32]) -> float:
    """Largest distance of corners in the same place of the order, pixels."""
    return float(np.linalg.norm(found - expected, axis=1).max())


@pytest.mark.parametrize("angle_deg", [-44, -30, -5, 0, 12, 30, 44])
def test_a_rotated_region_gives_its_rectangle_grown_back(angle_deg: float) -> None:
    quads, scores = quads_from_map(drawn(rectangle((160, 100), 120, 14, angle_deg)), LIMITS)
    assert len(quads) == 1
    assert deviation(quads[0], rectangle((160, 100), *grown(120, 14), angle_deg)) < 2.5
    assert scores == pytest.approx([0.9], abs=0.06)


def test_a_line_that_runs_down_is_tall_and_starts_top_left() -> None:
    ((quad,), _) = quads_from_map(drawn(rectangle((160, 100), 14, 120, 8)), LIMITS)
    assert deviation(quad, rectangle((160, 100), *grown(14, 120), 8)) < 2.5


def test_an_empty_map_gives_arrays_of_nothing() -> None:
    quads, scores = quads_from_map(np.zeros((64, 64), np.float32), LIMITS)
    assert (quads.shape, scores.shape) == ((0, 4, 2), (0,))
    assert quads.dtype == scores.dtype == np.float32


def test_what_is_improbable_or_thin_is_no_text() -> None:
    place = rectangle((160, 100), 120, 14, 0)
    for nothing in (
        drawn(place, value=LIMITS.mask - 0.02),
        drawn(place, value=LIMITS.score - 0.02),
        drawn(rectangle((160, 100), 120, 1, 0)),
    ):
        assert len(quads_from_map(nothing, LIMITS)[0]) == 0


def test_regions_come_largest_first_with_their_own_scores() -> None:
    small, large, middle = (
        rectangle((60, 40), 40, 12, 0),
        rectangle((160, 90), 200, 20, 10),
        rectangle((80, 170), 90, 14, -10),
    )
    probability = np.maximum(drawn(small, value=0.95), np.maximum(drawn(large, value=0.7), drawn(middle, value=0.8)))
    quads, scores = quads_from_map(probability, LIMITS)
    assert [quad.mean(axis=0).tolist() for quad in quads] == [pytest.approx(c, abs=1.5) for c in ([160, 90], [80, 170], [60, 40])]
    assert scores == pytest.approx([0.7, 0.8, 0.95], abs=0.06)


@given(st.floats(-44.5, 44.5), st.integers(0, 3), st.booleans(), st.floats(5, 200), st.floats(5, 200))
def test_corners_are_put_clockwise_from_the_top_left(angle: float, start: int, back: bool, width: float, height: float) -> None:
    ordered = rectangle((100, 100), width, height, angle)
    shuffled = np.roll(ordered[::-1] if back else ordered, start, axis=0)
    np.testing.assert_array_equal(upright(shuffled), ordered)


@pytest.mark.parametrize("angle_deg", [-70, -20, 0, 35, 80])
def test_a_turned_picture_has_its_quads_turned_back(angle_deg: float) -> None:
    place = rectangle((160, 100), 90, 12, angle_deg)
    turned = np.asarray(cv2.rotate(drawn(place), cv2.ROTATE_90_CLOCKWISE), np.float32)
    (quad,) = turned_back(quads_from_map(turned, LIMITS)[0], height=200)
    ((level,), _) = quads_from_map(drawn(place), LIMITS)
    assert deviation(quad, level) < 2.5
    edge = quad[1] - quad[0]
    assert abs(math.degrees(math.atan2(edge[1], edge[0]))) <= 45.5


def test_no_quads_are_turned_back_to_none() -> None:
    assert turned_back(np.empty((0, 4, 2), np.float32), 100).shape == (0, 4, 2)


def test_enhancing_brings_out_faint_contrast_and_keeps_the_picture() -> None:
    faint = np.full((120, 200, 3), 120, np.uint8)
    cv2.putText(faint, "TONE", (20, 80), cv2.FONT_HERSHEY_SIMPLEX, 2, (128, 128, 128), 4)
    before = faint.copy()
    seen = enhance(faint)
    assert seen.shape == faint.shape
    assert seen.dtype == np.uint8
    assert np.ptp(seen) > 2 * np.ptp(faint)
    np.testing.assert_array_equal(faint, before)


class Bright:
    """A network that takes bright pixels for text."""

    name, input = "bright", "x"
    eye = None

    def __init__(self) -> None:
        self.seen: list[tuple[int, ...]] = []

    def run(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        self.seen.append(tensors[self.input].shape[2:])
        return {"map": (tensors[self.input].mean(axis=1, keepdims=True) > 0).astype(np.float32) * np.float32(0.9)}

    def metadata(self, key: str) -> str | None: ...

    def close(self) -> None: ...


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("enhanced", [False, True])
@pytest.mark.parametrize("coarse", [False, True])
@pytest.mark.parametrize("size", [(720, 1280), (1280, 720), (240, 320)])
def test_quads_are_in_pixels_of_the_picture_whatever_the_network_saw(
    size: tuple[int, int], turned: bool, enhanced: bool, coarse: bool
) -> None:
    picture = np.zeros((*size, 3), np.uint8)
    place = rectangle((170, 110), 160, 30, -12)
    cv2.fillPoly(picture, [np.round(place * 16).astype(np.int32)], (255, 255, 255), shift=4)
    detector = MapDetector(Bright(), MODEL)
    quads, scores = detector.detect(picture, turned=turned, enhanced=enhanced, coarse=coarse)
    assert len(quads) == 1
    assert deviation(quads[0], rectangle((170, 110), *grown(160, 30), -12)) < 5
    assert scores == pytest.approx([0.9], abs=0.06)
    assert detector.name == "bright"


@pytest.mark.parametrize(
    ("size", "turned", "coarse", "buckets"),
    [
        ((720, 1280), False, False, [LANDSCAPE]),
        ((720, 1280), True, False, [PORTRAIT]),
        ((720, 1280), False, True, COARSE_BUCKETS),
        ((720, 1280), True, True, [PORTRAIT]),
        ((1280, 720), False, True, [PORTRAIT]),
        ((1280, 720), True, True, COARSE_BUCKETS),
        ((700, 700), False, True, COARSE_BUCKETS),
    ],
)
def test_a_coarse_look_sees_less_of_a_landscape(
    size: tuple[int, int], turned: bool, coarse: bool, buckets: Sequence[tuple[int, int]]
) -> None:
    network = Bright()
    detector = MapDetector(network, MODEL)
    network.seen.clear()
    detector.detect(np.zeros((*size, 3), np.uint8), turned=turned, coarse=coarse)
    assert network.seen[0] in buckets
    assert len(network.seen) == 1


def test_coarse_looks_see_less_than_half() -> None:
    assert all(rows * columns < LANDSCAPE[0] * LANDSCAPE[1] / 2 for rows, columns in COARSE_BUCKETS)
