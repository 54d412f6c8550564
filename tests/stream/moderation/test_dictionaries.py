"""In dictionaries and among place names nothing is disguised: what is found there is written as it is listed."""

from __future__ import annotations

import gzip
import json

import pytest
from phonenumbers.geodata.data0 import data

from glyphfeed.engines.lexicon import WORDS
from glyphfeed.stream.attributes.line import Line
from glyphfeed.stream.moderation.folding import without_accents
from glyphfeed.stream.moderation.moderator import Moderator
from glyphfeed.stream.moderation.words import CATEGORIES, INNOCENT, LANGUAGES, listed, pieces, word_of

LISTED = [entry for language in LANGUAGES for entry in listed(language)]
MODERATOR = Moderator()
EACH = 40
"""One of so many words is looked at."""


def plain(text: str) -> str:
    return without_accents(text.lower().replace("ß", "ss"))


@pytest.mark.parametrize("language", [*LANGUAGES, "ru"])
def test_words_of_a_dictionary(language: str) -> None:
    listed_words = [plain(written.strip("*")) for category, written in LISTED if category == "profanity"]
    words = sorted(json.loads(gzip.decompress((WORDS / f"{language}.json.gz").read_bytes())))[::EACH]
    found = [word for word in words if MODERATOR.find(Line(word))]
    assert [word for word in found if not any(one in plain(word) for one in listed_words)] == []
    assert len(found) <= len(words) / 400


def test_names_of_places() -> None:
    names = sorted({name for names in data.values() for name in names.values()})[::4]
    assert len(names) > 500
    assert [name for name in names if MODERATOR.find(Line(name))] == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_each_listed_word_is_found_as_it_is_written(language: str) -> None:
    moderator = Moderator([language], CATEGORIES)
    words = [(category, written.strip("*")) for category, written in listed(language) if category != INNOCENT]
    assert len(words) > 100
    assert [word for category, word in words if category not in {one.category for one in moderator.find(Line(word))}] == []


def test_no_word_is_listed_twice() -> None:
    for language in LANGUAGES:
        assert len(set(listed(language))) == len(listed(language))


def test_pieces_are_parts_of_listed_words() -> None:
    words = [word_of(*entry).letters for entry in LISTED if entry[0] != INNOCENT]
    ends = {word[start:end] for word in words for k in range(1, len(word)) for start, end in ((0, k), (k, len(word)))}
    assert {piece.rstrip("*") for piece in pieces()} <= ends
