"""Building plans for TensorRT: from an ONNX file to kernels for the GPU of this machine.

Owns what a plan depends on and how it is made.  Does not know where plans are kept (plans), nor how they run (engine).

For TensorRT 8.6, 10 and 11.  The precision is that of the ONNX file: in 11 networks are strongly typed, before it is told by
builder flags to use what the file holds.  As a module that is run it builds one plan (`build`).  It has been checked against the
documentation and never been run on a GPU.
"""

from __future__ import annotations

import json
import logging
import signal
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import onnx
import pycuda.driver as cuda
import tensorrt as trt

from glyphfeed.engines.apart import run_apart
from glyphfeed.engines.errors import EngineError
from glyphfeed.engines.files import sum_of
from glyphfeed.engines.nvidia.plans import BUILD_S, PlanKey

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glyphfeed.engines.engine import Shape

logger = logging.getLogger("glyphfeed.engines")

WORKSPACE_BYTES = 1 << 30
"""What TensorRT may use while it tries kernels; the networks are of 10 to 20 MB."""
STRONGLY_TYPED = 11
"""From this version on TensorRT takes the types of a file as they are."""
ALWAYS_SHARED = 10
"""From this version on several contexts can use one profile without being told that they may."""
DRIVER = Path("/sys/module/nvidia/version")
"""Where Linux tells the version of NVIDIA's driver."""


FORMAT = 3
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


def run_shapes(shapes: Sequence[Shape], batch: int) -> tuple[Shape, ...]:
    """The shapes that are run, where single inputs have some shapes, (1, ...): those, and if several go together full batches."""
    return (*shapes, *((batch, *shape[1:]) for shape in shapes if batch > 1))


def profiles(shapes: Sequence[Shape], batch: int) -> tuple[tuple[Shape, Shape, Shape], ...]:
    """Least, best and largest shape of the input: a profile for each shape that is run, so that each has kernels of its own."""
    return tuple((shape, shape, shape) for shape in run_shapes(shapes, batch))


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
    if not inputs_of(model):
        raise EngineError(f"TensorRT cannot load {path}: it is no network, as it takes nothing in")
    if any(tensor.data_type == onnx.TensorProto.UINT8 for tensor in model.graph.initializer):
        raise EngineError(
            f"{path} holds unsigned 8-bit activations, which TensorRT misreads; make it anew here with glyphfeed quantise"
        )
    return model


def inputs_of(model: Any) -> list[Any]:
    """What a run of an ONNX model is given: older files name their weights among it."""
    weights = {tensor.name for tensor in model.graph.initializer}
    return [entry for entry in model.graph.input if entry.name not in weights]


def taken_by(entry: Any) -> tuple[list[int | None], bool]:
    """Sizes of an input of an ONNX model, None for a free one, and whether it takes float32."""
    tensor = entry.type.tensor_type
    sizes = [size.dim_value if size.HasField("dim_value") else None for size in tensor.shape.dim]
    return sizes, tensor.elem_type == onnx.TensorProto.FLOAT


def most_inputs(model: Any, batch: int) -> int:
    """How many inputs one run of a model takes, `batch` where its file leaves that open."""
    sizes, _ = taken_by(inputs_of(model)[0])
    return batch if sizes and sizes[0] is None else 1


def key_of(path: Path, shapes: Sequence[Shape], batch: int) -> PlanKey:
    """What the plan of an ONNX file depends on here.

    Raises:
        EngineError: there is no GPU, or the file cannot be read.

    """
    device = gpu()
    batch = most_inputs(read_graph(path), batch)
    with told("the GPU does not tell what it is"):
        return PlanKey(
            name=path.stem,
            sha256=sum_of(path),
            tensorrt=trt.__version__,
            gpu=device.name(),
            capability=".".join(map(str, device.compute_capability())),
            driver=f"{driver_version()} (CUDA {cuda.get_driver_version()})",
            precision=precision_of(path),
            profiles=profiles(shapes, batch),
            format=FORMAT,
        )


def driver_version() -> str:
    """The version of NVIDIA's driver; nothing where the system does not tell."""
    return DRIVER.read_text().strip() if DRIVER.exists() else ""


def described_gpu() -> str:
    """The first GPU and what runs it, for people.

    Raises:
        EngineError: there is none.

    """
    device = gpu()
    with told("the GPU does not tell what it is"):
        capability = ".".join(map(str, device.compute_capability()))
        memory = f"{device.total_memory() / 2**30:.0f} GiB"
        return (
            f"{device.name()}, compute capability {capability}, {memory}; driver {driver_version()}, TensorRT {trt.__version__}"
        )


