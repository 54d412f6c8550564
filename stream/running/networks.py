"""Loading the networks for a command, in a thread of its own, while the rest of the program starts."""

from __future__ import annotations

import importlib
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from glyphfeed.engines.lexicon import LANGUAGES
from glyphfeed.engines.weights import DETECTOR, RECOGNISER, locate

if TYPE_CHECKING:
    from concurrent.futures import Future
    from pathlib import Path

    from glyphfeed.engines.loading import Engines


AUTO: Final = "auto"


@dataclass(frozen=True, slots=True)
class Networks:
    """Which networks read, what runs them, and whose words they expect; None is the default model."""

    backend: str
    """A `Backend`, or auto for the best that works here."""
    detector: Path | None
    recogniser: Path | None
    languages: tuple[str, ...] = LANGUAGES

    def locate(self) -> Networks:
        """The same with the files found, and downloaded where need be, which shows its progress and heeds Ctrl-C.

        Raises:
            EngineError: weights cannot be had.

        """
        return replace(self, detector=locate(DETECTOR, self.detector), recogniser=locate(RECOGNISER, self.recogniser))

    def load(self, *, live: bool, sources: int = 1, complete: bool = False) -> Future[Engines]:
        """Begin to load them, for so many sources at a time; the future raises EngineError where that fails.

        Beside live sources they leave a core to the threads that follow the text.  Who measures waits until they are `complete`;
        others can begin on another back-end while a plan is built.
        """
        pool = ThreadPoolExecutor(1, "glyphfeed-load")
        loading = pool.submit(self._load, max(1, cores() - 1) if live else 0, sources > 1, complete)
        pool.shutdown(wait=False)
        # The core takes a second to import, and meanwhile the networks are compiled, outside Python's lock.
        importlib.import_module("glyphfeed.stream.drivers.live")
        return loading

    def _load(self, threads: int, shared: bool, complete: bool) -> Engines:
        import cv2

        from glyphfeed.engines.loading import Backend, load_engines

        # Its work on a frame is small and goes on beside the networks', which have threads of their own: to part it among several
        # threads costs an eighth more of the processor and makes street clips 5 % slower.
        cv2.setNumThreads(1)
        return load_engines(
            None if self.backend == AUTO else Backend(self.backend),
            detector=self.detector,
            recogniser=self.recogniser,
            languages=self.languages,
            threads=threads,
            shared=shared,
            complete=complete,
        )


def cores() -> int:
    """How many CPU cores this program may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
