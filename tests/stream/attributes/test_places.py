"""Postal codes, streets and number plates, by country, and what only looks like them."""

from __future__ import annotations

import pytest

from glyphfeed.stream.attributes.extractor import Extractor
from glyphfeed.stream.attributes.line import Line
from tests.stream.attributes.finding import found, values

CODES = [
    ("DE", "10115 Berlin", "DE", "10115"),
    ("DE", "D-80331 München", "DE", "80331"),
    ("DE", "2O095 Hamburg", "DE", "20095"),
    ("DE", "CH-3011 Bern", "CH", "3011"),
    ("DE", "75001 Paris", "FR", "75001"),
    ("DE", "17268 Templin", "DE", "17268"),
    ("AT", "1010 Wien", "AT", "1010"),
    ("CH", "8001 Zürich", "CH", "8001"),
    ("IT", "00184 Roma", "IT", "00184"),
    ("ES", "28013 Madrid", "ES", "28013"),
    ("BE", "1000 Bruxelles", "BE", "1000"),
    ("NL", "1012 AB Amsterdam", "NL", "1012 AB"),
    ("GB", "London NW1 6XE", "GB", "NW1 6XE"),
    ("GB", "SW1A lAA", "GB", "SW1A 1AA"),
    ("IE", "D02 X285", "IE", "D02 X285"),
    ("PL", "00-950 Warszawa", "PL", "00-950"),
    ("US", "Beverly Hills, CA 90210", "US", "90210"),
    ("US", "Washington, DC 20500-0003", "US", "20500-0003"),
    ("CA", "Ottawa ON K1A 0B1", "CA", "K1A 0B1"),
]
STREETS = [
    ("Hauptstr. 12a, 10115 Berlin", "Hauptstr. 12a"),
    ("Bäckerei Schmidt Hauptstraße  5", "Hauptstraße 5"),
    ("Karl-Marx-Allee 12-14", "Karl-Marx-Allee 12-14"),
    ("BERLINER STR. 5", "BERLINER STR. 5"),
    ("Am Markt 3", "Am Markt 3"),
    ("Platz der Republik 1", "Platz der Republik 1"),
    ("221B Baker Street", "221B Baker Street"),
    ("Flat 2, 14 High Street", "14 High Street"),
    ("1600 Pennsylvania Ave NW", "1600 Pennsylvania Ave NW"),
    ("12 E. Main St.", "12 E. Main St."),
    ("12 rue de la Paix, 75002 Paris", "12 rue de la Paix"),
    ("8 bis avenue Victor Hugo", "8 bis avenue Victor Hugo"),
    ("Calle Mayor 5, 28013 Madrid", "Calle Mayor 5"),
    ("Via Roma 10", "Via Roma 10"),
    ("Prinsengracht 263", "Prinsengracht 263"),
    ("ul. Długa 5", "ul. Długa 5"),
    ("100 Universal City Plaza", "100 Universal City Plaza"),
    ("Rambla de Catalunya 12", "Rambla de Catalunya 12"),
    ("P.zza Dante 6", "P.zza Dante 6"),
]
PLATES = [
    ("DE", "B-AB 1234", "DE", "B-AB 1234"),
    ("DE", "S EV 42E", "DE", "S-EV 42E"),
    ("DE", "N-KK 8O8", "DE", "N-KK 808"),
    ("US", "HH-AB 123", "DE", "HH-AB 123"),
    ("AT", "W 12345 A", "AT", "W-12345 A"),
    ("CH", "ZH 123 456", "CH", "ZH 123456"),
    ("FR", "DV-33I-QS", "FR", "DV-331-QS"),
    ("IT", "EK 7O5 PN", "IT", "EK 705 PN"),
    ("ES", "4821KLM", "ES", "4821 KLM"),
    ("NL", "GT-482-K", "NL", "GT-482-K"),
    ("BE", "1-ABC-234", "BE", "1-ABC-234"),
    ("GB", "YF7O BNR", "GB", "YF70 BNR"),
    ("IE", "191-D-12345", "IE", "191-D-12345"),
    ("PL", "KR 5AB12", "PL", "KR 5AB12"),
    ("US", "7ABC123", "US", "7ABC123"),
    ("PL", "WA 1234C", "PL", "WA 1234C"),
]
NONE = [
    ("DE", "12345 Gutscheine"),
    ("DE", "50000 Watt"),
    ("AT", "2024 Neuheiten"),
    ("DE", "über 10115 Kunden"),
    ("US", "PIN 4821"),
    ("GB", "N1C"),
    ("NL", "1500 MM"),
    ("PL", "20-100 mm"),
    ("DE", "Parkplatz 12"),
    ("DE", "Supermarkt 5"),
    ("DE", "Marktplatz 14:30"),
    ("DE", "Am Montag 5"),
    ("DE", "Hauptstraße"),
    ("US", "24 Hour Drive Thru"),
    ("US", "Wall Street"),
    ("IT", "Via Roma 10,50 €"),
    ("IT", "Corso Italia 2024"),
    ("DE", "DIN A 4"),
    ("DE", "C-Dur"),
    ("DE", "XX-AB 12"),
    ("US", "ISO 9001"),
    ("US", "GTX 1080"),
    ("US", "RFC 2616"),
    ("ES", "2024 BMW"),
    ("NL", "12-MAR-24"),
    ("US", "XYZ 1234"),
    ("US", "SM-G960"),
    ("PL", "KOD 12345"),
    ("AT", "E-100 KW"),
    ("CH", "BE 2024"),
    ("CH", "AG 100"),
    ("FR", "TV 123 HD"),
    ("ES", "1000 GRS"),
    ("US", "16 GB Flash Drive"),
    ("US", "Exit 24 Lake Road"),
    ("FR", "Ligne 4 Place d'Italie"),
    ("DE", "An der Kasse 3"),
    ("DE", "Straße gesperrt 200 m"),
    ("DE", "Sackgasse 50"),
    ("DE", "Nürnberg 2"),
    ("DE", "via Bluetooth 5"),
    ("ES", "PLATO 5"),
]
OWN = {"postal_code", "street", "plate"}


