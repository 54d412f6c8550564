"""Opening hours, as they stand on doors."""

from __future__ import annotations

import pytest

from glyphfeed.stream.attributes.hours import find
from tests.stream.attributes.amounts import told


@pytest.mark.parametrize(
    ("text", "region", "value"),
    [
        ("Mo–Fr 9-18 Uhr", "DE", "Mo-Fr 09:00-18:00"),
        ("Mo.-Fr.: 9.00 - 18.00 Uhr", "DE", "Mo-Fr 09:00-18:00"),
        ("Mo-Fr 8-12 und 14-18 Uhr", "DE", "Mo-Fr 08:00-12:00,14:00-18:00"),
        ("Mo-Sa 6-22 Uhr, So 8-20 Uhr", "DE", "Mo-Sa 06:00-22:00; Su 08:00-20:00"),
        ("Mo, Mi, Fr 15-19 Uhr", "DE", "Mo,We,Fr 15:00-19:00"),
        ("So + Feiertage 10-12 Uhr", "DE", "Su,PH 10:00-12:00"),
        ("Fr+Sa 11-1 Uhr", "DE", "Fr,Sa 11:00-01:00"),
        ("Mo-Sa ab 17 Uhr", "DE", "Mo-Sa 17:00+"),
        ("M0-D0 9-l7 Uhr", "DE", "Mo-Th 09:00-17:00"),
        ("Montag Ruhetag", "DE", "Mo off"),
        ("24h geöffnet", "DE", "24/7"),
        ("tägl. 9-22 Uhr", "DE", "Mo-Su 09:00-22:00"),
        ("OPEN 24/7", "US", "24/7"),
        ("24 hours a day, open 7 days", "US", "24/7"),
        ("Mon-Fri 9am-5pm", "US", "Mo-Fr 09:00-17:00"),
        ("Monday to Friday 9 to 5", "US", "Mo-Fr 09:00-17:00"),
        ("Fri-Sat 11am-midnight", "US", "Fr-Sa 11:00-24:00"),
        ("M-F 8-5", "US", "Mo-Fr 08:00-17:00"),
        ("Closed Mon & Tue", "US", "Mo,Tu off"),
        ("Open 9AM-5PM", "US", "09:00-17:00"),
        ("Mon-Thu 0900-1700", "GB", "Mo-Th 09:00-17:00"),
        ("Du lundi au vendredi de 9h à 18h", "FR", "Mo-Fr 09:00-18:00"),
        ("mar-sam 9h30-12h30 et 14h-19h", "FR", "Tu-Sa 09:30-12:30,14:00-19:00"),
        ("24h/24 7j/7", "FR", "24/7"),
        ("Fermé le lundi", "FR", "Mo off"),
        ("L-V 9-14", "ES", "Mo-Fr 09:00-14:00"),
        ("Lun - Ven 9.00 - 13.00 / 15.00 - 19.00", "IT", "Mo-Fr 09:00-13:00,15:00-19:00"),
        ("tutti i giorni dalle 8 alle 20", "IT", "Mo-Su 08:00-20:00"),
    ],
)
def test_hours_are_told_as_openstreetmap_has_them(text: str, region: str, value: str) -> None:
    assert told(find, text, region) == [("opening_hours", value, "")]


@pytest.mark.parametrize(
    ("text", "region"),
    [
        *(
            ("So 3-5 kg", "DE"),
            ("Sa 9.12.", "DE"),
            ("24/7/2026", "GB"),
            ("Do 10-12 reps", "US"),
            ("Sat 2-1", "US"),
            ("so 3-5", "US"),
        ),
        *(
            ("Closed", "US"),
            ("24 Hour", "US"),
            ("MON TUE WED", "US"),
            ("MAR-12-2027", "US"),
            ("Mer et montagne", "FR"),
            ("Sunday Roast", "US"),
        ),
    ],
)
def test_what_only_looks_like_hours_is_none(text: str, region: str) -> None:
    assert told(find, text, region) == []
