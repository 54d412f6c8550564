"""All finders together: what they find does not contradict itself, and no text costs much."""

from __future__ import annotations

import json
import re
from itertools import pairwise
from re import _constants, _parser  # type: ignore[attr-defined]
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.attributes import contacts, identifiers, places, plates, streets
from glyphfeed.stream.attributes.choosing import MOST_MATCHES
from glyphfeed.stream.attributes.extractor import Extractor, without_overlaps
from glyphfeed.stream.attributes.line import Line
from glyphfeed.stream.records import Attribute
from tests.stream.attributes.finding import found

if TYPE_CHECKING:
    from collections.abc import Iterator

OWN = (identifiers, contacts, places, plates, streets)
PATTERNS = {
    f"{module.__name__.rpartition('.')[2]}.{name}": value
    for module in OWN
    for name, value in vars(module).items()
    if isinstance(value, re.Pattern)
}
PIECES = [
    *("DE89 3704 0044 0532 0130 00", "Tel. ", "030/1234567", "info@", "cafe-luna.de", "www.", "ISBN ", "978-3-16-148410-0"),
    *("4006381333931", "LH 1234", "Hauptstr. 5", "10115 Berlin", "B-AB 1234", "AB12 CDE", "1Z999AA10123456784", "+49 ", "EAN "),
    *("Fax ", " ", "O", "l", "-", "/", ".", ",", "VIN ", "1HGCM82633A004352", "12 rue de la ", "Paix", "CSQU 305438 3", "Via "),
    *("SW1A 1AA", "(", "²", "ß", "١", "|"),
]
TEXTS = st.lists(st.sampled_from(PIECES) | st.text(max_size=6), max_size=12).map("".join)
REGIONS = st.sampled_from(["DE", "AT", "CH", "FR", "IT", "ES", "NL", "BE", "GB", "IE", "PL", "US", "CA", "ZZ"])
LONG = [
    *(
        "1",
        " ",
        "a@",
        "1-",
        "1 ",
        "l ",
        "a.",
        ".",
        "-",
        "(",
        "+1 ",
        "0 ",
        "www.",
        "http://",
        "A ",
        "Aa ",
        "1 Aa ",
        "Aa 1 ",
        "Aa-",
    ),
    *("A-B 1", "DE12 ", "AB12 CDE ", "1234 AB ", "Rue de la ", "Via Aa ", "Tel 0", "x@y.", "ISBN 1 ", "EAN 1", "VIN ", "1, "),
    *("LH 12 ", "O0", "fedex 1 "),
]


@given(TEXTS, REGIONS)
def test_spans_lie_in_the_text_in_order_and_apart(text: str, region: str) -> None:
    attributes = Extractor(region).of_line(Line(text))
    assert all(0 <= each.span[0] < each.span[1] <= len(text) for each in attributes)
    assert all(one.span[1] <= other.span[0] for one, other in pairwise(attributes))


@given(TEXTS, REGIONS, st.data())
def test_candidates_of_the_recogniser_change_values_and_break_nothing(text: str, region: str, data: st.DataObject) -> None:
    slots = tuple({char: 0.6, data.draw(st.sampled_from("0O1I5S8BZ2 ")): 0.3} for char in text)
    attributes = Extractor(region).of_line(Line(text, slots))
    assert json.loads(json.dumps([each.value for each in attributes], allow_nan=False)) == [each.value for each in attributes]
    assert all(text[slice(*each.span)].strip() == text[slice(*each.span)] for each in attributes)


@given(TEXTS, REGIONS)
def test_what_has_a_check_digit_is_found_again_in_its_own_value(text: str, region: str) -> None:
    for kind, value, _ in found(text, region):
        if kind in {"iban", "container", "email", "url"}:
            assert (kind, value) in [each[:2] for each in found(value, region)]


@pytest.mark.parametrize("piece", LONG)
def test_a_thousand_characters_of_nothing_say_little(piece: str) -> None:
    text = (piece * 1000)[:1000]
    for region in ("DE", "US"):
        # As many as are looked at, of each of the patterns, and far fewer than there are pieces.
        assert len(Extractor(region).of_line(Line(text))) <= 3 * MOST_MATCHES


def nested(parsed: Any, around: int = 1) -> Iterator[tuple[int, bool]]:
    """Of each repeat of a pattern, how often at most it may run, by the repeats around it, and whether it is without a bound."""
    for operation, argument in parsed:
        inner = around
        if operation in (_constants.MAX_REPEAT, _constants.MIN_REPEAT):
            unbounded = argument[1] == _constants.MAXREPEAT
            inner = around * (1 if unbounded else argument[1])
            yield inner, unbounded and around > 1
        for part in argument if isinstance(argument, tuple | list) else (argument,):
            for branch in part if isinstance(part, list) else (part,):
                if isinstance(branch, _parser.SubPattern):
                    yield from nested(branch, inner)


@pytest.mark.parametrize("name", PATTERNS)
def test_no_pattern_can_take_long(name: str) -> None:
    # The time of a match is bounded by the repeats within repeats: none of them is without a bound, and they are few.
    repeats = list(nested(_parser.parse(PATTERNS[name].pattern, PATTERNS[name].flags & ~re.UNICODE)))
    assert not any(unbounded for _, unbounded in repeats)
    assert max((runs for runs, _ in repeats), default=0) <= 320


def test_of_two_for_the_same_characters_the_checked_then_the_longer_then_the_first_counts() -> None:
    checked, longer = Attribute("gtin", "1", (2, 5)), Attribute("phone", "2", (0, 9))
    first, second = Attribute("street", "3", (10, 12)), Attribute("plate", "4", (10, 12))
    assert without_overlaps([longer, checked, first, second]) == [checked, first]
    assert without_overlaps([Attribute("url", "5", (0, 4)), longer]) == [longer]


def test_kinds_can_be_chosen_and_change_no_value() -> None:
    text = "Hauptstr. 5, 10115 Berlin, Tel. 030 1234567"
    everything = found(text, "DE")
    assert [each[0] for each in everything] == ["street", "postal_code", "phone"]
    assert found(text, "DE", "phone", "street") == [everything[0], everything[2]]


def test_the_lines_of_a_block_each_say_their_own() -> None:
    said = Extractor("DE").of_block([Line("Tel."), Line("030 1234567"), Line("")])
    assert [[each.value for each in own] for own in said] == [[], ["+49301234567"], []]


def test_the_same_text_with_other_candidates_is_looked_at_anew() -> None:
    extractor, text = Extractor("DE", ["iban"]), "DE89 37O4 0044 0532 0130 00"
    sure = Line(text, tuple({char: 1.0} for char in text))
    doubtful = Line(text, tuple({"O": 0.6, "0": 0.4} if char == "O" else {char: 1.0} for char in text))
    told = [[each.value for each in extractor.of_line(line)] for line in (sure, doubtful, sure, doubtful)]
    fresh = [[each.value for each in Extractor("DE", ["iban"]).of_line(line)] for line in (sure, doubtful)]
    assert told == fresh * 2
    assert told[1] == ["DE89370400440532013000"]
