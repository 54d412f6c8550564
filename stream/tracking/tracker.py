"""Which texts there are and where: tracks that begin, follow the flow, are matched with detections, get lost and leave.

Owns the list of tracks and their lifecycle.  Does not read text (reader) and does not know threads or clocks: stream time is
passed in, in seconds.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from glyphfeed.stream.detecting.tiles import Tile
from glyphfeed.stream.geometry import (
    BORDER_PX,
    area,
    axis,
    contain,
    intersection,
    is_sound,
    possible_turns,
    share_inside,
    touches_border,
    transform,
)
from glyphfeed.stream.motion.flow import blur_px
from glyphfeed.stream.motion.own import APART_PX, means_apart, own_motion
from glyphfeed.stream.motion.quad import QuadMotion
from glyphfeed.stream.motion.trail import Trail
from glyphfeed.stream.reading.appearance import shows
from glyphfeed.stream.reading.words import plain
from glyphfeed.stream.tracking.association import ALIKE, PART, Match, associate, covers, overhang
from glyphfeed.stream.tracking.sighting import Sighting, held_by, lies_elsewhere
from glyphfeed.stream.tracking.track import Track

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from glyphfeed.stream.detecting.passes import PassKind
    from glyphfeed.stream.motion.flow import Motion
    from glyphfeed.stream.records import Frame
    from glyphfeed.stream.tracking.sighting import Places

MAX_MISSES = 3
"""A text that so many detector passes in a row did not find, though it was in view, is lost; one never read after two."""
PART_MISSES = 9
"""The same for one that lies partly beyond the border, where detectors find less."""
OVERLOOKED = 4
"""So many passes in a row may overlook a text that has not settled and still looks the same: it may never have been there."""
LEAVE_S = 10.0
"""A lost text that does not come back for this long has left, and so has one that is out of view for this long."""
LOST_COAST_S = 0.7
"""A text that could not be followed for this long is lost: its position means nothing any more."""
IN_VIEW = 0.3
"""Share of a text that must be in the picture for it to count as in view."""
WHOLE = 0.9
"""The same for all of it."""
DRIFTS_ON = 0.85
"""Share of a text's drift against the camera that is left after a frame in which its points did not tell."""
SWALLOWED = 5
"""A text grows over another one that was read only after so many detections in a row that show both as one."""
GROWTH = 0.4
"""A detection longer or shorter by this many text heights than a track, twice in a row, shows the true length of the text."""
CUT_OFF = 0.2
COMES_IN_S = 0.1
"""What is found to end so many text heights from the border, and within what the camera moves in so many seconds, may go on
beyond it: the ends of detections are no more exact.  While the camera rests, text may well end there."""
CAME_IN = 0.5
"""Text that was cut off by the border may be longer once it lies this many text heights away from it."""
BEGIN_SCORE = 0.65
"""A detection below this score may go on with a track but not begin one: of those 20 in 100 are text, above it 60."""
SURE_SCORE = 0.86
"""A text that a detection below this score began is read only when a second one shows it, too: of 233 such in 60 clips 39 could
be read, of 289 others 193."""
TEXT_MIN_HEIGHT_PX = 6.0


