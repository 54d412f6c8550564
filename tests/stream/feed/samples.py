"""Small records to publish, and waits with a deadline."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from glyphfeed.stream.records import Event, EventType, Snapshot, SourceState, Status, TextEntity, TextState, Word

if TYPE_CHECKING:
    from collections.abc import Callable

    from glyphfeed.stream.feed.publishing.publisher import Publisher
    from glyphfeed.stream.records import Polygon, Record

DEADLINE_S = 20.0


def box(x: float, y: float, width: float = 40.0, height: float = 12.0) -> Polygon:
    return np.array([[x, y], [x + width, y], [x + width, y + height], [x, y + height]], np.float32)


def entity(number: int = 1, text: str = "EXIT 12") -> TextEntity:
    return TextEntity(
        id=number,
        rev=3,
        state=TextState.SETTLED,
        text=text,
        confidence=0.987654,
        polygon=box(10.04, 20.06),
        words=tuple(Word(word, box(10.0 + 50 * i, 20.0), 0.91236) for i, word in enumerate(text.split())),
        velocity=(1.26, -0.34),
        reads=2,
        first_seen=1_700_000_000.1234567,
        last_seen=1_700_000_004.5,
    )


def of(source: str, record: Record) -> Record:
    """What is told, of another source."""
    return replace(record, source=source)


def snapshot(frame: int = 7, *texts: TextEntity) -> Snapshot:
    return Snapshot("cam1", frame, frame / 30, 1_700_000_000.0 + frame / 30, (1280, 720), texts)


def event(text: str = "EXIT 12", kind: EventType = EventType.READ, previous: str | None = None) -> Event:
    return Event("cam1", kind, 7, 1_700_000_000.25, entity(text=text), previous)


def status(state: SourceState = SourceState.LIVE, detail: str = "") -> Status:
    return Status(
        source="cam1",
        state=state,
        detail=detail,
        fps_in=29.97,
        fps_out=29.5,
        dropped=3,
        latency_p50_ms=12.3456,
        latency_p95_ms=40.0,
        detect_ms=26.1,
        read_ms=None,
        reads=11,
        texts=2,
        uptime_s=61.5,
        last_event_seq=0,
        detector="PP-OCRv6_det_small (openvino)",
        recogniser="PP-OCRv6_rec_small (openvino)",
    )


def wait_until(condition: Callable[[], bool], deadline_s: float = DEADLINE_S) -> None:
    """Ask again and again until it holds; fails after a generous deadline."""
    deadline = time.monotonic() + deadline_s
    while not condition():
        assert time.monotonic() < deadline, "this never came true"
        time.sleep(0.005)


def serve_until_subscribed(publisher: Publisher, count: int = 1) -> None:
    """Serve the feed until it has so many subscriptions."""

    def subscribed() -> bool:
        publisher.serve(0.02)
        return publisher.subscribers == count

    wait_until(subscribed)
