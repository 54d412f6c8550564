"""What several rules say of a text, and when they tell of it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from glyphfeed.stream.records import Action, Flag
from glyphfeed.stream.rules.moderating import Moderation
from glyphfeed.stream.rules.rule import Hook, Rule
from glyphfeed.stream.rules.rulebook import MOST_TOLD, Rulebook
from tests.stream.rules.subjects import entity, subject

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


def test_what_is_asked_may_hold_of_several_lines_of_a_sign() -> None:
    milk, price = entity("fresh milk", identity=1), entity("0.99 now", identity=2)
    subjects = [replace(subject(""), entity=text, around=(milk, price)) for text in (milk, price)]
    asked = Rule(name="milk", literal=("milk",), regex=(r"\d\.\d+",))
    assert [Rulebook([asked]).flags(each) for each in subjects] == [(), ()]
    flags = [Rulebook([replace(asked, block=True)]).flags(each) for each in subjects]
    assert [[flag.span for flag in found] for found in flags] == [[(6, 10)], [(0, 4)]]
    alone = replace(subjects[0], around=(milk,))
    assert Rulebook([replace(asked, block=True)]).flags(alone) == ()


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


def rule(**fields: Any) -> Rule:
    """A rule of which nothing else is wrong."""
    return Rule(**{"name": "r", "literal": ("a",)} | fields)


@pytest.mark.parametrize(
    ("wrong", "place", "said"),
    [
        (rule(name="no name"), ("name",), "cannot be used on the feed"),
        (rule(literal=()), (), "asks nothing of a text"),
        (rule(literal=("a", " ")), ("literal", 1), "would be found everywhere"),
        (rule(literal=("a" * 201,)), ("literal", 0), "200 are the most"),
        (rule(literal=tuple(map(str, range(1001)))), ("literal",), "1000 are the most"),
        (rule(regex=("a(b",)), ("regex", 0), "missing ): a(b, at column 1"),
        (rule(regex=("a", r"(?P<x>a)\1")), ("regex", 1), r"invalid escape sequence: \1, at column 9"),
        (rule(regex=("x*",)), ("regex", 0), "matches where nothing stands"),
        (rule(regex=(r"(?i)(\pL{1,30}\d)",)), ("regex", 0), "repeat less in it"),
        (rule(watch=("B-AB 1", "!")), ("watch", 1), "fewer than 2 letters"),
        (rule(watch=("AB",), distance=4), ("distance",), "must be 0 to 3"),
        (rule(moderate=Moderation(languages=("xx",))), ("moderate",), "xx"),
        (rule(zones=("0,0",)), ("zones", 0), "is no zone"),
        (rule(sources=("the door",)), ("sources", 0), "is no name of a camera"),
        (rule(hours=("9 to 5",)), ("hours", 0), "is no time of the week"),
        (rule(cooldown=-1), ("cooldown",), "must be seconds above 0"),
        (rule(once=False), ("once",), "add cooldown"),
        (rule(webhook=Hook(url="https://user:pass@shop")), ("webhook", "url"), "this is no address"),
        (rule(command=("say", "a\0b")), ("command", 1), "a character of code 0"),
        (rule(regex=("a",), literal=(), case=True), ("case",), "it says more of literal, and there is none here"),
        (rule(regex=("a",), literal=(), whole=False), ("whole",), "it says more of literal and watch"),
        (rule(distance=2), ("distance",), "it says more of watch"),
        (rule(command=("",)), ("command", 0), "the program is missing"),
        (rule(command=("say", "{texts}")), ("command", 1), "there is no {texts}; there are {text}"),
        (rule(command=("{text}",)), ("command", 0), "the program is always the same"),
    ],
)
def test_mistakes_name_the_field_and_what_to_do(wrong: Rule, place: object, said: str) -> None:
    ((where, sentence),) = wrong.mistakes()
    assert where == place
    assert said in sentence
    assert "pass" not in sentence
