"""The detector as PyTorch trains it: convolutions down to stride 32, and sums back up to region and affinity maps at stride 4.

Owns its layers alone, of the recogniser's parts (`network`).
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import torch
from torch import nn
from torch.nn import functional

from glyphfeed.engines.models import PictureInput
from glyphfeed.tools.training.network import Block, Unit

if TYPE_CHECKING:
    from torch import Tensor

PICTURE: Final = PictureInput(
    colour="bgr",
    mean=(127.5, 127.5, 127.5),
    std=(127.5, 127.5, 127.5),
    sizes=((736, 1280), (1280, 736)),
    coarse_sizes=((352, 640),),
)
"""How pictures are put in: in smaller ones words 12 to 20 pixels high, most of ICDAR 2015's, are missed twice as often."""
STEM: Final = 24
WIDTHS: Final = (32, 64, 96, 128)
"""Channels at strides 4, 8, 16 and 32."""
NECK: Final = 24
"""Channels of each of these in the neck."""


class Dense(nn.Module):
    """0.77 million weights; the deepest see 295 pixels, and so the whole of letters that are 150 high, with their neighbours.

    The neck is a feature pyramid (Lin et al., 2017), whose levels are put together at stride 4 as in DBNet (Liao et al., 2020).
    """

    def __init__(self) -> None:
        super().__init__()
        halved = (2, 2)
        self.stem = Unit(3, STEM, stride=halved)
        first = nn.ModuleList([Unit(STEM, WIDTHS[0], stride=halved), Unit(WIDTHS[0], WIDTHS[0])])
        deeper = (nn.ModuleList([Unit(a, b, stride=halved), Block(b, b, (1, 1))]) for a, b in pairwise(WIDTHS))
        self.stages = nn.ModuleList([first, *deeper])
        self.laterals = nn.ModuleList(nn.Conv2d(width, NECK, 1) for width in WIDTHS)
        self.join = Unit(NECK * len(WIDTHS), NECK)
        self.maps = nn.Conv2d(NECK, 2, 1)

    def forward(self, pictures: Tensor) -> Tensor:
        """Region and affinity maps (pictures, 2, height / 4, width / 4), about 0..1, of pictures (pictures, 3, height, width) of
        -1..1, blue-green-red, whose sides are multiples of 32.
        """
        seen, levels = functional.relu(self.stem(pictures)), []
        for (narrower, further), lateral in zip(self.stages, self.laterals, strict=True):
            seen = functional.relu(further(functional.relu(narrower(seen))))
            levels.append(lateral(seen))
        for k in reversed(range(len(levels) - 1)):
            levels[k] = levels[k] + functional.interpolate(levels[k + 1], scale_factor=2.0)
        largest, *smaller = levels
        large = [functional.interpolate(level, scale_factor=2.0**k) for k, level in enumerate(smaller, 1)]
        maps: Tensor = self.maps(functional.relu(self.join(torch.cat([largest, *large], dim=1))))
        return maps
