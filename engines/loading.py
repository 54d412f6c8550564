"""Putting the parts together: from weights on disk to a detector and a recogniser on a chosen back-end."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import onnxruntime as ort

from engines.detector import Detector, ProbabilityMapDetector
from engines.engine import Engine, EngineError, Shape
from engines.recogniser import CtcRecogniser, Recogniser
from engines.weights import DETECTOR, RECOGNISER, cache_folder, locate

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path


class Backend(StrEnum):
    """What runs the networks."""

    OPENVINO = "openvino"
    ONNXRUNTIME = "onnxruntime"


@dataclass(frozen=True, slots=True)
class Engines:
    """A detector and a recogniser, warm; any thread may use them."""

    detector: Detector
    recogniser: Recogniser


def load_engines(backend: Backend, *, detector: Path | None = None, recogniser: Path | None = None, threads: int = 0) -> Engines:
    """Find, compile and warm both networks.

    Args:
        backend: what runs them.
        detector: an ONNX file instead of the default model.
        recogniser: likewise; its metadata must hold the charset under `character`.
        threads: CPU threads of one run; 0 for all cores.

    Raises:
        EngineError: weights cannot be had, or a network cannot be loaded.

    """
    detector_file, recogniser_file = locate(DETECTOR, detector), locate(RECOGNISER, recogniser)
    detector_shapes = [(1, 3, *bucket) for bucket in ProbabilityMapDetector.BUCKETS]
    recogniser_shapes = [(1, 3, CtcRecogniser.HEIGHT_PX, width) for width in CtcRecogniser.WIDTHS_PX]
    # Compiling runs outside Python's lock, so the two networks load side by side.
    with ThreadPoolExecutor(2) as pool:
        loading = pool.submit(load_engine, backend, detector_file, detector_shapes, threads)
        reading = pool.submit(load_engine, backend, recogniser_file, recogniser_shapes, threads)
        charset = read_charset(recogniser_file)
        return Engines(ProbabilityMapDetector(loading.result()), CtcRecogniser(reading.result(), charset))


def load_engine(backend: Backend, path: Path, shapes: Sequence[Shape], threads: int) -> Engine:
    """Compile and warm one network for its input shapes on a back-end, which is imported only when it is used."""
    if backend is Backend.OPENVINO:
        from engines.openvino_engine import OpenVinoEngine

        return OpenVinoEngine(path, shapes, threads=threads, cache=cache_folder() / "openvino")
    from engines.onnxruntime_engine import OnnxRuntimeEngine

    return OnnxRuntimeEngine(path, shapes, threads=threads)


def read_charset(path: Path) -> list[str]:
    """Read the characters of a recogniser's classes from its metadata: a line each, and the space last, as PP-OCR orders them.

    Raises:
        EngineError: the file holds none.

    """
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    try:
        metadata = (
            ort.InferenceSession(str(path), options, providers=["CPUExecutionProvider"]).get_modelmeta().custom_metadata_map
        )
    except Exception as error:  # ONNX Runtime's own exceptions share no base class.
        raise EngineError(f"{path} is no ONNX model that can be loaded: {str(error).splitlines()[0]}") from error
    if "character" not in metadata:
        raise EngineError(f"{path} does not say which characters it reads: its metadata lacks `character`, one character a line")
    return [*metadata["character"].split("\n"), " "]
