"""Conditions on attributes: their grammar, units, dates, and what is said of them."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.errors import InputError
from glyphfeed.stream.records import Attribute
from glyphfeed.stream.rules.attribute_conditions import Attributes, days_of, parse_when
from glyphfeed.stream.rules.measures import factor
from tests.stream.rules.subjects import subject

TODAY = date(2026, 11, 30)


def attribute(kind: str, value: Any, unit: str = "", label: str = "", *others: Any) -> Attribute:
    """One that stands at the beginning of a text."""
    return Attribute(kind, value, (0, 3), unit, label, others)


PRICE = attribute("price", 4.99, "EUR", "now")
PLATE = attribute("plate", {"country": "DE", "number": "B-AB 1234"})


@pytest.mark.parametrize(
    ("condition", "seen", "holds"),
    [
        ("price", PRICE, True),
        ("kind price", PRICE, True),
        ("phone", PRICE, False),
        ("price < 5 EUR", PRICE, True),
        ("price < 5EUR", PRICE, True),
        ("price<5", PRICE, True),
        ("price < 5 USD", PRICE, False),
        ("price >= 4.99 EUR", PRICE, True),
        ("price != 4.99 EUR", PRICE, False),
        ("price.label = now", PRICE, True),
        ("price.label != now", PRICE, False),
        ("price.unit = eur", PRICE, True),
        ("percent <= -30", attribute("percent", -30, "%"), True),
        ("weight >= 1 kg", attribute("weight", 1000, "g"), True),
        ("weight < 1 lb", attribute("weight", 453, "g"), True),
        ("volume = 0.5 l", attribute("volume", 500, "ml"), True),
        ("distance > 1 mi", attribute("distance", 1.7, "km"), True),
        ("speed <= 30 mph", attribute("speed", 50, "km/h"), False),
        ("size > 39 cm", attribute("size", [300, 400], "mm"), True),
        ("unit_price < 10 EUR/kg", attribute("unit_price", 0.89, "EUR/100g"), True),
        ("unit_price < 10 EUR/kg", attribute("unit_price", 0.89, "EUR/l"), False),
        ("date before today", attribute("date", "2026-11-29"), True),
        ("date before today", attribute("date", "2026-11"), False),
        ("date before 2026-12-01", attribute("date", "2026-11"), True),
        ("date after tomorrow", attribute("date", "2027-01"), True),
        ("date on yesterday", attribute("date", "--11-29"), True),
        ("date within 7 days", attribute("date", "2026-12-07"), True),
        ("date within 1 week", attribute("date", "2026-12-08"), False),
        ("date within 7 days", attribute("date", "2026-11-29"), False),
        ("date within 31 days", attribute("date", "2026-12"), True),
        ("time after 18:00", attribute("time", "19:30"), True),
        ("time before 09:00", attribute("time", "09:00"), False),
        ('plate = "b ab1234"', PLATE, True),
        ("plate.country = DE", PLATE, True),
        ("plate.country != DE", PLATE, False),
        ("gtin = 4006381333931", attribute("gtin", "4006381333931"), True),
        ("postal_code = 10115", attribute("postal_code", {"country": "DE", "code": "10115"}), True),
        ("phone = +49 30 123456", attribute("phone", "+4930123456"), True),
    ],
)
def test_conditions_hold_of_what_they_say(condition: str, seen: Attribute, holds: bool) -> None:
    assert Attributes([condition], "GB").find(subject("abcdef", seen)) == (((0, 3),) if holds else None)


def test_conditions_on_one_kind_are_on_the_same_attribute() -> None:
    was = Attribute("price", 9.99, (10, 14), "EUR", "was")
    both = Attributes(["price < 5 EUR", "price.label = was"])
    assert both.find(subject("4.99 now, 9.99 was", PRICE, was)) is None
    assert Attributes(["price", "price > 5 EUR"]).find(subject("4.99 now, 9.99 was", PRICE, was)) == ((10, 14),)


@pytest.mark.parametrize(
    ("condition", "said"),
    [
        ("", "at column 1: '' is no kind of attribute; there are caption, code"),
        ("prize < 5", "at column 1: 'prize' is no kind"),
        ("price <", "at column 8: a number is wanted"),
        ("price < five", "at column 9: a number is wanted"),
        ("price < 5 €", "at column 11: '€' is no unit of price; write one such as EUR"),
        ("price < 5 EUR now", "at column 15: 'now' is too much"),
        ("price before today", "at column 7: 'before' cannot compare numbers"),
        ("weight > 1", "at column 11: a unit is wanted, such as kg"),
        ("weight > 1 m", "at column 12: 'm' is no unit of weight"),
        ("unit_price < 2 EUR", "at column 16: 'EUR' is no unit of unit_price; write one such as EUR/kg"),
        ("date < today", "at column 6: '<' cannot compare dates"),
        ("date before 30.11.2026", "at column 13: '30.11.2026' is no day"),
        ("date before 2026-13-01", "at column 13: '2026-13-01' is no day"),
        ("date within 7", "at column 13: a time is wanted"),
        ("time after 6pm", "at column 12: '6pm' is no time"),
        ("plate.colour = red", "at column 1: plate has no 'colour'; there are label, unit, country, number"),
        ("phone < 5", "at column 7: '<' cannot compare words"),
        ("phone =", "at column 8: what it is to be the same as is missing"),
    ],
)
def test_mistakes_name_the_column(condition: str, said: str) -> None:
    with pytest.raises(InputError) as raised:
        parse_when(condition)
    assert said in str(raised.value)


@given(st.text(alphabet="price date<>= within5EUR-.:\"'", max_size=25))
def test_anything_is_a_condition_or_a_mistake(text: str) -> None:
    try:
        read = parse_when(text)
    except InputError as error:
        read = None
        complaint = str(error)
    assert ("at column" in complaint) if read is None else (read.written == text)


def test_pints_are_those_of_the_region() -> None:
    assert factor("pt", "ml", "US") == pytest.approx(473.176, abs=1e-3)
    assert factor("pt", "ml", "GB") == pytest.approx(568.261, abs=1e-3)
    assert factor("EUR", "USD") is factor("kg", "m") is factor("EUR/kg", "USD/kg") is None


@given(st.dates(date(1990, 1, 1), date(2060, 1, 1)))
def test_a_date_without_a_year_is_the_nearest(day: date) -> None:
    nearest = days_of(f"--{day:%m-%d}", TODAY)
    assert nearest is not None
    assert (nearest[0].month, nearest[0].day) == (day.month, day.day)
    assert abs((nearest[0] - TODAY).days) <= (183 if (day.month, day.day) != (2, 29) else 730)


def test_what_is_no_date_is_none() -> None:
    assert [days_of(value, TODAY) for value in ("2026-02-30", "tomorrow", None, "2026", "2026-13")] == [None] * 5


def test_it_says_what_there_is_and_what_does_not_hold() -> None:
    condition = Attributes(["price < 5 EUR", "date before today"])
    seen = subject("x" * 9, attribute("price", 7, "EUR", "was"), attribute("date", "2026-11-29", "", "", "2026-01-02"))
    assert condition.why(seen) == (
        "price 7 EUR (was), of which does not hold: price < 5 EUR; date 2026-11-29 (or 2026-01-02) at 0"
    )
    assert condition.why(subject("x")) == "there is no price in it; there is no date in it"
