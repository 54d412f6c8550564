"""Text as the letters that it may stand for, whatever it is disguised with, and where in the text each of them is.

Owns: what a character may stand for, and which characters are taken for one another on the way to a word.  Pure.
Look-alikes are those of the eye and of the recogniser: the confusables of Unicode's UTS #39 as far as they look like letters of
the languages here, the digits and signs of leet, and I/l/1, O/0, rn/m and vv/w.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_LOOKS = {
    "0": "o0",
    "1": "il1",
    "2": "z2",
    "3": "e3",
    "4": "a4",
    "5": "s5",
    "6": "gb6",
    "7": "t7",
    "8": "b8",
    "9": "g9",
    "I": "il1",
    "L": "l",
    "l": "li1",
    "o": "o0",
    "v": "vu",
    "ñ": "ñn",
    "ə": "e",
    "ð": "d",
    "þ": "p",
    **dict(zip("авгезкмнопрстухшьэяіјѕһԁԛԝґ", "abreekmhonpctyxwberijshdqwr", strict=True)),
    **dict(zip("αβγδεζηθικλμνξοπρσςτυφχω", "abydeznoikluveonpostuoxw", strict=True)),
}
"""What characters may stand for, likeliest first; any other letter for itself.  The Spanish ñ is a letter, not an accent."""
_SIGNS = {
    "@": "a",
    "$": "s",
    "!": "il",
    "¡": "i",
    "|": "il",
    "(": "c",
    "[": "c",
    "+": "t",
    "€": "e",
    "£": "l",
    "§": "s",
    "¥": "y",
    "¢": "c",
    "©": "c",
    "®": "r",
    "°": "o",
    "†": "t",
    "∂": "d",
}
"""What signs may stand for."""
_CAPITALS = dict(zip("ΗΝΡΣΥΧΛΔΠВНРСУХЗИ", "hnpeyxaanbhpcyxen", strict=True))
"""Capitals that look like another letter than their small ones do."""
_SEVERAL = {"ß": "ss", "æ": "ae", "œ": "oe"}
_DRAWN = {"|<": "k", "/\\": "a", "\\/": "v", "|-|": "h", "|_|": "u", "><": "x"}
"""Letters that are put together from several signs."""
_RINGS = re.compile(r"(?<=\w)(?:\(\)|\[\])(?=\w)")
"""An o so drawn; behind a word they are a call."""
_EITHER = frozenset("!¡|([+°")
"""Signs that are letters in a word, and punctuation at its ends."""
_LOOSE = re.compile(rf"\w[{re.escape(''.join(_EITHER))}]++\w")
_SUBSTITUTES = re.compile(rf"[\d{re.escape(''.join(_SIGNS))}]")
_CLASSES = {
    "l": "i",
    "1": "i",
    "v": "u",
    "w": "u",
    "m": "n",
    "r": "n",
    "g": "b",
    "6": "b",
    "8": "b",
    "9": "b",
    "0": "o",
    "2": "z",
    "3": "e",
    "4": "a",
    "5": "s",
    "7": "t",
}
"""Letters that one character, or two of them together, may stand for: these are one while words are looked for."""
_TWINS = {**dict.fromkeys("iIlL", "i"), **dict.fromkeys("uUvV", "u")}
_HIDDEN = frozenset(("Mn", "Me", "Cf"))
_NOTHING = "\u200b"
_FILLERS = frozenset("\u115f\u1160\u3164\uffa0\u2800")
_NAMED = re.compile(r"LETTER (?:SMALL CAPITAL |SMALL |CAPITAL |TURNED |REVERSED |OPEN |DOTLESS |LONG |SCRIPT )*([A-Z])\b")
_SHARP_S = re.compile(r"(?<=[aeiouäöü])B(?![A-Z0-9])")
"""A sharp s as the recogniser takes it, as in FuB and ScheiBe: in German it stands behind vowels."""


@dataclass(frozen=True, slots=True)
class Folded:
    """The letters of a text, without what stands between them.

    Of each letter: `may` has what it may stand for, likeliest first, and `at` the code point that it is.  `words` has where each
    word as written begins among the letters, and the number of letters last; `word_of` in which of these words each letter is;
    `cores` where each word begins and ends without the digits and signs at its ends.
    """

    text: str
    may: list[str]
    at: list[int]
    words: list[int]
    word_of: list[int]
    cores: list[tuple[int, int]]

    def is_letter(self, k: int) -> bool:
        """Whether it is a letter as written, not a digit or a sign in the place of one."""
        return _is_letter(self.text[self.at[k]])

    def is_digit(self, k: int) -> bool:
        """Whether it is a digit in the place of a letter."""
        return self.text[self.at[k]].isdecimal()

    def has_substitutes(self, start: int, end: int) -> bool:
        """Whether there are digits or signs in the place of some of the letters."""
        return _SUBSTITUTES.search(self.text, self.at[start], self.at[end - 1] + 1) is not None

    def is_loose(self, k: int) -> bool:
        """Whether it is a sign that may as well be punctuation."""
        return self.text[self.at[k]] in _EITHER

    def gap(self, word: int) -> str:
        """What is seen between a word as written and the next one."""
        first = self.words[word + 1]
        between = self.text[self.at[first - 1] + 1 : self.at[first]]
        return between if between.isascii() else "".join([char for char in between if letters_of(char) is not None])

    def extent(self, word: int) -> tuple[int, int]:
        """Where a word as written begins and ends without punctuation."""
        start, end = self.words[word], self.words[word + 1]
        while start < end - 1 and self.is_loose(start):
            start += 1
        while end - 1 > start and self.is_loose(end - 1):
            end -= 1
        return start, end

    def span(self, start: int, end: int) -> tuple[int, int]:
        """The code points of some letters, with what is attached to the last of them unseen."""
        last = self.at[end - 1] + 1
        while last < len(self.text) and letters_of(self.text[last]) is None:
            last += 1
        return self.at[start], last


def fold(text: str, signs: bool = True) -> Folded:
    """The letters of a text; without `signs`, what may be punctuation is nothing else."""
    drawn = _put_together(text)
    may: list[str] = []
    at: list[int] = []
    words: list[int] = []
    word_of: list[int] = []
    between = True
    for place, char in enumerate(drawn):
        letters = letters_of(char)
        if letters is None:
            if may and not between and unicodedata.combining(char):
                may[-1] = _accented(drawn[at[-1]], char) or may[-1]
        elif not letters or (not signs and char in _EITHER):
            between = True
        else:
            if between:
                words.append(len(may))
                between = False
            for letter in letters:
                if at and _are_twins(before := drawn[at[-1]], char):
                    may[-1], letter = before.lower(), char.lower()
                may.append(letter)
                at.append(place)
                word_of.append(len(words) - 1)
    words.append(len(may))
    return Folded(drawn, may, at, words, word_of, [_core(drawn, at, *bounds) for bounds in pairwise(words)])


def _are_twins(before: str, char: str) -> bool:
    """Whether two letters are some that look alike, and can be told apart as they stand side by side: flick, and troll."""
    return char in _TWINS and _TWINS[char] == _TWINS.get(before) and (char == "l" or before.lower() != char.lower())


def _is_letter(char: str) -> bool:
    return not (char.isdecimal() or char in _SIGNS)


def _core(text: str, at: list[int], start: int, end: int) -> tuple[int, int]:
    while start < end - 1 and not _is_letter(text[at[start]]):
        start += 1
    while end - 1 > start and not _is_letter(text[at[end - 1]]):
        end -= 1
    return start, end


def readings(text: str) -> Iterator[Folded]:
    """The letters of a text as it may be meant: with its signs as letters or not, and with a B behind a vowel as sharp s."""
    yield fold(text)
    if _LOOSE.search(text):
        yield fold(text, signs=False)
    if "B" in text and (sharp := _SHARP_S.sub("ß", text)) != text:
        yield fold(sharp)


@lru_cache(maxsize=1 << 13)
def letters_of(char: str) -> tuple[str, ...] | None:
    """What each of the letters of one character may stand for; () for what separates, None for what is not seen."""
    if char in _SIGNS or char in _CAPITALS:
        return (_SIGNS.get(char) or _CAPITALS[char],)
    if unicodedata.category(char) in _HIDDEN or char in _FILLERS:
        return None
    plain = char if char in _LOOKS else unicodedata.normalize("NFKC", char).lower()
    base = _SEVERAL.get(plain) or (plain if plain in _LOOKS else without_accents(plain))
    if not base.isascii() and base not in _LOOKS and (named := _NAMED.search(unicodedata.name(char, ""))):
        base = named[1].lower()
    if base.isalnum() and (len(base) == 1 or char.isalpha()):
        return tuple(_LOOKS.get(letter, letter) for letter in base)
    return ()


@lru_cache(maxsize=1 << 13)
def class_of(may: str) -> str:
    """The class of a letter by what it may stand for: the same for all that one character may stand for."""
    base = without_accents(may[0])
    return _CLASSES.get(base, base)


def without_accents(text: str) -> str:
    """A text without the accents of its letters."""
    return "".join(part for part in unicodedata.normalize("NFD", text) if not unicodedata.combining(part))


def _accented(char: str, accent: str) -> str:
    """What a letter may stand for together with an accent that follows it; "" where there is no such letter."""
    whole = unicodedata.normalize("NFC", char + accent)
    letters = letters_of(whole) if len(whole) == 1 else None
    return letters[0] if letters else ""


def _put_together(text: str) -> str:
    """The text with drawn letters as letters, each as long as before."""
    if not text.isalnum():
        for signs, letter in _DRAWN.items():
            if signs in text:
                text = text.replace(signs, letter.ljust(len(signs), _NOTHING))
        text = _RINGS.sub("o" + _NOTHING, text)
    return text
