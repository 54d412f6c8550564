"""What a rule is asked about: a text with what stands around it, and what it said before.

Owns: what there is to look at.  Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Protocol, TypeAlias

from glyphfeed.stream.attributes.line import Line, line_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from glyphfeed.stream.records import TextEntity

Span: TypeAlias = tuple[int, int]
"""Where something starts and ends in a text, in code points."""


@dataclass(frozen=True)
class Subject:
    """A text of a source, and what can be known of it.

    `around` are all texts of its block in reading order, itself included; `earlier` is what it said before, the newest last;
    `size` is that of the picture, width and height in pixels; `now` is when the picture was made, with its time zone.
    """

    entity: TextEntity
    around: tuple[TextEntity, ...]
    earlier: tuple[str, ...]
    size: tuple[int, int]
    now: datetime
    source: str = ""

    @cached_property
    def line(self) -> Line:
        """What it says, with what its characters might be instead."""
        return line_of(self.entity)


class Condition(Protocol):
    """One thing that a rule asks of a text."""

    def find(self, subject: Subject) -> tuple[Span, ...] | None:
        """Where in the text it holds, () where it holds of all of it, None where it does not hold."""
        ...

    def why(self, subject: Subject) -> str:
        """Why it holds or not, in words that go on after a colon."""
        ...


def united(spans: Iterable[Span]) -> tuple[Span, ...]:
    """The same characters in the fewest spans, none of them empty, in their order."""
    found: list[Span] = []
    for start, end in sorted(spans):
        if start >= end:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(end, found[-1][1]))
        else:
            found.append((start, end))
    return tuple(found)


def quoted(text: str, spans: Iterable[Span]) -> str:
    """What stands at some places of a text, in words."""
    return ", ".join(f"{text[start:end]!r} at {start}" for start, end in spans)
