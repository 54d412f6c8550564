"""What an engine is: a compiled network, named tensors in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Mapping

Tensor: TypeAlias = NDArray[np.float32]
Shape: TypeAlias = tuple[int, ...]


class EngineError(Exception):
    """A network cannot be loaded or run: one sentence that names it and what to do."""


def first_output(engine: Engine, tensor: Tensor) -> Tensor:
    """Run a network of one input, and take the first of what it gives; see `Engine.run`."""
    return next(iter(engine.run({engine.input: tensor}).values()))


class Engine(Protocol):
    """A network compiled for a few fixed input shapes; any thread may call `run`.

    The arrays that `run` returns belong to the caller.
    """

    name: str
    """Model, back-end and precision, for people: `PP-OCRv6_det_small (openvino, fp32)`."""
    input: str
    """Name of the input tensor."""

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
