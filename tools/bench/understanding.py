"""`glyphfeed bench understanding`: how much of what texts mean is found and how often wrongly, and what that costs.

Owns: the tables, and the inputs that take longest.  Does not own when something counts as found (labelled).
"""

from __future__ import annotations

import random
import sys
from datetime import UTC, datetime
from functools import cache, partial
from itertools import cycle, islice
from statistics import mean, median, quantiles
from time import perf_counter
from typing import TYPE_CHECKING, Final

import numpy as np

from glyphfeed.stream.attributes.line import Line
from glyphfeed.stream.records import Action, TextEntity, TextState
from glyphfeed.stream.rules.subject import Subject
from glyphfeed.tools.bench.labelled import (
    clean_words,
    count_attributes,
    count_profanity,
    false_alarms,
    place_names,
    read_blocks,
    read_sayings,
    sampled,
    spans_found,
)
from glyphfeed.tools.bench.sheet import Sheet
from glyphfeed.tools.bench.staged import stage_sheet
from glyphfeed.tools.errors import bringing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glyphfeed.stream.attributes.extractor import Extractor
    from glyphfeed.stream.moderation.moderator import Moderator
    from glyphfeed.stream.records import Attribute, Flag
    from glyphfeed.stream.rules.rule import Rule
    from glyphfeed.stream.rules.rulebook import Rulebook
    from glyphfeed.stream.understanding.settings import Settings
    from glyphfeed.tools.bench.labelled import Block, Saying

LENGTH: Final = 1000
"""Characters of an input that is to take long."""
REPEATS: Final = 5
"""So often is each time taken; the median counts."""
WORDS: Final = 100
PLATES: Final = 1_000
"""Rules ask for so many."""
EXPRESSIONS: Final = (r"(a+)+$", r"(1|11)+[^1]$", r"(?i)(f.?u.?c.?k|s.?h.?i.?t)+", r"\b\w+@\w+(\.\w+)+\b", r"(.*)(.*)(.*)!x")
"""Expressions of which some take an engine that goes back exponential time."""
REPEATED: Final = (
    *("1", "0", "a", "A", "I", ".", " ", "*", "(", "%", "1 ", "1.", "1,", "1-", "1/", "1:", "1x", "A1", "O0", "l1", "a.", "a "),
    *("aA ", "1 1", "11 ", "12.", "1.1.", "1 x 1 ", "1 kg ", "1,00 €", "€1,", "$1 ", "100 g = ", "1/1/", "10:10-", "Mo-Fr "),
    *("Mo 9-", "9-18,", "a@", "a@a.", "@a.de", "www.", "http://", "a.de/", "+49", "+1 ", "0 ", "(0)", "DE", "DE8 ", "IBAN "),
    *("1Z", "MSCU", "978-", "RR1", "Str. ", "Straße 1", "rue de ", "Via ", "St ", "B-A 1", "AB12 ", "Best before ", "MHD "),
    *("SPEED LIMIT ", "f", "fu", "fuc", "f ", "f.", "f*", "fuuc", "s h i ", "5", "$", "@", "sch", "ß", "ﬀ", "\u212b", "\u0301"),
    *("f\u200b", "\u0443", "c\u0441"),
)
"""What inputs repeat: each the beginning of something, time and again."""


def bench_understanding(half: str) -> list[Sheet]:
    """Score one half of the labelled strings, count false alarms on lists of words and places, and take times.

    Raises:
        CommandError: what this needs is not installed, or the labelled strings are not there.

    """
    blocks, sayings = read_blocks(half), read_sayings(half)
    with bringing("understand"):
        from glyphfeed.stream.attributes.extractor import Extractor
        from glyphfeed.stream.moderation.moderator import Moderator

        words, places = clean_words(), place_names()
    extractor_of, moderator = cache(Extractor), Moderator()
    return [
        attribute_sheet(blocks, extractor_of, half),
        moderation_sheet(sayings, moderator, {"English words": words, "places": places}, half),
        cost_sheet(blocks, sayings, cache(Extractor), Moderator()),
        longest_sheet({"attributes": extractor_of("US").of_line, "moderation": moderator.find, **asked_rules()}),
        stage_sheet(everything),
    ]


def attribute_sheet(blocks: Sequence[Block], extractor_of: Callable[[str], Extractor], half: str) -> Sheet:
    """How many attributes of each kind are found."""

    def find(region: str, lines: Sequence[Line]) -> Sequence[Sequence[Attribute]]:
        return extractor_of(region).of_block(lines)

    rows = [
        (kind, count.expected, count.found, count.precision, count.recall)
        for kind, count in count_attributes(blocks, find).items()
    ]
    bare = sum(not any(block.expected) for block in blocks)
    note = f"{len(blocks)} strings of the {half} half, of which {bare} have none; found is right where kind, value and unit are."
    return Sheet("Attributes", ("kind", "positives", "found", "precision", "recall"), rows, (note,))


def moderation_sheet(sayings: Sequence[Saying], moderator: Moderator, clean: dict[str, Sequence[str]], half: str) -> Sheet:
    """How many disguised words are found, and how many clean texts are taken for profane."""
    profane = [saying for saying in sayings if any(saying.profane)]
    plain = [saying for saying in sayings if not any(saying.profane)]
    count, strays = count_profanity(profane, moderator), count_profanity(plain, moderator).found
    rows: list[tuple[str, int, int, float | None]] = [("disguised words", count.expected, count.right, count.recall)]
    rows.append(("clean strings", len(plain), strays, None))
    rows += [(name, len(texts), len(false_alarms(moderator, texts)), None) for name, texts in clean.items()]
    notes = [f"1 false alarm in {texts / found:.0f} {name}." for name, texts, found, _ in rows[1:] if found]
    notes.append(f"The {half} half; words of pyspellchecker that are not profane, places of phonenumbers' area codes.")
    return Sheet("Moderation", ("texts", "number", "found", "recall"), rows, tuple(notes))


