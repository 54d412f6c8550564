"""The wire format: records to messages and messages back, as version 1 of the feed's contract (docs/feed.md) says.

Owns: topics, the table of the kinds of messages, the rounding of fields, and the bytes.  Each kind has its writing and its
reading half side by side.  Pure; does not own which fields there are (shapes), numbering, clocks or sockets.

A message is `<topic> <json>` in UTF-8, split at its first space; a picture follows after a newline.  Coordinates and velocities
have 1 decimal, confidences 4 and times 6, which is finer than they are known and keeps a message small.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from itertools import islice
from typing import TYPE_CHECKING, Any, Final, NoReturn, TypeAlias

import numpy as np

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.records import (
    NAME,
    Action,
    Attribute,
    Char,
    Event,
    EventType,
    Flag,
    Snapshot,
    SourceState,
    Status,
    TextEntity,
    TextState,
    Word,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from glyphfeed.stream.feed.shapes import AttributeBody, EntityBody, EventBody, FlagBody, PictureBody, StatusBody, TextBody
    from glyphfeed.stream.records import Polygon, Record

VERSION: Final = 1

Body: TypeAlias = dict[str, Any]
"""A JSON object."""
# Built once: json.dumps with options builds an encoder on every call.  Bodies are fresh trees, so cycles need no check.
_ENCODER = json.JSONEncoder(ensure_ascii=False, allow_nan=False, check_circular=False, separators=(",", ":"))


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is no JSON")


# NaN and the like, which Python would take.
_DECODER = json.JSONDecoder(parse_constant=_refuse)


@dataclass(frozen=True, slots=True)
class Position:
    """A place among the events of one source: after the one with this epoch and seq; `Position("", 0)` is before them all."""

    epoch: str
    seq: int


@dataclass(frozen=True, slots=True)
class Message:
    """One received message; `body` holds every field of the contract.

    `missed` counts the events of this source that are lost for good before this message, as far as they can be counted, and
    `lost` says that some are, or may be.  `restarted` says that this is the first message of this source by a publisher that was
    started anew.  The client fills them in, one message alone cannot tell.  `jpeg` is the picture of a `picture/` message.
    """

    topic: str
    body: Body
    missed: int = 0
    lost: bool = False
    restarted: bool = False
    jpeg: bytes = b""

    @property
    def kind(self) -> str:
        """What the message is: `text`, `event`, `status`, `picture`, or a word of a later version."""
        return self.topic.partition("/")[0]

    @property
    def source(self) -> str:
        """Name of the camera."""
        return str(self.body["source"])

    @property
    def epoch(self) -> str:
        """Name of the publisher's run."""
        return str(self.body["epoch"])

    @property
    def seq(self) -> int:
        """Number of the message within its topic and epoch, from 1."""
        return int(self.body["seq"])

    @property
    def position(self) -> Position:
        """Where the message stands within its topic."""
        return Position(self.epoch, self.seq)

    @property
    def record(self) -> Record | None:
        """What the message tells; None for a picture, and where it is of a kind or type that a later version has added.

        Raises:
            FeedError: a field is missing, or is not what the contract says.

        """
        kind = next((kind for kind in KINDS.values() if kind.name == self.kind), None)
        if kind is None:
            return None
        try:
            is_later = kind.name == "event" and self.body["type"] not in set(EventType)
            return None if is_later else kind.read(self.source, self.body)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            raise FeedError(f"A message on {self.topic!r} is not as the feed's contract says: {error!r}.") from None


def topic(kind: str, source: str) -> str:
    """Name the topic of one kind of message of one source.

    Raises:
        FeedError: the source's name does not fit into a topic; it is not repeated, as it may hold a password.

    """
    if not NAME.fullmatch(source):
        raise FeedError("The name of a source has 1 to 64 of the characters A-Z a-z 0-9 . _ - : give this one another name.")
    return f"{kind}/{source}"


