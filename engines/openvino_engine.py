"""The OpenVINO back-end: one network compiled once for each of a few fixed input shapes.

Owns compiled networks and their inference requests.  Does not know what the tensors mean.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import openvino as ov

from glyphfeed.engines.engine import Shape, check_input, only_tensor, warm
from glyphfeed.engines.errors import EngineError
from glyphfeed.engines.transposed import unroll_transposed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from glyphfeed.engines.tensors import Tensor


STREAMS = 2
"""Lines of text are small: two on one thread each are read in an eighth less time than one after the other on two threads, and
one alone takes 1.3 to 1.45 times as long (PP-OCRv6, 64 to 320 pixels wide, two cores)."""


class Own(threading.local):
    """What each thread has for itself: an inference request for each compiled network."""

    def __init__(self) -> None:
        self.requests: dict[Any, Any] = {}


class OpenVinoEngine:
    """A network of one input, compiled for the shapes that it will see.

    Where the processor has instructions for bfloat16, and the network may be computed so, it is: twice as fast, and street clips
    read as well as with float32 (word F1 0.842 and 0.814 on twelve clips).

    Shapes that differ in their last dimension alone, like lines of text, share one network in which that one is free, and with it
    how many go at a time: it loads in a tenth of a second where each fixed one does, and a run takes as long, but for 2 ms where
    the width is another than the run's before.  Pictures get a network a shape, for those run 8 to 30 % faster fixed.
    """

    eye = None

    def __init__(
        self,
        path: Path,
        shapes: Sequence[Shape],
        *,
        threads: int,
        batch: int = 1,
        cache: Path | None = None,
        exact: bool = False,
    ) -> None:
        """Compile the network for every shape, and warm it.

        Args:
            path: the ONNX file.
            shapes: shapes of single inputs, (1, ...), to compile.
            threads: CPU threads of one run; 0 lets OpenVINO choose.
            batch: inputs that one run takes at most.
            cache: folder for compiled networks, so that the next start is fast.
            exact: whether to compute in float32 even where bfloat16 would be faster.

        Raises:
            EngineError: the file cannot be loaded or compiled.

        """
        self.name = f"{path.stem} (openvino)"  # for complaints until it is known how precise it is
        self._own = Own()
        options: dict[str, Any] = {"PERFORMANCE_HINT": "LATENCY"}
        if threads:
            options["INFERENCE_NUM_THREADS"] = threads
        if batch > 1:
            options["NUM_STREAMS"] = STREAMS
        if cache:
            options["CACHE_DIR"] = str(cache)
        try:
            core = ov.Core()
            shorter = "BF16" in core.get_property("CPU", "OPTIMIZATION_CAPABILITIES") and not exact
            options["INFERENCE_PRECISION_HINT"] = "bf16" if shorter else "f32"
            model = core.read_model(path)
            # To reshape a network puts up with any size, right or wrong.
            check_input(path, [taken_by(entry) for entry in model.inputs], shapes)
            unroll_transposed(model)
            self.input = model.input().get_any_name()
            self.batch = batch if model.input().get_partial_shape()[0].is_dynamic else 1
            self._outputs = [output.get_any_name() for output in model.outputs]
            self._metadata = metadata_of(model)
            self._compiled: dict[Shape, Any] = {}
            for input_shape, members in families(shapes, self.batch):
                model.reshape(input_shape)
                compiled = core.compile_model(model, "CPU", options)
                self._compiled |= dict.fromkeys(members, compiled)
                if not warm(self, members):
                    self.batch = 1
            self.streams = int(compiled.get_property("NUM_STREAMS"))
            self.name = f"{path.stem} (openvino, {precision_of(compiled)})"
        except RuntimeError as error:
            raise EngineError(f"OpenVINO cannot load {path}: {_first_line(error)}") from error

    def run(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Run the network once; see `engines.engine.Engine.run`."""
        networks = self._compiled
        tensor = only_tensor(self.name, self.input, networks, self.batch, tensors)
        compiled, requests = networks[1, *tensor.shape[1:]], self._own.requests
        try:
            request = requests.get(compiled) or requests.setdefault(compiled, compiled.create_infer_request())
            # What comes out lies in the request's memory: six lines are 18 MB, and to copy them takes a tenth of the time.
            results = request.infer({self.input: tensor}, share_inputs=True, share_outputs=True)
            return {key: results[index] for index, key in enumerate(self._outputs)}
        except RuntimeError as error:
            raise EngineError(f"{self.name} failed: {_first_line(error)}") from error

    def metadata(self, key: str) -> str | None:
        """See `engines.engine.Engine.metadata`."""
        return self._metadata.get(key)

    def close(self) -> None:
        """Free the compiled networks."""
        self._compiled = {}
        self._own = Own()


def taken_by(entry: Any) -> tuple[list[int | None], bool]:
    """Sizes of an input, None for a free one, and whether it takes float32."""
    sizes = [size.get_length() if size.is_static else None for size in entry.get_partial_shape()]
    return sizes, entry.get_element_type() == ov.Type.f32


def metadata_of(model: Any) -> dict[str, str]:
    """What the file of a model says by the way, under its keys."""
    told = model.get_rt_info("framework").value if model.has_rt_info("framework") else {}
    return {str(key): str(told[key]) for key in told}


def families(shapes: Sequence[Shape], batch: int) -> list[tuple[list[int], list[Shape]]]:
    """Group shapes of single inputs into those that one compiled network takes, each with that network's shape, -1 for a free
    dimension.
    """
    first = [-1] if batch > 1 else [1]
    if len(shapes) > 1 and len({shape[:-1] for shape in shapes}) == 1:
        return [([*first, *shapes[0][1:-1], -1], list(shapes))]
    return [([*first, *shape[1:]], [shape]) for shape in shapes]


def precision_of(compiled: Any) -> str:
    """The precision that a compiled network computes in: fp32, bf16 or fp16."""
    return str(compiled.get_property("INFERENCE_PRECISION_HINT").get_type_name()).replace("f", "fp", 1).replace("bfp", "bf")


def _first_line(error: Exception) -> str:
    # OpenVINO begins with where in its own code it failed.
    lines = [line.strip() for line in str(error).splitlines() if line.strip() and not line.startswith("Exception from")]
    return lines[0] if lines else type(error).__name__
