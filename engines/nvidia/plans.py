"""Compiled networks on disk, which take minutes to build and work on one machine alone: found again, or built once.

Owns: what a plan depends on, and that a file is whole, current and written by one process.  Does not know what builds or loads it
(the back-end).
"""

from __future__ import annotations

import hashlib
import json
import logging
import re
import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, TypeVar

from filelock import FileLock, Timeout

from glyphfeed.engines.errors import EngineError, PlanError
from glyphfeed.engines.files import write_whole

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from glyphfeed.engines.engine import Shape

logger = logging.getLogger("glyphfeed.engines")
Loaded = TypeVar("Loaded")

BUILD_S = 1800.0
"""So long a process waits for another that builds the same plan, before it gives up."""


@dataclass(frozen=True, slots=True)
class PlanKey:
    """All that a plan depends on: with any of these another, it is another plan.

    `sha256` is that of the ONNX file, `capability` the GPU's, such as 9.0; `profiles` are the least, best and largest shapes of
    the input, for each of which there is one set of kernels; `format` changes with the way in which plans are built.
    """

    name: str
    sha256: str
    tensorrt: str
    gpu: str
    capability: str
    driver: str
    precision: str
    profiles: tuple[tuple[Shape, Shape, Shape], ...]
    format: int

    @property
    def file(self) -> str:
        """Name of the file, which tells the network and the GPU to people and all of it to a computer."""
        digest = hashlib.sha256(json.dumps(asdict(self), sort_keys=True).encode()).hexdigest()
        gpu = re.sub(r"[^A-Za-z0-9]+", "-", self.gpu)
        return f"{self.name}-{gpu}-{digest[:16]}.plan"


def obtain(
    folder: Path, key: PlanKey, build: Callable[[], bytes] | None, load: Callable[[bytes], Loaded], timeout_s: float = BUILD_S
) -> Loaded:
    """Load a plan, which is built first where there is none, or none that loads; of several processes one builds.

    Args:
        folder: where plans are kept.
        key: which one is wanted.
        build: makes its content; may take minutes.  None where it is not to be built now.
        load: makes something of the content, or raises PlanError.
        timeout_s: how long to wait for another process that builds it.

    Raises:
        PlanError: there is none that loads, and none is to be built.
        EngineError: it cannot be built or written, the one just built does not load, or another process takes too long.

    """
    path = folder / key.file
    try:
        folder.mkdir(parents=True, exist_ok=True)
        loaded = _load(path, load)
        if loaded is not None:
            return loaded
        if build is None:
            raise PlanError(f"there is no plan {path} that loads")
        with FileLock(f"{path}.lock", timeout_s):
            # Another process may have built it in the meantime.
            loaded = _load(path, load, logging.WARNING)
            if loaded is not None:
                return loaded
            logger.warning("building the plan %s, which takes some minutes, once", path.name)
            begun_s = time.monotonic()
            content = build()
            made = load(content)
            write_whole(path, content)
            logger.warning("built the plan %s in %.0f s", path.name, time.monotonic() - begun_s)
            return made
    except Timeout as error:
        raise EngineError(
            f"another process has been building {path} for {timeout_s:.0f} s; wait for it, or end it and try again"
        ) from error
    except OSError as error:
        raise EngineError(
            f"the plan {path} cannot be kept: {error.strerror}; check the folder, or set GLYPHFEED_CACHE"
        ) from error


def _load(path: Path, load: Callable[[bytes], Loaded], level: int = logging.DEBUG) -> Loaded | None:
    """Load a plan if there is one that loads; why it does not is logged at this level."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return None
    try:
        return load(content)
    except PlanError as error:
        logger.log(level, "the plan %s does not load and is built anew: %s", path.name, error)
        return None
