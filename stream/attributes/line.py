"""One line of text as attributes are found in it: what it says, and what its characters might be instead.

Owns: how the characters of the recogniser lie in the text.  Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from glyphfeed.stream.records import TextEntity


@dataclass(frozen=True, slots=True)
class Line:
    """A text, and for each of its characters what it may be with which probability, 0..1; () where that is not known."""

    text: str
    candidates: tuple[Mapping[str, float], ...] = ()


@cache
def certain(char: str) -> Mapping[str, float]:
    """What a character may be that is not in doubt."""
    return {char: 1.0}


def line_of(entity: TextEntity) -> Line:
    """The line of a text; without candidates where the characters are not those of the text, one by one."""
    slots = [slot for word in entity.slots for slot in word]
    if len(slots) != len(entity.text) - entity.text.count(" "):
        return Line(entity.text)
    following = iter(slots)
    return Line(entity.text, tuple(certain(" ") if char == " " else next(following).candidates for char in entity.text))
