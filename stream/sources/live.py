"""Live sources: a camera or a stream that is watched, given up and connected to anew, for ever.

Owns: the thread around one connection, the states, reconnecting, numbering and time.  Does not own how a connection is made
and decoded: that is a function handed in.
"""

from __future__ import annotations

import random
import threading
import time
from typing import TYPE_CHECKING, TypeAlias

from glyphfeed.stream.errors import SourceError
from glyphfeed.stream.records import Frame, SourceState
from glyphfeed.stream.sources.health import Health
from glyphfeed.stream.sources.source import StateChanges
from glyphfeed.stream.sources.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glyphfeed.stream.sources.picture import Picture
    from glyphfeed.stream.sources.source import StateListener

Connect: TypeAlias = "Callable[[threading.Event], Iterator[Picture]]"
"""Connects and yields pictures until the event is set.

Ends when the stream is over for good, and raises SourceError when there is no connection or it broke.  Every wait inside is
bounded: by the event or by a time-out of a few seconds.
"""

WAIT_S = 0.2
"""How long the taker of frames waits at a time before it looks whether it was stopped or the source has stalled."""
RETRY_S = 0.5
"""Pause before a new attempt: a camera that is back is found within two seconds, and a try costs it next to nothing."""
REFUSED_RETRY_S = 5.0
"""The longest pause where the user name or password was refused: cameras lock accounts that fail too often."""
UNREACHED_RETRY_S = 5.0
"""The longest pause where a camera could not be reached yet."""
SELDOM_S = 60.0
"""The pause where a camera was never live and answered that it will not be: somebody has to change something."""
LEAP_S = 10.0
"""A stamp further ahead than this is a jump of the camera's clock, not a gap in its pictures."""


class RefusedError(SourceError):
    """The other side answered, and refused the user name or password."""


class AbsentError(SourceError):
    """The other side answered, and has no video there."""


class LiveSource:
    """A source that delivers by itself, of which only the newest picture matters.

    One that cannot be had at the beginning is an error, unless it is `patient`: then it is tried for ever, as it is later.
    """

    live = True

    def __init__(self, name: str, label: str, connect: Connect, *, patient: bool = False) -> None:
        self.name = name
        self._label = label
        self._connect = connect
        self._patient = patient
        self._stopped = threading.Event()

    def frames(self, on_state: StateListener) -> Iterator[Frame]:
        """Yield the newest frame whenever there is a new one; see `Source.frames`."""
        states = StateChanges(self.name, on_state)
        states.report(SourceState.CONNECTING, f"connecting to {self._label}")
        health = Health()
        timeline = Timeline()
        index, failures, seen_s, trouble = -1, 0, 0.0, ""
        connection = _Connection(self._connect)
        try:
            while not self._stopped.is_set():
                picture, missed, is_finished = connection.take(WAIT_S)
                now_s = time.monotonic()
                if picture is not None:
                    step_s, seen_s, trouble, failures = now_s - seen_s, now_s, "", 0
                    health.see(picture.grey, now_s)
                    index += 1 + missed
                    pts = timeline.place(picture.stamp, step_s, step_s + LEAP_S)
                elif is_finished and connection.error is None:
                    states.report(SourceState.ENDED, f"{self._label} ended after {index + 1} frames")
                    return
                elif is_finished and connection.error is not None:
                    if not health.was_live and not (self._patient and isinstance(connection.error, SourceError)):
                        raise connection.error
                    trouble = str(connection.error)
                    connection = _Connection(self._connect, _pause_s(connection.error, failures, was_live=health.was_live))
                    failures += 1
                    timeline.restart()
                if health.wants_renewal():
                    connection.abandon()
                    connection = _Connection(self._connect)
                    timeline.restart()
                self._report(states, health.judge(now_s, broken=bool(trouble)), trouble, new=not health.was_live)
                if picture is not None:
                    yield Frame(index, pts, picture.captured_at, picture.grey, picture.bgr)
            states.report(SourceState.ENDED, f"{self._label} was stopped after {index + 1} frames")
        finally:
            connection.abandon()

    def stop(self) -> None:
        """End `frames` within `WAIT_S`."""
        self._stopped.set()

    def _report(self, states: StateChanges, verdict: tuple[SourceState, str], trouble: str, *, new: bool) -> None:
        state, detail = verdict
        if new and trouble:
            states.report(state, f"{trouble}; it is tried again", trouble=True, reason=trouble)
        else:
            sentence = f"{trouble}; {detail}" if trouble else f"{self._label}: {detail}"
            states.report(state, sentence, trouble=state is SourceState.STALLED)


def _pause_s(error: BaseException, failures: int, *, was_live: bool) -> float:
    """How long to wait before the next attempt, after so many failures in a row before this one; jittered, so that many readers
    of one camera do not come in step.
    """
    growing_s = RETRY_S * 2.0 ** min(failures, 8)
    if was_live:
        pause_s = min(2 * growing_s, REFUSED_RETRY_S) if isinstance(error, RefusedError) else RETRY_S
    else:
        pause_s = SELDOM_S if isinstance(error, RefusedError | AbsentError) else min(growing_s, UNREACHED_RETRY_S)
    return pause_s * random.uniform(0.8, 1.2)


class _Connection:
    """One attempt at a source, in a thread of its own, which keeps the newest picture.

    Nobody can interrupt FFmpeg or a camera's driver from outside, so that whoever waits for one cannot stop at once.  Here
    the thread waits, bounded by the time-outs that it set, and the taker of frames never does.  When the connection is
    abandoned the thread closes what it opened, at the latest when its time-out ends.  It is a daemon thread so that leaving
    the program need not wait for that.
    """

    def __init__(self, connect: Connect, delay_s: float = 0.0) -> None:
        self.error: BaseException | None = None
        self._is_finished = False
        self._abandoned = threading.Event()
        self._changed = threading.Condition()
        self._newest: Picture | None = None
        self._missed = 0
        self._thread = threading.Thread(target=self._run, args=(connect, delay_s), name="glyphfeed-connection", daemon=True)
        self._thread.start()

    def take(self, timeout_s: float) -> tuple[Picture | None, int, bool]:
        """The newest picture, if one comes in time, how many before it were replaced untaken, and whether none will follow.

        What finished the connection is then in `error`: None where the stream is over for good.
        """
        with self._changed:
            # Ends with the time-out, or when the thread delivers or ends.
            self._changed.wait_for(lambda: self._newest or self._is_finished, timeout_s)
            picture, self._newest = self._newest, None
            missed, self._missed = self._missed, 0
            return picture, missed, self._is_finished

    def abandon(self) -> None:
        """Want no more of it; a moment is given to close in order, which is enough where pictures are arriving."""
        self._abandoned.set()
        self._thread.join(WAIT_S)

    def _run(self, connect: Connect, delay_s: float) -> None:
        error: BaseException | None = None
        try:
            if not self._abandoned.wait(delay_s):
                for picture in connect(self._abandoned):
                    self._deliver(picture)
        except SourceError as caught:
            # A new error, because what caused this one may spell out the address with its password.
            error = type(caught)(str(caught))
        except BaseException as caught:
            error = caught
        with self._changed:
            self.error, self._is_finished = error, True
            self._changed.notify_all()

    def _deliver(self, picture: Picture) -> None:
        with self._changed:
            self._missed += self._newest is not None
            self._newest = picture
            self._changed.notify_all()
