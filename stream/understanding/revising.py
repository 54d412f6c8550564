"""What was told of each text under its id: how often it was revised, and what the last event said.

Owns: `rev`, and that events are about what was told: what is hidden in a text makes of a `changed` none, or of one a `read`.  The
reader counts what it found out; what is told is more where there are attributes and flags, and less where something is hidden.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final, TypeAlias

from glyphfeed.stream.records import EventType

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glyphfeed.stream.records import Attribute, Event, Flag, Snapshot, TextEntity, TextState

Content: TypeAlias = "tuple[str, TextState, tuple[Attribute, ...], tuple[Flag, ...]]"

REMEMBERED: Final = 10_000
"""So many texts of a source are remembered, those that were told of last: one that was lost comes back within 10 s or never."""


@dataclass(frozen=True, slots=True)
class Told:
    """How often a text was revised, what counts for that as it was told last, and what the last `read` or `changed` said, None
    before.
    """

    rev: int
    content: Content
    said: str | None = None


class Revising:
    """Counts the revisions of what is told of one source; call `revise` for each message in the order in which they are sent."""

    def __init__(self) -> None:
        self._told: dict[int, Told] = {}

    def revise(self, snapshot: Snapshot, events: Sequence[Event]) -> tuple[Snapshot, list[Event]]:
        """Number the texts of a frame and of its events, which happened before; the same snapshot where nothing differs."""
        told = list(self._events(events))
        texts = tuple(self._revised(text) for text in snapshot.texts)
        while len(self._told) > REMEMBERED:
            del self._told[next(iter(self._told))]
        same = all(new is old for new, old in zip(texts, snapshot.texts, strict=True))
        return (snapshot if same else replace(snapshot, texts=texts)), told

    def _revised(self, entity: TextEntity) -> TextEntity:
        content = (entity.text, entity.state, entity.attributes, entity.flags)
        known = self._told.pop(entity.id, None) or Told(entity.rev, content)
        if content != known.content:
            known = Told(known.rev + 1, content, known.said)
        # At the end: those that were not told of for longest are forgotten first.
        self._told[entity.id] = known
        return entity if known.rev == entity.rev else replace(entity, rev=known.rev)

    def _events(self, events: Sequence[Event]) -> Iterator[Event]:
        for event in events:
            known = self._told.get(event.entity.id)
            said = None if known is None else known.said
            match event.type:
                case EventType.READ | EventType.CHANGED:
                    if event.entity.text != said:
                        yield self._said(event, said)
                case EventType.LEFT:
                    if said is not None:
                        yield replace(event, entity=self._revised(event.entity))
                    self._told.pop(event.entity.id, None)
                case _:
                    yield replace(event, entity=self._revised(event.entity))

    def _said(self, event: Event, said: str | None) -> Event:
        """A text settled on something else than was told."""
        entity = self._revised(event.entity)
        self._told[entity.id] = replace(self._told[entity.id], said=entity.text)
        return replace(event, type=EventType.READ if said is None else EventType.CHANGED, entity=entity, previous=said)
