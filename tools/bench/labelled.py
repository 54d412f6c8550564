"""Labelled strings, and how well what is found in them agrees with what they are labelled with.

Owns: how the files of `tests/stream/*/strings` are read, when something counts as found, and which words of a list are profane
indeed.  Does not own what finds (stream.attributes, stream.moderation).  Pure but for the reading.
"""

from __future__ import annotations

import json
import math
import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from glyphfeed.stream.attributes.line import Line
from glyphfeed.tools.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from glyphfeed.stream.moderation.moderator import Moderator
    from glyphfeed.stream.records import Attribute

ROOT: Final = Path(__file__).parents[2] / "tests" / "stream"
HALVES: Final = ("tuning", "heldout")
PRECISE: Final = 1e-9
"""Numbers that differ by no more are the same."""
PROFANE: Final = re.compile(
    r"(?:mother)?fuck.*|(?:bull|chicken|horse)?shit.*|cunts?|(?:sons?ofa?)?bitch.*|bastard(?:s|y|ly)?|(?:jack|dumb)?ass(?:es|holes?)?"
    r"|arse(?:s|d|holes?)?|cock(?:s|suckers?)?|dick(?:s|heads?)?|wank(?:s|ed|ers?|ing)?|twats?|piss(?:e[ds]|ers?|ing|oirs?)?|whore.*"
    r"|slut.*|bollock.*|bugger(?:ed|ies|ing|s|y)?|tit(?:s|ty|ties)?|puss(?:y|ies)|nigger.*|fag(?:s|gots?)?|crap(?:s|p.*)?|douches?"
    r"|dildo(?:e?s)?|pricks?|kikes?|spics?|poof(?:s|ters?)?|turds?|goddamn.*|troia"
)
"""Words of an English list that are profane: to find them is no false alarm."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What a part of a line says; the fields of an attribute, and "" for a label that does not matter."""

    kind: str
    value: Any
    span: tuple[int, int]
    unit: str = ""
    label: str = ""
    alternatives: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Block:
    """Lines that stand together, the region they are read in, and what each of them says."""

    lines: tuple[Line, ...]
    region: str
    expected: tuple[tuple[Expected, ...], ...]


@dataclass(frozen=True, slots=True)
class Saying:
    """Lines that stand together in a language, and the spans of the profane words of each."""

    lines: tuple[Line, ...]
    language: str
    profane: tuple[tuple[tuple[int, int], ...], ...]


@dataclass(slots=True)
class Count:
    """How many there are, how many were found, and how many of these were right."""

    expected: int = 0
    found: int = 0
    right: int = 0

    @property
    def precision(self) -> float | None:
        """The share of what was found that is right, 0..1; None where nothing was found."""
        return self.right / self.found if self.found else None

    @property
    def recall(self) -> float | None:
        """The share of what there is that was found, 0..1; None where there is nothing."""
        return self.right / self.expected if self.expected else None


def read_blocks(half: str) -> list[Block]:
    """The labelled strings of attributes, of one of `HALVES`.

    Raises:
        CommandError: they are not there, as in an installed wheel.

    """
    return [
        Block(
            tuple(map(Line, told["lines"])),
            told["region"],
            tuple(tuple(_expected(one) for one in line) for line in told["expect"]),
        )
        for told in _read("attributes", half)
    ]


def read_sayings(half: str) -> list[Saying]:
    """The labelled strings of moderation, of one of `HALVES`.

    Raises:
        CommandError: they are not there, as in an installed wheel.

    """
    return [
        Saying(
            tuple(map(Line, told["lines"])),
            told["language"],
            tuple(tuple((start, end) for start, end in line) for line in told["expect"]),
        )
        for told in _read("moderation", half)
    ]


def count_attributes(
    blocks: Iterable[Block], find: Callable[[str, Sequence[Line]], Sequence[Sequence[Attribute]]]
) -> dict[str, Count]:
    """How many attributes of each kind are found in blocks; `find` gives those of each line, read in a region."""
    counts: dict[str, Count] = defaultdict(Count)
    for block in blocks:
        for expected, found in zip(block.expected, find(block.region, block.lines), strict=True):
            for one in expected:
                counts[one.kind].expected += 1
            for attribute in found:
                counts[attribute.kind].found += 1
            for one in matched(expected, found):
                counts[one.kind].right += 1
    return dict(sorted(counts.items()))


