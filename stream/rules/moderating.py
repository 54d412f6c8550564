"""The condition that a text says what is not to be shown, alone, with what stands around it or with what it said before.

Owns: what is put together.  Does not own the words (moderation).  Pure.
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - the configuration's reader looks the types of fields up
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from glyphfeed.stream.attributes.line import Line, line_of
from glyphfeed.stream.moderation.moderator import Moderator
from glyphfeed.stream.moderation.words import LANGUAGES
from glyphfeed.stream.rules.subject import quoted, united

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glyphfeed.stream.moderation.moderator import Found
    from glyphfeed.stream.records import TextEntity
    from glyphfeed.stream.rules.subject import Span, Subject

NEAREST: Final = 3
"""A word is looked for over at least so many lines before and after a text, and so many of the readings before it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Moderation:
    """Which words are not to be shown: of some languages and categories, and a user's own by their categories.

    See `Moderator` for what there is.
    """

    languages: tuple[str, ...] = LANGUAGES
    categories: tuple[str, ...] = ("profanity",)
    own: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def moderator(self) -> Moderator:
        """What finds them.

        Raises:
            InputError: a language or a category is not known, or a word cannot be looked for.

        """
        return Moderator(self.languages, self.categories, self.own)


class Moderate:
    """The text says such a word, or a part of one that goes on in the lines around it or that was shown a part at a time."""

    def __init__(self, moderation: Moderation) -> None:
        self._moderator = moderation.moderator()

    def find(self, subject: Subject) -> tuple[Span, ...] | None:
        """See `Condition.find`."""
        return united(found.span for found in self._found(subject)) or None

    def why(self, subject: Subject) -> str:
        """See `Condition.why`."""
        found = sorted(set(self._found(subject)), key=lambda one: one.span)
        said = (f"{one.category}: {quoted(subject.entity.text, [one.span])}" for one in found)
        return ", ".join(said) or "it says nothing of the kind"

    def _found(self, subject: Subject) -> Iterator[Found]:
        yield from self._moderator.find(subject.line)
        lines, place = neighbours(subject.around, subject.entity)
        if len(lines) > 1:
            yield from self._moderator.across(lines)[place]
        if earlier := subject.earlier[-NEAREST:]:
            yield from self._moderator.across([*map(Line, earlier), subject.line])[-1]


def neighbours(around: Sequence[TextEntity], entity: TextEntity) -> tuple[list[Line], int]:
    """The lines around a text in its block, with it, and which of them it is."""
    place = next((number for number, text in enumerate(around) if text.id == entity.id), None)
    if place is None:
        return [line_of(entity)], 0
    # The same for lines that stand together, as what was found in them is remembered.
    begins = place - place % NEAREST
    first = max(begins - NEAREST, 0)
    return [line_of(text) for text in around[first : begins + 2 * NEAREST]], place - first
