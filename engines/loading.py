"""Putting the parts together: from weights on disk to a detector and a recogniser on a chosen back-end."""

from __future__ import annotations

import importlib.util
import logging
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

from glyphfeed.engines.alphabets import known
from glyphfeed.engines.detector import Detector, MapDetector
from glyphfeed.engines.errors import EngineError, PlanError
from glyphfeed.engines.lexicon import LANGUAGES, load_lexicon
from glyphfeed.engines.models import ModelError, describe_detector, describe_recogniser
from glyphfeed.engines.recogniser import LINES, CtcRecogniser, Recogniser
from glyphfeed.engines.sharing import SharedEngine
from glyphfeed.engines.switching import SwitchingEngine
from glyphfeed.engines.weights import DETECTOR, PIP_INSTALL, RECOGNISER, cache_folder, kept_folder, locate

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from concurrent.futures import Executor

    from glyphfeed.engines.engine import Engine, Shape
    from glyphfeed.engines.lexicon import Lexicon
    from glyphfeed.engines.models import Ctc, DetectorModel


logger = logging.getLogger("glyphfeed.engines")


class Backend(StrEnum):
    """What runs the networks; the fastest first."""

    TENSORRT = "tensorrt"
    CUDA = "cuda"
    """ONNX Runtime with its CUDA provider."""
    OPENVINO = "openvino"
    ONNXRUNTIME = "onnxruntime"
    """ONNX Runtime on the CPU."""


GPU: Final = (Backend.TENSORRT, Backend.CUDA)
"""Those that need an NVIDIA GPU."""
PACKAGES: Final = {
    Backend.TENSORRT: "'.[tensorrt]' in glyphfeed's folder",
    Backend.CUDA: "'onnxruntime-gpu[cuda,cudnn]'",
    Backend.OPENVINO: "openvino",
    Backend.ONNXRUNTIME: "onnxruntime",
}
"""What brings each."""
MODULES: Final = {
    Backend.TENSORRT: "nvidia.engine",
    Backend.CUDA: "onnxruntime_engine",
    Backend.OPENVINO: "openvino_engine",
    Backend.ONNXRUNTIME: "onnxruntime_engine",
}
"""Where each is spoken to."""
BUILT: Final = {Backend.TENSORRT: "TensorRT plan", Backend.CUDA: "form for CUDA"}
"""What a GPU needs of a network before it can run it."""


@dataclass(frozen=True, slots=True)
class Engines:
    """A detector and a recogniser, warm; any thread may use them."""

    detector: Detector
    recogniser: Recogniser
    rest: Callable[[], None] = lambda: None
    """Ends the threads that they keep, until they are used again; to be called while nobody uses them."""

    def expecting(self, languages: Sequence[str], alphabets: Sequence[str]) -> Engines:
        """The same networks for who expects other words and letters; see `load_engines`.

        Raises:
            EngineError: a language or an alphabet is not known.

        """
        assert isinstance(self.recogniser, CtcRecogniser), "it was loaded"
        recogniser = self.recogniser.expecting(load_lexicon(languages), known(alphabets))
        return Engines(self.detector, recogniser, recogniser.rest)


@dataclass(frozen=True, slots=True)
class Wanted:
    """Both networks' files with what is told of them, and how they are to be loaded; see `load_engines`."""

    detector: tuple[Path, DetectorModel]
    recogniser: tuple[Path, Ctc]
    lexicon: Lexicon
    alphabets: tuple[str, ...]
    threads: int
    shared: bool
    complete: bool


