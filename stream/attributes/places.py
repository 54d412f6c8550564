"""Postal codes, by the forms of the countries.

Owns: the forms, and what speaks for one country where several have the same.  Pure.
"""

from __future__ import annotations

import re
from itertools import chain
from typing import TYPE_CHECKING, Final

from glyphfeed.stream.attributes.choosing import DIGIT_OF, picked, some, spelled
from glyphfeed.stream.attributes.cities import countries_of
from glyphfeed.stream.attributes.facts import (
    POST_AREAS_GB,
    ROUTING_KEYS_IE,
    STATE_NAMES,
    STATES,
    codes,
)
from glyphfeed.stream.records import Attribute

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glyphfeed.stream.attributes.line import Line

CAPITALS: Final = "A-ZÄÖÜÀÁÂÇÉÈÊÍÎÑÓÔÚŁŚŻŹĆÅØÆ"
NO_AMOUNT: Final = (
    r"(?![^\W_])(?![.,:/]\d)(?! ?(?:€|\$|£|%|°|[x×] ?\d|(?:[kcm]?m|[km]?g|[cm]?l|EUR|USD|CHF|GBP|Uhr|h|kcal|Stück|Stk|Jahre?"
    r"|years?|ans|anni|años|Min|min"
    r"|am|pm|a\.m|p\.m|Liter|Personen)\b))"
)
"""What does not follow a number of a house or a town."""

TOWN: Final = re.compile(
    rf"(?<![\w.,€$£+/])(?<!\d[ -])(?:(?P<country>DE?|F|FR|I|IT|E|ES|AT?|CH|BE?|L)[- ])?(?P<code>[\dOIl]{{4,5}}),? "
    rf"(?P<city>[{CAPITALS}][\w'’.-]{{1,30}}(?: (?:(?:am|an der|im|in|bei|ob|sur|les|en|de|del|la|of"
    rf"|St\.) )?[{CAPITALS}][\w'’.-]{{1,30}}){{0,3}})"
)
COUNTRY_OF: Final = {"D": "DE", "F": "FR", "I": "IT", "E": "ES", "A": "AT", "B": "BE", "L": "LU"}
RANGES: Final = {
    "DE": (5, 1001, 99998),
    "FR": (5, 1000, 98890),
    "IT": (5, 10, 98168),
    "ES": (5, 1001, 52080),
    "AT": (4, 1010, 9992),
    "CH": (4, 1000, 9658),
    "BE": (4, 1000, 9992),
    "LU": (4, 1009, 9999),
}
"""How many digits the codes of a country have, the least and the greatest (the posts' own lists)."""
NO_CITY: Final = re.compile(
    r"(?:euro?s?|watt|volt|meter|metres?|kilometer|liter|litres?|st(?:ü|u)ck\w*|jahre?\w*|schritte|uhr|items?|people|views"
    r"|seats|marathon|kunden|punkte|points|pts|euros?|dollars?"
    r"|mark|besucher|teile|seiten|pages|plätze|sitzplätze|artikel\w*|prozent|gramm|lumen|kelvin|mah|kwh|ps|rpm|dpi"
    r"|gutscheine?|gründe|tage|days|hours|stunden|personen|fans|follower"
    r"|likes|sorten|titel|produkte|products|songs|stufen|treppen|einwohner|mitglieder|bücher|books|years|miles|steps|songs"
    r"|games|spiele|pieces|teilig\w*|parts|ans|anni|años|pezzi|pièces"
    r"|ausgabe|edition|summer|winter|sommer|spring|fall|autumn|herbst|frühjahr|janu?ar\w*|febru?ar\w*|märz|april|mai|juni"
    r"|juli|august|september|oktober|october|november|de[zc]ember"
    r"|tours?|world|cup|collection|kollektion|neu\w*|new|sale|limited|grand|festival|vintage|jahrgang|by|the|der|die|das|und"
    r"|and|for|für|le|la|les|el|los|il|gb|mb|tb|hz|mhz|ghz|mm|cm|kg)",
    re.IGNORECASE,
)
STATE: Final = "|".join(STATE_NAMES).replace("_", " ")
AMERICAN: Final = re.compile(
    rf"(?:(?<=[a-z]|[A-Z.,])[ ,]{{1,2}}|^)(?P<state>[A-Z]{{2}}|{STATE}),? (?P<code>[\dOIl]{{5}}(?:-\d{{4}})?)(?![\w-])(?![.,]\d)"
)
AMERICAN_ALONE: Final = re.compile(r"^\W*(?P<code>\d{5}-\d{4})\W*$")
BRITISH: Final = re.compile(r"(?<![^\W_])(?<![.,/-])([A-Z0-9]{2,4})( ?)(?=[\dOIlSB][A-Z0-9]{2}(?![^\W_]))")
BRITISH_FORMS: Final = {2: ("A9",), 3: ("A99", "AA9", "A9A"), 4: ("AA99", "AA9A")}
"""Before the space (https://en.wikipedia.org/wiki/Postcodes_in_the_United_Kingdom)."""
IRISH: Final = re.compile(r"(?<![^\W_])([AC-FHKNPRTV-Y]\d\d|D6W)( ?)([\dAC-FHKNPRTV-Y]{4})(?![^\W_])")
DUTCH: Final = re.compile(
    rf"(?<![\w.,-])(NL[- ])?([1-9]\d{{3}}) ?([A-Z]{{2}})(?![^\W_])(?P<city> {{1,2}}[{CAPITALS}'][\w'-]{{2,30}})?"
)
DUTCH_UNITS: Final = codes("SA SD SS KM MM CM KG ML CL GB MB TB HP PK PS KW AM PM AD BC EL MG HZ VA CC BP")
"""Three that are never given out, and what else stands in capitals after four digits."""
POLISH: Final = re.compile(
    rf"(?<![\w.,-])(?P<country>PL[- ])?(?P<code>\d\d-\d{{3}})(?P<city> [{CAPITALS}][\w-]{{2,30}})?(?![\w-])"
)
CANADIAN: Final = re.compile(r"(?<![^\W_])[A-CEGHJ-NPR-TVXY]\d[A-CEGHJ-NPR-TV-Z] ?\d[A-CEGHJ-NPR-TV-Z]\d(?![^\W_])")


