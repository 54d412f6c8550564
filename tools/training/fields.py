"""Receptive fields: which part of a picture each value of a network depends on, by calculation and as gradients show it.

Owns both measures.  The calculation is that of Araujo, Norris and Sim, Computing Receptive Fields of Convolutional Neural
Networks (Distill, 2019), for any PyTorch module: it is run once, and every convolution, pooling and resizing is watched.  How
much of the field counts is Luo et al., Understanding the Effective Receptive Field in Deep Convolutional Neural Networks, 2016.
"""

from __future__ import annotations

import math
from contextlib import contextmanager
from dataclasses import dataclass
from functools import reduce
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils.weak import WeakTensorKeyDictionary

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor, nn

EFFECTIVE: Final = 1 - 0.9545
"""A pixel is in the effective field from this share of the greatest gradient on (Luo et al., section 3)."""
LOOKS: Final = 8
"""So many noisy copies of a picture are averaged: which gradients pass a ReLU hangs on the last bit of its input."""
NOISE: Final = 0.05
"""Standard deviation of their noise, where a picture is -1..1."""


class Reach(NamedTuple):
    """Along one side of a picture: value i depends on its pixels stride * i + low to stride * i + high, both included."""

    stride: float = 1.0
    low: float = 0.0
    high: float = 0.0

    @property
    def size(self) -> float:
        """How many pixels these are; those of all phases of an enlargement, of which each value sees a part."""
        return self.high - self.low + 1

    def through(self, kernel: int, stride: int, padding: int, dilation: int) -> Reach:
        """The same after a convolution or pooling (Araujo et al., equations 2 and 4)."""
        first = self.low - self.stride * padding
        return Reach(self.stride * stride, first, self.high + self.stride * ((kernel - 1) * dilation - padding))

    def shifted(self, padding: int) -> Reach:
        """The same after so many pixels more at the beginning."""
        return self._replace(low=self.low - self.stride * padding, high=self.high - self.stride * padding)

    def back_through(self, kernel: int, stride: int, padding: int, dilation: int) -> Reach:
        """The same after a transposed convolution: of value i the sources are (i + padding - k * dilation) / stride, if whole."""
        step = self.stride / stride
        return Reach(step, self.low + step * (padding - (kernel - 1) * dilation), self.high + step * padding)

    def enlarged(self, times: float, *, smooth: bool) -> Reach:
        """The same after an enlargement: value i takes pixel i / times, rounded down, or between two when `smooth`."""
        if smooth:
            middle = self.stride * (0.5 / times - 0.5)
            return Reach(self.stride / times, self.low + middle - self.stride, self.high + middle + self.stride)
        return Reach(self.stride / times, self.low - self.stride * (1 - 1 / times), self.high)

    def joined(self, other: Reach) -> Reach:
        """What depends on either of two values at the same place."""
        return Reach(max(self.stride, other.stride), min(self.low, other.low), max(self.high, other.high))


NOTHING: Final = Reach(0.0, math.inf, -math.inf)
"""What depends on no place, or on all alike."""


class Field(NamedTuple):
    """What a value depends on: a rectangle of the picture, down and across, and maybe through a gate on all of it (`whole`)."""

    down: Reach
    across: Reach
    whole: bool = False

    def joined(self, other: Field) -> Field:
        """What depends on either."""
        return Field(self.down.joined(other.down), self.across.joined(other.across), self.whole or other.whole)


WHOLE: Final = Field(NOTHING, NOTHING, whole=True)


@dataclass(frozen=True, slots=True)
class LayerField:
    """What a layer is called in its network, what it does, and what its values depend on."""

    name: str
    kind: str
    field: Field


def fields_of(network: nn.Module, picture: Tensor) -> list[LayerField]:
    """Calculate the fields of a network's layers, in the order in which they run on a picture (1, channels, height, width).

    Where all places are brought together, or a sequence is read, what comes after depends on the whole picture.
    """
    with torch.no_grad(), named(network) as name:
        watch = Watch(picture, name)
        with watch:
            network(picture)
    return watch.layers


@contextmanager
def named(network: nn.Module) -> Iterator[Callable[[], str]]:
    """Within, tells which of a network's modules is running."""
    running: list[str] = []

    def leave(*_: object) -> None:
        running.pop()

    handles = []
    for name, module in network.named_modules():
        handles.append(module.register_forward_pre_hook(lambda *_, name=name: running.append(name)))
        handles.append(module.register_forward_hook(leave))
    try:
        yield lambda: running[-1] if running else ""
    finally:
        for handle in handles:
            handle.remove()


class Watch(TorchDispatchMode):
    """While a network runs, follows the field from tensor to tensor."""

    def __init__(self, picture: Tensor, name: Callable[[], str]) -> None:
        super().__init__()
        self.layers: list[LayerField] = []
        self._name = name
        self._fields = WeakTensorKeyDictionary()
        self._fields[picture] = Field(Reach(), Reach())

    def __torch_dispatch__(self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None) -> Any:
        """Run an operation, and note what its result depends on."""
        result = func(*args, **(kwargs or {}))
        seen = [self._fields[tensor] for tensor in tensors_in(args) if tensor in self._fields]
        if seen:
            kind, field = step(func.overloadpacket.__name__, args, seen)
            for tensor in tensors_in((result,)):
                self._fields[tensor] = field
            if kind:
                self.layers.append(LayerField(self._name(), kind, field))
        return result


