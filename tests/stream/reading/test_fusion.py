"""Several readings with different faults make one text without them."""

from __future__ import annotations

from itertools import pairwise, permutations
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.engines.lattice import Lattice, Slot
from glyphfeed.stream.reading.fusion import CANDIDATES, MOST_WEIGHT, Evidence, align, begin, blend, confidence, fuse, likelihood
from tests.stream.simulation import lattice_of

if TYPE_CHECKING:
    from collections.abc import Iterable


def fused(*readings: Lattice | tuple[Lattice, float]) -> Evidence:
    weighed = [reading if isinstance(reading, tuple) else (reading, 1.0) for reading in readings]
    evidence = begin(*weighed[0])
    for lattice, weight in weighed[1:]:
        evidence = fuse(evidence, lattice, weight)
    return evidence


def fuse_texts(*texts: str, score: float = 0.9) -> str:
    return fused(*(lattice_of(text, score) for text in texts)).lattice.text


def paired(old: str, new: str) -> list[tuple[str, str]]:
    """What is aligned with what; an empty string stands for a gap."""
    slots = align(lattice_of(old, 0.9).slots, lattice_of(new, 0.9).slots)
    return [(a.best[0] if a else "", b.best[0] if b else "") for a, b in slots]


@pytest.mark.parametrize(
    ("texts", "right"),
    [
        (("SH0P", "SHOP", "SNOP"), "SHOP"),
        (("SHOP", "SHP", "SHOP"), "SHOP"),
        (("SHOP", "SHOOP", "SHOP"), "SHOP"),
        (("HOTEL", "HOTEI", "H0TEL", "NOTEL"), "HOTEL"),
        (("Exit 12", "Exlt 12", "Exit 1Z"), "Exit 12"),
        (("OPEN", "PEN", "OPE", "OPEN"), "OPEN"),
        (("AAB", "AB", "AAB"), "AAB"),
    ],
)
def test_different_faults_cancel_in_any_order(texts: tuple[str, ...], right: str) -> None:
    assert {fuse_texts(*order) for order in permutations(texts)} == {right}


def test_a_sure_reading_wins_over_two_that_are_unsure() -> None:
    unsure = lattice_of("SH0P", [0.9, 0.9, 0.4, 0.9])
    assert fused(unsure, lattice_of("SHOP", 0.98), unsure).lattice.text == "SHOP"


def test_a_look_from_near_by_wins_over_any_number_from_afar() -> None:
    small, large = lattice_of("SH0P", 0.95), lattice_of("SHOP", 0.9)
    evidence = fused(*[(small, 0.05)] * 200, (large, 1.0))
    assert evidence.lattice.text == "SHOP"
    assert evidence.readings == 201
    assert evidence.weight <= MOST_WEIGHT


@given(st.lists(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=4, max_size=4), min_size=20, max_size=40))
def test_what_is_kept_does_not_grow_with_the_readings(texts: list[str]) -> None:
    evidence = fused(*(lattice_of(text, 0.9) for text in texts))
    assert all(len(slot.candidates) <= CANDIDATES for slot in evidence.lattice.slots)


def test_a_heavy_reading_wins_over_a_light_one() -> None:
    small, large = lattice_of("SH0P", 0.95), lattice_of("SHOP", 0.9)
    for order in permutations([(small, 0.05), (small, 0.05), (large, 0.8)]):
        assert fused(*order).lattice.text == "SHOP"


def test_second_guesses_that_agree_win_over_first_ones_that_do_not() -> None:
    readings = [Lattice((Slot({wrong: 0.5, "O": 0.45}, 0.5),)) for wrong in "0QD"]
    assert fused(*readings).lattice.text == "O"


def test_what_is_probably_nothing_becomes_a_letter_when_others_see_it() -> None:
    faint = Lattice((Slot({"A": 0.9}, 0.2), Slot({"": 0.8, "B": 0.2}, 0.5), Slot({"C": 0.9}, 0.8)))
    assert faint.text == "AC"
    assert fused(faint, lattice_of("ABC", 0.95)).lattice.text == "ABC"


@pytest.mark.parametrize(
    ("old", "new", "pairs"),
    [
        ("ABC", "ABC", [("A", "A"), ("B", "B"), ("C", "C")]),
        ("ABC", "AC", [("A", "A"), ("B", ""), ("C", "C")]),
        ("AC", "ABC", [("A", "A"), ("", "B"), ("C", "C")]),
        ("ABC", "AXC", [("A", "A"), ("B", "X"), ("C", "C")]),
        ("ABC", "BC", [("A", ""), ("B", "B"), ("C", "C")]),
        ("", "AB", [("", "A"), ("", "B")]),
        ("AB", "", [("A", ""), ("B", "")]),
        ("", "", []),
    ],
)
def test_alignment(old: str, new: str, pairs: list[tuple[str, str]]) -> None:
    assert paired(old, new) == pairs


