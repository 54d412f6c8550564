"""The attributes of texts: all that the finders of this room find, without what contradicts itself.

Owns: which finders there are, and which of two that claim the same characters is right.  Pure.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Sequence

    from glyphfeed.stream.attributes.line import Line
    from glyphfeed.stream.records import Attribute

FINDERS: Final[tuple[Callable[[Line, str], Iterator[Attribute]], ...]] = ()


class Extractor:
    """Finds attributes of some kinds, all unless told, in lines as they are written in a region: an ISO 3166 code, such as DE."""

    def __init__(self, region: str = "US", kinds: Collection[str] = ()) -> None:
        self._region, self._kinds = region, frozenset(kinds)

    def of_line(self, line: Line) -> tuple[Attribute, ...]:
        """What one line says by itself, in the order of its characters."""
        return tuple(attribute for find in FINDERS for attribute in find(line, self._region) if self._takes(attribute.kind))

    def _takes(self, kind: str) -> bool:
        return not self._kinds or kind in self._kinds

    def of_block(self, lines: Sequence[Line]) -> tuple[tuple[Attribute, ...], ...]:
        """What lines that stand together say, from top to bottom: each its own attributes, with what the others say of them."""
        return tuple(self.of_line(line) for line in lines)
