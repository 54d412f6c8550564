"""How a region writes its numbers, dates and money, after Unicode's CLDR (https://cldr.unicode.org) by way of babel.

Owns: what is known of a region, and the names of months and weekdays in English, German, French, Spanish and Italian.  babel is
loaded with the first region that somebody asks for, and a region once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

from glyphfeed.stream.attributes.writing import folded

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from babel.core import Locale

LANGUAGES = ("en", "de", "fr", "es", "it")
"""Those whose names of months and weekdays are known."""
DEFAULT = "US"
"""Stands in for a region that nobody knows."""
ALSO_MONTHS = {"janner": 1, "feber": 2, "sept": 9, "maerz": 3, "febr": 2}
ALSO_DAYS = {"tues": 1, "weds": 2, "thur": 3, "thurs": 3, "sonnabend": 5}


@dataclass(frozen=True, slots=True)
class Customs:
    """How one region writes.

    `currency` is its ISO 4217 code, `signs` are signs with the codes that they stand for there, `decimal` its decimal sign,
    `spaced` whether a space may group digits, `order` that of a date's parts: dmy, mdy or ymd; `languages` are those that are
    written there, the first most.
    """

    region: str
    currency: str
    signs: Mapping[str, str]
    decimal: str
    spaced: bool
    order: str
    languages: tuple[str, ...]


@cache
def customs_of(region: str) -> Customs:
    """The customs of a region, by its ISO 3166 code."""
    locale = locale_of(region)
    symbols = locale.number_symbols.get("latn", locale.number_symbols)
    return Customs(
        region=locale.territory or DEFAULT,
        currency=currency_of(locale.territory or DEFAULT),
        signs=signs_of(locale),
        decimal=str(symbols["decimal"]),
        spaced=str(symbols["group"]).isspace(),
        order="".join(dict.fromkeys(re.sub("[^dmy]", "", locale.date_formats["short"].pattern.lower()))),
        languages=languages_of(locale),
    )


def locale_of(region: str) -> Locale:
    """The locale of most people there."""
    from babel.core import Locale, UnknownLocaleError

    try:
        return Locale.parse(f"und_{region.upper()}")
    except (UnknownLocaleError, ValueError):
        return Locale.parse(f"und_{DEFAULT}")


def currency_of(region: str) -> str:
    """What is paid with there today, as an ISO 4217 code."""
    from babel.core import get_global

    return next(str(code) for code, _, until, tender in get_global("territory_currencies")[region] if tender and until is None)


def signs_of(locale: Locale) -> dict[str, str]:
    """The currencies of signs of one character, and that of what is paid with there, however long its sign is."""
    own = currency_of(locale.territory or DEFAULT)
    return {sign: code for code, sign in locale.currency_symbols.items() if len(sign) == 1 or (code == own and sign != code)}


def languages_of(locale: Locale) -> tuple[str, ...]:
    """The language of most people, and the other official ones."""
    from babel.core import get_global

    spoken = get_global("territory_languages").get(locale.territory or "", {})
    return (locale.language, *(name for name, facts in spoken.items() if facts["official_status"] and name != locale.language))


@cache
def currencies() -> frozenset[str]:
    """The ISO 4217 codes of all that is paid with today."""
    from babel.core import get_global

    territories = get_global("territory_currencies").values()
    return frozenset(code for codes in territories for code, _, until, tender in codes if tender and until is None)


@cache
def months() -> Mapping[str, int]:
    """The month, 1..12, of each name, folded and without a dot."""
    return {name: number for language in LANGUAGES for number, name in names_of(language, "months")} | ALSO_MONTHS


@cache
def wide_months() -> frozenset[str]:
    """The names of months that are no abbreviations."""
    return frozenset(name for language in LANGUAGES for _, name in names_of(language, "months", ("wide",)))


@cache
def months_of(language: str) -> frozenset[str]:
    """All names of months in one language, none in one of those that are not known."""
    return frozenset(name for _, name in names_of(language, "months")) if language in LANGUAGES else frozenset()


@cache
def weekdays(language: str) -> Mapping[str, int]:
    """The weekday, 0 for Monday, of each name in one language, folded and without a dot; none in one that is not known."""
    return (
        {name: number for number, name in names_of(language, "days", ("wide", "abbreviated", "short"))}
        if language in LANGUAGES
        else {}
    )


def names_of(language: str, kind: str, widths: tuple[str, ...] = ("wide", "abbreviated")) -> Iterator[tuple[int, str]]:
    """The numbers and the names that CLDR has for them."""
    from babel.core import Locale

    names = getattr(Locale(language), kind)
    for context in ("format", "stand-alone"):
        for width in widths:
            yield from ((number, folded(name.rstrip("."))) for number, name in names[context].get(width, {}).items())
