from __future__ import annotations

from itertools import islice, pairwise
from typing import TYPE_CHECKING

import pytest

from glyphfeed.stream.attributes.line import Line
from glyphfeed.stream.records import Attribute
from glyphfeed.tools.bench import labelled
from glyphfeed.tools.bench.labelled import Block, Count, Expected, agrees, count_attributes, is_profane, sampled
from glyphfeed.tools.bench.staged import street
from glyphfeed.tools.bench.understanding import LENGTH, bench_understanding, hard_inputs
from glyphfeed.tools.errors import CommandError

if TYPE_CHECKING:
    from pathlib import Path

PRICE = Expected("price", 4.99, (5, 11), "EUR")


@pytest.mark.parametrize(
    ("attribute", "right"),
    [
        (Attribute("price", 4.99, (5, 11), "EUR"), True),
        (Attribute("price", 4.99 + 1e-12, (10, 14), "EUR", "now"), True),
        (Attribute("price", 4.98, (5, 11), "EUR"), False),
        (Attribute("price", 4.99, (11, 14), "EUR"), False),
        (Attribute("price", 4.99, (5, 11), "USD"), False),
        (Attribute("percent", 4.99, (5, 11), "EUR"), False),
        (Attribute("price", "4.99", (5, 11), "EUR"), False),
    ],
)
def test_kind_value_unit_and_place_must_agree(attribute: Attribute, right: bool) -> None:
    assert agrees(attribute, PRICE) is right


def test_a_label_must_agree_where_one_is_expected() -> None:
    was = Expected("price", 5, (0, 2), "USD", "was")
    assert agrees(Attribute("price", 5.0, (0, 2), "USD", "was"), was)
    assert not agrees(Attribute("price", 5.0, (0, 2), "USD"), was)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ([30, 40], (30.0, 40.0), True),
        ([30, 40], [30, 41], False),
        ([30], 30, False),
        ({"country": "DE", "code": "10115"}, {"code": "10115", "country": "DE"}, True),
        ({"country": "DE", "code": "10115"}, {"country": "AT", "code": "10115"}, False),
        ("24/7", "24/7", True),
        ("30", "3", False),
    ],
)
def test_values_are_compared_whatever_holds_them(one: object, other: object, same: bool) -> None:
    assert labelled.is_same(one, other) is same


def test_what_is_found_twice_counts_once_and_what_is_not_there_is_a_false_alarm() -> None:
    block = Block((Line("nur  4,99 € "), Line("25 %")), "DE", ((PRICE,), ()))
    price, percent = Attribute("price", 4.99, (5, 11), "EUR"), Attribute("percent", 25, (0, 4), "%")
    counts = count_attributes([block], lambda _region, _lines: ((price, price), (percent,)))
    assert counts == {"percent": Count(0, 1, 0), "price": Count(1, 2, 1)}
    assert (counts["price"].precision, counts["price"].recall) == (0.5, 1.0)
    assert (counts["percent"].precision, counts["percent"].recall) == (0.0, None)


@pytest.mark.parametrize(
    ("word", "profane"),
    [
        ("shit's", True),
        ("fucking", True),
        ("asses", True),
        ("assess", False),
        ("cockpit", False),
        ("shirt", False),
        ("mishit", False),
    ],
)
def test_profane_words_of_a_list_are_known_from_others(word: str, profane: bool) -> None:
    assert is_profane(word) is profane


def test_a_sample_is_spread_over_all() -> None:
    assert sampled([str(number) for number in range(100)], 4) == ["0", "25", "50", "75"]
    assert sampled(["a", "b"], 4) == ["a", "b"]


def test_hard_inputs_are_as_long_as_they_are_said_to_be_and_the_same_each_time() -> None:
    assert {len(text) for text in hard_inputs()} == {LENGTH}
    assert len(set(hard_inputs())) > 150
    kept = hard_inputs()
    hard_inputs.cache_clear()
    assert hard_inputs() == kept


def test_where_the_strings_are_not_there_one_sentence_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labelled, "ROOT", tmp_path)
    with pytest.raises(
        CommandError, match=r"^the labelled strings .*tuning\.jsonl cannot be read: .*; run this in glyphfeed's repository"
    ):
        bench_understanding("tuning")


def test_the_frames_of_a_street_change_in_one_text_or_in_none() -> None:
    still = list(islice(street(10, changes=False), 3))
    assert [[text.text for text in view.texts] for view in still] == 3 * [[text.text for text in still[0].texts]]
    changing = list(islice(street(10, changes=True), 12))
    for before, after in pairwise(changing):
        differ = [new for old, new in zip(before.texts, after.texts, strict=True) if old != new]
        assert len(differ) == 1
        assert differ[0].text not in {text.text for text in before.texts}
    assert changing[0].blocks == ((1, 2, 3, 4, 5), (6, 7, 8, 9, 10))
