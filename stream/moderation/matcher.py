"""Words found in folded text in one pass, however they are disguised.

Owns: what counts as a disguise of a word, and what as innocent.  Pure.
An automaton (Aho and Corasick, Efficient string matching, 1975) goes through the classes of the letters, each run of one class
once and what stands between letters left out, which finds too much; of that, letters, gaps and ends are then compared with what
the word allows.
"""

from __future__ import annotations

import re
import sys
from bisect import bisect_right
from collections import deque
from itertools import groupby
from typing import TYPE_CHECKING, NamedTuple

from glyphfeed.stream.moderation.folding import Folded, class_of
from glyphfeed.stream.moderation.words import pieces

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from glyphfeed.stream.moderation.words import Word

WIDEST_GAP = 3
"""Letters of a word stand no more characters apart."""
MOST_PIECES = 64
"""Nor does a word stand in more pieces."""
SHORT = 4
"""A word with fewer letters is neither put together from two pieces nor told by a few of its letters."""
LONG = 6
"""A shorter word with m for rn, or mostly of digits, is one by chance."""


_APOSTROPHES = ("'", "\N{RIGHT SINGLE QUOTATION MARK}")
"""Where they stand, two words stand together: who're."""


class Match(NamedTuple):
    """A word, and the letters that spell it: [start, end) of those of the folded text."""

    word: Word
    start: int
    end: int


class Automaton:
    """Finds all keys in a text at once."""

    def __init__(self, words: Iterable[Word]) -> None:
        self._next: list[dict[str, int]] = [{}]
        self._words: list[tuple[Word, ...]] = [()]
        for word in words:
            self._add(word)
        self._link()

    def _add(self, word: Word) -> None:
        state = 0
        for char, _ in groupby(map(class_of, word.letters)):
            if char not in self._next[state]:
                self._next[state][char] = len(self._next)
                self._next.append({})
                self._words.append(())
            state = self._next[state][char]
        self._words[state] += (word,)

    def _link(self) -> None:
        """Lead on, from where no key goes on, to the longest key that the last characters begin."""
        fallen = {0: 0}
        waiting = deque(self._next[0].values())
        fallen.update(dict.fromkeys(waiting, 0))
        while waiting:
            state = waiting.popleft()
            behind = fallen[state]
            for char, following in self._next[state].items():
                fallen[following] = self._next[behind].get(char, 0)
                waiting.append(following)
            self._next[state] = {**self._next[behind], **self._next[state]}
            self._words[state] += self._words[behind]

    def find(self, text: str) -> Iterator[tuple[int, tuple[Word, ...]]]:
        """The words whose keys end in a text, and the character that each ends with."""
        state = 0
        following, words = self._next, self._words
        for place, char in enumerate(text):
            state = following[state].get(char, 0)
            if words[state]:
                yield place, words[state]


class Matcher:
    """Finds words in folded text."""

    def __init__(self, words: Iterable[Word], innocent: Collection[str] = ()) -> None:
        words = tuple(words)
        self._innocent = _as_written(innocent)
        self._automaton = Automaton(words)
        self._runs = {word: sum(1 for _ in groupby(map(class_of, word.letters))) for word in words}

    def find(self, folded: Folded) -> Iterator[Match]:
        """The words in a text, in the order of their ends; none inside another one of its category."""
        classes = [class_of(may) for may in folded.may]
        starts = [k for k, char in enumerate(classes) if not k or char != classes[k - 1]]
        covered: dict[str, int] = {}
        innocent: list[tuple[int, int]] | None = None
        for last, words in self._automaton.find("".join([classes[k] for k in starts])):
            end = starts[last + 1] if last + 1 < len(starts) else len(classes)
            for word in words:
                if starts[last] < covered.get(word.category, 0):
                    continue
                first = last + 1 - self._runs[word]
                middle = starts[first + 1] if first < last else end
                match = _spelt(folded, word, (starts[first], middle), (starts[last], end))
                if match is None:
                    continue
                if innocent is None:
                    innocent = self._innocent_in(folded.text)
                if not _holds(innocent, folded.at[match.start], folded.at[match.end - 1]):
                    covered[word.category] = match.end
                    yield match

    def _innocent_in(self, text: str) -> list[tuple[int, int]]:
        """Where the text says what only looks like one of the words."""
        lower = text.lower()
        known = self._innocent if len(lower) == len(text) else None
        return [found.span() for found in known.finditer(lower)] if known else []


