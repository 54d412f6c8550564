"""How tracks go with the picture from frame to frame, are out of view, come back into it, and are forgotten.

Owns the list of tracks, and where each is while nobody looks for it.  Does not own what finds and loses them: detections of text
(tracker), and codes that were read (codes).
"""

from __future__ import annotations

from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from glyphfeed.stream.geometry import contain, is_sound, share_inside, transform
from glyphfeed.stream.motion.own import APART_PX, means_apart, own_motion
from glyphfeed.stream.motion.quad import QuadFilter
from glyphfeed.stream.motion.trail import Trail
from glyphfeed.stream.reading.appearance import shows
from glyphfeed.stream.tracking.extent import Present
from glyphfeed.stream.tracking.track import Identity, Track

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from numpy.typing import NDArray

    from glyphfeed.stream.motion.flow import Motion
    from glyphfeed.stream.reading.belief import Belief
    from glyphfeed.stream.records import Frame

LEAVE_S = 10.0
"""A lost text that does not come back for this long has left, and so has one that is out of view for this long."""
LOST_COAST_S = 0.7
"""A text that could not be followed for this long is lost: its position means nothing any more."""
IN_VIEW = 0.3
"""Share of a text that must be in the picture for it to count as in view."""
DRIFTS_ON = 0.85
"""Share of a text's drift against the camera that is left after a frame in which its points did not tell."""


class Following:
    """Tracks of one source, however they begin."""

    def __init__(self, ids: Iterator[int] | None = None) -> None:
        """Begin without any; `ids` are what the tracks are known by, from 1 on where none are given."""
        self.tracks: list[Track] = []
        self.gone: list[Track] = []
        """Tracks that left for good since this list was last emptied."""
        self._ids = ids or count(1)
        self._trail = Trail()
        self._now: Present | None = None
        self.scene = 0
        """The frame that the present scene began with."""

    @property
    def quads(self) -> list[NDArray[np.float64]]:
        """Where those are that are in their places; see `in_turn`."""
        return in_turn(self.in_place)

    @property
    def in_place(self) -> list[Track]:
        """Those that are in their places, as far as the picture may show any of them."""
        return [track for track in self.tracks if not track.lost and self._overlaps_picture(track)]

    def follow(self, frame: Frame, motion: Motion, dt: float) -> None:
        """Move every track to `frame`, `dt` seconds after the last one."""
        self._trail.follow(frame.index, motion, dt)
        self._now = now = Present(frame, dt, self._trail)
        if motion.cut:
            self.scene = frame.index
            for track in self.tracks:
                track.misplace()
        moving = [track for track in self.tracks if track.placed]
        owns = contain(np.array([track.quad for track in moving]).reshape(-1, 4, 2), motion.before)
        apart = motion.apart()
        along = np.zeros(len(moving), np.bool_) if apart is None else means_apart(owns, apart) < APART_PX
        for track, own, goes_along in zip(moving, owns, along, strict=True):
            move(track, step_of(track, own, motion, now, goes_along=goes_along), now)
        self._see(frame, motion)
        self._forget(frame.pts)

    def wait(self, now: float) -> None:
        """Let time pass without pictures: nobody knows what is in view, and what is not seen again for long has left."""
        for track in self.tracks:
            if not track.lost:
                track.missed(1)
        self._forget(now)

    def leave(self) -> None:
        """Nothing is seen any more, nor comes back."""
        self.gone.extend(self.tracks)
        self.tracks = []

    def leave_out(self, wanted: Collection[Track]) -> None:
        """Lose all texts that are not `wanted`, as if they had left the picture."""
        if len(wanted) < len(self.tracks):
            for track in self.tracks:
                if track not in wanted:
                    track.misplace()

    def _overlaps_picture(self, track: Track) -> bool:
        """Tell whether the picture may show any of a text."""
        quad, size = track.quad, self._present.size
        return bool((quad.max(axis=0) > 0).all() and (quad.min(axis=0) < size).all())

    @property
    def _present(self) -> Present:
        assert self._now is not None, "no frame was followed yet"
        return self._now

    def _see(self, frame: Frame, motion: Motion) -> None:
        for track in self.tracks:
            if not track.placed:
                continue
            in_view = is_in_view(track.quad, frame.size)
            followed = motion.camera is not None
            if in_view and followed and not track.misses and not track.lost:
                track.seen_pts, track.last_seen = frame.pts, frame.captured_at
            elif frame.pts - track.seen_pts > (LOST_COAST_S if in_view and not followed else LEAVE_S):
                track.misplace()

    def _forget(self, now: float) -> None:
        left = [track for track in self.tracks if track.lost and (now - track.seen_pts > LEAVE_S or not track.belief.text)]
        if left:
            self.gone.extend(left)
            self.tracks = [track for track in self.tracks if track not in left]

    def _add(self, quad: NDArray[np.floating], velocity: tuple[float, float] | None, belief: Belief) -> Track:
        """Begin a track at a quad (4, 2) of the present frame, which moves so fast, pixels/s, None where that is not known."""
        frame = self._present.frame
        identity = Identity(next(self._ids), frame.captured_at)
        track = Track(identity, QuadFilter(quad, velocity), frame.pts, frame.pts, frame.captured_at, belief)
        track.history.append((frame.index, track.quad))
        self.tracks.append(track)
        return track