def message(topic: str, header: Mapping[str, Any], body: Mapping[str, Any]) -> bytes:
    """Join a topic, the fields that every message has, and a body into one message.

    Raises:
        ValueError: a number is not finite; JSON has no word for it.

    """
    return _join(topic, {**header, **body})


def _join(topic: str, body: Mapping[str, Any]) -> bytes:
    # A lone surrogate (of a file name that is not UTF-8) has no UTF-8 form; backslashreplace writes its JSON escape.
    return f"{topic} {_ENCODER.encode(body)}".encode("utf-8", "backslashreplace")


def picture_message(topic: str, header: Mapping[str, Any], body: PictureBody, jpeg: bytes) -> bytes:
    """Join a message that is followed by a picture: the JSON has no newline, and the first one ends it.

    Raises:
        ValueError: a number is not finite; JSON has no word for it.

    """
    return b"%b\n%b" % (message(topic, header, body), jpeg)


def parse(message: bytes) -> Message:
    """Take a message apart.

    Raises:
        FeedError: it is no message of this version of the feed.

    """
    name, _, text = message.partition(b" ")
    jpeg = b""
    if name.startswith(b"picture/"):
        text, _, jpeg = text.partition(b"\n")
    try:
        topic, body = name.decode(), _DECODER.decode(text.decode())
    except (ValueError, RecursionError):
        raise _stranger() from None
    return replace(message_of(topic, body), jpeg=jpeg)


def message_of(topic: str, body: Any) -> Message:
    """Make a message of its parts, where they are ones.

    Raises:
        FeedError: the body is none of this version of the feed.

    """
    if not isinstance(body, dict) or "v" not in body:
        raise _stranger()
    if body["v"] != VERSION:
        raise FeedError(
            f"The feed speaks version {body['v']!r} and this client version {VERSION}: install the same glyphfeed here as there."
        )
    header = (body.get("source"), body.get("epoch"), body.get("seq"))
    if not (isinstance(header[0], str) and isinstance(header[1], str) and isinstance(header[2], int)):
        raise _stranger()
    return Message(topic, body)


def _stranger() -> FeedError:
    return FeedError("A message came that does not belong to a text feed: is this the address of another program?")


def sent(message: Message) -> bytes:
    """Write a message again as it was sent.

    Raises:
        FeedError: it holds a number that JSON has no word for, as it was too large to be read.

    """
    try:
        return _join(message.topic, message.body)
    except ValueError:
        raise FeedError(f"A message on {message.topic!r} holds a number that is too large for any field of the feed.") from None


def text_body(snapshot: Snapshot) -> TextBody:
    """Write a snapshot as the fields of a `text/` message."""
    return {
        "frame": snapshot.frame,
        "pts": round(snapshot.pts, 6),
        "captured_at": round(snapshot.captured_at, 6),
        "size": list(snapshot.size),
        "texts": _entities(snapshot.texts),
        "blocks": [list(block) for block in snapshot.blocks],
    }


def picture_body(snapshot: Snapshot) -> PictureBody:
    """Write the fields that stand before the picture of a frame, as in its `text/` message."""
    return {
        "frame": snapshot.frame,
        "pts": round(snapshot.pts, 6),
        "captured_at": round(snapshot.captured_at, 6),
        "size": list(snapshot.size),
    }


def read_text(source: str, body: Body) -> Snapshot:
    """Read the fields of a `text/` message; see `text_body`."""
    width, height = (int(edge) for edge in body["size"])
    texts = tuple(_read_entity(entity) for entity in body["texts"])
    blocks = tuple(tuple(int(identity) for identity in block) for block in body.get("blocks", ()))
    return Snapshot(source, int(body["frame"]), float(body["pts"]), float(body["captured_at"]), (width, height), texts, blocks)


