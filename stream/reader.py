"""The core: frames, detections and readings in, snapshots and events out.

Owns one source's tracks, what they read, and when to detect and read.  No threads and no clock: time is the frames' own.
`read_video` and `Pipeline` drive it.
"""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from glyphfeed.stream.blocks import blocks_of
from glyphfeed.stream.detecting.passes import DetectorPass
from glyphfeed.stream.detecting.schedule import Schedule
from glyphfeed.stream.geometry import (
    is_tall,
    rectify,
    share_inside,
    turn,
    with_margins,
)
from glyphfeed.stream.motion.flow import Flow
from glyphfeed.stream.reading.appearance import look_at
from glyphfeed.stream.reading.belief import notice, take_rivals
from glyphfeed.stream.reading.budget import Budget, Purse
from glyphfeed.stream.reading.requests import ReadRequest
from glyphfeed.stream.reading.rereading import quality, turns_to_read, value
from glyphfeed.stream.records import Event, EventType, Frame, Snapshot
from glyphfeed.stream.tracking.extent import clear_part, goes_on
from glyphfeed.stream.tracking.returning import inherit, nearest_kin
from glyphfeed.stream.tracking.tracker import Tracker

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from glyphfeed.stream.reading.requests import Reading
    from glyphfeed.stream.tracking.track import Track

CROP_HEIGHTS_PX = (48, 96)
"""Crops are cut at least as high as the recogniser sees them, so that they are interpolated once, and at most twice that."""
STRETCHES = (1.1, 1.4, 1.0, 1.25)
"""Each reading of a text stretches it differently, so that the errors differ as well: of 544 training words one reading as
they are gets 85.1 % right, the surer one of 1.0 and 1.4 gets 87.1 %."""
WEIGH_S = 0.1
"""How often it is asked whether another read of a text would pay."""
MARGIN = 0.15
"""Crops reach beyond a quad by this many text heights at both ends, because detectors cut into first and last letters."""
UPRIGHT_SCENE = 2
"""So many trusted upright texts, and none upside down, make a scene an upright one."""
RECALL_S = 3.0
"""A text this old is a new one, even if a lost one read the same."""
LOOK_S = 0.3
"""How often settled text is looked at, to notice that the picture inside has changed."""


