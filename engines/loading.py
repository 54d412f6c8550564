"""Putting the parts together: from weights on disk to a detector and a recogniser on a chosen back-end."""

from __future__ import annotations

import importlib
import logging
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from engines.detector import Detector, MapDetector
from engines.engine import EngineError
from engines.lexicon import LANGUAGES, load_lexicon
from engines.models import ModelError, describe_detector, describe_recogniser
from engines.recogniser import LINES, CtcRecogniser, Recogniser
from engines.sharing import SharedEngine
from engines.weights import DETECTOR, RECOGNISER, cache_folder, locate

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from engines.engine import Engine, Shape
    from engines.models import Ctc


logger = logging.getLogger("glyphfeed.engines")


class Backend(StrEnum):
    """What runs the networks; the fastest on a CPU first."""

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
    shared: bool = False,
) -> Engines:
    """Find, compile, warm and check both networks.

    Args:
        backend: what runs them.
        detector: an ONNX file instead of the default model, with its description beside it (`engines.models`).
        recogniser: likewise.
        languages: whose common words are likelier than other strings, by their two letters, such as en.
        threads: CPU threads of one run; 0 for all cores.
        shared: whether several cameras will use them (`engines.sharing`).

    Raises:
        EngineError: weights cannot be had, a network cannot be loaded or is not what it is described as, or a language is not
            known.

    """
    lexicon = load_lexicon(languages)
    detector_file, recogniser_file = locate(DETECTOR, detector), locate(RECOGNISER, recogniser)
    finder, reader = describe_detector(detector_file), describe_recogniser(recogniser_file)
    # One after the other: two threads that load networks at once were seen to block each other for ever, one in OpenVINO with
    # Python's lock held, the other in OpenVINO waiting for that lock.
    reading = load_engine(backend, recogniser_file, reader.input.shapes, threads, batch=LINES)
    finding = load_engine(backend, detector_file, finder.input.shapes, threads)
    if shared:
        reading, finding = SharedEngine(reading), SharedEngine(finding)
    return Engines(MapDetector(finding, finder), CtcRecogniser(reading, reader, charset_of(reader, reading), lexicon))


def best_backend() -> Backend:
    """Choose the fastest back-end that works here, and log which it is and why.

    Raises:
        EngineError: none does.

    """
    troubles: list[str] = []
    for backend in Backend:
        try:
            importlib.import_module(f"engines.{backend}_engine")
        except (ImportError, OSError) as error:
            troubles.append(f"{backend} cannot be used ({error})")
            continue
        if troubles:
            logger.warning("%s runs the networks, because %s", backend, " and ".join(troubles))
        else:
            logger.info("%s runs the networks: of the back-ends for a CPU it is the fastest", backend)
        return backend
    raise EngineError(f"nothing can run the networks: {' and '.join(troubles)}; see glyphfeed doctor")


def load_engine(
    backend: Backend, path: Path, shapes: Sequence[Shape], threads: int, *, batch: int = 1, exact: bool = False
) -> Engine:
    """Compile and warm one network for its input shapes on a back-end, which is imported only when it is used.

    One run takes up to `batch` inputs of a shape; `exact` asks for float32 where the back-end would choose less.

    Raises:
        EngineError: the back-end cannot be used here, or not for this network.

    """
    try:
        if backend is Backend.OPENVINO:
            from engines.openvino_engine import OpenVinoEngine

            return OpenVinoEngine(path, shapes, threads=threads, batch=batch, cache=cache_folder() / "openvino", exact=exact)
        from engines.onnxruntime_engine import OnnxRuntimeEngine

        return OnnxRuntimeEngine(path, shapes, threads=threads, batch=batch)
    except (ImportError, OSError) as error:
        raise EngineError(f"{backend} cannot be used here: {error}; take another --engine, or pip install {backend}") from error


def charset_of(model: Ctc, engine: Engine) -> list[str]:
    """List the characters of a recogniser's classes, as its description or its metadata tells.

    Raises:
        ModelError: the metadata hold none.

    """
    told = model.charset
    if told.metadata is None:
        characters = list(told.characters or "")
    elif (lines := engine.metadata(told.metadata)) is not None:
        characters = lines.split("\n")
    else:
        raise ModelError(f"{engine.name} has no metadata {told.metadata!r}, where its description says that its charset is")
    return [*characters, " "] if told.space else characters
