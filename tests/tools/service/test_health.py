from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from glyphfeed.stream.records import EventType, Frame, SourceState
from glyphfeed.tools.service import health as rooms
from glyphfeed.tools.service.health import Health, Known
from tests.stream.feed.samples import event, snapshot, status

if TYPE_CHECKING:
    from glyphfeed.stream.records import Status

FRAME = Frame(7, 0.25, 0.0, np.zeros((2, 2), np.uint8), lambda: np.zeros((2, 2, 3), np.uint8))


def of(name: str, state: SourceState, detail: str = "", **figures: float) -> Status:
    return replace(status(state, detail), source=name, **figures)


def test_all_is_well_while_every_source_is_live_or_has_ended() -> None:
    health = Health()
    assert health.report_lines() == (False, ["starting"])
    health.report(of("yard", SourceState.LIVE, "12 pictures a second"))
    health.report(of("clip", SourceState.ENDED, "it ended"))
    assert health.report_lines() == (True, ["clip is ended: it ended", "yard is live: 12 pictures a second"])
    assert health.summary() == "1 ended, 1 live"
    health.report(of("yard", SourceState.STALLED, "there is no picture"))
    assert health.report_lines() == (False, ["clip is ended: it ended", "yard is stalled: there is no picture"])
    # It is not well, and yet nothing hangs.
    assert health.alive
    health.visitors = lambda: {"yard"}
    assert health.report_lines()[0]
    health.report(of("yard", SourceState.FAILED, "a network failed"))
    assert not health.report_lines()[0]
    health.forget("yard")
    assert health.report_lines() == (True, ["clip is ended: it ended"])


def test_a_feed_that_has_ended_is_not_well() -> None:
    health = Health()
    health.report(of("yard", SourceState.LIVE))
    health.publishes = lambda: False
    assert health.report_lines()[0] is False
    assert not health.alive


@pytest.mark.parametrize(
    ("state", "fps_in", "heard_s", "seen_s", "hangs"),
    [
        (SourceState.LIVE, 30.0, 100.0, 100.0, False),
        (SourceState.LIVE, 30.0, 50.0, 100.0, True),
        (SourceState.LIVE, 30.0, 100.0, 50.0, True),
        # It has given no frames for some seconds.
        (SourceState.LIVE, 0.0, 100.0, 50.0, False),
        # None was processed yet, as networks take their time to warm up.
        (SourceState.LIVE, 30.0, 100.0, 0.0, False),
        (SourceState.CONNECTING, 0.0, 100.0, 0.0, False),
        (SourceState.CONNECTING, 0.0, 50.0, 0.0, True),
        (SourceState.ENDED, 30.0, 50.0, 50.0, False),
        (SourceState.FAILED, 30.0, 50.0, 50.0, False),
    ],
)
def test_what_should_speak_and_does_not_hangs(
    state: SourceState, fps_in: float, heard_s: float, seen_s: float, hangs: bool
) -> None:
    assert Known(of("yard", state, fps_in=fps_in), heard_s, seen_s).hangs(101.0) is hangs


def test_a_driver_that_has_died_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    health = Health()
    health.report(of("yard", SourceState.LIVE))
    monkeypatch.setattr(rooms, "SILENT_S", -1.0)
    assert not health.alive
    assert health.report_lines() == (False, ["yard hangs"])


def test_events_are_counted_by_their_type() -> None:
    health = Health()
    health.publish(FRAME, snapshot(), [event(), event(), event(kind=EventType.LEFT)])
    health.publish(FRAME, snapshot(), [])
    assert health.known() == []
    health.report(status())
    ((_, known),) = health.known()
    assert known.events == {EventType.READ: 2, EventType.LEFT: 1}
