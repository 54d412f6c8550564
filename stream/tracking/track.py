"""One physical text through time: where it is, what was read, how far it can be trusted.

Owns the only mutable record of the reader; one thread owns each track.  Does not decide when to detect, match or read.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from glyphfeed.stream.geometry import turn
from glyphfeed.stream.records import TextEntity, TextState
from glyphfeed.stream.telling import place_chars, place_words

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from glyphfeed.stream.detecting.passes import PassKind
    from glyphfeed.stream.motion.quad import QuadMotion
    from glyphfeed.stream.reading.fusion import Evidence
    from glyphfeed.stream.reading.words import Span

HISTORY = 150
"""Frames of which a track remembers where it was: five seconds at 30 frames/s, more than any detector takes."""
UNSEEN_S = 0.3
"""A text that was not seen for this long is said to be coasting."""


@dataclass(slots=True)
class Track:
    """One text.

    Times are seconds of stream time (`pts`) but for `first_seen` and `last_seen`, which are Unix seconds.
    """

    id: int
    motion: QuadMotion
    born: float
    seen: float
    first_seen: float
    last_seen: float
    quarters: int = 0
    """Quarter turns clockwise by which the text stands turned against `motion.quad`."""
    turn_known: bool = False
    judged_view: float = 0.0
    """Quality of the best view in which rival turns were compared."""
    drift: tuple[float, float] = (0.0, 0.0)
    """Velocity against what the camera's motion does to it, pixels/s: something nearer than what is behind it has one."""
    told: int = -1
    """The last frame in which its own points told how it moves."""
    placed: bool = True
    """Whether the position still means something: not after a cut, nor when the camera was lost with the text out of view."""
    lost: bool = False
    """Not published, but remembered, in case the text comes back."""
    misses: int = 0
    overlooked: int = 0
    """Detector passes in a row that did not find it where its picture still is."""
    doubtful: bool = False
    """Whether it was found once, by a detection that might as well have been no text."""
    found_by: set[PassKind] = field(default_factory=set)
    cut_at: NDArray[np.floating] | None = None
    """Where it was when it was last detected, if it touched the picture's border there and probably goes on beyond it."""
    resized: int = 0
    """Detections in a row that showed the text longer, or, counted below 0, shorter."""
    strayed: int = 0
    """Detections in a row that showed its top or bottom elsewhere."""
    history: deque[tuple[int, NDArray[np.float64]]] = field(default_factory=lambda: deque(maxlen=HISTORY))

    evidence: Evidence | None = None
    challenger: Evidence | None = None
    """What was read since the picture inside changed, until it is believed."""
    spans: tuple[Span, ...] = ()
    held_back: tuple[bool, ...] = ()
    """Of each of the `spans`, whether it is not shown before it settles, as the border probably cut it off."""
    text: str = ""
    confidence: float = 0.0
    trusted: bool = False
    settled: bool = False
    announced: str | None = None
    """The text of the last `read` or `changed` event."""
    reads: int = 0
    tried: int = 0
    """Readings of this look of the text, good or bad."""
    read_at: float = float("-inf")
    read_quality: float = 0.0
    pending: bool = False
    weighed_at: float = float("-inf")
    look: NDArray[np.float32] | None = None
    """The picture inside when it was last read (see `stream.reading.appearance`)."""
    changed_look: bool = False
    altered: int = 0
    """Looks in a row that showed another letter."""
    contradictions: int = 0
    """Readings since then that neither bore it out nor agreed on something else."""
    extent_as_of: int = 0
    """A new text is believed only when a detector pass over this frame or a later one has shown how far it reaches."""
    found_in: int = 0
    """The last frame in which a detector pass found it."""
    looked_at: float = float("-inf")
    rev: int = 0
    published: tuple[str, TextState] | None = None

    @property
    def cut_off(self) -> bool:
        """Whether the text touched the picture's border when it was last detected, and probably goes on beyond it."""
        return self.cut_at is not None

    def quad_at(self, frame: int) -> NDArray[np.float64] | None:
        """Where the text was in an earlier frame, corners as in `motion.quad`, None if it was not there."""
        return next((quad for index, quad in reversed(self.history) if index == frame), None)

    @property
    def awaits_extent(self) -> bool:
        """Whether it says something else since, and no detector pass has shown yet how far that reaches."""
        return self.changed_look and self.found_in < self.extent_as_of

    def show(self, look: NDArray[np.float32]) -> None:
        """Take what it looks like now for the picture of what it says."""
        self.look, self.changed_look, self.altered, self.contradictions = look, False, 0, 0

    @property
    def reading_quad(self) -> NDArray[np.float64]:
        """Where the text is, from the top-left corner of the text as read."""
        return np.asarray(turn(self.motion.quad, self.quarters), np.float64)

    def state(self, now: float) -> TextState:
        """How far the text can be trusted at stream time `now`."""
        if not self.trusted:
            return TextState.TENTATIVE
        if now - self.seen > UNSEEN_S:
            return TextState.COASTING
        return TextState.SETTLED if self.settled else TextState.READING

    def entity(self, now: float, size: tuple[int, int], *, chars: bool = False) -> TextEntity:
        """Describe the text at stream time `now` in a frame of (width, height), counting up `rev` if what it says has changed."""
        state = self.state(now)
        spans, text = self.spans, self.text
        if self.trusted and not self.settled and any(self.held_back):
            shown = tuple(span for span, held in zip(spans, self.held_back, strict=True) if not held)
            if shown:
                spans, text = shown, " ".join(span.text for span in shown)
            else:
                state = TextState.TENTATIVE
        if self.published != (text, state):
            self.published = (text, state)
            self.rev += 1
        quad = self.reading_quad
        return TextEntity(
            id=self.id,
            rev=self.rev,
            state=state,
            text=text,
            confidence=self.confidence,
            polygon=quad.astype(np.float32),
            words=place_words(spans, quad, size),
            velocity=self.motion.velocity,
            reads=self.reads,
            first_seen=self.first_seen,
            last_seen=self.last_seen,
            chars=place_chars(spans, quad) if chars else None,
        )