def find(line: Line, region: str) -> Iterator[Attribute]:
    """Postal codes in a line as they are written in a region."""
    yield from chain(
        _towns(line.text, region), _american(line.text, region), _british(line, region), _of_letters(line.text, region)
    )


def _postal(country: str, code: str, span: tuple[int, int], others: tuple[str, ...] = ()) -> Attribute:
    alternatives = tuple({"country": other, "code": code} for other in others)
    return Attribute("postal_code", {"country": country, "code": code}, span, alternatives=alternatives)


def _fits(country: str, code: str) -> bool:
    digits, least, most = RANGES.get(country, (0, 0, 0))
    return len(code) == digits and least <= int(code) <= most


def _towns(text: str, region: str) -> Iterator[Attribute]:
    for match in some(TOWN, text):
        code, city = match["code"].translate(DIGIT_OF), match["city"]
        said = match["country"] and COUNTRY_OF.get(match["country"], match["country"])
        known = [country for country in countries_of(city) if _fits(country, code)]
        if said and _fits(said, code):
            country = said
        elif known:
            country = region if region in known else known[0]
        elif _fits(region, code) and _is_likely_town(text, match, code):
            country = region
        else:
            continue
        yield _postal(country, code, match.span("code"))


def _is_likely_town(text: str, match: re.Match[str], code: str) -> bool:
    """Whether an unknown name behind digits is that of a town, rather than of what there are so many of."""
    before, after = text[: match.start()].rstrip(), text[match.end() :]
    is_year = len(code) == 4 and code[:2] in ("19", "20")
    is_round = code.endswith("000")
    begins = not before or before[-1] in ",;|·•-–" or bool(re.search(r"\d ?[a-z]?$", before))
    ends = not re.match(r"\s*[a-zäöüß€%!?]", after)
    return (
        begins
        and ends
        and not is_year
        and not is_round
        and match["code"].isdigit()
        and not NO_CITY.fullmatch(match["city"].split()[0])
    )


def _american(text: str, region: str) -> Iterator[Attribute]:
    for match in some(AMERICAN, text):
        is_state = match["state"] in STATES or len(match["state"]) > 2
        if is_state and sum(map(str.isdigit, match["code"])) > 3 and (region == "US" or match.start()):
            yield _postal("US", match["code"].translate(DIGIT_OF), match.span("code"))
    if region == "US" and (alone := AMERICAN_ALONE.match(text)):
        yield _postal("US", alone["code"], alone.span("code"))


def _british(line: Line, region: str) -> Iterator[Attribute]:
    for match in some(BRITISH, line.text):
        found = picked(line.text, match.start(), len(match[1]) + 3, " ")
        tries = [spelled(line, found, form + "9AA", _is_british) for form in BRITISH_FORMS[len(match[1])]] if found else []
        read = match[1] + line.text[match.end() : match.end() + 3]
        likely = [code for code in tries if code == read or (code and region == "GB")]
        if found and likely and (match[2] or region == "GB"):
            code = read if read in likely else str(likely[0])
            yield _postal("GB", f"{code[:-3]} {code[-3:]}", (match.start(), found[-1] + 1))


def _is_british(code: str) -> bool:
    area = code[: 2 if code[1].isalpha() else 1]
    return area in POST_AREAS_GB and not set(code[-2:]) & set("CIKMOV")


def _of_letters(text: str, region: str) -> Iterator[Attribute]:
    """Codes of countries that use letters or hyphens."""
    for match in some(IRISH, text):
        mixed = not match[3].isdigit() and not match[3].isalpha()
        if match[1] in ROUTING_KEYS_IE and (region == "IE" or (mixed and match[2])):
            yield _postal("IE", f"{match[1]} {match[3]}", match.span())
    for match in some(DUTCH, text):
        is_city = bool(match["city"]) and (region == "NL" or "NL" in countries_of(match["city"].strip()))
        if match[3] not in DUTCH_UNITS and (region == "NL" or match[1] or is_city):
            yield _postal("NL", f"{match[2]} {match[3]}", (match.start(2), match.end(3)))
    for match in some(POLISH, text):
        city = (match["city"] or "").strip()
        alone = region == "PL" and match[0] == text.strip() and match["code"][:2] != "20"
        if match["country"] or "PL" in countries_of(city) or (region == "PL" and city) or alone:
            yield _postal("PL", match["code"], match.span("code"))
    if region == "CA":
        for match in some(CANADIAN, text):
            yield _postal("CA", f"{match[0][:3]} {match[0][-3:]}", match.span())
