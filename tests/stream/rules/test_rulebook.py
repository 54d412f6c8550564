"""What several rules say of a text, and when they tell of it."""

from __future__ import annotations

import pytest

from glyphfeed.stream.records import Action, Flag
from glyphfeed.stream.rules.rule import Rule
from glyphfeed.stream.rules.rulebook import MOST_TOLD, Rulebook
from tests.stream.rules.subjects import subject

SALE = Rule(name="sale", literal=("sale", "offer"))
NUMBER = Rule(name="number", regex=(r"\d+",), action=Action.MASK)


def test_flags_come_in_the_order_of_the_rules_and_of_the_text() -> None:
    flags = Rulebook([NUMBER, SALE]).flags(subject("Offer 12 of 30: SALE"))
    number, sale = (lambda span: Flag("number", span, Action.MASK)), (lambda span: Flag("sale", span, Action.FLAG))
    assert flags == (number((6, 8)), number((12, 14)), sale((0, 5)), sale((16, 20)))


def test_all_that_a_rule_asks_must_hold() -> None:
    both = Rulebook([Rule(name="both", literal=("sale",), regex=(r"\d+ %",))])
    assert both.flags(subject("SALE 30 %")) == (Flag("both", (0, 4), Action.FLAG), Flag("both", (5, 9), Action.FLAG))
    assert both.flags(subject("SALE")) == both.flags(subject("30 %")) == ()


def test_a_rulebook_knows_whether_anything_is_hidden() -> None:
    assert Rulebook([SALE, NUMBER]).hides
    assert not Rulebook([SALE]).hides


def test_a_text_is_told_of_once() -> None:
    book = Rulebook([SALE, NUMBER])
    flag, other = Flag("sale", (0, 4), Action.FLAG), Flag("number", (0, 4), Action.MASK)
    assert [book.due(flag, "door", 1, at) for at in (0.0, 5.0, 1e6)] == [True, False, False]
    assert book.due(flag, "door", 2, 1e6)
    assert book.due(flag, "yard", 1, 1e6)
    assert book.due(other, "door", 1, 1e6)


def test_a_text_is_told_of_again_after_its_cool_down() -> None:
    book, flag = Rulebook([Rule(name="sale", literal=("sale",), cooldown=30)]), Flag("sale", (0, 4), Action.FLAG)
    assert [book.due(flag, "door", 1, at) for at in (100.0, 129.9, 130.0, 131.0, 5.0)] == [True, False, True, False, True]


def test_what_was_told_is_remembered_by_rules_that_stay() -> None:
    flags = [Flag(name, (0, 4), Action.FLAG) for name in ("sale", "number")]
    book = Rulebook([SALE, NUMBER])
    assert [book.due(flag, "door", 1, 0.0) for flag in flags] == [True, True]
    new = Rulebook([SALE, Rule(name="number", regex=(r"\d",))], before=book)
    assert [new.due(flag, "door", 1, 1.0) for flag in flags] == [False, True]


def test_memory_is_bounded_and_keeps_the_newest() -> None:
    book, flag = Rulebook([SALE]), Flag("sale", (0, 4), Action.FLAG)
    assert all(book.due(flag, "door", identity, 0.0) for identity in range(MOST_TOLD + 1))
    assert not book.due(flag, "door", MOST_TOLD, 1.0)
    assert book.due(flag, "door", 0, 1.0)


@pytest.mark.parametrize(
    ("rule", "place", "said"),
    [
        (Rule(name="no name", literal=("a",)), "name", "cannot be used on the feed"),
        (Rule(name="all"), "name", "asks nothing of a text"),
        (Rule(name="r", literal=("a", " ")), ("literal", 1), "would be found everywhere"),
        (Rule(name="r", regex=("a(b",)), ("regex", 0), "missing ): a(b, at column 1"),
        (Rule(name="r", regex=("a", r"(?P<x>a)\1")), ("regex", 1), r"invalid escape sequence: \1, at column 9"),
        (Rule(name="r", regex=("x*",)), ("regex", 0), "matches where nothing stands"),
        (Rule(name="r", regex=(r"(?i)(\pL{1,30}\d)",)), ("regex", 0), "repeat less in it"),
        (Rule(name="r", literal=("a",), cooldown=-1), "cooldown", "must be seconds above 0"),
        (Rule(name="r", literal=tuple(map(str, range(1001)))), ("literal",), "1000 are the most"),
    ],
)
def test_mistakes_name_the_field_and_what_to_do(rule: Rule, place: object, said: str) -> None:
    ((where, sentence),) = rule.mistakes()
    assert where == place
    assert said in sentence
