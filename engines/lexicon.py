"""What words there are: where the network wavers between letters, the ones that make a common word are likelier.

Owns the words and how they weigh a lattice.  Does not own the network's answer (lattice).  The idea is that of decoding CTC with
a lexicon (Shi, Bai and Yao, An end-to-end trainable neural network for image-based sequence recognition, 2015), here as a
prior and not as a constraint: names, prices and words of other languages are read as before.
"""

from __future__ import annotations

import gzip
import json
from heapq import nlargest
from importlib.resources import files
from itertools import groupby
from typing import TYPE_CHECKING

from glyphfeed.engines.errors import EngineError
from glyphfeed.engines.lattice import Lattice, Slot

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

WORDS = files("spellchecker") / "resources"
"""How often the words of each language occur; the package's own reader takes 0.2 s more for a language."""
LANGUAGES = ("en",)
"""Whose words are known unless a user says otherwise."""
SHORTEST = 4
COMMON = 3e-7
LETTERS = 20
"""A word has at least so many letters, is so large a share of running text, and a larger one than any string of its length has by
chance, of which there are `LETTERS` to the power of it: among rare and short words there is one for every misreading."""
ODDS = 400.0
"""How much likelier a common word is than any other string of its length; from 30 to 400 it puts 9 or 10 of 648 held-out
word crops right and none wrong; 100 and 400 read clips equally well."""
BEAMS = 64
"""So many beginnings of words are followed at a time."""


class Lexicon:
    """The words that are likelier than other strings."""

    def __init__(self, shares: Mapping[str, float]) -> None:
        """`shares` tells of words in lower case what share of running text they are."""
        self._words = frozenset(
            word
            for word, share in shares.items()
            if word.isalpha() and len(word) >= SHORTEST and share > max(COMMON, LETTERS ** -len(word))
        )
        self._beginnings = frozenset(word[:end] for word in self._words for end in range(len(word) + 1))

    def __contains__(self, word: str) -> bool:
        """Whether it is one of the words, in lower case."""
        return word in self._words

    def weigh(self, lattice: Lattice) -> Lattice:
        """Give the same positions with the probabilities that their characters have, given that common words are likelier.

        What the network saw remains as sure as it was: how text stands, and how well it is seen, is not for the words to say.
        """
        slots: list[Slot] = []
        spelt: set[str] = set()
        for space, group in groupby(lattice.slots, lambda slot: slot.best[0].isspace()):
            word = list(group)
            if not space:
                word = self._weigh_word(word)
            slots += word
            spelt.add("".join(slot.best[0] for slot in word if slot.best[0].isalnum()).casefold())
        return Lattice(tuple(slots), lattice.confidence, self._words & spelt)

    def _weigh_word(self, slots: list[Slot]) -> list[Slot]:
        """Mix what the slots say by themselves with the words they may hold, each by its probability."""
        start, end = core_of(slots)
        paths = self._paths(slots[start:end])
        whole = 1 + sum(score for score, _ in paths)
        weighed = list(slots)
        for k, slot in enumerate(slots[start:end]):
            mixed = {char: score / whole for char, score in slot.candidates.items()}
            for score, path in paths:
                mixed[path[k]] = mixed.get(path[k], 0.0) + score / whole
            weighed[start + k] = Slot(mixed, slot.column)
        return weighed

    def _paths(self, slots: list[Slot]) -> list[tuple[float, tuple[str, ...]]]:
        """Every word that the slots may hold: its probability times its odds, and a character, or nothing, for each slot."""
        beams: dict[str, tuple[float, tuple[str, ...]]] = {"": (1.0, ())}
        for slot in slots:
            longer: dict[str, tuple[float, tuple[str, ...]]] = {}
            for beginning, (score, path) in beams.items():
                for char, share in slot.candidates.items():
                    word = beginning + char.casefold()
                    if word in self._beginnings and score * share > longer.get(word, (0.0,))[0]:
                        longer[word] = (score * share, (*path, char))
            beams = dict(nlargest(BEAMS, longer.items(), key=lambda item: item[1][0]))
        return [(score * ODDS, path) for word, (score, path) in beams.items() if word in self._words]


def core_of(slots: Sequence[Slot]) -> tuple[int, int]:
    """Where a word begins and ends among its slots, without the punctuation around it."""
    known = [k for k, slot in enumerate(slots) if slot.best[0].isalnum()]
    return (known[0], known[-1] + 1) if known else (0, 0)


def load_lexicon(languages: Sequence[str]) -> Lexicon:
    """Take the common words of some languages, by their two letters, from the package `pyspellchecker`.

    Raises:
        EngineError: it does not have a language.

    """
    shares: dict[str, float] = {}
    for language in languages:
        if language not in (known := known_languages()):
            raise EngineError(f"there are no words of the language {language!r}; choose from {', '.join(known)}, or none")
        counts: dict[str, int] = json.loads(gzip.decompress((WORDS / f"{language}.json.gz").read_bytes()))
        whole = sum(counts.values())
        for word, count in counts.items():
            # Most words are too rare, and there are many.
            if count > COMMON * whole:
                shares[word] = max(count / whole, shares.get(word, 0.0))
    return Lexicon(shares)


def known_languages() -> list[str]:
    """The languages whose words there are, by their two letters."""
    return sorted(file.name.partition(".")[0] for file in WORDS.iterdir() if file.name.endswith(".json.gz"))
