"""What a camera makes of a picture: few pixels, blur, noise, sharpening, compression.

Owns the way from a painted picture to what is seen of it.  Sizes are in pixels of what is seen.  Chances and strengths were set
by eye, until a sheet of synthetic words looked like one of ICDAR 2015's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np

if TYPE_CHECKING:
    from numpy.random import Generator
    from numpy.typing import NDArray


def photograph(rng: Generator, picture: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.uint8]:
    """A painted picture (height, width, channels) as a camera delivers it at a size of (height, width)."""
    rows, columns = size
    seen = cv2.resize(picture, (columns, rows), interpolation=cv2.INTER_AREA)
    if rng.random() < 0.12:
        # Enlarged from fewer pixels: digital zoom, scaled streams.
        share = rng.uniform(0.4, 0.8)
        few = cv2.resize(seen, (max(round(columns * share), 4), max(round(rows * share), 4)), interpolation=cv2.INTER_AREA)
        seen = cv2.resize(few, (columns, rows), interpolation=cv2.INTER_CUBIC)
    sigma = abs(rng.normal(0, 0.03)) * rows if rng.random() < 0.75 else 0.0
    if sigma > 0.2:
        seen = cv2.GaussianBlur(seen, (0, 0), min(sigma, 1.8))
    if rng.random() < 0.15:
        seen = cv2.filter2D(seen, -1, motion(rng, rows * rng.uniform(0.04, 0.12)))
    if rng.random() < 0.2:
        seen = seen + rng.uniform(0.3, 1.2) * (seen - cv2.GaussianBlur(seen, (0, 0), 1.0))
    if rng.random() < 0.7:
        seen = seen + rng.normal(0, abs(rng.normal(0, 3.5)), seen.shape)
    levels = np.clip(seen * rng.uniform(0.75, 1.15) + rng.normal(0, 10), 0, 255).astype(np.uint8)
    if rng.random() < 0.8:
        quality = int(rng.integers(18, 92))
        levels = np.asarray(
            cv2.imdecode(cv2.imencode(".jpg", levels, [cv2.IMWRITE_JPEG_QUALITY, quality])[1], cv2.IMREAD_UNCHANGED), np.uint8
        )
    return np.asarray(levels.reshape(rows, columns, -1), np.uint8)


def motion(rng: Generator, length: float) -> NDArray[np.float32]:
    """The kernel of a straight movement of so many pixels, which sums to 1."""
    reach = max(int(np.ceil(length)) | 1, 3)
    kernel = np.zeros((reach, reach), np.float32)
    angle = rng.uniform(0, np.pi)
    middle, half = (reach - 1) / 2, length / 2
    across, down = half * np.cos(angle), half * np.sin(angle)
    begin, end = ((round(16 * (middle + way * across)), round(16 * (middle + way * down))) for way in (-1, 1))
    cv2.line(kernel, begin, end, 1.0, 1, cv2.LINE_AA, shift=4)
    kernel[int(middle), int(middle)] = 1.0
    return np.asarray(kernel / kernel.sum(), np.float32)
