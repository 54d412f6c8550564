"""From a character detector's maps to lines of text: characters and what joins them, into quads.

Pure.  The maps and the way of reading them are those of CRAFT (Baek et al., Character Region Awareness for Text Detection, 2019).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from glyphfeed.engines.models import CharacterThresholds

MIN_AREA_PX = 10
"""Smaller regions of the map are noise."""


def boxes_from_characters(
    region: NDArray[np.float32], affinity: NDArray[np.float32], thresholds: CharacterThresholds
) -> list[tuple[NDArray[np.float32], float]]:
    """Find the lines in (height, width) maps of 0..1: corners (4, 2) in map pixels, and the region's peak as score.

    Pixels of characters and of what joins them make up a line; its box holds the characters alone, and grows by as much as their
    maps, which fall off towards the edges, fall short of them.
    """
    characters, joined = region > thresholds.low, affinity > thresholds.link
    count, labels, stats, _ = cv2.connectedComponentsWithStats((characters | joined).astype(np.uint8), connectivity=4)
    found = []
    for label in range(1, count):
        x, y, width, height, size = (int(value) for value in stats[label])
        window = np.s_[y : y + height, x : x + width]
        own = (labels[window] == label) & characters[window]
        if size < MIN_AREA_PX or not own.any():
            continue
        score = min(float(region[window][own].max()), 1.0)
        if score < thresholds.text:
            continue
        rows, columns = np.nonzero(own)
        points = np.stack([columns + x, rows + y], axis=1).astype(np.float32)
        centre, sides, angle = cv2.minAreaRect(points)
        # CRAFT dilates by a square of this many pixels more: 2 sqrt(area x shorter side / (width x height)).
        margin = 1 + 2 * int(np.sqrt(size * min(width, height) / (width * height)))
        box = cv2.boxPoints((centre, (sides[0] + margin, sides[1] + margin), angle))
        found.append((np.asarray(box, np.float32), score))
    return found
