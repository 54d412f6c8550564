"""What one thread needs to run a plan on the GPU: a stream, memory, execution contexts, CUDA graphs, and kernels for pictures.

Owns GPU memory and what is enqueued.  Does not know where plans come from (plans), nor how threads share a network
(engine).  This module has been checked against the documentation and never been run on a GPU.
"""

from __future__ import annotations

import ctypes
import logging
import math
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pycuda.driver as cuda
import tensorrt as trt
from pycuda.compiler import SourceModule

from glyphfeed.engines.errors import EngineError
from glyphfeed.engines.nvidia.build import run_shapes, told
from glyphfeed.engines.nvidia.pictures import BLOCK, SOURCE, grid_of, numbers_of_keep, numbers_of_lay

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from numpy.typing import NDArray

    from glyphfeed.engines.engine import Shape
    from glyphfeed.engines.models import Colours
    from glyphfeed.engines.nvidia.pictures import Numbers
    from glyphfeed.engines.tensors import Fit, Tensor

logger = logging.getLogger("glyphfeed.engines")

NON_BLOCKING = 1
"""CU_STREAM_NON_BLOCKING of cuda.h: what other streams do meanwhile does not spoil the recording of a graph."""
RELAXED = 2
"""CU_STREAM_CAPTURE_MODE_RELAXED of cuda.h: what other threads do meanwhile is not a part of the graph and does not spoil it."""


class Lane:
    """What one thread needs to run a plan: a stream, memory for the largest input, and for each shape a context and a graph.

    Several inputs are always run as a full batch, filled up with zeros, so that there are two shapes of each width.
    """

    def __init__(self, engine: Any, name: str, outputs: Sequence[str], shapes: Sequence[Shape], batch: int) -> None:
        self._engine, self._input, self._shapes, self._batch = engine, name, run_shapes(shapes, batch), batch
        self._stream = cuda.Stream(NON_BLOCKING)
        self._jobs: dict[Shape, _Job] = {}
        # One at a time runs on a lane, so that all share what they compute in.
        # 0 is an answer, too, and TensorRT 11 has the second of these names alone.
        v2 = hasattr(engine, "device_memory_size_v2")
        self._scratch_bytes = engine.device_memory_size_v2 if v2 else engine.device_memory_size
        self._scratch = cuda.mem_alloc(max(self._scratch_bytes, 1))
        largest = max(shapes, key=math.prod)
        sizes = self._context_for((batch, *largest[1:]))
        self._given = _Buffer(batch * math.prod(largest), np.dtype(np.float32))
        self._results = {
            output: _Buffer(math.prod(sizes.get_tensor_shape(output)), np.dtype(trt.nptype(engine.get_tensor_dtype(output))))
            for output in outputs
        }
        self._picture = _Buffer(1, np.dtype(np.uint8))
        self._kept = _Buffer(1, np.dtype(np.uint8))

    def _context_for(self, shape: Shape) -> Any:
        """An execution context for a shape, which computes in the lane's memory."""
        if hasattr(trt, "ExecutionContextAllocationStrategy"):
            context = self._engine.create_execution_context(trt.ExecutionContextAllocationStrategy.USER_MANAGED)
        else:
            context = self._engine.create_execution_context_without_device_memory()
        if context is None:
            raise EngineError("the GPU has no memory for another execution context")
        if hasattr(context, "set_device_memory"):
            context.set_device_memory(int(self._scratch), self._scratch_bytes)
        else:
            context.device_memory = int(self._scratch)
        number = self._shapes.index(shape)
        _must(context.set_optimization_profile_async(number, self._stream.handle), "choose a profile")
        _must(context.set_input_shape(self._input, shape), "set the input's shape")
        return context

    def run(self, tensor: Tensor) -> dict[str, Tensor]:
        """Run the plan; see `engines.engine.Engine.run`."""
        return self._job(tensor.shape if len(tensor) == 1 else (self._batch, *tensor.shape[1:])).run(tensor)

    def _job(self, shape: Shape) -> _Job:
        job = self._jobs.get(shape)
        if job is None:
            job = _Job(self._context_for(shape), self._stream, self._input, shape, self._given, self._results)
            self._jobs[shape] = job
        return job

    def see(
        self, shape: Shape, kernels: Kernels, picture: NDArray[np.uint8], fit: Fit, colours: Colours, least: Sequence[float]
    ) -> Tensor:
        """Show it a picture, laid into an input of some shape by these kernels; see `engines.engine.Eye.see`."""
        job = self._job(shape)
        output = next(iter(self._results))
        kept_shape, numbers = numbers_of_keep(job.shape_of(output), fit, least)
        self._picture = _large_enough(self._picture, picture.size)
        self._kept = _large_enough(self._kept, math.prod(kept_shape))
        seen, kept = self._picture.host[: picture.size], self._kept.host[: math.prod(kept_shape)]
        seen[:] = picture.reshape(-1)
        cuda.memcpy_htod_async(self._picture.device, seen, self._stream)
        to_lay = numbers_of_lay(picture, fit, colours)
        kernels.launch("lay", fit.bucket, (self._picture.device, self._given.device), to_lay, self._stream)
        job.compute()
        kernels.launch("keep", kept_shape[1:], (self._results[output].device, self._kept.device), numbers, self._stream)
        cuda.memcpy_dtoh_async(kept, self._kept.device, self._stream)
        self._stream.synchronize()
        return np.asarray(kept.reshape(kept_shape) / np.float32(255), np.float32)

    def close(self) -> None:
        """Free all of it, now: later the GPU's context may not be that of the thread."""
        for job in self._jobs.values():
            job.close()
        self._jobs.clear()
        for buffer in (self._given, self._picture, self._kept, *self._results.values()):
            buffer.free()
        self._scratch.free()
        del self._stream


