from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.tools.evaluation.calibration import Bin, calibration_error, reliability


def test_bins_hold_equal_numbers_and_tell_what_was_right() -> None:
    confidences = [0.1, 0.2, 0.3, 0.4, 0.6, 0.7, 0.8, 0.9]
    right = [False, True, False, False, True, True, True, False]
    assert reliability(confidences, right, bins=2) == [
        Bin(0.1, 0.4, 4, pytest.approx(0.25), 0.25),
        Bin(0.6, 0.9, 4, pytest.approx(0.75), 0.75),
    ]
    assert calibration_error(reliability(confidences, right, bins=2)) == pytest.approx(0)
    assert calibration_error(reliability(confidences, right, bins=8)) == pytest.approx(
        (0.1 + 0.8 + 0.3 + 0.4 + 0.4 + 0.3 + 0.2 + 0.9) / 8
    )


def test_nothing_has_no_error() -> None:
    assert reliability([], []) == []
    assert calibration_error([]) is None


def test_one_confidence_for_all_is_one_bin() -> None:
    (only,) = reliability([0.9] * 10, [True] * 7 + [False] * 3)
    assert (only.low, only.high, only.count, only.accuracy) == (0.9, 0.9, 10, 0.7)


@given(st.lists(st.tuples(st.sampled_from([0.0, 0.3, 0.31, 0.7, 0.95, 1.0]), st.booleans()), min_size=1, max_size=60))
def test_every_sample_is_in_one_bin_and_their_order_does_not_matter(samples: list[tuple[float, bool]]) -> None:
    bins = reliability(*zip(*samples, strict=True))
    assert sum(one.count for one in bins) == len(samples)
    assert all(a.high < b.low for a, b in pairwise(bins))
    assert all(one.low - 1e-9 <= one.confidence <= one.high + 1e-9 and 0 <= one.accuracy <= 1 for one in bins)
    assert bins == reliability(*zip(*sorted(samples), strict=True))
