"""Finding amounts as tests do it: what one finder, or all of them, say of a text."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from glyphfeed.stream.attributes import dates, hours, measures, prices, roads
from glyphfeed.stream.attributes.line import Line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glyphfeed.stream.records import Attribute

FINDERS = (hours.find, dates.find, prices.find, measures.find, roads.find)


def told(find: Callable[[Line, str], Iterator[Attribute]], text: str, region: str) -> list[tuple[str, Any, str]]:
    """The kinds, values and units that a finder finds in a text."""
    return [(found.kind, found.value, found.unit) for found in find(Line(text), region)]


def all_of(line: Line, region: str) -> tuple[Attribute, ...]:
    """What all finders find, of two that overlap the longer, as the extractor has it."""
    found = sorted((one for find in FINDERS for one in find(line, region)), key=lambda one: one.span[0] - one.span[1])
    kept: list[Attribute] = []
    for one in found:
        if all(one.span[1] <= other.span[0] or other.span[1] <= one.span[0] for other in kept):
            kept.append(one)
    return tuple(sorted(kept, key=lambda one: one.span))