def in_turn(tracks: Iterable[Track]) -> list[NDArray[np.float64]]:
    """Where tracks are, in the order in which their own points are to be looked at: those that drift first, then those whose
    points told least lately.
    """
    return [track.quad for track in sorted(tracks, key=lambda track: (track.drift == (0.0, 0.0), track.told_in))]


def step_of(
    track: Track, own: NDArray[np.bool_], motion: Motion, now: Present, *, goes_along: bool
) -> NDArray[np.float64] | None:
    """Find how a track moved: with the camera, if its points tell so, or by its `own` points (N,), or else with the camera and
    the drift that it had against that; None if nothing is known.
    """
    quad, camera = track.quad, motion.camera
    if goes_along:
        track.drift, track.told_in = (0.0, 0.0), now.frame.index
        if camera is not None and moved_px(quad, camera) > APART_PX:
            track.gone_by = (0.0, 0.0)
        return camera
    step = own_motion(quad, own, motion)
    # What passes before a text has points, too: the text's own motion shows the same picture again.
    if step is not None and (camera is None or shows(now.frame, transform(quad, step), track.belief.appearance)):
        if camera is not None:
            vx, vy = (transform(quad, step) - transform(quad, camera)).mean(axis=0) / now.dt
            track.drift = float(vx), float(vy)
            stands = moved_px(quad, step) < APART_PX
            x, y = (transform(quad, camera) - quad).mean(axis=0)
            track.gone_by = (track.gone_by[0] + x, track.gone_by[1] + y) if stands else (0.0, 0.0)
        track.told_in = now.frame.index
        return step
    if track.on_screen:
        return np.eye(3)
    vx, vy = track.drift = track.drift[0] * DRIFTS_ON, track.drift[1] * DRIFTS_ON
    return None if camera is None else np.array([[1, 0, vx * now.dt], [0, 1, vy * now.dt], [0, 0, 1]]) @ camera


def moved_px(quad: NDArray[np.floating], step: NDArray[np.float64]) -> float:
    """How far a step, a (3, 3) homography, moves the middle of a quad (4, 2), pixels."""
    return float(np.hypot(*(transform(quad, step) - quad).mean(axis=0)))


def move(track: Track, step: NDArray[np.float64] | None, now: Present) -> None:
    """Move a track by a step, a (3, 3) homography, or where that is not known on at the velocity that it had."""
    if step is not None:
        track.filter.carry(transform(track.quad, step), now.dt)
    else:
        in_view = is_in_view(track.quad, now.size)
        track.filter.coast(now.dt)
        if not in_view:
            track.misplace()
    if is_sound(track.quad, now.size):
        track.history.append((now.frame.index, track.quad))
    else:
        track.misplace()


def is_in_view(quad: NDArray[np.floating], size: tuple[int, int]) -> bool:
    """Tell whether enough of a text's quad (4, 2) lies in the picture of (width, height)."""
    return share_inside(quad, size) >= IN_VIEW
