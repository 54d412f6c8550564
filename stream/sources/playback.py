"""Recordings as sources: finite pictures played as fast as they are taken, or by their own clock.

Owns: pace, numbering and the end.  Does not own reading files: that is a function handed in.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from glyphfeed.stream.errors import SourceError
from glyphfeed.stream.records import Frame, SourceState
from glyphfeed.stream.sources.source import Pace, StateChanges

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glyphfeed.stream.sources.picture import Picture
    from glyphfeed.stream.sources.source import StateListener

CATCHING_UP_S = 0.5
"""However slow the decoding, a picture is shown this often while playing by the clock."""


class Playback:
    """A finite source.

    `read` opens the recording and yields its pictures, at least one and each with a stamp greater than the last, from 0.
    A SourceError that it raises after its first picture is an early end, not a failure: what there is, is read.
    """

    def __init__(self, name: str, label: str, pace: Pace, read: Callable[[], Iterator[Picture]]) -> None:
        self.name = name
        self.live = pace is Pace.LIVE
        self._label = label
        self._read = read
        self._stopped = threading.Event()

    def frames(self, on_state: StateListener) -> Iterator[Frame]:
        """Yield the frames of the recording; see `Source.frames`."""
        states = StateChanges(self.name, on_state)
        count = 0
        try:
            for index, picture in enumerate(self._read()):
                if self._stopped.is_set():
                    break
                if index == 0:
                    height, width = picture.grey.shape
                    states.report(SourceState.LIVE, f"{self._label} is read, {width}x{height}")
                    clock = _Clock(self._stopped)
                count = index + 1
                captured_at = clock.await_turn(picture) if self.live else picture.captured_at
                if captured_at is not None:
                    yield Frame(index, picture.stamp or 0.0, captured_at, picture.grey, picture.bgr, picture.scene)
            if self.live:
                clock.see_out()
        except SourceError as error:
            if count == 0:
                raise
            states.report(SourceState.ENDED, str(error), trouble=True)
            return
        ending = "was stopped" if self._stopped.is_set() else "ended"
        states.report(SourceState.ENDED, f"{self._label} {ending} after {count} frames")

    def stop(self) -> None:
        """End `frames` before its next frame."""
        self._stopped.set()


class _Clock:
    """The wall clock against which a recording plays; it starts with the first picture."""

    def __init__(self, stopped: threading.Event) -> None:
        self._stopped = stopped
        self._start = time.monotonic()
        self._start_at = time.time()
        self._stamp = self._interval_s = 0.0
        self._shown_s = 0.0

    def await_turn(self, picture: Picture) -> float | None:
        """Wait until a picture is due and say when that was, in Unix seconds; None if it is skipped or all was stopped."""
        stamp = picture.stamp or 0.0
        self._interval_s, self._stamp = stamp - self._stamp, stamp
        now_s = time.monotonic() - self._start
        if now_s - stamp > self._interval_s and now_s - self._shown_s < CATCHING_UP_S and stamp > 0:
            return None
        # `stop` sets the event, which ends this wait at once.
        if self._stopped.wait(max(stamp - now_s, 0.0)):
            return None
        self._shown_s = time.monotonic() - self._start
        return self._start_at + stamp

    def see_out(self) -> None:
        """Wait until the last picture has stood as long as the one before it, where all was not stopped."""
        now_s = time.monotonic() - self._start
        self._stopped.wait(max(self._stamp + self._interval_s - now_s, 0.0))
