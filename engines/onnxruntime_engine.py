"""The ONNX Runtime back-end: one session on the CPU, one for each shape with CUDA.

Owns the sessions.  Does not know what the tensors mean.
"""

from __future__ import annotations

import logging
from contextlib import redirect_stdout
from io import StringIO
from typing import TYPE_CHECKING

import numpy as np
import onnxruntime as ort

from glyphfeed.engines.engine import Shape, check_input, only_tensor, warm
from glyphfeed.engines.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from onnxruntime import NodeArg

    from glyphfeed.engines.tensors import Tensor


logger = logging.getLogger("glyphfeed.engines")

CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"
CUDA_OPTIONS = {"cudnn_conv_algo_search": "HEURISTIC", "use_tf32": "0", "arena_extend_strategy": "kSameAsRequested"}
"""By itself it tries all algorithms at the first run of each shape, which takes seconds, computes in fewer bits than float32 has,
and takes twice the memory that it needs (ONNX Runtime's documentation of the CUDA provider)."""
WARNING, FATAL = 2, 4
"""What ONNX Runtime tells by itself, and what it tells while it is tried out whether there is CUDA at all."""


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
        self._threads, self._cuda, self._full = threads, cuda, False
        try:
            first = self._session_of(path)
            inputs = first.get_inputs()
            check_input(path, [taken_by(entry) for entry in inputs], shapes)
            taken = inputs[0]
            self.input = taken.name
            self.batch = 1 if isinstance(taken.shape[0], int) else batch
            self._outputs = [output.name for output in first.get_outputs()]
            self._metadata = dict(first.get_modelmeta().custom_metadata_map)
            self._sessions: dict[Shape, ort.InferenceSession] = dict.fromkeys(shapes, first)
            if not warm(self, shapes[:1] if cuda else shapes):
                self.batch = 1
            if cuda:
                self._part_shapes(path)
        except EngineError:
            raise
        except Exception as error:  # ONNX Runtime's own exceptions share no base class
            raise EngineError(f"ONNX Runtime cannot load {path}: {str(error).splitlines()[0]}") from error

    def _session_of(self, path: Path) -> ort.InferenceSession:
        options = ort.SessionOptions()
        options.intra_op_num_threads = self._threads
        options.log_severity_level = 3
        session = ort.InferenceSession(str(path), options, providers=[(CUDA, CUDA_OPTIONS), CPU] if self._cuda else [CPU])
        if self._cuda and CUDA not in session.get_providers():
            # It would go on with the CPU and say nothing.
            raise EngineError("CUDA cannot be used; its libraries, or the GPU, do not answer")
        return session

    def _part_shapes(self, path: Path) -> None:
        """Have a warm session for each shape: with CUDA, one that is given another shape than before prepares every convolution
        anew, which takes a hundred times as long as the run (microsoft/onnxruntime, issue 23006).

        So that these are few, inputs that may go together always go as a full batch, which takes hardly longer.  One after the
        other: eight threads at once took two and a half times as long (on an H200, 16 cores).
        """
        self._full = self.batch > 1
        for shape in list(self._sessions):
            session = self._session_of(path)
            session.run(self._outputs, {self.input: np.zeros((self.batch, *shape[1:]), np.float32)})
            self._sessions[shape] = session

    def run(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Run the network once; see `engines.engine.Engine.run`."""
        sessions = self._sessions
        tensor = only_tensor(self.name, self.input, sessions, self.batch, tensors)
        lines = len(tensor)
        if self._full and lines < self.batch:
            tensor = np.concatenate([tensor, np.zeros((self.batch - lines, *tensor.shape[1:]), np.float32)])
        try:
            results = sessions[(1, *tensor.shape[1:])].run(self._outputs, {self.input: tensor})
        except Exception as error:
            raise EngineError(f"{self.name} failed: {str(error).splitlines()[0]}") from error
        # Only where several may go together do the outputs lie along the first dimension.
        return dict(zip(self._outputs, (result[:lines] for result in results) if self._full else results, strict=True))

    def metadata(self, key: str) -> str | None:
        """See `engines.engine.Engine.metadata`."""
        return self._metadata.get(key)

    def close(self) -> None:
        """Free the sessions, what is still running with its last run."""
        self._sessions = {}


def check_cuda() -> None:
    """See whether ONNX Runtime can use a GPU; CUDA's libraries are loaded where NVIDIA's Python packages have brought them.

    Raises:
        EngineError: it cannot.

    """
    # It looks among the system's libraries alone by itself, and prints what it does not find.
    with redirect_stdout(StringIO()) as printed:
        ort.preload_dlls()
    logger.debug("%s", printed.getvalue())
    ort.set_default_logger_severity(FATAL)
    try:
        ort.OrtValue.ortvalue_from_numpy(np.zeros(1, np.float32), "cuda", 0)
    except Exception as error:  # ONNX Runtime's own exceptions share no base class
        logger.debug("%s", error)
        raise EngineError("CUDA's libraries, cuDNN's or the GPU do not answer") from error
    finally:
        ort.set_default_logger_severity(WARNING)


def taken_by(entry: NodeArg) -> tuple[list[int | None], bool]:
    """Sizes of an input, None for a free one, and whether it takes float32."""
    return [size if isinstance(size, int) else None for size in entry.shape], entry.type == "tensor(float)"
