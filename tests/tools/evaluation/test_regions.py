from __future__ import annotations

import numpy as np
import pytest

from glyphfeed.tools.evaluation.regions import height_of, quad_of
from glyphfeed.tools.evaluation.words import split
from tests.tools.evaluation.made import quad

HEXAGON = np.array([[0, 0], [50, 0], [100, 0], [100, 10], [50, 10], [0, 10]])


def turned(points: np.ndarray, degrees: float) -> np.ndarray:
    """Points turned clockwise, as one sees them, about (200, 200)."""
    angle = np.radians(degrees)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return np.asarray(points @ turn.T + 200, np.float32)


@pytest.mark.parametrize("degrees", [-170, -90, -45, -20, 0, 3, 20, 45, 89, 90, 135, 180])
def test_a_polygon_of_six_points_has_its_corners_where_its_text_has(degrees: float) -> None:
    polygon = turned(HEXAGON, degrees)
    assert quad_of(polygon) == pytest.approx(polygon[[0, 2, 3, 5]], abs=0.01)
    assert height_of(polygon) == pytest.approx(10, abs=0.01)
    (_, _, _), (word, place, _) = split({"text": "EXIT 12345", "polygon": polygon.tolist()})
    assert word == "12345"
    assert place == pytest.approx(turned(np.array(quad((50, 0), 50, 10)), degrees), abs=0.01)


def test_a_text_that_is_higher_than_wide_or_bent_stands_upright() -> None:
    letter = turned(HEXAGON * [0.1, 4], -20)
    assert quad_of(letter) == pytest.approx(letter[[0, 2, 3, 5]], abs=0.01)
    arch = np.array([[0, 60], [100, 0], [200, 60], [160, 60], [100, 30], [40, 60]], np.float32)
    assert quad_of(arch) == pytest.approx(np.array(quad((0, 0), 200, 60)), abs=0.01)
    triangle = np.array([[0, 0], [60, 0], [30, 20]], np.float32)
    assert quad_of(triangle) == pytest.approx(np.array(quad((0, 0), 60, 20)), abs=0.01)


def test_four_points_stay_as_they_are() -> None:
    corners = turned(HEXAGON, 70)[[3, 5, 0, 2]]
    assert quad_of(corners) is corners
