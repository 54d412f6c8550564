"""Numbers that name a thing: accounts, vehicles, containers, articles, books, flights and parcels.

Owns: what such numbers look like where people write them, and which check digit decides.  Pure.
"""

from __future__ import annotations

import re
from functools import cache, partial
from typing import TYPE_CHECKING, Final

from glyphfeed.stream.attributes.choosing import ANY_DIGIT, DIGIT_OF, DIGITLIKE, picked, some, spelled
from glyphfeed.stream.attributes.cities import has_airport
from glyphfeed.stream.attributes.facts import AIRLINES, CANTONS, COUNTRIES, DISTRICTS_PL, STATES, codes
from glyphfeed.stream.records import Attribute

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glyphfeed.stream.attributes.line import Line

KINDS: Final = frozenset({"iban", "vin", "container", "gtin", "isbn", "flight", "parcel"})
CHECKED: Final = KINDS - {"flight"}
"""What a check digit speaks for."""

IBAN: Final = re.compile(rf"(?:(?<![^\W_])|(?<=IBAN))[A-Za-z0-9]{{2}}(?=[ ]?[{DIGITLIKE}]{{2}})")
VIN: Final = re.compile(r"(?<![^\W_])[A-Za-z0-9|]{17}(?![^\W_])")
VIN_FORM: Final = "V" * 13 + "9999"
VIN_WORD: Final = re.compile(
    r"(?<![^\W_])(?:V[I1l|]N|F[I1l|]N|Fahrgestell\w*|Fahrzeug-?ident\w*|Chassis|Châssis|Telaio|Bastidor)"
    r"(?:[ -]?(?:Nr|No|Number|Nummer|n°)\b)?\W{0,3}(?=\w)",
    re.IGNORECASE,
)
CONTAINER: Final = re.compile(rf"(?<![^\W_])[A-Z0-9]{{3}}[UJZ2](?=[ -]?[{DIGITLIKE}])")
EAN_WORD: Final = re.compile(
    rf"(?:E[A4]N|GTIN|UPC|JAN|bar ?code|Strichcode)(?:[ -]?(?:code|nr|no|number|nummer)\b)?(?:[ -]?(?:8|12|13|14|A)\b)?"
    rf"[ :.#]{{0,3}}(?=[{DIGITLIKE}])|\(01\) ?",
    re.IGNORECASE,
)
ARTICLE: Final = re.compile(
    rf"(?<![^\W_])(?<![+.,/*])(?<!\d[ -])[{DIGITLIKE}](?:[ -]?[{DIGITLIKE}]){{7,13}}(?![^\W_])(?![ -]?\d|[.,/:%€$]\d)"
)
ARTICLE_GROUPS: Final = {
    *(
        (8,),
        (4, 4),
        (12,),
        (1, 5, 5, 1),
        (6, 6),
        (1, 10, 1),
        (6, 5, 1),
        (13,),
        (1, 6, 6),
        (1, 6, 5, 1),
        (1, 7, 5),
        (7, 6),
        (7, 5, 1),
        (3, 4, 5, 1),
    ),
    *((2, 5, 5, 1), (14,), (1, 6, 7), (1, 2, 5, 5, 1), (1, 6, 6, 1), (1, 13)),
}
"""How the digits stand under bar codes."""
ARTICLE_NAMES: Final = {8: "EAN-8", 12: "UPC-A", 13: "EAN-13", 14: "GTIN-14"}
OTHER_NUMBER: Final = re.compile(
    r"(?:tel\w*|te[Il]|phone|fon|fax|mobile?|handy|call|order|bestell\w*|auftrag\w*|invoice|rechnung\w*|konto|kto|account"
    r"|serial|s/?n|ref"
    r"|id|imei|card|kunden\w*|customer|ticket|batch|lot|charge|hrb|uid|vat|model\w*|part|code|pin)\W{0,3}(?:(?:n[ro°]|number"
    r"|nummer|#)\W{0,3})?$",
    re.IGNORECASE,
)
DATE_DIGITS: Final = re.compile(
    r"(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])|(?:0[1-9]|[12]\d|3[01])(?:0[1-9]|[12]\d|3[01])(?:19|20)\d\d"
)
ISBN_WORD: Final = re.compile(r"[I1l|][S5][B8]N(?:[- ]?1[03](?=\W))?[ :.#-]{0,3}(?=\w)", re.IGNORECASE)
ISBN_13: Final = re.compile(r"(?<![^\W_])(?<!\d[ -])9[ -]?7[ -]?[89B](?=[ -]?[\dOoIl])")
ISBN_10: Final = re.compile(
    r"(?<![^\W_])(?<!\d[ -])"
    r"(?=[\d -]{11,12}[\dXx](?!\w))\d{1,5}([ -])\d{1,7}\1\d{1,6}\1[\dXx](?![^\W_])(?![ -]\d)"
)
FLIGHT: Final = re.compile(
    r"(?<![^\W_])(?<!\d[.,/])(?<!-)([A-Z]{2}|[A-Z]\d|\d[A-Z])([ -]?)([\dOIlSB]{1,4})([A-Z]?)(?![^\W_])(?![.,:/%'’-]\d)"
    r"(?! ?(?:%|€|\$|£|°|[kcm]?m\b|[km]?g\b|[cm]?l\b|km/h|mph|[kM]?W\b|[km]?A\b|"
    r"[km]?V\b|mAh|[kMG]?Hz|[kMGT]B\b|PS\b|Uhr|mi\b|ft\b|in\b|pcs|St\b|Stk|bar\b"
    r"|EUR|USD|CHF|GBP|kcal|kJ|watt|volt|x ?\d))",
)
FLIGHT_WORD: Final = re.compile(
    r"\b(?:f[l1I]ights?|f[l1]t|f[l1]ug(?:nr|nummer|steig|hafen|ziel)?|f[l1]üge|vol|vue[l1]o|vo[l1]o|vlucht|gate|boarding"
    r"|depart\w*|abf[l1]ug|arriv\w*|ankunft|airlines?|airways"
    r"|terminal|departed|passenger|passagier|codeshare|operated by|delayed|cancel\w*|on time|landed|gelandet|verspätet"
    r"|annulliert|pünktlich|retardé?|annulé|retrasado"
    r"|cancelado|ritardo|cancellato|final call|last call|check-?in|embar\w+|imbarco|partenza|llegada|(?:puerta|porte"
    r"|uscita) [A-Z]?\d+|belt|counter|vertrek|aankomst|via)\b",
    re.IGNORECASE,
)
NEED_FLIGHT_WORD: Final = codes(
    "AB AC AD AI AM AS AT BC BE BY CM DC DE DO EN ET EU FR GB GL GM GO HD HO HP ID IN IS IT KG KM LA LG ME MG ML MM MS MY NO "
    "NR OK OR PC PO PR PS SN SO SS TB TO TV UL UN UP US VW A1 A2 A3 A4 A5 A6 B1 B2 B6 F1 G4 G7 H1 M5 S4 S7 U2"
)
"""Airlines' codes that are common on signs as something else: units, words, countries, roads, sizes of paper."""
SPOT_WORD: Final = re.compile(
    r"(?:gate|terminal|seat|row|belt|counter|platz|sitz|reihe|room|exit|zone|level|stand)s? ?$", re.IGNORECASE
)
DAYTIME: Final = re.compile(r"\b[0-2]?\d[:.][0-5]\d\b")
TRAINS: Final = codes("EN RE RJ")
"""Airlines' codes that trains have as well, which also go to cities at times of day."""
COUNTRIES_OF_CODES: Final = codes("AT BE CH LU NL")
"""What stands before a postal code of four digits, as long as the number of a flight."""
TOWARDS: Final = re.compile(r"[^\w]*(?:(?:to|from|nach|von|aus|vers|pour|hacia|para|per|da|naar|[àa])\b)?\W*", re.IGNORECASE)
"""What stands between a flight and its city."""
AIRPORT_CODE: Final = re.compile(
    r"\b(?:A(?:GP|LC|MS|RN|TH|TL|YT)|B(?:CN|EG|ER|GY|HX|IO|KK|LQ|OS|RU|SL|UD)|C(?:DG|GN|LT|PH|PT|RL|TA)|D(?:CA|EN|FW|OH|RS|TW|UB"
    r"|US|XB)|E(?:DI|WR)|F(?:AO|CO|LL|RA|UE)|G(?:LA|OT|RX|VA|RZ)|H(?:AJ|AM|EL|KG|ND|NL)|I(?:AD|AH|BZ|NN|ST)|J(?:FK|NB)"
    r"|K(?:EF|RK)|L(?:AS|AX|CY|EJ|GA|GW|HR|IN|IS|PA|PL|TN|UX|YS)|M(?:AD|AN|CO|IA|LA|RS|SP|UC|XP|UX)|N(?:AP|CE|RT|TE|UE)"
    r"|O(?:LB|PO|RD|RY|SL)|P(?:DX|EK|HL|HX|MI|MO|RG|SA|VG|RN)|R(?:AK|IX|HO)|S(?:AN|CQ|EA|FO|IN|LC|OF|TN|TR|VO|VQ|XF|YD|ZG)"
    r"|T(?:FS|IA|LL|LS|LV|PA|RN|SF|XL)|V(?:CE|IE|LC|NO|RN)|W(?:AW|AS)|Y(?:UL|VR|YZ)|Z(?:AG|RH))\b"
)
"""Designators of large airports (https://www.iata.org/en/publications/directories/code-search)."""
PARCEL: Final = re.compile(rf"(?<![^\W_])(?<!\d[ -])(?:[1Il|][Z2]|[A-Z]{{2}}(?=[ ]?[{DIGITLIKE}]{{2}})|9[1-5]|00(?=[ ]?\d))")
FIRST_DIGIT: Final = re.compile(r"(?<![^\W_])(?<!\d[ -])\d")
CARRIERS: Final = {
    "FedEx": (re.compile(r"fed ?ex", re.IGNORECASE), "9" * 12),
    "DHL": (re.compile(r"\bDH[L1Il]\b"), "9" * 10),
}
"""Whose numbers look like any other: the carrier's name has to be on the line."""


