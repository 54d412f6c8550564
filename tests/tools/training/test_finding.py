"""Words found against words wanted."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.tools.training.finding import Tally, overlap, tally
from tests.tools.training.celled import celled, moved

SQUARE = np.array([[0.0, 0], [10, 0], [10, 10], [0, 10]])


@given(st.floats(0, 12), st.floats(4, 20))
def test_shared_areas_are_those_of_rectangles(shift: float, side: float) -> None:
    other = SQUARE * side / 10 + [shift, 0]
    shared = max(min(10, shift + side) - shift, 0) * min(side, 10)
    inside, iou = overlap(SQUARE, other)
    assert inside == pytest.approx(shared / 100, abs=0.06)
    assert iou == pytest.approx(shared / (100 + side**2 - shared), abs=0.06)


def test_outlines_may_be_hollow() -> None:
    arch = celled([5.0] * 8, 10.0, bend=3.0)
    outline = np.concatenate([arch[:, 0], arch[-1:, 1], arch[-1:, 2], arch[::-1, 3]])
    assert overlap(outline, outline) == (1, 1)
    middle = moved(outline.mean(axis=0), 0, 14)
    assert overlap(outline, SQUARE / 5 + middle) == (0, 0)


def test_the_best_pairs_are_matched_and_unknown_text_is_left_out() -> None:
    wanted = [SQUARE, moved(SQUARE, 20, 0)]
    found = [moved(SQUARE, 1, 0), moved(SQUARE, 0.5, 0), moved(SQUARE, 40, 0), moved(SQUARE, 60, 0)]
    total = tally(found, wanted, [moved(SQUARE, 61, 0)])
    assert (total.matched, total.found, total.wanted) == (1, 3, 2)
    assert total.shared == pytest.approx(9.5 / 10.5, abs=0.02)
    assert total.f == pytest.approx(2 / 5)
    assert total.mean_iou == total.shared


def test_tallies_add_up() -> None:
    assert Tally(1, 2, 3, 0.5) + Tally(1, 1, 1, 1.0) == Tally(2, 3, 4, 1.5)
    assert Tally().f == 1
    assert Tally(0, 1, 1).f == Tally(0, 1, 1).mean_iou == 0
