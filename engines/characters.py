"""From region and affinity maps to characters, words and lines: how text lies along its characters, straight or curved.

Pure.  The maps are CRAFT's (Baek et al., Character Region Awareness for Text Detection, 2019): a Gaussian in each character's
quad, and one between each two neighbours.  How they are drawn for training is in `tools/training/targets.py`.

Coordinates are in pixels of the maps, from 0 at their border to width and height: pixel centres are at halves.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from glyphfeed.engines.models import CharacterThresholds

SPREAD: Final = 0.5
"""Standard deviation of a character's Gaussian, in halves of its width and height: at the edges' middles it is down to 0.14, so
that neighbours stay apart.
"""
FINER: Final = 2
"""The maps are interpolated to so many pixels for one: a character of low text has two or three of its own."""
BENT: Final = 0.12
"""A line whose characters' centres leave its straight axis by so much of its height is curved."""
DEGREE: Final = 4
"""Of the polynomial that a curved line follows: it turns by up to half a circle within a hundredth of its radius."""
LEAST_VARIANCE: Final = 1 / 12
"""That of a single pixel's own width."""
LONG: Final = 1.5
"""A region with a single peak that is so much longer than across is a row of characters that run together, and shows its axis."""
TILTED_HEIGHTS: Final = 4
"""From so many characters on a line may grow or shrink along its way; the heights of fewer scatter too much."""
FOOT: Final = 0.25
"""Pixels of the region map around a word belong to its characters down to this: the more pixels, the surer their sizes."""
APART: Final = 1.0
"""Words of a line are at most so many of their heights apart, and may overlap by half as many."""
ASIDE: Final = 0.35
"""By so many heights a word may stand above or below where the one before it leads."""
ALIKE: Final = 1.6
"""The heights of a line's words differ at most by this factor."""
STEADY: Final = 0.7
"""The cosine of the angle by which a line turns at most between two words."""


@dataclass(frozen=True, slots=True)
class Characters:
    """The N characters in maps, and the M pixels that are theirs.

    Attributes:
        centres: (N, 2), weighted by the region map.
        covariances: (N, 2, 2) of their pixels, weighted likewise.
        peaks: (N,), the region map's greatest value in each, 0..1.
        words: (N,), a number for each word, equal for its characters.
        cut: the value down to which pixels of the region map are taken for a character's.
        pixels: (M, 2), centres.
        owners: (M,), to which character each pixel belongs.

    """

    centres: NDArray[np.float64]
    covariances: NDArray[np.float64]
    peaks: NDArray[np.float64]
    words: NDArray[np.int64]
    cut: float
    pixels: NDArray[np.float64]
    owners: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Axis:
    """The n characters of a text in reading order, and the line through their middle.

    Attributes:
        order: (n,), which of the `Characters` they are.
        points: (n, 2) on the line.
        tangents: (n, 2), unit vectors in reading order.
        halves: (n,), half of the text's height at each.
        ends: (2, 2), where the text begins and ends, half way up.
        bent: whether the line is curved.

    """

    order: NDArray[np.int64]
    points: NDArray[np.float64]
    tangents: NDArray[np.float64]
    halves: NDArray[np.float64]
    ends: NDArray[np.float64]
    bent: bool


@dataclass(frozen=True, slots=True)
class Text:
    """A word or a line.

    Attributes:
        outline: clockwise from the upper corner at its beginning, in pixels: (4, 2) of straight text, (2n + 4, 2) of curved text,
            n + 2 points above its n characters and as many below.
        characters: (n, 2), their centres in reading order.
        score: the mean of their peaks, 0..1.

    """

    outline: NDArray[np.float32]
    characters: NDArray[np.float32]
    score: float


def words_from_maps(region: NDArray[np.float32], affinity: NDArray[np.float32], thresholds: CharacterThresholds) -> list[Text]:
    """Find the words in maps (height, width) of about 0..1."""
    return texts_of(*axes_in(region, affinity, thresholds))