class _Buffer:
    """Memory on the GPU, and pinned memory of the host beside it."""

    def __init__(self, size: int, dtype: np.dtype[Any]) -> None:
        self.host = cuda.pagelocked_empty(size, dtype)
        self.device = cuda.mem_alloc(max(self.host.nbytes, 1))

    def free(self) -> None:
        self.device.free()
        self.host.base.free()


def _large_enough(buffer: _Buffer, size: int) -> _Buffer:
    """A buffer that holds so much: the given one if it does, and otherwise another in its place."""
    if buffer.host.size >= size:
        return buffer
    buffer.free()
    return _Buffer(size, buffer.host.dtype)


class Kernels:
    """The kernels for pictures, compiled for this GPU."""

    def __init__(self) -> None:
        self._module = SourceModule(SOURCE.read_text(encoding="utf-8"), no_extern_c=True)
        self._kernels = {name: self._module.get_function(name) for name in ("lay", "keep")}

    def launch(self, name: str, size: Sequence[int], pointers: Sequence[Any], numbers: Numbers, stream: Any) -> None:
        """Have a thread for each of (rows, columns) pixels, after whatever the stream does already."""
        rows, columns = size
        self._kernels[name](*pointers, *numbers, block=BLOCK, grid=grid_of(rows, columns), stream=stream)


@cache
def compiled_kernels() -> Kernels | None:
    """One for all networks, which share the GPU's primary context; None, once it has been logged, where they cannot be compiled.

    pycuda keeps nvcc's work on disk, and asks nvcc for its version at every start all the same.
    """
    try:
        with told("NVIDIA's compiler, nvcc, cannot be used"):
            return Kernels()
    except EngineError as error:
        logger.warning("pictures are laid out before they go to the GPU: %s; is nvcc, of the CUDA toolkit, on the PATH?", error)
        logger.debug("what nvcc said", exc_info=error)
        return None


class _Job:
    """A context bound to one shape, run by a CUDA graph after its first run."""

    def __init__(
        self, context: Any, stream: Any, name: str, shape: Shape, given: _Buffer, results: Mapping[str, _Buffer]
    ) -> None:
        self._context, self._stream, self._results = context, stream, results
        self._given = given.host[: math.prod(shape)].reshape(shape)
        self._given_device = given.device
        _must(context.set_tensor_address(name, int(given.device)), "bind the input")
        self._hosts: dict[str, Any] = {}
        for output, buffer in results.items():
            length = tuple(context.get_tensor_shape(output))
            self._hosts[output] = buffer.host[: math.prod(length)].reshape(length)
            _must(context.set_tensor_address(output, int(buffer.device)), "bind an output")
        self._graph: _Graph | None = None
        self._runs = 0

    def run(self, tensor: Tensor) -> dict[str, Tensor]:
        self._given[: len(tensor)] = tensor
        self._given[len(tensor) :] = 0
        cuda.memcpy_htod_async(self._given_device, self._given, self._stream)
        self.compute()
        # What was filled up is left out, where the outputs lie along the first dimension at all (`Engine.batch`).
        full, lines = len(self._given), len(tensor)
        wanted = {name: host[:lines] if len(host) == full else host for name, host in self._hosts.items()}
        for name, host in wanted.items():
            cuda.memcpy_dtoh_async(host, self._results[name].device, self._stream)
        self._stream.synchronize()
        return {name: np.array(host, np.float32) for name, host in wanted.items()}

    def shape_of(self, output: str) -> Shape:
        return tuple(self._hosts[output].shape)

    def compute(self) -> None:
        """Have the network run, from the input to the outputs in the GPU's memory, after whatever the stream does already."""
        if self._runs == 1:
            # Not sooner: the first run lets TensorRT allocate what it must not while a graph is recorded.
            try:
                with told("it cannot be recorded"):
                    self._graph = _Graph(self._stream, self._enqueue)
            except EngineError as error:
                logger.warning("a network runs without a CUDA graph: %s", error)
        self._runs += 1
        if self._graph is not None:
            self._graph.launch()
        else:
            self._enqueue()

    def _enqueue(self) -> None:
        _must(self._context.execute_async_v3(self._stream.handle), "run")

    def close(self) -> None:
        if self._graph is not None:
            self._graph.close()
            self._graph = None


class _Graph:
    """What a stream did once, recorded to be launched as a whole; by the driver's own calls, whose statuses become exceptions."""

    def __init__(self, stream: Any, work: Callable[[], None]) -> None:
        self._driver = ctypes.CDLL("libcuda.so.1")
        self._stream = ctypes.c_void_p(stream.handle)
        graph, self._runnable = ctypes.c_void_p(), ctypes.c_void_p()
        self._call("cuStreamBeginCapture_v2", self._stream, ctypes.c_int(RELAXED))
        try:
            work()
        finally:
            self._call("cuStreamEndCapture", self._stream, ctypes.byref(graph))
        try:
            self._call("cuGraphInstantiateWithFlags", ctypes.byref(self._runnable), graph, ctypes.c_ulonglong(0))
        finally:
            self._call("cuGraphDestroy", graph)

    def launch(self) -> None:
        self._call("cuGraphLaunch", self._runnable, self._stream)

    def close(self) -> None:
        self._call("cuGraphExecDestroy", self._runnable)

    def _call(self, name: str, *arguments: Any) -> None:
        status = getattr(self._driver, name)(*arguments)
        if status:
            raise EngineError(f"CUDA answered {name} with error {status}")


def _must(done: bool, what: str) -> None:
    if not done:
        raise EngineError(f"TensorRT could not {what}")
