"""Percentages, weights, volumes and sizes, and the speeds and distances of signs."""

from __future__ import annotations

from typing import Any

import pytest

from glyphfeed.stream.attributes import measures, roads
from glyphfeed.stream.attributes.line import Line
from tests.stream.attributes.amounts import all_of


@pytest.mark.parametrize(
    ("text", "region", "kind", "value", "unit"),
    [
        ("25 % Rabatt", "DE", "percent", 25, "%"),
        ("-30%", "DE", "percent", -30, "%"),
        ("Jusqu'à -70%", "FR", "percent", -70, "%"),
        ("20–30 %", "DE", "percent", 30, "%"),
        ("3,5% vol", "DE", "percent", 3.5, "%"),
        ("12,5 Vol.-%", "DE", "percent", 12.5, "%"),
        ("S% VAT", "GB", "percent", 5, "%"),
        ("25 °/o", "DE", "percent", 25, "%"),
        ("500 g e", "DE", "weight", 500, "g"),
        ("5OO g", "DE", "weight", 500, "g"),
        ("l kg Mehl", "DE", "weight", 1, "kg"),
        ("12OZ", "US", "weight", 12, "oz"),
        ("1/2 lb", "US", "weight", 0.5, "lb"),
        ("WEIGHT LIMIT 10 TONS", "US", "weight", 10, "t"),
        ("3 × 250 ml", "DE", "volume", 250, "ml"),
        ("500 mI", "DE", "volume", 500, "ml"),
        ("500 rnl", "DE", "volume", 500, "ml"),
        ("2 dl", "CH", "volume", 20, "cl"),
        ("8 fluid ounces", "US", "volume", 8, "fl_oz"),
        ("16.9 fl. oz.", "US", "volume", 16.9, "fl_oz"),
        ("30 x 40 cm", "DE", "size", [30, 40], "cm"),
        ("60x60x85 cm", "DE", "size", [60, 60, 85], "cm"),
        ("2,50 m", "DE", "size", 2.5, "m"),
        ('32" LED TV', "US", "size", 32, "in"),
        ("3/4 in plywood", "US", "size", 0.75, "in"),
        ("4' x 8'", "US", "size", [4, 8], "ft"),
        ("12'-6\" clearance", "US", "size", 12.5, "ft"),
        ("6 ft ladder", "US", "size", 6, "ft"),
        ("Berlin 34 km", "DE", "distance", 34, "km"),
        ("500 m", "DE", "distance", 500, "m"),
        ("1/2 mile", "US", "distance", 0.5, "mi"),
        ("1 ½ MILES", "US", "distance", 1.5, "mi"),
        ("ROAD WORK 1500 FT", "US", "distance", 1500, "ft"),
        ("TOILETS 50M", "GB", "distance", 50, "m"),
        ("MAX 50 km/h", "DE", "speed", 50, "km/h"),
        ("RAMP 30 M.P.H.", "US", "speed", 30, "mph"),
        ("SPEED LIMIT 6S", "US", "speed", 65, "mph"),
        ("SPEED LIMIT 60", "AU", "speed", 60, "km/h"),
        ("Tempo 30-Zone", "DE", "speed", 30, "km/h"),
        ("ZONE 30", "DE", "speed", 30, "km/h"),
    ],
)
def test_a_quantity_has_its_value_and_its_unit(text: str, region: str, kind: str, value: Any, unit: str) -> None:
    assert [(found.kind, found.value, found.unit) for found in all_of(Line(text), region)] == [(kind, value, unit)]


@pytest.mark.parametrize(
    "text",
    [
        *(
            "5G network",
            "64GB",
            "M 12",
            "A4",
            "25 m²",
            "120 g/km",
            "80 g/m²",
            "5 l/100 km",
            "1920x1080",
            "205/55 R16",
            "foo%20bar 5%20x",
        ),
        *(
            "5 in stock",
            "5 mi casa es 2 Mi",
            '"Area 51"',
            "iPhone 12 mini",
            "S 3 Flughafen",
            "ZONE 1-2",
            "Route 66",
            "10 Mbit",
            "50 SPEED",
        ),
    ],
)
def test_what_only_looks_like_a_quantity_is_none(text: str) -> None:
    found = [found for find in (measures.find, roads.find) for found in find(Line(text), "US")]
    assert [one for one in found if one.unit != "mi" or one.value != 5] == []


@pytest.mark.parametrize(
    ("region", "value", "alternatives"), [("US", 1500, (1.5,)), ("DE", 1.5, (1500,)), ("GB", 1500, (1.5,)), ("FR", 1.5, (1500,))]
)
def test_a_comma_before_three_digits_is_read_as_the_region_has_it(
    region: str, value: float, alternatives: tuple[float, ...]
) -> None:
    (found,) = measures.find(Line("1,500 kg"), region)
    assert (found.value, found.alternatives) == (value, alternatives)


@pytest.mark.parametrize(
    ("text", "labels"),
    [
        ("NET WT 16 OZ (453 g)", ["net", "net"]),
        ("Bruttogewicht 18,4 kg", ["gross"]),
        ("500 g netto", ["net"]),
        ("Netto 400 g, Abtropfgewicht 240 g", ["net", ""]),
        ("500 g", [""]),
    ],
)
def test_a_weight_is_net_or_gross_as_the_words_say(text: str, labels: list[str]) -> None:
    assert [found.label for found in measures.find(Line(text), "DE")] == labels
