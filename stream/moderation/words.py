"""The words that are not to be shown, as they are listed.

Owns: how the lists in `words/` and those of users are written.  Pure, but for reading the lists.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import pairwise
from typing import TYPE_CHECKING

from glyphfeed.stream.errors import InputError
from glyphfeed.stream.moderation.folding import fold

if TYPE_CHECKING:
    from collections.abc import Iterator

LISTS = files(__package__) / "words"
LANGUAGES = ("en", "de", "fr", "es", "it")
"""By ISO 639-1."""
CATEGORIES = ("profanity", "slur", "sexual")
INNOCENT = "innocent"


@dataclass(frozen=True, slots=True)
class Word:
    """A word that is looked for: its letters in lower case as they are folded, and whether it may begin or end within another.

    `parts` has how many letters each of its words has, where it is several.
    """

    category: str
    letters: str
    open_left: bool = False
    open_right: bool = False
    parts: tuple[int, ...] = ()


def word_of(category: str, written: str) -> Word:
    """A word as it is written in a list: `word` stands for itself, `word*`, `*word` and `*word*` for what holds it.

    Raises:
        InputError: there is no letter in it, or an asterisk between letters.

    """
    marked = written.strip()
    inner = marked.removeprefix("*").removesuffix("*").strip()
    folded = fold(inner)
    if not folded.may or "*" in inner:
        raise InputError(f"no word of {category!r} is {written!r}: give letters, with asterisks at the ends alone")
    lengths = tuple(end - start for start, end in pairwise(folded.words))
    # A digit in a word is meant as such, and is the last that its character may stand for.
    letters = "".join(
        may[-1] if may[-1].isdecimal() and inner[at].isdecimal() else may[0]
        for may, at in zip(folded.may, folded.at, strict=True)
    )
    return Word(category, letters, marked.startswith("*"), marked.endswith("*"), lengths if len(lengths) > 1 else ())


@cache
def listed(language: str) -> tuple[tuple[str, str], ...]:
    """The words of a language as they are written, each behind its category."""
    return tuple(_entries((LISTS / f"{language}.txt").read_text("utf-8")))


@cache
def pieces() -> frozenset[str]:
    """What parts of the listed words are words themselves, or with an asterisk begin one: two in a row are no disguise.

    They are the words of `pyspellchecker` in all five languages that make up 1e-6 of running text, those of two letters 1e-4: of
    rarer ones the lists hold many that are none.  What is profane by itself is none of them either.
    """
    return frozenset((LISTS / "pieces.txt").read_text("utf-8").split())


def _entries(text: str) -> Iterator[tuple[str, str]]:
    category = ""
    for line in text.splitlines():
        entry = line.partition("#")[0].strip()
        if entry.startswith("["):
            category = entry.strip("[]")
        elif entry:
            yield category, entry
