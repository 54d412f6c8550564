"""The recogniser as PyTorch trains it: convolutions, a bidirectional LSTM along the line, and CTC (Shi, Bai and Yao, An
end-to-end trainable neural network for image-based sequence recognition, 2015), with residual blocks (He et al., 2016).

Owns its layers alone.  Dense 3x3 convolutions train twice as fast as depthwise ones of the same sums, and run no slower.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from torch import nn
from torch.nn import functional

from glyphfeed.engines.models import LineInput
from glyphfeed.tools.training.charset import CHARSET

if TYPE_CHECKING:
    from torch import Tensor

LINE: Final = LineInput(
    colour="grey",
    mean=(127.5,),
    std=(127.5,),
    height=32,
    widths=(80, 96, 128, 160, 192, 224, 256, 320, 384, 448, 512, 640, 768),
    narrowest=80,
)
"""How lines are put in.  Of the validation words 0.495 were right without a least width, 0.545 with 64 pixels, 0.565 with 80, and
0.530 with 96, by a network that had learnt without."""
HEIGHT: Final = LINE.height
STRIDE: Final = 4
"""Pixels along the line for each step."""
STEM: Final = (24, 48)
"""Channels of the first two convolutions, the first of which halves the picture."""
BLOCKS: Final = ((80, (2, 2)), (128, (2, 1)), (128, (1, 1)), (192, (2, 1)))
"""Channels of each residual block, and its strides down and along."""
HIDDEN: Final = 128
"""Units of the LSTM in each direction."""


class Unit(nn.Module):
    """A convolution without bias, and batch normalisation, which brings one."""

    def __init__(self, into: int, out: int, kernel: tuple[int, int] = (3, 3), stride: tuple[int, int] = (1, 1)) -> None:
        super().__init__()
        padding = (kernel[0] // 2, kernel[1] // 2) if kernel[0] % 2 else (0, 0)
        self.conv = nn.Conv2d(into, out, kernel, stride, padding, bias=False)
        self.norm = nn.BatchNorm2d(out)

    def forward(self, picture: Tensor) -> Tensor:
        """Of (lines, into, height, width), (lines, out, height, width) over the strides."""
        normed: Tensor = self.norm(self.conv(picture))
        return normed


class Block(nn.Module):
    """Two convolutions, and a way around them."""

    def __init__(self, into: int, out: int, stride: tuple[int, int]) -> None:
        super().__init__()
        self.first, self.second = Unit(into, out, stride=stride), Unit(out, out)
        self.around = nn.Identity() if into == out and stride == (1, 1) else Unit(into, out, (1, 1), stride)

    def forward(self, picture: Tensor) -> Tensor:
        """See `Unit.forward`."""
        return functional.relu(self.second(functional.relu(self.first(picture))) + self.around(picture))


class Crnn(nn.Module):
    """1.66 million weights, which see 67 pixels along the line before the LSTM joins them."""

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.ModuleList([Unit(1, STEM[0], stride=(2, 2)), Unit(STEM[0], STEM[1])])
        widths = (STEM[1], *(width for width, _ in BLOCKS))
        self.blocks = nn.ModuleList(Block(into, out, stride) for into, (out, stride) in zip(widths, BLOCKS, strict=False))
        self.flat = Unit(widths[-1], widths[-1], (2, 1))
        self.along = nn.LSTM(widths[-1], HIDDEN, bidirectional=True)
        self.classes = nn.Linear(2 * HIDDEN, len(CHARSET) + 1)

    def forward(self, lines: Tensor) -> Tensor:
        """Logits (steps, lines, classes) of grey lines (lines, 1, HEIGHT, STRIDE * steps), of -1..1."""
        for layer in self.stem:
            lines = functional.relu(layer(lines))
        for layer in self.blocks:
            lines = layer(lines)
        columns = functional.relu(self.flat(lines)).squeeze(2).permute(2, 0, 1)
        logits: Tensor = self.classes(self.along(columns)[0])
        return logits
