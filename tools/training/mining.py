"""The detector's loss: squared errors of its maps, where text is and where it is mistaken for some.

Pure.  After CRAFT (Baek et al., 2019, equation 4): each pixel's squared error counts as much as the truth there is trusted.  As
most of a picture is no text, only its worst mistakes count (online hard example mining, Shrivastava et al., 2016).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import torch

if TYPE_CHECKING:
    from torch import Tensor

TEXT: Final = 0.1
"""A pixel of a map is text from this value on."""
NEGATIVES: Final = 3
"""So many pixels without text count for each with text, as in CRAFT's code."""
LEAST_NEGATIVES: Final = 500
"""So many of each picture count, whatever text there is."""


def mined_loss(maps: Tensor, truth: Tensor, trust: Tensor) -> Tensor:
    """Compare maps (N, 2, height, width) with the truth, trusted (N, height, width) of 0..1.

    Returns:
        For both maps the mean over text plus the mean over the worst of the rest, together a scalar.

    """
    errors = (maps.float() - truth).square() * trust[:, None]
    return sum((of_map(errors[:, k], truth[:, k], trust) for k in range(2)), start=errors.new_zeros(()))


def of_map(errors: Tensor, truth: Tensor, trust: Tensor) -> Tensor:
    """The same for one map (N, height, width)."""
    text = truth >= TEXT
    weight = trust[text].sum()
    rest = errors.masked_fill(text, 0).flatten()
    count = min(max(NEGATIVES * int(text.sum()), LEAST_NEGATIVES * len(errors)), rest.numel())
    return errors[text].sum() / weight.clamp(min=1) + torch.topk(rest, count, sorted=False).values.mean()