def test_of_equal_letters_the_nearer_ones_are_paired() -> None:
    old = (Slot({"L": 0.9}, 0.2), Slot({"L": 0.9}, 0.8))
    for column in (0.2, 0.8):
        pairs = align(old, (Slot({"L": 0.9}, column),))
        assert [slot.column for slot, new in pairs if slot and new] == [column]


def test_the_evidence_counts_readings_and_weights() -> None:
    evidence = fused((lattice_of("AB", 0.9), 0.5), (lattice_of("AB", 0.9), 0.25), (lattice_of("AB", 0.9), 1.5))
    assert evidence.readings == 3
    assert evidence.weight == pytest.approx(2.25)


def test_fused_probabilities_are_the_weighted_mean() -> None:
    evidence = fused(
        *((Lattice((Slot({"O": o, "0": 1 - o}, 0.5),)), weight) for o, weight in ((0.9, 1.0), (0.5, 2.0), (0.2, 1.0)))
    )
    (slot,) = evidence.lattice.slots
    assert slot.candidates == pytest.approx({"O": (0.9 + 1.0 + 0.2) / 4, "0": (0.1 + 1.0 + 0.8) / 4})


def test_a_slot_without_partner_is_blended_with_nothing() -> None:
    slot = Slot({"A": 0.8, "": 0.2}, 0.3)
    assert blend(slot, None, 0.25).candidates == pytest.approx({"A": 0.6, "": 0.4})
    assert blend(None, slot, 0.25).candidates == pytest.approx({"A": 0.2, "": 0.8})
    assert blend(slot, None, 0.25).column == 0.3


def test_what_one_reading_of_many_saw_is_forgotten() -> None:
    evidence = fused(lattice_of("ABC", 0.9), *[lattice_of("AB", 0.95)] * 30)
    assert evidence.lattice.text == "AB"
    assert len(evidence.lattice.slots) == 2


letters = st.text("ABCDEO0", min_size=1, max_size=7)
scores = st.floats(0.3, 0.99)
lattices = letters.flatmap(
    lambda text: st.lists(scores, min_size=len(text), max_size=len(text)).map(lambda s: lattice_of(text, s))
)
weighed = st.lists(st.tuples(lattices, st.floats(0.01, 2)), min_size=1, max_size=5)


@given(weighed)
def test_any_evidence_is_sound(readings: list[tuple[Lattice, float]]) -> None:
    evidence = fused(*readings)
    assert evidence.readings == len(readings)
    assert 0 <= confidence(evidence) <= 1
    for slot in evidence.lattice.slots:
        assert all(0 <= score <= 1 for score in slot.candidates.values())
        assert sum(slot.candidates.values()) <= 1 + 1e-6
        assert 0 <= slot.column <= 1


@given(letters, st.integers(1, 6), scores, st.lists(st.floats(0.05, 2), min_size=6, max_size=6))
def test_readings_that_agree_say_the_same_together(text: str, count: int, score: float, weights: list[float]) -> None:
    evidence = fused(*((lattice_of(text, score), weight) for weight in weights[:count]))
    assert evidence.lattice.text == text
    assert evidence.lattice.confidence == pytest.approx(score)


@given(lattices, lattices)
def test_alignment_keeps_the_order_and_loses_nothing(old: Lattice, new: Lattice) -> None:
    pairs = align(old.slots, new.slots)
    assert tuple(a for a, _ in pairs if a is not None) == old.slots
    assert tuple(b for _, b in pairs if b is not None) == new.slots
    assert all(a is not None or b is not None for a, b in pairs)


def rises(values: Iterable[float]) -> bool:
    return all(a < b for a, b in pairwise(values))


def test_confidence_rises_with_the_letters_probabilities() -> None:
    assert rises(confidence(fused(lattice_of("SHOP", score))) for score in (0.3, 0.5, 0.7, 0.9, 0.97))


def test_confidence_rises_with_readings_that_agree() -> None:
    assert rises(confidence(fused(*[lattice_of("SHOP", 0.9)] * count)) for count in (1, 2, 3, 4))


def test_confidence_falls_with_a_reading_that_disagrees() -> None:
    agreed = fused(lattice_of("SHOP", 0.9), lattice_of("SHOP", 0.9))
    torn = fused(lattice_of("SHOP", 0.9), lattice_of("BANK", 0.9))
    assert confidence(torn) < confidence(agreed)


def test_long_texts_are_trusted_more_than_short_ones() -> None:
    assert rises(likelihood([("A", 0.9)] * count, 1, count) for count in (1, 2, 3, 4))


@given(st.lists(st.tuples(st.sampled_from("Ab1é文"), st.floats(0, 1)), min_size=1, max_size=12), st.integers(1, 50))
def test_likelihood_is_a_probability(chars: list[tuple[str, float]], readings: int) -> None:
    assert 0 < likelihood(chars, readings, len(chars)) < 1


@pytest.mark.parametrize("text", ["-", "./", "& -"])
def test_text_without_letters_is_never_right(text: str) -> None:
    assert confidence(begin(lattice_of(text, 0.99), 1.0)) == 0
