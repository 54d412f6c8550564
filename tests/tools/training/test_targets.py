"""Region and affinity maps of known characters."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.engines.characters import SPREAD
from glyphfeed.tools.training.targets import affinity_quads, gaussians, half_sides, maps_of_words
from tests.tools.training.celled import celled, moved, placed

SQUARE = np.array([[[4.0, 4], [12, 4], [12, 12], [4, 12]]])
SIZE = (24, 32)

quads = st.builds(
    lambda width, height, turned, narrowing, x, y: (
        celled([width], height, turned_deg=turned, narrowing=narrowing) + np.array([x, y])
    ),
    *(st.floats(2, 14), st.floats(2, 14), st.floats(-180, 180), st.floats(-0.4, 0.4), st.floats(-8, 40), st.floats(-8, 32)),
)


def expected(quad: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    """The Gaussian in one quad, pixel by pixel, by its covariance."""
    across, down = (quad[1] + quad[2] - quad[0] - quad[3]) / 4, (quad[2] + quad[3] - quad[0] - quad[1]) / 4
    inverse = np.linalg.inv(SPREAD**2 * (np.outer(across, across) + np.outer(down, down)))
    rows, columns = np.mgrid[: size[0], : size[1]] + 0.5
    away = np.stack([columns, rows], axis=-1) - quad.mean(axis=0)
    return np.asarray(np.exp(-np.einsum("rci,ij,rcj->rc", away, inverse, away) / 2))


def test_a_square_holds_a_round_gaussian() -> None:
    drawn = gaussians(SQUARE, (16, 16))
    # Half a pixel right of the middle and as much below it; the standard deviation is two pixels.
    assert drawn[8, 8] == pytest.approx(math.exp(-(0.5**2 + 0.5**2) / (2 * 2**2)))
    assert drawn[8, 12] == pytest.approx(math.exp(-(4.5**2 + 0.5**2) / (2 * 2**2)))
    assert drawn == pytest.approx(drawn.T)
    assert drawn == pytest.approx(drawn[::-1, ::-1])


@given(st.lists(quads, max_size=4))
def test_each_quad_holds_its_gaussian_and_the_largest_counts(cells: list[np.ndarray]) -> None:
    drawn = gaussians(np.concatenate([np.zeros((0, 4, 2)), *cells]), SIZE)
    wanted = np.max([np.zeros(SIZE), *(expected(cell[0], SIZE) for cell in cells)], axis=0)
    # Beyond three standard deviations along both sides nothing is drawn.
    assert np.abs(drawn - wanted).max(initial=0) < math.exp(-(3**2) / 2) + 1e-6


@given(st.lists(st.floats(2, 9), min_size=1, max_size=8), st.floats(3, 12), st.floats(0, 360), st.sampled_from([0.0, -1.5, 0.4]))
def test_maps_lie_within_bounds_and_affinity_between_characters(
    widths: list[float], height: float, turned_deg: float, bend: float
) -> None:
    cells, size = placed(celled(widths, height, turned_deg=turned_deg, bend=bend))
    region, affinity = maps_of_words([cells], size)
    assert region.min() >= 0
    assert region.max() <= 1
    assert (affinity.max() > 0.1) == (len(widths) > 1)
    between = affinity_quads(cells)
    assert between.shape == (len(widths) - 1, 4, 2)
    assert between.mean(axis=1) == pytest.approx((cells[:-1].mean(axis=1) + cells[1:].mean(axis=1)) / 2)


def test_affinity_spans_two_thirds_of_the_height_from_middle_to_middle() -> None:
    (between,) = affinity_quads(np.array([SQUARE[0], moved(SQUARE[0], 8, 0)]))
    assert between == pytest.approx(np.array([[8, 16 / 3], [16, 16 / 3], [16, 32 / 3], [8, 32 / 3]]))


def test_words_are_not_joined() -> None:
    apart = maps_of_words([SQUARE, moved(SQUARE, 8, 0)], SIZE)
    assert apart[1].max() == 0
    assert maps_of_words([], SIZE).shape == (2, *SIZE)
    assert maps_of_words([], SIZE).max() == 0


def test_what_has_no_width_is_left_out() -> None:
    flat = SQUARE[:, [0, 0, 3, 3]]
    assert gaussians(flat, SIZE).max() == 0
    assert half_sides(SQUARE)[0] == pytest.approx(4 * np.eye(2))
