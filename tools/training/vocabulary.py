"""What synthetic signs say: words by how common they are, and numbers, prices, dates, plates, addresses and the like.

Owns the texts alone.  Everything is in the recogniser's characters.
"""

from __future__ import annotations

import gzip
import json
from functools import cache
from typing import TYPE_CHECKING, Final

import numpy as np

from glyphfeed.engines.lexicon import WORDS
from glyphfeed.tools.training.charset import CAPITALS, CHARACTERS, DIGITS

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.random import Generator
    from numpy.typing import NDArray

LONGEST: Final = 24
"""Characters of a text at most."""
ROOT: Final = 0.65
"""Words are as common as their frequency to the power of this: between text, in which a few words are half of all, and a list, in
which most have never been on a sign."""
LANGUAGES: Final = {"en": 0.7, "de": 0.08, "fr": 0.08, "es": 0.07, "it": 0.07}
"""Which of pyspellchecker's lists, and how often each; words with letters of their own are left out."""


@cache
def words_of(language: str) -> tuple[list[str], NDArray[np.float64]]:
    """The plain words of a language, and for each the share of all that it and those before it are."""
    counts: dict[str, int] = json.loads(gzip.decompress((WORDS / f"{language}.json.gz").read_bytes()))
    plain = {word: count for word, count in counts.items() if word.isascii() and word.isalpha() and len(word) <= LONGEST}
    shares = np.array(list(plain.values()), np.float64) ** ROOT
    return list(plain), np.cumsum(shares) / shares.sum()


def any_of(rng: Generator, letters: str, least: int, most: int) -> str:
    """So many letters at random."""
    return "".join(letters[k] for k in rng.integers(len(letters), size=rng.integers(least, most + 1)))


def one_of(rng: Generator, choices: tuple[str, ...] | str) -> str:
    """One of several, each as likely."""
    return choices[rng.integers(len(choices))]


def bare_word(rng: Generator) -> str:
    """A word in lower case."""
    words, reach = words_of(str(rng.choice(list(LANGUAGES), p=list(LANGUAGES.values()))))
    return words[min(int(np.searchsorted(reach, rng.random())), len(words) - 1)]


def cased(rng: Generator, word: str) -> str:
    """A word in the case that signs have it in."""
    draw = rng.random()
    if draw < 0.42:
        return word.upper()
    if draw < 0.70:
        return word.capitalize()
    if draw < 0.97:
        return word
    return "".join(char.upper() if upper else char for char, upper in zip(word, rng.random(len(word)) < 0.5, strict=True))


def word(rng: Generator) -> str:
    """A word, one in eight with punctuation."""
    said = cased(rng, bare_word(rng))
    if rng.random() > 0.12:
        return said
    around = ("{}.", "{},", "{}!", "{}:", "{}?", "{};", "{}'s", "({})", '"{}"', "'{}'", "-{}", "{}-", "&{}", "#{}", "@{}", "{}*")
    return one_of(rng, (*around, "{}...", "{}/", "[{}]", "{}-" + cased(rng, bare_word(rng)))).format(said)


def number(rng: Generator) -> str:
    """A number as it is written."""
    value = int(10 ** rng.uniform(0, 6))
    return one_of(
        rng, (f"{value}", f"{value}", f"{value}", f"{value:,}", f"No.{value}", f"#{value}", f"{value}{one_of(rng, CAPITALS)}")
    )


def price(rng: Generator) -> str:
    """A price, or a discount."""
    value, cents = int(10 ** rng.uniform(0, 3.5)), one_of(rng, ("00", "50", "90", "95", "99", f"{rng.integers(100):02}"))
    sign = one_of(rng, "$$$€£")
    forms = (
        f"{sign}{value}",
        f"{sign}{value}.{cents}",
        f"{value}.{cents}",
        f"{value},{cents}{sign}",
        f"{value}%",
        f"-{value % 90}%",
    )
    return one_of(rng, forms)


def moment(rng: Generator) -> str:
    """A date or a time."""
    day, month, year = rng.integers(1, 29), rng.integers(1, 13), rng.integers(1950, 2030)
    hour, minute = rng.integers(24), rng.integers(60)
    name = one_of(rng, ("JAN", "Feb", "March", "Apr", "MAY", "June", "JUL", "Aug", "Sept", "OCT", "Nov", "DEC"))
    times = (f"{hour}:{minute:02}", f"{hour:02}:{minute:02}", f"{hour % 12 + 1}{one_of(rng, ('am', 'pm', 'AM', 'PM'))}")
    dates = (
        f"{day}.{month}.{year}",
        f"{day:02}/{month:02}/{year % 100:02}",
        f"{year}-{month:02}-{day:02}",
        f"{day} {name}",
        f"{year}",
    )
    return one_of(rng, (*times, *dates))


def plate(rng: Generator) -> str:
    """A number plate, a room, a part's or a bus's number."""
    letters, digits = any_of(rng, CAPITALS, 1, 3), any_of(rng, DIGITS, 1, 4)
    forms = (
        f"{letters}{digits}",
        f"{letters}-{digits}",
        f"{letters} {digits}",
        f"{letters}{digits}{any_of(rng, CAPITALS, 1, 2)}",
    )
    return one_of(rng, (*forms, f"{digits}{letters}", f"#{any_of(rng, DIGITS, 2, 2)}-{any_of(rng, DIGITS, 2, 3)}"))


def call(rng: Generator) -> str:
    """A telephone number."""
    parts = [any_of(rng, DIGITS, 3, 4) for _ in range(rng.integers(2, 4))]
    return one_of(rng, ("", "+", "Tel:")) + one_of(rng, " -.").join(parts)


def address(rng: Generator) -> str:
    """An address of the web, or of mail."""
    name = bare_word(rng)
    end = one_of(rng, ("com", "org", "net", "sg", "de", "co.uk"))
    return one_of(rng, (f"www.{name}.{end}", f"{name}.{end}", f"{bare_word(rng)[:6]}@{name}.{end}", f"/{name}", f"@{name}"))


def noise(rng: Generator) -> str:
    """Characters without sense, in which nothing but the picture helps."""
    return any_of(rng, one_of(rng, (CAPITALS + DIGITS, CAPITALS, CAPITALS.lower(), CHARACTERS)), 1, 8)


def few_words(rng: Generator) -> str:
    """A line of two or three words."""
    return " ".join((word if rng.random() < 0.8 else number)(rng) for _ in range(rng.integers(2, 4)))


KINDS: Final[dict[Callable[[Generator], str], float]] = {
    word: 0.64,
    number: 0.08,
    price: 0.05,
    moment: 0.03,
    plate: 0.05,
    call: 0.01,
    address: 0.02,
    noise: 0.05,
    few_words: 0.07,
}
"""How often a text is of each kind."""


def say(rng: Generator) -> str:
    """A text of any kind, of 1 to `LONGEST` characters."""
    kind = list(KINDS)[int(rng.choice(len(KINDS), p=list(KINDS.values())))]
    return kind(rng)[:LONGEST].strip()
