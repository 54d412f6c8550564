"""Where pictures are made unreadable: over texts that are blurred, also before they were found and after they were lost.

Owns: the way of a text through pictures in which it is not known.  Does not own which texts are blurred (noticing), nor how
(blurring).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from glyphfeed.stream.geometry import transform
from glyphfeed.stream.motion.flow import ALIKE, CUT_DIFFERENCE, WORKING_WIDTH_PX
from glyphfeed.stream.motion.own import shared_step
from glyphfeed.stream.motion.points import corners_in, follow_points, relit, shift_between, shrunk
from glyphfeed.stream.records import TextState
from glyphfeed.stream.understanding.blurring import box_of, grown

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from glyphfeed.stream.records import Frame, Polygon, Snapshot

MARGIN: Final = 0.4
"""Text heights by which more than a text is covered: letters have tails, and an outline lags behind a quick camera."""
COASTING: Final = 0.4
"""So many more where its place is predicted."""
GROWS: Final = 0.04
MOST: Final = 1.0
"""Text heights by which the margin grows with each picture in which a text was not found, and the most that it grows."""
AFTER_S: Final = 1.0
"""So long it is covered after it was lost, as it may still be readable where it was not found again."""
NOBODY: Final = 0
"""The id of no text: what is covered for its own sake."""
FAR: Final = 1.5
"""Who seems to move further than so many text heights from one picture to the next was not followed, but mistaken."""


class View:
    """A picture of a source, small and grey, in which places can be found again."""

    def __init__(self, frame: Frame) -> None:
        self._grey, self._scene, self.size = frame.grey, frame.scene, frame.size
        self.scale = min(WORKING_WIDTH_PX / frame.grey.shape[1], 1.0)

    @cached_property
    def small(self) -> NDArray[np.uint8]:
        """The picture, reduced."""
        return shrunk(self._grey, self.scale)

    @cached_property
    def thumbnail(self) -> NDArray[np.uint8]:
        """What is left of it at a glance."""
        return np.asarray(cv2.resize(self.small, (32, 18), interpolation=cv2.INTER_AREA), np.uint8)

    def is_another_scene(self, other: View) -> bool:
        """Whether nothing of one picture is in the other."""
        if self._scene != other._scene or self.size != other.size:
            return True
        change = float(cv2.absdiff(self.thumbnail, relit(other.thumbnail, self.thumbnail)).mean())
        return change > CUT_DIFFERENCE and shift_between(other.small, self.small)[1] < ALIKE


def carried(polygon: NDArray[np.floating], here: View, there: View) -> NDArray[np.floating] | None:
    """Find where what lies at a polygon (N, 2) of one picture is in a neighbouring one, by its own corners, or else by how all of
    the picture shifted; None where that is another scene.
    """
    if here.is_another_scene(there):
        return None
    lit = relit(here.small, there.small)
    points = corners_in(here.small, box_of(polygon) * here.scale)
    after, kept = follow_points(lit, there.small, points)
    step = shared_step(points[kept], after[kept])
    if step is None:
        shift, alike = shift_between(lit, there.small)
        step = np.array([[1, 0, shift[0]], [0, 1, shift[1]], [0, 0, 1]]) if alike >= ALIKE else np.eye(3)
    moved = transform(polygon * here.scale, step) / here.scale
    far = np.abs(moved - polygon).max() > FAR * np.ptp(polygon, axis=0).min()
    return polygon if far else moved


@dataclass(slots=True)
class Covered:
    """A picture on its way, and the polygons that are covered in it, by the texts for which they are."""

    view: View
    snapshot: Snapshot
    polygons: dict[int, list[Polygon]] = field(default_factory=lambda: defaultdict(list))

    def place_of(self, identity: int) -> Polygon | None:
        """Where a text was found in it."""
        return next((text.polygon for text in self.snapshot.texts if text.id == identity), None)

    def cover(self, identity: int, polygon: NDArray[np.floating], heights: float) -> None:
        """Cover a place, with a margin of so many text heights."""
        self.polygons[identity].append(grown(polygon, MARGIN + heights).astype(np.float32))

    def cover_all(self) -> None:
        """Cover all of the picture."""
        width, height = self.view.size
        self.polygons[NOBODY].append(np.array([(0, 0), (width, 0), (width, height), (0, height)], np.float32))

    @property
    def all(self) -> list[Polygon]:
        """Everything that is covered."""
        return [polygon for polygons in self.polygons.values() for polygon in polygons]


@dataclass(slots=True)
class Trace:
    """A text that is covered: where it lies in the last picture, when it was seen, and how unsure its place has become since."""

    polygon: NDArray[np.floating]
    seen_s: float
    unsure: float = 0.0


class Covering:
    """Covers the texts of one source that are blurred."""

    def __init__(self) -> None:
        self._traces: dict[int, Trace] = {}
        self._last: View | None = None

    def cover(self, picture: Covered, blurred: Iterable[int], held: Iterable[Covered]) -> None:
        """Cover the `blurred` texts in a new picture, and in those that are `held` still, the newest first."""
        snapshot, blurred = picture.snapshot, frozenset(blurred)
        held = list(held) if blurred else []
        for text in snapshot.texts:
            if text.id not in blurred:
                self._traces.pop(text.id, None)
                continue
            trace = self._traces.get(text.id)
            if trace is None or trace.unsure:
                cover_before(text.id, picture, held)
            self._traces[text.id] = Trace(text.polygon, snapshot.pts)
            picture.cover(text.id, text.polygon, COASTING if text.state is TextState.COASTING else 0.0)
        lost = [identity for identity in self._traces if identity not in blurred]
        for identity in lost:
            self._cover_lost(identity, picture)
        self._last = picture.view

    def _cover_lost(self, identity: int, picture: Covered) -> None:
        """Cover what was lost for a moment more."""
        trace = self._traces[identity]
        place = None if self._last is None else carried(trace.polygon, self._last, picture.view)
        if place is None or picture.snapshot.pts - trace.seen_s > AFTER_S:
            del self._traces[identity]
            return
        trace.polygon, trace.unsure = place, min(trace.unsure + GROWS, MOST)
        picture.cover(identity, place, trace.unsure)


def cover_before(identity: int, picture: Covered, held: Iterable[Covered]) -> None:
    """Cover a text that was found in a picture in those before, the newest first, back to where it is covered already, or to
    another scene: where it was found there, and where it is carried to, as it may have been found in part only.
    """
    place: NDArray[np.floating] | None = picture.place_of(identity)
    later, unsure = picture, 0.0
    for earlier in held:
        own = earlier.place_of(identity)
        if own is not None and identity in earlier.polygons:
            return
        if own is not None:
            earlier.cover(identity, own, 0.0)
        place = None if place is None else carried(place, later.view, earlier.view)
        if place is None and own is None:
            return
        if place is not None:
            unsure = min(unsure + GROWS, MOST)
            earlier.cover(identity, place, unsure)
        # What stands on the screen outlives a cut.
        place, later = own if place is None else place, earlier


def cover_all_of(identity: int, held: Sequence[Covered]) -> None:
    """Cover a text in all pictures up to the last in which it was found, the newest first."""
    for number, picture in enumerate(held):
        if (place := picture.place_of(identity)) is not None:
            picture.cover(identity, place, 0.0)
            cover_before(identity, picture, held[number + 1 :])
            return
