"""A watch-list: words and plates that a text says, or nearly says, as a recogniser takes one character for another.

Owns: what a difference costs, and where a word is looked for.  Letters and digits alone are compared, of any case.  Pure.

A text within k differences of a word has at least one of k + 1 parts of the word unchanged, so these are looked up first; there
rapidfuzz's Levenshtein distance, for which characters that are taken for each other are the same, tells what may be near enough;
and of that the costs are added up (Wagner and Fischer, The string-to-string correction problem, 1974, near the diagonal alone).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice, pairwise
from typing import TYPE_CHECKING, Final

from glyphfeed.stream.attributes.line import Remembering
from glyphfeed.stream.errors import InputError
from glyphfeed.stream.rules.subject import united
from glyphfeed.stream.rules.words import listed

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    from glyphfeed.stream.attributes.line import Line
    from glyphfeed.stream.rules.subject import Span, Subject

ALIKE: Final = ("O0QDo", "I1l|", "B8", "S5s", "Z2z", "G6")
"""What a recogniser takes for each other."""
CONFUSED: Final = 0.2
"""What it costs to have taken one such character for another, where any other difference costs 1."""
DOUBTED: Final = 0.1
"""What it costs where the recogniser itself thought of the other one."""
LIKELY: Final = 0.02
"""The recogniser thought of a character that had at least this probability."""
MOST_DOUBTS: Final = 100
"""Of so many characters of a text is looked up what else they might be."""
MOST_DISTANCE: Final = 3.0
LONGEST_WORD: Final = 40
LONGEST_PART: Final = 4
"""So many characters of a part are looked up."""
MOST_LOOKS: Final = 2000
MOST_CELLS: Final = 1500
"""So often is a word compared with a place of one text, and so many characters with each other, some 1.5 ms each; a text that
asks for more, which none does that was not made for it, is taken to say a word."""


@dataclass(frozen=True, slots=True)
class Letters:
    """The letters and digits of a text: as they are, with those that are taken for each other the same, and where they stand;
    which of them begin and end a word, and what those may be of which the recogniser was not sure.
    """

    chars: str
    skeleton: str
    places: tuple[int, ...]
    begins: frozenset[int]
    ends: frozenset[int]
    doubts: Mapping[int, Collection[str]]


@dataclass(frozen=True, slots=True)
class Near:
    """A word that a text nearly says: where, and what the differences cost."""

    word: str
    span: Span
    cost: float


@dataclass(frozen=True, slots=True)
class Wanted:
    """A word that is looked for, of letters and digits alone, and what its differences may cost."""

    word: str
    letters: str
    skeleton: str
    limit: float

    @property
    def edits(self) -> int:
        """How many differences of any characters there may be."""
        return int(self.limit)


class WatchList:
    """The text says one of some words but for differences that cost at most `distance`; parts of words count unless `whole`.

    Of short words less may differ, so that something remains of them: one character from 4 letters on, two from 9, three from 12.
    """

    def __init__(self, words: Sequence[str], distance: float = 1.0, *, whole: bool = True) -> None:
        # Where it is missing that is told at once.
        from rapidfuzz.distance import Levenshtein

        self._apart = Levenshtein.distance
        self._words, self._distance, self._whole = tuple(words), distance, whole
        self._parts: dict[str, list[tuple[Wanted, int]]] = defaultdict(list)
        for word in dict.fromkeys(words):
            wanted = wanted_of(word, distance)
            for start, end in parts_of(len(wanted.letters), wanted.edits):
                self._parts[wanted.skeleton[start : min(end, start + LONGEST_PART)]].append((wanted, start))
        self._lengths = sorted({len(part) for part in self._parts})
        self.near = Remembering(self._near)
        """The words that a line nearly says, of places that overlap the best for each word."""

    def find(self, subject: Subject) -> tuple[Span, ...] | None:
        """See `Condition.find`."""
        return united(near.span for near in self.near(subject.line)) or None

    def why(self, subject: Subject) -> str:
        """See `Condition.why`."""
        if found := self.near(subject.line):
            return f"it says {told(subject.entity.text, found)}"
        further = WatchList(self._words, self._distance + 1, whole=self._whole).near(subject.line)
        nearly = f"; the nearest is {told(subject.entity.text, [min(further, key=lambda near: near.cost)])}" if further else ""
        return f"it says nothing within {self._distance:g} of {listed(self._words)}{nearly}"

    def _near(self, line: Line) -> list[Near]:
        letters = letters_of(line)
        seen: set[tuple[str, int]] = set()
        found: list[Near] = []
        cells = 0
        for looks, (wanted, start) in enumerate(self._starts(letters)):
            if looks > MOST_LOOKS or cells > MOST_CELLS:
                return [Near(wanted.word, (0, len(line.text)), wanted.limit)]
            if (wanted.word, start) in seen or (self._whole and start not in letters.begins):
                continue
            seen.add((wanted.word, start))
            if not self._may_be_near(wanted, letters, start):
                continue
            cells += (len(wanted.letters) + 3) * (2 * wanted.edits + 1)
            ends = letters.ends if self._whole else range(1, len(letters.chars) + 1)
            if best := min(((cost, -end) for end, cost in costs(wanted, letters, start) if end in ends), default=None):
                span = (letters.places[start], letters.places[-best[1] - 1] + 1)
                found.append(Near(wanted.word, span, best[0]))
        return best_of(found)

    def _starts(self, letters: Letters) -> Iterator[tuple[Wanted, int]]:
        """Which words may begin where."""
        for length in self._lengths:
            for place in range(len(letters.skeleton) - length + 1):
                for reading in readings(letters, place, length):
                    for wanted, offset in self._parts.get(reading, ()):
                        middle = place - offset
                        for start in range(max(middle - wanted.edits, 0), middle + wanted.edits + 1):
                            yield wanted, start

    def _may_be_near(self, wanted: Wanted, letters: Letters, start: int) -> bool:
        """Whether a word may begin there: of as many letters no more differ than twice what may, and those in doubt."""
        seen = letters.skeleton[start : start + len(wanted.skeleton)]
        most = 2 * wanted.edits + sum(start <= number < start + len(seen) for number in letters.doubts)
        return self._apart(wanted.skeleton, seen, score_cutoff=most) <= most


def best_of(found: Sequence[Near]) -> list[Near]:
    """Leave out of what is near what overlaps something nearer of the same word."""
    best: list[Near] = []
    for near in sorted(found, key=lambda each: (each.cost, each.span)):
        start, end = near.span
        if not any(other.word == near.word and start < other.span[1] and other.span[0] < end for other in best):
            best.append(near)
    return best


def wanted_of(word: str, distance: float = 1.0) -> Wanted:
    """A word as it is looked for.

    Raises:
        InputError: there is too little or too much of it.

    """
    letters = "".join(filter(is_letter, word))
    if len(letters) < 2:
        raise InputError("it has fewer than 2 letters and digits, and would be found everywhere; look for it with literal")
    if len(letters) > LONGEST_WORD:
        raise InputError(f"it has {len(letters)} letters and digits, and {LONGEST_WORD} are the most; watch for a part of it")
    return Wanted(word, letters, "".join(map(skeleton_of, letters)), min(distance, most_of(len(letters))))


def most_of(length: int) -> float:
    """What differences may cost at most in a word of so many letters."""
    return sum(length >= enough for enough in (4, 9, 12)) + 1 - CONFUSED


def is_letter(char: str) -> bool:
    """Whether a character is compared: letters, digits, and the bar, which is what is read of some."""
    return char.isalnum() or char == "|"


@lru_cache(maxsize=4096)
def skeleton_of(char: str) -> str:
    """One character for all that are taken for each other, in either case."""
    forms = {char, char.upper(), char.lower()}
    return next((alike[0] for alike in ALIKE if not forms.isdisjoint(alike)), char.casefold()[:1])


@lru_cache(maxsize=4096)
def price(seen: str, wanted: str) -> float:
    """What it costs to have read one character in the place of another."""
    forms = {wanted, wanted.upper(), wanted.lower()}
    if seen in forms:
        return 0.0
    return CONFUSED if any(seen in alike and not forms.isdisjoint(alike) for alike in ALIKE) else 1.0


def letters_of(line: Line) -> Letters:
    """The letters and digits of a line."""
    places = tuple(place for place, char in enumerate(line.text) if is_letter(char))
    gaps = [number for number, (before, after) in enumerate(pairwise(places), 1) if after > before + 1]
    chars = "".join(line.text[place] for place in places)
    doubts = ((number, others_of(line, place)) for number, place in enumerate(places) if line.candidates)
    return Letters(
        chars,
        "".join(map(skeleton_of, chars)),
        places,
        frozenset([0, *gaps]),
        frozenset([*gaps, len(places)]),
        dict(islice(((number, others) for number, others in doubts if others), MOST_DOUBTS)),
    )


def others_of(line: Line, place: int) -> list[str]:
    """What a character of a line may be instead."""
    return [char for char, score in line.candidates[place].items() if char and char != line.text[place] and score >= LIKELY]


def readings(letters: Letters, place: int, length: int) -> Iterator[str]:
    """What a part of a text may say, with one doubt at most."""
    part = letters.skeleton[place : place + length]
    yield part
    if letters.doubts:
        for number in range(place, place + length):
            for char in letters.doubts.get(number, ()):
                yield part[: number - place] + skeleton_of(char) + part[number - place + 1 :]


def parts_of(length: int, edits: int) -> Iterator[Span]:
    """Cut a word into parts of which so many differences leave one unchanged."""
    cuts = [length * number // (edits + 1) for number in range(edits + 2)]
    yield from pairwise(cuts)


def costs(wanted: Wanted, letters: Letters, start: int) -> Iterator[tuple[int, float]]:
    """The places at which a word that begins there may end, and what the differences up to there cost."""
    edits, limit = wanted.edits, wanted.limit
    longest = min(len(wanted.letters) + edits, len(letters.chars) - start)
    row = {end: float(end) for end in range(min(edits, longest) + 1)}
    for number, char in enumerate(wanted.letters, 1):
        above, row = row, {}
        for end in range(max(number - edits, 0), min(number + edits, longest) + 1):
            least = min(above.get(end, limit) + 1, row.get(end - 1, limit) + 1)
            if end and end - 1 in above:
                least = min(least, above[end - 1] + difference(letters, start + end - 1, char))
            if least <= limit + 1e-9:
                row[end] = least
        if not row:
            return
    yield from ((start + end, cost) for end, cost in row.items() if end)


def difference(letters: Letters, place: int, wanted: str) -> float:
    """What it costs that a character of a text is read in the place of another."""
    cost = price(letters.chars[place], wanted)
    if cost > DOUBTED and any(price(char, wanted) == 0 for char in letters.doubts.get(place, ())):
        return DOUBTED
    return cost


def told(text: str, found: Sequence[Near]) -> str:
    """What is near, in words."""
    return ", ".join(f"{text[slice(*near.span)]!r} at {near.span[0]}, {near.cost:.1f} from {near.word!r}" for near in found)
