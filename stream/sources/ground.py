"""Laying pictures with transparent parts on a ground that what they show stands out from.

Pure.  Owns the choice of the ground.  Does not own decoding.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from numpy.typing import NDArray

GROUNDS = (255, 0, 128)
"""White, black or, for what is in part white and in part black, grey; of equally good ones the first."""
FAINTEST = 0.1
"""This share of what borders on the ground may stand out from it less than the choice is judged by."""


def ground_of(picture: Image.Image) -> int | None:
    """Choose the grey, 0..255, on which to lay a picture of mode RGBA; None where it is equally opaque all over, so that its
    colours tell all.

    What counts is what borders on the ground: letters without a ground of their own, and not those on an opaque sign.
    """
    alpha = np.asarray(picture.getchannel("A"))
    drop = alpha - np.asarray(cv2.erode(alpha, np.ones((3, 3), np.uint8)))
    border = drop > 0
    if not border.any():
        return None
    grey = np.asarray(cv2.cvtColor(np.asarray(picture.convert("RGB"))[border][None], cv2.COLOR_RGB2GRAY))[0]
    weights = np.bincount(grey, drop[border], 256).astype(np.float64)
    shares = weights / weights.sum()
    return max(GROUNDS, key=lambda ground: _contrast(shares, ground))


def _contrast(shares: NDArray[np.float64], ground: int) -> float:
    """How much all but the faintest of what has these shares of each grey (256,) differs from a ground."""
    differences = np.abs(np.arange(256) - ground)
    order = np.argsort(differences, kind="stable")
    return float(differences[order][np.searchsorted(np.cumsum(shares[order]), FAINTEST)])


def laid_on(picture: Image.Image, ground: int | None) -> Image.Image:
    """Lay a picture of mode RGBA on a grey ground, 0..255, or for None take its colours as they are; the result is RGB."""
    if ground is None:
        return picture.convert("RGB")
    canvas = Image.new("RGB", picture.size, (ground, ground, ground))
    canvas.paste(picture, mask=picture.getchannel("A"))
    return canvas
