"""Text as the finders of amounts read it: one way to write a dash, a quote or a letter, and digits where digits are meant.

Owns: which characters are taken for which.  The text keeps its length, so that a span in it is one in the text as it was read.
"""

from __future__ import annotations

import re
import unicodedata
from itertools import islice
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from glyphfeed.stream.attributes.line import Line

ALIKE = {
    **dict.fromkeys("‐‑‒–—―−", "-"),
    **dict.fromkeys("’‘′`´", "'"),
    **dict.fromkeys("“”„″‟", '"'),
    **dict.fromkeys("×✕✖", "x"),
    **dict.fromkeys("\u00a0\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u3000\t", " "),
    **{chr(code): unicodedata.normalize("NFKC", chr(code)) for code in (*range(0xFF01, 0xFF5F), 0xFFE0, 0xFFE1, 0xFFE5)},
}
PLAIN = str.maketrans(ALIKE)
FOLDED = str.maketrans(
    {chr(code): unicodedata.normalize("NFKD", chr(code))[0].lower() for code in range(0x41, 0x180) if chr(code).isalpha()}
    | {"ß": "s", "ẞ": "s", "ı": "i", "ø": "o", "Ø": "o", "ł": "l", "Ł": "l"}
)

LOOKS = {"O": "0", "o": "0", "I": "1", "l": "1", "|": "1", "S": "5", "B": "8", "Z": "2"}
"""Characters that recognisers write for digits."""
RUN = re.compile(r"(?<![^\W\d_])[\dOoIl|SBZ]{1,12}(?:[.,:/-][\dOoIl|SBZ]{1,12}){0,5}(?![^\W\d_]{5}|[zZ])")
"""Where such characters may stand for digits: not within a word, nor in ounces."""
SUSPECT = re.compile(r"(?<=\d)[OoIl|SBZ]|(?<=\d[.,:/-])[OoIl|SBZ]|[OoIl|SBZ](?=[.,:]?\d)")
POINTS = {".", ",", ":"}
HEAD = re.compile(r"[SBZ](?=\d)")
"""A name or a misread sign rather than a digit."""
TAIL = re.compile(r"(?:O[Zz]|[Il|SBZ]{1,12})$")
"""What may be a unit or a mark behind a number."""
TAIL_OF_DECIMALS = re.compile(r"(?:O[Zz]|[Il|]{1,12})$")
ALONE = re.compile(
    r"(?<![\w'])(?:[lI|](?= ?(?:kg|km|cl|l|€|%)(?![a-zA-Z]))|[SBO](?= ?%)|[lI]O{1,2}(?= ?(?:[kcm]?[glm]|€|%)(?![a-zA-Z]))"
    r"|[SB]O(?= ?%))"
)
"""Letters that make a number because a unit stands behind them."""
DIGITS, SIGNS = "0123456789", "€$£¥%"
UNITS = "glmthkGLMTHK"
"""Letters that are units behind a number."""
MANY = 100
LIKELY = 0.1
"""A candidate of this probability may be what is written."""


MINUTES = re.compile(r"(?<=\d[hH])(?=O?\d|\dO|OO)[\dO]{2}(?![^\W_])")
"""The minutes of an hour that French writes 20h30."""


def few(pattern: re.Pattern[str], text: str) -> Iterator[re.Match[str]]:
    """The first matches in a text, so that no text takes long: many more than there are amounts in any line that people write."""
    return islice(pattern.finditer(text), MANY)


def folded(text: str) -> str:
    """The text in lower case and without accents, as long as it was."""
    return text.translate(FOLDED)


def plain(line: Line) -> str:
    """The text of a line with one way to write what looks alike, and with digits within its numbers."""
    text = line.text.translate(PLAIN)
    if line.candidates:
        text = chosen(text, line.candidates)
    text = ALONE.sub(lambda run: "".join(LOOKS[char] for char in run[0]), text)
    if not SUSPECT.search(text):
        return text
    return MINUTES.sub(lambda run: run[0].replace("O", "0"), RUN.sub(lambda run: digits(run[0]), text))


def chosen(text: str, candidates: tuple[Mapping[str, float], ...]) -> str:
    """A digit or a sign instead of each letter beside a digit that may as well be one."""
    chars = list(text)
    for place, char in enumerate(chars[: len(candidates)]):
        # The two neighbours on each side alone, so that a character of a long text takes no longer than one of a short text.
        before, after = "".join(chars[max(place - 2, 0) : place]), "".join(chars[place + 1 : place + 3])
        if char.isalpha() and (wanted := fitting(before, after, char)):
            chars[place] = likeliest(candidates[place], wanted) or char
    return "".join(chars)


def fitting(before: str, after: str, char: str) -> str:
    """What a letter between these characters may be instead: a digit within a number, a sign at its end, or nothing."""
    if before[-1:].isalpha() or after[:1].isalpha():
        return ""
    inside = is_of_a_number(after[:1]) or (is_of_a_number(before[-1:]) and char not in UNITS)
    at_end = any(end.isdecimal() for end in (before[-1:], before.rstrip(" ")[-1:], after[:1], after.lstrip(" ")[:1]))
    return (DIGITS if inside else "") + (SIGNS if at_end else "")


def is_of_a_number(char: str) -> bool:
    """Whether a character is a digit, or stands between two."""
    return char.isdecimal() or (char != "" and char in ".,:")


def likeliest(candidates: Mapping[str, float], wanted: str) -> str:
    """The likeliest candidate of those wanted, "" where there is none."""
    known = {char: score for char, score in candidates.items() if score >= LIKELY and char and char in wanted}
    return max(known, key=known.__getitem__, default="")


def digits(run: str) -> str:
    """A run of digits and what looks like them, as digits where it is none by its place: a unit behind, or a name."""
    if not any(char.isdecimal() for char in run):
        return run
    parts = re.split(r"([.,:/-])", run)
    return "".join(
        digits_of_part(part, parts[place - 1] if place else "", parts[place + 1] if place + 1 < len(parts) else "")
        for place, part in enumerate(parts)
    )


def digits_of_part(part: str, before: str, after: str) -> str:
    """What stands between two separators of a run, "" for its ends."""
    if not any(char.isdecimal() for char in part) and not POINTS & {before, after}:
        return part
    head = HEAD.match(part) if not before else None
    tail = (TAIL_OF_DECIMALS if before in POINTS else TAIL).search(part, 1) if not after else None
    start, end = head.end() if head else 0, tail.start() if tail else len(part)
    return part[:start] + "".join(LOOKS.get(char, char) for char in part[start:end]) + part[end:]
