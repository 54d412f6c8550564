"""Decoding what a CTC network says, on outputs made by hand."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from glyphfeed.engines.lattice import CANDIDATES, FAINT, LATE, LIKELY, SPACE, Lattice, Slot, lattice_from_ctc

if TYPE_CHECKING:
    from numpy.typing import NDArray

CHARSET = ["A", "B", "C", "O", "0", "N", " "]


def output(*steps: dict[str, float]) -> NDArray[np.float32]:
    """A network's output from the characters' probabilities at each step; what is left goes to the blank."""
    rows = np.zeros((len(steps), 1 + len(CHARSET)), np.float32)
    for row, step in zip(rows, steps, strict=True):
        for char, probability in step.items():
            row[1 + CHARSET.index(char)] = probability
        row[0] = 1 - row.sum()
    return rows


BLANK: dict[str, float] = {}


def test_repeated_steps_are_one_character_and_a_blank_parts_two() -> None:
    a = {"A": 0.9}
    assert lattice_from_ctc(output(a, a, {"B": 0.8}, BLANK, {"B": 0.7}, a), CHARSET).text == "ABBA"


def test_each_character_has_the_probabilities_of_its_peak() -> None:
    lattice = lattice_from_ctc(output({"O": 0.5, "0": 0.3}, {"O": 0.6, "0": 0.35}, {"O": 0.4, "0": 0.2}), CHARSET)
    (slot,) = lattice.slots
    assert slot.candidates == pytest.approx({"O": 0.6, "0": 0.35, "": 0.05}, abs=1e-6)
    assert slot.best == ("O", slot.candidates["O"])
    assert lattice.confidence == pytest.approx(0.6)


def test_a_column_is_the_middle_of_its_character_in_what_the_crop_filled() -> None:
    steps = output({"A": 0.9}, {"A": 0.9}, BLANK, BLANK, BLANK, BLANK, {"B": 0.9}, BLANK, BLANK, BLANK)
    assert [slot.column for slot in lattice_from_ctc(steps, CHARSET).slots] == pytest.approx([(1 - LATE) / 10, (6.5 - LATE) / 10])
    # The last two steps saw nothing but padding.
    narrower = lattice_from_ctc(steps, CHARSET, width=0.8)
    assert [slot.column for slot in narrower.slots] == pytest.approx([(1 - LATE) / 8, (6.5 - LATE) / 8])


def test_where_the_blank_wins_a_probable_character_is_kept_but_not_read() -> None:
    lattice = lattice_from_ctc(output({"A": 0.9}, {"B": FAINT + 0.02}, {"B": FAINT + 0.1}, {"C": FAINT / 2}), CHARSET)
    assert lattice.text == "A"
    assert [slot.best[0] for slot in lattice.slots] == ["A", ""]
    assert lattice.slots[1].candidates["B"] == pytest.approx(FAINT + 0.1)
    assert lattice.slots[1].column == pytest.approx((2.5 - LATE) / 4)


def test_a_position_keeps_the_most_probable_characters_and_none_that_is_unlikely() -> None:
    (crowded,) = lattice_from_ctc(output({"A": 0.4, "B": 0.05, "C": 0.15, "O": 0.1, "0": 0.2, "N": 0.02}), CHARSET).slots
    assert list(crowded.candidates) == ["N", "B", "", "O", "C", "0", "A"][-CANDIDATES:]
    (clear,) = lattice_from_ctc(output({"A": 0.7, "B": 0.3 - LIKELY / 2, "C": LIKELY / 2}), CHARSET).slots
    assert clear.candidates == pytest.approx({"B": 0.3 - LIKELY / 2, "A": 0.7}, abs=1e-6)


WIDE = ["1", "0", ":", "\N{FULLWIDTH COLON}", "O", "A", "\u5927"]
COLONS = {":": 0.45, "\N{FULLWIDTH COLON}": 0.5}


def read_wide(*chars: dict[str, float]) -> Lattice:
    rows = np.zeros((2 * len(chars), 1 + len(WIDE)), np.float32)
    rows[1::2, 0] = 1
    for row, step in zip(rows[::2], chars, strict=True):
        for char, probability in step.items():
            row[1 + WIDE.index(char)] = probability
        row[0] = 1 - row.sum()
    return lattice_from_ctc(rows, WIDE)


def test_a_sign_of_full_width_is_the_usual_one_on_a_line_without_letters_as_wide() -> None:
    lattice = read_wide({"1": 0.9}, COLONS, {"0": 0.9})
    assert lattice.text == "1:0"
    assert lattice.slots[1].best[1] == pytest.approx(0.95)
    assert read_wide({"\u5927": 0.9}, COLONS).text == "\u5927\N{FULLWIDTH COLON}"


def test_among_digits_alone_what_looks_like_one_is_one() -> None:
    ring = {"0": 0.6, "O": 0.3}
    assert read_wide(ring, {"1": 0.9}).slots[0].best == ("0", pytest.approx(0.9))
    assert read_wide(ring, {"A": 0.9}).slots[0].best == ("0", pytest.approx(0.6))
    assert read_wide(ring).slots[0].best == ("0", pytest.approx(0.6))


def test_an_improbable_character_under_a_blank_is_forgotten() -> None:
    assert lattice_from_ctc(output(BLANK, {"B": FAINT / 2}, BLANK), CHARSET) == Lattice(())


def test_a_space_needs_less_than_a_letter_to_win_over_nothing() -> None:
    seen, unseen = (
        lattice_from_ctc(output({"A": 0.9}, {" ": share, "B": 0.09}, {"B": 0.9}), CHARSET) for share in (SPACE + 0.02, SPACE / 2)
    )
    assert (seen.text, unseen.text) == ("A B", "AB")


def test_space_at_the_ends_is_no_text_and_has_no_say_in_the_confidence() -> None:
    lattice = lattice_from_ctc(output({" ": 0.3}, {"A": 0.8}, {" ": 0.4}, {"B": 0.6}, {" ": 0.9}), CHARSET)
    assert lattice.text == "A B"
    assert lattice.confidence == pytest.approx(0.7)


def test_nothing_read_has_no_confidence() -> None:
    assert (Lattice(()).text, Lattice(()).confidence) == ("", 0.0)


def test_columns_within_margins() -> None:
    # The crop is 1.2 times as wide as the text: a twelfth on either side is margin.
    lattice = Lattice(tuple(Slot({"A": 0.9}, column) for column in (0.0, 1 / 12, 0.5, 11 / 12, 1.0)))
    assert [slot.column for slot in lattice.within(0.1).slots] == pytest.approx([0, 0, 0.5, 1, 1])
    assert lattice.within(0.0) == lattice


@given(arrays(np.float32, st.tuples(st.integers(1, 40), st.just(1 + len(CHARSET))), elements=st.floats(0, 8, width=32)))
def test_any_output_gives_a_sound_lattice(logits: NDArray[np.float32]) -> None:
    odds = np.exp(logits)
    lattice = lattice_from_ctc(odds / odds.sum(axis=1, keepdims=True), CHARSET, width=0.7)
    assert 0 <= lattice.confidence <= 1
    columns = [slot.column for slot in lattice.slots]
    assert all(0 <= column <= 1 for column in columns)
    assert all(a <= b for a, b in pairwise(columns))
    for slot in lattice.slots:
        assert 1 <= len(slot.candidates) <= CANDIDATES
        assert sum(slot.candidates.values()) <= 1 + 1e-5
        assert slot.best[1] == slot.candidates[slot.best[0]]
