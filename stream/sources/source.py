"""What a source of frames is: the one protocol and the one error that every kind of source shares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from stream.records import Frame, SourceState

    StateListener = Callable[[SourceState, str], None]
    """Called on each change of state, from the thread that iterates the source, with a sentence without credentials."""


class SourceError(Exception):
    """A source cannot deliver: one sentence that names it (without credentials) and what to do."""


class Source(Protocol):
    """Frames of one camera, stream, file or folder, in order, with growing `index` and `pts`.

    `live` says whether the frames arrive by themselves, whether they are taken or not.
    """

    name: str
    live: bool

    def frames(self, on_state: StateListener) -> Iterator[Frame]:
        """Open the source and yield its frames until it ends or `stop` is called.

        Blocks at most 0.5 s at a time before it looks whether it was stopped.

        Raises:
            SourceError: it cannot be opened, or it broke in a way that reconnecting cannot mend.

        """
        ...

    def stop(self) -> None:
        """End `frames` within half a second; any thread may call it, any number of times."""
        ...
