"""Numbers that name a thing, as people write them and recognisers read them, and what only looks like one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum import ean, iban, iso6346

from glyphfeed.stream.attributes.extractor import Extractor
from glyphfeed.stream.attributes.line import Line
from tests.stream.attributes.finding import found, values

FINDS = [
    ("iban", "DE", "IBAN DE89 3704 0044 0532 0130 00", "DE89370400440532013000"),
    ("iban", "DE", "IBANDE89370400440532013000", "DE89370400440532013000"),
    ("iban", "DE", "DE89 37O4 OO44 O532 O13O OO BIC COBADEFFXXX", "DE89370400440532013000"),
    ("iban", "FR", "FR14 2004 1010 0505 0001 3M02 606", "FR1420041010050500013M02606"),
    ("iban", "GB", "GB29 NWBK 6016 1331 9268 19", "GB29NWBK60161331926819"),
    ("vin", "US", "1HGCM82633A004352", "1HGCM82633A004352"),
    ("vin", "US", "lHGCM82633AOO4352", "1HGCM82633A004352"),
    ("vin", "US", "VIN# 1M8GDM9AXKP042788", "1M8GDM9AXKP042788"),
    ("vin", "DE", "FIN: WVWZZZ1JZXW000001", "WVWZZZ1JZXW000001"),
    ("vin", "DE", "Fahrgestell-Nr. WVW ZZZ 1JZ XW 000001", "WVWZZZ1JZXW000001"),
    ("container", "DE", "CSQU3054383", "CSQU3054383"),
    ("container", "DE", "C5QU 3O5438 3 22G1", "CSQU3054383"),
    ("gtin", "DE", "4 006381 333931", "4006381333931"),
    ("gtin", "DE", "EAN-Code 4OO6381333931", "4006381333931"),
    ("gtin", "DE", "9638 5074", "96385074"),
    ("gtin", "US", "0 36000 29145 2", "036000291452"),
    ("gtin", "US", "(01)09501101530003", "09501101530003"),
    ("isbn", "DE", "ISBN 978-3-16-148410-0", "9783161484100"),
    ("isbn", "DE", "lSBN-13: 978-3-16-1484lO-0", "9783161484100"),
    ("isbn", "US", "ISBN 0-306-40615-2", "9780306406157"),
    ("isbn", "US", "ISBN 080442957X", "9780804429573"),
    ("isbn", "US", "9783161484100", "9783161484100"),
    ("flight", "DE", "LH1234", "LH1234"),
    ("flight", "DE", "LH 1234 Frankfurt 14:30", "LH1234"),
    ("flight", "CH", "LX1O2 Zürich", "LX102"),
    ("flight", "US", "FLIGHT B6 915", "B6915"),
    ("flight", "US", "AS 331 SEATTLE DELAYED", "AS331"),
    ("flight", "DE", "Flugnummer: EW7O4", "EW704"),
    ("flight", "DE", "DE 1586 Punta Cana", "DE1586"),
    ("flight", "DE", "EW 582 nach Palma 09:15", "EW582"),
    ("flight", "US", "UA 1 San Francisco", "UA1"),
    ("flight", "GB", "EI 155 DUB", "EI155"),
    ("flight", "ES", "VY 3904 Palma puerta B12", "VY3904"),
    ("parcel", "US", "1Z 999 AA1 01 2345 6784", "1Z999AA10123456784"),
    ("parcel", "DE", "RR123456785DE", "RR123456785DE"),
    ("parcel", "US", "RB 71l 290 458 DE", "RB711290458DE"),
    ("parcel", "US", "9400 1118 9922 3397 6151 23", "9400111899223397615123"),
    ("parcel", "US", "FedEx 9865 7878 8855", "986578788855"),
]
NONE = [
    ("DE", "DE89 3704 0044 0532 0130 01"),
    ("DE", "DE89 3704 0044"),
    ("US", "1HGCM82633A004353"),
    ("US", "VIN 1HGCM82643A004352"),
    ("DE", "SCHLOSSBIBLIOTHEK"),
    ("DE", "CSQU3054384"),
    ("DE", "CSQX3054383"),
    ("DE", "4006381333932"),
    ("DE", "EAN 4 006381 333932"),
    ("DE", "14006381333931000"),
    ("DE", "Order 96385074"),
    ("DE", "20240118"),
    ("DE", "ISBN 978-3-16-148410-1"),
    ("US", "0306406152"),
    ("DE", "EN 1234"),
    ("DE", "A4 2024"),
    ("US", "US 101"),
    ("DE", "LH 500 g"),
    ("US", "Gate B22"),
    ("DE", "RE 5 Koblenz 08:15"),
    ("DE", "S8 Flughafen 10:15"),
    ("US", "CO 470 Denver"),
    ("US", "AA 12 pack"),
    ("AT", "AT 1010 Wien"),
    ("US", "1Z999AA10123456785"),
    ("US", "RR123456788DE"),
    ("US", "9865 7878 8855"),
]
"""Of each kind what has a wrong check digit, another form, or another meaning."""
OWN = {"iban", "vin", "container", "gtin", "isbn", "flight", "parcel"}


@pytest.mark.parametrize(("kind", "region", "text", "value"), FINDS, ids=lambda each: str(each))
def test_numbers_are_found(kind: str, region: str, text: str, value: str) -> None:
    assert [(each, own) for each, own, _ in found(text, region) if each in OWN] == [(kind, value)]


@pytest.mark.parametrize(("region", "text"), NONE)
def test_what_only_looks_like_a_number_is_none(region: str, text: str) -> None:
    assert [each for each in found(text, region) if each[0] in OWN] == []


def test_a_check_digit_chooses_among_what_the_recogniser_held_for_possible() -> None:
    text = "4006381333932"
    sure = tuple({char: 0.98} for char in text)
    line = Line(text, (*sure[:-1], {"2": 0.5, "1": 0.4}))
    assert [(each.value, each.span) for each in Extractor("DE").of_line(line)] == [("4006381333931", (0, 13))]
    assert Extractor("DE").of_line(Line(text, sure)) == ()


def test_a_country_may_have_been_read_wrongly() -> None:
    text = "0E89 3704 0044 0532 0130 00"
    line = Line(text, ({"0": 0.5, "D": 0.4}, *({char: 0.9} for char in text[1:])))
    assert [each.value for each in Extractor("DE", ["iban"]).of_line(line)] == ["DE89370400440532013000"]


@given(st.text("0123456789", min_size=12, max_size=12), st.sampled_from([(), (1, 7)]))
def test_an_article_with_its_check_digit_is_found_and_no_other(digits: str, gaps: tuple[int, ...]) -> None:
    right = digits + ean.calc_check_digit(digits)
    parts = [right[start:end] for start, end in zip((0, *gaps), (*gaps, 13), strict=True)]
    text = "EAN " + " ".join(parts)
    kind = "isbn" if right.startswith(("978", "979")) else "gtin"
    if kind == "gtin":
        assert values(text, "DE", kind) == [right]
    wrong = text[:-1] + str((int(text[-1]) + 1) % 10)
    assert values(wrong, "DE", "gtin") == []


@given(st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ", min_size=3, max_size=3), st.text("0123456789", min_size=6, max_size=6))
def test_a_container_is_found_by_its_check_digit(owner: str, serial: str) -> None:
    number = f"{owner}U{serial}"
    check = iso6346.calc_check_digit(number)
    assert values(f"{owner}U {serial} {check}", "US", "container") == [number + check]
    assert values(f"{owner}U {serial} {(int(check) + 1) % 10}", "US", "container") == []


@given(st.text("0123456789", min_size=18, max_size=18), st.sampled_from(["", " ", "-"]))
def test_an_account_is_found_by_its_check_digits(digits: str, gap: str) -> None:
    number = "DE" + iban.calc_check_digits(f"DE00{digits}") + digits
    text = gap.join(number[at : at + 4] for at in range(0, 22, 4))
    assert values(text, "DE", "iban") == [number]
