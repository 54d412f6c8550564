"""One physical text through time: where it is and how it lives, with what is believed of it and what was read.

Owns the place and the life of a text, which the rooms of `tracking` alone write.  Its parts have writers of their own: `Belief`
and `Reads` the rooms of `reading`, `Identity` the telling.  Does not decide when to detect, match or read.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import TYPE_CHECKING

import numpy as np

from glyphfeed.stream.geometry import axis, turn
from glyphfeed.stream.reading.belief import Belief
from glyphfeed.stream.reading.rereading import Reads

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from glyphfeed.stream.detecting.passes import PassKind
    from glyphfeed.stream.motion.quad import QuadFilter
    from glyphfeed.stream.records import Frame, TextState

HISTORY = 150
"""Frames of which a track remembers where it was: five seconds at 30 frames/s, more than any detector takes."""


ON_SCREEN = 0.5
"""Text that stands in the picture while the scene behind it moves on by so many text heights lies on the picture.  A hand that
shakes goes to and fro, and what passes by leads the camera's motion astray by less."""


class Life(Enum):
    """What is known of where a text is."""

    FOLLOWED = auto()
    """It is in its place, and published."""
    MISSED = auto()
    """Its place is followed on, but detector passes do not find it there: not published, and remembered in case it comes back."""
    MISPLACED = auto()
    """Nobody knows where it is: after a cut, or when the camera was lost with the text out of view."""


@dataclass(slots=True)
class Identity:
    """Under what a text is known outside, which goes on when it leaves and comes back; `first_seen` is Unix seconds."""

    id: int
    first_seen: float
    rev: int = 0
    announced: str | None = None
    """The text of the last `read` or `changed` event."""
    published: tuple[str, TextState] | None = None
    """What `rev` counts the changes of."""


@dataclass(slots=True)
class Track:
    """One text.  Times in `_pts` are stream time, seconds; `last_seen` is Unix seconds."""

    identity: Identity
    filter: QuadFilter
    born_pts: float
    seen_pts: float
    last_seen: float
    belief: Belief = field(default_factory=Belief)
    reads: Reads = field(default_factory=Reads)
    life: Life = Life.FOLLOWED
    drift: tuple[float, float] = (0.0, 0.0)
    """Velocity against what the camera's motion does to it, pixels/s: something nearer than what is behind it has one."""
    gone_by: tuple[float, float] = (0.0, 0.0)
    """How far the scene has moved on behind it while it stood in the picture, pixels."""
    told_in: int = -1
    """The last frame in which its own points told how it moves."""
    misses: int = 0
    overlooked: int = 0
    """Detector passes in a row that did not find it where its picture still is."""
    unconfirmed: bool = False
    """Whether it was found once, by a detection that might as well have been no text."""
    found_by: set[PassKind] = field(default_factory=set)
    found_in: int = 0
    """The last frame in which a detector pass found it."""
    paired_in: int = -1
    """The last frame in which a detector pass found it as it is: no part of it, nor more."""
    paired: int = 0
    """How many passes have, since it was last taken for longer or shorter."""
    cut_at: NDArray[np.floating] | None = None
    """Where it was when it was last detected, if it touched the picture's border there and probably goes on beyond it."""
    resized: int = 0
    """Detections in a row that showed the text longer, or, counted below 0, shorter."""
    strayed: int = 0
    """Detections in a row that showed its top or bottom elsewhere."""
    history: deque[tuple[int, NDArray[np.float64]]] = field(default_factory=lambda: deque(maxlen=HISTORY))

    @property
    def id(self) -> int:
        """The number that it is known by."""
        return self.identity.id

    @property
    def quad(self) -> NDArray[np.float64]:
        """Where it is (4, 2), the first edge pointing right."""
        return self.filter.quad

    @property
    def velocity(self) -> tuple[float, float]:
        """How fast it moves, pixels/s."""
        return self.filter.velocity

    @property
    def reading_quad(self) -> NDArray[np.float64]:
        """Where it is, from the top-left corner of the text as read."""
        return np.asarray(turn(self.quad, self.belief.quarters), np.float64)

    @property
    def placed(self) -> bool:
        """Whether its place means something."""
        return self.life is not Life.MISPLACED

    @property
    def lost(self) -> bool:
        """Whether it is not published."""
        return self.life is not Life.FOLLOWED

    @property
    def cut_off(self) -> bool:
        """Whether the text touched the picture's border when it was last detected, and probably goes on beyond it."""
        return self.cut_at is not None

    @property
    def on_screen(self) -> bool:
        """Whether it lies on the picture, as subtitles do, and not in the scene."""
        return math.hypot(*self.gone_by) > ON_SCREEN * axis(self.quad).height

    @property
    def awaits_extent(self) -> bool:
        """Whether it says something else since, and no detector pass has shown yet how far that reaches; what only tiles find
        might wait for one too long.
        """
        waits = self.belief.changed and self.found_in < self.belief.extent_as_of
        return waits and any(kind.tile is None for kind in self.found_by)

    @property
    def extent_known(self) -> bool:
        """Whether a detector pass has found it as far as it reaches since it says something else."""
        return self.paired_in >= self.belief.extent_as_of

    def quad_at(self, frame: int) -> NDArray[np.float64] | None:
        """Where the text was in an earlier frame, corners as in `quad`, None if it was not there."""
        return next((quad for index, quad in reversed(self.history) if index == frame), None)

    def found(self, now: Frame) -> None:
        """It is there, in the place that it has."""
        self.life, self.misses = Life.FOLLOWED, 0
        self.seen_pts, self.last_seen = now.pts, now.captured_at

    def missed(self, most: float) -> None:
        """A detector pass did not find it, which it may not so many times."""
        self.misses += 1
        if self.misses >= most:
            self.life = Life.MISSED

    def misplace(self) -> None:
        """Its place means nothing any more."""
        self.life = Life.MISPLACED
