"""Conditions on what a text says, word for word or by a regular expression.

Owns: how words are compared, and which regular expressions there may be: those of RE2, whose work grows with the text's length
alone (https://github.com/google/re2/wiki/Syntax).  Pure.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING, Any, Final

from glyphfeed.stream.errors import InputError
from glyphfeed.stream.rules.subject import quoted, united

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glyphfeed.stream.rules.subject import Span, Subject

MOST_WORDS: Final = 1000
"""So many words may a rule have, each at most so long: the longest take 1 ms on a text of 1,000 characters."""
LONGEST_WORD: Final = 200
MOST_FOUND: Final = 2000
"""Where more words than this are found in one text, all of it is taken for one."""
REMEMBERED: Final = 1024
"""What is found in so many texts is remembered: those around one that changes are asked about again."""
MOST_STEPS: Final = 400
"""Instructions of a compiled regular expression: RE2's work is at most their number times the length of the text.  A
class such as \\pL counts for one, as at most one of its many hundreds holds of a character, but with all of them for the size."""
MOST_SIZE: Final = 6000
CLASS: Final = re.compile(r"\\[pP](\{[^{}]*\}|.)")
MOST_WORK: Final = 1_000_000
"""Steps times characters for one text, some 4 ms at worst.  Each match takes a look at all that follows: where no more looks can
be afforded, and that is in long texts alone, what follows is taken for a part of the last match."""


class Words:
    """The text says one of some words; upper and lower case are the same unless `case`, parts of words count unless `whole`."""

    def __init__(self, words: Sequence[str], *, case: bool = False, whole: bool = True) -> None:
        self._words = tuple(word_of(word) for word in words)
        self._case, self._whole = case, whole
        self._wanted = tuple(dict.fromkeys(word if case else word.casefold() for word in self._words))
        self._in = lru_cache(REMEMBERED)(self._search)

    def find(self, subject: Subject) -> tuple[Span, ...] | None:
        """See `Condition.find`."""
        return self._in(subject.entity.text)

    def _search(self, text: str) -> tuple[Span, ...] | None:
        seen, places = (text, range(len(text))) if self._case else folded(text)
        spans = list(islice((span for word in self._wanted for span in occurrences(seen, word)), MOST_FOUND + 1))
        if len(spans) > MOST_FOUND:
            return ((0, len(text)),)
        wanted = (span for span in spans if not self._whole or stands_alone(seen, *span))
        return united((places[start], places[end - 1] + 1) for start, end in wanted) or None

    def why(self, subject: Subject) -> str:
        """See `Condition.why`."""
        if spans := self.find(subject):
            return f"it says {quoted(subject.entity.text, spans)}"
        if self._whole and Words(self._words, case=self._case, whole=False).find(subject):
            return f"it says {listed(self._words)} as a part of a word only; see whole"
        if self._case and Words(self._words, whole=self._whole).find(subject):
            return f"it says {listed(self._words)} in other letters only; see case"
        return f"it does not say {listed(self._words)}"


class Regex:
    """Some regular expression matches a part of the text."""

    def __init__(self, patterns: Sequence[str]) -> None:
        self._patterns = tuple(patterns)
        self._compiled = tuple((found, steps_of(found)) for found in map(compiled, patterns))
        self._in = lru_cache(REMEMBERED)(self._search)

    def find(self, subject: Subject) -> tuple[Span, ...] | None:
        """See `Condition.find`."""
        return self._in(subject.entity.text)

    def _search(self, text: str) -> tuple[Span, ...] | None:
        return united(span for pattern in self._compiled for span in matches(*pattern, text)) or None

    def why(self, subject: Subject) -> str:
        """See `Condition.why`."""
        if spans := self.find(subject):
            return f"{listed(self._patterns)} matches {quoted(subject.entity.text, spans)}"
        return f"{listed(self._patterns)} matches nothing in it"


def word_of(text: str) -> str:
    """A word or several as they are looked for, with single spaces.

    Raises:
        InputError: there is nothing to look for, or too much.

    """
    word = " ".join(unicodedata.normalize("NFC", text).split())
    if not word:
        raise InputError("it is empty, and would be found everywhere")
    if len(word) > LONGEST_WORD:
        raise InputError(f"it has {len(word)} characters, and {LONGEST_WORD} are the most; look for a part of it")
    return word


def folded(text: str) -> tuple[str, Sequence[int]]:
    """A text in which upper and lower case are the same, and for each of its characters which one of the text it comes from."""
    whole = text.casefold()
    if len(whole) == len(text):
        return whole, range(len(text))
    return whole, [place for place, char in enumerate(text) for _ in char.casefold()]


def occurrences(text: str, word: str) -> Iterator[Span]:
    """Where a word stands in a text."""
    start = text.find(word)
    while start >= 0:
        yield start, start + len(word)
        start = text.find(word, start + 1)


def stands_alone(text: str, start: int, end: int) -> bool:
    """Whether a part of a text is no part of a longer word."""
    goes_on_before = start > 0 and text[start - 1].isalnum() and text[start].isalnum()
    return not goes_on_before and not (end < len(text) and text[end].isalnum() and text[end - 1].isalnum())


def compiled(pattern: str) -> Any:
    """A regular expression that is ready to search.

    Raises:
        InputError: it is none, or one that takes too long.

    """
    import re2

    options = re2.Options()
    # What is in parentheses is of no interest, and finding it is what takes RE2 long.
    options.never_capture, options.log_errors = True, False
    try:
        found = re2.compile(pattern, options)
    except re2.error as error:
        reason = error.args[0].decode("utf-8", "replace") if isinstance(error.args[0], bytes) else str(error.args[0])
        raise InputError(f"it is no regular expression of RE2: {complaint(reason, pattern)}") from None
    if steps_of(found) > MOST_STEPS or found.programsize > MOST_SIZE:
        raise InputError(f"it comes to more than {MOST_STEPS} steps a character; repeat less in it, as in {{1,9}}")
    if found.fullmatch("") is not None:
        raise InputError("it matches where nothing stands; write + in the place of *, or name a character")
    return found


def steps_of(pattern: Any) -> int:
    """How many instructions of a compiled expression may have to be looked at for a character."""
    import re2

    plain = re2.compile(CLASS.sub(r"\\d", pattern.pattern), pattern.options)
    return int(max(plain.programsize, plain.reverseprogramsize))


def complaint(reason: str, pattern: str) -> str:
    """RE2's words on a pattern, and the column in it from which on they speak of, where that can be told."""
    part = reason.partition(": ")[2]
    place = pattern.find(part) if part else -1
    return reason if place < 0 else f"{reason}, at column {place + 1}"


def matches(pattern: Any, steps: int, text: str) -> Iterator[Span]:
    """Where a compiled expression of so many steps matches; a match of nothing is none."""
    # A lone surrogate has no UTF-8 form, in which RE2 reads.
    readable = text.encode("utf-8", "replace").decode()
    work = 0
    for match in pattern.finditer(readable):
        start, end = match.span()
        work += steps * (len(text) - start)
        if start < end:
            yield (start, end) if work < MOST_WORK else (start, len(text))
        if work >= MOST_WORK:
            return


def listed(words: Sequence[str]) -> str:
    """A few of some words, quoted."""
    more = f" or {len(words) - 3} more" if len(words) > 3 else ""
    return " or ".join(f"'{word}'" for word in words[:3]) + more
