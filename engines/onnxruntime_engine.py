"""The ONNX Runtime back-end: one session on the CPU, the same fixed shapes as every other back-end.

Owns the session.  Does not know what the tensors mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import onnxruntime as ort

from engines.engine import EngineError, Shape, Tensor

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path


class OnnxRuntimeEngine:
    """A network of one input, run by ONNX Runtime for the shapes that were warmed."""

    def __init__(self, path: Path, shapes: Sequence[Shape], *, threads: int) -> None:
        """Load the network and warm it for every shape; `threads` 0 lets ONNX Runtime choose.

        Raises:
            EngineError: the file cannot be loaded.

        """
        self.name = f"{path.stem} (onnxruntime, fp32)"
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        try:
            self._session: ort.InferenceSession | None = ort.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )
            self.input = self._session.get_inputs()[0].name
            self._outputs = [output.name for output in self._session.get_outputs()]
            self._shapes = frozenset(shapes)
            self._metadata = dict(self._session.get_modelmeta().custom_metadata_map)
            for shape in shapes:
                self.run({self.input: np.zeros(shape, np.float32)})
        except Exception as error:  # ONNX Runtime's own exceptions share no base class
            raise EngineError(f"ONNX Runtime cannot load {path}: {str(error).splitlines()[0]}") from error

    def run(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Run the network once; see `engines.engine.Engine.run`."""
        if len(tensors) != 1:
            raise EngineError(f"{self.name} takes {self.input} of shape {self._known()} alone, not {len(tensors)} tensors")
        ((name, tensor),) = tensors.items()
        session = self._session
        if session is None or name != self.input or tensor.shape not in self._shapes:
            raise EngineError(f"{self.name} takes {self.input} of shape {self._known()}, not {name} {tensor.shape}")
        try:
            return dict(zip(self._outputs, session.run(self._outputs, {name: tensor}), strict=True))
        except Exception as error:
            raise EngineError(f"{self.name} failed: {str(error).splitlines()[0]}") from error

    def _known(self) -> str:
        return ", ".join(map(str, sorted(self._shapes))) if self._session else "(closed)"

    def metadata(self, key: str) -> str | None:
        """See `engines.engine.Engine.metadata`."""
        return self._metadata.get(key)

    def close(self) -> None:
        """Free the session."""
        self._session = None
