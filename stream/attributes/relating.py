"""What the lines of a block say of each other: a word over a price, days over hours, a number over its unit.

Owns: which lines are read together, and which of two prices of a block is the former one.  Pure.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from glyphfeed.stream.attributes.hours import CLOSED
from glyphfeed.stream.attributes.line import Line, certain
from glyphfeed.stream.attributes.prices import counterparts
from glyphfeed.stream.attributes.writing import folded, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from glyphfeed.stream.records import Attribute

AMOUNTS = {
    *("price", "unit_price", "percent", "weight", "volume", "size", "date", "time", "opening_hours", "speed", "distance"),
}
"""Kinds that a word of another line may tell."""
REPLACED = {"date", "time", "opening_hours"}
"""Kinds of which one that two lines tell together is the better reading of one that a line tells alone."""
HEADING = 2
"""So many lines without a digit may say what the next one is, as SPEED and LIMIT over 35."""
NEAR = 60
"""So many characters of them are read."""
NUMBER = re.compile(r"-?\d{1,6}(?:[.,]\d{1,3})?")
UNIT = re.compile(r"[€$£%]|[^\W\d_]{2,4}(?:/h)?\b")


def relate(
    lines: Sequence[Line], attributes: Sequence[tuple[Attribute, ...]], find: Callable[[Line], Sequence[Attribute]]
) -> tuple[tuple[Attribute, ...], ...]:
    """The attributes of the lines of a block, with what the lines tell together; `find` finds those of one line."""
    related = list(attributes)
    for place, line in enumerate(lines):
        heading = heading_of(lines[max(0, place - HEADING) : place]) if may_be_headed(line) else ""
        if heading:
            related[place] = headed(heading, line, related[place], find)
        if not related[place] and place + 1 < len(lines) and NUMBER.fullmatch(plain(line)) and UNIT.match(lines[place + 1].text):
            related[place] = measured(line, lines[place + 1], find)
    return priced(related)


def may_be_headed(line: Line) -> bool:
    """Whether a line has something that a line above it may tell more of."""
    return any(char.isnumeric() for char in plain(line)) or any(word in CLOSED for word in re.findall(r"\w+", folded(line.text)))


def heading_of(lines: Sequence[Line]) -> str:
    """The last lines that hold no digit, as one text."""
    texts: list[str] = []
    for line in reversed(lines):
        if any(char.isnumeric() for char in line.text):
            break
        texts.insert(0, line.text)
    return " ".join(texts)[-NEAR:].strip()


def headed(
    heading: str, line: Line, alone: tuple[Attribute, ...], find: Callable[[Line], Sequence[Attribute]]
) -> tuple[Attribute, ...]:
    """The attributes of a line as they are with the lines above it."""
    kept = list(alone)
    for found in behind(heading, line, find):
        beside = [other for other in kept if other.span[0] < found.span[1] and found.span[0] < other.span[1]]
        same = [other for other in beside if (other.kind, other.span) == (found.kind, found.span)]
        told = found.label and same and not same[0].label
        if told or (found.kind in AMOUNTS and not same and all(other.kind in REPLACED for other in beside)):
            kept = [other for other in kept if other not in beside] + [found]
        elif same and found.kind in REPLACED and found.value != same[0].value:
            kept[kept.index(same[0])] = found
    return tuple(sorted(kept, key=lambda attribute: attribute.span))


def behind(heading: str, line: Line, find: Callable[[Line], Sequence[Attribute]]) -> Iterator[Attribute]:
    """The attributes of a line with a heading before it, or the part of them that is in the line."""
    seam = len(heading) + 1
    candidates = (*map(certain, f"{heading} "), *line.candidates) if line.candidates else ()
    for found in find(Line(f"{heading} {line.text}", candidates)):
        start, end = found.span
        if end > seam:
            yield replace(found, span=(max(start - seam, 0), end - seam))


def measured(line: Line, unit: Line, find: Callable[[Line], Sequence[Attribute]]) -> tuple[Attribute, ...]:
    """The number of a line as the unit on the next one makes it an amount."""
    end = len(line.text)
    known = line.candidates and unit.candidates
    found = find(Line(f"{line.text} {unit.text}", (*line.candidates, certain(" "), *unit.candidates) if known else ()))
    return tuple(replace(one, span=(0, end)) for one in found if one.kind in AMOUNTS and one.span[0] == 0 and one.span[1] > end)


def priced(attributes: Sequence[tuple[Attribute, ...]]) -> tuple[tuple[Attribute, ...], ...]:
    """The attributes of a block, where one of its two prices says what the other is."""
    every = [attribute for line in attributes for attribute in line]
    labels = iter(counterparts([one.label for one in every], [one.kind == "price" for one in every]))
    return tuple(tuple(replace(attribute, label=next(labels)) for attribute in line) for line in attributes)
