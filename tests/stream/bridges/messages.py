"""Messages as the feed's client hands them over."""

from __future__ import annotations

from glyphfeed.stream.feed import wire
from glyphfeed.stream.records import EventType, SourceState
from tests.stream.feed.samples import event, status

EPOCH = "a03ab1f931d71767"


def told(kind: str, source: str, seq: int, body: wire.Body) -> wire.Message:
    header = {"v": 1, "source": source, "epoch": EPOCH, "seq": seq, "published_at": 1_700_000_000.5}
    return wire.parse(wire.message(wire.topic(kind, source), header, body))


def event_message(
    seq: int = 1, text: str = "EXIT 12", kind: EventType = EventType.READ, source: str = "cam1", previous: str | None = None
) -> wire.Message:
    return told("event", source, seq, wire.event_body(event(text, kind, previous)))


def status_message(state: SourceState = SourceState.LIVE, detail: str = "", source: str = "cam1") -> wire.Message:
    return told("status", source, 1, wire.status_body(status(state, detail)))
