"""Which detection is which track: a cost in text heights and the cheapest one-to-one match.

Pure.  Works on quads at one and the same moment; bringing them there is the tracker's business.  IoU is no measure for thin
lines: a line moved by its own height has none left.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from scipy.optimize import linear_sum_assignment

from glyphfeed.stream.geometry import aligned, area, axis, intersection

if TYPE_CHECKING:
    from collections.abc import Collection

    from numpy.typing import NDArray

ACROSS, ALONG, HEIGHT, LENGTH = 1.3, 1.0, 0.5, 0.5
"""What counts how much in the cost of a pair: the offset across the text in its heights, the one along it in its lengths, and the
logarithms of both ratios.  Lines lie closely one below the other, so that an offset across them tells the most."""
GATE = 0.9
"""A pair that costs more is never matched."""
MIN_SHARED = 0.3
"""A pair that shares less of the smaller area is never matched."""
PART = 0.6
"""A detection that shares this much of the smaller area with a track is a part of it, or it of the track."""
SAME_LINE = 0.55
"""Parts of one line lie across it by less than this, in its thickness; the next line lies one off, and its box reaches over."""
ALIKE = 1.8
"""Parts of one line have thicknesses that differ by less than this factor."""


@dataclass(frozen=True, slots=True)
class Match:
    """What was matched, as indices: (track, detection) pairs, pairs that share a line only in part, and new detections."""

    pairs: tuple[tuple[int, int], ...]
    parts: tuple[tuple[int, int], ...]
    new: tuple[int, ...]

    def of(self, tracks: Collection[int]) -> Match:
        """The same but for what concerns other tracks."""
        return replace(
            self, pairs=tuple(p for p in self.pairs if p[0] in tracks), parts=tuple(p for p in self.parts if p[0] in tracks)
        )


def offsets(track: NDArray[np.floating], detection: NDArray[np.floating]) -> tuple[float, float]:
    """How far a detected quad's centre lies from a track's: along the text in its length, across it in its thickness."""
    along, length, thickness = axis(track)
    offset = detection.mean(axis=0) - track.mean(axis=0)
    return abs(float(offset @ along)) / length, abs(float(offset[1] * along[0] - offset[0] * along[1])) / thickness


def text_distance(track: NDArray[np.floating], detection: NDArray[np.floating]) -> float:
    """How badly a detected quad (4, 2) fits a predicted one, 0 for equal: the offsets and the ratios of both sides."""
    mine, other = axis(track), axis(detection)
    along, across = offsets(track, detection)
    height, length = abs(math.log(other.height / mine.height)), abs(math.log(other.length / mine.length))
    return ACROSS * across + ALONG * along + HEIGHT * height + LENGTH * length


def is_part(track: NDArray[np.floating], detection: NDArray[np.floating]) -> bool:
    """Tell whether one of two quads that overlap is a part of the line that the other one is."""
    ratio = axis(track).height / axis(detection).height
    longer, other = (track, detection) if axis(track).length >= axis(detection).length else (detection, track)
    return 1 / ALIKE < ratio < ALIKE and offsets(longer, other)[1] < SAME_LINE


def covers(line: NDArray[np.floating], part: NDArray[np.floating]) -> bool:
    """Tell whether a quad lies within a longer one as a part of the same line."""
    return intersection(line, part) >= PART * area(part) and is_part(line, part)


def misfit(track: NDArray[np.floating], detected: NDArray[np.floating]) -> float:
    """How far a detected quad's corners lie from a track's across the text, at the worst, in text heights."""
    along, _, thickness = axis(track)
    offsets = detected - track
    return float(np.abs(offsets[:, 1] * along[0] - offsets[:, 0] * along[1]).max()) / thickness


def slip(track: NDArray[np.floating], detected: NDArray[np.floating]) -> float:
    """How far a detected quad's centre lies from a track's along the text, in text heights."""
    along, _, thickness = axis(track)
    return abs(float((detected.mean(axis=0) - track.mean(axis=0)) @ along)) / thickness


def overhang(track: NDArray[np.floating], detected: NDArray[np.floating]) -> float:
    """How far a detected quad reaches beyond a track's along the text, at the end where it does more, in text heights."""
    # The longer one knows which way the text runs: a first letter that came into view is as high as it is wide.
    along, _, thickness = max(axis(track), axis(detected), key=lambda found: found.length)
    mine, other = track @ along, detected @ along
    return float(max(mine.min() - other.min(), other.max() - mine.max())) / thickness


def near(tracks: list[NDArray[np.floating]], detections: list[NDArray[np.floating]]) -> NDArray[np.bool_]:
    """Tell which (track, detection) pairs have bounding boxes that touch."""
    if not tracks or not detections:
        return np.zeros((len(tracks), len(detections)), np.bool_)
    a, b = np.array(tracks), np.array(detections)
    apart = (a.min(axis=1)[:, None] > b.max(axis=1)[None]) | (b.min(axis=1)[None] > a.max(axis=1)[:, None])
    return np.asarray(~apart.any(axis=2))


def associate(tracks: list[NDArray[np.floating]], detections: list[NDArray[np.floating]]) -> Match:
    """Match detected quads to the tracks' quads, both as (4, 2) arrays of the same moment."""
    costs = np.full((len(tracks), len(detections)), np.inf)
    shared = np.zeros((len(tracks), len(detections)))
    for i, j in zip(*np.nonzero(near(tracks, detections)), strict=True):
        smaller = max(min(area(tracks[i]), area(detections[j])), 1.0)
        shared[i, j] = intersection(tracks[i], detections[j]) / smaller
        cost = text_distance(tracks[i], aligned(detections[j], tracks[i]))
        if cost <= GATE and shared[i, j] > MIN_SHARED:
            costs[i, j] = cost
    rows, columns = linear_sum_assignment(np.where(np.isfinite(costs), costs, 1e6))
    pairs = tuple((int(i), int(j)) for i, j in zip(rows, columns, strict=True) if np.isfinite(costs[i, j]))
    parts: list[tuple[int, int]] = []
    matched_tracks, matched = {i for i, _ in pairs}, {j for _, j in pairs}
    for i, j in zip(*np.nonzero(shared >= PART), strict=True):
        if (i not in matched_tracks or j not in matched) and is_part(tracks[i], detections[j]):
            parts.append((int(i), int(j)))
    taken = matched | {j for _, j in parts}
    return Match(pairs, tuple(parts), tuple(j for j in range(len(detections)) if j not in taken))
