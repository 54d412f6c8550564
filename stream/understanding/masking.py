"""Hiding what a text says: asterisks in the place of its characters, or nothing at all.

Owns: that nothing of what is hidden is left in any field of a text.  Pure; does not own what is to be hidden (rules).
"""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import takewhile
from typing import TYPE_CHECKING, Final, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from glyphfeed.stream.records import Char, TextEntity, Word

Span: TypeAlias = tuple[int, int]

STAR: Final = "*"


def masked(entity: TextEntity, spans: Iterable[Span]) -> TextEntity:
    """A text with an asterisk for each code point of some spans [start, end) but for spaces, in every field that repeats it.

    Attributes of what is hidden are left out, as a number says as much as its characters; `flags` stay.  Words and characters
    that are not those of the text are hidden, too.
    """
    spans = tuple(spans)
    hidden = covered(entity.text, spans)
    return replace(
        entity,
        text=starred(entity.text, hidden),
        words=_words(entity.words, entity.text, hidden),
        chars=None if entity.chars is None else _chars(entity.chars, entity.text, hidden),
        attributes=tuple(each for each in entity.attributes if not any(overlap(each.span, span) for span in spans)),
        slots=(),
    )


def wholly(entity: TextEntity) -> tuple[Span, ...]:
    """All of a text as spans."""
    return ((0, len(entity.text)),)


def spans_before(before: str, now: str, spans: Sequence[Span]) -> Sequence[Span]:
    """What is to be hidden of what a text said before, where some spans, at least one, are of what it says now: all but what it
    began and ended with alike outside of them, which is told anyway.
    """
    if before == now:
        return spans
    first, last = min(start for start, _ in spans), max(end for _, end in spans)
    begins, ends = alike(before, now[:first]), alike(before[::-1], now[last:][::-1])
    return [(begins, max(len(before) - ends, begins))]


def alike(one: str, other: str) -> int:
    """How many characters two texts begin with alike."""
    return sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False)))


def withheld(entity: TextEntity) -> TextEntity:
    """A text of which nothing is told but where it is, as before it was read."""
    chars = None if entity.chars is None else ()
    return replace(entity, text="", confidence=0.0, words=(), chars=chars, attributes=(), flags=(), slots=())


def overlap(one: Span, other: Span) -> bool:
    """Whether two spans share a code point."""
    return one[0] < other[1] and other[0] < one[1]


def covered(text: str, spans: Iterable[Span]) -> list[bool]:
    """Which code points of a text are in any of some spans; spaces are in none."""
    hidden = [False] * len(text)
    for start, end in spans:
        for place in range(max(start, 0), min(end, len(text))):
            hidden[place] = not text[place].isspace()
    return hidden


def starred(text: str, hidden: Sequence[bool]) -> str:
    """A text with asterisks where it is hidden, as long as before."""
    return "".join(STAR if is_hidden else char for char, is_hidden in zip(text, hidden, strict=True))


def _words(words: Sequence[Word], text: str, hidden: Sequence[bool]) -> tuple[Word, ...]:
    """Hide in words what is hidden in the text; of several that are alike whatever is hidden in any, as some may not be told."""
    parts = [(found[0], hidden[found.start() : found.end()]) for found in re.finditer(r"\S+", text)]

    def hide(word: Word) -> Word:
        alike = [part for said, part in parts if said == word.text] or [[True] * len(word.text)]
        either = [any(column) for column in zip(*alike, strict=True)]
        return replace(word, text=starred(word.text, either)) if any(either) else word

    return tuple(hide(word) for word in words)


def _chars(chars: Sequence[Char], text: str, hidden: Sequence[bool]) -> tuple[Char, ...]:
    """Hide characters with what else they might be; a character may have several code points."""
    inked = [(char, is_hidden) for char, is_hidden in zip(text, hidden, strict=True) if not char.isspace()]
    same = "".join(char.char for char in chars) == "".join(char for char, _ in inked)
    told, place = [], 0
    for char in chars:
        start, place = place, place + len(char.char)
        is_hidden = not same or any(is_hidden for _, is_hidden in inked[start:place])
        told.append(replace(char, char=STAR * len(char.char), alternatives=()) if is_hidden else char)
    return tuple(told)
