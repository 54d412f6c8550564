"""The filter of a quad's corners, fed with motions that are known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.geometry import turn
from glyphfeed.stream.motion.quad import VELOCITY_GAIN, QuadFilter, detection_covariance
from tests.stream.feed.samples import box
from tests.stream.shapes import moved

if TYPE_CHECKING:
    from numpy.typing import NDArray

START = box(100, 80, 120, 24).astype(np.float64)
NOISE_PX = np.array([5.0, 1.5])
"""Spread of the corners that a detector gives, along and across."""


def shaken(quad: NDArray[np.float64], rng: np.random.Generator) -> NDArray[np.float64]:
    return np.asarray(quad + rng.normal(0, 1, (4, 2)) * NOISE_PX)


def error_px(motion: QuadFilter, quad: NDArray[np.float64]) -> float:
    return float(np.abs(motion.quad - quad).mean())


def test_it_begins_at_the_detection_and_at_rest() -> None:
    motion = QuadFilter(START)
    np.testing.assert_allclose(motion.quad, START)
    assert motion.velocity == (0.0, 0.0)


def test_it_begins_with_the_velocity_that_the_flow_tells_and_goes_on_with_it() -> None:
    motion = QuadFilter(START, (120.0, -40.0))
    assert motion.velocity == (120.0, -40.0)
    motion.coast(0.5)
    np.testing.assert_allclose(motion.quad, moved(START, 60.0, -20.0))


def test_where_the_velocity_is_known_a_detection_counts_for_less() -> None:
    shifts = []
    for velocity in (None, (0.0, 0.0)):
        motion = QuadFilter(START, velocity)
        motion.coast(0.1)
        motion.correct(moved(START, 20.0, 0.0))
        shifts.append(float((motion.quad - START)[:, 0].mean()))
    assert 0 < shifts[1] < shifts[0] < 20


def test_the_velocity_follows_the_flow_by_a_fixed_share_whatever_was_detected() -> None:
    motion, quad, expected = QuadFilter(START), START, 0.0
    for step, speed in enumerate((100.0, 100.0, -60.0, 0.0, 30.0)):
        quad = moved(quad, speed * 0.04, 0)
        motion.carry(quad, 0.04)
        expected += VELOCITY_GAIN * (speed - expected)
        assert motion.velocity == pytest.approx((expected, 0), abs=1e-6)
        if step % 2:
            motion.correct(moved(quad, 3.0, 1.0))
            quad = motion.quad
            assert motion.velocity == pytest.approx((expected, 0), abs=1e-6), "a place says nothing of a velocity"


def test_flow_carries_every_corner_exactly() -> None:
    motion, quad = QuadFilter(START), START
    for step in range(10):
        quad = quad * (1 + 0.01 * step) + (3.0, -1.5) + np.array([[0, 0], [1, 0], [1, 1], [0, 1]])
        motion.carry(quad, 0.04)
        np.testing.assert_allclose(motion.quad, quad, atol=1e-9)


def test_the_quad_it_gives_belongs_to_the_caller() -> None:
    motion = QuadFilter(START)
    given_out = motion.quad
    given_out += 50
    motion.correct(START)
    np.testing.assert_allclose(motion.quad, START)
    np.testing.assert_allclose(given_out, START + 50)


def test_repeated_noisy_detections_converge() -> None:
    rng, late, single = np.random.default_rng(0), [], []
    motion = QuadFilter(shaken(START, rng))
    for step in range(60):
        motion.carry(motion.quad, 0.04)
        detected = shaken(START, rng)
        motion.correct(detected)
        if step >= 20:
            late.append(error_px(motion, START))
            single.append(float(np.abs(detected - START).mean()))
    assert np.mean(late) < 0.5 * np.mean(single)


def test_a_detection_moves_the_quad_only_a_part_of_the_way_and_the_tenth_less_than_the_first() -> None:
    motion, shifts = QuadFilter(START), []
    for _ in range(10):
        motion.carry(START, 0.04)
        motion.correct(moved(START, 4.0, 2.0))
        shifts.append(float((motion.quad - START).mean()))
    assert 0 < shifts[-1] < shifts[0] < 3.0


@pytest.mark.parametrize("velocity", [(250.0, -90.0), (-600.0, 0.0)])
def test_the_velocity_of_steady_motion_is_found_at_uneven_times(velocity: tuple[float, float]) -> None:
    rng, motion, t = np.random.default_rng(1), QuadFilter(START), 0.0
    for dt in rng.choice([0.02, 0.033, 0.05, 0.12], 30):
        t += float(dt)
        motion.carry(START + np.array(velocity) * t + rng.normal(0, 0.05, (4, 2)), float(dt))
    np.testing.assert_allclose(motion.velocity, velocity, atol=0.04 * np.hypot(*velocity))


def test_a_stop_is_noticed() -> None:
    motion = QuadFilter(START)
    for step in range(1, 11):
        motion.carry(moved(START, 10.0 * step, 0), 0.04)
    assert motion.velocity[0] == pytest.approx(250, rel=0.05)
    for _ in range(10):
        motion.carry(motion.quad, 0.04)
    assert np.hypot(*motion.velocity) < 15


def running(velocity: tuple[float, float] = (200.0, -50.0)) -> QuadFilter:
    motion = QuadFilter(START)
    for step in range(1, 11):
        motion.carry(START + np.array(velocity) * 0.04 * step, 0.04)
    return motion


@given(st.lists(st.floats(0.005, 0.3), min_size=1, max_size=6))
def test_unseen_it_goes_on_by_the_time_that_passed(steps: list[float]) -> None:
    motion = running()
    quad, velocity = motion.quad, np.array(motion.velocity)
    for dt in steps:
        motion.coast(dt)
    np.testing.assert_allclose(motion.quad, quad + velocity * sum(steps), atol=1e-6)
    np.testing.assert_allclose(motion.velocity, velocity)


def test_the_longer_it_was_not_seen_the_more_a_detection_counts() -> None:
    followed = []
    for unseen_s in (0.04, 0.2, 0.6):
        motion = running()
        motion.coast(unseen_s)
        before = motion.quad
        motion.correct(moved(before, 6.0, 3.0))
        followed.append(float((motion.quad - before).mean()))
    assert followed == sorted(followed)
    assert followed[-1] > 0.9 * 4.5


def test_a_detection_after_coasting_corrects_the_velocity_too() -> None:
    motion = running((200.0, 0.0))
    motion.coast(0.3)
    motion.correct(motion.quad - (30.0, 0.0))
    assert motion.velocity[0] < 170


def test_a_coarse_detection_counts_for_less() -> None:
    shifts = []
    for coarse in (False, True):
        motion = QuadFilter(START)
        motion.correct(moved(START, 4.0, 2.0), coarse=coarse)
        shifts.append(motion.quad - START)
    assert (shifts[0] > shifts[1]).all()
    assert (shifts[1] > 0).all()


def test_detected_ends_are_trusted_less_than_top_and_bottom() -> None:
    covariance = detection_covariance(START)
    assert covariance.shape == (8, 8)
    assert covariance[0, 0] > covariance[1, 1] > 0
    np.testing.assert_allclose(covariance, covariance.T)
    assert np.linalg.eigvalsh(covariance).min() > 0


def test_what_is_trusted_does_not_depend_on_where_a_quad_starts_or_how_large_it_is() -> None:
    np.testing.assert_allclose(detection_covariance(turn(START, 1)), detection_covariance(START))
    np.testing.assert_allclose(detection_covariance(START * 3), detection_covariance(START) * 9, rtol=1e-5)


steps = st.lists(
    st.tuples(
        st.sampled_from(["carry", "coast", "correct", "coarse"]), st.floats(0.001, 0.5), st.floats(-20, 20), st.floats(-20, 20)
    ),
    max_size=40,
)


@given(steps)
def test_whatever_happens_the_state_stays_finite(steps: list[tuple[str, float, float, float]]) -> None:
    motion = QuadFilter(START)
    for kind, dt, x, y in steps:
        if kind == "carry":
            motion.carry(moved(motion.quad, x, y), dt)
        elif kind == "coast":
            motion.coast(dt)
        else:
            motion.correct(moved(motion.quad, x, y), coarse=kind == "coarse")
    assert np.isfinite(motion.quad).all()
    assert np.isfinite(motion.velocity).all()
