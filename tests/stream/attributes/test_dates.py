"""Dates and times of day, as signs and packages have them."""

from __future__ import annotations

import pytest

from glyphfeed.stream.attributes.dates import find
from glyphfeed.stream.attributes.line import Line
from tests.stream.attributes.amounts import told


@pytest.mark.parametrize(
    ("text", "region", "value"),
    [
        ("30.11.2026", "DE", "2026-11-30"),
        ("l2.O3.2O27", "DE", "2027-03-12"),
        ("Montag, 30. November", "DE", "--11-30"),
        ("24.12.", "DE", "--12-24"),
        ("am 1.5. geschlossen", "DE", "--05-01"),
        ("14.–16.05.2026", "DE", "2026-05-16"),
        ("Dez. 2026", "DE", "2026-12"),
        ("TÜV 09/2027", "DE", "2027-09"),
        ("11/30/26", "US", "2026-11-30"),
        ("March 12, 2027", "US", "2027-03-12"),
        ("MAR122027", "US", "2027-03-12"),
        ("Sat 11/28", "US", "--11-28"),
        ("Sale ends 12/24", "US", "--12-24"),
        ("2027-Mar-12", "US", "2027-03-12"),
        ("4th July", "GB", "--07-04"),
        ("12MAR27", "GB", "2027-03-12"),
        ("1er mars 2027", "FR", "2027-03-01"),
        ("12 de marzo de 2027", "ES", "2027-03-12"),
        ("2 set", "IT", "--09-02"),
        ("26-11-30", "SE", "2026-11-30"),
    ],
)
def test_a_date_is_told_as_iso_has_it(text: str, region: str, value: str) -> None:
    assert told(find, text, region) == [("date", value, "")]


@pytest.mark.parametrize(
    ("text", "region", "value", "alternatives"),
    [
        ("03/04/2026", "GB", "2026-04-03", ("2026-03-04",)),
        ("03/04/2026", "US", "2026-03-04", ("2026-04-03",)),
        ("03/04/2026", "DE", "2026-04-03", ("2026-03-04",)),
        ("03/04/2026", "CA", "2026-03-04", ("2026-04-03",)),
        ("03.04.2026", "DE", "2026-04-03", ()),
        ("2026-04-03", "US", "2026-04-03", ()),
        ("30/04/2026", "US", "2026-04-30", ()),
        ("BEST BY MAR 27", "US", "2027-03", ("--03-27",)),
    ],
)
def test_a_date_that_may_be_another_says_so(text: str, region: str, value: str, alternatives: tuple[str, ...]) -> None:
    (found,) = find(Line(text), region)
    assert (found.value, found.alternatives) == (value, alternatives)


@pytest.mark.parametrize(
    ("text", "region", "value", "label"),
    [
        ("MHD 12.03.27", "DE", "2027-03-12", "best_before"),
        ("BB 12 03 27", "GB", "2027-03-12", "best_before"),
        ("BEST BY 031527", "US", "2027-03-15", "best_before"),
        ("EXP 03/27", "GB", "2027-03", "expires"),
        ("EXP 20270312", "GB", "2027-03-12", "expires"),
        ("USE BY 17 MAY", "GB", "--05-17", "expires"),
        ("A consommer de préférence avant le 30/09/2026", "FR", "2026-09-30", "best_before"),
        ("Caducidad: 28/02/2026", "ES", "2026-02-28", "expires"),
        ("MFG 06/15/2025", "US", "2025-06-15", "produced"),
    ],
)
def test_a_date_is_what_the_words_before_it_say(text: str, region: str, value: str, label: str) -> None:
    (found,) = find(Line(text), region)
    assert (found.value, found.label) == (value, label)


@pytest.mark.parametrize(
    ("text", "region"),
    [
        *(
            ("3.1. Grundlagen", "DE"),
            ("Version 10.12.14", "DE"),
            ("31.02.2025", "DE"),
            ("030 12.03.27", "DE"),
            ("Nr. 12/2026", "DE"),
        ),
        *(
            ("192.168.1.1", "US"),
            ("sort code 12-34-56", "GB"),
            ("Tel 01.02.03.04.05", "FR"),
            ("2 may ride free", "GB"),
            ("3/4", "US"),
        ),
        *(
            ("24/7", "GB"),
            ("2011-12", "GB"),
            ("1-800-12-34", "US"),
            ("v1.2.2027", "US"),
            ("13/32/2026", "US"),
            ("30. Februar", "DE"),
        ),
        *(("2:1", "DE"), ("John 3:16", "US"), ("Room 14.30", "GB"), ("UTC-05:00", "GB"), ("Scale 1:24", "US"), ("16:9", "US")),
        *(
            ("25:61", "US"),
            ("10.0.0.1:8080", "US"),
            ("ISO 9001:2015", "US"),
            ("Platz 5 am See", "DE"),
            ("24h", "FR"),
            ("24 hours", "US"),
            ("8 hrs", "US"),
            ("3:45 min", "US"),
            ("Durée 1h30", "FR"),
            ("21 : 19", "DE"),
            ("24 ore 7 giorni", "IT"),
            ("attente de 2 heures", "FR"),
        ),
    ],
)
def test_what_only_looks_like_a_date_or_a_time_is_none(text: str, region: str) -> None:
    assert told(find, text, region) == []


@pytest.mark.parametrize(
    ("text", "region", "value"),
    [
        *(("10:42", "GB", "10:42"), ("1O:42", "GB", "10:42"), ("14.30 Uhr", "DE", "14:30"), ("8 Uhr", "DE", "08:00")),
        *(("14h30", "FR", "14:30"), ("10 h 30", "FR", "10:30"), ("à 9h", "FR", "09:00"), ("ore 14.30", "IT", "14:30")),
        *(("2:30 p.m.", "US", "14:30"), ("2pm", "US", "14:00"), ("12:05 AM", "US", "00:05"), ("9.30am", "GB", "09:30")),
        *(("1430 hrs", "GB", "14:30"), ("24:00", "DE", "24:00"), ("10:42:15", "GB", "10:42:15"), ("14:30 h", "ES", "14:30")),
        *(("14 : 30 Uhr", "DE", "14:30"), ("9 Uhr 30", "DE", "09:30"), ("à 9 heures", "FR", "09:00"), ("2Oh3O", "FR", "20:30")),
        *(("alle ore 18", "IT", "18:00"), ("h. 21.00", "IT", "21:00"), ("vers 20 heures", "FR", "20:00")),
    ],
)
def test_a_time_is_told_on_a_clock_of_24_hours(text: str, region: str, value: str) -> None:
    assert told(find, text, region) == [("time", value, "")]


def test_the_end_tells_which_half_of_the_day_a_time_is_in() -> None:
    assert [value for _, value, _ in told(find, "1:30-3pm", "US")] == ["13:30", "15:00"]
    assert [(found.value, found.alternatives) for found in find(Line("5 o'clock"), "GB")] == [("05:00", ("17:00",))]