@pytest.mark.parametrize(("region", "text", "country", "code"), CODES)
def test_postal_codes_are_found(region: str, text: str, country: str, code: str) -> None:
    assert values(text, region, "postal_code") == [{"country": country, "code": code}]


@pytest.mark.parametrize(("text", "street"), STREETS)
def test_streets_are_found(text: str, street: str) -> None:
    assert values(text, "DE", "street") == [street]


@pytest.mark.parametrize(("region", "text", "country", "number"), PLATES)
def test_plates_are_found(region: str, text: str, country: str, number: str) -> None:
    assert found(text, region) == [("plate", {"country": country, "number": number}, text)]


@pytest.mark.parametrize(("region", "text"), NONE)
def test_what_only_looks_like_a_place_is_none(region: str, text: str) -> None:
    assert [each for each in found(text, region) if each[0] in OWN] == []


@pytest.mark.parametrize("text", ["License plate ABC 1234", "TEXAS ABC 1234"])
def test_a_weak_form_of_a_plate_needs_a_word_or_the_state(text: str) -> None:
    assert values(text, "US", "plate") == [{"country": "US", "number": "ABC 1234"}]


def test_a_plate_of_two_countries_says_so() -> None:
    (plate,) = Extractor("IT").of_line(Line("AB 123 CD"))
    assert plate.value == {"country": "IT", "number": "AB 123 CD"}
    assert plate.alternatives == ({"country": "FR", "number": "AB-123-CD"},)
    (plate,) = Extractor("FR").of_line(Line("AB 123 CD"))
    assert plate.value == {"country": "FR", "number": "AB-123-CD"}