def matched(expected: Sequence[Expected], found: Sequence[Attribute]) -> list[Expected]:
    """What is expected of a line and found in it, each found one standing for one that is expected."""
    left = list(found)
    right = []
    for one in expected:
        hit = next((attribute for attribute in left if agrees(attribute, one)), None)
        if hit is not None:
            left.remove(hit)
            right.append(one)
    return right


def agrees(attribute: Attribute, expected: Expected) -> bool:
    """Whether kind, value and unit are equal, the label where one is expected, and the spans overlap."""
    return (
        (attribute.kind, attribute.unit) == (expected.kind, expected.unit)
        and expected.label in ("", attribute.label)
        and overlap(attribute.span, expected.span)
        and is_same(attribute.value, expected.value)
    )


def is_same(one: Any, other: Any) -> bool:
    """Whether two values are equal, numbers to `PRECISE`, whatever holds them."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(is_same(one[key], other[key]) for key in one)
    if _is_list(one) and _is_list(other):
        return len(one) == len(other) and all(map(is_same, one, other))
    if isinstance(one, int | float) and isinstance(other, int | float):
        return math.isclose(one, other, rel_tol=PRECISE, abs_tol=PRECISE)
    return bool(one == other)


def overlap(one: tuple[int, int], other: tuple[int, int]) -> bool:
    """Whether two spans share a character."""
    return max(one[0], other[0]) < min(one[1], other[1])


def count_profanity(sayings: Iterable[Saying], moderator: Moderator) -> Count:
    """How many profane words are found, and how often what was found touches none."""
    count = Count()
    for saying in sayings:
        for profane, found in zip(saying.profane, spans_found(moderator, saying.lines), strict=True):
            hits = [span for span in profane if any(overlap(span, other) for other in found)]
            strays = [other for other in found if not any(overlap(span, other) for span in profane)]
            count.expected += len(profane)
            count.found += len(hits) + len(strays)
            count.right += len(hits)
    return count


def false_alarms(moderator: Moderator, texts: Iterable[str]) -> list[str]:
    """The texts in which something is found."""
    return [text for text in texts if moderator.find(Line(text))]


def spans_found(moderator: Moderator, lines: Sequence[Line]) -> list[set[tuple[int, int]]]:
    """The spans of what is found in each line, by itself or put together with the others."""
    together = moderator.across(lines) if len(lines) > 1 else ((),) * len(lines)
    return [{found.span for found in (*moderator.find(line), *more)} for line, more in zip(lines, together, strict=True)]


def clean_words() -> list[str]:
    """The words of pyspellchecker's English list that are not profane, in the order of the alphabet."""
    from spellchecker import SpellChecker

    return sorted(word for word in SpellChecker(language="en").word_frequency.words() if not is_profane(word))


def is_profane(word: str) -> bool:
    """Whether a word of an English list, in lower case, is profane."""
    return PROFANE.fullmatch(word.removesuffix("'s")) is not None


def place_names(languages: Collection[str] = ("en", "de", "fr", "es", "it")) -> list[str]:
    """The places that `phonenumbers` knows area codes of, as these languages call them, in the order of the alphabet."""
    from phonenumbers.geodata import GEOCODE_DATA

    named = (name for names in GEOCODE_DATA.values() for language, name in names.items() if language in languages)
    return sorted({part.strip() for name in named for part in name.split(",")} - {""})


def sampled(texts: Sequence[str], most: int) -> Sequence[str]:
    """At most about `most` of some texts, at even distances, and the same each time."""
    return texts[:: max(1, round(len(texts) / most))]


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, str)


def _expected(told: dict[str, Any]) -> Expected:
    start, end = told["span"]
    alternatives = tuple(told.get("alternatives", ()))
    return Expected(told["kind"], told["value"], (start, end), told.get("unit", ""), told.get("label", ""), alternatives)


def _read(room: str, half: str) -> list[dict[str, Any]]:
    path = ROOT / room / "strings" / f"{half}.jsonl"
    try:
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()]
    except OSError as error:
        raise CommandError(
            f"the labelled strings {path} cannot be read: {error.strerror}; run this in glyphfeed's repository, as an installed"
            " program does not bring them"
        ) from error
