"""Takes the frames of a source in a thread, as the reader does, and remembers what came and when."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.stream.sources.media import number_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from glyphfeed.stream.records import SourceState
    from glyphfeed.stream.sources.source import Source


@dataclass(frozen=True)
class Taken:
    """What is remembered of a frame; `at_s` is when it came."""

    at_s: float
    index: int
    pts: float
    captured_at: float
    size: tuple[int, int]
    number: int


class Taker:
    """A running source; use as a context, at whose end the source is stopped and the thread joined."""

    def __init__(self, source: Source) -> None:
        self.source = source
        self.frames: list[Taken] = []
        self.states: list[tuple[float, SourceState, str]] = []
        self.error: Exception | None = None
        self._changed = threading.Condition()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Taker:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def stop(self) -> float:
        """Stop the source and say how long it took, in seconds."""
        begun_s = time.monotonic()
        self.source.stop()
        self._thread.join(10)
        assert not self._thread.is_alive(), "the source did not stop"
        return time.monotonic() - begun_s

    def wait_until(self, condition: Callable[[], bool], deadline_s: float = 20) -> None:
        """Wait until something holds; it is looked at whenever a frame, a state or the end has come."""
        with self._changed:
            if not self._changed.wait_for(condition, deadline_s):
                shown = [f"{at - self.states[0][0]:.1f} {state} {detail}" for at, state, detail in self.states]
                raise AssertionError(f"{len(self.frames)} frames, states {shown}, error {self.error}")

    def wait_for_end(self, deadline_s: float = 20) -> None:
        """Wait until the source has ended by itself or failed."""
        self._thread.join(deadline_s)
        assert not self._thread.is_alive(), "the source did not end"

    @property
    def state(self) -> SourceState | None:
        """The last state reported."""
        return self.states[-1][1] if self.states else None

    @property
    def state_names(self) -> list[str]:
        """All states reported, in order."""
        return [state.value for _, state, _ in self.states]

    def _on_state(self, state: SourceState, detail: str) -> None:
        with self._changed:
            self.states.append((time.monotonic(), state, detail))
            self._changed.notify_all()

    def _run(self) -> None:
        try:
            for frame in self.source.frames(self._on_state):
                taken = Taken(time.monotonic(), frame.index, frame.pts, frame.captured_at, frame.size, number_of(frame))
                with self._changed:
                    self.frames.append(taken)
                    self._changed.notify_all()
        except Exception as error:
            self.error = error
        with self._changed:
            self._changed.notify_all()