def build(path: Path, wanted: Sequence[tuple[Shape, Shape, Shape]]) -> bytes:
    """Compile an ONNX file for some profiles of its only input, which takes minutes.

    Raises:
        EngineError: TensorRT cannot read or compile it, or takes longer than `engines.nvidia.plans.BUILD_S`.

    """
    with TemporaryDirectory() as folder:
        plan = Path(folder) / "plan"
        try:
            run_apart("glyphfeed.engines.nvidia.build", json.dumps([str(path), wanted, str(plan)]), BUILD_S)
        except EngineError as error:
            raise EngineError(f"TensorRT cannot compile {path}: {error}") from error
        return plan.read_bytes()


def _build(path: Path, wanted: Sequence[tuple[Shape, Shape, Shape]]) -> bytes:
    log = Log()
    builder = trt.Builder(log)
    network = builder.create_network(_network_flags())
    parser = trt.OnnxParser(network, log)
    if not parser.parse(path.read_bytes()):
        reasons = "; ".join(parser.get_error(number).desc() for number in range(parser.num_errors))
        raise EngineError(reasons.splitlines()[0] if reasons else log.last)
    config = builder.create_builder_config()
    config.set_memory_pool_limit(trt.MemoryPoolType.WORKSPACE, WORKSPACE_BYTES)
    # Numbers of 32 bits are to be that: whoever wants less asks for it, and has it judged.
    config.clear_flag(trt.BuilderFlag.TF32)
    _allow_types(config, network)
    for least, best, most in wanted:
        profile = builder.create_optimization_profile()
        profile.set_shape(network.get_input(0).name, least, best, most)
        config.add_optimization_profile(profile)
    # TensorRT 8.6 has none: there a build tells nothing.
    if hasattr(trt, "IProgressMonitor"):
        config.progress_monitor = _monitor(path.stem)
    plan = builder.build_serialized_network(network, config)
    if plan is None:
        raise EngineError(log.last)
    return bytes(plan)


def _version() -> int:
    return int(trt.__version__.split(".")[0])


def _network_flags() -> int:
    known = trt.NetworkDefinitionCreationFlag.__members__
    name = "STRONGLY_TYPED" if _version() >= STRONGLY_TYPED else "EXPLICIT_BATCH"
    return 1 << int(known[name]) if name in known else 0


def _allow_types(config: Any, network: Any) -> None:
    """Where types are not the file's by themselves, allow those that it holds."""
    if _version() >= STRONGLY_TYPED:
        return
    if _version() < ALWAYS_SHARED:
        config.set_preview_feature(trt.PreviewFeature.PROFILE_SHARING_0806, True)
    layers = [network.get_layer(number) for number in range(network.num_layers)]
    if any(layer.get_output(0).dtype == trt.float16 for layer in layers):
        config.set_flag(trt.BuilderFlag.FP16)
    if any(layer.type == trt.LayerType.QUANTIZE for layer in layers):
        config.set_flag(trt.BuilderFlag.INT8)


def _monitor(name: str) -> Any:
    """Tells about once in ten seconds how far a build is."""

    class Monitor(trt.IProgressMonitor):  # type: ignore[misc]
        def __init__(self) -> None:
            trt.IProgressMonitor.__init__(self)
            self._told_s = time.monotonic()
            self._steps: dict[str, int] = {}

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:  # noqa: ARG002
            self._steps[phase_name] = num_steps

        def step_complete(self, phase_name: str, step: int) -> bool:
            now_s = time.monotonic()
            if now_s - self._told_s > 10:
                self._told_s = now_s
                logger.warning("building the plan of %s: %s, %d of %d", name, phase_name, step, self._steps.get(phase_name, 0))
            return True

        def phase_finish(self, phase_name: str) -> None:
            self._steps.pop(phase_name, None)

    return Monitor()


class Log(trt.ILogger):  # type: ignore[misc]
    """Takes TensorRT's messages: the last error is kept for complaints, the rest goes to the log."""

    def __init__(self) -> None:
        trt.ILogger.__init__(self)
        self.last = "it does not say why"

    def log(self, severity: Any, msg: str) -> None:
        if severity in (trt.ILogger.ERROR, trt.ILogger.INTERNAL_ERROR):
            self.last = msg.splitlines()[0] if msg else self.last
        elif not logger.isEnabledFor(logging.DEBUG):
            return
        logger.debug("%s", msg)


def precision_of(path: Path) -> str:
    """What a file computes in, by the marks that `glyphfeed quantise` leaves in its name."""
    return next((mark for mark in ("int8", "fp16") if path.stem.endswith(f"_{mark}")), "fp32")


def main(task: str) -> int:
    """Build the plan that `build` wants, with its words for it; print why that fails, and return the exit code."""
    # The build does not return to Python, which would end it otherwise.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    logging.basicConfig(format="glyphfeed: %(message)s")
    path, wanted, plan = json.loads(task)
    try:
        Path(plan).write_bytes(_build(Path(path), wanted))
    except (EngineError, *TROUBLES) as error:
        print(str(error).splitlines()[0] if str(error) else type(error).__name__)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
