"""The core: frames, detections and readings in, snapshots and events out.

Owns one source's tracks, what they read, and when to detect and read.  No threads and no clock: time is the frames' own.
`read_video` and `Pipeline` drive it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import groupby
from typing import TYPE_CHECKING

import numpy as np

from stream import fusion
from stream.blocks import blocks_of
from stream.budget import Budget, Purse
from stream.flow import Flow
from stream.geometry import axis, is_tall, rectify, share_inside, touches_border, turn, with_margins
from stream.look import SAME, SAME_LETTERS, UNTOUCHED, letters_likeness, likeness, look_at
from stream.records import Event, EventType, Frame, Snapshot
from stream.rereading import quality, turns_to_read, value
from stream.schedule import Schedule
from stream.tracker import Tracker
from stream.words import words_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from engines.lattice import Lattice
    from stream.fusion import Evidence
    from stream.schedule import PassKind
    from stream.track import Track

CROP_HEIGHTS_PX = (48, 96)
"""Crops are cut at least as high as the recogniser sees them, so that they are interpolated once, and at most twice that."""
STRETCHES = (1.1, 1.4, 1.0, 1.25)
"""Each reading of a text stretches it differently, so that the errors differ as well: of 544 training words one reading as
they are gets 85.1 % right, the surer one of 1.0 and 1.4 gets 87.1 %."""
VIEW_POWER = 2
SURE_POWER = 8
"""What a reading weighs against others of its text: powers of the view's quality and of its mean character probability, which of
1680 single readings tells the right ones far better (area under the curve 0.89 against 0.70)."""
REFUTING = 3.0
"""A reading that weighs so many times what all earlier ones do replaces them where it says something else: fused with a misread
from afar, what is read near by would stay in doubt."""
PUBLISH_CONFIDENCE = 0.33
"""Below this a reading is likelier wrong than right, and the text stays tentative."""
SETTLE_CONFIDENCE = 0.75
SETTLE_ALONE_CONFIDENCE = 0.85
"""From this on a single reading settles; below, only a second one that agrees."""
WEIGH_S = 0.1
"""How often it is asked whether another read of a text would pay."""
MARGIN = 0.15
"""Crops reach beyond a quad by this many text heights at both ends, because detectors cut into first and last letters."""
TURN_CONFIDENCE = 0.95
"""A mean character probability below this raises the question whether the text stands upright."""
CHALLENGE_CONFIDENCE = 0.85
"""What is read where settled text has changed its look must be as sure as this to count as a new text."""
RIVAL_CONFIDENCE = 0.6
"""The best of several turns answers it from this on."""
UPRIGHT_SCENE = 2
"""So many trusted upright texts, and none upside down, make a scene an upright one."""
RECALL_S = 3.0
"""A text this old is a new one, even if a lost one read the same."""
RESEMBLANCE = 0.75
OTHER_SIZE = 2.5
"""Text that comes back higher or lower by this factor is another that says the same."""
PLACE = 0.05
"""What a text height of distance counts against two texts being one, in units of likeness: little, as the camera has moved."""
FUZZY_LENGTH = 5
"""Texts from this length on are taken for the same if they are this alike: edges cut off other letters when a text comes back."""
TURN_MARGIN = 0.05
"""By so much another turn must be surer: the recogniser reads upside-down text, too, only worse."""
LOOK_S = 0.3
"""How often settled text is looked at, to notice that the picture inside has changed."""


@dataclass(frozen=True, slots=True)
class DetectorPass:
    """A frame that the detector should look at, and how."""

    frame: Frame
    kind: PassKind


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """A crop (height, width, 3) uint8 that deserves reading.

    At both ends it reaches beyond the text's quad by `margin` times the quad's width.  `clipped` text touches the picture's
    border and probably goes on beyond it.  `view` is the crop's quality in 0..1, `look` what the text looked like.
    """

    track: int
    quarters: int
    crop: NDArray[np.uint8]
    margin: float
    clipped: bool
    view: float
    look: NDArray[np.float32]
    pts: float


@dataclass(frozen=True, slots=True)
class Reading:
    """What the recogniser said of a request."""

    request: ReadRequest
    lattice: Lattice


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
        motion = self._flow.step(frame.grey)
        self._tracker.follow(frame, motion, dt)
        if motion.cut:
            self._schedule.restart()
        self._schedule.follow(motion.camera)
        self._look(frame)
        self._close()

    def wanted_pass(self) -> DetectorPass | None:
        """Tell whether a detector pass over the current frame would pay, and which; saying so counts as having had it."""
        frame = self._frame
        if frame is None:
            return None
        texts = (track.motion.quad for track in self._tracker.tracks if track.placed and not track.lost)
        kind = self._schedule.due(frame.pts, frame.size, self._tracker.in_doubt, texts)
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
        rated = []
        for track in self._tracker.tracks:
            if track.placed and not track.lost and (not track.tried or frame.pts - track.weighed_at >= WEIGH_S):
                track.weighed_at = frame.pts
                view = quality(track.reading_quad, track.motion.velocity, self._frame_s, frame.size)
                worth = value(track, view, frame.pts, clipped=goes_on(track, frame.size))
                if worth > 0:
                    rated.append((worth, view, track))
        if not rated:
            return []
        rated.sort(key=lambda item: (-item[0], item[2].id))
        requests: list[ReadRequest] = []
        known = [track.quarters for track in self._tracker.tracks if track.trusted and not track.lost]
        upright = known.count(0) >= UPRIGHT_SCENE and 2 not in known
        for _, view, track in rated[:texts]:
            turns = turns_to_read(track, view, upright=upright)
            if not self._purse.take(len(turns)):
                break
            requests.extend(self._request(track, quarters, view, frame) for quarters in turns)
        return requests

    def _request(self, track: Track, quarters: int, view: float, frame: Frame) -> ReadRequest:
        track.pending = True
        look = look_at(frame.grey, track.motion.quad)
        stretch = STRETCHES[track.tried % len(STRETCHES)]
        quad, margin = with_margins(turn(track.motion.quad, quarters), MARGIN)
        crop = rectify(frame.bgr(), quad, CROP_HEIGHTS_PX, stretch)
        clipped = goes_on(track, frame.size)
        return ReadRequest(track.id, quarters, crop, margin, clipped, view, look, frame.pts)

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
        same = [old for old in lost if resemblance(old, track) >= RESEMBLANCE and growth(old, track) < OTHER_SIZE]
        if same:
            best = max(same, key=lambda old: kinship(old, track))
            self._tracker.tracks.remove(best)
            inherit(track, best)

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


def goes_on(track: Track, size: tuple[int, int]) -> bool:
    """Tell whether a text probably goes on beyond what is known of it: at the border of the picture of (width, height), come in
    from there and not detected since, or last detected longer.
    """
    return track.cut_off or track.resized > 0 or touches_border(track.motion.quad, size)


def take_rivals(track: Track, rivals: list[Reading]) -> None:
    """Take in what was read of a track at one moment, in one turn or in several, of which the surest counts."""
    track.pending = False
    track.reads += len(rivals)
    best = max(
        rivals, key=lambda reading: reading.lattice.confidence + TURN_MARGIN * (reading.request.quarters == track.quarters)
    )
    request, sure = best.request, best.lattice.confidence
    if len(rivals) > 1:
        track.judged_view = request.view
    track.turn_known |= sure >= (TURN_CONFIDENCE if len(rivals) == 1 else RIVAL_CONFIDENCE)
    if request.quarters != track.quarters:
        track.quarters, track.evidence, track.challenger = request.quarters, None, None
    take_reading(track, best)


def take_reading(track: Track, reading: Reading) -> None:
    """Fuse one reading into its track and decide what it now says and whether it is settled."""
    request, lattice = reading.request, reading.lattice.within(reading.request.margin)
    track.tried += 1
    track.read_at = request.pts
    if not lattice.text:
        track.read_quality = max(track.read_quality, request.view)
        return
    weight = max(request.view, 0.02) ** VIEW_POWER * max(lattice.confidence, 0.05) ** SURE_POWER
    if track.settled and (track.changed_look or says_otherwise(track, lattice, request.look)):
        challenge(track, lattice, request.look, weight)
    elif track.evidence is None or (not (request.clipped and track.settled) and refutes(lattice, weight, track.evidence)):
        track.evidence, track.settled = fusion.begin(lattice, weight), False
        track.look = request.look
    else:
        track.evidence = fusion.fuse(track.evidence, lattice, weight)
        track.look = request.look
    track.read_quality = max(track.read_quality, request.view)
    conclude(track, lattice, clipped=request.clipped)


def notice(track: Track, look: NDArray[np.float32], frame: int) -> None:
    """Compare what settled text looks like in a frame with what it did when it was read: as a whole, and letter by letter, where
    one look may err.
    """
    assert track.look is not None
    letters = letters_likeness(track.look, look)
    track.altered = track.altered + 1 if letters < SAME_LETTERS else 0
    changed = likeness(track.look, look) < SAME or track.altered >= 2
    if changed and not track.changed_look:
        track.extent_as_of = frame
    track.changed_look = changed
    if letters >= UNTOUCHED:
        track.challenger = None


def says_otherwise(track: Track, lattice: Lattice, look: NDArray[np.float32]) -> bool:
    """Tell whether a reading of settled text contradicts it where a letter may have changed: it is no reading of the same."""
    if track.evidence is None or track.look is None:
        return False
    return plain(lattice.text) != plain(track.evidence.lattice.text) and letters_likeness(track.look, look) < UNTOUCHED


def refutes(lattice: Lattice, weight: float, evidence: Evidence) -> bool:
    """Tell whether a reading says something else than the earlier ones, and outweighs them by so much that they were misread."""
    return weight > REFUTING * evidence.weight and plain(lattice.text) != plain(evidence.lattice.text)


def challenge(track: Track, lattice: Lattice, look: NDArray[np.float32], weight: float) -> None:
    """Weigh what was read after the picture changed against what was settled: something before the sign, or a new text?"""
    assert track.evidence is not None
    if plain(lattice.text) == plain(track.evidence.lattice.text):
        track.look, track.changed_look, track.altered, track.challenger = look, False, 0, None
    elif lattice.confidence < CHALLENGE_CONFIDENCE or not plain(lattice.text):
        track.challenger = None
    elif track.challenger is None or plain(lattice.text) != plain(track.challenger.lattice.text):
        track.challenger = fusion.begin(lattice, weight)
    elif track.changed_look and track.found_in < track.extent_as_of and any(kind.tile is None for kind in track.found_by):
        # A pass is on its way (`Tracker.in_doubt`); what only tiles find may have to wait for one too long.
        track.challenger = fusion.fuse(track.challenger, lattice, weight)
    else:
        track.evidence, track.challenger = fusion.fuse(track.challenger, lattice, weight), None
        track.look, track.changed_look, track.altered = look, False, 0


def conclude(track: Track, latest: Lattice, *, clipped: bool) -> None:
    """Set what a track says from its evidence, which settles only when reads of the complete text agree.

    What is shown and has not settled gives way only to what is likelier: texts must not flicker.
    """
    evidence = track.evidence
    assert evidence is not None
    text, confidence = evidence.lattice.text, fusion.confidence(evidence)
    rereads = evidence.readings > 1 and track.trusted and not track.settled
    if rereads and plain(text) != plain(track.text) and confidence < track.confidence:
        return
    track.text, track.confidence = text, confidence
    track.spans = words_of(evidence)
    track.trusted = bool(track.spans) and plain(track.text) != "" and worth_showing(track)
    agrees = plain(latest.text) == plain(track.text) and not clipped
    track.settled = track.trusted and (
        track.settled
        or (evidence.readings >= 2 and agrees and track.confidence >= SETTLE_CONFIDENCE)
        or (not clipped and track.confidence >= SETTLE_ALONE_CONFIDENCE)
    )


def worth_showing(track: Track) -> bool:
    """Tell whether the words of a track, letters counted, are likely enough to be right."""
    letters = sum(len(span.text) for span in track.spans)
    return sum(len(span.text) * span.confidence for span in track.spans) >= PUBLISH_CONFIDENCE * letters


def resemblance(old: Track, new: Track) -> float:
    """Rate how alike two texts read, 0..1; short ones must read the same."""
    a, b = plain(old.text), plain(new.text)
    if min(len(a), len(b)) < FUZZY_LENGTH:
        return float(a == b)
    return SequenceMatcher(None, a, b, autojunk=False).ratio()


def growth(old: Track, new: Track) -> float:
    """Tell by which factor, from 1 on, two texts differ in height."""
    ratio = axis(old.motion.quad)[2] / axis(new.motion.quad)[2]
    return max(ratio, 1 / ratio)


def kinship(old: Track, new: Track) -> float:
    """Rate how probably two texts that read alike are one: by what they say, how they look, how large they are, and where."""
    alike = likeness(old.look, new.look) if old.look is not None and new.look is not None else 0.0
    away = float(np.hypot(*(new.motion.quad.mean(axis=0) - old.motion.quad.mean(axis=0)))) / axis(old.motion.quad)[2]
    return resemblance(old, new) + alike - math.log(growth(old, new)) - PLACE * away


def inherit(track: Track, old: Track) -> None:
    """Go on under the identity of an earlier track of the same text, and with what was read of it."""
    track.id, track.rev, track.first_seen = old.id, old.rev, old.first_seen
    track.reads += old.reads
    track.announced, track.published = old.announced, old.published
    if plain(old.text) == plain(track.text) and old.evidence is not None and track.evidence is not None:
        track.evidence = fusion.fuse(old.evidence, track.evidence.lattice, track.evidence.weight)
        track.settled = old.settled
        conclude(track, track.evidence.lattice, clipped=False)


def plain(text: str) -> str:
    """Reduce a text to what makes it the same text: letters and digits, case folded."""
    return "".join(char for char in text.casefold() if char.isalnum())
