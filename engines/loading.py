"""Putting the parts together: from weights on disk to a detector and a recogniser on a chosen back-end."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from engines.detector import Detector, ProbabilityMapDetector
from engines.engine import Engine, EngineError, Shape
from engines.lexicon import LANGUAGES, load_lexicon
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


def load_engines(
    backend: Backend,
    *,
    detector: Path | None = None,
    recogniser: Path | None = None,
    languages: Sequence[str] = LANGUAGES,
    threads: int = 0,
) -> Engines:
    """Find, compile and warm both networks.

    Args:
        backend: what runs them.
        detector: an ONNX file instead of the default model.
        recogniser: likewise; its metadata must hold the charset under `character`.
        languages: whose common words are likelier than other strings, by their two letters, such as en.
        threads: CPU threads of one run; 0 for all cores.

    Raises:
        EngineError: weights cannot be had, a network cannot be loaded, or a language is not known.

    """
    detector_file, recogniser_file = locate(DETECTOR, detector), locate(RECOGNISER, recogniser)
    lexicon = load_lexicon(languages)
    buckets = ProbabilityMapDetector.BUCKETS + ProbabilityMapDetector.COARSE_BUCKETS
    detector_shapes = [(1, 3, *bucket) for bucket in buckets]
    recogniser_shapes = [(1, 3, CtcRecogniser.HEIGHT_PX, width) for width in CtcRecogniser.WIDTHS_PX]
    # One after the other: two threads that load networks at once were seen to block each other for ever, one in OpenVINO with
    # Python's lock held, the other in OpenVINO waiting for that lock.
    reading = load_engine(backend, recogniser_file, recogniser_shapes, threads)
    charset = charset_of(reading, recogniser_file)
    finding = load_engine(backend, detector_file, detector_shapes, threads)
    return Engines(ProbabilityMapDetector(finding), CtcRecogniser(reading, charset, lexicon))


def load_engine(backend: Backend, path: Path, shapes: Sequence[Shape], threads: int) -> Engine:
    """Compile and warm one network for its input shapes on a back-end, which is imported only when it is used."""
    if backend is Backend.OPENVINO:
        from engines.openvino_engine import OpenVinoEngine

        return OpenVinoEngine(path, shapes, threads=threads, cache=cache_folder() / "openvino")
    from engines.onnxruntime_engine import OnnxRuntimeEngine

    return OnnxRuntimeEngine(path, shapes, threads=threads)


def charset_of(engine: Engine, path: Path) -> list[str]:
    """List the characters of a recogniser's classes from its metadata: a line each, and the space last, as PP-OCR orders them.

    Raises:
        EngineError: the file at `path`, which the engine was loaded from, names none.

    """
    lines = engine.metadata("character")
    if lines is None:
        raise EngineError(f"{path} does not say which characters it reads: its metadata lacks `character`, one character a line")
    return [*lines.split("\n"), " "]
