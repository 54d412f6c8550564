"""`glyphfeed bench engines`: each network on each back-end and in each precision that this machine has, side by side.

Owns: the material, the order of the runs and what is told of them.  What differs between machines from minute to minute falls on
all alike: their runs take turns.
"""

from __future__ import annotations

import resource
import time
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeVar

import msgspec
import numpy as np

from glyphfeed.engines.detector import MapDetector
from glyphfeed.engines.errors import EngineError
from glyphfeed.engines.lexicon import Lexicon
from glyphfeed.engines.loading import GPU, Backend, charset_of, load_engine, load_engines, trouble_with
from glyphfeed.engines.models import describe_detector, describe_recogniser
from glyphfeed.engines.recogniser import LINES, CtcRecogniser, fill_line, lay_lines
from glyphfeed.engines.weights import DETECTOR, RECOGNISER, locate
from glyphfeed.stream.running.networks import cores
from glyphfeed.tools.bench.sheet import Sheet
from glyphfeed.tools.errors import CommandError, note
from glyphfeed.tools.precision.agreement import SURE, detection_f, recognisers_differ
from glyphfeed.tools.precision.material import gather

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from glyphfeed.engines.engine import Engine, Shape
    from glyphfeed.engines.models import Ctc, DetectorModel
    from glyphfeed.stream.running.networks import Networks
    from glyphfeed.tools.bench.sheet import Cell

Item = TypeVar("Item")

BATCH: Final = 6
"""Lines that the usual way of reading takes at a time, sorted by shape (RapidOCR's and PaddleOCR's default, `rec_batch_num`)."""
TURN: Final = 5
"""Runs in a row."""
LEAST_RATIO: Final = 320 / 48
"""Times its height to which it pads each line at least (likewise, `rec_img_shape`)."""
REFERENCE: Final = (Backend.ONNXRUNTIME, True)
"""What the others are measured against: ONNX Runtime in float32."""
MODES: Final = (
    REFERENCE,
    (Backend.OPENVINO, True),
    (Backend.OPENVINO, False),
    (Backend.CUDA, False),
    (Backend.TENSORRT, False),
)
SPEEDS: Final = ("p50, ms", "p95, ms", "a second", "times as fast")
COSTS: Final = ("load, s", "memory, MB")
MEMORY: Final = Path("/proc/self/statm")
"""Where Linux tells how many pages of memory a process has, the second number."""


@dataclass(frozen=True, slots=True)
class Cost:
    """What it takes to have a network ready, in a process of its own: seconds to load and warm it, and MB of memory, where the
    system tells.
    """

    load_s: float
    memory_mb: float | None


def bench_engines(clips: Sequence[str | Path], networks: Networks, *, runs: int, threads: int) -> list[Sheet]:
    """Measure both networks, each on each back-end; `threads` of a run, 0 for all cores.

    Raises:
        EngineError: weights cannot be had, or a network cannot be loaded.
        SourceError: a clip cannot be read.
        CommandError: a clip shows no text.

    """
    detector, recogniser = locate(DETECTOR, networks.detector), locate(RECOGNISER, networks.recogniser)
    finder, reader = describe_detector(detector), describe_recogniser(recogniser)
    note("reading the clips for what the networks are fed with")
    material = gather(clips, load_engines(Backend.OPENVINO, detector=detector, recogniser=recogniser, threads=threads))
    if not material.crops:
        raise CommandError("nothing was read in the clips; take some with text in them")
    return [
        bench_detector(detector, finder, material.pictures, runs, threads),
        bench_recogniser(recogniser, reader, material.crops, runs, threads),
    ]


def bench_detector(path: Path, model: DetectorModel, pictures: Sequence[NDArray[np.uint8]], runs: int, threads: int) -> Sheet:
    """Measure a detector in each of its input sizes."""
    loaded = load_all(path, model.input.shapes, threads)
    found = [[MapDetector(engine, model).detect(picture)[0] for picture in pictures] for engine, _ in loaded]
    agreeing = [detection_f(one, found[0]) for one in found]
    return Sheet(
        f"Detector {path.stem}",
        ("back-end", "input", *SPEEDS, "agrees, F", *COSTS),
        rows_of(loaded, model.input.shapes, runs, agreeing),
        (machine(threads), f"It agrees where it finds the same lines in {len(pictures)} pictures as the first does."),
    )


