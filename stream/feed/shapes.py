"""The shapes of the JSON on the feed, as version 1 of its contract (docs/feed.md) says: which fields there are, and their bounds.

Owns: the types of bodies and whole messages, of the answers to requests, and the JSON Schema that follows from them.  Pure; does
not own how records are written into them (wire), nor what holds between messages (conformance).

Only what version 1 had from its beginning is required: a field that was added later may be missing from an older recording, and
one that is not known here may be there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Final, Literal, NotRequired, TypeAlias, TypedDict

import msgspec
from msgspec import Meta

# msgspec looks types up when the program runs.
from glyphfeed.stream.records import NAME, SourceState, TextState

if TYPE_CHECKING:
    from collections.abc import Mapping

SOURCE_PATTERN: Final = f"^{NAME.pattern}$"

Count: TypeAlias = Annotated[int, Meta(ge=0)]
Number: TypeAlias = Annotated[int, Meta(ge=1)]
UnixTime: TypeAlias = Annotated[float, Meta(ge=0, description="Unix seconds")]
Confidence: TypeAlias = Annotated[float, Meta(ge=0, le=1)]
Rate: TypeAlias = Annotated[float, Meta(ge=0, description="frames per second")]
Milliseconds: TypeAlias = Annotated[float, Meta(description="milliseconds")]
Point: TypeAlias = Annotated[list[float], Meta(min_length=2, max_length=2, description="x to the right, y down, in pixels")]
Polygon: TypeAlias = Annotated[list[Point], Meta(min_length=4, description="clockwise, from the top left of the text as read")]
Size: TypeAlias = Annotated[list[Number], Meta(min_length=2, max_length=2, description="width and height in pixels")]
Span: TypeAlias = Annotated[list[Count], Meta(min_length=2, max_length=2, description="start and end in the text")]


class WordBody(TypedDict):
    """A word of a text."""

    text: str
    polygon: Polygon
    confidence: Confidence


class CharBody(TypedDict):
    """A character of a text, which is no space; `alternatives` are others with their probabilities."""

    char: Annotated[str, Meta(min_length=1)]
    polygon: Polygon
    confidence: Confidence
    alternatives: NotRequired[list[tuple[str, Confidence]]]


class AttributeBody(TypedDict):
    """What a part of a text is, such as a price; `alternatives` are other values that it may as well be meant to have."""

    kind: str
    value: Any
    span: Span
    unit: NotRequired[str]
    label: NotRequired[Annotated[str, Meta(description="what the text around says of it, such as was or net")]]
    alternatives: NotRequired[list[Any]]


class FlagBody(TypedDict):
    """A rule that a part of a text matches."""

    rule: str
    span: Span
    action: str


class EntityBody(TypedDict):
    """One text, which is one line."""

    id: Count
    rev: Count
    state: TextState
    text: str
    confidence: Confidence
    polygon: Polygon
    words: list[WordBody]
    velocity: Annotated[list[float], Meta(min_length=2, max_length=2, description="pixels per second")]
    reads: Count
    first_seen: UnixTime
    last_seen: UnixTime
    chars: NotRequired[list[CharBody]]
    attributes: NotRequired[list[AttributeBody]]
    flags: NotRequired[list[FlagBody]]


class TextBody(TypedDict):
    """Everything in view at one frame; of `blocks` each holds the ids of texts that belong together."""

    frame: Count
    pts: Annotated[float, Meta(description="seconds by the stream's own clock")]
    captured_at: UnixTime
    size: Size
    texts: list[EntityBody]
    blocks: NotRequired[list[Annotated[list[Count], Meta(min_length=1)]]]


class EventBody(TypedDict):
    """Something that happened to a text; `previous` is what it said before it changed."""

    type: Literal["read", "changed", "left", "flagged"]
    frame: Count
    captured_at: UnixTime
    entity: EntityBody
    previous: NotRequired[str]
    flag: NotRequired[FlagBody]


class LatencyBody(TypedDict):
    """How long it took from capture to publication."""

    p50: Milliseconds | None
    p95: Milliseconds | None


class EnginesBody(TypedDict):
    """The networks that run, in words for people."""

    detector: str
    recogniser: str


class StatusBody(TypedDict):
    """Health and pace of a source; what is not known yet is null."""

    state: SourceState
    detail: str
    fps_in: Rate
    fps_out: Rate
    dropped: Count
    latency_ms: LatencyBody
    detect_ms: Milliseconds | None
    read_ms: Milliseconds | None
    reads: Count
    texts: Count
    uptime_s: Annotated[float, Meta(ge=0)]
    last_event_seq: Count
    engines: EnginesBody


class PictureBody(TypedDict):
    """What stands before the JPEG of a frame."""

    frame: Count
    pts: Annotated[float, Meta(description="seconds by the stream's own clock")]
    captured_at: UnixTime
    size: Size


class Header(TypedDict):
    """The fields of every message."""

    v: Literal[1]
    source: Annotated[str, Meta(pattern=SOURCE_PATTERN)]
    epoch: Annotated[str, Meta(min_length=1, description="one run of the publisher")]
    seq: Annotated[int, Meta(ge=1, description="number of the message within its topic and epoch")]
    published_at: UnixTime


class TextMessage(Header, TextBody):
    """The JSON of a message on `text/SOURCE`."""


class EventMessage(Header, EventBody):
    """The JSON of a message on `event/SOURCE`."""


class StatusMessage(Header, StatusBody):
    """The JSON of a message on `status/SOURCE`."""


class PictureMessage(Header, PictureBody):
    """The JSON of a message on `picture/SOURCE`; a newline and the bytes of a JPEG follow it."""


class EventsAnswer(TypedDict):
    """The answer to a request for events: they are `complete` if none is gone, and there are `more` to ask for."""

    events: list[EventMessage]
    complete: bool
    more: NotRequired[bool]


class SnapshotAnswer(TypedDict):
    """The answer to a request for a snapshot: the last `text/` message of every source."""

    texts: list[TextMessage]


class ErrorAnswer(TypedDict):
    """The answer to what is no request."""

    error: str


MESSAGES: Final[Mapping[str, type]] = {
    "text": TextMessage,
    "event": EventMessage,
    "status": StatusMessage,
    "picture": PictureMessage,
}
"""By the word that begins their topics."""
ANSWERS: Final[tuple[type, ...]] = (EventsAnswer, SnapshotAnswer, ErrorAnswer)


def schema() -> dict[str, Any]:
    """Write the shapes as a JSON Schema: of any message, and of each by its name in `$defs`."""
    _, shapes = msgspec.json.schema_components([*MESSAGES.values(), *ANSWERS], ref_template="#/$defs/{name}")
    # What a type cannot say.
    shapes["EventMessage"]["allOf"] = [
        {"if": {"properties": {"type": {"const": kind}}}, "then": {"required": [field]}}
        for kind, field in (("changed", "previous"), ("flagged", "flag"))
    ]
    # Else a broken `text/` would do for a picture.
    shapes["PictureMessage"]["not"] = {"required": ["texts"]}
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "A message of the glyphfeed text feed, version 1",
        "description": "The JSON after the topic; $defs has the shape for each topic, and those of the answers to requests. "
        "Fields that are not named here may be there.",
        "anyOf": [{"$ref": f"#/$defs/{message.__name__}"} for message in MESSAGES.values()],
        "$defs": dict(sorted(shapes.items())),
    }
