"""What deserves a read now: when a text was read and from what view, and what reading it once more would be worth.

Owns that record of the reads.  Does not know how reads are made, what becomes of them (belief), or where the text is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from glyphfeed.stream.geometry import area, possible_turns, share_inside, sides, touches_border
from glyphfeed.stream.motion.flow import blur_px

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from glyphfeed.stream.reading.belief import Belief

NEVER = float("-inf")
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
SECOND_READ_S = 0.15
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
UNCONFIRMED_S = 3.0
"""What was found once, by a weak detection, waits so long for a second one before it is read: five in six are no text."""
SELDOM_S = 30.0
"""Settled text is read again after this long, to be sure."""


@dataclass(slots=True)
class Reads:
    """The reads of one text; times are stream time, seconds, and only this class writes them."""

    count: int = 0
    """How often the recogniser was run for it, rival turns counted each."""
    tried: int = 0
    """Readings of this extent of the text, good or bad."""
    read_at: float = NEVER
    read_quality: float = 0.0
    """The best view that was read."""
    pending: bool = False
    """Whether a read is on its way."""
    weighed_at: float = NEVER
    """When it was last asked whether a read would pay."""
    compared_at: float = NEVER
    """When the picture inside was last compared with the one that was read."""

    def weighed(self, now: float) -> None:
        """It is asked now whether a read would pay."""
        self.weighed_at = now

    def compared(self, now: float) -> None:
        """The picture inside is compared now."""
        self.compared_at = now

    def asked(self) -> None:
        """A read is on its way."""
        self.pending = True

    def made(self, turns: int, view: float, at: float, *, begins_anew: bool) -> None:
        """So many rival turns were read, in a view of a quality at stream time `at`, of a text that may begin anew by that."""
        self.pending = False
        self.count += turns
        self.tried = 1 if begins_anew else self.tried + 1
        self.read_at = at
        self.read_quality = view if begins_anew else max(self.read_quality, view)

    def begin_anew(self) -> None:
        """What was read was of another extent: none of it counts, and the next read pays at once."""
        self.tried, self.read_quality = 0, 0.0
        self.hurry()

    def hurry(self) -> None:
        """The last read was of something else: do not wait for the next one."""
        self.read_at = NEVER

    def follow_on(self, old: Reads) -> None:
        """Count the reads of an earlier track of the same text as well."""
        self.count += old.count


def quality(quad: NDArray[np.floating], velocity: tuple[float, float], frame_s: float, size: tuple[int, int]) -> float:
    """Rate the view of a text, 0..1: higher for large, sharp (slow against its height), frontal and complete text, 0 for what is
    too low to be read.

    Args:
        quad: (4, 2) pixels, from the top-left of the text as read.
        velocity: pixels/s.
        frame_s: seconds between frames.
        size: (width, height) of the picture.

    """
    width, high = sides(quad)
    if min(width, high) < MIN_HEIGHT_PX:
        return 0.0
    height = area(quad) / max(width, 1e-6)  # across the text: the edges of one seen from the side are longer
    sharpness = 1 / (1 + (blur_px(velocity, frame_s) / (0.15 * max(height, 1))) ** 2)
    inside = share_inside(quad, size)
    clipped = inside < 0.97 or touches_border(quad, size)
    return min(min(height, width) / FULL_HEIGHT_PX, 1.0) * sharpness * inside * (0.5 if clipped else 1.0)


def value(belief: Belief, reads: Reads, view: float, now: float, *, clipped: bool, upright: bool = False) -> float:
    """Estimate what a read of a text is worth at stream time `now`, in a view of quality 0..1; 0: not now.

    Text that the border has `clipped` is read until it says something, and then seldom: what more of it comes into view is found
    by the detector, and makes it a text that was never read.  `upright` is whether the rest of the scene stands so.
    """
    if reads.pending or view < MIN_VIEW:
        return 0.0
    waited = now - reads.read_at
    if view < POORER * reads.read_quality and waited < A_WHILE_S:
        return 0.0
    stands = belief.trusted and belief.evidence is not None and not belief.changed and belief.challenger is None
    if clipped and reads.tried and waited < (SELDOM_S if stands else CLIPPED_S):
        return 0.0
    if belief.evidence is None:
        # Nothing is known: at once, and after bad luck again with patience, or when it is clearer.
        clearer = view > BETTER * reads.read_quality and waited >= SECOND_READ_S
        return 2.0 + view if clearer or waited >= patience(reads.tried, belief.confidence, upright=upright) else 0.0
    if belief.changed or belief.challenger is not None:
        soon = 0.0 if belief.refuted and not belief.contradictions else SECOND_READ_S * 2.0**belief.contradictions
        return 1.5 + view if waited >= min(soon, A_WHILE_S) else 0.0
    if belief.settled:
        if view > MUCH_BETTER * reads.read_quality and waited >= PATIENCE_S:
            return 0.5 + view
        return 0.1 if waited >= SELDOM_S else 0.0
    better = BETTER if belief.confidence >= HOPELESS else MUCH_BETTER
    if view > better * reads.read_quality and waited >= SECOND_READ_S:
        return 1.2 + view
    return 1.0 + view if waited >= patience(reads.tried, belief.confidence, upright=upright) else 0.0


def turns_to_read(belief: Belief, reads: Reads, quad: NDArray[np.floating], view: float, *, upright: bool) -> tuple[int, ...]:
    """Choose the turns in which the text in a quad (4, 2) is read now: several, compared in the same view, while it is not
    known how it stands.

    The first read takes level text to stand upright, because most does; only a poor reading raises the question, and where the
    rest of the scene stands `upright` only a second one.
    """
    rivals = possible_turns(quad)
    patient = UPRIGHT_TRIES if upright else 0
    if belief.turn_known or view <= BETTER * belief.judged_view or (rivals[0] == 0 and reads.tried <= patient):
        return (belief.quarters,)
    return rivals


def patience(tried: int, confidence: float, *, upright: bool = False) -> float:
    """Seconds to wait before text that has not settled is read again: longer each time, long if there seems to be no text."""
    if tried == 0:
        return 0.0
    times = min(tried, LONGEST)
    if confidence < HOPELESS:
        least = UPRIGHT_HOPELESS_PATIENCE_S if upright else HOPELESS_PATIENCE_S
        return min(least * 8.0 ** (times - 1), MAX_HOPELESS_PATIENCE_S)
    if times == 1:
        return SECOND_READ_S
    return min(PATIENCE_S * 3.0 ** (times - 2), MAX_PATIENCE_S)
