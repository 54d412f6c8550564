"""An engine that reads while a faster one is still being built, and then makes way for it.

Owns the change.  Does not know what either engine is, nor what the tensors mean.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from glyphfeed.engines.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Future

    from glyphfeed.engines.engine import Engine, Eye
    from glyphfeed.engines.tensors import Tensor

logger = logging.getLogger("glyphfeed.engines")


class SwitchingEngine:
    """One engine until another is ready, and then that one; itself an `Engine`.

    Runs go on meanwhile: those that have begun end on the old engine, and those that begin after the change are the new one's.
    The name tells which it is, and what is being built.
    """

    def __init__(self, first: Engine, better: Future[Engine], what: str, *, required: bool = False) -> None:
        """`what` tells people what is being built; where that fails, the first engine stays and the reason is told, or, if it is
        `required`, each run fails with the reason.
        """
        self.input = first.input
        self._engine = first
        self._what = f"while {what} is built"
        self._lock = threading.Lock()
        self._closed = False
        self._required = required
        self._failure: EngineError | None = None
        better.add_done_callback(self._change)

    @property
    def name(self) -> str:
        """See `engines.engine.Engine.name`."""
        name = self._engine.name
        return f"{name.removesuffix(')')}, {self._what})" if self._what else name

    @property
    def batch(self) -> int:
        """See `engines.engine.Engine.batch`."""
        return self._engine.batch

    @property
    def streams(self) -> int:
        """See `engines.engine.Engine.streams`."""
        return self._engine.streams

    @property
    def eye(self) -> Eye | None:
        """See `engines.engine.Engine.eye`."""
        return None if self._failure else self._engine.eye

    def run(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Run the network on the engine of the moment; see `engines.engine.Engine.run`."""
        if self._failure is not None:
            raise self._failure
        return self._engine.run(tensors)

    def metadata(self, key: str) -> str | None:
        """See `engines.engine.Engine.metadata`."""
        return self._engine.metadata(key)

    def close(self) -> None:
        """Free both networks, the one that is being built as soon as it is."""
        with self._lock:
            self._closed = True
            self._engine.close()

    def _change(self, better: Future[Engine]) -> None:
        if better.cancelled():
            return
        error = better.exception()
        with self._lock:
            if error is not None and self._required:
                self._failure, self._what = EngineError(str(error)), "because what is wanted cannot be built"
                return
            if error is not None:
                self._what = "because what would be faster cannot be built"
                logger.error("%s goes on: %s", self._engine.name, error)
                return
            engine = better.result()
            if self._closed:
                engine.close()
                return
            # The old one is not closed, as it may be running: it goes with its last run.
            self._engine, self._what = engine, ""
            logger.warning("%s takes over", engine.name)
