"""What an engine is: a compiled network, named tensors in and out."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np

from glyphfeed.engines.errors import EngineError
from glyphfeed.engines.models import ModelError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from glyphfeed.engines.models import Colours
    from glyphfeed.engines.tensors import Fit, Tensor

Shape: TypeAlias = tuple[int, ...]


def first_output(engine: Engine, tensor: Tensor) -> Tensor:
    """Run a network of one input, and take the first of what it gives, lent like that of `Engine.run`."""
    return next(iter(engine.run({engine.input: tensor}).values()))


def only_tensor(name: str, input_name: str, shapes: Collection[Shape], batch: int, tensors: Mapping[str, Tensor]) -> Tensor:
    """Take the one tensor that a network is given; `shapes` are those of single inputs, (1, ...), of which `batch` go at a time.

    Raises:
        EngineError: the tensor has another name or another shape, or there are several.

    """
    known = ", ".join(map(str, shapes)) or "(closed)"
    taken = f"{name} takes {input_name} of shape {known}{f', up to {batch} together,' if batch > 1 else ''}"
    if len(tensors) != 1:
        raise EngineError(f"{taken} alone, not {len(tensors)} tensors")
    ((given, tensor),) = tensors.items()
    if given != input_name or (1, *tensor.shape[1:]) not in shapes or not 1 <= tensor.shape[0] <= batch:
        raise EngineError(f"{taken} and not {given} {tensor.shape}")
    return tensor


def check_input(path: Path, inputs: Sequence[tuple[Sequence[int | None], bool]], shapes: Sequence[Shape]) -> None:
    """See whether a network takes what it is to be given: one float32 tensor of each of some shapes of single inputs, (1, ...).

    `inputs` tells of each of its inputs the sizes, None for a free one, and whether it takes float32.

    Raises:
        ModelError: it does not.

    """
    if len(inputs) != 1:
        raise ModelError(f"{path} takes {len(inputs)} tensors, not one with a picture: export it with one input")
    sizes, takes_floats = inputs[0]
    if not takes_floats:
        raise ModelError(f"{path} does not take float32 numbers: export it with an input of float32")
    for shape in shapes:
        if len(sizes) != len(shape) or any(size not in (None, wanted) for size, wanted in zip(sizes, shape, strict=True)):
            taken = " x ".join("any" if size is None else str(size) for size in sizes)
            raise ModelError(
                f"{path} takes {taken} numbers, and is described as one that takes {' x '.join(map(str, shape))}: "
                "correct the description, or export the network with free sizes"
            )


def warm(engine: Engine, shapes: Sequence[Shape]) -> bool:
    """Run a network, and see whether its outputs lie along the first dimension, as its inputs do.

    Of shapes that differ in their last dimension alone, like lines of text, the smaller half is run: the rest is seldom seen, and
    what the first run of one takes longer, 20 ms, would come to a third of a second at every start.
    """
    families = [list(alike) for _, alike in groupby(sorted(shapes), key=lambda shape: shape[:-1])]
    often = [shape for family in families for shape in family[: (len(family) + 1) // 2]]
    results = [engine.run({engine.input: np.zeros(shape, np.float32)}) for shape in often]
    return all(output.ndim > 0 and len(output) == 1 for outputs in results for output in outputs.values())


class Eye(Protocol):
    """What a network on a GPU is shown pictures with: they go there as they are, and what is text comes back."""

    def see(self, picture: NDArray[np.uint8], fit: Fit, colours: Colours, least: Sequence[float]) -> Tensor:
        """Lay a (height, width, 3) blue-green-red picture into the input, as `engines.tensors.lay` does, and run the network.

        Args:
            picture: of any size.
            fit: how it lies in the input.
            colours: how its bytes become numbers.
            least: a threshold, 0..1, for each of the maps that the network gives.

        Returns:
            What the picture covers of the maps, (maps, rows, columns), in steps of 1/255, each pixel on its side of `least`.

        Raises:
            EngineError: there is no such input, or the back-end failed.

        """
        ...


class Engine(Protocol):
    """A network compiled for a few fixed input shapes; any thread may call `run`.

    The arrays that `run` returns are lent: they hold until the same thread runs the network again.
    """

    @property
    def name(self) -> str:
        """Model, back-end and precision, for people: `PP-OCRv6_det_small (openvino, fp32)`; it may change from run to run."""
        ...

    @property
    def input(self) -> str:
        """Name of the input tensor."""
        ...

    @property
    def batch(self) -> int:
        """Inputs of like shape that one run takes at most; 1 where the file takes no more, or orders its outputs otherwise."""
        ...

    @property
    def streams(self) -> int:
        """Runs of different threads that it computes beside one another in less time than one by one; more have to wait."""
        ...

    @property
    def eye(self) -> Eye | None:
        """Shows the network pictures where it runs; None where they are laid into tensors here."""
        ...

    def run(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Run the network once.

        Raises:
            EngineError: a tensor has a name or a shape for which nothing was compiled, or the back-end failed.

        """
        ...

    def metadata(self, key: str) -> str | None:
        """Look up what the model's file says under a key, None if nothing."""
        ...

    def close(self) -> None:
        """Free the network; afterwards `run` raises."""
        ...
