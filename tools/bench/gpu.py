"""`glyphfeed check-gpu`: all that is to be known of this machine's NVIDIA GPU, by one command and in one report."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

import av

from glyphfeed.engines.loading import Backend, load_engines, trouble_with
from glyphfeed.stream.running.networks import cores
from glyphfeed.tools.bench.cameras import bench_cameras
from glyphfeed.tools.bench.engines import bench_engines
from glyphfeed.tools.bench.sheet import Sheet, show
from glyphfeed.tools.bench.stages import bench_stages
from glyphfeed.tools.demo import street
from glyphfeed.tools.errors import note
from glyphfeed.tools.precision.agreement import Limits, judge_detector, judge_recogniser
from glyphfeed.tools.precision.material import gather
from glyphfeed.tools.precision.plans import build_plans

if TYPE_CHECKING:
    from glyphfeed.stream.running.networks import Networks

NO_GPU: Final = 3
"""Exit code where there is nothing to check."""
SIZE: Final = (1920, 1080)
RATE: Final = 30
RUNS: Final = 100


def check_gpu(networks: Networks, page: Path, command: str) -> int:
    """Build the plans, compare with float32, time the networks, count the cameras, and write it all to a page.

    The exit code is 0, 1 where TensorRT finds or reads too much otherwise than ONNX Runtime in float32, or 3 without a GPU.

    Raises:
        EngineError: a plan cannot be built, or a network fails.
        CommandError: the page cannot be written.

    """
    trouble = trouble_with(Backend.TENSORRT)
    if trouble is not None:
        note(f"there is no NVIDIA GPU to check here, or TensorRT and pycuda are not installed: {trouble}")
        return NO_GPU
    build_plans(networks)
    clip = street()
    ours, full = (
        load_engines(backend, detector=networks.detector, recogniser=networks.recogniser, languages=(), shared=True)
        for backend in (Backend.TENSORRT, Backend.ONNXRUNTIME)
    )
    from glyphfeed.engines.nvidia.build import described_gpu

    sheets = [Sheet("Machine", ("GPU",), [(described_gpu(),)], (f"{cores()} CPU cores.",))]
    try:
        material = gather([clip], full, pictures=30)
        verdicts = [
            judge_detector(full.detector, ours.detector, material.pictures, Limits()),
            judge_recogniser(full.recogniser, ours.recogniser, material.crops, Limits()),
        ]
        names = (ours.detector.name, ours.recogniser.name)
        rows = [(name, "yes" if one.accepted else "no", one.figures) for name, one in zip(names, verdicts, strict=True)]
        sheets.append(Sheet("Agreement with float32", ("network", "agrees", "figures"), rows))
        sheets += bench_engines([clip], networks, runs=RUNS, threads=0)
        sheets.append(bench_stages(clip, ours))
        with TemporaryDirectory() as folder:
            sheets.append(bench_cameras(enlarged(clip, Path(folder) / "street1080.mp4"), ours))
    finally:
        # What was found out before a step failed is told as well.
        show(sheets, command=command, as_json=False, page=page)
    return 0 if all(verdict.accepted for verdict in verdicts) else 1


def enlarged(clip: Path, path: Path) -> Path:
    """Write a clip again at 1920x1080 and 30 frames/s."""
    with av.open(str(clip)) as source, av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=RATE, options={"preset": "veryfast", "g": str(2 * RATE)})
        stream.width, stream.height = SIZE
        stream.pix_fmt = "yuv420p"
        for index, frame in enumerate(source.decode(video=0)):
            larger = frame.reformat(*SIZE)
            larger.pts, larger.time_base = index, Fraction(1, RATE)
            container.mux(stream.encode(larger))
        container.mux(stream.encode())
    return path
