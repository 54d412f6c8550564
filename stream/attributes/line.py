"""One line of text as attributes are found in it: what it says, and what its characters might be instead.

Owns: how the characters of the recogniser lie in the text.  Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Final, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from glyphfeed.stream.records import TextEntity

Answer = TypeVar("Answer")

REMEMBERED: Final = 1000
"""So many lines are remembered with what they say."""


@dataclass(frozen=True, slots=True)
class Line:
    """A text, and for each of its characters what it may be with which probability, 0..1; () where that is not known."""

    text: str
    candidates: tuple[Mapping[str, float], ...] = ()


class Remembering(Generic[Answer]):
    """What a function says of each line, asked once: of a block that has changed in one line the others are as they were."""

    def __init__(self, find: Callable[[Line], Answer]) -> None:
        self._find = find
        # Each is kept along with its candidates, so that no others can have their places in memory.
        self._known: dict[tuple[str, tuple[int, ...]], tuple[Line, Answer]] = {}

    def __call__(self, line: Line) -> Answer:
        """What it says; the same for the same text with the very same candidates."""
        key = line.text, tuple(map(id, line.candidates))
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            known = self._known[key] = line, self._find(line)
        return known[1]


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
