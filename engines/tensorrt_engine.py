"""The TensorRT back-end, with pycuda: plans of fixed shapes, run with CUDA graphs from pinned memory.

Owns the building of plans, GPU memory, streams and execution contexts.  Does not know what the tensors mean, nor where plans are
kept (plans).

For TensorRT 8.6, 10 and 11.  The precision is that of the ONNX file: from 10 on networks are strongly typed, which 11 allows
alone; 8.6 is told by builder flags to use what the file holds.  This module has been checked against the documentation and never
been run on a GPU.
"""

from __future__ import annotations

import ctypes
import logging
import math
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import pycuda.driver as cuda
import tensorrt as trt

from engines.engine import EngineError, Shape, Tensor, only_tensor, warm
from engines.models import sum_of
from engines.plans import BUILD_S, PlanError, PlanKey, obtain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

logger = logging.getLogger("glyphfeed.engines")

WORKSPACE_BYTES = 1 << 30
"""What TensorRT may use while it tries kernels; the networks are of 10 to 20 MB."""
DRIVER = Path("/sys/module/nvidia/version")
"""Where Linux tells the version of NVIDIA's driver."""
NON_BLOCKING = 1
"""CU_STREAM_NON_BLOCKING of cuda.h: what other streams do meanwhile does not spoil the recording of a graph."""
RELAXED = 2
"""CU_STREAM_CAPTURE_MODE_RELAXED of cuda.h: what other threads do meanwhile is not a part of the graph and does not spoil it."""


FORMAT = 1
"""To be raised when plans are built in another way, so that older ones are not taken."""
TROUBLES = (cuda.Error, RuntimeError, TypeError, ValueError, AttributeError, OSError, MemoryError)
"""What TensorRT, pycuda and ctypes raise: CUDA's statuses, C++ exceptions, objects that could not be made."""


def gpu() -> Any:
    """The first GPU.

    Raises:
        EngineError: there is none, or its driver does not answer.

    """
    try:
        cuda.init()
        return cuda.Device(0)
    except cuda.Error as error:
        raise EngineError(f"there is no NVIDIA GPU that can be used: {error}") from error


def profiles(shapes: Sequence[Shape], batch: int) -> tuple[tuple[Shape, Shape, Shape], ...]:
    """Least, best and largest shape of the input for each shape of a single one, (1, ...); `batch` go together at most."""
    return tuple(((1, *shape[1:]), (batch, *shape[1:]), (batch, *shape[1:])) for shape in shapes)


@contextmanager
def told(what: str) -> Iterator[None]:
    """Make one sentence of whatever goes wrong: EngineError, that `what` is not possible and why."""
    try:
        yield
    except TROUBLES as error:
        raise EngineError(f"{what}: {str(error).splitlines()[0] if str(error) else type(error).__name__}") from error


def read_graph(path: Path) -> Any:
    """The ONNX model of a file.

    Raises:
        EngineError: it cannot be read, or holds unsigned 8-bit activations, of which TensorRT would clip the upper half.

    """
    try:
        model = onnx.load(path)
    except Exception as error:  # protobuf's exceptions share no base class
        raise EngineError(f"TensorRT cannot load {path}: {str(error).splitlines()[0]}") from error
    if any(tensor.data_type == onnx.TensorProto.UINT8 for tensor in model.graph.initializer):
        raise EngineError(
            f"{path} holds unsigned 8-bit activations, which TensorRT misreads; make it anew here with glyphfeed quantise"
        )
    return model


def most_inputs(model: Any, batch: int) -> int:
    """How many inputs one run of a model takes, `batch` where its file leaves that open."""
    first = model.graph.input[0].type.tensor_type.shape.dim[0]
    return 1 if first.HasField("dim_value") else batch


def key_of(path: Path, shapes: Sequence[Shape], batch: int) -> PlanKey:
    """What the plan of an ONNX file depends on here.

    Raises:
        EngineError: there is no GPU, or the file cannot be read.

    """
    device = gpu()
    batch = most_inputs(read_graph(path), batch)
    driver = DRIVER.read_text().strip() if DRIVER.exists() else ""
    return PlanKey(
        name=path.stem,
        sha256=sum_of(path),
        tensorrt=trt.__version__,
        gpu=device.name(),
        capability=".".join(map(str, device.compute_capability())),
        driver=f"{driver} (CUDA {cuda.get_driver_version()})",
        precision=_precision_of(path),
        profiles=profiles(shapes, batch),
        format=FORMAT,
    )


