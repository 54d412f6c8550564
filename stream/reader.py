"""The core: frames, detections and readings in, snapshots and events out.

Owns one source's tracks, what they read, and when to detect and read.  No threads and no clock: time is the frames' own.
The rooms of `drivers` drive it.
"""

from __future__ import annotations

import math
from dataclasses import replace
from itertools import compress, count, groupby
from typing import TYPE_CHECKING

import numpy as np

from glyphfeed.stream.detecting.codes import CodeLook, CodeSchedule
from glyphfeed.stream.detecting.news import SMALLEST_PX, News
from glyphfeed.stream.detecting.passes import DetectorPass, PassKind
from glyphfeed.stream.detecting.schedule import Schedule
from glyphfeed.stream.detecting.zones import EVERYWHERE, Zones
from glyphfeed.stream.geometry import axis, clear_of_border, is_tall, rectify, share_inside, turn, with_margins
from glyphfeed.stream.motion.afterglow import Afterglow
from glyphfeed.stream.motion.changes import Changes, Part
from glyphfeed.stream.motion.flow import Flow, blur_px
from glyphfeed.stream.reading.appearance import appearance_at
from glyphfeed.stream.reading.belief import notice, notice_in_part, take_rivals
from glyphfeed.stream.reading.budget import Budget, Purse
from glyphfeed.stream.reading.requests import ReadRequest
from glyphfeed.stream.reading.rereading import UNCONFIRMED_S, quality, turns_to_read, value
from glyphfeed.stream.telling import Teller
from glyphfeed.stream.tracking.association import covers
from glyphfeed.stream.tracking.codes import CodeTracker
from glyphfeed.stream.tracking.extent import clear_part, goes_on
from glyphfeed.stream.tracking.following import IN_VIEW, in_turn
from glyphfeed.stream.tracking.returning import inherit, nearest_kin
from glyphfeed.stream.tracking.tracker import Tracker, is_void

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glyphfeed.stream.detecting.codes import CodesFound
    from glyphfeed.stream.detecting.passes import Detections
    from glyphfeed.stream.reading.requests import Reading
    from glyphfeed.stream.records import Event, Frame, Snapshot
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
COMPARE_S = 0.1
"""How often text that is shown is compared with the picture that was read, to notice that the picture inside has changed; at once
where something new is seen in it, and in every frame where that has happened before."""
MARGIN_PX = 24.0
"""What changes so near to a text belongs to it: cells of changes are no finer."""
COARSE = 1.3
"""A part that is larger by this factor than what a coarse pass sees is seen coarsely."""
TICKS = 2
"""So many changes make a text one that changes regularly, such as a clock."""
MOVES_PX = 0.5
"""In what moves by more than this in a frame pixels are new all the time."""
BLURRED = 0.2
"""What is blurred by so many text heights is not compared."""
BESIDE, BESIDE_HEIGHTS = 0.2, 0.4
"""Where a larger share of what is new lies further than so many text heights above or below a text, not only that has changed."""