def find(line: Line, region: str) -> Iterator[Attribute]:
    """The numbers of things in a line, as they are written in a region."""
    if not ANY_DIGIT.search(line.text):
        return
    yield from _ibans(line)
    yield from _vins(line, region)
    yield from _containers(line)
    yield from _books(line)
    yield from _articles(line)
    yield from _parcels(line)
    yield from _flights(line, region)


def _checked(
    line: Line,
    kind: str,
    start: int,
    form: str,
    valid: Callable[[str], bool],
    *,
    between: str = " -.",
    label: str = "",
    unseen: int = 0,
) -> Iterator[Attribute]:
    """The number of a form that begins at a place, where its check digit is right or can be made so."""
    places = picked(line.text, start, len(form), between)
    if places and (number := spelled(line, places, form, valid, unseen)):
        yield Attribute(kind, number, (places[0], places[-1] + 1), label=label)


def _ibans(line: Line) -> Iterator[Attribute]:
    for match in some(IBAN, line.text):
        country = spelled(line, (match.start(), match.start() + 1), "AA", lambda code: bool(_iban_form(code)))
        if country:
            yield from _checked(line, "iban", match.start(), _iban_form(country), _is_iban, unseen=1)


@cache
def _iban_form(country: str) -> str:
    """The form of a country's account numbers, by the registry that stdnum brings; "" for none."""
    from stdnum import numdb

    bban = numdb.get("iban").info(country)[0][1].get("bban", "")
    parts = re.findall(r"(\d+)!([nac])", bban)
    return bban and "AA99" + "".join({"n": "9", "a": "A", "c": "X"}[kind] * int(count) for count, kind in parts)


