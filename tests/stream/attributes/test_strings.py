from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glyphfeed.stream.attributes.extractor import Extractor
from glyphfeed.stream.attributes.line import Line
from glyphfeed.tools.bench.labelled import HALVES, count_attributes, read_blocks

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glyphfeed.stream.records import Attribute
    from glyphfeed.tools.bench.labelled import Count

LEAST = 0.95
KINDS = {
    *("price", "unit_price", "date", "time", "opening_hours", "phone", "email", "url", "percent", "weight", "volume", "size"),
    *("distance", "speed", "iban", "vin", "container", "gtin", "isbn", "flight", "parcel", "postal_code", "street", "plate"),
}
POSITIVES = 22
REGIONS = ("US", "GB", "DE", "FR", "ES", "IT", "CH", "NL")

extractor = cache(Extractor)


@cache
def heldout() -> dict[str, Count]:
    def find(region: str, lines: Sequence[Line]) -> Sequence[Sequence[Attribute]]:
        return extractor(region).of_block(lines)

    return count_attributes(read_blocks("heldout"), find)


# The strings stay out of the messages: nobody is to tune on what is told here.
@pytest.mark.parametrize("kind", sorted(KINDS))
def test_strings_that_nothing_was_tuned_on(kind: str) -> None:
    count = heldout()[kind]
    missed = f"{kind}: {count.right} of {count.expected} are found"
    assert count.right >= LEAST * count.expected, missed
    wrong = f"{kind}: {count.found - count.right} of the {count.found} that are found are wrong"
    assert count.right >= LEAST * count.found, wrong


def test_nothing_is_found_that_is_no_kind() -> None:
    assert heldout().keys() <= KINDS


@pytest.mark.parametrize("half", HALVES)
def test_there_are_strings_enough_of_each_kind_and_their_labels_lie_in_them(half: str) -> None:
    blocks = read_blocks(half)
    kinds = [one.kind for block in blocks for line in block.expected for one in line]
    assert {kind: kinds.count(kind) for kind in KINDS if kinds.count(kind) < POSITIVES} == {}
    assert len(kinds) >= POSITIVES * len(KINDS)
    assert sum(not any(block.expected) for block in blocks) >= len(blocks) / 3
    for block in blocks:
        for line, expected in zip(block.lines, block.expected, strict=True):
            spans = sorted(one.span for one in expected)
            edges = [edge for span in spans for edge in span]
            assert edges == sorted(edges), f"{half}: the labels of a line overlap"
            assert all(0 <= start < end <= len(line.text) for start, end in spans), f"{half}: a label lies outside its line"
            assert all(line.text[start:end].strip() == line.text[start:end] for start, end in spans)


def test_the_halves_share_no_string() -> None:
    tuning, held = ({tuple(line.text.lower() for line in block.lines) for block in read_blocks(half)} for half in HALVES)
    assert tuning & held == set()


def pieces() -> st.SearchStrategy[str]:
    """What attributes are made of, and anything else."""
    known = [*"109€$%/.:- @Ol½\u0660\u200b\u0301x", "12", "4,99", "kg", "km", "www.", ".de", "Mo", "Uhr", "Straße", "rue", "IBAN"]
    known += ["DE89", "MHD", "Best before", "1Z", "LH", "SPEED LIMIT"]
    return st.lists(st.sampled_from(known) | st.text(max_size=3), max_size=40).map("".join)


def sound(lines: Sequence[Line], found: Sequence[Sequence[Attribute]]) -> None:
    assert len(found) == len(lines)
    for line, attributes in zip(lines, found, strict=True):
        for attribute in attributes:
            start, end = attribute.span
            assert 0 <= start < end <= len(line.text)
            assert attribute.kind in KINDS
            json.dumps([attribute.value, attribute.alternatives], allow_nan=False)
        edges = [edge for attribute in sorted(attributes, key=lambda one: one.span) for edge in attribute.span]
        assert edges == sorted(edges), "two attributes claim the same characters"


@settings(max_examples=150, deadline=None)
@given(st.lists(pieces() | st.text(max_size=60), min_size=1, max_size=4), st.sampled_from(REGIONS))
def test_whatever_is_read_is_taken_and_spans_lie_in_it(texts: list[str], region: str) -> None:
    lines = [Line(text) for text in texts]
    sound(lines, extractor(region).of_block(lines))


@settings(max_examples=10, deadline=None)
@given(pieces().filter(bool), st.sampled_from(REGIONS))
def test_a_thousand_characters_are_taken(piece: str, region: str) -> None:
    line = Line((piece * 1000)[:1000])
    sound([line], extractor(region).of_block([line]))


@settings(max_examples=50, deadline=None)
@given(pieces(), st.data())
def test_candidates_of_any_kind_are_taken(text: str, data: st.DataObject) -> None:
    others = st.dictionaries(st.sampled_from(["", "O", "0", "l", "1", "I", "S", "5", "B", "8", " "]), st.floats(0, 1), max_size=3)
    line = Line(text, tuple({char: 0.5, **data.draw(others)} for char in text))
    sound([line], extractor("DE").of_block([line]))


@settings(max_examples=50, deadline=None)
@given(pieces(), st.sampled_from(sorted(KINDS)))
def test_only_the_kinds_that_are_asked_for_are_found(text: str, kind: str) -> None:
    assert {attribute.kind for attribute in Extractor("DE", (kind,)).of_line(Line(text))} <= {kind}
