"""Words and regular expressions in texts: where they stand, and that they take no time."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.errors import InputError
from glyphfeed.stream.rules.words import MOST_FOUND, Regex, Words, compiled, folded
from tests.stream.rules.subjects import subject


def found(words: Words | Regex, text: str) -> list[str]:
    """What of a text is found."""
    return [text[start:end] for start, end in words.find(subject(text)) or ()]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("SALE", ["SALE"]),
        ("wholesale", []),
        ("sale-sale, Sale!", ["sale", "sale", "Sale"]),
        ("Straßenbahn", []),
        ("GROSSE STRASSE, große straße", ["STRASSE", "straße"]),
        ("", []),
    ],
)
def test_words_are_whole_and_of_any_case(text: str, expected: list[str]) -> None:
    assert found(Words(["sale", "Straße"]), text) == expected


def test_touching_parts_are_one() -> None:
    assert found(Regex([r"\d"]), "12 3") == ["12", "3"]


def test_parts_of_words_and_their_case_count_where_wanted() -> None:
    assert found(Words(["sale"], whole=False), "Wholesale") == ["sale"]
    assert found(Words(["SALE"], case=True), "sale SALE") == ["SALE"]
    assert found(Words(["a a"], whole=False), "a a a") == ["a a a"]


def test_spaces_and_accents_are_looked_for_in_one_form() -> None:
    assert found(Words([" Cafe\N{COMBINING ACUTE ACCENT}   au lait "]), "CAFÉ AU LAIT!") == ["CAFÉ AU LAIT"]


@given(st.text(max_size=30))
def test_folded_characters_know_where_they_come_from(text: str) -> None:
    seen, places = folded(text)
    assert seen == text.casefold()
    assert all(char in text[place].casefold() for char, place in zip(seen, places, strict=False))


@given(st.text(max_size=40), st.text(min_size=1, max_size=3).filter(str.strip), st.booleans(), st.booleans())
def test_spans_lie_inside_in_order_and_apart(text: str, word: str, case: bool, whole: bool) -> None:
    spans = Words([word], case=case, whole=whole).find(subject(text)) or ()
    edges = [edge for span in spans for edge in span]
    assert edges == sorted(edges)
    assert all(0 <= start < end <= len(text) for start, end in spans)


@given(st.text(max_size=40))
def test_an_expression_gives_characters_of_the_text(text: str) -> None:
    assert all(text[start:end].isspace() or text[start:end] for start, end in Regex([r"\w+|.\s"]).find(subject(text)) or ())


def test_an_expression_finds_characters_beyond_ascii_and_half_ones() -> None:
    assert found(Regex([r"\d+ ?€"]), "日本 5 € \ud800 12€") == ["5 €", "12€"]


def test_looks_at_a_long_text_are_bounded_and_hide_more_rather_than_less() -> None:
    often = Regex([r"a.{30}|b"])
    spans = often.find(subject("b-" * 500)) or ()
    assert spans[-1][1] == 1000
    assert len(spans) < 500
    assert len(often.find(subject("b-" * 20)) or ()) == 20
    assert Words(["b"]).find(subject("b-" * MOST_FOUND)) is not None
    assert Words(["b"]).find(subject("b-" * (MOST_FOUND + 1))) == ((0, 2 * MOST_FOUND + 2),)


@pytest.mark.parametrize("pattern", ["(", "[z-a]", r"(a)\1", "(?=a)", "a*", "(a{1000}){1000}", r"\pL{1,1000}", r".{300}"])
def test_what_is_no_expression_or_takes_long_is_refused(pattern: str) -> None:
    with pytest.raises(InputError):
        compiled(pattern)