class Reader:
    """Reads one source.  Call `follow` for each frame, then any of the others; one thread only."""

    def __init__(
        self,
        source: str = "source",
        *,
        chars: bool = False,
        codes: bool = False,
        budget: Budget | None = None,
        ids: Iterator[int] | None = None,
        zones: Zones = EVERYWHERE,
        takes_leave: bool = False,
    ) -> None:
        """Begin without any text; `source` is what snapshots and events call what is read.

        With `chars` the snapshots tell texts down to their single characters, with `codes` it asks to be told of QR and bar codes
        as well.  Readers of several live sources may share a `budget` of reads.  `ids` are what texts are known by, where an
        earlier reader of the source has used up some.
        """
        self.takes_leave = takes_leave
        """Whether texts that are in view are told as left when the source ends."""
        self.zones = zones
        """Where text is read; any thread may change it at any time."""
        self.reads_codes = codes
        """Whether QR and bar codes are read as well."""
        ids = ids or count(1)
        self._tracker = Tracker(ids)
        self._codes = CodeTracker(ids)
        self._code_schedule = CodeSchedule()
        self._afterglow = Afterglow()
        self._flow = Flow()
        self._changes = Changes()
        self._news = News()
        self._fresh = True
        self._is_new = True
        """Whether the frame shows anything that the one before did not."""
        self._frame: Frame | None = None
        self._pts = self._at = 0.0
        """Stream time: that of the frame, or of a moment after it where the source is silent; and where the frame just stands."""
        self._frame_s = 1 / 30
        self._purse = Purse(budget or Budget())
        self._schedule = Schedule()
        self._teller = Teller(source, chars=chars)
        self.reads = 0

    @property
    def frame(self) -> Frame | None:
        """The newest frame, None before the first."""
        return self._frame

    @property
    def _now(self) -> Frame:
        assert self._frame is not None, "no frame was followed yet"
        return self._frame

    def follow(self, frame: Frame) -> None:
        """Move every track to this frame, which follows the last one in time."""
        taken, was_lit = frame, self._afterglow.lit
        frame = self._afterglow.show(taken)
        last, self._frame = self._frame, frame
        dt = max(frame.pts - last.pts, 1e-3) if last else 1 / 30
        self._frame_s = min(self._frame_s * 0.9 + dt * 0.1, 0.2)
        self._pts = frame.pts
        self.stand(frame.pts)
        motion = self._flow.step(frame.grey, in_turn([*self._codes.in_place, *self._tracker.in_place]))
        self._afterglow.watch(taken, motion)
        if motion.cut and self._afterglow.lit:
            # Nothing of the last moment is left.
            self._afterglow.forget()
            frame = self._frame = taken
        if last and last.grey is frame.grey and motion.camera is None:
            # The same picture again shows nothing to follow where little is left of it once it is reduced, as of a long strip.
            motion = replace(motion, camera=np.eye(3), cut=False)
        if last and last.scene != frame.scene:
            # The next page of a document looks much like the one before.
            motion = replace(motion, camera=None, cut=True)
        self._tracker.follow(frame, motion, dt)
        if self.reads_codes:
            self._codes.follow(frame, motion, dt)
        self._leave_out()
        if motion.cut:
            self._schedule.restart()
            self._code_schedule.restart()
            self._fresh = True
        self._schedule.follow(motion.camera)
        parts = self._changes.step(motion, dt)
        self._code_schedule.follow(motion.camera, changed=bool(parts))
        self._is_new = bool(parts) or motion.camera is None
        if motion.cut:
            self._news = News()
        self._compare(frame)
        if self._afterglow.lit and not was_lit:
            self._see_whole(self._afterglow.parts)
        self._news.add(self._unknown(parts), frame.pts, frame.size)
        self._take_leave()

    def wait(self, pts: float, *, lost: bool) -> None:
        """Say that no frame has come until a stream time: texts coast, and where the source is `lost` they are in view no more.

        They are remembered as long as others that are not seen.
        """
        if self._frame is None:
            return
        self._pts = max(self._pts, pts)
        if lost:
            self._tracker.wait(self._pts)
            self._codes.wait(self._pts)
        self._take_leave()

    def leave(self) -> None:
        """Say that no frame comes any more: all texts have left."""
        self._tracker.leave()
        self._codes.leave()
        self._take_leave()

    def stand(self, pts: float) -> None:
        """Say that the frame stands until a stream time: there is time for more looks and reads at it."""
        self._purse.fill(max(pts - self._at, 0.0))
        self._at = max(self._at, pts)

    def look_anew(self) -> None:
        """Say that there is time for a look of every kind at the frame, and at every part of it, if it shows anything new."""
        if self._is_new:
            self._schedule.restart()

    def _take_leave(self) -> None:
        for tracker in (self._tracker, self._codes):
            self._teller.take_leave(tracker.gone, self._now, self._pts)
            tracker.gone.clear()

    def _compare(self, frame: Frame) -> None:
        """Notice text whose picture has changed."""
        for track in self._tracker.tracks:
            belief, reads, height = track.belief, track.reads, axis(track.quad).height
            if not belief.trusted or track.lost or belief.appearance is None:
                continue
            waited = frame.pts - reads.compared_at >= COMPARE_S - 1e-6 or belief.ticks >= TICKS
            passes_below = track.on_screen and not self._changes.still
            still = math.hypot(*track.velocity) * self._frame_s < MOVES_PX and not passes_below
            witnessed = still and self._changes.within(track.quad)
            if not (waited or witnessed):
                continue
            reads.compared(frame.pts)
            blurred = blur_px(track.velocity, self._frame_s) > BLURRED * height
            inside = share_inside(track.quad, frame.size)
            if blurred or inside < IN_VIEW:
                continue
            appearance = appearance_at(frame.grey, track.quad)
            if inside > 0.97:
                # Before what lies on the picture nothing passes, and beside it the scene does as it likes.
                alone = track.on_screen or self._changes.across(track.quad, BESIDE_HEIGHTS * height) <= BESIDE
                was_refuted = belief.refuted
                notice(belief, appearance, frame.index, alone=alone, witnessed=witnessed, still=still)
                if belief.refuted and not was_refuted and not belief.confined:
                    self._news.ask(Part(*track.quad.min(axis=0), *track.quad.max(axis=0)))
            else:
                level = turn(track.quad, 1) if is_tall(track.quad) else track.quad
                notice_in_part(belief, appearance, clear_of_border(level, frame.size, 0.0))

    def _see_whole(self, parts: Sequence[Part]) -> None:
        """Look at parts that flickered until now: what was not read in them was taken from pieces of letters."""
        for part in parts:
            self._news.ask(part)
        for track in tuple(self._tracker.tracks):
            x, y = track.quad.mean(axis=0)
            inside = any(part.left <= x <= part.right and part.top <= y <= part.bottom for part in parts)
            if inside and track.identity.announced is None:
                self._tracker.tracks.remove(track)

    def _unknown(self, parts: Sequence[Part]) -> list[Part]:
        """The parts of the picture that changed and are not only text that is known, and was found to say what it did."""
        borne_out = [
            track.quad for track in self._tracker.tracks if track.belief.trusted and not track.lost and not is_void(track)
        ]
        known = [*borne_out, *(track.quad for track in self._codes.in_place)]
        boxes = [(quad.min(axis=0) - MARGIN_PX, quad.max(axis=0) + MARGIN_PX) for quad in known]
        zones, size = self.zones, self._now.size
        return [
            part
            for part in parts
            if zones.touch(part, size)
            and not any(
                low[0] <= part.left and low[1] <= part.top and part.right <= high[0] and part.bottom <= high[1]
                for low, high in boxes
            )
        ]

    def take_pass(self, *, hurried: bool = False, part_only: bool = False) -> DetectorPass | None:
        """Tell whether a detector pass over the current frame would pay, and which; taking it counts as having had it.

        A `hurried` caller gets a quick look at a new scene first; who wants a `part_only` gets what is new, or none.
        """
        if self._frame is None:
            return None
        frame, tracker = self._frame, self._tracker
        if not self._fresh and (part := self._news.due(self._at, frame.size)) is not None:
            shrinks = max(part.width / SMALLEST_PX[0], part.height / SMALLEST_PX[1]) > COARSE
            return DetectorPass(frame, PassKind(coarse=shrinks), part)
        if part_only:
            return None
        kind = self._schedule.due(self._at, frame.size, tracker.unsure, tracker.quads, hurried=hurried)
        if kind is None:
            return None
        self._schedule.made(kind, self._at)
        self._fresh = False
        return DetectorPass(frame, kind)

    @property
    def blank(self) -> bool:
        """Whether no text is known in this scene."""
        return all(track.lost for track in self._tracker.tracks)

    @property
    def unread(self) -> bool:
        """Whether a text is in view that was found and not read yet."""
        return any(not (track.lost or track.reads.tried or track.unconfirmed) for track in self._tracker.tracks)

    def accept_detections(self, found: Detections) -> None:
        """Take in what a pass found, over the current frame or an earlier one; that of a scene that was cut away is dropped."""
        kind = found.asked.kind
        if not self.zones.everywhere:
            found = found.only(self.zones.hold(found.quads.reshape(-1, 4, 2).mean(axis=1), found.asked.frame.size))
        # What is read in the squares of a code is no text.
        found = found.only(~self._codes.hold(found.quads, found.asked.frame))
        news = self._tracker.accept(found.only(np.array([is_tall(quad) == kind.turned for quad in found.quads], np.bool_)))
        self._leave_out()
        if found.asked.frame.index >= self._tracker.scene:
            if found.asked.part is None:
                self._schedule.found(kind, news=news)
            else:
                self._news.found(found.asked.part, self._at, self._now.size, news=news)
                self._look_further(found)

    def _look_further(self, found: Detections) -> None:
        """Ask for a larger part where an inner edge of the one that was asked for cuts off what was not known."""
        known = [track.quad for track in self._tracker.tracks if not track.lost]
        for quad in found.quads:
            if not found.asked.area.holds(quad, self._now.size) and not any(covers(other, quad) for other in known):
                low, high = quad.min(axis=0), quad.max(axis=0)
                self._news.ask(Part(*(2 * low - high), *(2 * high - low)))

    def take_reads(self, texts: int | None = None) -> list[ReadRequest]:
        """Cut out what deserves a read now, most valuable first, of so many texts at most; it is spent of the budget."""
        frame = self._frame
        if frame is None:
            return []
        upright = self._stands_upright
        rated = [(*rating, track) for track in self._tracker.tracks if (rating := self._rate(track, frame, upright=upright))]
        rated.sort(key=lambda item: (-item[0], item[2].id))
        requests: list[ReadRequest] = []
        for _, view, track in rated[:texts]:
            turns = turns_to_read(track.belief, track.reads, track.quad, view, upright=upright)
            if not self._purse.take(len(turns)):
                break
            requests.extend(self._request(track, quarters, view, frame) for quarters in turns)
        return requests

    def _rate(self, track: Track, frame: Frame, *, upright: bool) -> tuple[float, float] | None:
        """What a read of a text is worth now, and in what view; None if it is not the time to ask, or it is worth nothing."""
        if track.lost or (track.reads.tried and self._at - track.reads.weighed_at < WEIGH_S):
            return None
        track.reads.weighed(self._at)
        if track.unconfirmed and self._at - track.born_pts < UNCONFIRMED_S:
            return None
        view = quality(track.reading_quad, track.velocity, self._frame_s, frame.size)
        clipped = goes_on(track, frame.size)
        worth = value(track.belief, track.reads, view, self._at, clipped=clipped, upright=upright)
        return (worth, view) if worth > 0 else None

    @property
    def _stands_upright(self) -> bool:
        beliefs = [track.belief for track in self._tracker.tracks if not track.lost]
        known = [belief.quarters for belief in beliefs if belief.trusted]
        return known.count(0) >= UPRIGHT_SCENE and 2 not in known

    def _request(self, track: Track, quarters: int, view: float, frame: Frame) -> ReadRequest:
        track.reads.asked()
        appearance = appearance_at(frame.grey, track.quad)
        stretch = STRETCHES[track.reads.tried % len(STRETCHES)]
        quad, margin = with_margins(turn(track.quad, quarters), MARGIN)
        crop = rectify(frame.bgr(), quad, CROP_HEIGHTS_PX, stretch)
        clipped = goes_on(track, frame.size)
        clear = clear_part(track, quarters, frame.size) if clipped else (0.0, 1.0)
        return ReadRequest(track.id, quarters, crop, margin, clipped, view, appearance, self._at, clear)

    def accept_readings(self, readings: Sequence[Reading]) -> None:
        """Fuse what was read into the tracks; readings of tracks that have gone are dropped."""
        self.reads += len(readings)
        tracks = {track.id: track for track in self._tracker.tracks}
        for identity, group in groupby(readings, key=lambda reading: reading.request.track):
            track = tracks.get(identity)
            if track is not None:
                rivals = list(group)
                begins_anew = take_rivals(
                    track.belief, rivals, awaits_extent=track.awaits_extent, extent_known=track.extent_known
                )
                request = rivals[0].request
                track.reads.made(len(rivals), request.view, request.pts, begins_anew=begins_anew)
                self._recall(track)
        self._teller.announce(self._wanted(), self._now, self._pts)

    def take_code_look(self) -> CodeLook | None:
        """Tell whether to look for codes in the current frame now, if they are read; taking it counts as having looked."""
        frame = self._frame
        if frame is None or not self.reads_codes or not self._code_schedule.due(self._at, frame.size):
            return None
        return CodeLook(frame, self._code_schedule.made(self._at))

    def accept_codes(self, found: CodesFound) -> None:
        """Take in the codes that were read in the current frame or an earlier one."""
        held = self.zones.hold(np.array([code.quad.mean(axis=0) for code in found.codes]).reshape(-1, 2), found.frame.size)
        news = self._codes.accept(replace(found, codes=tuple(compress(found.codes, held))))
        self._code_schedule.found(news=news)
        self._leave_out()
        self._teller.announce(self._codes.tracks, self._now, self._pts)

    def _recall(self, track: Track) -> None:
        """Give a new track the identity of a lost one that read the same: text that left the view and came back."""
        if track.identity.announced is not None or not track.belief.trusted or self._at - track.born_pts > RECALL_S:
            return
        lost = [old for old in self._tracker.tracks if old.lost and old is not track and old.belief.trusted]
        kin = nearest_kin(track, lost)
        if kin is not None:
            self._tracker.tracks.remove(kin)
            inherit(track, kin)

    def _wanted(self) -> list[Track]:
        """The texts that lie where text is read, and are no pieces of codes."""
        tracks = self._in_zones(self._tracker.tracks)
        if not self._codes.tracks:
            return tracks
        return list(compress(tracks, ~self._codes.hold([track.quad for track in tracks], self._now)))

    def _in_zones(self, tracks: list[Track]) -> list[Track]:
        """Those of the texts that lie where text is read."""
        zones = self.zones
        if zones.everywhere or not tracks:
            return tracks
        held = zones.hold(np.array([track.quad.mean(axis=0) for track in tracks]), self._now.size)
        return list(compress(tracks, held))

    def _leave_out(self) -> None:
        """Take what has come to where none is read for something that has left the picture."""
        self._tracker.leave_out(self._wanted())
        self._codes.leave_out(self._in_zones(self._codes.tracks))

    def snapshot(self) -> Snapshot:
        """Describe the current frame: every text that is in view, and then the codes."""
        return self._teller.snapshot([*self._tracker.tracks, *self._codes.tracks], self._now, self._pts)

    def events(self) -> list[Event]:
        """Hand over what has happened since the last call."""
        return self._teller.events()
