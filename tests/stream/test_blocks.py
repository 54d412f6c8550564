"""Which lines belong together, and in which order they are read."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.blocks import arrange, blocks_of
from glyphfeed.stream.records import TextState
from tests.stream.feed.samples import box, entity

if TYPE_CHECKING:
    from numpy.typing import NDArray

H = 20.0
PITCH = 28.0
"""Height and distance of the lines of a paragraph."""


def paragraph(x: float, y: float, *widths: float, height: float = H) -> list[NDArray[np.float64]]:
    return [line(x, y + k * PITCH * height / H, width, height) for k, width in enumerate(widths)]


def line(x: float, y: float, width: float, height: float = H, degrees: float = 0.0) -> NDArray[np.float64]:
    """A line from its top-left corner, running in a direction clockwise from level."""
    turned = np.array([[math.cos(math.radians(degrees)), math.sin(math.radians(degrees))]] * 2)
    turned[1] = [-turned[0, 1], turned[0, 0]]
    return np.array([x, y]) + box(0, 0, width, height).astype(np.float64) @ turned


def blocks(*lines: NDArray[np.float64]) -> list[list[int]]:
    return arrange(np.array(lines))


HEADING = line(200, 0, 400, 2 * H)
LEFT = paragraph(0, 100, 300, 290, 305, 200)
RIGHT = paragraph(360, 100, 310, 280, 300)
NOTE = line(10, 400, 600, 0.6 * H)
SCENES = {
    "a paragraph": (paragraph(50, 50, 300, 310, 290, 120), [[0, 1, 2, 3]]),
    "a page of two columns": ([HEADING, *LEFT, *RIGHT, NOTE], [[0], [1, 2, 3, 4], [5, 6, 7], [8]]),
    "a heading of the columns' own size": ([line(0, 65, 660), *LEFT, *RIGHT], [[0], [1, 2, 3, 4], [5, 6, 7]]),
    "columns between headings": (
        [
            line(0, 0, 600, 30),
            line(0, 60, 200),
            line(320, 60, 200),
            line(0, 130, 600, 30),
            line(0, 190, 200),
            line(320, 190, 200),
        ],
        [[0], [1], [2], [3], [4], [5]],
    ),
    "two paragraphs in a column": ([*paragraph(0, 0, 300, 300), *paragraph(0, 100, 300, 290)], [[0, 1], [2, 3]]),
    "centred lines": ([line(100, 0, 100), line(20, 28, 260), line(130, 56, 40)], [[0, 1, 2]]),
    "two signs side by side": ([*paragraph(0, 0, 80, 100), *paragraph(160, 0, 90, 70)], [[0, 1], [2, 3]]),
    "pieces of lines": ([line(0, 0, 90), line(104, 2, 80), line(0, 30, 60), line(72, 28, 110)], [[0, 1, 2, 3]]),
    "a piece of a line found once more": (
        [line(0, 0, 200), line(0, 28, 200), line(90, 33, 100, 0.5 * H), line(0, 56, 200)],
        [[0, 1, 2, 3]],
    ),
    "lines three heights apart": ([line(0, 0, 100), line(0, 4 * H, 100)], [[0], [1]]),
    "large above small": ([line(0, 0, 200, 2 * H), line(0, 45, 200)], [[0], [1]]),
    "a level line beside one that runs down": ([line(0, 0, 100), line(140, 0, 200, degrees=90)], [[0], [1]]),
    "what runs down, among level lines": (
        [*paragraph(0, 0, 100, 100), line(400, 0, 200, degrees=90), line(370, 0, 200, degrees=90)],
        [[0, 1], [2, 3]],
    ),
    "a slanted sign": ([line(0, 0, 300, 40, 20), line(-20, 55, 300, degrees=20), line(900, -50, 40)], [[0], [1], [2]]),
    "letters below each other": ([line(0, k * 24, 14) for k in range(5)], [[0, 1, 2, 3, 4]]),
}


@pytest.mark.parametrize("scene", SCENES)
def test_lines_come_in_the_blocks_and_the_order_of_a_reader(scene: str) -> None:
    lines, expected = SCENES[scene]
    assert blocks(*lines) == expected


@pytest.mark.parametrize("scene", SCENES)
@given(seed=st.integers(0, 2**32 - 1))
def test_jitter_changes_nothing(scene: str, seed: int) -> None:
    lines, expected = SCENES[scene]
    jitter = np.random.default_rng(seed).uniform(-0.04 * H, 0.04 * H, (len(lines), 4, 2))
    assert arrange(np.array(lines) + jitter) == expected


def test_one_line_is_a_block() -> None:
    assert blocks(line(0, 0, 100)) == [[0]]
    assert blocks(line(0, 0, 5, 30, 200)) == [[0]]


@pytest.mark.parametrize(("gap", "together"), [(0.0, True), (0.8, True), (1.3, False), (3.0, False)])
def test_lines_belong_together_up_to_double_spacing(gap: float, together: bool) -> None:
    assert blocks(line(0, 0, 100), line(0, (1 + gap) * H, 100)) == ([[0, 1]] if together else [[0], [1]])


@pytest.mark.parametrize(("gap", "together"), [(-0.2, True), (0.3, True), (0.7, True), (1.1, False), (3.0, False)])
def test_pieces_of_a_line_belong_together_up_to_a_wide_space(gap: float, together: bool) -> None:
    assert blocks(line(100 + gap * H, 1, 50), line(0, 0, 100)) == ([[1, 0]] if together else [[1], [0]])


@pytest.mark.parametrize("degrees", [0, 7, 45, 90, 133, 180, 270, 355])
def test_a_paragraph_is_one_in_any_direction(degrees: float) -> None:
    down = np.array([-math.sin(math.radians(degrees)), math.cos(math.radians(degrees))]) * PITCH
    assert blocks(*(line(0, 0, 200, degrees=degrees) + k * down for k in (2, 0, 1))) == [[1, 2, 0]]


def test_a_narrow_sign_half_below_a_wide_one_is_another() -> None:
    assert blocks(line(0, 0, 100), line(85, 28, 100)) == [[0], [1]]


def seeded(seed: int, lines: int, spread: float) -> NDArray[np.float64]:
    """Lines of any size and direction all over the place, a few of them alike and near each other."""
    random = np.random.default_rng(seed)
    tilt = random.uniform(0, 360)
    quads = []
    for _ in range(lines):
        x, y = random.uniform(0, spread, 2)
        degrees = tilt + random.normal(0, 4) + random.choice([0, 0, 0, 90, 180, random.uniform(0, 360)])
        quads.append(line(x, y, random.uniform(8, 200), random.uniform(10, 24), degrees) + random.normal(0, 0.5, (4, 2)))
    return np.array(quads)


scenes = st.builds(seeded, st.integers(0, 2**32 - 1), st.integers(1, 24), st.sampled_from([40.0, 150.0, 400.0, 900.0]))


@given(scenes)
def test_each_line_is_in_one_block(quads: NDArray[np.float64]) -> None:
    found = arrange(quads)
    assert sorted(k for block in found for k in block) == list(range(len(quads)))
    assert all(found)


@given(scenes, st.integers(0, 3), st.floats(0.1, 20), st.tuples(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4)))
def test_place_size_and_quarter_turns_of_the_scene_change_nothing(
    quads: NDArray[np.float64], quarters: int, scale: float, shift: tuple[float, float]
) -> None:
    turned = quads
    for _ in range(quarters):
        turned = turned[:, :, ::-1] * [-1, 1]
    assert arrange(turned * scale + shift) == arrange(quads)


@given(scenes, st.integers(0, 2**32 - 1))
def test_the_order_in_which_texts_come_changes_nothing(quads: NDArray[np.float64], seed: int) -> None:
    texts = [replace(entity(number), polygon=quad.astype(np.float32)) for number, quad in enumerate(quads)]
    shuffled = [texts[k] for k in np.random.default_rng(seed).permutation(len(texts))]
    assert blocks_of(shuffled) == blocks_of(texts)


def test_only_texts_that_can_be_trusted_are_in_blocks() -> None:
    texts = [replace(entity(number), polygon=box(0, 20 * number)) for number in (9, 4, 7)]
    assert blocks_of(texts) == ((4,), (7,), (9,))
    texts[2] = replace(texts[2], state=TextState.TENTATIVE)
    assert blocks_of(texts) == ((4,), (9,))
    assert blocks_of([replace(text, state=TextState.TENTATIVE) for text in texts]) == ()
    assert blocks_of([replace(text, state=TextState.COASTING) for text in texts]) == ((4,), (7,), (9,))
    assert blocks_of([]) == ()


def test_codes_come_last_and_each_alone() -> None:
    texts = [
        replace(entity(1), polygon=line(0, 0, 60, 60), code="QRCode"),
        replace(entity(2), polygon=line(70, 0, 200)),
        replace(entity(3), polygon=line(70, PITCH, 200)),
        replace(entity(4), polygon=line(280, 0, 60, 60), code="EAN-13"),
    ]
    assert blocks_of(texts) == ((2, 3), (1,), (4,))
    assert blocks_of(texts[:1]) == ((1,),)
    assert blocks_of([replace(texts[0], state=TextState.TENTATIVE)]) == ()