def bench_recogniser(path: Path, model: Ctc, crops: Sequence[NDArray[np.uint8]], runs: int, threads: int) -> Sheet:
    """Measure a recogniser in each of its widths, and over all crops, for which the usual way is padded batches."""
    loaded = load_all(path, model.input.shapes, threads, LINES)
    readers = [CtcRecogniser(engine, model, charset_of(model, engine), Lexicon({})) for engine, _ in loaded]
    changed, sure = zip(*(recognisers_differ(readers[0], one, crops) for one in readers), strict=True)
    rows = rows_of(loaded, model.input.shapes, runs, changed)
    ways: list[tuple[str, float | None, Callable[[], object]]] = [
        (f"{how(engine)} by width", share, partial(run_all, engine, by_width(crops, model, engine.batch)))
        for (engine, _), share in zip(loaded, changed, strict=True)
    ]
    if all(engine.batch > 1 for engine, _ in loaded):
        batches = padded_batches(crops, model)
        shapes = sorted({(1, *batch.shape[1:]) for batch in batches})
        backend, exact = REFERENCE
        usual = load_engine(backend, path, shapes, threads, batch=BATCH, exact=exact)
        ways.insert(0, (f"{how(usual)} by {BATCH}", None, partial(run_all, usual, batches)))
    else:
        note(f"there is no row for batches of {BATCH}: {path.stem} takes one line at a time")
    taken = take_turns([way for _, _, way in ways], max(runs // 10, 2))
    for (name, share, _), times in zip(ways, taken, strict=True):
        rows.append((name, f"all {len(crops)} crops", *speeds(times, taken[0]), share, None, None))
    return Sheet(
        f"Recogniser {path.stem}",
        ("back-end", "input", *SPEEDS, "changed", *COSTS),
        rows,
        (
            machine(threads),
            f"By {BATCH}: the usual way, sorted, in batches padded to 320x48 and to the widest; by width: as glyphfeed reads.",
            f"Changed is the share of the characters that are read otherwise than by the first, in the {sure[0]} lines that it "
            f"is sure of ({SURE:g} and more).",
        ),
    )


def rows_of(
    loaded: Sequence[tuple[Engine, Cost]], shapes: Sequence[Shape], runs: int, agreeing: Sequence[float]
) -> list[tuple[Cell, ...]]:
    """Run networks in turns on each of the shapes: a row for each, with how far it agrees with the first."""
    tensors = [np.random.default_rng(0).uniform(-1, 1, shape).astype(np.float32) for shape in shapes]
    # All take turns, the shapes as well: a machine's speed changes from minute to minute.
    taken = take_turns([partial(engine.run, {engine.input: tensor}) for tensor in tensors for engine, _ in loaded], runs)
    rows: list[tuple[Cell, ...]] = []
    for number, shape in enumerate(shapes):
        own = taken[number * len(loaded) : (number + 1) * len(loaded)]
        for (engine, cost), agrees, times in zip(loaded, agreeing, own, strict=True):
            measured = speeds(times, own[0])
            rows.append((how(engine), f"{shape[3]}x{shape[2]}", *measured, agrees, cost.load_s, cost.memory_mb))
    return rows


def how(engine: Engine) -> str:
    """Back-end and precision of a network."""
    return engine.name.rpartition("(")[2].rstrip(")").replace(",", "")


def run_all(engine: Engine, tensors: Sequence[NDArray[np.float32]]) -> None:
    """Run a network over several tensors, as many at a time as it has streams."""
    with ThreadPoolExecutor(engine.streams) as pool:
        for _ in pool.map(lambda tensor: engine.run({engine.input: tensor}), tensors):
            pass


def load_all(path: Path, shapes: Sequence[Shape], threads: int, batch: int = 1) -> list[tuple[Engine, Cost]]:
    """Load a network in every mode, the reference first, with what each takes by itself; modes that come to the same once."""
    loaded: list[tuple[Engine, Cost]] = []
    for backend, exact in MODES:
        if backend in GPU and trouble_with(backend) is not None:
            continue
        try:
            engine = load_engine(backend, path, shapes, threads, batch=batch, exact=exact)
        except EngineError as error:
            note(f"{backend} is left out: {error}")
            continue
        if engine.name not in {other.name for other, _ in loaded}:
            with ProcessPoolExecutor(1, get_context("spawn")) as fresh:
                cost = fresh.submit(cost_of, backend, path, shapes, threads, batch, exact).result()
            loaded.append((engine, cost))
    return loaded


def cost_of(backend: Backend, path: Path, shapes: Sequence[Shape], threads: int, batch: int, exact: bool) -> Cost:
    """What loading takes in this process, which has loaded nothing yet; OpenVINO has it in its cache by then."""
    before = memory_mb()
    begun_s = time.perf_counter()
    load_engine(backend, path, shapes, threads, batch=batch, exact=exact)
    taken_s = time.perf_counter() - begun_s
    after = memory_mb()
    return Cost(taken_s, None if before is None or after is None else after - before)


def memory_mb() -> float | None:
    """Memory of this process, MB; None where the system does not tell."""
    return int(MEMORY.read_text().split()[1]) * resource.getpagesize() / 1e6 if MEMORY.exists() else None


def take_turns(ways: Sequence[Callable[[], object]], runs: int) -> list[list[float]]:
    """Run several things in turns of `TURN`, and once before each turn to warm up; the seconds of each of their runs.

    Without that run the threads of the one before, which wait for more on all cores, and the caches would count as well.
    """
    taken: list[list[float]] = [[] for _ in ways]
    for done in range(0, runs, TURN):
        for way, times in zip(ways, taken, strict=True):
            way()
            for _ in range(min(TURN, runs - done)):
                begun_s = time.perf_counter()
                way()
                times.append(time.perf_counter() - begun_s)
    return taken


def speeds(times: Sequence[float], reference: Sequence[float]) -> tuple[float, float, float, float]:
    """Median and 95th percentile in milliseconds, runs a second, and how many times as fast as the reference."""
    middle, most = (float(np.percentile(times, share)) for share in (50, 95))
    return middle * 1e3, most * 1e3, 1 / middle, float(np.median(reference)) / middle


def by_width(crops: Sequence[NDArray[np.uint8]], model: Ctc, batch: int) -> list[NDArray[np.float32]]:
    """Lines as the reader feeds them to the network: up to `batch` of one width, (lines, channels, height, width)."""
    return [lines.tensor for lines in lay_lines(crops, model.input, batch)]


def padded_batches(crops: Sequence[NDArray[np.uint8]], model: Ctc) -> list[NDArray[np.float32]]:
    """Lines by shape, so many at a time, each padded to the widest of them and to `LEAST_RATIO`: (N, channels, height, width)."""
    lines = sorted(crops, key=ratio)
    batches = []
    for group in batched(lines, BATCH):
        width = round(model.input.height * max(LEAST_RATIO, ratio(group[-1])))
        padded = msgspec.structs.replace(model.input, widths=(width,))
        batches.append(np.concatenate([fill_line(crop, padded)[0] for crop in group]))
    return batches


def batched(items: Sequence[Item], size: int) -> list[Sequence[Item]]:
    """Split a sequence into parts of `size`, the last one shorter (itertools has this from Python 3.12 on)."""
    return [items[start : start + size] for start in range(0, len(items), size)]


def ratio(crop: NDArray[np.uint8]) -> float:
    """How many times as wide as high a picture is."""
    return float(crop.shape[1] / crop.shape[0])


def machine(threads: int) -> str:
    """On what was measured."""
    return f"{cores()} cores, {threads or 'all'} for a run; a network's runs take turns with the others'."