class Reader:
    """Reads one source.  Call `follow` for each frame, then any of the others; one thread only."""

    def __init__(self, *, chars: bool = False, budget: Budget | None = None) -> None:
        """Begin without any text.

        With `chars` the snapshots tell texts down to their single characters.  Readers of several live sources may share a
        `budget` of reads.
        """
        self._chars = chars
        self._tracker = Tracker()
        self._flow = Flow()
        self._frame: Frame | None = None
        self._frame_s = 1 / 30
        self._purse = Purse(budget or Budget())
        self._events: list[Event] = []
        self._schedule = Schedule()
        self.reads = 0

    def follow(self, frame: Frame) -> None:
        """Move every track to this frame, which follows the last one in time."""
        last, self._frame = self._frame, frame
        dt = max(frame.pts - last.pts, 1e-3) if last else 1 / 30
        self._frame_s = min(self._frame_s * 0.9 + dt * 0.1, 0.2)
        self._purse.fill(dt)
        motion = self._flow.step(frame.grey, self._tracker.quads)
        self._tracker.follow(frame, motion, dt)
        if motion.cut:
            self._schedule.restart()
        self._schedule.follow(motion.camera)
        self._look(frame)
        self._close()

    def wanted_pass(self, *, hurried: bool = False) -> DetectorPass | None:
        """Tell whether a detector pass over the current frame would pay, and which; saying so counts as having had it.

        A `hurried` caller gets a quick look at a new scene first.
        """
        frame = self._frame
        if frame is None:
            return None
        kind = self._schedule.due(frame.pts, frame.size, self._tracker.in_doubt, self._tracker.quads, hurried=hurried)
        if kind is None:
            return None
        self._schedule.made(kind, frame.pts)
        return DetectorPass(frame, kind)

    @property
    def blank(self) -> bool:
        """Whether no text is known in this scene."""
        return all(track.lost for track in self._tracker.tracks)

    @property
    def unread(self) -> bool:
        """Whether a text is in view that was found and not read yet."""
        return any(track.placed and not (track.lost or track.tried or track.doubtful) for track in self._tracker.tracks)

    def accept_detections(self, detector_pass: DetectorPass, quads: NDArray[np.float32], scores: NDArray[np.float32]) -> None:
        """Take in the quads (N, 4, 2) and scores (N,) that a pass found, over the current frame or an earlier one.

        Those of a scene that has been cut away are dropped.
        """
        assert self._frame is not None
        kind = detector_pass.kind
        kept = np.array([is_tall(quad) == kind.turned for quad in quads], np.bool_)
        news = self._tracker.accept(detector_pass.frame.index, quads[kept], scores[kept], self._frame, kind)
        if detector_pass.frame.index >= self._tracker.scene:
            self._schedule.found(kind, news=news)

    def wanted(self, texts: int | None = None) -> list[ReadRequest]:
        """Cut out what deserves a read now, most valuable first, within the budget and of so many texts at most."""
        frame = self._frame
        if frame is None:
            return []
        upright = self._stands_upright
        rated = []
        for track in self._tracker.tracks:
            if track.placed and not track.lost and (not track.tried or frame.pts - track.weighed_at >= WEIGH_S):
                track.weighed_at = frame.pts
                view = quality(track.reading_quad, track.motion.velocity, self._frame_s, frame.size)
                worth = value(track, view, frame.pts, clipped=goes_on(track, frame.size), upright=upright)
                if worth > 0:
                    rated.append((worth, view, track))
        if not rated:
            return []
        rated.sort(key=lambda item: (-item[0], item[2].id))
        requests: list[ReadRequest] = []
        for _, view, track in rated[:texts]:
            turns = turns_to_read(track, view, upright=upright)
            if not self._purse.take(len(turns)):
                break
            requests.extend(self._request(track, quarters, view, frame) for quarters in turns)
        return requests

    @property
    def _stands_upright(self) -> bool:
        known = [track.quarters for track in self._tracker.tracks if track.trusted and not track.lost]
        return known.count(0) >= UPRIGHT_SCENE and 2 not in known

    def _request(self, track: Track, quarters: int, view: float, frame: Frame) -> ReadRequest:
        track.pending = True
        look = look_at(frame.grey, track.motion.quad)
        stretch = STRETCHES[track.tried % len(STRETCHES)]
        quad, margin = with_margins(turn(track.motion.quad, quarters), MARGIN)
        crop = rectify(frame.bgr(), quad, CROP_HEIGHTS_PX, stretch)
        clipped = goes_on(track, frame.size)
        clear = clear_part(track, quarters, frame.size) if clipped else (0.0, 1.0)
        return ReadRequest(track.id, quarters, crop, margin, clipped, view, look, frame.pts, clear)

    def accept_readings(self, readings: list[Reading]) -> None:
        """Fuse what was read into the tracks; readings of tracks that have gone are dropped."""
        self.reads += len(readings)
        tracks = {track.id: track for track in self._tracker.tracks}
        for identity, rivals in groupby(readings, key=lambda reading: reading.request.track):
            track = tracks.get(identity)
            if track is not None:
                take_rivals(track, list(rivals))
                self._recall(track)
        for track in self._tracker.tracks:
            self._announce(track)

    def _recall(self, track: Track) -> None:
        """Give a new track the identity of a lost one that read the same: text that left the view and came back."""
        if track.announced is not None or not track.trusted or self._now - track.born > RECALL_S:
            return
        lost = [old for old in self._tracker.tracks if old.lost and old is not track and old.trusted]
        kin = nearest_kin(track, lost)
        if kin is not None:
            self._tracker.tracks.remove(kin)
            inherit(track, kin)

    def _announce(self, track: Track) -> None:
        if not track.settled or track.announced == track.text:
            return
        kind = EventType.READ if track.announced is None else EventType.CHANGED
        self._event(kind, track, track.announced)
        track.announced = track.text

    def _event(self, kind: EventType, track: Track, previous: str | None = None) -> None:
        frame = self._frame
        assert frame is not None
        entity = track.entity(frame.pts, frame.size, chars=self._chars)
        self._events.append(Event(kind, frame.index, frame.captured_at, entity, previous))

    def _look(self, frame: Frame) -> None:
        """Notice settled text whose picture has changed."""
        for track in self._tracker.tracks:
            if not track.settled or track.lost or track.look is None or frame.pts - track.looked_at < LOOK_S:
                continue
            track.looked_at = frame.pts
            if share_inside(track.motion.quad, frame.size) > 0.97:
                notice(track, look_at(frame.grey, track.motion.quad), frame.index)

    def _close(self) -> None:
        for track in self._tracker.gone:
            if track.announced is not None:
                self._event(EventType.LEFT, track)
        self._tracker.gone.clear()

    @property
    def _now(self) -> float:
        return self._frame.pts if self._frame else 0.0

    def snapshot(self) -> Snapshot:
        """Describe the current frame: every text that is in view."""
        frame = self._frame
        assert frame is not None
        texts = tuple(
            track.entity(frame.pts, frame.size, chars=self._chars)
            for track in self._tracker.tracks
            if not track.lost and share_inside(track.motion.quad, frame.size) > 0.05
        )
        return Snapshot(frame.index, frame.pts, frame.captured_at, frame.size, texts, blocks_of(texts))

    def events(self) -> list[Event]:
        """Hand over what has happened since the last call."""
        events, self._events = self._events, []
        return events