def build(path: Path, wanted: Sequence[tuple[Shape, Shape, Shape]]) -> bytes:
    """Compile an ONNX file for some profiles of its only input, which takes minutes.

    Raises:
        EngineError: TensorRT cannot read or compile it, or takes longer than `engines.plans.BUILD_S`.

    """
    with told(f"TensorRT cannot compile {path}"):
        return _build(path, wanted)


def _build(path: Path, wanted: Sequence[tuple[Shape, Shape, Shape]]) -> bytes:
    log = _Log()
    builder = trt.Builder(log)
    network = builder.create_network(_network_flags())
    parser = trt.OnnxParser(network, log)
    if not parser.parse(path.read_bytes()):
        reasons = "; ".join(parser.get_error(number).desc() for number in range(parser.num_errors))
        raise EngineError(f"TensorRT cannot load {path}: {reasons.splitlines()[0] if reasons else log.last}")
    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, WORKSPACE_BYTES)
    # Numbers of 32 bits are to be that: whoever wants less asks for it, and has it judged.
    config.clear_flag(trt.BuilderFlag.TF32)
    _allow_types(config, network)
    for least, best, most in wanted:
        profile = builder.create_optimization_profile()
        profile.set_shape(network.get_input(0).name, least, best, most)
        config.add_optimization_profile(profile)
    if hasattr(trt, "IProgressMonitor"):
        config.progress_monitor = _monitor(path.stem)
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise EngineError(f"TensorRT cannot compile {path}: {log.last}")
    return bytes(plan)


def _network_flags() -> int:
    known = trt.NetworkDefinitionCreationFlag.__members__
    name = "STRONGLY_TYPED" if "STRONGLY_TYPED" in known else "EXPLICIT_BATCH"
    return 1 << int(known[name]) if name in known else 0


def _allow_types(config: Any, network: Any) -> None:
    """Where types are not the file's by themselves (TensorRT 8.6), allow those that it holds."""
    if "STRONGLY_TYPED" in trt.NetworkDefinitionCreationFlag.__members__:
        return
    # Otherwise only one context can use a profile; later versions always allow it.
    config.set_preview_feature(trt.PreviewFeature.PROFILE_SHARING_0806, True)
    layers = [network.get_layer(number) for number in range(network.num_layers)]
    if any(layer.get_output(0).dtype == trt.float16 for layer in layers):
        config.set_flag(trt.BuilderFlag.FP16)
    if any(layer.type == trt.LayerType.QUANTIZE for layer in layers):
        config.set_flag(trt.BuilderFlag.INT8)


def _monitor(name: str) -> Any:
    """Tells about once in ten seconds how far a build is, and ends it when it takes too long."""

    class Monitor(trt.IProgressMonitor):  # type: ignore[misc]
        def __init__(self) -> None:
            trt.IProgressMonitor.__init__(self)
            self._begun_s = self._told_s = time.monotonic()
            self._steps: dict[str, int] = {}

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:  # noqa: ARG002
            self._steps[phase_name] = num_steps

        def step_complete(self, phase_name: str, step: int) -> bool:
            now_s = time.monotonic()
            if now_s - self._told_s > 10:
                self._told_s = now_s
                logger.warning("building the plan of %s: %s, %d of %d", name, phase_name, step, self._steps.get(phase_name, 0))
            return now_s - self._begun_s < BUILD_S

        def phase_finish(self, phase_name: str) -> None:
            self._steps.pop(phase_name, None)

    return Monitor()


class _Log(trt.ILogger):  # type: ignore[misc]
    """Takes TensorRT's messages: the last error is kept for complaints, the rest goes to the log."""

    def __init__(self) -> None:
        trt.ILogger.__init__(self)
        self.last = "it does not say why"

    def log(self, severity: Any, msg: str) -> None:
        if severity in (trt.ILogger.ERROR, trt.ILogger.INTERNAL_ERROR):
            self.last = msg.splitlines()[0] if msg else self.last
        logger.debug("%s", msg)


