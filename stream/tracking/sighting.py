"""What a detection shows of a text that is followed: where it has it, and what else it holds.

Pure.  Does not decide what comes of it (tracker).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from glyphfeed.stream.geometry import aligned, area, axis, homography_between, intersection, transform
from glyphfeed.stream.tracking.association import PART, misfit, slip

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from glyphfeed.stream.tracking.track import Track

BLOCK = 1.4
"""A detection thicker than a line by this factor, with another text in it, is two lines that were found as one."""
ASTRAY = 0.4
UNREAD_ASTRAY = 0.25
"""A track whose top or bottom lies this many text heights from where a detection has it went astray: its filter starts anew, that
of a text that was read only the second time, and one that was not sooner: half of it may have been hidden at first."""
SLIPPED = 0.5
"""The same along the text."""


Places: TypeAlias = "list[tuple[Track, NDArray[np.float64]]]"
"""Tracks, and the quad (4, 2) of each at one moment."""


@dataclass(frozen=True, slots=True)
class Sighting:
    """A track, its quad (4, 2) `then`, in the frame that a pass looked at, the quad (4, 2) that was `detected` of it, and the
    places of all texts then.
    """

    track: Track
    then: NDArray[np.floating]
    detected: NDArray[np.floating]
    places: Places

    @property
    def carried(self) -> NDArray[np.float64]:
        """The detected quad (4, 2), brought along with the track to where that is now."""
        return transform(aligned(self.detected, self.then), homography_between(self.then, self.track.quad))

    @property
    def holds_another(self) -> bool:
        """Whether the detection holds, beside the track, another text that was read."""
        return any(self.places[i][0] is not self.track for i in held_by(self.detected, self.places))

    @property
    def is_block(self) -> bool:
        """Whether it does, and is too thick for one line: two in one."""
        return axis(self.detected).height > BLOCK * axis(self.track.quad).height and self.holds_another


def held_by(detected: NDArray[np.floating], then: Places) -> list[int]:
    """Indices of the texts that were read and lie inside a detection, most of each."""
    return [
        i
        for i, (track, quad) in enumerate(then)
        if track.belief.trusted and not track.lost and intersection(quad, detected) >= PART * area(quad)
    ]


def lies_elsewhere(track: Track, detected: NDArray[np.floating]) -> bool:
    """Tell whether a track lies too far from where a detection has it for that to be noise."""
    across = misfit(track.quad, detected) > (ASTRAY if track.belief.trusted else UNREAD_ASTRAY)
    return across or slip(track.quad, detected) > SLIPPED
