"""Whether a new text is one that was lost and came back: by what it says, how it looks, how large it is, and where.

Does not own which texts are lost (tracker).
"""

from __future__ import annotations

import math
from difflib import SequenceMatcher
from typing import TYPE_CHECKING

import numpy as np

from glyphfeed.stream.geometry import axis
from glyphfeed.stream.reading.appearance import likeness
from glyphfeed.stream.reading.belief import resume
from glyphfeed.stream.reading.words import plain

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glyphfeed.stream.tracking.track import Track

RESEMBLANCE = 0.75
OTHER_SIZE = 2.5
"""Text that comes back higher or lower by this factor is another that says the same."""
PLACE = 0.05
"""What a text height of distance counts against two texts being one, in units of likeness: little, as the camera has moved."""
FUZZY_LENGTH = 5
"""Texts from this length on are taken for the same if they are this alike: edges cut off other letters when a text comes back."""


def nearest_kin(track: Track, lost: Iterable[Track]) -> Track | None:
    """Find the lost text that a new one probably is, if there is one."""
    same = [old for old in lost if resemblance(old, track) >= RESEMBLANCE and growth(old, track) < OTHER_SIZE]
    return max(same, key=lambda old: kinship(old, track), default=None)


def resemblance(old: Track, new: Track) -> float:
    """Rate how alike two texts read, 0..1; short ones must read the same."""
    a, b = plain(old.belief.text), plain(new.belief.text)
    if min(len(a), len(b)) < FUZZY_LENGTH:
        return float(a == b)
    return SequenceMatcher(None, a, b, autojunk=False).ratio()


def growth(old: Track, new: Track) -> float:
    """Tell by which factor, from 1 on, two texts differ in height."""
    ratio = axis(old.quad).height / axis(new.quad).height
    return max(ratio, 1 / ratio)


def kinship(old: Track, new: Track) -> float:
    """Rate how probably two texts that read alike are one: by what they say, how they look, how large they are, and where."""
    before, after = old.belief.appearance, new.belief.appearance
    alike = likeness(before, after) if before is not None and after is not None else 0.0
    away = float(np.hypot(*(new.quad.mean(axis=0) - old.quad.mean(axis=0)))) / axis(old.quad).height
    return resemblance(old, new) + alike - math.log(growth(old, new)) - PLACE * away


def inherit(track: Track, old: Track) -> None:
    """Go on under the identity of an earlier track of the same text, and with what was read of it."""
    track.identity = old.identity
    track.reads.follow_on(old.reads)
    resume(track.belief, old.belief)
