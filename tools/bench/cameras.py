"""How many cameras this machine carries: a clip played live several times at once, until messages come too late.

Owns the search and what is told of it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, TypeAlias

from glyphfeed.stream.feed.endpoint import ANY_ENDPOINT
from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.stream.running.networks import cores
from glyphfeed.stream.running.runtime import run_sources
from glyphfeed.stream.sources.address import open_source
from glyphfeed.stream.sources.source import Pace
from glyphfeed.tools.bench.sheet import Sheet
from glyphfeed.tools.errors import CommandError, note

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from glyphfeed.engines.loading import Engines
    from glyphfeed.stream.records import Event, Frame, Snapshot, Status

CameraRow: TypeAlias = "tuple[int, float, float | None, float | None, float | None, str]"
STEPS: Final = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128)
"""Numbers of cameras that are tried."""
LATE_MS: Final = 100.0
"""A picture is published in time if its message goes out so soon after its capture: what a viewer takes for at once (Nielsen,
Usability Engineering, 1993, chapter 5).
"""
PACE: Final = 0.95
"""Share of the frames that must be published."""


class Health:
    """A sink that remembers the last status of each source."""

    def __init__(self) -> None:
        self.last: dict[str, Status] = {}

    def publish(self, frame: Frame, snapshot: Snapshot, events: Sequence[Event]) -> None:
        """See `Sink.publish`; how the sources are doing comes by itself."""

    def report(self, status: Status) -> None:
        """See `Sink.report`."""
        self.last[status.source] = status


def bench_cameras(clip: str | Path, engines: Engines, most: int = STEPS[-1]) -> Sheet:
    """Play a clip live on more and more cameras, `most` of them at most, as long as each keeps up; the networks are shared.

    Raises:
        EngineError: a network failed.
        SourceError: the clip cannot be read.

    """

    def play(cameras: int) -> list[Status]:
        note(f"playing {clip} on {cameras} camera{'s' * (cameras > 1)}")
        return play_live(clip, engines, cameras)

    rows = try_steps([step for step in STEPS if step <= most], play)
    carried = max((row[0] for row in rows if row[-1] == "yes"), default=0)
    return Sheet(
        f"Cameras of {engines.detector.name}",
        ("cameras", "published", "worst p95, ms", "detect, ms", "read, ms", "in time"),
        rows,
        (
            f"{cores()} cores.",
            f"{carried} cameras are carried: {PACE:.0%} of the frames are published, 95 % of these within {LATE_MS:g} ms.",
        ),
    )


def try_steps(steps: Sequence[int], play: Callable[[int], list[Status]]) -> list[CameraRow]:
    """A row for each number of cameras, up to the first that is too many, and then for numbers between that and the last that is
    not, by halves, until it is known how many go.
    """
    rows: list[CameraRow] = []
    carried, too_many = 0, math.inf
    left = list(steps)
    while left:
        cameras = left[0] if too_many == math.inf else left[len(left) // 2]
        rows.append(row_of(cameras, play(cameras)))
        if rows[-1][-1] == "yes":
            carried = cameras
        else:
            too_many = cameras
        left = [step for step in steps if step > carried] if too_many == math.inf else list(range(carried + 1, int(too_many)))
    return sorted(rows, key=lambda row: row[0])


def row_of(cameras: int, statuses: Sequence[Status]) -> CameraRow:
    """What the last statuses of some cameras say together."""
    published = sum(status.fps_out for status in statuses) / max(sum(status.fps_in for status in statuses), 1e-9)
    worst_ms = max((status.latency_p95_ms for status in statuses if status.latency_p95_ms is not None), default=None)
    detect_ms, read_ms = (mean([getattr(status, name) for status in statuses]) for name in ("detect_ms", "read_ms"))
    kept = published >= PACE and worst_ms is not None and worst_ms <= LATE_MS
    return cameras, published, worst_ms, detect_ms, read_ms, "yes" if kept else "no"


def mean(values: Sequence[float | None]) -> float | None:
    """Mean of what is known."""
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def play_live(clip: str | Path, engines: Engines, cameras: int) -> list[Status]:
    """Play a clip to its end on several cameras at once; how each was doing in its last seconds.

    Raises:
        CommandError: a camera failed.

    """
    health = Health()
    sources = [open_source(str(clip), f"camera{number}", Pace.LIVE) for number in range(cameras)]
    with Publisher(ANY_ENDPOINT) as publisher:
        failures = run_sources(sources, engines, publisher, [health])
    for name, error in failures:
        raise CommandError(f"{name} failed: {error}")
    return list(health.last.values())