def _is_iban(number: str) -> bool:
    from stdnum import iban

    return iban.is_valid(number, check_country=False)


def _vins(line: Line, region: str) -> Iterator[Attribute]:
    for match in some(VIN_WORD, line.text):
        yield from _checked(line, "vin", match.end(), VIN_FORM, partial(_is_vin, region=region), between=" -")
    for match in some(VIN, line.text):
        if _looks_like_vin(match[0]):
            yield from _checked(line, "vin", match.start(), VIN_FORM, partial(_is_vin, region=region), between="")


def _looks_like_vin(text: str) -> bool:
    digits = sum(char.isdigit() for char in text.translate(DIGIT_OF))
    return (
        digits >= 5 and len(text) - sum(map(str.isdigit, text)) >= 3 and text[1:8].upper() == text[1:8] and not text[:8].isdigit()
    )


def _is_vin(number: str, region: str) -> bool:
    """Whether the check digit is right, where the region or the maker's place in North America or China demands one.

    49 CFR 565.15 and GB 16735 say how it is computed, ISO 3780 what the first character says of the place.
    """
    if region not in ("US", "CA", "CN") and number[0] not in "12345L":
        return True
    values = dict(
        zip("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", [*range(10), *range(1, 9), *range(1, 6), 7, 9, *range(2, 10)], strict=True)
    )
    total = sum(
        values[char] * weight for char, weight in zip(number, (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2), strict=True)
    )
    return number[8] == "0123456789X"[total % 11]


