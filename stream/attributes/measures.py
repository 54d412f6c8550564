"""How much is in it and how large it is: percent, weight, volume and size.

Owns: which quantities are these kinds, and whether a weight is net or gross.  Pure.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glyphfeed.stream.attributes.customs import customs_of
from glyphfeed.stream.attributes.numerals import number, tidy, worths
from glyphfeed.stream.attributes.quantities import quantities
from glyphfeed.stream.attributes.writing import few, folded, plain
from glyphfeed.stream.records import Attribute

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glyphfeed.stream.attributes.line import Line
    from glyphfeed.stream.attributes.quantities import Quantity

SMALL = {"mm", "cm", "in"}
"""Lengths in these are always sizes."""
FAR = 10
"""Whole metres and feet from here upwards are distances."""
WEIGHED = re.compile(
    r"(?<![a-z])(?:(?P<net>net|nett|netto|neto|netta|nettogewicht|nettofullmenge)"
    r"|(?P<gross>gross|brutto|brut|bruto|lordo|bruttogewicht)|drained|abtropfgewicht|egoutte|escurrido|sgocciolato)(?![a-z])"
)
AFTER = re.compile(r" ?(?:e |℮ )?\(?(?:(?P<net>net|nett|netto|neto)|(?P<gross>gross|brutto|brut|bruto|lordo))(?![a-z])")
MINUS = re.compile(r"(?:(?<![\d%€$£] )(?<![\w.,%€$£])-|^- )$")
"""A minus, where it is no dash between two numbers."""
FACTOR = r"(?:[a-z]{1,2}[.:]? ?)?\d{1,5}(?:[.,]\d{1,3})? ?(?:\([a-z]\) ?)?"
PRODUCT = re.compile(
    rf"(?<![\w.,/]){FACTOR}(?:(?:mm|cm|m|in|ft|[\"']) ?)?(?:x ?{FACTOR}(?:(?:mm|cm|m|in|ft|[\"'])(?![a-z²³\d]) ?)?){{1,3}}"
)
MARKS = {'"': "in", "'": "ft"}
MEASURED = re.compile(r"(?P<number>\d{1,5}(?:[.,]\d{1,3})?)|(?P<unit>mm|cm|m|in|ft|[\"'])(?![a-z])")
HEIGHT = re.compile(r"(?<![\w.,'])(?P<feet>\d{1,2}) ?' ?-? ?(?P<inches>\d{1,2}) ?(?:\"|'')(?!\d)")


def find(line: Line, region: str) -> Iterator[Attribute]:
    """The percentages, weights, volumes and sizes of a line."""
    text = plain(line)
    if not any(char.isnumeric() for char in text):
        return
    low = folded(text)
    words = list(few(WEIGHED, low))
    yield from products(text, region)
    yield from heights(text)
    for quantity in quantities(text, region):
        if quantity.kind == "length" and is_size(quantity):
            yield Attribute("size", quantity.value, quantity.span, quantity.unit, alternatives=quantity.others)
        elif quantity.kind == "percent":
            yield percentage(quantity, text)
        elif quantity.kind == "weight":
            label = weighed(low, quantity.span, words)
            yield Attribute("weight", quantity.value, quantity.span, quantity.unit, label, quantity.others)
        elif quantity.kind == "volume":
            yield Attribute("volume", quantity.value, quantity.span, quantity.unit, alternatives=quantity.others)


def is_size(length: Quantity) -> bool:
    """Whether a length is how large something is, rather than how far."""
    far = length.unit in ("m", "ft") and isinstance(length.value, int) and length.value >= FAR
    return length.unit in SMALL or (length.unit in ("m", "ft") and not far)


def percentage(quantity: Quantity, text: str) -> Attribute:
    """A percentage, less than nothing where a minus that is no dash stands before it."""
    start, end = quantity.span
    minus = MINUS.search(text[:start][-3:])
    value = tidy(-quantity.value) if minus else quantity.value
    return Attribute("percent", value, (start - len(minus[0]) if minus else start, end), "%")


def weighed(text: str, span: tuple[int, int], words: Sequence[re.Match[str]]) -> str:
    """Whether a weight is net or gross by the one such word behind it, or the last before it; "" where nothing says so."""
    said = AFTER.match(text, span[1]) or next((word for word in reversed(words) if word.start() < span[0]), None)
    return said.lastgroup or "" if said else ""


def products(text: str, region: str) -> Iterator[Attribute]:
    """Sizes of several numbers with a unit of length behind at least the last, such as 30 x 40 cm."""
    if "x" not in text and "X" not in text:
        return
    decimal = customs_of(region).decimal
    for match in few(PRODUCT, folded(text)):
        parts = list(MEASURED.finditer(match[0]))
        units = {part["unit"] for part in parts if part["unit"]}
        if len(units) == 1 and parts[-1]["unit"]:
            values = [worths(part["number"], decimal)[0] for part in parts if part["number"]]
            yield Attribute(
                "size", values, (match.start(), match.start() + parts[-1].end()), MARKS.get(unit := units.pop(), unit)
            )


def heights(text: str) -> Iterator[Attribute]:
    """Feet and inches as feet, such as 13'6"."""
    for match in few(HEIGHT, text):
        if int(match["inches"]) < 12:
            yield Attribute("size", number(str(int(match["feet"]) + int(match["inches"]) / 12)), match.span(), "ft")
