"""The ONNX Runtime back-end: one session, on the CPU or with CUDA, the same fixed shapes as every other back-end.

Owns the session.  Does not know what the tensors mean.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import onnxruntime as ort

from engines.engine import Shape, check_input, only_tensor, warm
from engines.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from onnxruntime import NodeArg

    from engines.tensors import Tensor


CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"
CUDA_OPTIONS = {"cudnn_conv_algo_search": "HEURISTIC", "use_tf32": "0"}
"""By itself it tries all algorithms at the first run of each shape, which takes seconds, and computes in fewer bits than float32
has (ONNX Runtime's documentation of the CUDA provider)."""


class OnnxRuntimeEngine:
    """A network of one input, run by ONNX Runtime."""

    eye = None
    streams = 1

    def __init__(self, path: Path, shapes: Sequence[Shape], *, threads: int, batch: int = 1, cuda: bool = False) -> None:
        """Load the network for some shapes of a single input, (1, ...), and warm it.

        One run takes up to `batch` of them; `threads` 0 lets ONNX Runtime choose; with `cuda` an NVIDIA GPU runs it.

        Raises:
            EngineError: the file cannot be loaded, or CUDA cannot be used.

        """
        self.name = f"{path.stem} ({'cuda' if cuda else 'onnxruntime'}, fp32)"
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.log_severity_level = 3
        try:
            self._session: ort.InferenceSession | None = ort.InferenceSession(
                str(path), options, providers=[(CUDA, CUDA_OPTIONS), CPU] if cuda else [CPU]
            )
            if cuda and CUDA not in self._session.get_providers():
                # It would go on with the CPU and say nothing.
                raise EngineError("CUDA cannot be used; its libraries, or the GPU, do not answer")
            inputs = self._session.get_inputs()
            check_input(path, [taken_by(entry) for entry in inputs], shapes)
            taken = inputs[0]
            self.input = taken.name
            self.batch = 1 if isinstance(taken.shape[0], int) else batch
            self._outputs = [output.name for output in self._session.get_outputs()]
            self._shapes = tuple(shapes)
            self._metadata = dict(self._session.get_modelmeta().custom_metadata_map)
            if not warm(self, shapes):
                self.batch = 1
        except EngineError:
            raise
        except Exception as error:  # ONNX Runtime's own exceptions share no base class
            raise EngineError(f"ONNX Runtime cannot load {path}: {str(error).splitlines()[0]}") from error

    def run(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Run the network once; see `engines.engine.Engine.run`."""
        session = self._session
        tensor = only_tensor(self.name, self.input, self._shapes if session else (), self.batch, tensors)
        assert session is not None
        try:
            return dict(zip(self._outputs, session.run(self._outputs, {self.input: tensor}), strict=True))
        except Exception as error:
            raise EngineError(f"{self.name} failed: {str(error).splitlines()[0]}") from error

    def metadata(self, key: str) -> str | None:
        """See `engines.engine.Engine.metadata`."""
        return self._metadata.get(key)

    def close(self) -> None:
        """Free the session."""
        self._session = None


def taken_by(entry: NodeArg) -> tuple[list[int | None], bool]:
    """Sizes of an input, None for a free one, and whether it takes float32."""
    return [size if isinstance(size, int) else None for size in entry.shape], entry.type == "tensor(float)"