def load_engines(
    backend: Backend | None = None,
    *,
    detector: Path | None = None,
    recogniser: Path | None = None,
    languages: Sequence[str] = LANGUAGES,
    alphabets: Sequence[str] = (),
    threads: int = 0,
    shared: bool = False,
    complete: bool = False,
) -> Engines:
    """Find, compile, warm and check both networks.

    Args:
        backend: what runs them; None for the fastest that works here.
        detector: an ONNX file instead of the default model, with its description beside it (`engines.models`).
        recogniser: likewise.
        languages: whose common words are likelier than other strings, by their two letters, such as en.
        alphabets: whose letters are read, such as latin (`engines.alphabets`); all without any.
        threads: CPU threads of one run; 0 for all cores.
        shared: whether several cameras will use them (`engines.sharing`).
        complete: whether to wait for a plan that must be built, and not to read with another back-end meanwhile.

    Raises:
        EngineError: weights cannot be had, a network cannot be loaded or is not what it is described as, or a language or an
            alphabet is not known.

    """
    detector_file, recogniser_file = locate(DETECTOR, detector), locate(RECOGNISER, recogniser)
    wanted = Wanted(
        (detector_file, describe_detector(detector_file)),
        (recogniser_file, describe_recogniser(recogniser_file)),
        load_lexicon(languages),
        known(alphabets),
        threads,
        shared=shared,
        complete=complete,
    )
    if backend is not None:
        return load_on(backend, wanted, required=True)
    troubles: list[str] = []
    failures: list[str] = []
    for candidate in Backend:
        trouble = trouble_with(candidate)
        if trouble is None:
            try:
                engines = load_on(candidate, wanted, required=False)
            except ModelError:
                raise
            except EngineError as error:
                trouble = str(error)
                failures.append(trouble)
            else:
                tell_choice(candidate, troubles, failed=bool(failures))
                return engines
        troubles.append(f"{candidate} cannot be used ({trouble})")
    # Where the file is at fault, every back-end may say so in the same words.
    told = "; ".join(dict.fromkeys(failures))
    raise EngineError(told or f"nothing can run the networks: {'; '.join(troubles)}; see glyphfeed doctor")


def load_on(backend: Backend, wanted: Wanted, *, required: bool) -> Engines:
    """Compile, warm and check both networks on one back-end, the only one that will do where it is `required`.

    Raises:
        EngineError: one cannot be loaded, or is not what it is described as; nothing of it stays then.

    """
    builds = ThreadPoolExecutor(1, "glyphfeed-builds")
    loaded: list[Engine] = []

    def load(path: Path, model: DetectorModel | Ctc, batch: int) -> Engine:
        shapes, exact = model.input.shapes, not model.bfloat16
        prepared = partial(load_engine, path=path, shapes=shapes, threads=wanted.threads, batch=batch, exact=exact)
        engine = prepared(backend) if wanted.complete else load_while_built(backend, prepared, builds, required=required)
        loaded.append(SharedEngine(engine) if wanted.shared else engine)
        return loaded[-1]

    (detector_file, finder), (recogniser_file, reader) = wanted.detector, wanted.recogniser
    try:
        # One after the other: two threads that load networks at once were seen to block each other for ever, one in OpenVINO with
        # Python's lock held, the other in OpenVINO waiting for that lock.
        reading = load(recogniser_file, reader, LINES)
        finding = load(detector_file, finder, 1)
        recogniser = CtcRecogniser(reading, reader, charset_of(reader, reading), wanted.lexicon, wanted.alphabets)
        return Engines(MapDetector(finding, finder), recogniser, recogniser.rest)
    except EngineError:
        builds.shutdown(wait=False, cancel_futures=True)
        for engine in loaded:
            engine.close()
        raise
    finally:
        builds.shutdown(wait=False)


def tell_choice(chosen: Backend, troubles: Sequence[str], *, failed: bool) -> None:
    """Log which back-end runs the networks; with the reason, as a warning, where a faster one should have worked and `failed`, or
    a CPU does it without the back-end that is meant for CPUs.
    """
    if failed or chosen is Backend.ONNXRUNTIME:
        logger.warning("%s runs the networks: %s", chosen, reason_for(troubles))
    else:
        # What is not installed is no trouble, and looks like one.
        logger.info("%s runs the networks, the fastest that is set up here; glyphfeed doctor tells of the others", chosen)


