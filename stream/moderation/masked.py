"""Words that somebody has masked already, as in f*ck, though everybody can tell them.

Owns: which signs mask letters, and how much of a word must be left.  Pure.
"""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING

from glyphfeed.stream.moderation.folding import letters_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from glyphfeed.stream.moderation.words import Word

LONGEST = 32
"""What is longer is no word."""
MASK = ""
"""Stands for a letter that is masked."""
_MASKS = r"*#_%&~^•●■█✱∗×"
_MASKED = re.compile(rf"(?<!\w)[^\W\d_]++[{_MASKS}](?:[^\W\d_]|[{_MASKS}])*+")
"""A word with masked letters but the first one."""
_NAME = re.compile(r"_[^_]+_")
"""The name of something in a program."""
SHORTEST = 4
"""Of a shorter word too little is left."""


class Masked:
    """Finds words in which letters are masked, but neither the first nor the last one, and no more than half of them."""

    def __init__(self, words: Iterable[Word]) -> None:
        self._words: dict[tuple[int, str, str], list[Word]] = defaultdict(list)
        for word in words:
            if len(word.letters) >= SHORTEST and not word.parts:
                self._words[len(word.letters), word.letters[0], word.letters[-1]].append(word)
        self._lengths = sorted({length for length, _, _ in self._words})

    def find(self, text: str) -> Iterator[tuple[Word, tuple[int, int]]]:
        """The words in a text, and the code points [start, end) of those that hold them."""
        for token in _MASKED.finditer(text):
            letters = [letter for char in token[0].rstrip(_MASKS) for letter in _letters(char)]
            if MASK in letters and len(letters) <= LONGEST and not _NAME.search(token[0]) and (word := self._within(letters)):
                yield word, token.span()

    def _within(self, letters: list[str]) -> Word | None:
        for start, first in enumerate(letters):
            for length in self._lengths if first != MASK else ():
                if start + length > len(letters):
                    break
                part = letters[start : start + length]
                for word in self._words.get((length, first, part[-1]), ()):
                    if _is_masked(word, part) and _may_stand(word, start, len(letters) - start - length):
                        return word
        return None


def _letters(char: str) -> tuple[str, ...]:
    """The letters of a character of a masked word."""
    return (MASK,) if char in _MASKS else tuple(may[0] for may in letters_of(char) or ())


def _is_masked(word: Word, part: list[str]) -> bool:
    masked = part.count(MASK)
    if not 0 < 2 * masked <= len(part):
        return False
    return all(letter in (MASK, wanted) for letter, wanted in zip(part, word.letters, strict=True))


def _may_stand(word: Word, before: int, behind: int) -> bool:
    return (word.open_left or not before) and (word.open_right or not behind)
