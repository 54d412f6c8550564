"""Characters, words and lines out of maps that were drawn from known ones: what comes out lies where what went in lay."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.engines.characters import find_characters, lines_from_maps, outline_of, reading_order, words_from_maps
from glyphfeed.engines.models import CharacterThresholds
from glyphfeed.tools.training.finding import overlap
from glyphfeed.tools.training.targets import maps_of_words
from tests.tools.training.celled import celled, moved, placed

if TYPE_CHECKING:
    from glyphfeed.engines.characters import Text

LIMITS = CharacterThresholds(text=0.5, low=0.4, link=0.4)
HEIGHTS = st.floats(6, 20)
SHARES = st.lists(st.floats(0.45, 1.0), min_size=2, max_size=11)
"""Widths of a word's characters over its height."""


def found_in(cells: np.ndarray) -> tuple[Text, float]:
    """The one word in maps of some cells, and its intersection over union with them."""
    cells, size = placed(cells)
    (word,) = words_from_maps(*maps_of_words([cells], size), LIMITS)
    return word, overlap(word.outline, outline_of(cells))[1]


@given(SHARES, HEIGHTS, st.floats(-89, 89))
def test_a_straight_word_is_found_as_its_quad(shares: list[float], height: float, turned_deg: float) -> None:
    word, shared = found_in(celled(np.array(shares) * height, height, turned_deg=turned_deg))
    assert shared > 0.8
    assert word.outline.shape == (4, 2)
    assert word.characters.shape == (len(shares), 2)
    assert word.score > 0.8


@given(SHARES, HEIGHTS, st.floats(-44, 44), st.floats(-0.4, 0.4))
def test_a_word_seen_from_the_side_grows_along_its_way(
    shares: list[float], height: float, turned_deg: float, narrowing: float
) -> None:
    assert found_in(celled(np.array(shares) * height, height, turned_deg=turned_deg, narrowing=narrowing))[1] > 0.8


@given(
    st.lists(st.floats(0.45, 1.0), min_size=5, max_size=11),
    HEIGHTS,
    st.floats(-30, 30),
    st.floats(0.5, 2.5),
    st.sampled_from([-1, 1]),
)
def test_a_bent_word_is_found_along_its_curve(
    shares: list[float], height: float, turned_deg: float, bend: float, sign: int
) -> None:
    word, shared = found_in(celled(np.array(shares) * height, height, turned_deg=turned_deg, bend=sign * bend))
    assert shared > 0.75
    assert len(word.outline) in (4, 2 * len(shares) + 4)


def test_half_a_circle_is_read_from_left_to_right_whichever_way_it_hangs() -> None:
    for bend in (3.0, -3.0):
        word, shared = found_in(celled([8.0] * 9, 10.0, bend=bend))
        assert shared > 0.85
        assert len(word.outline) == 2 * 9 + 4
        assert (np.diff(word.characters[:, 0]) > 0).all()
        assert word.outline[: 9 + 2, 1].mean() < word.outline[9 + 2 :, 1].mean()


@given(st.floats(6, 20), st.floats(0.4, 1.4))
def test_a_single_character_stands_level(height: float, share: float) -> None:
    cells = celled([height * share], height)
    word, shared = found_in(cells)
    assert shared > 0.7
    assert word.characters[0] == pytest.approx(placed(cells)[0].mean(axis=(0, 1)), abs=0.3)


@given(st.integers(0, 2**32), st.floats(0.3, 4.2))
def test_characters_are_put_in_their_order(seed: int, turn: float) -> None:
    rng = np.random.default_rng(seed)
    along = np.cumsum(rng.uniform(0.7, 1.3, 9))
    radius = along[-1] / turn
    circle = np.stack([radius * np.sin(along / radius - turn / 2), -radius * np.cos(along / radius - turn / 2)], axis=1)
    mixed = rng.permutation(9)
    order = mixed[reading_order(circle[mixed])]
    assert order.tolist() in ([*range(9)], [*range(8, -1, -1)])


def test_words_stay_apart_and_lines_join_them() -> None:
    first, second = moved(celled([6.0] * 4, 9.0), 30, 20), moved(celled([6.0] * 3, 9.0), 57, 20)
    below = moved(celled([6.0] * 5, 9.0), 32, 36)
    maps = maps_of_words([first, second, below], (56, 84))
    words = words_from_maps(*maps, LIMITS)
    assert sorted(len(word.characters) for word in words) == [3, 4, 5]
    lines = sorted(lines_from_maps(*maps, LIMITS), key=lambda line: float(line.outline[0, 1]))
    assert [len(line.characters) for line in lines] == [7, 5]
    whole = np.array([first[0, 0], second[-1, 1], second[-1, 2], first[0, 3]])
    assert overlap(lines[0].outline, whole)[1] > 0.9


def test_words_on_one_curve_are_one_line() -> None:
    cells = celled([7.0] * 9, 9.0, bend=1.2)
    cells, size = placed(cells)
    maps = maps_of_words([cells[:4], cells[5:]], size)
    assert len(words_from_maps(*maps, LIMITS)) == 2
    (line,) = lines_from_maps(*maps, LIMITS)
    assert overlap(line.outline, outline_of(cells))[1] > 0.75


def test_words_of_other_sizes_or_directions_make_no_line() -> None:
    large, small = moved(celled([14.0] * 3, 20.0), 30, 30), moved(celled([4.0] * 3, 6.0), 62, 30)
    assert len(lines_from_maps(*maps_of_words([large, small], (60, 90)), LIMITS)) == 2
    level, steep = moved(celled([6.0] * 3, 9.0), 20, 30), moved(celled([6.0] * 3, 9.0, turned_deg=80), 38, 40)
    assert len(lines_from_maps(*maps_of_words([level, steep], (60, 90)), LIMITS)) == 2


def test_nothing_is_found_in_nothing() -> None:
    nothing = np.zeros((20, 30), np.float32)
    assert words_from_maps(nothing, nothing, LIMITS) == []
    assert lines_from_maps(nothing, nothing, LIMITS) == []
    # What joins two characters of which neither is there is none.
    assert words_from_maps(nothing, nothing + 1, LIMITS) == []


def test_what_is_too_faint_for_a_word_belongs_to_none_that_is_far() -> None:
    cells, size = placed(celled([6.0] * 4, 9.0))
    region, affinity = np.pad(maps_of_words([cells], size), ((0, 0), (0, 40), (0, 40)))
    (alone,) = words_from_maps(region, affinity, LIMITS)
    region[size[0] + 10 : size[0] + 30, size[1] + 10 : size[1] + 30] = LIMITS.low - 0.05
    (beside,) = words_from_maps(region, affinity, LIMITS)
    assert beside.outline == pytest.approx(alone.outline)


def test_characters_know_their_pixels() -> None:
    cells, size = placed(celled([8.0, 8.0], 10.0))
    characters = find_characters(*maps_of_words([cells], size), LIMITS)
    assert characters.centres == pytest.approx(cells.mean(axis=1), abs=0.2)
    assert (np.bincount(characters.owners) > 10).all()
    assert len({*characters.words.tolist()}) == 1
