"""The figures of one source that is being read: state, rates, latencies and counts, as a status tells them.

Owns: counting and averaging.  Does not own a clock: time is passed in, in seconds that never go back; nor when a status is
published.
"""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Protocol

import numpy as np

from glyphfeed.stream.records import SourceState, Status

if TYPE_CHECKING:
    from glyphfeed.stream.records import Frame, Snapshot

WINDOW_S = 5.0
"""Rates and latencies are those of so many seconds."""
SHARE = 0.2
"""How much the newest duration counts in a moving average."""


class Named(Protocol):
    """A network, whose name tells what runs it at the moment."""

    @property
    def name(self) -> str:
        """For people."""
        ...


class Gauges:
    """Takes note of what happens to one source; any thread may call it."""

    def __init__(self, source: str, now_s: float, detector: Named, recogniser: Named) -> None:
        self._lock = threading.Lock()
        self._source, self._start_s = source, now_s
        self._detector = detector
        self._recogniser = recogniser
        self._state, self._detail = SourceState.CONNECTING, ""
        self._arrived: deque[tuple[float, int]] = deque()
        self._published: deque[tuple[float, int]] = deque()
        self._latencies_ms: deque[tuple[float, float]] = deque()
        self._arrived_index = self._published_index = -1
        self._dropped = 0
        self._reads = self._texts = 0
        self._detect_ms: float | None = None
        self._read_ms: float | None = None

    def enter(self, state: SourceState, detail: str) -> None:
        """The state has changed."""
        with self._lock:
            self._state, self._detail = state, detail

    @property
    def state(self) -> SourceState:
        """The state that was entered last."""
        with self._lock:
            return self._state

    def arrive(self, frame: Frame, now_s: float) -> None:
        """A frame has come out of the source; those that it dropped before came as well."""
        with self._lock:
            self._arrived.append((now_s, frame.index - self._arrived_index))
            self._arrived_index = frame.index
            _forget(self._arrived, now_s)

    def publish(self, snapshot: Snapshot, reads: int, latency_s: float | None, now_s: float) -> None:
        """A frame's text was published; `reads` is the total so far, `latency_s` the time since its capture."""
        with self._lock:
            self._dropped += snapshot.frame - self._published_index - 1
            self._published_index = snapshot.frame
            self._published.append((now_s, 1))
            if latency_s is not None:
                self._latencies_ms.append((now_s, latency_s * 1000))
            self._texts, self._reads = len(snapshot.texts), reads
            _forget(self._published, now_s)
            _forget(self._latencies_ms, now_s)

    def publish_further(self, snapshot: Snapshot, reads: int) -> None:
        """What has become known since a frame was published, was published as well; `reads` is the total so far."""
        with self._lock:
            self._texts, self._reads = len(snapshot.texts), reads

    def detect(self, duration_s: float) -> None:
        """A detector pass took so long."""
        with self._lock:
            self._detect_ms = _mean(self._detect_ms, duration_s * 1000)

    def read(self, duration_s: float) -> None:
        """A read of one line took so long."""
        with self._lock:
            self._read_ms = _mean(self._read_ms, duration_s * 1000)

    def status(self, now_s: float) -> Status:
        """All figures as they are now."""
        with self._lock:
            _forget(self._arrived, now_s)
            _forget(self._published, now_s)
            _forget(self._latencies_ms, now_s)
            span_s = max(min(now_s - self._start_s, WINDOW_S), 0.1)
            latencies = [latency_ms for _, latency_ms in self._latencies_ms]
            p50, p95 = np.percentile(latencies, (50, 95)).tolist() if latencies else (None, None)
            return Status(
                source=self._source,
                state=self._state,
                detail=self._detail,
                fps_in=sum(count for _, count in self._arrived) / span_s,
                fps_out=len(self._published) / span_s,
                dropped=self._dropped,
                latency_p50_ms=p50,
                latency_p95_ms=p95,
                detect_ms=self._detect_ms,
                read_ms=self._read_ms,
                reads=self._reads,
                texts=self._texts,
                uptime_s=now_s - self._start_s,
                last_event_seq=0,
                detector=self._detector.name,
                recogniser=self._recogniser.name,
            )


def _forget(moments: deque[tuple[float, int]] | deque[tuple[float, float]], now_s: float) -> None:
    while moments and moments[0][0] < now_s - WINDOW_S:
        moments.popleft()


def _mean(mean: float | None, newest: float) -> float:
    return newest if mean is None else mean + SHARE * (newest - mean)
