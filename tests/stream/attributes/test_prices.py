"""Prices as they stand on tags, shelves and menus."""

from __future__ import annotations

import pytest

from glyphfeed.stream.attributes.line import Line
from glyphfeed.stream.attributes.prices import find
from glyphfeed.stream.attributes.writing import plain
from tests.stream.attributes.amounts import told


@pytest.mark.parametrize(
    ("text", "region", "value", "currency"),
    [
        ("4,99 €", "DE", 4.99, "EUR"),
        ("€ 1.99", "DE", 1.99, "EUR"),
        ("1.299,00 EUR", "DE", 1299, "EUR"),
        ("Sofa 1.299 €", "DE", 1299, "EUR"),
        ("5,-", "DE", 5, "EUR"),
        ("-.99", "DE", 0.99, "EUR"),
        ("99 ct", "DE", 0.99, "EUR"),
        ("12 ,50 €", "DE", 12.5, "EUR"),
        ("l,99 €", "DE", 1.99, "EUR"),
        ("O,99 €", "DE", 0.99, "EUR"),
        ("1,99E", "DE", 1.99, "EUR"),
        ("2 Mio. €", "DE", 2_000_000, "EUR"),
        ("1 299,00 €", "FR", 1299, "EUR"),
        ("2€50", "FR", 2.5, "EUR"),
        ("CHF 12.-", "CH", 12, "CHF"),
        ("Fr. 18.50", "CH", 18.5, "CHF"),
        ("CHF 2'490.00", "CH", 2490, "CHF"),
        ("2 for £5", "GB", 5, "GBP"),
        ("99p", "GB", 0.99, "GBP"),
        ("$1,299.99", "US", 1299.99, "USD"),
        ("$.99", "US", 0.99, "USD"),
        ("S4.99", "US", 4.99, "USD"),
        ("UNLEADED $3.499", "US", 3.499, "USD"),
        ("€1.299", "US", 1299, "EUR"),
        ("$3 99", "US", 3.99, "USD"),
        ("99¢", "US", 0.99, "USD"),
        ("$8.95", "CA", 8.95, "CAD"),
        ("49:-", "SE", 49, "SEK"),
        ("4,50 zł", "PL", 4.5, "PLN"),
        ("₹1,20,000", "IN", 120_000, "INR"),
        ("¥12", "CN", 12, "CNY"),
        ("¥850", "JP", 850, "JPY"),
        ("Total 12.50", "US", 12.5, "USD"),
    ],
)
def test_a_price_has_its_value_and_its_currency(text: str, region: str, value: float, currency: str) -> None:
    assert told(find, text, region) == [("price", value, currency)]


@pytest.mark.parametrize(
    ("text", "region"),
    [
        ("Raum 12,50", "DE"),
        ("Total 12.50 kg", "DE"),
        ("12.- 14. Mai", "DE"),
        ("EUR 42 / UK 8", "DE"),
        ("50 Cent live", "DE"),
        ("Fr. 9.00-18.00", "CH"),
        ("720p", "GB"),
        ("99p", "US"),
        ("TRY 2", "US"),
        ("TOP 10", "US"),
        ("GEL 250 ml", "US"),
        ("Version 4.99", "US"),
        ("$$$", "US"),
    ],
)
def test_what_only_looks_like_a_price_is_none(text: str, region: str) -> None:
    assert told(find, text, region) == []


@pytest.mark.parametrize(
    ("text", "region", "value", "unit"),
    [
        ("1,98 €/kg", "DE", 1.98, "EUR/kg"),
        ("(100 g = 0,89 €)", "DE", 0.89, "EUR/100g"),
        ("1 l = 1,32", "DE", 1.32, "EUR/l"),
        ("kg-Preis 3,98 €", "DE", 3.98, "EUR/kg"),
        ("1.859 €/l", "DE", 1.859, "EUR/l"),
        ("12,90 € le kg", "FR", 12.9, "EUR/kg"),
        ("€ 3,98 al kg", "IT", 3.98, "EUR/kg"),
        ("£1.20 per 100ml", "GB", 1.2, "GBP/100ml"),
        ("145.9p per litre", "GB", 1.459, "GBP/l"),
        ("$2.49/lb", "US", 2.49, "USD/lb"),
        ("19.9¢/oz", "US", 0.199, "USD/oz"),
        ("$3.459/gal", "US", 3.459, "USD/gal"),
    ],
)
def test_a_price_per_unit_has_its_unit(text: str, region: str, value: float, unit: str) -> None:
    assert told(find, text, region) == [("unit_price", value, unit)]


@pytest.mark.parametrize(
    ("text", "region", "labels"),
    [
        ("WAS £5 NOW £3", "GB", ["was", "now"]),
        ("statt 4,99 jetzt 2,99", "DE", ["was", "now"]),
        ("2,99 € statt 4,99 €", "DE", ["now", "was"]),
        ("antes 39,95 € ahora 24,95 €", "ES", ["was", "now"]),
        ("£9.99 £4.99", "GB", ["", ""]),
    ],
)
def test_the_former_of_two_prices_is_told_from_the_present_one(text: str, region: str, labels: list[str]) -> None:
    assert [found.label for found in find(Line(text), region)] == labels


def test_candidates_tell_the_sign_and_the_digits() -> None:
    read = Line("1,G9 C", ({"1": 1.0}, {",": 1.0}, {"G": 0.6, "6": 0.4}, {"9": 1.0}, {" ": 1.0}, {"C": 0.7, "€": 0.3}))
    assert [(found.value, found.unit, found.span) for found in find(read, "DE")] == [(1.69, "EUR", (0, 6))]
    assert told(find, "1,G9 C", "DE") == []


def test_candidates_tell_the_digits_all_along_a_long_line() -> None:
    text = "1,G9 " * 200
    candidates = ({"1": 1.0}, {",": 1.0}, {"G": 0.6, "6": 0.4}, {"9": 1.0}, {" ": 1.0}) * 200
    assert plain(Line(text, candidates)) == "1,69 " * 200


def test_candidates_leave_a_unit_what_it_is() -> None:
    read = Line("1,99 € 5g", (*({char: 1.0} for char in "1,99 € 5"), {"g": 0.6, "9": 0.4}))
    assert [(found.value, found.span) for found in find(read, "DE")] == [(1.99, (0, 6))]
    assert plain(read) == "1,99 € 5g"
