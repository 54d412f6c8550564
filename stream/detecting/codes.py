"""When the picture is looked at for QR and bar codes, and what such a look finds.

Owns: how often.  Pure: time is the frames' own.  Does not read codes (engines.codes), nor follow them (tracking).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from glyphfeed.engines.codes import TURNS_DEG, codes_in
from glyphfeed.stream.detecting.schedule import Past, new_area

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from glyphfeed.engines.codes import Code
    from glyphfeed.stream.records import Frame

GAP_S = 0.2
"""Time between two looks, at least."""
PIXELS_PER_S = 3e6
"""So much picture is looked at, at most: what costs some 20 ms a million pixels takes a twentieth of a core at the very most."""
CHANGED_S = 0.4
"""Where something has changed in the picture it is looked at so soon after the last look."""
LEAST_S, MOST_S = 0.25, 1.0
"""How often it is looked at while looks bring anything new, and while they do not."""
NEW_AREA = 0.15
"""So large a share of the picture that was not seen before makes it be looked at without a further wait."""
SLANTING_EVERY = 2
"""So many looks make one that finds slanting bars as well, for half as much again; they take turns at how these slant."""


@dataclass(frozen=True, slots=True)
class CodeLook:
    """A frame in which codes should be looked for, and by which angles it is turned for slanting bars."""

    frame: Frame
    turns_deg: tuple[float, ...]

    def find(self) -> CodesFound:
        """Look, which takes some milliseconds.

        Raises:
            EngineError: what this needs is not installed.

        """
        return CodesFound(self.frame, tuple(codes_in(self.frame.grey, self.turns_deg)))


@dataclass(frozen=True, slots=True)
class CodesFound:
    """The codes that were read in a frame."""

    frame: Frame
    codes: Sequence[Code]


class CodeSchedule:
    """Says when to look for codes in the frames of one source."""

    def __init__(self) -> None:
        self._past = Past(LEAST_S)
        self._camera: NDArray[np.float64] | None = None
        self._changed = False
        self._fresh = True
        """Whether nothing of the scene was looked at."""

    def restart(self) -> None:
        """A new scene."""
        self._past.interval_s, self._past.since, self._fresh = LEAST_S, None, True

    def follow(self, camera: NDArray[np.float64] | None, *, changed: bool) -> None:
        """Take in the camera's motion of one frame, a (3, 3) homography, None if the picture could not be followed, and whether
        anything has `changed` in the picture beside that.
        """
        past = self._past
        self._camera = camera
        past.since = None if camera is None or past.since is None else camera @ past.since
        self._changed |= changed

    def due(self, now: float, size: tuple[int, int]) -> bool:
        """Tell whether to look now, at stream time `now`, at a picture of (width, height)."""
        past, waited = self._past, now - self._past.made_at + 1e-6
        if waited < max(GAP_S, size[0] * size[1] / PIXELS_PER_S):
            return False
        unseen = new_area(past.since, size) if self._camera is not None else 0.0
        wait_s = min(past.interval_s, CHANGED_S) if self._changed else past.interval_s
        return self._fresh or unseen > NEW_AREA or waited >= wait_s

    def made(self, now: float) -> tuple[float, ...]:
        """Note that a look was begun at stream time `now`, and tell by which angles the picture is turned for it."""
        past = self._past
        slanting, rest = divmod(past.passes, SLANTING_EVERY)
        past.passes += 1
        past.made_at, past.since = now, np.eye(3)
        self._changed = self._fresh = False
        return () if rest else (TURNS_DEG[slanting % len(TURNS_DEG)],)

    def found(self, *, news: bool) -> None:
        """Note whether a look found anything that was not known."""
        self._past.interval_s = LEAST_S if news else min(2 * self._past.interval_s, MOST_S)