def _as_written(innocent: Iterable[str]) -> re.Pattern[str] | None:
    """What finds words as they are written, with spaces or hyphens between those of several."""
    written = [
        re.escape(word.rstrip("*")).replace(r"\ ", r"[\s-]") + (r"\w*+" if word.endswith("*") else r"(?!\w)") for word in innocent
    ]
    return re.compile(rf"(?<!\w)(?:{'|'.join(sorted(written, reverse=True))})") if written else None


def _holds(spans: list[tuple[int, int]], first: int, last: int) -> bool:
    """Whether one of some spans, which are in order, has both of two places in it."""
    before = bisect_right(spans, (first, sys.maxsize)) - 1
    return before >= 0 and last < spans[before][1]


def _spelt(folded: Folded, word: Word, first: tuple[int, int], last: tuple[int, int]) -> Match | None:
    """The word, if letters of a text spell it: they begin within a first run of letters of one class, and end within a last one.

    Letters of a run that belong to another word as written belong to this one only where all letters stand apart.
    """
    within = folded.word_of
    begins = dict.fromkeys((max(first[0], folded.words[within[first[1] - 1]]), first[0]))
    ends = dict.fromkeys((min(last[1], folded.words[within[last[0]] + 1]), last[1]))
    for begin in begins:
        for end in ends:
            if begin < end and (found := _checked(folded, word, *_trimmed(folded, begin, end, first[1], last[0]))):
                return found
    return None


def _trimmed(folded: Folded, start: int, end: int, first_end: int, last_start: int) -> tuple[int, int]:
    """The letters without signs at their ends that are punctuation, as long as the runs at the ends do not need them."""
    while start + 1 < first_end and folded.is_loose(start):
        start += 1
    while end - 1 > last_start and folded.is_loose(end - 1):
        end -= 1
    return start, end


def _checked(folded: Folded, word: Word, start: int, end: int) -> Match | None:
    """The word, if these letters spell it and stand as its own may; what is cheap to tell is asked first."""
    together = folded.word_of[start] == folded.word_of[end - 1]
    if not _is_bounded(folded, word, start, end, together):
        return None
    if not spells(folded.may, word.letters, start, end) or not _mostly_letters(folded, word, start, end):
        return None
    covered = _widened(folded, word, start, end) if together else _apart(folded, word, start, end)
    return Match(word, *covered) if covered else None


def _is_bounded(folded: Folded, word: Word, start: int, end: int, together: bool) -> bool:
    """Whether letters begin and end with a word as written, where they must: in pieces a word begins with one in any case."""
    left, right = folded.cores[folded.word_of[start]][0], folded.cores[folded.word_of[end - 1]][1]
    return (start <= left or (together and word.open_left)) and (end >= right or word.open_right)


def spells(may: list[str], letters: str, start: int, end: int) -> bool:
    """Whether characters stand for the letters of a word, each letter once or more."""
    count = len(letters)
    if count == end - start and all(map(str.__contains__, may[start:end], letters)):
        return True
    reached, later = {0}, set[int]()
    for k in range(start, end):
        here = may[k]
        following, later = later, set()
        for n in reached:
            if n and letters[n - 1] in here:
                following.add(n)
            if n == count:
                continue
            wanted = letters[n]
            if wanted in here:
                following.add(n + 1)
            elif k + 1 < end and (wanted, here[0], may[k + 1][0]) in (("m", "r", "n"), ("w", "v", "v")):
                later.add(n + 1)
            elif wanted == "r" and here == "m" and count >= LONG and letters[n + 1 : n + 2] == "n":
                following.add(n + 2)
        reached = following
        if not reached and not later:
            return False
    return count in reached


def _mostly_letters(folded: Folded, word: Word, start: int, end: int) -> bool:
    """Whether enough of the characters are letters as written: a number or a code is not taken for a word."""
    if len(word.letters) < SHORT and not _is_hardly_disguised(folded, word, start, end):
        return False
    if not folded.has_substitutes(start, end) or not word.letters.isalpha():
        return True
    repeated = end - start - len(word.letters)
    digits = sum(map(folded.is_digit, range(start, end))) - repeated
    letters = sum(map(folded.is_letter, range(start, end)))
    return letters >= 2 if len(word.letters) >= LONG else letters >= 1 and digits * 2 <= len(word.letters)


def _is_hardly_disguised(folded: Folded, word: Word, start: int, end: int) -> bool:
    """Whether one kind of digit or sign at most stands for a letter, and no other letter does."""
    letters = [k for k in range(start, end) if folded.is_letter(k)]
    others = {folded.text[folded.at[k]] for k in range(start, end)} - {folded.text[folded.at[k]] for k in letters}
    return len(others) <= 1 and all(folded.may[k][0] in word.letters for k in letters)


