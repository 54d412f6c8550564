"""Which QR and bar codes there are: tracks that begin with a look that reads them, and are the same ones by what they say.

Owns the lifecycle of codes.  Does not read them (engines.codes), and does not own how tracks go with the picture (following).
"""

from __future__ import annotations

from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from glyphfeed.stream.geometry import area, contain, intersection, is_sound, share_inside, sides
from glyphfeed.stream.reading.appearance import appearance_at, shows
from glyphfeed.stream.reading.belief import Belief, take_code
from glyphfeed.stream.tracking.extent import place
from glyphfeed.stream.tracking.following import Following
from glyphfeed.stream.tracking.returning import inherit

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from glyphfeed.engines.codes import Code
    from glyphfeed.stream.detecting.codes import CodesFound
    from glyphfeed.stream.records import Frame
    from glyphfeed.stream.tracking.sighting import Places
    from glyphfeed.stream.tracking.track import Track

MAX_MISSES = 3
"""A code that so many looks in a row did not read is lost, where the picture no longer looks as if it were there."""
WHOLE = 0.95
"""Share of a code that must be in the picture for it to be expected to be read."""
APART = 1.5
"""What says the same as a code, up to so many of its sizes from where it was taken to be, is that code."""
SHARED = 0.3
"""What says something else and shares this much of all that both cover is the same code, as on a screen."""
INSIDE = 0.6
"""Text of which this much lies in a code is a piece of that."""


class CodeTracker(Following):
    """The codes of one source, by what looks read of them."""

    def accept(self, found: CodesFound) -> bool:
        """Take in what was read in the present frame, or in one that lies in the past by now; what that shows of a scene that was
        cut away is dropped, and so is what a frame shows that is not remembered.

        Returns:
            Whether another look would soon be worth it: there is a new code, one says something new, or is missed.

        """
        frame, now = found.frame, self._present
        if frame.index < self.scene or not self._trail.reaches(frame.index):
            return False
        codes = [code for code in found.codes if is_sound(code.quad, now.size)]
        then: Places = [
            (track, quad) for track in self.tracks if track.placed and (quad := track.quad_at(frame.index)) is not None
        ]
        owners = matched(then, codes)
        carried = self._trail.carry(frame.index, [code.quad for code in codes])
        news = [self._miss(track) for track, _ in then if track not in owners.values()]
        for k, (code, (quad, velocity)) in enumerate(zip(codes, carried, strict=True)):
            if not is_sound(quad, now.size):
                continue
            track = owners.get(k)
            if track is None:
                track = self._add(quad, velocity, Belief())
            else:
                place(track, quad, now)
                track.found(now.frame)
            news.append(take_code(track.belief, code, appearance_at(frame.grey, code.quad)))
            track.reads.made(1, 1.0, frame.pts, begins_anew=False)
            if k not in owners:
                self._recall(track)
        return any(news)

    def _miss(self, track: Track) -> bool:
        """Note that a look did not read a code, and tell whether that means anything: what still looks the same is there."""
        now = self._present
        if track.lost or share_inside(track.quad, now.size) < WHOLE:
            return False
        if shows(now.frame, track.quad, track.belief.appearance):
            track.found(now.frame)
            return False
        track.missed(MAX_MISSES)
        return True

    def _recall(self, track: Track) -> None:
        """Give a new track the identity of the nearest one that says the same, and is not where it was."""
        kin = [old for old in self.tracks if old is not track and (old.lost or old.misses) and says_the_same(old, track.belief)]
        if kin:
            nearest = min(kin, key=lambda old: distance(old.quad, track.quad))
            self.tracks.remove(nearest)
            inherit(track, nearest)

    def hold(self, quads: Sequence[NDArray[np.floating]] | NDArray[np.floating], frame: Frame) -> NDArray[np.bool_]:
        """Tell which quads (4, 2) in a frame lie in one of the codes that are followed."""
        held = np.zeros(len(quads), np.bool_)
        if not len(quads):
            return held
        centres = np.array([quad.mean(axis=0) for quad in quads])
        for track in self.tracks:
            if track.lost:
                continue
            place = track.quad_at(frame.index)
            place = track.quad if place is None else place
            for k in np.flatnonzero(contain(place[None], centres)[0]).tolist():
                held[k] |= intersection(quads[k], place) >= INSIDE * area(quads[k])
        return held


def matched(then: Places, codes: Sequence[Code]) -> dict[int, Track]:
    """Find which track each of the codes is that a look read, by its number: of the tracks, with their places in that frame, the
    nearest that says the same, or else the one in its place.
    """
    same: list[tuple[float, int, Track]] = []
    other: list[tuple[float, int, Track]] = []
    for (track, quad), (k, code) in product(then, enumerate(codes)):
        if (track.belief.text, track.belief.code) == (code.text, code.symbology):
            away = distance(quad, code.quad)
            if away <= APART:
                same.append((away, k, track))
        elif not track.lost and (shared := overlap(quad, code.quad)) >= SHARED:
            other.append((-shared, k, track))
    owners: dict[int, Track] = {}
    for _, k, track in [*sorted(same, key=lambda pair: pair[:2]), *sorted(other, key=lambda pair: pair[:2])]:
        if k not in owners and track not in owners.values():
            owners[k] = track
    return owners


def says_the_same(track: Track, belief: Belief) -> bool:
    """Tell whether a code is of the same kind and content."""
    return (track.belief.text, track.belief.code) == (belief.text, belief.code)


def distance(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """How far two quads (4, 2) lie from each other, in sizes of the first: its longer side."""
    return float(np.hypot(*(b.mean(axis=0) - a.mean(axis=0)))) / max(*sides(a), 1e-6)


def overlap(a: NDArray[np.floating], b: NDArray[np.floating]) -> float:
    """What two quads (4, 2) share of all that both cover, 0..1."""
    shared = intersection(a, b)
    return shared / max(area(a) + area(b) - shared, 1e-6)
