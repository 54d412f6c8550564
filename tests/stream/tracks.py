"""A tracker that is fed with motions and detections made by hand: no picture is looked at."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from glyphfeed.stream.detecting.passes import Detections, DetectorPass, PassKind
from glyphfeed.stream.motion.flow import Motion
from glyphfeed.stream.motion.points import NO_POINTS
from glyphfeed.stream.motion.quad import QuadFilter
from glyphfeed.stream.records import Frame
from glyphfeed.stream.tracking.track import Identity, Track
from glyphfeed.stream.tracking.tracker import Tracker
from tests.stream.feed.samples import box
from tests.stream.shapes import moved
from tests.stream.simulation import BEGUN_AT, texture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from glyphfeed.stream.reading.belief import Belief

SIZE = (640, 360)
DT = 1 / 25
LEVEL = PassKind()
PICTURE = texture(SIZE)
CUT = Motion(None, NO_POINTS, NO_POINTS, cut=True)
NOTHING_KNOWN = Motion(None, NO_POINTS, NO_POINTS, cut=False)
POINTS = np.array([(x, y) for x in range(10, 640, 40) for y in range(10, 360, 40)], np.float32)

ENHANCED = PassKind(enhanced=True)
HEIGHT_PX = 24
SIGN = box(200, 150, 160, HEIGHT_PX)
OTHER = box(200, 250, 100, 20)
TEXT = "SHOP"


def shifted(x: float = 0.0, y: float = 0.0) -> Motion:
    """A camera that moves the whole picture."""
    camera = np.array([[1, 0, x], [0, 1, y], [0, 0, 1]], np.float64)
    return Motion(camera, POINTS, moved(POINTS, x, y).astype(np.float32), cut=False)


class Scene:
    """A tracker and its time."""

    def __init__(self, *quads: NDArray[np.floating]) -> None:
        self.tracker = Tracker()
        self.index = -1
        self.follow()
        if quads:
            self.find(*quads)

    def frame(self, index: int) -> Frame:
        return Frame(index, index * DT, BEGUN_AT + index * DT, PICTURE, lambda: np.dstack([PICTURE] * 3))

    def follow(self, motion: Motion | None = None, frames: int = 1) -> None:
        for _ in range(frames):
            self.index += 1
            self.tracker.follow(self.frame(self.index), motion or shifted(), DT)

    def find(self, *quads: NDArray[np.floating], of: int | None = None, score: float = 0.9, kind: PassKind = LEVEL) -> bool:
        """A detector pass over the current frame, or over an earlier one; tells whether it brought anything new."""
        found = np.array(quads, np.float32).reshape(-1, 4, 2)
        scores = np.full(len(found), score, np.float32)
        asked = DetectorPass(self.frame(self.index if of is None else of), kind)
        return self.tracker.accept(Detections(asked, found, scores))

    @property
    def seen(self) -> list[Track]:
        return [track for track in self.tracker.tracks if not track.lost]

    @property
    def ids(self) -> list[int]:
        return [track.id for track in self.seen]


def track_of(belief: Belief) -> Track:
    """A track in its place of which this is believed."""
    return Track(Identity(1, 0.0), QuadFilter(SIGN), born_pts=0.0, seen_pts=0.0, last_seen=0.0, belief=belief)


def read(track: Track) -> Track:
    """A text that was read and settled."""
    belief = track.belief
    belief.text, belief.trusted, belief.settled, belief.turn_known, track.reads.tried = TEXT, True, True, True, 2
    return track


def place(scene: Scene, number: int = 0) -> NDArray[np.float64]:
    return scene.seen[number].quad
