"""A phone as a source: pictures that it was asked for, under numbers of its own.

Owns: the newest picture that came, decoding it, when it counts as live, and the phone's clock.  Does not own the connection, nor
who is let in (door), nor what the phone is called (running).
"""

from __future__ import annotations

import io
import math
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Protocol

import cv2
import numpy as np
from PIL.JpegImagePlugin import JpegImageFile

from glyphfeed.stream.channel import Channel
from glyphfeed.stream.records import Frame, SourceState
from glyphfeed.stream.sources.health import Health
from glyphfeed.stream.sources.live import LEAP_S, WAIT_S
from glyphfeed.stream.sources.picture import LazyColour
from glyphfeed.stream.sources.source import StateChanges
from glyphfeed.stream.sources.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from glyphfeed.stream.records import Colour, Grey
    from glyphfeed.stream.sources.source import StateListener

LATE_S: Final = 2.0
"""A picture that took so much longer than the quickest shows that the phone's clock was set, and not that it was late."""
TICK_S: Final = 1e-3
"""A clock that runs is ahead by more than this with each picture."""
DRIFT: Final = 1e-3
"""So many seconds a second the quickest way is forgotten: ten times what clocks drift apart, so that a longer way is learned."""


class Asking(Protocol):
    """The way to a phone that is there; called by the thread that iterates the source."""

    def taken(self) -> None:
        """The newest picture was taken: there is room for the next."""
        ...

    def complain(self, detail: str) -> None:
        """A picture could not be used."""
        ...

    def let_go(self) -> None:
        """Nothing more is read."""
        ...


class Clock:
    """Moves the times of a phone's clock, which may be wrong, onto ours: as far as its quickest picture is from its arrival.

    So pictures lie apart as the phone says, none is of the future, and what is lost is the time that the quickest took to come.
    """

    def __init__(self) -> None:
        self._behind_s, self._captured_at, self._arrived_at = math.inf, -math.inf, 0.0

    def place(self, captured_at: float, arrived_at: float) -> tuple[float | None, float]:
        """Place a picture that was taken and arrived then, in Unix seconds of the phone and of ours.

        Returns:
            A stamp by the phone's clock, None where that stands or goes back, and the Unix seconds by ours.

        """
        runs = captured_at > self._captured_at + TICK_S
        behind_s = arrived_at - captured_at
        grown_s = self._behind_s + DRIFT * max(arrived_at - self._arrived_at, 0.0)
        self._behind_s = min(behind_s, grown_s) if runs and behind_s <= grown_s + LATE_S else behind_s
        self._captured_at, self._arrived_at = captured_at, arrived_at
        return captured_at if runs else None, captured_at + self._behind_s


@dataclass(frozen=True, slots=True)
class _Arrival:
    number: int
    captured_at: float
    arrived_at: float
    jpeg: bytes


class PhoneSource:
    """A phone that comes and goes; it is waited for until `stop`.

    Frames are numbered as the phone does, which begins with `first`: their `index` is how far they are from it.
    """

    live = True

    def __init__(self, name: str, first: int) -> None:
        self.name, self.first = name, first
        self.due = first
        """The number that the next picture has at least."""
        self._phone: Asking | None = None
        self._left_s: float | None = None
        self._newest: Channel[_Arrival] = Channel()
        self._stopped = threading.Event()

    def enter(self, phone: Asking) -> None:
        """The phone is there, or another connection of it."""
        self._phone, self._left_s = phone, None

    def leave(self, phone: Asking) -> None:
        """A connection of the phone has ended."""
        if self._phone is phone:
            self._phone, self._left_s = None, time.monotonic()

    @property
    def absent_s(self) -> float:
        """For how long the phone has been gone; 0 while it is there, or has yet to enter."""
        left_s = self._left_s
        return 0.0 if left_s is None else time.monotonic() - left_s

    def offer(self, number: int, captured_at: float, jpeg: bytes) -> None:
        """Leave a picture, instead of one that was not taken yet: its number, at least `due`, its time by the phone's clock."""
        self.due = number + 1
        self._newest.put(_Arrival(number, captured_at, time.time(), jpeg))

    def frames(self, on_state: StateListener) -> Iterator[Frame]:
        """Yield the newest picture whenever there is a new one; see `Source.frames`."""
        states = StateChanges(self.name, on_state)
        states.report(SourceState.CONNECTING, "waiting for the first picture of the phone")
        health, timeline, clock = Health(), Timeline(), Clock()
        seen_s = 0.0
        while not self._stopped.is_set():
            arrival, phone = self._newest.get(WAIT_S), self._phone
            if arrival is not None and phone is not None:
                phone.taken()
            grey = None if arrival is None else _decode(arrival.jpeg, "L")
            if arrival is not None and grey is None and phone is not None:
                phone.complain(f"Picture {arrival.number} cannot be decoded; send a baseline JPEG.")
            now_s = time.monotonic()
            if grey is not None:
                health.see(grey, now_s)
            state, _ = health.judge(now_s, broken=phone is None)
            self._report(states, state)
            if arrival is not None and grey is not None:
                step_s, seen_s = now_s - seen_s, now_s
                stamp, captured_at = clock.place(arrival.captured_at, arrival.arrived_at)
                pts = timeline.place(stamp, step_s, step_s + LEAP_S)
                yield Frame(arrival.number - self.first, pts, captured_at, grey, _colour(arrival.jpeg, grey))
        states.report(SourceState.ENDED, f"the phone was let go after {self.due - self.first} pictures")

    def stop(self) -> None:
        """End `frames` at once, and tell a phone that is there."""
        self._stopped.set()
        self._newest.close()
        if (phone := self._phone) is not None:
            phone.let_go()

    @property
    def stopped(self) -> bool:
        """Whether nothing that is offered is read any more."""
        return self._stopped.is_set()

    def _report(self, states: StateChanges, state: SourceState) -> None:
        is_there = self._phone is not None
        reason = "gone" if state is not SourceState.LIVE and not is_there else ""
        match state:
            case SourceState.LIVE:
                sentence = "the phone sends pictures"
            case SourceState.STALLED if is_there:
                sentence = "the phone sends nothing new; is its page in front, and its screen on?"
            case _ if is_there:
                sentence = "the phone is connected and sends nothing"
            case _:
                sentence = "waiting for the phone to come back"
        states.report(state, sentence, trouble=state is SourceState.STALLED, reason=reason)


def _decode(jpeg: bytes, mode: str) -> NDArray[np.uint8] | None:
    """Decode a picture as it lies, `mode` L for its luma alone in a quarter of the time; None where that cannot be done.

    By Pillow, as OpenCV has libjpeg write on stderr of pictures that are damaged.
    """
    try:
        image = JpegImageFile(io.BytesIO(jpeg))
        image.draft(mode, image.size)
        return np.asarray(image if image.mode == mode else image.convert(mode), np.uint8)
    except Exception:  # whatever it is that Pillow makes of bytes that somebody made up
        return None


def _colour(jpeg: bytes, grey: Grey) -> LazyColour:
    """The colours of a picture, which are decoded when they are asked for: of most pictures they never are."""

    def convert() -> Colour:
        colour = _decode(jpeg, "RGB")
        code = cv2.COLOR_GRAY2BGR if colour is None else cv2.COLOR_RGB2BGR
        return np.asarray(cv2.cvtColor(grey if colour is None else colour, code), np.uint8)

    return LazyColour(convert)