def _containers(line: Line) -> Iterator[Attribute]:
    for match in some(CONTAINER, line.text):
        yield from _checked(line, "container", match.start(), "AAAA9999999", _is_container, between=" -./")


def _is_container(number: str) -> bool:
    from stdnum import iso6346

    return number[3] in "UJZ" and iso6346.is_valid(number)


def _books(line: Line) -> Iterator[Attribute]:
    for match in some(ISBN_WORD, line.text):
        yield from _book(line, match.end(), "9" * 13)
        yield from _book(line, match.end(), "9" * 9 + "C")
    for match in some(ISBN_13, line.text):
        yield from _book(line, match.start(), "9" * 13)
    for match in some(ISBN_10, line.text):
        yield from _book(line, match.start(), "9" * 9 + "C")


def _book(line: Line, start: int, form: str) -> Iterator[Attribute]:
    from stdnum import isbn

    for found in _checked(line, "isbn", start, form, isbn.is_valid, between=" -–"):
        yield Attribute("isbn", isbn.to_isbn13(found.value).replace("-", ""), found.span)


def _articles(line: Line) -> Iterator[Attribute]:
    for match in some(EAN_WORD, line.text):
        for count in reversed(ARTICLE_NAMES):
            yield from _article(line, match.end(), count)
    for match in some(ARTICLE, line.text):
        groups = re.split("[ -]", match[0])
        count = sum(map(len, groups))
        if tuple(map(len, groups)) in ARTICLE_GROUPS and _is_likely_article(line.text, match):
            yield from _article(line, match.start(), count)


def _article(line: Line, start: int, count: int) -> Iterator[Attribute]:
    from stdnum import ean

    yield from _checked(line, "gtin", start, "9" * count, ean.is_valid, between=" -", label=ARTICLE_NAMES[count])


def _is_likely_article(text: str, match: re.Match[str]) -> bool:
    """Whether digits without a word that says so are those of an article; every tenth number has the right check digit."""
    digits = match[0].translate(DIGIT_OF)
    if (
        OTHER_NUMBER.search(text[max(0, match.start() - 40) : match.start()])
        or sum(char.isdigit() for char in match[0]) < 8
        or digits.startswith("00")
    ):
        return False
    return len(digits) > 9 or (match[0] == text.strip() and not DATE_DIGITS.fullmatch(digits))


def _parcels(line: Line) -> Iterator[Attribute]:
    for match in some(PARCEL, line.text):
        yield from _parcel(line, match.start())
    for carrier, (word, form) in CARRIERS.items():
        if word.search(line.text):
            for match in some(FIRST_DIGIT, line.text):
                yield from _checked(line, "parcel", match.start(), form, partial(_is_of_carrier, carrier=carrier), label=carrier)


