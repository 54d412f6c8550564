"""How far a text reaches: what the border cuts off of it, and whether it is longer than it was taken for.

Owns when a detection changes the place and the size of a track.  Does not own which detection is whose (association).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from glyphfeed.stream.geometry import BORDER_PX, axis, clear_of_border, touches_border, turn
from glyphfeed.stream.tracking.tracker import CUT_OFF

if TYPE_CHECKING:
    from glyphfeed.stream.tracking.track import Track


def clear_part(track: Track, quarters: int, size: tuple[int, int]) -> tuple[float, float]:
    """Tell which part of a text, from and to in 0..1 along it, lies away from the border, and did when it was detected."""
    start, end = clear_of_border(turn(track.motion.quad, quarters), size, BORDER_PX)
    if track.cut_at is not None:
        then = clear_of_border(turn(track.cut_at, quarters), size, max(BORDER_PX, CUT_OFF * axis(track.cut_at)[2]))
        start, end = max(start, then[0]), min(end, then[1])
    return start, end


def goes_on(track: Track, size: tuple[int, int]) -> bool:
    """Tell whether a text probably goes on beyond what is known of it: at the border of the picture of (width, height), come in
    from there and not detected since, or last detected longer.
    """
    return track.cut_off or track.resized > 0 or touches_border(track.motion.quad, size)
