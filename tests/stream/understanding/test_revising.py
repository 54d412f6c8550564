from __future__ import annotations

from dataclasses import replace

from glyphfeed.stream.records import Action, Attribute, Event, EventType, Flag, TextState
from glyphfeed.stream.understanding.revising import REMEMBERED, Revising
from tests.stream.understanding.stories import snapshot, text


def event(kind: EventType, says: str, previous: str | None = None) -> Event:
    return Event("cam1", kind, 0, 0.0, text(1, says), previous)


def test_what_the_reader_tells_passes_as_it_is() -> None:
    revising = Revising()
    for rev, says in enumerate(("EXIT", "EXIT 12"), 1):
        told = snapshot(rev, text(1, says, rev=rev))
        assert revising.revise(told, [])[0] is told


def test_attributes_and_flags_count_for_rev() -> None:
    revising, entity = Revising(), text(1, "$5", rev=4)
    flagged = replace(entity, flags=(Flag("cheap", (0, 2), Action.FLAG),))
    priced = replace(flagged, attributes=(Attribute("price", 5, (0, 2), "USD"),))
    told = [
        revising.revise(snapshot(index, each), [])[0].texts[0].rev
        for index, each in enumerate((entity, flagged, flagged, priced))
    ]
    assert told == [4, 5, 5, 6]


def test_what_the_reader_revised_without_a_trace_does_not_count() -> None:
    revising = Revising()
    told = [revising.revise(snapshot(rev, text(1, "", TextState.READING, rev=rev)), [])[0].texts[0].rev for rev in (1, 2, 3)]
    assert told == [1, 1, 1]


def test_events_are_about_what_was_told() -> None:
    revising = Revising()

    def tell(*events: Event) -> list[tuple[EventType, str, str | None]]:
        return [(each.type, each.entity.text, each.previous) for each in revising.revise(snapshot(0), events)[1]]

    assert tell(event(EventType.CHANGED, "****", "darn")) == [(EventType.READ, "****", None)]
    assert tell(event(EventType.CHANGED, "****", "heck")) == []
    assert tell(event(EventType.CHANGED, "EXIT", "drat")) == [(EventType.CHANGED, "EXIT", "****")]
    assert tell(event(EventType.LEFT, "EXIT"), event(EventType.LEFT, "EXIT")) == [(EventType.LEFT, "EXIT", None)]


def test_what_was_never_told_to_be_there_does_not_leave() -> None:
    assert Revising().revise(snapshot(0), [event(EventType.LEFT, "")])[1] == []


def test_the_oldest_texts_are_forgotten() -> None:
    revising = Revising()
    for number in range(REMEMBERED + 5):
        revising.revise(snapshot(number, text(number, "EXIT")), [])
    assert len(revising._told) == REMEMBERED
