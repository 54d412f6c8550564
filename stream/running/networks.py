"""Loading the networks: for a command in a thread of its own while the rest of the program starts, for programs once for all.

Owns: which networks are meant, and those that programs have in use.  Does not own the networks (engines).
"""

from __future__ import annotations

import importlib
import os
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from glyphfeed.engines.errors import EngineError
from glyphfeed.engines.lexicon import LANGUAGES
from glyphfeed.engines.weights import DETECTOR, RECOGNISER, locate
from glyphfeed.stream.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Future

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
    alphabets: tuple[str, ...] = ()
    """Whose letters are read; all without any."""

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

        def load() -> Engines:
            import cv2

            # Its work on a frame is small and goes on beside the networks', which have threads of their own: to part it among
            # several threads costs an eighth more of the processor and makes street clips 5 % slower.
            cv2.setNumThreads(1)
            return self.load_here(live=live, shared=sources > 1, complete=complete)

        pool = ThreadPoolExecutor(1, "glyphfeed-load")
        loading = pool.submit(load)
        pool.shutdown(wait=False)
        # The core takes a second to import, and meanwhile the networks are compiled, outside Python's lock.
        importlib.import_module("glyphfeed.stream.drivers.live")
        return loading

    def load_here(self, *, live: bool, shared: bool = False, complete: bool = False) -> Engines:
        """Load them in the calling thread; see `load`.

        Raises:
            EngineError: they cannot be loaded, or there is no such back-end.

        """
        from glyphfeed.engines.loading import Backend, load_engines

        if self.backend not in {AUTO, *Backend}:
            raise EngineError(f"{self.backend} is no back-end; choose {', '.join([AUTO, *Backend])}")
        return load_engines(
            None if self.backend == AUTO else Backend(self.backend),
            detector=self.detector,
            recogniser=self.recogniser,
            languages=self.languages,
            alphabets=self.alphabets,
            threads=max(1, cores() - 1) if live else 0,
            shared=shared,
            complete=complete,
        )


def networks_of(
    engine: str,
    detector: str | Path | None,
    recogniser: str | Path | None,
    languages: Sequence[str],
    alphabets: Sequence[str],
) -> Networks:
    """Take up what a program says of the networks.

    Raises:
        InputError: the languages, or the alphabets, are one text, of which each letter would be one.

    """
    if isinstance(languages, str):
        raise InputError(f"languages are several, such as ['en', 'fr'], and this is the one text {languages!r}")
    if isinstance(alphabets, str):
        raise InputError(f"alphabets are several, such as ['latin', 'greek'], and this is the one text {alphabets!r}")
    finder, reader = (None if file is None else Path(file) for file in (detector, recogniser))
    return Networks(engine, finder, reader, tuple(languages), tuple(alphabets))


_loading = threading.Lock()
"""Held while networks load: one after the other, see `engines.loading`."""
_lock = threading.RLock()
"""Held for moments only, and again by a thread that has it, where a forgotten borrower is collected and returns what it had."""
_loaded: dict[tuple[Networks, bool], Engines] = {}
_users: Counter[tuple[Networks, bool]] = Counter()


@contextmanager
def borrowed(networks: Networks, *, live: bool) -> Iterator[Engines]:
    """Networks for programs: loaded once for all who want the same, at once or later; their threads end with the last of those.

    Raises:
        EngineError: they cannot be loaded.

    """
    key = (networks, live)
    with _loading:
        # Who returns some need not wait for this.
        if key not in _loaded:
            _loaded[key] = networks.load_here(live=live)
    with _lock:
        _users[key] += 1
    try:
        yield _loaded[key]
    finally:
        with _lock:
            _users[key] -= 1
            if not _users[key]:
                _loaded[key].rest()


def _begin_anew() -> None:
    """Forget all networks in a forked process: their threads stayed behind, and a lock may have been held."""
    global _loading, _lock, _loaded, _users
    # Not freed: that would wait for those threads.
    _left_behind.append(_loaded)
    _loading, _lock, _loaded, _users = threading.Lock(), threading.RLock(), {}, Counter()


_left_behind: list[dict[tuple[Networks, bool], Engines]] = []
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_begin_anew)


def cores() -> int:
    """How many CPU cores this program may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
