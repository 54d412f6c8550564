"""What road signs say: speeds and distances.

Owns: which quantities these are, and speeds without a unit.  Pure.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from glyphfeed.stream.attributes.customs import customs_of
from glyphfeed.stream.attributes.measures import is_size
from glyphfeed.stream.attributes.quantities import quantities
from glyphfeed.stream.attributes.writing import folded, plain
from glyphfeed.stream.records import Attribute

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glyphfeed.stream.attributes.line import Line

IN_MILES = {"US", "GB", "LR", "MM", "IM", "JE", "GG", "PR", "VI", "GU", "BS", "BZ", "KY", "AG", "BM", "DM", "GD", "WS"}
"""Where speed limits are in miles an hour (https://en.wikipedia.org/wiki/Miles_per_hour)."""
LIMIT = re.compile(
    r"(?<![a-z])(?:speed ?limit|(?:max|min)(?:imum|\.)? speed|advisory speed|hochstgeschwindigkeit|tempo(?:limit)?"
    r"|vitesse (?:maximale|max\.?|limitee)(?: a)?"
    r"|velocidad (?:maxima|max\.?|limitada a)|velocita (?:massima|max\.?)|limite(?: d[ei])? velocidad"
    r"|limite(?: d[ei])? velocita)[: ]{1,3}(?:is )?"
    r"(?P<speed>[1-9][\dos]{0,2})(?![\w.,:/%]|-\d| ?(?:km|mph|mi|k|m)\b)"
)
ZONE = re.compile(r"\s*(?:(?:tempo ?)?zon[ea] (?P<speed>[2-7]0)|(?P<before>[2-7]0) zon[ea])\s*")
CALM = {"DE", "AT", "CH", "FR", "BE", "LU", "NL", "ES", "IT"}
"""Where a zone of 30 is one of a speed."""


def find(line: Line, region: str) -> Iterator[Attribute]:
    """The speeds and the distances of a line."""
    text = plain(line)
    if not any(char.isnumeric() for char in text):
        return
    for quantity in quantities(text, region):
        if quantity.kind == "speed" or (quantity.kind == "length" and not is_size(quantity)):
            kind = "speed" if quantity.kind == "speed" else "distance"
            yield Attribute(kind, quantity.value, quantity.span, quantity.unit, alternatives=quantity.others)
    yield from limits(folded(text), customs_of(region).region)


def limits(text: str, region: str) -> Iterator[Attribute]:
    """Speeds that words say to be such, in the unit of the region."""
    unit = "mph" if region in IN_MILES else "km/h"
    zone = ZONE.fullmatch(text) if region in CALM else None
    for match in filter(None, (zone, *LIMIT.finditer(text))):
        group = match.lastgroup or "speed"
        yield Attribute("speed", int(match[group].replace("o", "0").replace("s", "5")), match.span(group), unit)