class TensorRtEngine:
    """A network of one input, compiled for the GPU; threads that run it at the same time have each a stream and contexts."""

    def __init__(self, path: Path, shapes: Sequence[Shape], *, plans: Path, batch: int = 1) -> None:
        """Load the plan, which is built and kept in the folder `plans` where there is none, and warm it.

        Args:
            path: the ONNX file.
            shapes: shapes of single inputs, (1, ...), to compile.
            plans: folder of the plans.
            batch: inputs that one run takes at most.

        Raises:
            EngineError: there is no GPU, or the file cannot be compiled.

        """
        self.name = f"{path.stem} (tensorrt)"
        self._log = _Log()
        self._lock = threading.Lock()
        self._idle: list[_Lane] = []
        self._shapes: tuple[Shape, ...] = tuple(shapes)
        model = read_graph(path)
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

                self._engine = obtain(plans, key, lambda: build(path, key.profiles), load)
            self.input = model.graph.input[0].name
            # In the file's order: TensorRT has one of its own.
            self._outputs = [output.name for output in model.graph.output]
        self.name = f"{path.stem} (tensorrt, {_precision_of(path)})"
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
        shapes = self._shapes
        tensor = only_tensor(self.name, self.input, shapes, self.batch, tensors)
        with told(f"{self.name} failed"), self._current():
            with self._lock:
                lane = self._idle.pop() if self._idle else None
            if lane is None:
                lane = _Lane(self._engine, self.input, self._outputs, shapes, self.batch)
            try:
                return lane.run(tensor)
            finally:
                with self._lock:
                    if self._shapes:
                        self._idle.append(lane)
                    else:
                        lane.close()

    def metadata(self, key: str) -> str | None:
        """See `engines.engine.Engine.metadata`."""
        return self._metadata.get(key)

    def close(self) -> None:
        """Free what the GPU holds for this network, what is still running with its last run."""
        with self._lock:
            self._shapes = ()
            idle, self._idle = self._idle, []
        with told(f"{self.name} cannot be freed"), self._current():
            for lane in idle:
                lane.close()
            idle.clear()


class _Lane:
    """What one thread needs to run a plan: a stream, memory for the largest input, and for each shape a context and a graph.

    Several inputs are always run as a full batch, filled up with zeros, so that there are two shapes of each width.
    """

    def __init__(self, engine: Any, name: str, outputs: Sequence[str], shapes: Sequence[Shape], batch: int) -> None:
        self._engine, self._input, self._shapes, self._batch = engine, name, shapes, batch
        self._stream = cuda.Stream(NON_BLOCKING)
        self._jobs: dict[Shape, _Job] = {}
        # One at a time runs on a lane, so that all share what they compute in.
        self._scratch_bytes = getattr(engine, "device_memory_size_v2", 0) or engine.device_memory_size
        self._scratch = cuda.mem_alloc(max(self._scratch_bytes, 1))
        largest = max(shapes, key=math.prod)
        sizes = self._context_for((batch, *largest[1:]))
        self._given = _Buffer(batch * math.prod(largest), np.dtype(np.float32))
        self._results = {
            output: _Buffer(math.prod(sizes.get_tensor_shape(output)), np.dtype(trt.nptype(engine.get_tensor_dtype(output))))
            for output in outputs
        }

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
        number = self._shapes.index((1, *shape[1:]))
        _must(context.set_optimization_profile_async(number, self._stream.handle), "choose a profile")
        _must(context.set_input_shape(self._input, shape), "set the input's shape")
        return context

    def run(self, tensor: Tensor) -> dict[str, Tensor]:
        shape = tensor.shape if len(tensor) == 1 else (self._batch, *tensor.shape[1:])
        job = self._jobs.get(shape)
        if job is None:
            job = _Job(self._context_for(shape), self._stream, self._input, shape, self._given, self._results)
            self._jobs[shape] = job
        return job.run(tensor)

    def close(self) -> None:
        for job in self._jobs.values():
            job.close()
        self._jobs.clear()


class _Buffer:
    """Memory on the GPU, and pinned memory of the host beside it."""

    def __init__(self, size: int, dtype: np.dtype[Any]) -> None:
        self.host = cuda.pagelocked_empty(size, dtype)
        self.device = cuda.mem_alloc(max(self.host.nbytes, 1))


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
        self._stream.synchronize()
        # What was filled up is left out, where the outputs lie along the first dimension at all (`Engine.batch`).
        full, lines = len(self._given), len(tensor)
        return {
            name: np.array(host[:lines] if lines < full and len(host) == full else host, np.float32)
            for name, host in self._hosts.items()
        }

    def _enqueue(self) -> None:
        cuda.memcpy_htod_async(self._given_device, self._given, self._stream)
        _must(self._context.execute_async_v3(self._stream.handle), "run")
        for name, host in self._hosts.items():
            cuda.memcpy_dtoh_async(host, self._results[name].device, self._stream)

    def close(self) -> None:
        if self._graph is not None:
            self._graph.close()


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


def _precision_of(path: Path) -> str:
    """What a file computes in, by the marks that `glyphfeed quantise` leaves in its name."""
    return next((mark for mark in ("int8", "fp16") if path.stem.endswith(f"_{mark}")), "fp32")