def _widened(folded: Folded, word: Word, start: int, end: int) -> tuple[int, int]:
    """The part of a word as written that a word covers: all of it on a side with an asterisk."""
    left, right = folded.extent(folded.word_of[start])
    return min(left, start) if word.open_left else start, max(right, end) if word.open_right else end


def _apart(folded: Folded, word: Word, start: int, end: int) -> tuple[int, int] | None:
    """The letters that a word covers which stands in pieces, or None if these are words of their own."""
    first, last = folded.word_of[start], folded.word_of[end - 1]
    whole = end >= folded.cores[last][1]
    if last - first >= MOST_PIECES or any(len(folded.gap(k)) > WIDEST_GAP for k in range(first, last)):
        return None
    if folded.has_substitutes(start, end) and (len(word.letters) < SHORT or sum(map(folded.is_letter, range(start, end))) < 2):
        return None
    if word.parts and last - first + 1 == len(word.parts):
        return _phrase(folded, word, start, end, first)
    long = sum(not _is_single(folded, k) for k in range(first, last + 1))
    if not long:
        return _letters_apart(folded, word, start, end)
    if len(word.letters) < SHORT or _goes_on(folded, first, -1) or _goes_on(folded, last, 1):
        return None
    if last == first + 1:
        return _two_pieces(folded, start, end, whole)
    return (start, end) if whole and long == 1 and not folded.has_substitutes(start, end) else None


def _letters_apart(folded: Folded, word: Word, start: int, end: int) -> tuple[int, int] | None:
    """The letters that a word covers whose own stand apart one by one: with an asterisk as many more as stand likewise."""
    left = _row(folded, folded.word_of[start], -1, word.open_left)
    right = _row(folded, folded.word_of[end - 1], 1, word.open_right)
    return None if left is None or right is None else (min(start, folded.words[left]), max(end, folded.words[right + 1]))


def _phrase(folded: Folded, word: Word, start: int, end: int, first: int) -> tuple[int, int] | None:
    """A word that is several, each of them as it is."""
    begin = 0
    for k, length in enumerate(word.parts):
        part = word.letters[begin : begin + length]
        begin += length
        if not spells(folded.may, part, max(start, folded.words[first + k]), min(end, folded.words[first + k + 1])):
            return None
    return start, max(end, folded.extent(first + k)[1]) if word.open_right else end


def _two_pieces(folded: Folded, start: int, end: int, whole: bool) -> tuple[int, int] | None:
    """A word with one gap, unless both pieces are words; a hyphen at the end of a line says that they belong together."""
    last = folded.word_of[end - 1]
    second = folded.words[last]
    gap = folded.gap(last - 1)
    if gap in _APOSTROPHES or _is_linked(folded, last - 1, last):
        return None
    if not _is_hyphen(gap):
        before, after = ("".join([may[0] for may in folded.may[slice(*piece)]]) for piece in ((start, second), (second, end)))
        if _is_word(before) and (_is_word(after) if whole else f"{after}*" in pieces()):
            return None
    return start, max(end, folded.extent(last)[1])


def _is_word(piece: str) -> bool:
    """Whether a piece is a word by itself, as initials are."""
    return len(piece) == 1 or piece in pieces()


def _is_linked(folded: Folded, first: int, last: int) -> bool:
    """Whether a hyphen links some words as written to more: Pa-ki-stan."""
    return (first > 0 and folded.gap(first - 1) == "-") or (last + 2 < len(folded.words) and folded.gap(last) == "-")


def _is_hyphen(gap: str) -> bool:
    return "\n" in gap and gap.strip() in ("-", "\N{HYPHEN}", "\N{SOFT HYPHEN}", "\N{NOT SIGN}", "=")


def _is_single(folded: Folded, word: int) -> bool:
    """Whether a word as written is one letter, or one again and again."""
    first, end = folded.words[word], folded.words[word + 1]
    if end - first == 1 or class_of(folded.may[first]) != class_of(folded.may[first + 1]):
        return end - first == 1
    return len(set(map(class_of, folded.may[first:end]))) == 1


def _goes_on(folded: Folded, word: int, step: int) -> bool:
    """Whether beyond a word as written another single letter stands, as far apart as its neighbour on the other side does."""
    beyond = word + step
    if not (0 <= beyond < len(folded.words) - 1 and _is_single(folded, word) and _is_single(folded, beyond)):
        return False
    return folded.gap(min(word, beyond)) == folded.gap(min(word, word - step))


def _row(folded: Folded, word: int, step: int, is_open: bool) -> int | None:
    """The last of the single letters that stand in a row, from one of them on; None if it goes on and must not."""
    while _goes_on(folded, word, step):
        if not is_open:
            return None
        word += step
    return word
