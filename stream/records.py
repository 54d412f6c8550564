"""The frozen values that flow between the rooms of the reader.

Owns: what a frame, a text entity, a snapshot, an event and a status are.  Does not own how they are made (sources, reader) or
how they look on the wire (feed).

Conventions: a polygon is a float32 array (N, 2) of x, y in pixels of the source frame, origin at the top-left corner, y down,
clockwise from the top-left of the text as read.  `pts` is seconds on the stream's own clock, 0 at its start.  `captured_at` is
Unix seconds.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from glyphfeed.engines.lattice import Slot

Grey: TypeAlias = NDArray[np.uint8]
"""(height, width) uint8 luma."""
Colour: TypeAlias = NDArray[np.uint8]
"""(height, width, 3) uint8, blue-green-red."""
Polygon: TypeAlias = NDArray[np.float32]
"""(N, 2) float32 pixels."""
NAME: Final = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""What a source may be called: the feed's rule."""


@dataclass(frozen=True, slots=True)
class Frame:
    """One picture of a source.

    `index` counts the frames that the source delivered, from 0; a gap is a frame that was dropped.  `grey` is read-only to its
    receivers.  `bgr()` converts to colour on demand, because only the few frames that are detected or read need it; it may be
    called from any thread and returns an array that nobody else writes.  Between frames of another `scene` the source knows that
    nothing goes on from the one to the other, as from page to page.
    """

    index: int
    pts: float
    captured_at: float
    grey: Grey
    bgr: Callable[[], Colour]
    scene: int = 0

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        height, width = self.grey.shape
        return width, height


class TextState(StrEnum):
    """How far a text can be trusted; the words of the feed contract."""

    TENTATIVE = "tentative"
    READING = "reading"
    SETTLED = "settled"
    COASTING = "coasting"


@dataclass(frozen=True, slots=True)
class Word:
    """One word of a text: confidence in 0..1."""

    text: str
    polygon: Polygon
    confidence: float


@dataclass(frozen=True, slots=True)
class Char:
    """One character of a text, which is no space.

    `confidence` is its mean probability in the readings, 0..1, not calibrated as that of a text is; `alternatives` are the next
    likeliest characters with theirs.
    """

    char: str
    polygon: Polygon
    confidence: float
    alternatives: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Attribute:
    """What a part of a text is: its kind, and its value in a form that programs can compute with, as JSON has it.

    `span` is where it starts and ends in the text, in code points.  `unit` is that of the value, such as EUR or kg, `label` what
    the text around says of it, such as was or net, both "" where there is none.  `alternatives` are the other values that it may
    as well be meant to have.
    """

    kind: str
    value: Any
    span: tuple[int, int]
    unit: str = ""
    label: str = ""
    alternatives: tuple[Any, ...] = ()


class Action(StrEnum):
    """What becomes of a text that a rule matches; the words of the feed contract."""

    FLAG = "flag"
    MASK = "mask"
    DROP = "drop"
    BLUR = "blur"


@dataclass(frozen=True, slots=True)
class Flag:
    """A rule that a part of a text matches; `span` is where that starts and ends in the text, in code points."""

    rule: str
    span: tuple[int, int]
    action: Action


@dataclass(frozen=True, slots=True)
class TextEntity:
    """One physical text as it is now; the fields of the feed contract, times in Unix seconds, velocity in px/s.

    `chars` is None where nobody asked for the characters.  Not published: `slots` are the characters of each word with what else
    they might be, as far as the recogniser told, and `code` is what kind of code it is, such as QRCode, "" for what is written.
    """

    id: int
    rev: int
    state: TextState
    text: str
    confidence: float
    polygon: Polygon
    words: tuple[Word, ...]
    velocity: tuple[float, float]
    reads: int
    first_seen: float
    last_seen: float
    chars: tuple[Char, ...] | None = None
    attributes: tuple[Attribute, ...] = ()
    flags: tuple[Flag, ...] = ()
    slots: tuple[tuple[Slot, ...], ...] = ()
    code: str = ""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Everything that is known of one source, by its name on the feed, at one processed frame.

    `blocks` holds the ids of the texts that can be trusted, those that belong together in one block, all in reading order.
    """

    source: str
    frame: int
    pts: float
    captured_at: float
    size: tuple[int, int]
    texts: tuple[TextEntity, ...]
    blocks: tuple[tuple[int, ...], ...] = ()


class EventType(StrEnum):
    """What may happen to a text; the words of the feed contract."""

    READ = "read"
    CHANGED = "changed"
    LEFT = "left"
    FLAGGED = "flagged"


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to one text of a source; `previous` is the replaced reading of a `changed` event, and `flag` the
    rule of a `flagged` one.
    """

    source: str
    type: EventType
    frame: int
    captured_at: float
    entity: TextEntity
    previous: str | None = None
    flag: Flag | None = None


@dataclass(frozen=True, slots=True)
class Sight:
    """What a program is handed of one source at one frame: all of a `Snapshot`, what has happened since the sight before, and the
    picture, (height, width, 3) uint8 blue-green-red, which is made when `picture` is called and is not to be written to.
    """

    source: str
    frame: int
    pts: float
    captured_at: float
    size: tuple[int, int]
    texts: tuple[TextEntity, ...]
    blocks: tuple[tuple[int, ...], ...]
    events: tuple[Event, ...]
    picture: Callable[[], Colour]


def sight_of(frame: Frame, snapshot: Snapshot, events: Sequence[Event]) -> Sight:
    """Put together what a program is handed of a frame."""
    return Sight(
        snapshot.source,
        snapshot.frame,
        snapshot.pts,
        snapshot.captured_at,
        snapshot.size,
        snapshot.texts,
        snapshot.blocks,
        tuple(events),
        frame.bgr,
    )


class SourceState(StrEnum):
    """Health of a source; the words of the feed contract."""

    CONNECTING = "connecting"
    LIVE = "live"
    STALLED = "stalled"
    ENDED = "ended"
    FAILED = "failed"


LAST_STATES: Final = frozenset({SourceState.ENDED, SourceState.FAILED})
"""Nothing more is told of a source after these, unless it is begun anew."""


@dataclass(frozen=True, slots=True)
class Status:
    """Health and pace of one source; rates in frames per second, durations in milliseconds.

    A figure of which nothing is known yet is None.
    """

    source: str
    state: SourceState
    detail: str
    fps_in: float
    fps_out: float
    dropped: int
    latency_p50_ms: float | None
    latency_p95_ms: float | None
    detect_ms: float | None
    read_ms: float | None
    reads: int
    texts: int
    uptime_s: float
    last_event_seq: int
    detector: str
    recogniser: str


Record: TypeAlias = Snapshot | Event | Status
"""What is told of a source, each complete in itself."""
