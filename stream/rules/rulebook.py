"""All rules together: what they say of a text, and when that is worth telling.

Owns: that all conditions of a rule must hold, where its flags lie, and what was told before.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from glyphfeed.stream.records import Flag
from glyphfeed.stream.rules.subject import united

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glyphfeed.stream.rules.rule import Rule
    from glyphfeed.stream.rules.subject import Condition, Span, Subject

MOST_TOLD: Final = 10_000
"""So many texts that were told of are remembered, those that held last."""


class Rulebook:
    """Rules in their order, each under a name of its own; `region`, an ISO 3166 code, is where the texts stand.

    `before` are the rules that these take the place of: what those have told is not told again by a rule that is the same.

    Raises:
        InputError: a rule has `mistakes`.

    """

    def __init__(self, rules: Sequence[Rule], region: str = "US", before: Rulebook | None = None) -> None:
        self.rules = {rule.name: rule for rule in rules}
        self.hides = any(rule.hides for rule in rules)
        """Whether any of them masks, drops or blurs."""
        self.kinds = frozenset(kind for rule in rules for kind in rule.kinds)
        """The kinds of attributes that they look at, which the texts must have been searched for."""
        self._conditions = {rule.name: rule.conditions(region) for rule in rules}
        self._told: dict[tuple[str, str, int], float] = {} if before is None else before.told(self.rules)
        self._telling = threading.Lock()

    def flags(self, subject: Subject) -> tuple[Flag, ...]:
        """What the rules find in a text, in their order; the same for the same subject."""
        return tuple(
            Flag(name, span, self.rules[name].action)
            for name, conditions in self._conditions.items()
            for span in spans_of(conditions, subject, block=self.rules[name].block)
        )

    def due(self, flag: Flag, source: str, identity: int, now_s: float) -> bool:
        """Whether a flag of a text of a source is to be told of at this time, any clock's; if so it has been from here on."""
        key = (flag.rule, source, identity)
        with self._telling:
            told_s = self._told.get(key)
            if told_s is not None and not self._is_over(flag.rule, now_s - told_s):
                return False
            self._told.pop(key, None)
            self._told[key] = now_s
            if len(self._told) > MOST_TOLD:
                del self._told[next(iter(self._told))]
        return True

    def _is_over(self, name: str, elapsed_s: float) -> bool:
        """Whether so long after it was told a text may be told of again; a clock that was put back keeps nobody waiting."""
        cooldown = self.rules[name].cooldown
        return cooldown is not None and not 0 <= elapsed_s < cooldown

    def told(self, rules: dict[str, Rule]) -> dict[tuple[str, str, int], float]:
        """What was told by those of the rules that are among others as they are."""
        with self._telling:
            return {key: at for key, at in self._told.items() if rules.get(key[0]) == self.rules[key[0]]}


def spans_of(conditions: Sequence[Condition], subject: Subject, *, block: bool = False) -> tuple[Span, ...]:
    """Where all of some conditions hold in a text: () where one does not, all of it where none names a place.

    In a `block` each may hold of any text around, and the place may be in another.
    """
    found: list[Span] = []
    named = elsewhere = False
    for condition in conditions:
        spans = condition.find(subject)
        if spans is None and not (block and held_around(condition, subject)):
            return ()
        elsewhere |= spans is None
        named |= bool(spans)
        found += spans or ()
    return united(found if named or elsewhere else [(0, len(subject.entity.text))])


def held_around(condition: Condition, subject: Subject) -> bool:
    """Whether a condition holds of another text of the block."""
    others = (text for text in subject.around if text.id != subject.entity.id)
    return any(condition.find(replace(subject, entity=text, earlier=())) is not None for text in others)


def explained(conditions: Sequence[Condition], subject: Subject, *, block: bool = False) -> Iterator[tuple[bool, str]]:
    """Of each condition whether it holds, and why or why not, in words; see `spans_of`."""
    for condition in conditions:
        if condition.find(subject) is None and block and held_around(condition, subject):
            yield True, "it holds of another text of the block"
        else:
            yield condition.find(subject) is not None, condition.why(subject)
