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
from typing import TYPE_CHECKING, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

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
class TextEntity:
    """One physical text as it is now; the fields of the feed contract, times in Unix seconds, velocity in px/s.

    `chars` is None where nobody asked for the characters.
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


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to one text of a source; `previous` is the replaced reading of a `changed` event."""

    source: str
    type: EventType
    frame: int
    captured_at: float
    entity: TextEntity
    previous: str | None = None


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
