"""What is wanted of the texts of all sources.

Owns: the fields, and what they mean where nothing is said.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from glyphfeed.stream.records import Action

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    from glyphfeed.stream.attributes.extractor import Extractor
    from glyphfeed.stream.records import Attribute, Event, Flag
    from glyphfeed.stream.rules.rulebook import Rulebook

MASKING: Final = frozenset({Action.MASK, Action.BLUR})
"""What is masked in the text is blurred in pictures, and the other way round: else the one would tell what the other hides."""
LOOK_AHEAD_S: Final = 2.0
"""So long recordings are held where something is blurred and nobody says how long: a text is mostly read within a second."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What is wanted of texts: attributes, rules, and how many seconds later all is told.

    Of the attributes that the `extractor` finds those of some `kinds` are told, all where that is None; the others are there for
    the rules.  Without a `delay_s` all is told at once, but recordings are looked at `LOOK_AHEAD_S` ahead where a rule blurs.
    `act` is called with each `flagged` event as it is told, or would be where a rule or a dropped text has none; it neither waits
    nor fails.
    """

    extractor: Extractor | None = None
    rulebook: Rulebook | None = None
    delay_s: float | None = None
    kinds: Collection[str] | None = None
    act: Callable[[Event], None] | None = None

    def tells(self, attribute: Attribute) -> bool:
        """Whether an attribute is told, and not only found for the rules."""
        return self.kinds is None or attribute.kind in self.kinds

    def tells_of(self, flag: Flag) -> bool:
        """Whether what a rule has found is an event."""
        return self.rulebook is not None and self.rulebook.rules[flag.rule].event

    @property
    def hides(self) -> bool:
        """Whether any rule masks, drops or blurs, so that text is told only when it is certain."""
        return self.rulebook is not None and self.rulebook.hides

    @property
    def blurs(self) -> bool:
        """Whether any rule hides something in pictures."""
        return self.rulebook is not None and any(rule.action in MASKING for rule in self.rulebook.rules.values())

    def delay(self, *, live: bool) -> float:
        """How many seconds later a live source, or a recording, is told of."""
        if self.delay_s is None:
            return LOOK_AHEAD_S if self.blurs and not live else 0.0
        return self.delay_s
