"""Numbers with a unit behind them: how much of what.

Owns: the units and their names, and what a number with a unit may be worth.  Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

from glyphfeed.stream.attributes.customs import customs_of
from glyphfeed.stream.attributes.numerals import FRACTION, SPACED, WHOLE, tidy, worths
from glyphfeed.stream.attributes.writing import few, folded

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from glyphfeed.stream.attributes.numerals import Worth

UNITS: Mapping[str, tuple[str, str]] = {
    name: (kind, unit)
    for kind, unit, names in (
        ("weight", "mg", "mg milligramm milligramme milligram milligrams"),
        ("weight", "g", "g gr grs gramm gram grams gramme grammes grammi gramos"),
        ("weight", "kg", "kg kgs kilo kilos kilogramm kilogram kilograms kilogramme kilogrammes kilogrammi kilogramos chili"),
        ("weight", "t", "t tonne tonnes tonnen ton tons tonnellate toneladas"),
        ("weight", "oz", "oz ounce ounces unze unzen onces onzas"),
        ("weight", "lb", "lb lbs pound pounds libras"),
        ("volume", "ml", "ml mls milliliter milliliters millilitre millilitres mililitros millilitri"),
        ("volume", "cl", "cl centilitre centilitres centiliter centilitros centilitri"),
        ("volume", "dl", "dl deziliter decilitre decilitres"),
        ("volume", "l", "l lt ltr ltrs liter liters litre litres litro litros litri"),
        ("volume", "fl_oz", "floz"),
        ("volume", "pt", "pt pint pints"),
        ("volume", "gal", "gal gals gallon gallons"),
        ("length", "mm", "mm millimeter millimetre millimetres"),
        ("length", "cm", "cm zentimeter centimeter centimeters centimetre centimetres centimetros centimetri"),
        ("length", "m", "m meter meters metre metres metros metri mtr mtrs mts"),
        ("length", "km", "km kms kilometer kilometers kilometre kilometres kilometros chilometri"),
        ("length", "in", 'in inch inches zoll pouces pulgadas pollici "'),
        ("length", "ft", "ft feet foot"),
        ("length", "mi", "mi mile miles meile meilen millas miglia"),
        ("length", "yd", "yd yds yard yards"),
        ("speed", "km/h", "km/h km/n kmh kph km/hr km/std kmph"),
        ("speed", "mph", "mph mi/h"),
        ("percent", "%", "% percent prozent pourcent porciento percento o/o vol%"),
    )
    for name in names.split()
}
"""The kind and the unit that each name stands for, folded and without spaces and dots."""
UNIT = (
    r"fl\.? ?oz|fluid ounces?|k(?:m|rn) ?/ ?(?:hr|[hn]|std)\b|mi/h|m\.p\.h|vol\.?-? ?%|[a-z]{1,12}|pour cent|por ciento"
    r"|per cento|%|[°o]/[o0]|\""
)
TAIL = r"(?![a-z\d²³°^]| ?/ ?(?:h|s|m|km|l|kg|min|100 ?km)(?![a-z]))"
"""What must not stand behind a unit: the rest of a word, an exponent, or what it is divided by."""
FLUID = re.compile("fl(?:uid)?(?:oz|ounces?)$")
MISREAD = {"I": "l", "mI": "ml", "cI": "cl"}
ENDING = re.compile(r"\.|\s*(?:$|[x)(,;/])")
"""What stands behind in where that is no preposition."""
BEFORE = r"(?<![\d_])(?<![\d][.,:'])(?<![a-wyz])(?<![a-z]x)(?<!/)"
QUANTITY = re.compile(rf"{BEFORE}(?P<number>{FRACTION}|{WHOLE})(?P<gap>[ -]?)(?P<unit>{UNIT}){TAIL}")
QUANTITY_SPACED = re.compile(rf"{BEFORE}(?P<number>{FRACTION}|{SPACED})(?P<gap>[ -]?)(?P<unit>{UNIT}){TAIL}")


@dataclass(frozen=True, slots=True)
class Quantity:
    """A number and a unit, of kind `length` where that may be a size or a distance; `others` are what it may be worth as well."""

    kind: str
    value: Worth
    unit: str
    span: tuple[int, int]
    others: tuple[Worth, ...]
    number: str


@lru_cache(maxsize=64)
def quantities(text: str, region: str) -> tuple[Quantity, ...]:
    """All numbers with a unit in a plain text, as a region writes them."""
    customs = customs_of(region)
    pattern = QUANTITY_SPACED if customs.spaced else QUANTITY
    return tuple(found for match in few(pattern, folded(text)) for found in quantity_of(match, text, customs.decimal))


def quantity_of(match: re.Match[str], text: str, decimal: str) -> Iterator[Quantity]:
    """The quantity that a number and a word are, if the word is a unit there."""
    known = UNITS.get(name_of(match, text))
    if known is None or not is_meant(match, text):
        return
    (value, *others), (kind, unit) = worths(match["number"], decimal), known
    if unit == "dl":
        value, others, unit = tidy(value * 10), [tidy(other * 10) for other in others], "cl"
    yield Quantity(kind, value, unit, match.span(), tuple(others), match["number"])


def name_of(match: re.Match[str], text: str) -> str:
    """The name of a unit as `UNITS` has it, where an I may be a small L, and rn an m."""
    written, name = text[slice(*match.span("unit"))], re.sub(r"[ .-]", "", match["unit"])
    if written in MISREAD and (written != "I" or re.search(r"[.,]", match["number"])):
        return MISREAD[written]
    if "/" in name and name[0] in "°o":
        return "o/o"
    return "floz" if FLUID.match(name) else name.replace("rn", "m")


def is_meant(match: re.Match[str], text: str) -> bool:
    """Whether what looks like a unit is one where it stands."""
    start, end = match.span("unit")
    written, rest, glued = text[start:end], text[end : end + 12], not match["gap"]
    test: Callable[[], object] = {
        "in": lambda: not match["gap"].isspace() or not match["number"].isdecimal() or ENDING.match(rest),
        '"': lambda: text.count('"', 0, start) % 2 == 0,
        "g": lambda: written == "g" or not glued or match["number"] not in {*"12345678", "16", "32", "64", "128"},
        "t": lambda: written == "t" or not glued or not match["number"].isdecimal() or len(match["number"]) == 2,
        "m": lambda: written == "m" or not glued or (text[: match.start()].isupper() and not rest.strip()),
        "mi": lambda: written in ("mi", "MI"),
        "pt": lambda: written != "Pt" and match["number"] in {*"12345678"},
        "ton": lambda: not rest.startswith("-"),
    }.get(match["unit"], lambda: True)
    return written in MISREAD or bool(test())
