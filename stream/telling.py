"""What is told of the texts: each as it is now, all of a frame, and what has happened to them.

Owns the events that nobody took yet, and what was told under each identity: what was announced, and how often it was revised.
Does not own the tracks (tracker), nor what they are believed to say (belief), nor how it looks on the wire (feed).
"""

from __future__ import annotations

import itertools
from heapq import nlargest
from typing import TYPE_CHECKING

import numpy as np

from glyphfeed.stream.blocks import blocks_of
from glyphfeed.stream.geometry import UNIT_SQUARE, homography_between, share_inside, transform
from glyphfeed.stream.records import Attribute, Char, Event, EventType, Snapshot, TextEntity, TextState, Word

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

    from glyphfeed.engines.lattice import Slot
    from glyphfeed.stream.reading.belief import Belief
    from glyphfeed.stream.reading.words import Span
    from glyphfeed.stream.records import Frame
    from glyphfeed.stream.tracking.track import Track

UNSEEN_S = 0.3
"""A text that was not seen for this long is said to be coasting."""
SHOWN = 0.05
"""A text of which no more than this share is in the picture is not told of."""
IN_PICTURE = 0.2
"""A word of which less than this share is in the picture is not shown."""
ALTERNATIVES = 3
"""So many other characters are named at most."""
POSSIBLE = 0.02
"""A character below this probability is no alternative."""


class Teller:
    """Tells of the texts of one source, by its name; with `chars` down to their single characters.

    `frame` is the newest, and `now` the stream time, which goes on where no frame comes.
    """

    def __init__(self, source: str, *, chars: bool = False) -> None:
        self._source, self._chars = source, chars
        self._events: list[Event] = []

    def announce(self, tracks: Iterable[Track], frame: Frame, now: float) -> None:
        """Tell of texts that have settled, and of those that settled on something else than was told."""
        for track in tracks:
            belief, identity = track.belief, track.identity
            if belief.settled and identity.announced != belief.text:
                kind = EventType.READ if identity.announced is None else EventType.CHANGED
                self._happened(kind, track, frame, now, identity.announced)
                identity.announced = belief.text

    def take_leave(self, tracks: Iterable[Track], frame: Frame, now: float) -> None:
        """Tell of texts that are gone for good, if ever they were told of."""
        for track in tracks:
            if track.identity.announced is not None:
                self._happened(EventType.LEFT, track, frame, now)

    def _happened(self, kind: EventType, track: Track, frame: Frame, now: float, previous: str | None = None) -> None:
        self._events.append(Event(self._source, kind, frame.index, frame.captured_at, self._tell(track, frame, now), previous))

    def snapshot(self, tracks: Iterable[Track], frame: Frame, now: float) -> Snapshot:
        """Tell of all texts that are in view."""
        texts = tuple(
            self._tell(track, frame, now) for track in tracks if not track.lost and share_inside(track.quad, frame.size) > SHOWN
        )
        return Snapshot(self._source, frame.index, frame.pts, frame.captured_at, frame.size, texts, blocks_of(texts))

    def _tell(self, track: Track, frame: Frame, now: float) -> TextEntity:
        revise(track, now)
        return entity(track, now, frame.size, chars=self._chars)

    def events(self) -> list[Event]:
        """Hand over what has happened since the last call."""
        events, self._events = self._events, []
        return events


def revise(track: Track, now: float) -> None:
    """Count up `rev` if what a text says, or how far that can be trusted, has changed since it was told last."""
    spans, state = shown(track, now)
    told = (text_of(track, spans), state)
    if track.identity.published != told:
        track.identity.published = told
        track.identity.rev += 1


def entity(track: Track, now: float, size: tuple[int, int], *, chars: bool = False) -> TextEntity:
    """Describe a text at stream time `now` in a picture of (width, height)."""
    spans, state = shown(track, now)
    quad = track.reading_quad
    return TextEntity(
        id=track.id,
        rev=track.identity.rev,
        state=state,
        text=text_of(track, spans),
        confidence=track.belief.confidence,
        polygon=quad.astype(np.float32),
        words=place_words(spans, quad, size),
        velocity=track.velocity,
        reads=track.reads.count,
        first_seen=track.identity.first_seen,
        last_seen=track.last_seen,
        chars=place_chars(spans, quad) if chars else None,
        attributes=attributes_of(track.belief),
        slots=tuple(span.slots for span in spans),
        code=track.belief.code,
    )


