from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from glyphfeed.tools.evaluation.identities import Identities
from glyphfeed.tools.evaluation.regions import region_of
from glyphfeed.tools.evaluation.words import PublishedWord
from tests.tools.evaluation.made import quad

if TYPE_CHECKING:
    from collections.abc import Hashable


def words(text_id: Hashable | None, line: str) -> list[PublishedWord]:
    polygon = np.array(quad((0, 0)), np.float32)
    region = region_of(polygon)
    return [PublishedWord(text_id, word, polygon, region, None, False, (0.0, 0.0)) for word in line.split()]


def follow(*lines: str) -> list[list[int | None]]:
    """The identities of the words of one text over time."""
    identities = Identities()
    return [identities.assign(words(1, line)) for line in lines]


def test_words_keep_their_identity_while_their_text_reads_the_same() -> None:
    assert follow("exit 12", "exit 12") == [[0, 1], [0, 1]]


def test_a_text_that_is_split_anew_keeps_the_identities_of_the_rest() -> None:
    assert follow("ex it 12", "exit 12", "ex it 12") == [[0, 1, 2], [0, 2], [0, 1, 2]]


def test_words_that_leave_the_picture_come_back_as_themselves() -> None:
    assert follow("a b c", "b c", "c", "a b c") == [[0, 1, 2], [1, 2], [2], [0, 1, 2]]


def test_a_word_that_is_read_otherwise_or_found_later_moves_no_other() -> None:
    assert follow("b c", "b x", "a b x d") == [[0, 1], [0, 1], [2, 0, 1, 3]]


def test_the_same_word_twice_is_two() -> None:
    assert follow("go go go", "go go") == [[0, 1, 2], [0, 1]]


def test_texts_do_not_share_identities_and_those_without_id_have_none() -> None:
    identities = Identities()
    assert identities.assign([*words(1, "a b"), *words(None, "a"), *words("1", "a"), *words(1, "c")]) == [0, 1, None, 3, 2]
