"""From the truth about characters to the maps that the detector is to give: where characters are, and what joins them.

Pure.  The maps are CRAFT's (Baek et al., Character Region Awareness for Text Detection, 2019, section 3.2): in the region map a
Gaussian stands in each character's quad, in the affinity map one between each two neighbours of a word, both in perspective.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from glyphfeed.engines.characters import SPREAD

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

STRIDE: Final = 4
"""Pixels of a picture for each of the maps, along either side."""

REACH: Final = 1.5
"""A Gaussian is drawn as far as this many halves of its quad, three standard deviations, where it is down to 0.011."""

FLAT: Final = 1e-6
"""A quarter of a quad's area, below which it has none."""


def maps_of_words(words: Sequence[NDArray[np.floating]], size: tuple[int, int]) -> NDArray[np.float32]:
    """Draw words, each the quads (n, 4, 2) of its characters in reading order in pixels of the map, into maps of (height, width).

    Returns:
        Region and affinity map, (2, height, width) of 0..1.

    """
    characters = np.concatenate([np.zeros((0, 4, 2)), *words])
    between = np.concatenate([np.zeros((0, 4, 2)), *map(affinity_quads, words)])
    return np.stack([gaussians(characters, size), gaussians(between, size)])


def affinity_quads(characters: NDArray[np.floating]) -> NDArray[np.floating]:
    """Find the quads (n - 1, 4, 2) between the n neighbouring characters (n, 4, 2) of a word.

    The diagonals part each character into four triangles; the centres of the upper and the lower one of both neighbours are the
    corners.
    """
    centres = characters.mean(axis=1)
    upper = (characters[:, 0] + characters[:, 1] + centres) / 3
    lower = (characters[:, 2] + characters[:, 3] + centres) / 3
    return np.stack([upper[:-1], upper[1:], lower[1:], lower[:-1]], axis=1)


def gaussians(quads: NDArray[np.floating], size: tuple[int, int]) -> NDArray[np.float32]:
    """Draw a Gaussian into each quad (N, 4, 2), 1 in its middle, into a map of (height, width).

    The standard deviation is `SPREAD` halves of the quad along either side; where several meet, the largest counts, and quads
    without a width or height are left out.  Coordinates run from 0 at the map's border to its width and height: pixel centres are
    at halves.
    """
    height, width = size
    drawn = np.zeros(height * width, np.float32)
    halves = half_sides(quads)
    wide = np.abs(np.linalg.det(halves)) > FLAT
    middles, halves = quads[wide].mean(axis=1), halves[wide]
    reach = REACH * np.abs(halves).sum(axis=2)
    first = np.clip(np.floor(middles - reach), 0, (width, height)).astype(np.int64)
    last = np.clip(np.ceil(middles + reach), 0, (width, height)).astype(np.int64)
    # The pixels of all windows in one row, each with its window's number: windows differ in size.
    columns, rows = (last - first).T
    counts = columns * rows
    owner = np.repeat(np.arange(len(counts)), counts)
    place = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    x, y = place % columns[owner] + first[owner, 0], place // columns[owner] + first[owner, 1]
    across, down = x + 0.5 - middles[owner, 0], y + 0.5 - middles[owner, 1]
    (a, b), (c, d) = np.linalg.inv(halves).transpose(1, 2, 0)
    squares = np.square(a[owner] * across + b[owner] * down) + np.square(c[owner] * across + d[owner] * down)
    np.maximum.at(drawn, y * width + x, np.exp(squares / (-2 * SPREAD**2)).astype(np.float32))
    return drawn.reshape(size)


def half_sides(quads: NDArray[np.floating]) -> NDArray[np.float64]:
    """Half of quads' (N, 4, 2) width and height as vectors, the columns of (N, 2, 2)."""
    a, b, c, d = quads.astype(np.float64).transpose(1, 0, 2)
    return np.stack([b + c - a - d, c + d - a - b], axis=2) / 4