def event_body(event: Event) -> EventBody:
    """Write an event as the fields of an `event/` message; `previous` and `flag` only where there is one."""
    body: EventBody = {
        "type": event.type.value,
        "frame": event.frame,
        "captured_at": round(event.captured_at, 6),
        "entity": _entities([event.entity])[0],
    }
    if event.previous is not None:
        body["previous"] = event.previous
    if event.flag is not None:
        body["flag"] = _flag(event.flag)
    return body


def read_event(source: str, body: Body) -> Event:
    """Read the fields of an `event/` message; see `event_body`."""
    kind, entity = EventType(body["type"]), _read_entity(body["entity"])
    frame, captured_at = int(body["frame"]), float(body["captured_at"])
    previous, flag = body.get("previous"), body.get("flag")
    said = None if previous is None else str(previous)
    return Event(source, kind, frame, captured_at, entity, said, None if flag is None else _read_flag(flag))


def status_body(status: Status) -> StatusBody:
    """Write a status as the fields of a `status/` message; what is not known yet is null."""
    return {
        "state": status.state,
        "detail": status.detail,
        "fps_in": round(status.fps_in, 2),
        "fps_out": round(status.fps_out, 2),
        "dropped": status.dropped,
        "latency_ms": {"p50": _milliseconds(status.latency_p50_ms), "p95": _milliseconds(status.latency_p95_ms)},
        "detect_ms": _milliseconds(status.detect_ms),
        "read_ms": _milliseconds(status.read_ms),
        "reads": status.reads,
        "texts": status.texts,
        "uptime_s": round(status.uptime_s, 6),
        "last_event_seq": status.last_event_seq,
        "engines": {"detector": status.detector, "recogniser": status.recogniser},
    }


def read_status(source: str, body: Body) -> Status:
    """Read the fields of a `status/` message; see `status_body`."""
    return Status(
        source=source,
        state=SourceState(body["state"]),
        detail=str(body["detail"]),
        fps_in=float(body["fps_in"]),
        fps_out=float(body["fps_out"]),
        dropped=int(body["dropped"]),
        latency_p50_ms=_read_milliseconds(body["latency_ms"]["p50"]),
        latency_p95_ms=_read_milliseconds(body["latency_ms"]["p95"]),
        detect_ms=_read_milliseconds(body["detect_ms"]),
        read_ms=_read_milliseconds(body["read_ms"]),
        reads=int(body["reads"]),
        texts=int(body["texts"]),
        uptime_s=float(body["uptime_s"]),
        last_event_seq=int(body["last_event_seq"]),
        detector=str(body["engines"]["detector"]),
        recogniser=str(body["engines"]["recogniser"]),
    )


def _milliseconds(duration_ms: float | None) -> float | None:
    return None if duration_ms is None else round(duration_ms, 2)


def _read_milliseconds(duration_ms: Any) -> float | None:
    return None if duration_ms is None else float(duration_ms)


def _entities(entities: Sequence[TextEntity]) -> list[EntityBody]:
    """Write text entities; their polygons are rounded in one go, as a call of numpy costs more than 4 points."""
    if not entities:
        return []
    polygons = []
    for entity in entities:
        polygons += [entity.polygon, *(word.polygon for word in entity.words), *(char.polygon for char in entity.chars or ())]
    # In float64: 12.3 as a float32 would be printed as 12.300000190734863.
    points: Iterator[list[float]] = iter(np.concatenate(polygons, dtype=np.float64).round(1).tolist())
    return [_entity(entity, points) for entity in entities]


