"""The choice among what the characters of a number might be, so that it has the form that such numbers have and its check digit
comes right.

Owns: which characters look alike to a recogniser, how far a reading may be doubted, and how a number is picked out of a
line.  Pure.
"""

from __future__ import annotations

import math
import re
from itertools import combinations, islice
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from glyphfeed.stream.attributes.line import Line

DIGITS: Final = "0123456789"
LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
CLASSES: Final = {
    "9": frozenset(DIGITS),
    "A": frozenset(LETTERS),
    "X": frozenset(DIGITS + LETTERS),
    "V": frozenset(DIGITS + LETTERS) - frozenset("IOQ"),
    "C": frozenset(DIGITS + "X"),
}
"""What a position of a form may hold: a digit, a letter, either, those of vehicles, a digit or X."""
LOOKALIKES: Final = {
    "0": "ODQ",
    "1": "IL",
    "2": "Z",
    "5": "S",
    "6": "G",
    "8": "B",
    **dict.fromkeys("ODQ", "0"),
    **dict.fromkeys("IL", "1"),
    "Z": "2",
    "S": "5",
    "G": "6",
    "B": "8",
}
"""What recognisers take for one another, in upper case, the likeliest first."""
DIGIT_OF: Final = str.maketrans("OoQDIil|!SsZzGB", "000011111552268")
"""The digit that each letter and stroke looks like."""
DIGITLIKE: Final = r"\dOoQDIl|SBZG"
"""What may be a digit, for the brackets of an expression."""
ANY_DIGIT: Final = re.compile(r"\d")
"""What each number has, however it was read: a text without is passed over in a microsecond."""
STROKES: Final = "l|!"
"""What among capitals and digits is hardly ever itself, but a 1."""
SUPPORT: Final = 0.05
"""So much of the probability of what was read has another candidate that is considered at all."""
MOST_ALTERNATIVES: Final = 8
"""So many are considered in a number, the likeliest: with pairs of them that makes 36 tries."""
MOST_MATCHES: Final = 8
"""So many places are looked at for what a pattern may begin."""
MOST_CHANGES: Final = 2
"""So many characters are doubted that could be what they were read as."""
UNSEEN: Final = 0.05
"""How likely a lookalike is where the recogniser does not say, as a share of what was read."""


def picked(text: str, start: int, count: int, between: str = " -.") -> tuple[int, ...] | None:
    """The places of `count` letters, digits and strokes from `start` on, with one character of `between` at most between two of
    them; None where there are fewer, or where more follow at once.
    """
    places: list[int] = []
    at = start
    while len(places) < count:
        if at < len(text) and text[at] in between and places and places[-1] == at - 1:
            at += 1
        if at >= len(text) or not (text[at].isalnum() or text[at] == "|"):
            return None
        places.append(at)
        at += 1
    return None if at < len(text) and text[at].isalnum() else tuple(places)


def spelled(line: Line, places: Sequence[int], form: str, valid: Callable[[str], bool], unseen: int = 0) -> str | None:
    """The number at these places in upper case, as read where that is valid, else with the likeliest few changes that make it so.

    A character that the form does not allow is replaced by what it looks like.  Others are doubted where the recogniser had
    another candidate, `MOST_CHANGES` at most; where it tells of none, `unseen` of them that may be a letter or a digit.

    Args:
        line: what was read.
        places: where the characters of the number are in it.
        form: a key of `CLASSES` for each place.
        valid: whether a number is one, of which the form is right.
        unseen: how many characters may be doubted without the recogniser's support.

    """
    classes = [CLASSES[kind] for kind in form]
    read = [_read(line.text[place]) for place in places]
    strange = [at for at, (char, allowed) in enumerate(zip(read, classes, strict=True)) if char not in allowed]
    if not strange and valid("".join(read)):
        return "".join(read)
    most = MOST_CHANGES if line.candidates else unseen
    if (not strange and not most) or 2 * len(strange) > len(form):
        return None
    if not line.candidates and not all(classes[at].intersection(LOOKALIKES.get(read[at], "")) for at in strange):
        return None
    options = [_options(line, place, allowed) for place, allowed in zip(places, classes, strict=True)]
    return _likeliest(options, most, valid) if all(options) else None


def _likeliest(options: Sequence[list[tuple[str, float]]], most: int, valid: Callable[[str], bool]) -> str | None:
    best = [own[0][0] for own in options]
    tries = (_changed(best, changes) for changes in ((), *_changes(options, most)))
    return next((number for number in tries if valid(number)), None)


def some(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """The first places where a pattern fits, `MOST_MATCHES` at most: no sign says more, and what is none shall cost little."""
    return islice(pattern.finditer(text), MOST_MATCHES)


def _read(char: str) -> str:
    return "1" if char in STROKES else char.upper()


def _options(line: Line, place: int, allowed: frozenset[str]) -> list[tuple[str, float]]:
    """What the character at a place may be, and its cost: the negative logarithm of its probability against what was read."""
    read = _read(line.text[place])
    scores = {char: UNSEEN * 0.9**rank for rank, char in enumerate(LOOKALIKES.get(read, "")) if char in allowed}
    if line.candidates:
        seen = _seen(line, place, allowed)
        # What the recogniser holds for impossible is only taken where nothing else fits.
        scores = seen if read in allowed else {**scores, **seen}
    if read in allowed:
        scores[read] = 1.0
    return sorted(((char, -math.log(score)) for char, score in scores.items()), key=lambda option: option[1])


def _seen(line: Line, place: int, allowed: frozenset[str]) -> dict[str, float]:
    candidates = line.candidates[place]
    own = candidates.get(line.text[place], 0.0) or max(candidates.values(), default=1.0)
    shares = [(_read(char), score / own) for char, score in candidates.items() if len(char) == 1]
    return {
        char: min(share, 1.0) for char, share in sorted(shares, key=lambda each: each[1]) if char in allowed and share >= SUPPORT
    }


def _changes(options: Sequence[list[tuple[str, float]]], most: int) -> Iterator[tuple[tuple[int, str, float], ...]]:
    """Changes of one or two characters, the likeliest first: which, into what, and what it costs."""
    single = [(at, char, cost - own[0][1]) for at, own in enumerate(options) for char, cost in own[1:]]
    single = sorted(single, key=lambda change: change[2])[:MOST_ALTERNATIVES]
    several = (changes for count in range(1, most + 1) for changes in combinations(single, count))
    apart = (changes for changes in several if len({change[0] for change in changes}) == len(changes))
    yield from sorted(apart, key=lambda changes: sum(change[2] for change in changes))


def _changed(best: Sequence[str], changes: Sequence[tuple[int, str, float]]) -> str:
    chars = list(best)
    for at, char, _ in changes:
        chars[at] = char
    return "".join(chars)