def reason_for(troubles: Sequence[str]) -> str:
    """Why a back-end is the one, by the troubles with those before it."""
    return "; ".join(troubles) or "there is none faster"


def choose_backend() -> tuple[Backend, str]:
    """The fastest back-end that should work here, by what is installed, and why it is that one.

    Raises:
        EngineError: there is none.

    """
    troubles: list[str] = []
    for backend in Backend:
        trouble = trouble_with(backend)
        if trouble is None:
            return backend, reason_for(troubles)
        troubles.append(f"{backend} cannot be used ({trouble})")
    raise EngineError(f"nothing can run the networks: {'; '.join(troubles)}; see glyphfeed doctor")


def trouble_with(backend: Backend) -> str | None:
    """Why a back-end cannot be used here, None where it should work."""
    try:
        if backend is Backend.CUDA and not has_cuda():
            return "this ONNX Runtime is built without CUDA"
        module = importlib.import_module(f"glyphfeed.engines.{MODULES[backend]}")
        if backend is Backend.TENSORRT:
            module.gpu()
        elif backend is Backend.CUDA:
            module.check_cuda()
    except (ImportError, OSError, EngineError) as error:
        return str(error)
    return None


def has_cuda() -> bool:
    """Whether ONNX Runtime was built with CUDA, as the package onnxruntime-gpu is; found out without loading it."""
    package = importlib.util.find_spec("onnxruntime")
    return package is not None and any(
        next(Path(folder).glob("capi/*onnxruntime_providers_cuda*"), None) for folder in package.submodule_search_locations or ()
    )


def load_while_built(backend: Backend, load: Callable[..., Engine], builds: Executor, *, required: bool) -> Engine:
    """Load a network at once, where it takes a GPU longer on the CPU until it is ready there: TensorRT builds a plan, which takes
    minutes, and CUDA prepares its convolutions, which takes ten seconds.

    `load` is `load_engine` for this network.

    Raises:
        EngineError: see `load_engine`.

    """
    if backend in GPU and trouble_with(backend) is None:
        if backend is Backend.TENSORRT:
            with suppress(PlanError):
                return load(backend, build_it=False)
        for other in Backend:
            if other in GPU or trouble_with(other) is not None:
                continue
            with suppress(EngineError):
                return SwitchingEngine(load(other), builds.submit(load, backend), f"its {BUILT[backend]}", required=required)
    return load(backend)


def plans_folder() -> Path:
    """Where TensorRT's plans are kept."""
    return cache_folder() / "tensorrt"


def load_engine(
    backend: Backend,
    path: Path,
    shapes: Sequence[Shape],
    threads: int,
    *,
    batch: int = 1,
    exact: bool = False,
    build_it: bool = True,
) -> Engine:
    """Compile and warm one network for its input shapes on a back-end, which is imported only when it is used.

    One run takes up to `batch` inputs of a shape; `exact` asks for float32 where the processor computes faster in bfloat16.
    `build_it` is whether to build a TensorRT plan where there is none.

    Raises:
        PlanError: there is no plan, and none is to be built.
        EngineError: the back-end cannot be used here, or not for this network.

    """
    trouble = trouble_with(backend)
    if trouble is not None:
        how = f"{PIP_INSTALL} {PACKAGES[backend]}"
        raise EngineError(f"{backend} cannot be used here: {trouble}; choose another engine, or {how}")
    if backend is Backend.TENSORRT:
        from glyphfeed.engines.nvidia.engine import TensorRtEngine

        return TensorRtEngine(path, shapes, batch=batch, plans=plans_folder(), build_it=build_it)
    if backend is Backend.OPENVINO:
        from glyphfeed.engines.openvino_engine import OpenVinoEngine

        return OpenVinoEngine(path, shapes, threads=threads, batch=batch, cache=kept_folder("openvino"), exact=exact)
    from glyphfeed.engines.onnxruntime_engine import OnnxRuntimeEngine

    return OnnxRuntimeEngine(path, shapes, threads=threads, batch=batch, cuda=backend is Backend.CUDA)


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
