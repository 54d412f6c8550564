"""What a source of frames is: the protocol, the error and the words that every kind of source shares.

Owns: the contract between a source and the thread that takes its frames.  Does not own how any source gets its pictures.
"""

from __future__ import annotations

import logging
from enum import StrEnum
from typing import TYPE_CHECKING, Protocol, TypeAlias

from glyphfeed.stream.records import SourceState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glyphfeed.stream.records import Frame

StateListener: TypeAlias = "Callable[[SourceState, str], None]"
"""Called on each change of state, from the thread that iterates the source, with a sentence without credentials."""

log = logging.getLogger("glyphfeed.sources")


class Pace(StrEnum):
    """How fast a recording is played: as fast as its frames are taken, or by its own clock."""

    EVERY_FRAME = "every-frame"
    LIVE = "live"


class Source(Protocol):
    """Frames of one camera, stream, file or folder, in order, with growing `index` and `pts`.

    `live` says whether the frames arrive by themselves, whether they are taken or not.  A source is inert until `frames` is
    iterated, and is iterated once.
    """

    name: str
    live: bool

    def frames(self, on_state: StateListener) -> Iterator[Frame]:
        """Open the source and yield its frames until it ends or `stop` is called.

        `on_state` hears each change of state once: a live source is connecting, live or stalled, a recording is live, and both
        are ended at the end.  While a source connects for the first time, it also hears each new reason why it cannot.
        It does not hear `failed`: a failure is the error raised.  Blocks at most 0.5 s at a time before it looks whether it was
        stopped.  Closing the iterator frees everything as well.

        Raises:
            SourceError: it cannot be opened, or it broke in a way that reconnecting cannot mend.

        """
        ...

    def stop(self) -> None:
        """End `frames` within half a second; any thread may call it, any number of times."""
        ...


class StateChanges:
    """Passes the state of one source on, to its listener and to the log, but only when it has changed."""

    def __init__(self, name: str, listener: StateListener) -> None:
        self._name = name
        self._listener = listener
        self._told: tuple[SourceState, str] | None = None

    def report(self, state: SourceState, detail: str, *, trouble: bool = False, reason: str = "") -> None:
        """Tell of a state, with a sentence without credentials; `trouble` makes its log line a warning, and at the end an error,
        as what is missing then does not come any more.  A new `reason` is told of as well where the state is the same.
        """
        if (state, reason) == self._told:
            return
        self._told = state, reason
        level = logging.INFO if not trouble else logging.ERROR if state is SourceState.ENDED else logging.WARNING
        log.log(level, "%s is %s: %s", self._name, state, detail, extra={"source": self._name})
        self._listener(state, detail)
