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
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import openvino as ov
import pycuda.driver as cuda
import tensorrt as trt

from engines.engine import EngineError, Shape, Tensor, only_tensor, warm
from engines.models import sum_of
from engines.openvino_engine import metadata_of
from engines.plans import BUILD_S, PlanError, PlanKey, obtain

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

logger = logging.getLogger("glyphfeed.engines")

WORKSPACE_BYTES = 1 << 30
"""What TensorRT may use while it tries kernels; the networks are of 10 to 20 MB."""
DRIVER = Path("/sys/module/nvidia/version")
"""Where Linux tells the version of NVIDIA's driver."""
RELAXED = 2
"""CU_STREAM_CAPTURE_MODE_RELAXED of cuda.h: what other threads do meanwhile is not a part of the graph and does not spoil it."""


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


def key_of(path: Path, shapes: Sequence[Shape], batch: int) -> PlanKey:
    """What the plan of an ONNX file depends on here.

    Raises:
        EngineError: there is no GPU, or the file cannot be read.

    """
    device = gpu()
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
    )


def build(path: Path, wanted: Sequence[tuple[Shape, Shape, Shape]]) -> bytes:
    """Compile an ONNX file for some profiles of its only input, which takes minutes.

    Raises:
        EngineError: TensorRT cannot read or compile it, or takes longer than `engines.plans.BUILD_S`.

    """
    log = _Log()
    builder = trt.Builder(log)
    network = builder.create_network(_network_flags())
    parser = trt.OnnxParser(network, log)
    if not parser.parse(path.read_bytes()):
        reasons = "; ".join(parser.get_error(number).desc() for number in range(parser.num_errors))
        raise EngineError(f"TensorRT cannot load {path}: {reasons.splitlines()[0] if reasons else log.last}")
    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, WORKSPACE_BYTES)
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
        self._path = path
        self._log = _Log()
        self._lock = threading.Lock()
        self._idle: list[_Lane] = []
        self._shapes: tuple[Shape, ...] = tuple(shapes)
        self.batch = batch
        key = key_of(path, shapes, batch)
        self._context = gpu().retain_primary_context()
        try:
            with self._current():
                runtime = trt.Runtime(self._log)

                def load(content: bytes) -> Any:
                    engine = runtime.deserialize_cuda_engine(content)
                    if engine is None:
                        raise PlanError(self._log.last)
                    return engine

                self._engine = obtain(plans, key, lambda: build(path, key.profiles), load)
                names = [self._engine.get_tensor_name(number) for number in range(self._engine.num_io_tensors)]
                inputs = [name for name in names if self._engine.get_tensor_mode(name) == trt.TensorIOMode.INPUT]
                if len(inputs) != 1:
                    raise EngineError(f"{path} takes {len(inputs)} inputs; networks of one input can be used")
                self.input = inputs[0]
                self._outputs = [name for name in names if name != self.input]
            self.name = f"{path.stem} (tensorrt, {_precision_of(path)})"
            if not warm(self, shapes):
                self.batch = 1
        except cuda.Error as error:
            raise EngineError(f"TensorRT cannot run {path}: {error}") from error

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
        with self._current():
            with self._lock:
                lane = self._idle.pop() if self._idle else None
            try:
                lane = lane or _Lane(self._engine, self.input, self._outputs, self._shapes)
                return lane.run(tensor)
            except cuda.Error as error:
                raise EngineError(f"{self.name} failed: {error}") from error
            finally:
                if lane is not None:
                    with self._lock:
                        self._idle.append(lane)

    def metadata(self, key: str) -> str | None:
        """See `engines.engine.Engine.metadata`; a plan keeps nothing of it, so it comes from the ONNX file."""
        return metadata_of(ov.Core().read_model(self._path)).get(key)

    def close(self) -> None:
        """Free what the GPU holds for this network."""
        with self._lock:
            self._shapes = ()
            idle, self._idle = self._idle, []
        with self._current():
            idle.clear()


class _Lane:
    """What one thread needs to run a plan: a stream, and for each shape that came a context, memory and a graph."""

    def __init__(self, engine: Any, name: str, outputs: Sequence[str], shapes: Sequence[Shape]) -> None:
        self._engine, self._input, self._outputs, self._shapes = engine, name, outputs, shapes
        self._stream = cuda.Stream()
        self._jobs: dict[Shape, _Job] = {}

    def run(self, tensor: Tensor) -> dict[str, Tensor]:
        job = self._jobs.get(tensor.shape)
        if job is None:
            number = self._shapes.index((1, *tensor.shape[1:]))
            job = _Job(self._engine, number, self._input, self._outputs, tensor.shape, self._stream)
            self._jobs[tensor.shape] = job
        return job.run(tensor)


class _Job:
    """A plan bound to one shape: pinned host memory, GPU memory, an execution context, and after its first run a CUDA graph."""

    def __init__(self, engine: Any, profile: int, name: str, outputs: Sequence[str], shape: Shape, stream: Any) -> None:
        self._stream = stream
        self._context = engine.create_execution_context()
        if self._context is None:
            raise EngineError("the GPU has no memory for another execution context")
        _must(self._context.set_optimization_profile_async(profile, stream.handle), "choose a profile")
        _must(self._context.set_input_shape(name, shape), "set the input's shape")
        self._given = cuda.pagelocked_empty(shape, np.float32)
        self._given_device = cuda.mem_alloc(self._given.nbytes)
        _must(self._context.set_tensor_address(name, int(self._given_device)), "bind the input")
        self._results: dict[str, tuple[Any, Any]] = {}
        for output in outputs:
            dtype = trt.nptype(engine.get_tensor_dtype(output))
            host = cuda.pagelocked_empty(tuple(self._context.get_tensor_shape(output)), dtype)
            device = cuda.mem_alloc(host.nbytes)
            _must(self._context.set_tensor_address(output, int(device)), "bind an output")
            self._results[output] = (host, device)
        self._graph: _Graph | None = None
        self._warm = False

    def run(self, tensor: Tensor) -> dict[str, Tensor]:
        np.copyto(self._given, tensor)
        if self._graph is None and self._warm:
            self._graph = _Graph(self._stream, self._enqueue)
        if self._graph is not None:
            self._graph.launch()
        else:
            # The first run lets TensorRT allocate what it must not while a graph is recorded.
            self._enqueue()
            self._warm = True
        self._stream.synchronize()
        return {name: host.astype(np.float32, copy=True) for name, (host, _) in self._results.items()}

    def _enqueue(self) -> None:
        cuda.memcpy_htod_async(self._given_device, self._given, self._stream)
        _must(self._context.execute_async_v3(self._stream.handle), "run")
        for host, device in self._results.values():
            cuda.memcpy_dtoh_async(host, device, self._stream)


class _Graph:
    """What a stream did once, recorded to be launched as a whole; by the driver's own calls, whose statuses become exceptions."""

    def __init__(self, stream: Any, work: Any) -> None:
        self._driver = ctypes.CDLL("libcuda.so.1")
        self._stream = ctypes.c_void_p(stream.handle)
        graph, self._runnable = ctypes.c_void_p(), ctypes.c_void_p()
        self._call("cuStreamBeginCapture_v2", self._stream, ctypes.c_int(RELAXED))
        try:
            work()
        finally:
            self._call("cuStreamEndCapture", self._stream, ctypes.byref(graph))
        self._call("cuGraphInstantiateWithFlags", ctypes.byref(self._runnable), graph, ctypes.c_ulonglong(0))
        self._call("cuGraphDestroy", graph)

    def launch(self) -> None:
        self._call("cuGraphLaunch", self._runnable, self._stream)

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
