from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.engines.lattice import Slot
from glyphfeed.stream.feed.wire import text_body
from glyphfeed.stream.records import Attribute, Char
from glyphfeed.stream.understanding.masking import masked, spans_before, wholly, withheld
from tests.stream.feed.samples import box
from tests.stream.understanding.stories import snapshot, text

LETTERS = st.text(st.sampled_from("abcé ñ𝛼"), min_size=1, max_size=12).map(lambda said: " ".join(said.split()))


@pytest.mark.parametrize(
    ("says", "spans", "masks"),
    [
        ("you darn fool", [(4, 8)], "you **** fool"),
        ("you darn fool", [(4, 13)], "you **** ****"),
        ("d a r n", [(0, 7)], "* * * *"),
        ("naïve 𝛼𝛽", [(0, 2), (6, 7)], "**ïve *𝛽"),
        ("darn", [(-3, 99)], "****"),
    ],
)
def test_each_code_point_becomes_an_asterisk_and_spaces_stay(says: str, spans: list[tuple[int, int]], masks: str) -> None:
    told = masked(text(1, says), spans)
    assert told.text == masks
    assert [word.text for word in told.words] == masks.split()
    assert told.chars is not None
    assert "".join(char.char for char in told.chars) == masks.replace(" ", "")


def test_characters_that_are_hidden_have_no_alternatives() -> None:
    told = masked(text(1, "a darn"), [(2, 6)])
    assert told.chars is not None
    assert [char.alternatives for char in told.chars] == [(("x", 0.1),), (), (), (), ()]


def test_attributes_of_what_is_hidden_are_left_out_with_their_alternatives() -> None:
    price = Attribute("price", 5, (0, 2), "USD", alternatives=(500,))
    phone = Attribute("phone", "+15551234", (4, 12))
    told = masked(replace(text(1, "$5, 555-1234"), attributes=(price, phone)), [(7, 9)])
    assert told.attributes == (price,)


def test_what_the_recogniser_saw_is_forgotten() -> None:
    told = masked(replace(text(1, "darn"), slots=((Slot({"d": 0.9}, 0.5),),)), [(0, 1)])
    assert told.slots == ()


def test_words_that_are_not_those_of_the_text_are_hidden_and_so_are_characters() -> None:
    entity = replace(text(1, "you darn fool"), words=text(1, "darnfool you").words, chars=(Char("Q", box(0, 0), 0.9, ()),))
    told = masked(entity, [(4, 8)])
    assert [word.text for word in told.words] == ["********", "you"]
    assert told.chars is not None
    assert [char.char for char in told.chars] == ["*"]


def test_of_words_that_are_alike_all_are_hidden_where_one_is() -> None:
    told = masked(replace(text(1, "darn darn"), words=text(1, "darn").words), [(5, 9)])
    assert told.text == "darn ****"
    assert [word.text for word in told.words] == ["****"]


def test_what_is_withheld_says_nothing() -> None:
    told = withheld(text(1, "darn"))
    assert (told.text, told.words, told.chars, told.confidence) == ("", (), (), 0.0)
    assert withheld(replace(text(1, "darn"), chars=None)).chars is None


@given(LETTERS.filter(bool), st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)), max_size=3))
def test_nothing_else_changes_and_nothing_is_left(says: str, spans: list[tuple[int, int]]) -> None:
    entity = text(1, says)
    told = masked(entity, spans)
    assert len(told.text) == len(says)
    for place, (new, old) in enumerate(zip(told.text, says, strict=True)):
        is_hidden = old != " " and any(start <= place < end for start, end in spans)
        assert new == ("*" if is_hidden else old)
    assert masked(told, spans).text == told.text
    assert set(text_body(snapshot(0, masked(entity, wholly(entity))))["texts"][0]["text"]) <= {"*", " "}


@pytest.mark.parametrize(
    ("before", "now", "spans", "masks"),
    [
        ("you darm fool", "you darn fool", [(4, 8)], "you **** fool"),
        ("you **** kra", "you darn kra", [(4, 8), (9, 12)], "you **** ***"),
        ("you darn fo", "you darn fool", [(4, 8)], "you **** **"),
        ("EXIT", "darn", [(0, 4)], "****"),
        ("you fool", "you darn fool", [(4, 8)], "you fool"),
        ("darn darn", "darn darn", [(5, 9)], "darn ****"),
    ],
)
def test_of_what_a_text_said_before_only_what_is_told_of_it_now_is_left(
    before: str, now: str, spans: list[tuple[int, int]], masks: str
) -> None:
    assert masked(text(1, before), spans_before(before, now, spans)).text == masks


@given(LETTERS, LETTERS, st.lists(st.tuples(st.integers(0, 12), st.integers(0, 12)).filter(lambda s: s[0] < s[1]), min_size=1))
def test_whatever_it_said_before_it_has_left_what_it_begins_and_ends_with_now(
    before: str, now: str, spans: list[tuple[int, int]]
) -> None:
    left = masked(text(1, before), spans_before(before, now, spans)).text.split("*")
    told = masked(text(1, now), spans).text
    if before != now:
        assert told.startswith(left[0].rstrip()) or len(left) == 1
        assert told.endswith(left[-1].lstrip()) or len(left) == 1
        assert not "".join(left[1:-1]).strip()