def tensors_in(values: Any) -> Iterator[Tensor]:
    """The tensors among an operation's arguments."""
    for value in values:
        if isinstance(value, torch.Tensor):
            yield value
        elif isinstance(value, tuple | list):
            yield from tensors_in(value)


def step(operation: str, args: tuple[Any, ...], seen: list[Field]) -> tuple[str, Field]:
    """What an operation of PyTorch's does to the fields of what it is given: its kind, "" where nobody asks, and its field."""
    field = reduce(Field.joined, seen)
    if operation == "convolution":
        return convolved(field, *args)
    if operation in POOLINGS:
        return pooled(field, *args)
    if operation.startswith("upsample"):
        return resized(field, args[0], args[1], args[-1], smooth="nearest" not in operation)
    if operation == "constant_pad_nd" and len(args[1]) == 4:
        return "", field._replace(down=field.down.shifted(args[1][2]), across=field.across.shifted(args[1][0]))
    if operation in MIXING or (operation in PRODUCTS and len(seen) > 1):
        return operation, WHOLE
    return "", field


def convolved(
    field: Field,
    _: Tensor,
    weight: Tensor,
    __: Tensor | None,
    strides: list[int],
    paddings: list[int],
    dilations: list[int],
    transposed: bool,
    *___: Any,
) -> tuple[str, Field]:
    """The field after a convolution of two dimensions, or one along a sequence, in which nobody knows the picture's sides."""
    if weight.ndim != 4:
        return "conv along", WHOLE
    kernel = list(weight.shape[2:])
    kind = f"conv {kernel[0]}x{kernel[1]}{' transposed' if transposed else ''}"
    return kind, led(field, Reach.back_through if transposed else Reach.through, kernel, strides, paddings, dilations)


def pooled(field: Field, _: Tensor, kernel: list[int], strides: list[int] | None = None, *more: Any) -> tuple[str, Field]:
    """The field after a pooling."""
    kind = f"pool {'x'.join(map(str, both(kernel)))}"
    return kind, led(field, Reach.through, kernel, strides or kernel, more[0] if more else [0], [1])


def led(field: Field, through: Callable[..., Reach], *told: list[int]) -> Field:
    """A field through something of which each thing is told for both sides, or one for each."""
    down, across = zip(*map(both, told), strict=True)
    return Field(through(field.down, *down), through(field.across, *across), field.whole)


def resized(field: Field, source: Tensor, size: list[int] | None, scales: list[float], *, smooth: bool) -> tuple[str, Field]:
    """The field after an enlargement to a size, or by scales where there is none."""
    down, across = [new / old for new, old in zip(size, source.shape[2:], strict=True)] if size else scales
    larger = Field(field.down.enlarged(down, smooth=smooth), field.across.enlarged(across, smooth=smooth), field.whole)
    return f"resize {down:g}", larger


POOLINGS: Final = {"max_pool2d_with_indices", "max_pool2d", "avg_pool2d"}
MIXING: Final = {"lstm", "mkldnn_rnn_layer", "gru", "mean", "_adaptive_avg_pool2d", "sum", "amax", "cumsum"}
"""Operations that bring all places together."""
PRODUCTS: Final = {"bmm", "mm", "matmul"}
"""Those that do so where both factors depend on the picture, as in attention."""


def both(values: list[int]) -> list[int]:
    """A value for each side of a picture, where a list may hold one for both."""
    return list(values) if len(values) == 2 else list(values) * 2


def gradient_at(network: nn.Module, picture: Tensor) -> tuple[NDArray[np.float64], tuple[int, int]]:
    """How much the middle value of a network's output changes with each pixel of a picture (1, channels, height, width).

    Returns:
        The gradient's size, (height, width), averaged over `LOOKS`, and the value's row and column; of a sequence, row 0 and its
        place.

    """
    rng = torch.Generator().manual_seed(0)
    total, place = torch.zeros(picture.shape[2:], dtype=torch.float64), (0, 0)
    for _ in range(LOOKS):
        noisy = (picture + NOISE * torch.randn(picture.shape, generator=rng)).requires_grad_()
        middle, place = middle_of(network(noisy))
        weights = torch.randn(middle.shape, generator=rng)
        (gradient,) = torch.autograd.grad((middle * weights).sum(), noisy)
        total += gradient[0].double().square().sum(dim=0)
    return (total / LOOKS).sqrt().numpy(), place


def middle_of(output: Tensor) -> tuple[Tensor, tuple[int, int]]:
    """The channels of the middle value of maps (1, channels, height, width), or of a sequence (1, steps, channels) or (steps, 1,
    channels), and its row and column.
    """
    if output.ndim == 4:
        row, column = output.shape[2] // 2, output.shape[3] // 2
        return output[0, :, row, column], (row, column)
    steps = output.reshape(-1, output.shape[-1])
    return steps[len(steps) // 2], (0, len(steps) // 2)


def effective_size(gradient: NDArray[np.float64]) -> float:
    """The side in pixels of a square with as many pixels as the effective field of a gradient (height, width) has."""
    return math.sqrt(float((gradient >= EFFECTIVE * gradient.max()).sum()))