def _parcel(line: Line, start: int) -> Iterator[Attribute]:
    begin = line.text[start : start + 2]
    if begin[0] in "1Il|" and begin[1] in "Z2":
        yield from _checked(line, "parcel", start, "9A" + "X" * 8 + "9" * 8, _is_ups, between=" -", label="UPS")
    if begin.isalpha():
        yield from _checked(line, "parcel", start, "AA" + "9" * 9 + "AA", _is_s10, between=" -", label="S10")
    if begin[0] == "9":
        yield from _checked(line, "parcel", start, "9" * 22, _has_gs1_digit, between=" ", label="USPS")
    if begin == "00":
        yield from _checked(line, "parcel", start, "9" * 20, _has_gs1_digit, between=" ", label="SSCC")


def _is_ups(number: str) -> bool:
    """The last of 16 characters after 1Z is the check digit (https://www.ups.com/us/en/support/tracking-support, mod 10)."""
    values = [int(char) if char.isdigit() else (ord(char) - 63) % 10 for char in number[2:]]
    return number.startswith("1Z") and (sum(values[:-1:2]) + 2 * sum(values[1:-1:2]) + values[-1]) % 10 == 0


def _is_s10(number: str) -> bool:
    """Standard S10 of the Universal Postal Union."""
    total = sum(int(digit) * weight for digit, weight in zip(number[2:10], (8, 6, 4, 2, 3, 5, 9, 7), strict=True))
    check = 11 - total % 11
    return int(number[10]) == {10: 0, 11: 5}.get(check, check) and number[11:] in COUNTRIES


def _has_gs1_digit(number: str) -> bool:
    """GS1 General Specifications, 7.9.1."""
    return sum(int(digit) * (3 if at % 2 else 1) for at, digit in enumerate(reversed(number))) % 10 == 0


def _is_of_carrier(number: str, carrier: str) -> bool:
    """FedEx Express: weights 3, 1, 7 and the rest by 11; DHL Express: the rest by 7."""
    if carrier == "DHL":
        return int(number[:-1]) % 7 == int(number[-1])
    total = sum(int(digit) * (3, 1, 7)[at % 3] for at, digit in enumerate(number[:-1]))
    return total % 11 % 10 == int(number[-1])


def _flights(line: Line, region: str) -> Iterator[Attribute]:
    matches = [match for match in some(FLIGHT, line.text) if match[1] in AIRLINES and any(map(str.isdigit, match[3]))]
    said = bool(matches) and bool(FLIGHT_WORD.search(line.text))
    timed = bool(matches) and bool(DAYTIME.search(line.text))
    for match in matches:
        airline, _, number, suffix = match.groups()
        if not _is_spot(line.text, match) and (said or _is_like_flight(line.text, match, region, timed=timed)):
            yield Attribute("flight", airline + number.translate(DIGIT_OF) + suffix, match.span())


def _is_spot(text: str, match: re.Match[str]) -> bool:
    """Whether a number is that of a gate, a seat or the like, or too short beside a code that has a digit itself."""
    is_short = not match[1].isalpha() and len(match[3]) < (2 if match[2] else 3)
    return is_short or bool(SPOT_WORD.search(text[max(0, match.start() - 12) : match.start()]))


def _is_like_flight(text: str, match: re.Match[str], region: str, *, timed: bool) -> bool:
    """Whether a number that no word explains is a flight's: a time of day or a city stands beside it, or it is like nothing else.

    It is like a road, a plate or a postal code otherwise, like a year, or like what there are so many of.
    """
    airline, gap, number, _ = match.groups()
    ahead, behind = TOWARDS.sub("", text[match.end() :], count=1), text[: match.start()]
    leads_to_city = bool(AIRPORT_CODE.search(text)) or has_airport(ahead)
    is_road = region == "US" and airline in STATES and not (timed and leads_to_city)
    is_plate = airline in {"CH": CANTONS, "PL": DISTRICTS_PL}.get(region, ())
    is_code = airline in COUNTRIES_OF_CODES and len(number) > 3
    if is_road or is_plate or is_code or airline in TRAINS:
        return False
    is_year = bool(gap) and number[:2] in ("19", "20") and len(number) == 4
    if len(number) >= 3 and number.isdigit() and not is_year and airline not in NEED_FLIGHT_WORD:
        return True
    if len(number) == 1:
        return bool(gap) and leads_to_city and airline not in NEED_FLIGHT_WORD
    return timed or leads_to_city or has_airport(behind)
