"""When a detector pass pays, and of which kind: soon after a cut or when new area comes into view, seldom when all is known.

Owns what each kind of pass has seen and found so far.  Pure: time is the frames' own.  Does not run the detector.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from glyphfeed.stream.detecting.passes import PassKind
from glyphfeed.stream.detecting.tiles import ClosePasses
from glyphfeed.stream.geometry import UNIT_SQUARE, area, intersection, transform
from glyphfeed.stream.motion.flow import SHUTTER

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray


PASS_GAP_S = 0.1
"""Time between two passes, at least."""
BLURRED_PX = 12.0
"""A picture that the camera's motion blurs by more than this shows a detector no text that could be read."""
DOUBT_S = 0.4
"""How often a pass is made for text whose extent is in doubt, as it was cut off by the border and now is not."""
MAX_BLURRED_S = 0.5
"""So long a pass waits for a sharper picture."""


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a kind of pass is made.

    Every `least_s` while it finds new text, ever more seldom up to `most_s` while not; and when `new_area` of the picture, as a
    share, came into view that it has not seen, or the less the more often it is made.
    """

    least_s: float
    most_s: float
    new_area: float


RHYTHMS = {
    PassKind(): Rhythm(1.0, 2.0, 0.2),
    PassKind(turned=True): Rhythm(6.0, 12.0, 0.7),
    PassKind(enhanced=True): Rhythm(1.4, 3.0, 0.35),
}
"""In the order of the first round.  On single frames of street clips the level plain pass covers 81 % of the legible words, with
the turned one 88 %, and with the enhanced one 94 %.  After the first round, turned passes found 1 of 38 new texts that could be
read, though they were 201 of 562, so they are made half as often since, at the same word F1; of the others the plain and the
enhanced ones found as many."""
FIRST_ROUND = 3.0
"""How much a kind is needed that the scene has not seen yet, where 1 makes it due: a camera that is swung elsewhere needs those
that it has seen more."""
TILE_RHYTHM = Rhythm(2.0, 8.0, 0.3)
"""Of passes over one part of a large picture, where `new_area` is a share of what one tile alone covers, and one that finds
nothing new puts off the next by `most_s`.  On seven walls of four street photos each and on one photo, filmed at 1920x1080, tiles
take the word F1 from 0.498 to 0.570 and the words ever read from 0.342 to 0.524, for a fifth more work."""
FINE_EVERY = 6
"""So many passes of a kind make one that sees the full detail; the others are coarse, at 0.4 of the cost: coarse ones alone after
the first give a word F1 of 0.782 on twelve street clips and 0.614 on twenty of training photos, fine ones 0.765 and 0.617."""


@dataclass(slots=True)
class Past:
    """What one kind of pass has done: when it was made last, how the camera has moved since, when it is due again."""

    interval_s: float
    passes: int = 0
    made_at: float = float("-inf")
    since: NDArray[np.float64] | None = None
    """Homography from the picture of the last pass to this one; None where it is not known."""


class Schedule:
    """Says when to make a pass over the frames of one source."""

    def __init__(self) -> None:
        self.restart()

    def restart(self) -> None:
        """Forget everything: a new scene."""
        self._past = {kind: Past(rhythm.least_s) for kind, rhythm in RHYTHMS.items()}
        self._close_passes = ClosePasses(TILE_RHYTHM.least_s, TILE_RHYTHM.most_s)
        self._camera: NDArray[np.float64] | None = None
        self._made_at = self._sharp_at = self._weighed_at = float("-inf")

    def follow(self, camera: NDArray[np.float64] | None) -> None:
        """Take in the camera's motion of one frame, a (3, 3) homography, None if the picture could not be followed."""
        self._camera = camera
        self._close_passes.follow(camera)
        for past in self._past.values():
            past.since = None if camera is None or past.since is None else camera @ past.since

    def due(
        self,
        now: float,
        size: tuple[int, int],
        unsure: PassKind | None = None,
        texts: Iterable[NDArray[np.floating]] = (),
        *,
        hurried: bool = False,
    ) -> PassKind | None:
        """Name the kind of pass that is due at stream time `now` over a picture of (width, height), or none.

        Due is a kind whose time has passed, or for which there is new area in view, or which finds text whose extent is
        `unsure`; where no such is due, on a large picture also one over a part that does not lie within one of the `texts`,
        quads (4, 2).  A `hurried` caller, who cannot make the world wait, has a coarse one first over a new scene.
        """
        if now - self._made_at < PASS_GAP_S - 1e-6:
            return None
        if shift_px(self._camera, size) * SHUTTER <= BLURRED_PX:
            self._sharp_at = now
        elif self._made_at > float("-inf") and now - max(self._sharp_at, self._made_at) < MAX_BLURRED_S:
            return None
        need = {kind: self._need(kind, now, size) for kind in RHYTHMS}
        if unsure is not None:
            unsure = unsure._replace(coarse=False)
            need[unsure] = max(need[unsure], (now - self._past[unsure].made_at + 1e-6) / DOUBT_S)
        kind = max(need, key=lambda kind: need[kind])  # of several that were never made the first
        if need[kind] >= 1:
            first = self._made_at == float("-inf")
            return kind._replace(coarse=(first and hurried) or self._past[kind].passes % FINE_EVERY != 0)
        if now - self._weighed_at < PASS_GAP_S - 1e-6:
            return None
        self._weighed_at = now
        tile = self._close_passes.most_wanted(now, size, texts, TILE_RHYTHM.new_area)
        return None if tile is None else PassKind(tile=tile)

    def _need(self, kind: PassKind, now: float, size: tuple[int, int]) -> float:
        rhythm, past = RHYTHMS[kind], self._past[kind]
        if past.made_at == float("-inf"):
            return FIRST_ROUND
        unseen = new_area(past.since, size) if self._camera is not None else 0.0
        return max((now - past.made_at + 1e-6) / past.interval_s, unseen / (rhythm.new_area * past.interval_s / rhythm.most_s))

    def made(self, kind: PassKind, now: float) -> None:
        """Note that a pass over the current frame was begun at stream time `now`."""
        self._made_at = now
        if kind.tile is not None:
            self._close_passes.made(kind.tile, now)
            return
        past = self._past[kind._replace(coarse=False)]
        past.passes += 1
        past.made_at = now
        past.since = np.eye(3)

    def found(self, kind: PassKind, *, news: bool) -> None:
        """Note whether a pass of some kind found text that was not known."""
        if kind.tile is not None:
            self._close_passes.found(news=news)
            return
        kind = kind._replace(coarse=False)
        rhythm, past = RHYTHMS[kind], self._past[kind]
        past.interval_s = rhythm.least_s if news else min(past.interval_s * 2, rhythm.most_s)


def new_area(since: NDArray[np.float64] | None, size: tuple[int, int]) -> float:
    """Share of the picture, 0..1, that was not in view before a (3, 3) camera motion; all of it if that is not known."""
    if since is None:
        return 1.0
    outline = UNIT_SQUARE * np.array(size, np.float32)
    return 1 - intersection(transform(outline, since), outline) / area(outline)


def shift_px(camera: NDArray[np.float64] | None, size: tuple[int, int]) -> float:
    """How far a (3, 3) camera motion moves the middle of the picture, pixels; 0 where it is not known."""
    if camera is None:
        return 0.0
    middle = np.array([size], np.float64) / 2
    return float(np.hypot(*(transform(middle, camera) - middle)[0]))