def attributes_of(belief: Belief) -> tuple[Attribute, ...]:
    """What a text is known to be by how it was read: the content of a code."""
    text = belief.text
    return (Attribute("code", text, (0, len(text)), label=belief.code),) if belief.code else ()


def shown(track: Track, now: float) -> tuple[tuple[Span, ...], TextState]:
    """Choose the words of a text that are told at stream time `now`, without those that the border probably cut off, and how far
    they can be trusted; a text of which all is held back is tentative.
    """
    belief, state = track.belief, state_of(track, now)
    if not belief.trusted or belief.settled or not any(belief.held_back):
        return belief.spans, state
    kept = tuple(span for span, held in zip(belief.spans, belief.held_back, strict=True) if not held)
    return (kept, state) if kept else (belief.spans, TextState.TENTATIVE)


def text_of(track: Track, spans: tuple[Span, ...]) -> str:
    """Put the words that are told together, all of them as they were read."""
    return track.belief.text if spans is track.belief.spans else " ".join(span.text for span in spans)


def state_of(track: Track, now: float) -> TextState:
    """How far a text can be trusted at stream time `now`."""
    if not track.belief.trusted or track.belief.refuted:
        return TextState.TENTATIVE
    if now - track.seen_pts > UNSEEN_S:
        return TextState.COASTING
    return TextState.SETTLED if track.belief.settled else TextState.READING


def place_words(spans: tuple[Span, ...], quad: NDArray[np.floating], size: tuple[int, int]) -> tuple[Word, ...]:
    """Put words into the quad of their line, in perspective; those outside of a picture of (width, height) are left out."""
    if not spans:
        return ()
    placed = zip(spans, strips(quad, [(span.start, span.end) for span in spans]), strict=True)
    words = (Word(span.text, polygon, span.confidence) for span, polygon in placed)
    return tuple(word for word in words if share_inside(word.polygon, size) >= IN_PICTURE)


def place_chars(spans: tuple[Span, ...], quad: NDArray[np.floating]) -> tuple[Char, ...]:
    """Put the characters of words into the quad of their line, in perspective, in the picture or not.

    They share their word without gaps: one ends and the next begins halfway between their centres.  Those of a code lie nowhere.
    """
    spans = tuple(span for span in spans if span.slots)
    if not spans:
        return ()
    polygons = strips(quad, [extent for span in spans for extent in itertools.pairwise(edges_of(span))])
    slots = (slot for span in spans for slot in span.slots)
    return tuple(Char(slot.best[0], polygon, slot.best[1], others(slot)) for slot, polygon in zip(slots, polygons, strict=True))


def strips(quad: NDArray[np.floating], extents: list[tuple[float, float]]) -> NDArray[np.float32]:
    """Cut the parts of a quad between positions along the text, (start, end) in 0..1, in perspective: (N, 4, 2) pixels."""
    ends = np.array([(x, y) for a, b in extents for x, y in ((a, 0), (b, 0), (b, 1), (a, 1))])
    return transform(ends, homography_between(UNIT_SQUARE, quad)).astype(np.float32).reshape(-1, 4, 2)


def edges_of(span: Span) -> list[float]:
    """Where the characters of a word begin, and the last one ends, 0..1 along the text."""
    halfway = [(a.column + b.column) / 2 for a, b in itertools.pairwise(span.slots)]
    # Columns fused from several readings need not be in order.
    return list(itertools.accumulate([span.start, *(min(x, span.end) for x in halfway), span.end], max))


def others(slot: Slot) -> tuple[tuple[str, float], ...]:
    """What else a character might be, likeliest first; neither nothing nor a space."""
    best, _ = slot.best
    rest = ((char, score) for char, score in slot.candidates.items() if char.strip() and char != best and score >= POSSIBLE)
    return tuple(nlargest(ALTERNATIVES, rest, key=lambda other: other[1]))
