"""What holds for all finders of amounts, whatever the text."""

from __future__ import annotations

from datetime import date
from functools import partial

import pytest
from babel.dates import format_date
from babel.numbers import format_currency, format_decimal
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.attributes.customs import customs_of
from glyphfeed.stream.attributes.line import Line
from glyphfeed.stream.attributes.relating import relate
from glyphfeed.stream.attributes.writing import MANY, folded, plain
from tests.stream.attributes.amounts import FINDERS, all_of

REGIONS = {"US": "en_US", "GB": "en_GB", "DE": "de_DE", "FR": "fr_FR", "ES": "es_ES", "IT": "it_IT", "CH": "de_CH", "AT": "de_AT"}
PIECES = st.sampled_from(
    [
        *(
            "1",
            "12",
            "1,99",
            "1.299,00",
            "03/04/2026",
            "12.03.27",
            "12 MAR 2027",
            "14h30",
            "9-18",
            "½",
            "O",
            "l",
            "€",
            "$",
            "£",
            "%",
            "kg",
        ),
        *(
            "ml",
            "km/h",
            "x",
            "Mo",
            "-",
            "Fr",
            "closed",
            "open",
            "was",
            "statt",
            "best before",
            "speed limit",
            "per",
            "=",
            "/",
            ":",
            ".",
            " ",
        ),
        *("24/7", "ab", "Uhr", "am", "24:00", "99", "İ", "ß", "\u00a0", "١٢", "²", "9999999999", "Ⅷ"),
    ]
)
TEXTS = st.one_of(st.text(max_size=60), st.lists(PIECES, max_size=14).map("".join), st.lists(PIECES, max_size=10).map(" ".join))


@given(text=TEXTS, region=st.sampled_from([*REGIONS, "SE", "JP", "IN", "BR", "XX", ""]))
def test_every_span_lies_in_the_text_and_nothing_fails(text: str, region: str) -> None:
    for find in FINDERS:
        for found in find(Line(text), region):
            assert 0 <= found.span[0] < found.span[1] <= len(text)
            assert text[slice(*found.span)].strip() == text[slice(*found.span)]


@given(texts=st.lists(TEXTS, max_size=4), region=st.sampled_from(["US", "DE", "FR"]))
def test_lines_together_have_their_spans_in_their_own_lines(texts: list[str], region: str) -> None:
    lines, find = [Line(text) for text in texts], partial(all_of, region=region)
    for line, attributes in zip(lines, relate(lines, [find(line) for line in lines], find), strict=True):
        assert all(0 <= found.span[0] < found.span[1] <= len(line.text) for found in attributes)


@given(text=st.text(), scores=st.lists(st.dictionaries(st.characters(), st.floats(0, 1), max_size=3), max_size=20))
def test_a_text_keeps_its_length_however_it_is_read(text: str, scores: list[dict[str, float]]) -> None:
    assert len(plain(Line(text))) == len(folded(text)) == len(text)
    assert len(plain(Line(text, tuple(scores)))) == len(text)


@given(cents=st.integers(1, 99_999_99), region=st.sampled_from([*REGIONS]))
def test_a_price_is_found_again_as_its_region_writes_it(cents: int, region: str) -> None:
    currency = customs_of(region).currency
    text = format_currency(cents / 100, currency, locale=REGIONS[region])
    assert [(found.kind, found.value, found.unit) for found in all_of(Line(text), region)] == [("price", cents / 100, currency)]


@given(tenths=st.integers(1, 99_999), unit=st.sampled_from(["kg", "ml", "cl"]), region=st.sampled_from([*REGIONS]))
def test_a_quantity_is_found_again_as_its_region_writes_it(tenths: int, unit: str, region: str) -> None:
    text = f"{format_decimal(tenths / 10, locale=REGIONS[region])} {unit}"
    (found,) = all_of(Line(text), region)
    assert (found.unit, found.span) == (unit, (0, len(text)))
    assert tenths / 10 in (found.value, *found.alternatives)


@given(day=st.dates(date(2000, 1, 1), date(2099, 12, 31)), region=st.sampled_from(["US", "GB", "DE", "FR", "ES", "IT", "AT"]))
@pytest.mark.parametrize("width", ["short", "long"])
def test_a_date_is_found_again_as_its_region_writes_it(day: date, region: str, width: str) -> None:
    text = format_date(day, width, locale=REGIONS[region])
    (found,) = all_of(Line(text), region)
    assert (found.kind, found.value) == ("date", day.isoformat())


@pytest.mark.parametrize(
    "piece",
    [
        "1 ",
        "1,",
        "1.1",
        "€1",
        "1€",
        "1% ",
        "1 kg ",
        "1x",
        "Mo-",
        "1 h 1-",
        "9:00 1-",
        "12.12.",
        "12 mar ",
        "½",
        "O",
        "|",
        "-",
        "was ",
    ],
)
def test_what_is_found_in_a_long_text_is_bounded(piece: str) -> None:
    text = (piece * 1000)[:1000]
    assert all(len(list(find(Line(text), "DE"))) <= 4 * MANY for find in FINDERS)
