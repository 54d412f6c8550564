"""A rule, as it is written: what is asked of a text, and what is done where it holds.

Owns: the fields, their defaults and what is wrong with them.  Does not own how each is compared (the conditions beside this), nor
the doing (understanding, acts).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias

from glyphfeed.stream.errors import InputError
from glyphfeed.stream.records import NAME, Action
from glyphfeed.stream.rules.words import MOST_WORDS, Regex, Words, compiled, word_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from glyphfeed.stream.rules.subject import Condition

Several: TypeAlias = Annotated[tuple[str, ...], "or one"]
"""Of a field: texts, or one alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What is waited for under a name, and what is done then; all that is asked must hold, and of several words any.

    `literal` are words and `regex` expressions that the text says.  `once` a text, or with a `cooldown` in seconds again and
    again while it holds; `event` publishes a `flagged` event.

    Raises:
        InputError: from `conditions`, where there are `mistakes`.

    """

    name: str
    action: Action = Action.FLAG
    literal: Several = ()
    case: bool = False
    whole: bool = True
    regex: Several = ()
    once: bool = True
    cooldown: float | None = None
    event: bool = True

    @property
    def hides(self) -> bool:
        """Whether what it finds is not to be shown."""
        return self.action is not Action.FLAG

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of attributes that it asks for."""
        return frozenset()

    def conditions(self, region: str = "US") -> tuple[Condition, ...]:  # noqa: ARG002
        """What it asks, the quickest first; `region` is an ISO 3166 code, by which some units are meant."""
        found: list[Condition] = []
        if self.literal:
            found.append(Words(self.literal, case=self.case, whole=self.whole))
        if self.regex:
            found.append(Regex(self.regex))
        return tuple(found)

    def mistakes(self) -> Iterator[tuple[str | tuple[str | int, ...], str]]:
        """What is wrong: a field's name, or the way to what is in it, and a sentence."""
        if not NAME.fullmatch(self.name):
            yield "name", f"{self.name!r} cannot be used on the feed; use 1 to 64 letters, digits, dots, _ or -"
        for field, parse in PARSERS.items():
            yield from _mistakes_in(field, getattr(self, field), parse)
        if self.cooldown is not None and not 0 < self.cooldown < 1e6:
            yield "cooldown", f"it is {self.cooldown:g}, and must be seconds above 0"
        if not any(getattr(self, field) for field in ASKS):
            yield "name", f"it asks nothing of a text, and would hold of every one; add one of {', '.join(ASKS)}"


PARSERS: Final[Mapping[str, Callable[[str], Any]]] = {"literal": word_of, "regex": compiled}
"""How each text is read in the fields that have several."""
ASKS: Final = ("literal", "regex")
"""The fields by which a rule asks something of a text."""


def _mistakes_in(field: str, texts: tuple[str, ...], parse: Callable[[str], Any]) -> Iterator[tuple[tuple[str | int, ...], str]]:
    if len(texts) > MOST_WORDS:
        yield (field,), f"there are {len(texts)}, and {MOST_WORDS} are the most; part them among two rules"
        return
    for number, text in enumerate(texts):
        try:
            parse(text)
        except InputError as error:
            yield (field, number), f"{text!r}: {error}"
