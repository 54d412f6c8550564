"""Telephone numbers and addresses in the net, and what only looks like them."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.attributes.extractor import Extractor
from glyphfeed.stream.attributes.line import Line
from tests.stream.attributes.finding import found, values

FINDS = [
    ("phone", "DE", "Tel: 030/1234567", "+49301234567"),
    ("phone", "DE", "TeI. O30 12345", "+493012345"),
    ("phone", "DE", "+49 (0)30 123456-0", "+49301234560"),
    ("phone", "DE", "Zentrale 8 Tel. 0221-123456", "+49221123456"),
    ("phone", "US", "(415) 555-0123", "+14155550123"),
    ("phone", "US", "1-800-FLOWERS", "+18003569377"),
    ("phone", "GB", "020 7946 0958", "+442079460958"),
    ("phone", "FR", "Tél. O1.23.45.67.89", "+33123456789"),
    ("phone", "ES", "912 345 678", "+34912345678"),
    ("phone", "IT", "Tel. 06 6982", "+39066982"),
    ("phone", "IT", "333-1234567", "+393331234567"),
    ("phone", "IT", "Numero verde 800 123456", "+39800123456"),
    ("phone", "US", "(2l2) 736-5OOO", "+12127365000"),
    ("phone", "US", "Tel:(212)7365000", "+12127365000"),
    ("phone", "US", "617.253.1000 ext. 12", "+16172531000"),
    ("phone", "FR", "Réservations 04 9l 54 92 OO", "+33491549200"),
    ("phone", "DE", "Tel. 0221 4705-151/-152", "+492214705151"),
    ("phone", "DE", "01806 996633", "+491806996633"),
    ("phone", "PL", "22 694 30 00", "+48226943000"),
    ("phone", "GB", "0800 1111 222", "+448001111222"),
    ("phone", "FR", "03 88 32 20 41", "+33388322041"),
    ("phone", "DE", "Taxi Süd 0221 2468", "+492212468"),
    ("phone", "DE", "Stadt Bonn 0228 77 4410", "+49228774410"),
    ("phone", "DE", "Steuerkanzlei 0221 / 4 71 80-3", "+49221471803"),
    ("phone", "US", "Boise, ID 208-384-4422", "+12083844422"),
    ("phone", "FR", "Un seul numéro : 09 69 39 18 19", "+33969391819"),
    ("phone", "DE", "0 61 22 / 7 05 44", "+49612270544"),
    ("phone", "DE", "Kundenservice 0221 / 9955 100", "+492219955100"),
    ("phone", "DE", "Tel. 0621 4183276/77", "+496214183276"),
    ("phone", "US", "(212) 242-1190 / 1191", "+12122421190"),
    ("phone", "GB", "0207 930 4832", "+442079304832"),
    ("phone", "FR", "0556 79 20 41", "+33556792041"),
    ("phone", "FR", "Tél.:02.98.33.52.00", "+33298335200"),
    ("phone", "FR", "Vétérinaire 05 12 24 O8 77", "+33512240877"),
    ("phone", "BR", "ALUGA-SE (31) 3222-4190", "+553132224190"),
    ("phone", "IN", "1800 425 3800", "+9118004253800"),
    ("email", "DE", "info@Cafe-Luna.DE", "info@cafe-luna.de"),
    ("email", "DE", "info @ cafe-luna .de", "info@cafe-luna.de"),
    ("email", "DE", "Info(at)cafe-luna.de", "Info@cafe-luna.de"),
    ("email", "US", "sales@acme.corn", "sales@acme.com"),
    ("email", "GB", "info@thepub.co. uk", "info@thepub.co.uk"),
    ("email", "DE", "info[at]cafe-luna[dot]de", "info@cafe-luna.de"),
    ("email", "DE", "E-Mail: anna @ web.de", "anna@web.de"),
    ("email", "US", "contact support+help@widgetco.io today", "support+help@widgetco.io"),
    ("url", "DE", "www.example.com/shop", "https://www.example.com/shop"),
    ("url", "DE", "WWW.CAFE-LUNA.DE/Menu.", "https://www.cafe-luna.de/Menu"),
    ("url", "DE", "www. cafe-luna ,de", "https://www.cafe-luna.de"),
    ("url", "US", "HTTPS://GREENVALLEY.ORG", "https://greenvalley.org"),
    ("url", "US", "http://Diner.com:8080/a?b=C#d", "http://diner.com:8080/a?b=C#d"),
    ("url", "GB", "visit shop.example.co.uk today", "https://shop.example.co.uk"),
    ("url", "GB", "www.theredlion.co,uk", "https://www.theredlion.co.uk"),
    ("url", "AT", "tischlerei-huber.at", "https://tischlerei-huber.at"),
]
NONE = [
    ("DE", "0 280 156 322"),
    ("DE", "Ch.-B. 0211234567"),
    ("DE", "L 0301234567"),
    ("DE", "0715 0735 0755 0815"),
    ("DE", "05.06.2026 14:30"),
    ("DE", "Gewinnzahlen 04 09 21 33 38 42"),
    ("DE", "04 09 21 33 38 42"),
    ("DE", "09-12 14-18"),
    ("DE", "Flurstück 0301/1234567"),
    ("US", "US PAT. 415 555 2671"),
    ("US", "P/N 415-555-2671"),
    ("FR", "01/02/2026 03 04"),
    ("FR", "09 30 12 30 14 00"),
    ("IT", "00743110157"),
    ("ES", "912 913 914"),
    ("ES", "600 700 800"),
    ("DE", "0301 1234567"),
    ("DE", "050 56 12 O 006 57 32"),
    ("DE", "0221 4470 12 kWh"),
    ("DE", "0221-4470-12-A"),
    ("DE", "Ärztlicher Notdienst 116117"),
    ("DE", "Tel. 116 117"),
    ("NL", "NL12 INGB 0417 1643 00"),
    ("AT", "012345 678"),
    ("IT", "04 17 33 52 88"),
    ("FR", "051/5000/957"),
    ("FR", "02 4471 8830 22 11"),
    ("FR", "N° de série 0556792041"),
    ("ES", "9123-45678"),
    ("DE", "Mo-Fr 09.00-18.00"),
    ("FR", "01.02.2024"),
    ("DE", "Order 0301234567"),
    ("DE", "1.299,00"),
    ("US", "Part no. 555-0123"),
    ("US", "192.168.0.1"),
    ("US", "v2.10.3"),
    ("US", "4111 1111 1111 1111"),
    ("US", "Call 911"),
    ("US", "Acct 212 736 5000"),
    ("DE", "Inventarnr. 030-2231-55"),
    ("FR", "n° de commande 01 42 68 53 00"),
    ("FR", "01 02 03 04 05"),
    ("IT", "P.IVA 01234567890"),
    ("FR", "av.de Paris"),
    ("US", "follow @joe.com"),
    ("DE", "follow us @cafe.berlin"),
    ("US", "a@b"),
    ("US", "user@2x.png"),
    ("DE", "Willkommen.In Berlin"),
    ("DE", "GmbH & Co.KG"),
    ("DE", "z.B. heute"),
    ("US", "README.md"),
    ("US", "index.html"),
    ("US", "U.S.A."),
    ("US", "9.99.de"),
]
OWN = {"phone", "email", "url"}


@pytest.mark.parametrize(("kind", "region", "text", "value"), FINDS)
def test_contacts_are_found(kind: str, region: str, text: str, value: str) -> None:
    assert [each[:2] for each in found(text, region)] == [(kind, value)]


@pytest.mark.parametrize(("region", "text"), NONE)
def test_what_only_looks_like_a_contact_is_none(region: str, text: str) -> None:
    assert [each for each in found(text, region) if each[0] in OWN] == []


def test_two_numbers_of_a_line_are_two() -> None:
    assert found("Tel. 030 1234567 / 0171 2345678", "DE") == [
        ("phone", "+49301234567", "030 1234567"),
        ("phone", "+491712345678", "0171 2345678"),
    ]


def test_a_dash_between_numbers_ends_the_first() -> None:
    assert values("985 213 400 - 649 118 302", "ES", "phone") == ["+34985213400", "+34649118302"]


@pytest.mark.parametrize("hours", ["8-18 Uhr", "(24h)", "9:00-17:00", "24/7", "8 Uhr bis 18 Uhr"])
def test_hours_behind_a_number_are_no_part_of_it(hours: str) -> None:
    assert values(f"0221 995510 {hours}", "DE", "phone") == ["+49221995510"]


def test_a_number_may_stand_behind_a_postal_code_that_looks_like_a_code() -> None:
    assert values("London SW1A 2AA 020 7930 4832", "GB", "phone") == ["+442079304832"]
    assert values("LOT SW1A2A 020 7930 4832", "GB", "phone") == []


def test_an_f_is_a_fax() -> None:
    attributes = Extractor("US").of_line(Line("P: 617-482-6060 F: 617-482-6063"))
    assert [(each.value, each.label) for each in attributes] == [("+16174826060", ""), ("+16174826063", "fax")]


def test_a_fax_is_labelled() -> None:
    attributes = Extractor("DE").of_line(Line("Tel. 030 123456 Fax 030 123457"))
    assert [(each.value, each.label) for each in attributes] == [("+4930123456", ""), ("+4930123457", "fax")]


@pytest.mark.parametrize("region", ["DE", "FR", "GB", "IT", "ES", "US", "NL", "CH", "AT", "PL"])
def test_a_countrys_example_is_read_back_as_it_is_written_there(region: str) -> None:
    number = phonenumbers.example_number(region)
    assert number
    for form in (phonenumbers.PhoneNumberFormat.NATIONAL, phonenumbers.PhoneNumberFormat.INTERNATIONAL):
        text = f"Tel. {phonenumbers.format_number(number, form)}"
        e164 = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
        assert [each[:2] for each in found(text, region)] == [("phone", e164)]


@given(
    st.from_regex(r"[a-z][a-z0-9]{1,10}([._+-][a-z0-9]{1,8})?", fullmatch=True),
    st.from_regex(r"[a-z]{3,12}(-[a-z]{2,8})?\.(de|com|org|co\.uk)", fullmatch=True),
)
def test_addresses_are_found_as_they_are(local: str, host: str) -> None:
    assert found(f"Mail: {local}@{host}", "GB") == [("email", f"{local}@{host}", f"{local}@{host}")]
    assert found(f"see www.{host}/{local}", "GB")[0][:2] == ("url", f"https://www.{host}/{local}")
