"""Words that are not to be shown, found in lines of text however they are disguised.

Owns: which words are looked for, and where in lines they are.  Pure.
By their own descriptions better-profanity and pyobscenity come with English words and profanite without Italian ones, and none of
them knows a recogniser's confusions or words over two lines: so they are not used.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from heapq import nlargest
from itertools import accumulate
from typing import TYPE_CHECKING, NamedTuple, Protocol

from glyphfeed.stream.errors import InputError
from glyphfeed.stream.moderation.folding import readings
from glyphfeed.stream.moderation.masked import Masked
from glyphfeed.stream.moderation.matcher import Matcher
from glyphfeed.stream.moderation.words import CATEGORIES, INNOCENT, LANGUAGES, listed, word_of

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

LIKELY = 0.25
"""What a character may be instead counts from this probability on."""
DOUBTS = 8
"""So many characters of a line are tried as what else they may be, the most doubtful first."""
REMEMBERED = 1024
"""What is found in so many texts is remembered, those that were looked at last."""
REACH = 24
"""A word is looked for so many characters to either side of such a one."""


class Line(Protocol):
    """A text, and for each of its characters what it may be with which probability, or nothing."""

    @property
    def text(self) -> str: ...
    @property
    def candidates(self) -> tuple[Mapping[str, float], ...]: ...


class Found(NamedTuple):
    """A word that was found: its category, and the code points [start, end) of the text that hold it."""

    category: str
    span: tuple[int, int]


class Moderator:
    """Finds the words of some languages and categories, and a user's own."""

    def __init__(
        self,
        languages: Collection[str] = LANGUAGES,
        categories: Collection[str] = ("profanity",),
        own: Mapping[str, Collection[str]] = {},
    ) -> None:
        """`own` has words of more categories, or more words of one: marked with asterisks as in the lists, and always looked for.

        Raises:
            InputError: a language or a category is not known, or a word has no letters.

        """
        listed_words = [entry for language in _known(languages, LANGUAGES, "language") for entry in listed(language)]
        wanted = frozenset(_known(categories, (*CATEGORIES, *own), "category"))
        innocent = frozenset(written for category, written in listed_words if category == INNOCENT)
        chosen = [word_of(*entry) for entry in listed_words if entry[0] in wanted and entry[1] not in innocent]
        of_user = [word_of(category, written) for category, words in own.items() for written in words]
        # What a user wants found is not innocent.
        self._matchers = (Matcher(dict.fromkeys(chosen), innocent), *([Matcher(dict.fromkeys(of_user))] if of_user else []))
        self._masked = Masked(dict.fromkeys((*chosen, *of_user)))
        # The lines around one that changes are looked at again, each with its neighbours.
        self._in = lru_cache(REMEMBERED)(self._search)

    def find(self, line: Line) -> tuple[Found, ...]:
        """The words in a line, in the order of its characters; those of one category that overlap are one."""
        return _united(self._found(line))

    def across(self, lines: Sequence[Line]) -> tuple[tuple[Found, ...], ...]:
        """For each of some lines, or successive readings, the parts of words that come about only when they are put together."""
        starts = [0, *accumulate(len(line.text) + 1 for line in lines)]
        crossing = [
            found for found in self._found(_joined(lines)) if any(found.span[0] < start < found.span[1] for start in starts)
        ]
        if not crossing:
            return ((),) * len(lines)
        return tuple(_united(_within(crossing, start, len(line.text))) for line, start in zip(lines, starts, strict=False))

    def _found(self, line: Line) -> Iterator[Found]:
        yield from self._in(line.text)
        for place, char in _doubts(line):
            start = max(place - REACH, 0)
            window = line.text[start:place] + char + line.text[place + 1 : place + REACH]
            for category, (first, last) in self._in(window):
                if first <= place - start < last and (first or not start):
                    yield Found(category, (first + start, last + start))

    def _search(self, text: str) -> tuple[Found, ...]:
        masked = [Found(word.category, span) for word, span in self._masked.find(text)]
        matches = ((folded, match) for folded in readings(text) for matcher in self._matchers for match in matcher.find(folded))
        return (*masked, *(Found(match.word.category, folded.span(match.start, match.end)) for folded, match in matches))


@dataclass(frozen=True, slots=True)
class _Joined:
    text: str
    candidates: tuple[Mapping[str, float], ...]


def _joined(lines: Sequence[Line]) -> _Joined:
    """Lines as one, without candidates unless those of all are known."""
    text = "\n".join(line.text for line in lines)
    if not all(len(line.candidates) == len(line.text) for line in lines):
        return _Joined(text, ())
    between: Mapping[str, float] = {"\n": 1.0}
    return _Joined(text, tuple(part for line in lines for part in (*line.candidates, between))[:-1])


def _within(found: Iterable[Found], start: int, length: int) -> Iterator[Found]:
    """The parts of words that lie in one of the lines that were joined."""
    for category, span in found:
        first, last = max(span[0] - start, 0), min(span[1] - start, length)
        if first < last:
            yield Found(category, (first, last))


def _doubts(line: Line) -> list[tuple[int, str]]:
    """Where a text may say something else and what, the likeliest first."""
    doubts = [
        (score, place, char)
        for place, (said, candidates) in enumerate(zip(line.text, line.candidates, strict=False))
        for char, score in candidates.items()
        if score >= LIKELY and len(char) == 1 and char != said
    ]
    return [(place, char) for _, place, char in nlargest(DOUBTS, doubts)]


def _united(found: Iterable[Found]) -> tuple[Found, ...]:
    """What was found in the order of its characters, each category's overlapping spans as one."""
    united: list[Found] = []
    for category, (start, end) in sorted(found):
        if united and united[-1].category == category and start < united[-1].span[1]:
            start, end = united[-1].span[0], max(end, united.pop().span[1])
        united.append(Found(category, (start, end)))
    return tuple(sorted(united, key=lambda one: (one.span, one.category)))


def _known(chosen: Collection[str], known: Collection[str], kind: str) -> Collection[str]:
    for name in chosen:
        if name not in known:
            raise InputError(f"there are no words of the {kind} {name!r}; choose from {', '.join(known)}")
    return chosen