def _entity(entity: TextEntity, points: Iterator[list[float]]) -> EntityBody:
    """Write one text entity, taking its rounded points from the iterator: its own, those of its words, of its characters."""
    vx, vy = entity.velocity
    body: EntityBody = {
        "id": entity.id,
        "rev": entity.rev,
        "state": entity.state,
        "text": entity.text,
        "confidence": round(entity.confidence, 4),
        "polygon": list(islice(points, len(entity.polygon))),
        "words": [
            {
                "text": word.text,
                "polygon": list(islice(points, len(word.polygon))),
                "confidence": round(word.confidence, 4),
            }
            for word in entity.words
        ],
        "velocity": [round(vx, 1), round(vy, 1)],
        "reads": entity.reads,
        "first_seen": round(entity.first_seen, 6),
        "last_seen": round(entity.last_seen, 6),
    }
    if entity.chars is not None:
        body["chars"] = [
            {
                "char": char.char,
                "polygon": list(islice(points, len(char.polygon))),
                "confidence": round(char.confidence, 4),
                "alternatives": [(other, round(probability, 4)) for other, probability in char.alternatives],
            }
            for char in entity.chars
        ]
    if entity.attributes:
        body["attributes"] = [_attribute(attribute) for attribute in entity.attributes]
    if entity.flags:
        body["flags"] = [_flag(flag) for flag in entity.flags]
    return body


def _attribute(attribute: Attribute) -> AttributeBody:
    body: AttributeBody = {"kind": attribute.kind, "value": attribute.value, "span": list(attribute.span)}
    if attribute.unit:
        body["unit"] = attribute.unit
    if attribute.label:
        body["label"] = attribute.label
    if attribute.alternatives:
        body["alternatives"] = list(attribute.alternatives)
    return body


def _read_attribute(body: Body) -> Attribute:
    unit, label, alternatives = body.get("unit", ""), body.get("label", ""), body.get("alternatives", ())
    return Attribute(str(body["kind"]), body["value"], _read_span(body), str(unit), str(label), tuple(alternatives))


def _flag(flag: Flag) -> FlagBody:
    return {"rule": flag.rule, "span": list(flag.span), "action": flag.action}


def _read_flag(body: Body) -> Flag:
    return Flag(str(body["rule"]), _read_span(body), Action(body["action"]))


def _read_span(body: Body) -> tuple[int, int]:
    start, end = body["span"]
    return int(start), int(end)


def _read_entity(body: Body) -> TextEntity:
    vx, vy = body["velocity"]
    chars = body.get("chars")
    return TextEntity(
        id=int(body["id"]),
        rev=int(body["rev"]),
        state=TextState(body["state"]),
        text=str(body["text"]),
        confidence=float(body["confidence"]),
        polygon=_read_polygon(body["polygon"]),
        words=tuple(Word(str(word["text"]), _read_polygon(word["polygon"]), float(word["confidence"])) for word in body["words"]),
        velocity=(float(vx), float(vy)),
        reads=int(body["reads"]),
        first_seen=float(body["first_seen"]),
        last_seen=float(body["last_seen"]),
        chars=None if chars is None else tuple(_read_char(char) for char in chars),
        attributes=tuple(_read_attribute(attribute) for attribute in body.get("attributes", ())),
        flags=tuple(_read_flag(flag) for flag in body.get("flags", ())),
    )


def _read_char(body: Body) -> Char:
    alternatives = tuple((str(other), float(probability)) for other, probability in body.get("alternatives", ()))
    return Char(str(body["char"]), _read_polygon(body["polygon"]), float(body["confidence"]), alternatives)


def _read_polygon(points: Sequence[Sequence[float]]) -> Polygon:
    polygon = np.array(points, np.float32)
    if polygon.ndim != 2 or polygon.shape[0] < 4 or polygon.shape[1] != 2:
        raise ValueError(f"a polygon of {polygon.shape} numbers")
    return polygon


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of message: its name, which begins its topics, and both halves of its format.

    Of a kind that `is_state` each message replaces the one before, so that whoever comes late is sent the last one.
    """

    name: str
    write: Callable[[Any], Mapping[str, Any]]
    read: Callable[[str, Body], Record]
    is_state: bool = True


KINDS: Final[Mapping[type[Record], Kind]] = {
    Snapshot: Kind("text", text_body, read_text),
    Event: Kind("event", event_body, read_event, is_state=False),
    Status: Kind("status", status_body, read_status),
}
"""By the record that it tells of."""
STATES: Final = {kind.name for kind in KINDS.values() if kind.is_state}
