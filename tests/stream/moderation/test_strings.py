from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glyphfeed.stream.attributes.line import Line
from glyphfeed.stream.moderation.moderator import Moderator
from glyphfeed.tools.bench.labelled import (
    HALVES,
    clean_words,
    count_profanity,
    false_alarms,
    place_names,
    read_sayings,
    sampled,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

LEAST = 0.95
PLENTY = 150
WORDS = ["fuck", "shit", "Scheiße", "merde", "mierda", "cazzo"]
SAMPLE = 20_000
ONE_IN = 5_000

moderator = cache(Moderator)


# The strings stay out of the messages: nobody is to tune on what is told here.
def test_disguised_words_that_nothing_was_tuned_on_are_found() -> None:
    count = count_profanity([saying for saying in read_sayings("heldout") if any(saying.profane)], moderator())
    assert count.right >= LEAST * count.expected, f"{count.right} of {count.expected} profane words are found"
    assert count.right >= LEAST * count.found, f"{count.found - count.right} of {count.found} are found where nothing profane is"


def test_clean_strings_that_nothing_was_tuned_on_are_left_alone() -> None:
    clean = [saying for saying in read_sayings("heldout") if not any(saying.profane)]
    found = count_profanity(clean, moderator()).found
    assert found <= (1 - LEAST) * len(clean), f"something profane is found {found} times in {len(clean)} clean strings"


@pytest.mark.parametrize("texts", [clean_words, place_names])
def test_words_and_places_are_left_alone(texts: Callable[[], list[str]]) -> None:
    some = sampled(texts(), SAMPLE)
    assert len(some) > SAMPLE / 2
    alarms = false_alarms(moderator(), some)
    assert len(alarms) <= len(some) / ONE_IN, alarms


@pytest.mark.parametrize("half", HALVES)
def test_there_are_strings_enough_and_their_labels_lie_in_them(half: str) -> None:
    sayings = read_sayings(half)
    assert sum(any(saying.profane) for saying in sayings) >= PLENTY
    assert sum(not any(saying.profane) for saying in sayings) >= PLENTY
    assert {saying.language for saying in sayings} == {"en", "de", "fr", "es", "it"}
    for saying in sayings:
        for line, spans in zip(saying.lines, saying.profane, strict=True):
            assert all(0 <= start < end <= len(line.text) for start, end in spans), f"{half}: a label lies outside its line"


def test_the_halves_share_no_string() -> None:
    tuning, held = ({tuple(line.text.lower() for line in saying.lines) for saying in read_sayings(half)} for half in HALVES)
    assert tuning & held == set()


def disguises() -> st.SearchStrategy[str]:
    """What profane words and their disguises are made of, and anything else."""
    known = [*"fuckit41$@*. -ß\u200b\u0441\u03c5\u0301\ufb00", "sh"]
    return st.lists(st.sampled_from(known) | st.text(max_size=2), max_size=40).map("".join)


def sound(lines: Sequence[Line]) -> None:
    found = [moderator().find(line) for line in lines]
    across = moderator().across(lines)
    assert len(across) == len(lines)
    for line, one, more in zip(lines, found, across, strict=True):
        for part in (*one, *more):
            start, end = part.span
            assert 0 <= start < end <= len(line.text)
            assert part.category == "profanity"


@settings(max_examples=150, deadline=None)
@given(st.lists(disguises() | st.text(max_size=60), max_size=4))
def test_whatever_is_read_is_taken_and_spans_lie_in_it(texts: list[str]) -> None:
    sound([Line(text) for text in texts])


@settings(max_examples=10, deadline=None)
@given(disguises().filter(bool))
def test_a_thousand_characters_are_taken(piece: str) -> None:
    sound([Line((piece * 1000)[:1000])])


@settings(max_examples=50, deadline=None)
@given(
    st.sampled_from(WORDS),
    st.text("0123456789 .,!?", max_size=8),
    st.booleans(),
)
def test_a_profane_word_is_found_at_its_place_whatever_stands_around_it(word: str, around: str, capitals: bool) -> None:
    shown = word.upper() if capitals else word
    text = f"{around} {shown} {around}"
    start = len(around) + 1
    spans = [found.span for found in moderator().find(Line(text))]
    assert any(first <= start and start + len(shown) <= last for first, last in spans)
