"""The attributes of texts: all that the finders of this room find, without what contradicts itself.

Owns: which finders there are, and which of two that claim the same characters is right.  Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from glyphfeed.stream.attributes import contacts, dates, hours, identifiers, measures, places, plates, prices, roads, streets
from glyphfeed.stream.attributes.line import Line, Remembering
from glyphfeed.stream.attributes.relating import relate

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from glyphfeed.stream.records import Attribute

FINDERS: Final[tuple[Callable[[Line, str], Iterator[Attribute]], ...]] = (
    identifiers.find,
    contacts.find,
    places.find,
    streets.find,
    plates.find,
    hours.find,
    dates.find,
    prices.find,
    measures.find,
    roads.find,
)
"""Each finds its kinds in a line as it is written in a region; of two finds of the same length the earlier finder's counts."""
LONGEST: Final = 200
"""Of a longer text so many characters are looked at, so that whatever stands there takes milliseconds."""


class Extractor:
    """Finds attributes of some kinds, all unless told, in lines as they are written in a region: an ISO 3166 code, such as DE."""

    def __init__(self, region: str = "US", kinds: Collection[str] = ()) -> None:
        self._region, self._kinds = region, frozenset(kinds)
        self._alone = Remembering(self._find)

    def of_line(self, line: Line) -> tuple[Attribute, ...]:
        """What one line says by itself, in the order of its characters."""
        return self._alone(line)

    def _find(self, line: Line) -> tuple[Attribute, ...]:
        if len(line.text) > LONGEST:
            line = Line(line.text[:LONGEST], line.candidates[:LONGEST])
        kept = without_overlaps(found for find in FINDERS for found in find(line, self._region))
        return tuple(found for found in kept if not self._kinds or found.kind in self._kinds)

    def of_block(self, lines: Sequence[Line]) -> tuple[tuple[Attribute, ...], ...]:
        """What lines that stand together say, from top to bottom: each its own attributes, with what the others say of them."""
        alone = [self.of_line(line) for line in lines]
        return relate(lines, alone, self.of_line) if len(lines) > 1 else tuple(alone)


def without_overlaps(attributes: Iterable[Attribute]) -> list[Attribute]:
    """Of those that claim the same characters the one with a check digit, else the longest, else the first; in order of place."""
    kept: list[Attribute] = []
    for found in sorted(attributes, key=lambda each: (each.kind not in identifiers.CHECKED, each.span[0] - each.span[1])):
        if all(found.span[1] <= other.span[0] or other.span[1] <= found.span[0] for other in kept):
            kept.append(found)
    return sorted(kept, key=lambda each: each.span)
