"""Where a text is and how far it reaches, by what detections show of it: what the border cuts off, and whether it is longer,
shorter or elsewhere than it was taken for.

Owns when a detection changes the place and the size of a track.  Does not own which detection is whose (association).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from glyphfeed.stream.geometry import BORDER_PX, axis, clear_of_border, possible_turns, touches_border, turn
from glyphfeed.stream.motion.flow import blur_px
from glyphfeed.stream.motion.quad import QuadFilter
from glyphfeed.stream.tracking.association import overhang
from glyphfeed.stream.tracking.sighting import lies_elsewhere

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from glyphfeed.stream.motion.trail import Trail
    from glyphfeed.stream.records import Frame
    from glyphfeed.stream.tracking.sighting import Sighting
    from glyphfeed.stream.tracking.track import Track

SWALLOWED = 5
"""A text grows over another one that was read, or settled text that was found as it is before, only after so many detections in a
row that show it longer: what lies over a sign, or hard beside it, is found as one with it now and then."""
KNOWN = 3
"""So many passes that found a text as it is make known how far it reaches."""
GROWTH = 0.4
"""A detection longer or shorter by this many text heights than a track, twice in a row, shows the true length of the text."""
CUT_OFF = 0.2
COMES_IN_S = 0.1
"""What is found to end so many text heights from the border, and within what the camera moves in so many seconds, may go on
beyond it: the ends of detections are no more exact.  While the camera rests, text may well end there."""
CAME_IN = 0.5
"""Text that was cut off by the border may be longer once it lies this many text heights away from it."""


@dataclass(frozen=True, slots=True)
class Present:
    """The frame that the tracks were followed to, `dt` seconds after the one before, and the way that the picture came there."""

    frame: Frame
    dt: float
    trail: Trail

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the picture, pixels."""
        return self.frame.size


def correct(sighting: Sighting, now: Present, *, alone: bool, coarse: bool) -> bool:
    """Take in where a detection has a text, which may be a part of it only if other detections are the rest.

    Returns:
        Whether the text turned out to be longer or shorter.

    """
    track, carried = sighting.track, sighting.carried
    clipped = ends_cut_off(sighting.detected, now)
    if clipped:
        track.cut_at = sighting.detected
    known = axis(track.quad)
    longer = (axis(carried).length - known.length) / known.height
    stands = track.belief.settled and not track.belief.is_contradicted
    shorter = alone and not (stands or clipped or is_clipped(track, now.size)) and -longer > GROWTH
    whole = not clipped and abs(longer) <= GROWTH
    # A ticker is as long as its window is wide: what leaves it and what comes in are of one length.
    goes_by = not whole and overhang(track.quad, carried) > GROWTH
    if (longer > GROWTH or shorter or goes_by) and not is_blurred(track, now):
        return resize(sighting, now, at_once=False)
    track.resized = 0
    if whole and not is_blurred(track, now) and lies_elsewhere(track, carried):
        stray(track, carried, now)
    elif whole:
        track.strayed = 0
        track.filter.correct(carried, coarse=coarse)
        # The next pass may be over this same frame: what it finds is carried from here.
        track.history[-1] = (now.frame.index, track.quad)
    return False


def stray(track: Track, carried: NDArray[np.float64], now: Present) -> None:
    """See a text elsewhere than it was taken to be; one that was read is put there only when it is seen so twice in a row."""
    track.strayed += 1
    if track.strayed < 2 and track.belief.trusted:
        return
    track.strayed = 0
    place(track, carried, now)
    if not track.belief.trusted:
        # What was read there was not this text, or not all of it.
        track.reads.hurry()


def take_part(sighting: Sighting, now: Present, *, whole: bool, shared: bool) -> bool:
    """See a part of a line, or a line that the track is a part of, which it may share with other tracks.

    Returns:
        Whether the text turned out to be longer.

    """
    track, carried = sighting.track, sighting.carried
    longer = axis(carried).length > axis(track.quad).length
    if not whole and longer and overhang(track.quad, carried) > GROWTH and not is_blurred(track, now):
        return resize(sighting, now, at_once=not shared)
    track.resized = 0
    return False


def resize(sighting: Sighting, now: Present, *, at_once: bool) -> bool:
    """Take a text for longer, shorter or further on than it was, and tell whether it is so: the second time in a row, or at once,
    and where it would swallow another one only after several times.
    """
    track, carried = sighting.track, sighting.carried
    longer = axis(carried).length > axis(track.quad).length or overhang(track.quad, carried) > GROWTH
    track.resized = max(track.resized, 0) + 1 if longer else min(track.resized, 0) - 1
    belief = track.belief
    borne_out = belief.settled and not belief.changed and track.paired >= KNOWN
    least = SWALLOWED if sighting.holds_another or borne_out else 1 if at_once or is_clipped(track, now.size) else 2
    if abs(track.resized) < least:
        return False
    track.resized = track.paired = 0
    place(track, carried, now)
    track.cut_at = sighting.detected if ends_cut_off(sighting.detected, now) else None
    track.belief.begin_anew(possible_turns(carried)[0])
    track.reads.begin_anew()
    return True


def place(track: Track, quad: NDArray[np.float64], now: Present) -> None:
    """Put a track elsewhere, at the velocity that it had; where it was before means nothing any more."""
    track.filter = QuadFilter(quad, track.velocity)
    track.history.clear()
    track.history.append((now.frame.index, track.quad))


def ends_cut_off(detected: NDArray[np.floating], now: Present) -> bool:
    """Tell whether the border probably cuts off what a detection (4, 2) shows."""
    velocity = now.trail.camera_velocity(detected)
    moves = float(np.hypot(*velocity)) * COMES_IN_S if velocity else 0.0
    return touches_border(detected, now.size, max(BORDER_PX, min(CUT_OFF * axis(detected).height, moves)))


def is_clipped(track: Track, size: tuple[int, int]) -> bool:
    """Tell whether a text lies at the border of the picture of (width, height)."""
    return touches_border(track.quad, size)


def is_blurred(track: Track, now: Present) -> bool:
    """Tell whether motion blurs the ends of a text by so much that it seems longer than it is."""
    return blur_px(track.velocity, now.dt) > GROWTH * axis(track.quad).height


def is_unsure(track: Track, size: tuple[int, int]) -> bool:
    """Tell whether another detection had better show how far a text reaches: the border of the picture of (width, height) cut it
    off then and does not now, or the last detection showed it elsewhere, or it says something else since.
    """
    if track.lost:
        return False
    quad = track.quad
    came_in = track.cut_off and not touches_border(quad, size, CAME_IN * axis(quad).height)
    return came_in or bool(track.resized or track.strayed) or track.awaits_extent


def goes_on(track: Track, size: tuple[int, int]) -> bool:
    """Tell whether a text probably goes on beyond what is known of it: at the border of the picture of (width, height), come in
    from there and not detected since, or last detected longer.
    """
    return track.cut_off or track.resized > 0 or is_clipped(track, size)


def clear_part(track: Track, quarters: int, size: tuple[int, int]) -> tuple[float, float]:
    """Tell which part of a text, from and to in 0..1 along it, lies away from the border, and did when it was detected."""
    start, end = clear_of_border(turn(track.quad, quarters), size, BORDER_PX)
    if track.cut_at is not None:
        then = clear_of_border(turn(track.cut_at, quarters), size, max(BORDER_PX, CUT_OFF * axis(track.cut_at).height))
        start, end = max(start, then[0]), min(end, then[1])
    return start, end
