"""The TensorRT back-end: plans of fixed shapes, run or shown pictures by several threads at a time.

Owns the plan and the lanes.  Does not know how plans are built (build), nor how a lane runs one (lane).
This module has been checked against the documentation and never been run on a GPU.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pycuda.driver as cuda
import tensorrt as trt

from glyphfeed.engines.engine import Eye, Shape, check_input, only_tensor, warm
from glyphfeed.engines.errors import EngineError, PlanError
from glyphfeed.engines.nvidia.build import (
    Log,
    build,
    gpu,
    inputs_of,
    key_of,
    most_inputs,
    precision_of,
    read_graph,
    taken_by,
    told,
)
from glyphfeed.engines.nvidia.lane import Lane, compiled_kernels
from glyphfeed.engines.nvidia.plans import obtain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from glyphfeed.engines.models import Colours
    from glyphfeed.engines.nvidia.lane import Kernels
    from glyphfeed.engines.tensors import Fit, Tensor


class TensorRtEngine:
    """A network of one input, compiled for the GPU; threads that run it at the same time have each a stream and contexts."""

    streams = 1

    def __init__(self, path: Path, shapes: Sequence[Shape], *, plans: Path, batch: int = 1, build_it: bool = True) -> None:
        """Load the plan, which is built and kept in the folder `plans` where there is none, and warm it.

        Args:
            path: the ONNX file.
            shapes: shapes of single inputs, (1, ...), to compile.
            plans: folder of the plans.
            batch: inputs that one run takes at most.
            build_it: whether to build a plan, which takes minutes, where there is none that loads.

        Raises:
            PlanError: there is none that loads, and none is to be built.
            EngineError: there is no GPU, or the file cannot be compiled.

        """
        self.name = f"{path.stem} (tensorrt)"
        self._log = Log()
        self._lock = threading.Lock()
        self._idle: list[Lane] = []
        self._shapes: tuple[Shape, ...] = tuple(shapes)
        model = read_graph(path)
        check_input(path, [taken_by(entry) for entry in inputs_of(model)], shapes)
        self.batch = most_inputs(model, batch)
        self._metadata = {entry.key: entry.value for entry in model.metadata_props}
        with told(f"TensorRT cannot run {path}"):
            key = key_of(path, shapes, batch)
            self._context = gpu().retain_primary_context()
            with self._current():
                runtime = trt.Runtime(self._log)

                def load(content: bytes) -> Any:
                    engine = runtime.deserialize_cuda_engine(content)
                    if engine is None and "memory" in self._log.last.lower():
                        raise EngineError(f"the GPU cannot hold the plan of {path}: {self._log.last}")
                    if engine is None:
                        raise PlanError(self._log.last)
                    return engine

                self._engine = obtain(plans, key, (lambda: build(path, key.profiles)) if build_it else None, load)
            self.input = inputs_of(model)[0].name
            # In the file's order: TensorRT has one of its own.
            self._outputs = [output.name for output in model.graph.output]
            with self._current():
                self._kernels = self._find_kernels()
        self.name = f"{path.stem} (tensorrt, {precision_of(path)})"
        if not warm(self, shapes):
            self.batch = 1

    @contextmanager
    def _current(self) -> Iterator[None]:
        """Make the GPU's context that of this thread for a while."""
        self._context.push()
        try:
            yield
        finally:
            cuda.Context.pop()

    def run(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Run the network once; see `engines.engine.Engine.run`."""
        tensor = only_tensor(self.name, self.input, self._shapes, self.batch, tensors)
        with self._lane() as lane:
            return lane.run(tensor)

    @contextmanager
    def _lane(self) -> Iterator[Lane]:
        """A lane for this thread alone, for a while."""
        with told(f"{self.name} failed"), self._current():
            with self._lock:
                shapes = self._shapes
                lane = self._idle.pop() if self._idle else None
            if not shapes:
                raise EngineError(f"{self.name} is closed")
            if lane is None:
                lane = Lane(self._engine, self.input, self._outputs, shapes, self.batch)
            try:
                yield lane
            finally:
                with self._lock:
                    if self._shapes:
                        self._idle.append(lane)
                    else:
                        lane.close()

    def metadata(self, key: str) -> str | None:
        """See `engines.engine.Engine.metadata`."""
        return self._metadata.get(key)

    @property
    def eye(self) -> Eye | None:
        """See `engines.engine.Engine.eye`; None where the GPU's compiler is missing, which has been logged."""
        return self if self._kernels else None

    def see(self, picture: NDArray[np.uint8], fit: Fit, colours: Colours, least: Sequence[float]) -> Tensor:
        """Show the network a picture; see `engines.engine.Eye.see`."""
        shape = (1, colours.channels, *fit.bucket)
        if shape not in self._shapes or self._kernels is None:
            raise EngineError(f"{self.name} takes no pictures in {shape}, or is closed")
        with self._lane() as lane:
            return lane.see(shape, self._kernels, picture, fit, colours, least)

    def _find_kernels(self) -> Kernels | None:
        """The kernels for pictures, where the input and the output are what they are written for."""
        types = {self._engine.get_tensor_dtype(name) for name in (self.input, self._outputs[0])}
        return compiled_kernels() if types == {trt.float32} else None

    def close(self) -> None:
        """Free what the GPU holds for this network, what is still running with its last run."""
        with self._lock:
            self._shapes = ()
            idle, self._idle = self._idle, []
        with told(f"{self.name} cannot be freed"), self._current():
            for lane in idle:
                lane.close()
            idle.clear()
            # What still runs has its own hold of it.
            self._engine = None