def lines_from_maps(region: NDArray[np.float32], affinity: NDArray[np.float32], thresholds: CharacterThresholds) -> list[Text]:
    """Find the lines in maps (height, width) of about 0..1: words that follow each other."""
    characters, axes = axes_in(region, affinity, thresholds)
    orders = [np.concatenate([axes[k].order for k in row]) for row in rows_of(axes)]
    return texts_of(characters, [axis_through(characters, order) for order in orders])


def axes_in(
    region: NDArray[np.float32], affinity: NDArray[np.float32], thresholds: CharacterThresholds
) -> tuple[Characters, list[Axis]]:
    """Find the characters in maps (height, width), and the words that they make."""
    characters = find_characters(finer(region), finer(affinity), thresholds)
    by_word = np.argsort(characters.words, kind="stable")
    members = np.split(by_word, np.flatnonzero(np.diff(characters.words[by_word])) + 1) if len(by_word) else []
    return characters, [axis_through(characters, some[reading_order(characters.centres[some])]) for some in members]


def finer(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """A map (height, width) with `FINER` pixels for each of its own."""
    return np.asarray(cv2.resize(plane, None, fx=FINER, fy=FINER, interpolation=cv2.INTER_CUBIC), np.float32)


def find_characters(region: NDArray[np.float32], affinity: NDArray[np.float32], thresholds: CharacterThresholds) -> Characters:
    """Find the characters in maps (height, width), in pixels of just these maps.

    What is a character's or joins two makes up words; in each, a pixel is that character's whose peak is nearest.
    """
    cut = min(FOOT, thresholds.low)
    joined = ((region > thresholds.low) | (affinity > thresholds.link)).astype(np.uint8)
    word_at = cv2.connectedComponents(joined, connectivity=4)[1]
    around = cv2.connectedComponents((region > cut).astype(np.uint8) | joined, connectivity=4)[1]
    peak = (region >= cv2.dilate(region, np.ones((3, 3), np.uint8))) & (region > thresholds.text) & (word_at > 0)
    if not peak.any():
        none = np.zeros(0, np.int64)
        return Characters(np.zeros((0, 2)), np.zeros((0, 2, 2)), np.zeros(0), none, cut, np.zeros((0, 2)), none)
    seeds = (~peak).astype(np.uint8)
    nearest = cv2.distanceTransformWithLabels(seeds, cv2.DIST_L2, cv2.DIST_MASK_5, labelType=cv2.DIST_LABEL_CCOMP)[1] - 1
    word_of, around_of = np.zeros((2, nearest.max() + 1), np.int64)
    word_of[nearest[peak]], around_of[nearest[peak]] = word_at[peak], around[peak]
    # What is too faint for any word is only a character's where it reaches to it.
    own = (region > cut) & np.where(word_at > 0, word_of[nearest] == word_at, around_of[nearest] == around)
    owners, pixels = nearest[own].astype(np.int64), np.asarray(np.argwhere(own)[:, ::-1] + 0.5, np.float64)
    value = region[own].astype(np.float64)
    total = np.bincount(owners, value)
    centres = np.stack([np.bincount(owners, value * pixels[:, k]) / total for k in (0, 1)], axis=1)
    away = pixels - centres[owners]
    xx, xy, yy = (np.bincount(owners, value * away[:, a] * away[:, b]) / total for a, b in ((0, 0), (0, 1), (1, 1)))
    peaks = np.zeros(len(total))
    np.maximum.at(peaks, owners, value)
    covariances = np.stack([xx, xy, xy, yy], axis=1).reshape(-1, 2, 2)
    return Characters(centres, covariances, peaks, word_of, cut, pixels, owners)


def reading_order(centres: NDArray[np.float64]) -> NDArray[np.int64]:
    """Put a word's characters (n, 2) in the order in which they follow each other, from left to right, or down where it is steep.

    By the Fiedler vector of how near each is to each (Atkins et al., A Spectral Algorithm for Seriation, 1998), which follows
    curves, too.
    """
    if len(centres) < 3:
        order = np.arange(len(centres))
    else:
        squares = np.square(centres[:, None] - centres[None]).sum(axis=2)
        step = np.median(np.partition(squares, 1, axis=1)[:, 1])
        near = np.exp(-squares / max(2 * step, 1e-6)) + 1e-6
        order = np.argsort(np.linalg.eigh(np.diag(near.sum(axis=1)) - near)[1][:, 1])
    way = centres[order[-1]] - centres[order[0]]
    return order if way[np.argmax(np.abs(way))] >= 0 else order[::-1]


def axis_through(characters: Characters, order: NDArray[np.int64]) -> Axis:
    """Lay a line through the middle of some characters, in their order: straight, if they stand so."""
    centres = characters.centres[order]
    if len(order) == 1:
        tangents = own_direction(characters.covariances[order[0]])[None]
        halves = half_heights(characters, order, tangents)
        return Axis(order, centres, tangents, halves, ends_of(characters, order, centres, tangents, halves), bent=False)
    steps = np.hypot(*np.diff(centres, axis=0).T)
    place = np.append(0, np.cumsum(steps)) / max(steps.sum(), 1e-9) * 2 - 1
    points, tangents = curve(place, centres, 1)
    halves = half_heights(characters, order, tangents)
    away = np.abs(((centres - points) * normals(tangents)).sum(axis=1)).max()
    bent = bool(len(order) > 2 and away > BENT * 2 * np.median(halves))
    if bent:
        points, tangents = curve(place, centres, min(len(order) - 1, DEGREE))
        halves = half_heights(characters, order, tangents)
    fitted = np.polyval(np.polyfit(place, halves, int(len(order) >= TILTED_HEIGHTS)), place)
    halves = np.maximum(fitted, halves.min())
    return Axis(order, points, tangents, halves, ends_of(characters, order, points, tangents, halves), bent)


def curve(
    place: NDArray[np.float64], centres: NDArray[np.float64], degree: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Fit a polynomial of the place (n,) of -1..1 to points (n, 2); returns points (n, 2) and unit tangents (n, 2)."""
    powers = np.vander(place, degree + 1, increasing=True)
    coefficients = np.linalg.lstsq(powers, centres, rcond=None)[0]
    slopes = powers[:, :-1] @ (coefficients[1:] * np.arange(1, degree + 1)[:, None])
    return powers @ coefficients, slopes / np.maximum(np.hypot(slopes[:, 0], slopes[:, 1]), 1e-9)[:, None]


def own_direction(covariance: NDArray[np.float64]) -> NDArray[np.float64]:
    """The direction (2,) of a single region's text: its long axis, or, where it has none, level."""
    (small, large), vectors = np.linalg.eigh(covariance)
    along = vectors[:, 1] if large > LONG**2 * small else np.array([1.0, 0.0])
    return np.asarray(along if along[np.argmax(np.abs(along))] > 0 else -along)


def normals(tangents: NDArray[np.float64]) -> NDArray[np.float64]:
    """The directions (n, 2) that point down across text of these tangents (n, 2)."""
    return np.stack([-tangents[:, 1], tangents[:, 0]], axis=1)


def levels(characters: Characters, order: NDArray[np.int64]) -> NDArray[np.float64]:
    """How far out a character's Gaussian is cut off: half of the square of the distance in standard deviations, (n,)."""
    return np.asarray(np.log(np.maximum(characters.peaks[order] / characters.cut, 1.1)))


def half_heights(characters: Characters, order: NDArray[np.int64], tangents: NDArray[np.float64]) -> NDArray[np.float64]:
    """Half of the size of characters across text of these tangents (n, 2), from the variance of their pixels.

    Of a Gaussian that is cut off at a level S = ln(peak / cut) and weighted by itself, each variance is the whole one's times
    (1 - (1 + S) exp(-S)) / (1 - exp(-S)): half the squared distance from the middle is then spread as exp(-s) over 0..S.
    """
    down = normals(tangents)
    variances = np.einsum("ni,nij,nj->n", down, characters.covariances[order], down)
    level = levels(characters, order)
    left = (1 - (1 + level) * np.exp(-level)) / (1 - np.exp(-level))
    return np.asarray(np.sqrt(np.maximum(variances, LEAST_VARIANCE) / left) / SPREAD)


def ends_of(
    characters: Characters,
    order: NDArray[np.int64],
    points: NDArray[np.float64],
    tangents: NDArray[np.float64],
    halves: NDArray[np.float64],
) -> NDArray[np.float64]:
    """Where a text begins and ends (2, 2).

    That is where the pixels of its first and last character end, and on by as much as a Gaussian is cut off there; of characters
    that run together the last is taken to be as wide as high.
    """
    shown = SPREAD * np.sqrt(2 * levels(characters, order))
    ends = []
    for k, sign in ((0, -1), (-1, 1)):
        own = (characters.pixels[characters.owners == order[k]] - points[k]) @ tangents[k]
        extent = max(float((sign * own).max()), 0.0) + 0.5
        reach = extent + (1 / shown[k] - 1) * min(extent, shown[k] * halves[k])
        ends.append(points[k] + sign * reach * tangents[k])
    return np.array(ends)


def texts_of(characters: Characters, axes: Sequence[Axis]) -> list[Text]:
    """Outline the texts along these axes, in pixels of the maps."""
    return [
        Text(
            np.asarray(outline(axis) / FINER, np.float32),
            np.asarray(characters.centres[axis.order] / FINER, np.float32),
            float(characters.peaks[axis.order].mean()),
        )
        for axis in axes
    ]


def outline(axis: Axis) -> NDArray[np.float64]:
    """The outline of a text along its axis: (4, 2), or (2n + 4, 2) if that is curved; see `Text`."""
    points = np.concatenate([axis.ends[:1], axis.points, axis.ends[1:]])
    down = np.pad(normals(axis.tangents) * axis.halves[:, None], ((1, 1), (0, 0)), mode="edge")
    if not axis.bent:
        points, down = points[[0, -1]], down[[0, -1]]
    return np.concatenate([points - down, (points + down)[::-1]])


def rows_of(axes: Sequence[Axis]) -> list[list[int]]:
    """Put words that follow each other into rows, by their numbers, the nearest first."""
    rows = [[number] for number in range(len(axes))]
    for a, b in followers(axes):
        before, after = (next(row for row in rows if number in row) for number in (a, b))
        if before is not after and before[-1] == a and after[0] == b:
            before += after
            rows = [row for row in rows if row is not after]
    return rows


def followers(axes: Sequence[Axis]) -> list[tuple[int, int]]:
    """Which words could follow which on a line, the nearest first."""
    if not axes:
        return []
    leaving, entering = (np.array([axis.tangents[k] for axis in axes]) for k in (-1, 0))
    last, first = (np.array([axis.halves[k] for axis in axes]) for k in (-1, 0))
    way = np.array([axis.ends[0] for axis in axes])[None] - np.array([axis.ends[1] for axis in axes])[:, None]
    heights = last[:, None] + first[None]
    along = (way * leaving[:, None]).sum(axis=2) / heights
    aside = np.abs((way * normals(leaving)[:, None]).sum(axis=2)) / heights
    alike = np.abs(np.log(last[:, None] / first[None])) < np.log(ALIKE)
    follows = (along > -APART / 2) & (along < APART) & (aside < ASIDE) & alike & (leaving @ entering.T > STEADY)
    np.fill_diagonal(follows, val=False)
    pairs = np.argwhere(follows)
    return [(int(a), int(b)) for a, b in pairs[np.argsort(np.abs(along[follows]), kind="stable")]]


def outline_of(characters: NDArray[np.float64]) -> NDArray[np.float64]:
    """The polygon (2n + 2, 2) around n neighbouring characters (n, 4, 2), clockwise from the top left."""
    return np.concatenate([characters[:, 0], characters[-1:, 1], characters[-1:, 2], characters[::-1, 3]])
