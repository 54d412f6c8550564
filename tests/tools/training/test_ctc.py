"""Between steps and characters."""

from __future__ import annotations

import itertools

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from glyphfeed.engines.lattice import lattice_from_ctc
from glyphfeed.tools.training.charset import CHARSET, classes_of
from glyphfeed.tools.training.ctc import BLANK, IGNORED, align, greedy, guide, prefix_beam

STEPS = arrays(np.float64, (4, 3), elements=st.floats(0.05, 1)).map(
    lambda weights: np.log(weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)
)
"""Four steps of three classes, each of which may be."""


def collapsed(path: tuple[int, ...]) -> tuple[int, ...]:
    """What a path says."""
    return tuple(label for label, _ in itertools.groupby(path) if label != BLANK)


def steps_of(*labels: int) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Steps of three classes that are almost sure."""
    shares = np.full((len(labels), 3), 0.01, np.float32)
    shares[np.arange(len(labels)), labels] = 0.98
    return np.log(shares)


def test_repeats_are_one_unless_a_blank_is_between() -> None:
    assert greedy(steps_of(0, 1, 1, 0, 1, 2, 2, 0)) == [1, 1, 2]
    assert prefix_beam(steps_of(0, 1, 1, 0, 1, 2, 2, 0)) == [1, 1, 2]


def test_many_unlikely_paths_outweigh_the_likeliest() -> None:
    steps = np.log(np.array([[0.6, 0.4], [0.6, 0.4]], np.float32))
    # Nothing has 0.36 on one path, "a" 0.64 on three.
    assert greedy(steps) == []
    assert prefix_beam(steps) == [1]


@given(STEPS)
def test_prefix_beam_finds_the_likeliest_text(steps: np.ndarray[tuple[int, int], np.dtype[np.float32]]) -> None:
    sums: dict[tuple[int, ...], float] = {}
    for path in itertools.product(range(3), repeat=len(steps)):
        said = collapsed(path)
        sums[said] = sums.get(said, 0.0) + float(np.exp(sum(step[label] for step, label in zip(steps, path, strict=True))))
    assert sums[tuple(prefix_beam(steps))] >= max(sums.values()) - 1e-5


@given(STEPS, st.lists(st.integers(1, 2), min_size=1, max_size=2))
def test_alignment_lies_on_the_likeliest_path(
    steps: np.ndarray[tuple[int, int], np.dtype[np.float32]], classes: list[int]
) -> None:
    at = align(steps, np.array(classes))
    paths = [path for path in itertools.product(range(3), repeat=len(steps)) if collapsed(path) == tuple(classes)]
    best = max(sum(step[label] for step, label in zip(steps, path, strict=True)) for path in paths)
    through = [path for path in paths if at is not None and all(path[k] == label for k, label in zip(at, classes, strict=True))]
    assert any(np.isclose(sum(step[label] for step, label in zip(steps, path, strict=True)), best, atol=1e-4) for path in through)


def test_there_may_be_too_few_steps_to_say_a_text() -> None:
    assert align(steps_of(1, 1), np.array([1, 1])) is None
    found = align(steps_of(1, 0, 1), np.array([1, 1]))
    assert found is not None
    assert found.tolist() == [0, 2]


def test_characters_are_said_where_the_reader_expects_them() -> None:
    text = "Hall"
    edges = np.array([[2, 5], [6, 9], [10, 12], [14, 16]], np.float32)
    asked = guide(classes_of(text), edges, 20)
    assert asked[0] == BLANK == asked[19]
    assert asked[13] == BLANK, "between two that are the same"
    shares = np.full((20, len(CHARSET) + 1), 1e-6, np.float32)
    shares[np.arange(20), np.where(asked == IGNORED, BLANK, asked)] = 1
    lattice = lattice_from_ctc(shares, CHARSET)
    assert lattice.text == text
    columns = [slot.column * 20 for slot in lattice.slots]
    assert np.allclose(columns, edges.mean(axis=1), atol=0.5 + 1e-6)


def test_nothing_is_asked_where_nobody_knows() -> None:
    assert (guide(classes_of("ab"), np.full((2, 2), np.nan, np.float32), 8) == IGNORED).all()


@given(st.lists(st.floats(-3, 12), min_size=2, max_size=6).map(sorted))
def test_no_step_is_asked_for_two_characters(middles: list[float]) -> None:
    edges = np.array([[middle - 0.4, middle + 0.4] for middle in middles], np.float32)
    classes = np.arange(1, len(middles) + 1)
    asked = guide(classes, edges, 10)
    said = [label for label in asked if label > BLANK]
    assert said == sorted(set(said))
