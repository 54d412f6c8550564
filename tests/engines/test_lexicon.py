"""What words there are, and how they weigh what the network says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.engines.errors import EngineError
from glyphfeed.engines.lattice import Lattice, Slot
from glyphfeed.engines.lexicon import COMMON, ODDS, Lexicon, load_lexicon

TOWNS = Lexicon({"town": 1e-4, "hall": 1e-4, "village": 1e-4, "villages": 1e-5})
CHARS = st.sampled_from(["T", "o", "w", "n", "h", "a", "l", "5", " ", ".", ""])
SLOTS = st.builds(
    lambda chars, weights: Slot({char: weight / sum(weights) for char, weight in zip(chars, weights, strict=False)}, 0.5),
    st.lists(CHARS, min_size=1, max_size=4, unique=True),
    st.lists(st.floats(0.01, 1), min_size=4, max_size=4),
)


def line(*slots: str | dict[str, float]) -> Lattice:
    """A lattice of sure strings and of single doubtful positions."""
    positions: list[dict[str, float]] = []
    for slot in slots:
        positions += [{char: 0.98} for char in slot] if isinstance(slot, str) else [slot]
    return Lattice(tuple(Slot(position, k / len(positions)) for k, position in enumerate(positions)))


@pytest.mark.parametrize(
    ("lattice", "text"),
    [
        (line("TOW", {"H": 0.56, "N": 0.43}), "TOWN"),
        (line("Tow", {"h": 0.56, "n": 0.43}, " HA", {"I": 0.6, "L": 0.3}, "L!"), "Town HALL!"),
        (line("V", {"": 0.8, "I": 0.15}, "LLAGE"), "VILLAGE"),
        (line("TOW", {"VV": 0.4, "": 0.5}, "N"), "TOWN"),
        (line("(TOW", {"H": 0.5, "N": 0.4}, "),"), "(TOWN),"),
    ],
)
def test_where_letters_are_in_doubt_a_word_wins(lattice: Lattice, text: str) -> None:
    assert TOWNS.weigh(lattice).text == text


@pytest.mark.parametrize(
    "lattice",
    [
        line("TOW", {"H": 0.999, "N": 0.0005}),
        line("TOW", {"H": 0.56, "M": 0.43}),
        line("TO WN"),
        line("14.9", {"0": 0.5, "O": 0.45}),
        line("VILLA", {"R": 0.6, "G": 0.3}),
        line(""),
    ],
)
def test_what_is_sure_or_no_word_stays(lattice: Lattice) -> None:
    assert TOWNS.weigh(lattice).text == lattice.text


def test_the_odds_decide() -> None:
    lattice = line({"T": 1.0}, {"O": 1.0}, {"W": 1.0}, {"H": 0.9, "N": 0.1})
    candidates = TOWNS.weigh(lattice).slots[-1].candidates
    assert candidates == pytest.approx({"H": 0.9 / (1 + 0.1 * ODDS), "N": (0.1 + 0.1 * ODDS) / (1 + 0.1 * ODDS)})


def test_several_words_share_what_is_left_in_doubt() -> None:
    last = TOWNS.weigh(line("VILLAGE", {"S": 0.3, "": 0.7})).slots[-1].candidates
    assert last == pytest.approx({"S": 0.3, "": 0.7})


def test_short_and_rare_words_are_none_and_neither_are_strings_with_digits() -> None:
    lexicon = Lexicon({"his": 1e-2, "kong": 1e-6, "king": 1e-4, "villager": COMMON / 2, "a4paper": 1e-3})
    assert [word for word in ("his", "kong", "king", "villager", "a4paper") if word in lexicon] == ["king"]


@given(st.lists(SLOTS, max_size=8))
def test_positions_stay_and_remain_distributions(slots: list[Slot]) -> None:
    lattice = Lattice(tuple(slots))
    weighed = TOWNS.weigh(lattice)
    assert [slot.column for slot in weighed.slots] == [slot.column for slot in slots]
    for before, after in zip(slots, weighed.slots, strict=True):
        assert after.candidates.keys() == before.candidates.keys()
        assert sum(before.candidates.values()) - 1e-6 <= sum(after.candidates.values()) <= 1 + 1e-6
    assert weighed.confidence == lattice.confidence
    assert Lexicon({}).weigh(lattice).slots == lattice.slots


def test_it_tells_which_common_words_a_line_spells() -> None:
    weighed = TOWNS.weigh(line("Own ", "TOW", {"M": 0.55, "N": 0.35}, ", vill hall!"))
    assert weighed.text == "Own TOWN, vill hall!"
    assert weighed.words == {"town", "hall"}
    assert weighed.within(0.1).words == weighed.words


def test_the_words_of_a_language_and_of_several() -> None:
    english, both = load_lexicon(["en"]), load_lexicon(["en", "fr"])
    assert "village" in english
    assert "chaussure" not in english
    assert "village" in both
    assert "chaussure" in both
    assert "village" not in load_lexicon([])


def test_an_unknown_language_is_one_clear_sentence() -> None:
    with pytest.raises(EngineError, match=r"^there are no words of the language 'xx'; choose from ar, de, en, .*, or none$"):
        load_lexicon(["en", "xx"])
