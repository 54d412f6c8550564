"""Which texts there are: tracks that begin, are matched with detections, and get lost where those do not find them.

Owns the lifecycle of texts.  Does not own how tracks go with the picture (following), how far a text reaches (extent), does not
read text (reader), and does not know threads or clocks: stream time is passed in, in seconds.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from glyphfeed.stream.geometry import (
    aligned,
    area,
    axis,
    intersection,
    is_sound,
    possible_turns,
    share_inside,
)
from glyphfeed.stream.reading.appearance import shows
from glyphfeed.stream.reading.belief import Belief
from glyphfeed.stream.reading.words import plain
from glyphfeed.stream.tracking.association import ALIKE, PART, Match, associate, covers, misfit, overhang
from glyphfeed.stream.tracking.extent import GROWTH, Present, correct, ends_cut_off, is_unsure, take_part
from glyphfeed.stream.tracking.following import Following, is_in_view
from glyphfeed.stream.tracking.sighting import ASTRAY, Sighting, held_by

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import numpy as np
    from numpy.typing import NDArray

    from glyphfeed.stream.detecting.passes import Detections, PassKind
    from glyphfeed.stream.records import Frame
    from glyphfeed.stream.tracking.sighting import Places
    from glyphfeed.stream.tracking.track import Track

MAX_MISSES = 3
"""A text that so many detector passes in a row did not find, though it was in view, is lost; one never read after two."""
PART_MISSES = 9
"""The same for one that lies partly beyond the border, where detectors find less."""
OVERLOOKED = 4
"""So many passes in a row may overlook a text that has not settled and still looks the same: it may never have been there."""
HIDDEN_S = 0.7
"""So long something may stand before a text without its being lost."""
WHOLE = 0.9
"""The same for all of it."""
BEGIN_SCORE = 0.65
"""A detection below this score may go on with a track but not begin one: of those 20 in 100 are text, above it 60."""
SURE_SCORE = 0.86
"""A text that a detection below this score began is read only when a second one shows it, too: of 233 such in 60 clips 39 could
be read, of 289 others 193."""
TEXT_MIN_HEIGHT_PX = 6.0


class Tracker(Following):
    """The texts of one source, by what detector passes find of them."""

    def accept(self, found: Detections) -> bool:
        """Take in what a pass found in the present frame, or in one that lies in the past by now.

        A kind of pass that never found a text says nothing by not finding it, and one over a tile says nothing about texts that
        reach beyond it: what an inner edge of the tile cuts is left to its neighbour.  Detections of a scene that was cut away
        are dropped, and those of a frame so long ago that it is not remembered.

        Returns:
            Whether they brought anything new: a text, or more of one.

        """
        index, kind = found.asked.frame.index, found.asked.kind
        if index < self.scene or not self._trail.reaches(index):
            return False
        now = self._present
        tile = found.asked.area
        whole = [tile.holds(quad, now.size) for quad in found.quads]
        quads, scores = found.quads[whole], found.scores[whole]
        # What was lost as its picture is another comes back by what it says, and not by standing where that other one does.
        there = (track for track in self.tracks if track.placed and not (track.lost and track.belief.refuted))
        then: Places = [(track, quad) for track in there if (quad := track.quad_at(index)) is not None]
        inside = {i for i, (_, quad) in enumerate(then) if tile.holds(quad, now.size)}
        for i in inside:
            track, quad = then[i]
            if any(kind[:2] == other[:2] for other in track.found_by):
                track.cut_at = quad if ends_cut_off(quad, now) else None
        match = released(associate([quad for _, quad in then], list(quads)).of(inside), then, quads)
        news = correct_matched(then, quads, match, now, coarse=kind.coarse)
        blocks = {j: held for j in match.new if len(held := held_by(quads[j], then)) > 1}
        seen = {i for i, _ in match.pairs + match.parts} | {i for held in blocks.values() for i in held}
        for i, j in match.pairs:
            if max(overhang(then[i][1], quads[j]), overhang(quads[j], then[i][1])) <= GROWTH:
                then[i][0].paired_in = max(then[i][0].paired_in, index)
                then[i][0].paired += 1
        # A pass for what changed tells only of text that the picture no longer bears out.
        counted = inside if found.asked.part is None else {i for i in inside if then[i][0].belief.refuted}
        mark_missed(then, seen, counted, kind, index, now)
        news |= self._begin([j for j in match.new if scores[j] >= BEGIN_SCORE and j not in blocks], quads, scores, index, kind)
        self._absorb()
        return news

    def _begin(
        self, new: Sequence[int], quads: NDArray[np.float32], scores: NDArray[np.float32], index: int, kind: PassKind
    ) -> bool:
        """Begin tracks of what was matched with none, carried from frame `index` to the present one, and tell of any."""
        now, news = self._present, False
        for j, (quad, velocity) in zip(new, self._trail.carry(index, [quads[j] for j in new]), strict=True):
            if not is_sound(quad, now.size) or axis(quad).height < TEXT_MIN_HEIGHT_PX or not is_in_view(quad, now.size):
                continue
            track = self._add(quad, velocity, Belief(quarters=possible_turns(quad)[0]))
            track.unconfirmed = float(scores[j]) < SURE_SCORE
            track.found_by.add(kind)
            track.cut_at = quads[j] if ends_cut_off(quads[j], now) else None
            news = True
        return news

    def _absorb(self) -> None:
        """Drop tracks that lie inside a larger one of like height, the halves of a line that was found whole, and those that say
        what another does in its place: a line that was found once more, too thin or too thick.
        """
        visible = [track for track in self.tracks if not track.lost]
        if len(visible) < 2:
            return
        by_width = sorted(visible, key=lambda track: -axis(track.quad).length)
        kept: list[Track] = []
        for track in by_width:
            quad = track.quad
            if any(covers(other.quad, quad) or repeats(other, track) for other in kept):
                track.misplace()
            else:
                kept.append(track)

    @property
    def unsure(self) -> PassKind | None:
        """A kind of pass that found a text of which it is not sure how far it reaches."""
        unsure = (track for track in self.tracks if is_unsure(track, self._present.size))
        return min((kind for track in unsure for kind in track.found_by if kind.tile is None), default=None)


def correct_matched(then: Places, quads: NDArray[np.float32], match: Match, now: Present, *, coarse: bool) -> bool:
    """Correct the tracks, with where they were then, by the detections that they were matched with, and tell of news."""
    news = False
    for i, j in match.pairs:
        sighting = Sighting(*then[i], quads[j], then)
        if not sighting.is_block:
            alone = all(i != other for other, _ in match.parts)
            news |= correct(sighting, now, alone=alone, coarse=coarse)
    paired = {i for i, _ in match.pairs}
    for i, j in match.parts:
        shared = sum(other == j for _, other in match.parts) > 1
        news |= take_part(Sighting(*then[i], quads[j], then), now, whole=i in paired, shared=shared)
    return news


def mark_missed(then: Places, seen: Collection[int], inside: Collection[int], kind: PassKind, index: int, now: Present) -> None:
    """Note which texts a pass of some kind over frame `index` saw, and of those `inside` its tile which it did not."""
    for i, (track, quad) in enumerate(then):
        if i in seen:
            track.found_by.add(kind)
            track.unconfirmed = False
            track.found_in = max(track.found_in, index)
            track.overlooked = 0
            track.found(now.frame)
        elif i in inside and (is_void(track) or any(map(kind.like, track.found_by))) and is_in_view(quad, now.size):
            track.resized = track.strayed = 0
            miss(track, now.frame, whole=share_inside(quad, now.size) > WHOLE)


def is_void(track: Track) -> bool:
    """Tell whether the picture of a text has changed by so much that it may be another one, or none."""
    return track.belief.refuted and track.belief.replaced


def released(match: Match, then: Places, quads: NDArray[np.float32]) -> Match:
    """The same match, but for texts whose picture has changed: what is found of those in another line is another text, and so
    is what is found in another length where all of it changed.

    A display whose content changes keeps its place and its height, and mostly its length; a subtitle is as long as its words
    are.  What passes before a text leaves parts of it.
    """

    def is_other(i: int, j: int) -> bool:
        track, quad = then[i]
        elsewhere = track.belief.refuted and misfit(quad, aligned(quads[j], quad)) > ASTRAY
        return elsewhere or (is_void(track) and (overhang(quad, quads[j]) > GROWTH or overhang(quads[j], quad) > GROWTH))

    pairs = tuple((i, j) for i, j in match.pairs if not is_other(i, j))
    parts = tuple((i, j) for i, j in match.parts if not (is_void(then[i][0]) or is_other(i, j)))
    freed = {j for _, j in match.pairs + match.parts} - {j for _, j in pairs + parts}
    return Match(pairs, parts, tuple(sorted({*match.new, *freed})))


def miss(track: Track, now: Frame, *, whole: bool) -> None:
    """Note that a pass did not find a text that is in view, as a `whole` or in part; what still looks the same is there."""
    belief = track.belief
    if is_void(track):
        track.missed(1)
        return
    if belief.refuted and now.pts - track.seen_pts < HIDDEN_S:
        track.missed(math.inf)
        return
    track.overlooked += 1
    may_be_there = belief.settled or track.overlooked <= OVERLOOKED
    if may_be_there and belief.appearance is not None and shows(now, track.quad, belief.appearance):
        # The detector overlooked it (blur, small text), but it is still there.
        track.found(now)
    else:
        track.missed(PART_MISSES if not whole else MAX_MISSES if belief.text else 2)


def repeats(track: Track, other: Track) -> bool:
    """Tell whether two texts say the same in the same place, and are of unlike height, as two equal words that cross are not."""
    mine, others = track.belief, other.belief
    if not (mine.trusted and others.trusted and plain(mine.text) == plain(others.text)):
        return False
    quad, quad_of_other = track.quad, other.quad
    thin, thick = sorted((axis(quad).height, axis(quad_of_other).height))
    return thick >= ALIKE * thin and intersection(quad, quad_of_other) >= PART * min(area(quad), area(quad_of_other))