def cost_sheet(
    blocks: Sequence[Block], sayings: Sequence[Saying], extractor_of: Callable[[str], Extractor], moderator: Moderator
) -> Sheet:
    """What a block costs that was not seen before, with an extractor and a moderator that have seen nothing yet."""
    extracting = [milliseconds(partial(extractor_of(block.region).of_block, block.lines)) for block in blocks]
    moderating = [milliseconds(partial(spans_found, moderator, saying.lines)) for saying in sayings]
    rows = [
        (name, len(times), mean(times), quantiles(times, n=20)[-1], max(times))
        for name, times in (("attributes", extracting), ("moderation", moderating))
    ]
    return Sheet("Cost of a string", ("of", "strings", "mean ms", "p95 ms", "most ms"), rows, (told_thread(),))


def longest_sheet(parts: dict[str, Callable[[Line], object]]) -> Sheet:
    """The longest time of each part over all `hard_inputs`."""
    rows = []
    for name, part in parts.items():
        took, text = max((time_of(part, text), text) for text in hard_inputs())
        rows.append((name, took, ascii(text[:24])))
    note = f"Inputs of {LENGTH} characters, {len(hard_inputs())} of them; medians of {REPEATS} runs. {told_thread()}"
    return Sheet("Longest time", ("of", "ms", "input, its beginning"), rows, (note,))


def kinds_of_rules() -> dict[str, Rule]:
    """Rules of each kind, many words to each."""
    from glyphfeed.stream.rules.rule import Rule

    words = tuple(sampled(clean_words(), WORDS))[:WORDS]
    return {
        "rule of words": Rule(name="words", literal=words),
        "rule of expressions": Rule(name="expressions", regex=EXPRESSIONS),
        "watch-list": Rule(name="plates", watch=plates(), distance=1.5),
        "rule of prices": Rule(name="prices", when=("price < 5 EUR",)),
    }


def asked_rules() -> dict[str, Callable[[Line], object]]:
    """What asks a rule of each kind about a line, and all of them together."""
    from glyphfeed.stream.rules.rulebook import Rulebook

    rules = kinds_of_rules()
    alone = {name: partial(ask, Rulebook([rule])) for name, rule in rules.items()}
    return {**alone, "all rules together": partial(ask, Rulebook([*rules.values()]))}


def everything() -> Settings:
    """Attributes of all kinds, rules of each, and moderation."""
    from glyphfeed.stream.rules.moderating import Moderation
    from glyphfeed.stream.rules.rule import Rule
    from glyphfeed.stream.rules.rulebook import Rulebook
    from glyphfeed.stream.understanding.wanted import settings_of

    clean = Rule(name="clean", moderate=Moderation(), action=Action.MASK)
    settings = settings_of(attributes=True, region="DE", rulebook=Rulebook([clean, *kinds_of_rules().values()]))
    assert settings is not None
    return settings


def plates() -> tuple[str, ...]:
    """Number plates as in Germany, made up."""
    chance = random.Random(7)
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
    return tuple(
        f"{''.join(chance.choices(letters, k=2))}-{''.join(chance.choices(letters, k=2))} {chance.randrange(10, 9999)}"
        for _ in range(PLATES)
    )


def ask(rulebook: Rulebook, line: Line) -> tuple[Flag, ...]:
    """What rules find in a line that stands alone."""
    corners = np.array([[0, 0], [100, 0], [100, 10], [0, 10]], np.float32)
    said = TextEntity(1, 1, TextState.SETTLED, line.text, 1.0, corners, (), (0.0, 0.0), 1, 0.0, 0.0)
    return rulebook.flags(Subject(said, (said,), (), (100, 100), datetime(2026, 11, 30, 12, tzinfo=UTC)))


@cache
def hard_inputs() -> tuple[str, ...]:
    """Inputs of `LENGTH` characters on which matching may take long: repeated beginnings, some with a wrong end, and noise."""
    repeated = ["".join(islice(cycle(part), LENGTH)) for part in REPEATED]
    ended = [text[:-1] + "!" for text in repeated]
    chance = random.Random(7)
    alphabets = ["0123456789", "0123456789 -./", "0123456789,.€$ kgml", "ABCDEFGH0123456789 ", "fucksht*.@$ ", "".join(REPEATED)]
    noise = ["".join(chance.choices(alphabet, k=LENGTH)) for alphabet in alphabets for _ in range(3)]
    anything = ["".join(chr(chance.randrange(32, 0xD800)) for _ in range(LENGTH)) for _ in range(3)]
    return (*repeated, *ended, *noise, *anything)


def time_of(part: Callable[[Line], object], text: str) -> float:
    """The median time of a part on an input, in milliseconds; the last character differs, as what was seen is remembered."""
    return median(milliseconds(partial(part, Line(f"{text[:-1]}{run}"))) for run in range(REPEATS))


def milliseconds(do: Callable[[], object]) -> float:
    """The time of a call."""
    start = perf_counter()
    do()
    return 1e3 * (perf_counter() - start)


def told_thread() -> str:
    """How times are taken, for people."""
    return f"On one thread of Python {sys.version.partition(' ')[0]}."