class Tracker:
    """The tracks of one source."""

    def __init__(self) -> None:
        self.tracks: list[Track] = []
        self.gone: list[Track] = []
        """Tracks that left for good since this list was last emptied."""
        self._next_id = 1
        self._trail = Trail()
        self._size = (1, 1)
        self._dt = 1 / 30
        self.scene = 0
        """The frame that the present scene began with."""

    @property
    def quads(self) -> list[NDArray[np.float64]]:
        """Where the texts are that are in their places: those that drift first, then those whose points told least lately."""
        texts = [track for track in self.tracks if track.placed and not track.lost and self._overlaps_picture(track)]
        texts.sort(key=lambda track: (track.drift == (0.0, 0.0), track.told))
        return [track.motion.quad for track in texts]

    def follow(self, frame: Frame, motion: Motion, dt: float) -> None:
        """Move every track to `frame`, `dt` seconds after the last one."""
        self._size = frame.size
        self._trail.follow(frame.index, motion, dt)
        self._dt = dt
        if motion.cut:
            self.scene = frame.index
            for track in self.tracks:
                track.lost, track.placed = True, False
        moving = [track for track in self.tracks if track.placed]
        owns = contain(np.array([track.motion.quad for track in moving]).reshape(-1, 4, 2), motion.before)
        apart = motion.apart()
        along = np.zeros(len(moving), np.bool_) if apart is None else means_apart(owns, apart) < APART_PX
        for track, own, goes_along in zip(moving, owns, along, strict=True):
            self._move(track, self._step(track, own, motion, frame, goes_along=goes_along))
            if is_sound(track.motion.quad, self._size):
                track.history.append((frame.index, track.motion.quad))
            else:
                track.lost, track.placed = True, False
        self._see(frame, motion)
        self._forget(frame.pts)

    def _move(self, track: Track, step: NDArray[np.float64] | None) -> None:
        if step is not None:
            track.motion.carry(transform(track.motion.quad, step), self._dt)
        else:
            in_view = self._in_view(track.motion.quad)
            track.motion.coast(self._dt)
            if not in_view:
                track.lost, track.placed = True, False

    def _step(
        self, track: Track, own: NDArray[np.bool_], motion: Motion, frame: Frame, *, goes_along: bool
    ) -> NDArray[np.float64] | None:
        """Find how a track moved: with the camera, if its points tell so, or by its `own` points (N,), or else with the camera
        and the drift that it had against that; None if nothing is known.
        """
        quad, camera = track.motion.quad, motion.camera
        if goes_along:
            track.drift, track.told = (0.0, 0.0), frame.index
            return camera
        step = own_motion(quad, own, motion)
        # What passes before a text has points, too: the text's own motion shows the same picture again.
        if step is not None and (camera is None or shows(frame, transform(quad, step), track.look)):
            if camera is not None:
                vx, vy = (transform(quad, step) - transform(quad, camera)).mean(axis=0) / self._dt
                track.drift = float(vx), float(vy)
            track.told = frame.index
            return step
        vx, vy = track.drift = track.drift[0] * DRIFTS_ON, track.drift[1] * DRIFTS_ON
        return None if camera is None else np.array([[1, 0, vx * self._dt], [0, 1, vy * self._dt], [0, 0, 1]]) @ camera

    def _overlaps_picture(self, track: Track) -> bool:
        """Tell whether the picture may show any of a text."""
        quad = track.motion.quad
        return bool((quad.max(axis=0) > 0).all() and (quad.min(axis=0) < self._size).all())

    def _in_view(self, quad: NDArray[np.floating]) -> bool:
        return share_inside(quad, self._size) >= IN_VIEW

    def _see(self, frame: Frame, motion: Motion) -> None:
        for track in self.tracks:
            if not track.placed:
                continue
            in_view = self._in_view(track.motion.quad)
            followed = motion.camera is not None
            if in_view and followed and not track.misses and not track.lost:
                track.seen, track.last_seen = frame.pts, frame.captured_at
            elif frame.pts - track.seen > (LOST_COAST_S if in_view and not followed else LEAVE_S):
                track.lost, track.placed = True, False

    def _forget(self, now: float) -> None:
        left = [track for track in self.tracks if track.lost and (now - track.seen > LEAVE_S or not track.text)]
        if left:
            self.gone.extend(left)
            self.tracks = [track for track in self.tracks if track not in left]

    def accept(self, index: int, quads: NDArray[np.float32], scores: NDArray[np.float32], now: Frame, kind: PassKind) -> bool:
        """Take in the detections, quads (N, 4, 2) and scores (N,), of frame `index`, which may lie in the past of frame `now`.

        `kind` names the kind of pass: a kind that never found a text says nothing by not finding it, and one that looked at a
        tile says nothing about texts that reach beyond it: what an inner edge of the tile cuts is left to its neighbour.
        Detections of a scene that was cut away are dropped, and those of a frame so long ago that it is not remembered.

        Returns:
            Whether they brought anything new: a text, or more of one.

        """
        if index < self.scene or not self._trail.reaches(index):
            return False
        tile = kind.tile or Tile(0, 0, *self._size)
        whole = [tile.holds(quad, self._size) for quad in quads]
        quads, scores = quads[whole], scores[whole]
        then = [(track, quad) for track in self.tracks if track.placed and (quad := track.quad_at(index)) is not None]
        inside = {i for i, (_, quad) in enumerate(then) if tile.holds(quad, self._size)}
        for i, (track, quad) in enumerate(then):
            if i in inside and any(kind[:2] == found[:2] for found in track.found_by):
                track.cut_at = quad if self._ends_cut_off(quad) else None
        match = associate([quad for _, quad in then], list(quads)).of(inside)
        news = self._update(then, quads, match, now, coarse=kind.coarse)
        blocks = {j: held for j in match.new if len(held := held_by(quads[j], then)) > 1}
        found = {i for i, _ in match.pairs + match.parts} | {i for held in blocks.values() for i in held}
        for i, (track, quad) in enumerate(then):
            if i in found:
                track.found_by.add(kind)
                track.doubtful = False
                track.found_in = max(track.found_in, index)
                track.overlooked = 0
                self._found(track, now)
            elif i in inside and any(kind.like(found) for found in track.found_by) and self._in_view(quad):
                track.resized = track.strayed = 0
                self._miss(track, now, whole=share_inside(quad, self._size) > WHOLE)
        begun = [j for j in match.new if scores[j] >= BEGIN_SCORE and j not in blocks]
        for j, (quad, velocity) in zip(begun, self._trail.carry(index, [quads[j] for j in begun]), strict=True):
            cut_at = quads[j] if self._ends_cut_off(quads[j]) else None
            news |= self._begin(QuadMotion(quad, velocity), float(scores[j]), now, kind, cut_at=cut_at)
        self._absorb()
        return news

    def _update(
        self,
        then: Places,
        quads: NDArray[np.float32],
        match: Match,
        now: Frame,
        *,
        coarse: bool,
    ) -> bool:
        """Correct the tracks, with where they were then, by the detections that they were matched with."""
        news = False
        for i, j in match.pairs:
            sighting = Sighting(*then[i], quads[j], then)
            if not sighting.is_block:
                alone = all(i != other for other, _ in match.parts)
                news |= self._correct(sighting, now, alone=alone, coarse=coarse)
        paired = {i for i, _ in match.pairs}
        for i, j in match.parts:
            shared = sum(other == j for _, other in match.parts) > 1
            news |= self._take_part(Sighting(*then[i], quads[j], then), now, whole=i in paired, shared=shared)
        return news

    @property
    def in_doubt(self) -> PassKind | None:
        """A kind of pass that found a text whose extent is in doubt: the border cut it off then, and now does not, or the last
        detection showed it elsewhere, or it says something else since.
        """
        doubtful = (track for track in self.tracks if self._is_in_doubt(track))
        return min((kind for track in doubtful for kind in track.found_by if kind.tile is None), default=None)

    def _is_in_doubt(self, track: Track) -> bool:
        if track.lost or not track.placed:
            return False
        quad = track.motion.quad
        came_in = track.cut_off and not touches_border(quad, self._size, CAME_IN * axis(quad)[2])
        return came_in or bool(track.resized or track.strayed) or track.awaits_extent

    def _correct(self, sighting: Sighting, now: Frame, *, alone: bool, coarse: bool) -> bool:
        """Take in where a detection has a text, which may be a part of it only if other detections are the rest."""
        track, carried = sighting.track, sighting.carried
        clipped = self._ends_cut_off(sighting.detected)
        if clipped:
            track.cut_at = sighting.detected
        (_, length, height), (_, found_length, _) = axis(track.motion.quad), axis(carried)
        longer = (found_length - length) / height
        shorter = alone and not (track.settled or clipped or self._clipped(track)) and -longer > GROWTH
        if (longer > GROWTH or shorter) and not self._blurred(track):
            return self._resize(sighting, now, at_once=False)
        track.resized = 0
        whole = not clipped and abs(longer) <= GROWTH
        if whole and not self._blurred(track) and lies_elsewhere(track, carried):
            track.strayed += 1
            if track.strayed >= 2 or not track.trusted:
                track.strayed = 0
                self._place(track, QuadMotion(carried, track.motion.velocity), now)
                if not track.trusted:
                    # What was read there was not this text, or not all of it.
                    track.read_at = float("-inf")
        elif whole:
            track.strayed = 0
            track.motion.correct(carried, coarse=coarse)
            # The next pass may be over this same frame: what it finds is carried from here.
            track.history[-1] = (now.index, track.motion.quad)
        return False

    def _ends_cut_off(self, detected: NDArray[np.floating]) -> bool:
        velocity = self._trail.camera_velocity(detected)
        moves = float(np.hypot(*velocity)) * COMES_IN_S if velocity else 0.0
        return touches_border(detected, self._size, max(BORDER_PX, min(CUT_OFF * axis(detected)[2], moves)))

    def _clipped(self, track: Track) -> bool:
        return touches_border(track.motion.quad, self._size)

    def _blurred(self, track: Track) -> bool:
        """Tell whether motion blurs the ends of a text by so much that it seems longer than it is."""
        return blur_px(track.motion.velocity, self._dt) > GROWTH * axis(track.motion.quad)[2]

    def _take_part(self, sighting: Sighting, now: Frame, *, whole: bool, shared: bool) -> bool:
        """See a part of a line, or a line that the track is a part of, which it may share with other tracks."""
        track, carried = sighting.track, sighting.carried
        longer = axis(carried)[1] > axis(track.motion.quad)[1]
        if not whole and longer and overhang(track.motion.quad, carried) > GROWTH and not self._blurred(track):
            return self._resize(sighting, now, at_once=not shared)
        track.resized = 0
        return False

    def _resize(self, sighting: Sighting, now: Frame, *, at_once: bool) -> bool:
        """Take a text for longer or shorter than it was, and tell whether it is so: the second time in a row, or at once, and
        where it would swallow another one only after several times.
        """
        track, carried = sighting.track, sighting.carried
        longer = axis(carried)[1] > axis(track.motion.quad)[1]
        track.resized = max(track.resized, 0) + 1 if longer else min(track.resized, 0) - 1
        least = SWALLOWED if sighting.holds_another else 1 if at_once or self._clipped(track) else 2
        if abs(track.resized) < least:
            return False
        track.resized = 0
        self._place(track, QuadMotion(carried, track.motion.velocity), now)
        track.cut_at = sighting.detected if self._ends_cut_off(sighting.detected) else None
        track.settled = False
        track.evidence = track.challenger = None
        track.tried, track.read_quality, track.look = 0, 0.0, None
        if not track.trusted:
            track.quarters, track.turn_known, track.judged_view = possible_turns(carried)[0], False, 0.0
        track.read_at = float("-inf")
        return True

    def _place(self, track: Track, motion: QuadMotion, now: Frame) -> None:
        """Put a track elsewhere; where it was before means nothing any more."""
        track.motion = motion
        track.history.clear()
        track.history.append((now.index, motion.quad))

    def _found(self, track: Track, now: Frame) -> None:
        track.misses, track.lost = 0, False
        track.seen, track.last_seen = now.pts, now.captured_at

    def _miss(self, track: Track, now: Frame, *, whole: bool) -> None:
        track.overlooked += 1
        may_be_there = track.settled or track.overlooked <= OVERLOOKED
        if may_be_there and track.look is not None and shows(now, track.motion.quad, track.look):
            # The detector overlooked it (blur, small text), but it is still there.
            self._found(track, now)
            return
        track.misses += 1
        if track.misses >= (PART_MISSES if not whole else MAX_MISSES if track.text else 2):
            track.lost = True

    def _begin(
        self, motion: QuadMotion, score: float, now: Frame, kind: PassKind, *, cut_at: NDArray[np.floating] | None
    ) -> bool:
        quad = motion.quad
        if not is_sound(quad, self._size) or axis(quad)[2] < TEXT_MIN_HEIGHT_PX or not self._in_view(quad):
            return False
        track = Track(self._next_id, motion, now.pts, now.pts, now.captured_at, now.captured_at, possible_turns(quad)[0])
        track.history.append((now.index, track.motion.quad))
        self._next_id += 1
        track.doubtful = score < SURE_SCORE
        track.found_by.add(kind)
        track.cut_at = cut_at
        self.tracks.append(track)
        return True

    def _absorb(self) -> None:
        """Drop tracks that lie inside a larger one of like height, the halves of a line that was found whole, and those that say
        what another does in its place: a line that was found once more, too thin or too thick.
        """
        visible = [track for track in self.tracks if track.placed and not track.lost]
        if len(visible) < 2:
            return
        by_width = sorted(visible, key=lambda track: -axis(track.motion.quad)[1])
        kept: list[Track] = []
        for track in by_width:
            quad = track.motion.quad
            if any(covers(other.motion.quad, quad) or repeats(other, track) for other in kept):
                track.lost, track.placed = True, False
            else:
                kept.append(track)


def repeats(track: Track, other: Track) -> bool:
    """Tell whether two texts say the same in the same place, and are of unlike height, as two equal words that cross are not."""
    if not (track.trusted and other.trusted and plain(track.text) == plain(other.text)):
        return False
    quad, quad_of_other = track.motion.quad, other.motion.quad
    thin, thick = sorted((axis(quad)[2], axis(quad_of_other)[2]))
    return thick >= ALIKE * thin and intersection(quad, quad_of_other) >= PART * min(area(quad), area(quad_of_other))
