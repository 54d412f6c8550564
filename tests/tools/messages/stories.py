"""What is told of a sign in front of a camera, as records and as a recording."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from glyphfeed.stream.feed import wire
from glyphfeed.stream.records import EventType, SourceState, TextState
from tests.stream.feed.samples import entity, event, snapshot, status

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from glyphfeed.stream.records import Event, Record, Snapshot

FPS = 30
BEGIN = 1_700_000_000.0


def shown(frame: int, identity: int = 1, text: str = "EXIT 12") -> Snapshot:
    """A frame with one settled text, which has been there since the first one."""
    told = snapshot(frame)
    seen = replace(entity(identity, text), rev=1, state=TextState.SETTLED, first_seen=BEGIN, last_seen=told.captured_at)
    return replace(told, texts=(seen,), blocks=((identity,),))


def happened(frame: int, identity: int = 1, text: str = "EXIT 12", kind: EventType = EventType.READ) -> Event:
    """What happened to it in that frame."""
    told = shown(frame, identity, text)
    return replace(event(text, kind), frame=frame, captured_at=told.captured_at, entity=told.texts[0])


def story(frames: int = 6, first: int = 0) -> Iterator[Record]:
    """One text a frame, each of another sign, and each is read."""
    yield status(SourceState.LIVE)
    for frame in range(first, first + frames):
        yield shown(frame, frame + 1)
        yield happened(frame, frame + 1)
    yield status(SourceState.LIVE)


def messages(records: Sequence[Record], epoch: str = "e", begin: float = BEGIN + 0.05) -> list[bytes]:
    """The same as messages: a text each 1/30 s, and what is told with it a millisecond later."""
    written, seqs, now = [], dict[str, int](), begin
    for record in records:
        kind = wire.KINDS[type(record)]
        topic = wire.topic(kind.name, record.source)
        seqs[topic] = seqs.get(topic, 0) + 1
        now += 1 / FPS if kind.name == "text" else 0.001
        if kind.name == "status":
            record = replace(record, last_event_seq=seqs.get(wire.topic("event", record.source), 0))
        header = {"v": 1, "source": record.source, "epoch": epoch, "seq": seqs[topic], "published_at": round(now, 6)}
        written.append(wire.message(topic, header, kind.write(record)))
    return written


def write(path: Path, lines: Sequence[bytes]) -> Path:
    """A recording."""
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path
