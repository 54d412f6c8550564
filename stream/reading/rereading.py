"""What deserves a read now: the value of reading a text once more, and the quality of the view that a reading would be made from.

Pure.  Does not know how reads are made or what becomes of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glyphfeed.stream.geometry import area, axis, possible_turns, share_inside, sides, touches_border
from glyphfeed.stream.motion.flow import blur_px

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from glyphfeed.stream.tracking.track import Track

FULL_HEIGHT_PX = 40.0
"""Text higher than this is not read better for being higher still (the recogniser sees 48 pixels)."""
MIN_HEIGHT_PX = 9.0
"""Lower text is not worth a read."""
BETTER = 1.8
"""A view this much better than the best that was read deserves a read."""
MUCH_BETTER = 2.5
"""The same for settled text."""
MIN_VIEW = 0.08
"""A worse view than this shows nothing."""
POORER = 0.6
A_WHILE_S = 4.0
"""A view poorer by this factor than the best that was read is not worth a read for a while.  What has changed is read again at
least so often, until something certain comes of it."""
UPRIGHT_TRIES = 1
"""So often text of a scene that stands upright is read poorly before it is asked whether it stands upside down."""
SECOND_LOOK_S = 0.15
PATIENCE_S = 0.6
MAX_PATIENCE_S = 16.0
"""Unsettled text is read again after a time that grows threefold with each read, between these."""
LONGEST = 16
"""Reads after which a time does not grow any more: far beyond both bounds."""
HOPELESS = 0.15
HOPELESS_PATIENCE_S = 1.5
UPRIGHT_HOPELESS_PATIENCE_S = 6.0
MAX_HOPELESS_PATIENCE_S = 60.0
"""What reads this badly is probably a window or a leaf, or stands on its head where the rest of the scene does not stand upright.
The time until it is read again grows eightfold each time."""
CLIPPED_S = 0.8
"""What the border has cut off is read again after this long at the least."""
DOUBTFUL_S = 3.0
"""What was found once, by a weak detection, waits so long for a second one before it is read: five in six are no text."""
SELDOM_S = 30.0
"""Settled text is read again after this long, to be sure."""


def quality(quad: NDArray[np.floating], velocity: tuple[float, float], frame_s: float, size: tuple[int, int]) -> float:
    """Rate the view of a text, 0..1: higher for large, sharp (slow against its height), frontal and complete text.

    Args:
        quad: (4, 2) pixels, from the top-left of the text as read.
        velocity: pixels/s.
        frame_s: seconds between frames.
        size: (width, height) of the picture.

    """
    width, _ = sides(quad)
    height = area(quad) / max(width, 1e-6)  # across the text: the edges of one seen from the side are longer
    sharpness = 1 / (1 + (blur_px(velocity, frame_s) / (0.15 * max(height, 1))) ** 2)
    inside = share_inside(quad, size)
    clipped = inside < 0.97 or touches_border(quad, size)
    return min(min(height, width) / FULL_HEIGHT_PX, 1.0) * sharpness * inside * (0.5 if clipped else 1.0)


def value(track: Track, view: float, now: float, *, clipped: bool, upright: bool = False) -> float:
    """Estimate what a read of a text is worth at stream time `now`, in a view of quality 0..1; 0: not now.

    Text that the border has `clipped` is read until it says something, and then seldom: what more of it comes into view is found
    by the detector, and makes it a text that was never read.  `upright` is whether the rest of the scene stands so.
    """
    if track.pending or track.lost or view < MIN_VIEW or axis(track.motion.quad)[2] < MIN_HEIGHT_PX:
        return 0.0
    waited = now - track.read_at
    if view < POORER * track.read_quality and waited < A_WHILE_S:
        return 0.0
    stands = track.trusted and track.evidence is not None and not track.changed_look and track.challenger is None
    if clipped and track.tried and waited < (SELDOM_S if stands else CLIPPED_S):
        return 0.0
    if track.doubtful and now - track.born < DOUBTFUL_S:
        return 0.0
    if track.evidence is None:
        # Nothing is known: at once, and after bad luck again with patience, or when it is clearer.
        clearer = view > BETTER * track.read_quality and waited >= SECOND_LOOK_S
        return 2.0 + view if clearer or waited >= patience(track, upright=upright) else 0.0
    if track.changed_look or track.challenger is not None:
        return 1.5 + view if waited >= min(SECOND_LOOK_S * 2.0**track.contradictions, A_WHILE_S) else 0.0
    if track.settled:
        if view > MUCH_BETTER * track.read_quality and waited >= PATIENCE_S:
            return 0.5 + view
        return 0.1 if waited >= SELDOM_S else 0.0
    better = BETTER if track.confidence >= HOPELESS else MUCH_BETTER
    if view > better * track.read_quality and waited >= SECOND_LOOK_S:
        return 1.2 + view
    return 1.0 + view if waited >= patience(track, upright=upright) else 0.0


def turns_to_read(track: Track, view: float, *, upright: bool) -> tuple[int, ...]:
    """Choose the turns in which a text is read now: several, compared in the same view, while it is not known how it stands.

    The first look takes level text to stand upright, because most does; only a poor reading raises the question, and where the
    rest of the scene stands `upright` only a second one.
    """
    rivals = possible_turns(track.motion.quad)
    patient = UPRIGHT_TRIES if upright else 0
    if track.turn_known or view <= BETTER * track.judged_view or (rivals[0] == 0 and track.tried <= patient):
        return (track.quarters,)
    return rivals


def patience(track: Track, *, upright: bool = False) -> float:
    """Seconds to wait before text that has not settled is read again: longer each time, long if there seems to be no text."""
    if track.tried == 0:
        return 0.0
    times = min(track.tried, LONGEST)
    if track.confidence < HOPELESS:
        least = UPRIGHT_HOPELESS_PATIENCE_S if upright else HOPELESS_PATIENCE_S
        return min(least * 8.0 ** (times - 1), MAX_HOPELESS_PATIENCE_S)
    if times == 1:
        return SECOND_LOOK_S
    return min(PATIENCE_S * 3.0 ** (times - 2), MAX_PATIENCE_S)
