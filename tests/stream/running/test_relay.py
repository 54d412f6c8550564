"""A consumer takes its own time: of live sources it gets the newest, of others everything, and no event is lost."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest

from glyphfeed.stream.running.relay import AHEAD, Inbox, Relay
from tests.stream.driving import Notebook
from tests.stream.feed.samples import DEADLINE_S, entity, event, of, snapshot
from tests.tools.displays.test_displays import frame_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glyphfeed.stream.records import Event, Frame, Snapshot


def leave(inbox: Inbox | Relay, index: int, source: str = "cam1", *events: Event) -> None:
    shown = of(source, snapshot(index, entity()))
    inbox.publish(frame_of(shown), shown, events)


def taken(inbox: Inbox) -> list[tuple[str, int, list[str]]]:
    inbox.close()
    return [(each.snapshot.source, each.frame.index, [event.entity.text for event in each.events]) for each in inbox]


def test_of_a_live_source_the_newest_is_taken_with_the_events_of_those_it_replaced() -> None:
    inbox = Inbox(["cam1"])
    for index in range(5):
        leave(inbox, index, "cam1", event(f"news {index}"))
    assert taken(inbox) == [("cam1", 4, [f"news {index}" for index in range(5)])]


def test_live_sources_take_turns() -> None:
    inbox = Inbox(["cam1", "cam2"])
    leave(inbox, 0, "cam1")
    leave(inbox, 0, "cam2")
    leave(inbox, 1, "cam1")
    assert taken(inbox) == [("cam2", 0, []), ("cam1", 1, [])]


def test_of_a_recording_everything_is_taken_and_its_driver_waits() -> None:
    inbox = Inbox()
    left = threading.Event()

    def drive() -> None:
        for index in range(AHEAD + 1):
            leave(inbox, index)
        left.set()

    driving = threading.Thread(target=drive)
    driving.start()
    assert not left.wait(0.1), "the last one has no room"
    first = inbox.take()
    assert first is not None
    assert left.wait(DEADLINE_S)
    driving.join(DEADLINE_S)
    assert [index for _, index, _ in taken(inbox)] == list(range(1, AHEAD + 1))
    assert first.frame.index == 0


def test_the_close_ends_every_wait_and_nothing_is_taken_in_after_it() -> None:
    inbox, told = Inbox(notify=lambda: told.set()), threading.Event()
    for index in range(AHEAD):
        leave(inbox, index)
    waiting = threading.Thread(target=leave, args=(inbox, AHEAD))
    waiting.start()
    told.clear()
    inbox.close()
    waiting.join(DEADLINE_S)
    assert not waiting.is_alive()
    assert told.is_set()
    assert not inbox.ended, "what lies there may still be taken"
    assert len(taken(inbox)) == AHEAD
    assert inbox.ended
    assert inbox.take() is None


def test_nothing_to_take_is_waited_for_no_longer_than_told() -> None:
    inbox = Inbox()
    assert inbox.take(0.01) is None
    assert not inbox.ended


class Slow(Notebook):
    """A consumer that begins when it is let, and notes that it was closed."""

    def __init__(self) -> None:
        super().__init__()
        self.let = threading.Event()
        self.closed = False

    def publish(self, frame: Frame, snapshot: Snapshot, events: Sequence[Event]) -> None:
        self.let.wait(DEADLINE_S)
        super().publish(frame, snapshot, events)

    def close(self) -> None:
        self.closed = True


def test_a_relay_passes_everything_on_in_a_thread_of_its_own_and_closes_its_consumer() -> None:
    consumer = Slow()
    with Relay(consumer) as relay:
        for index in range(AHEAD):
            leave(relay, index, "cam1", event(str(index)))
        assert consumer.snapshots == []
        consumer.let.set()
    assert [shown.frame for shown in consumer.snapshots] == list(range(AHEAD))
    assert len(consumer.events) == AHEAD
    assert consumer.closed
    assert not [thread for thread in threading.enumerate() if "relay" in thread.name]


def test_an_error_of_the_consumer_is_raised_at_the_end_and_holds_nobody_up() -> None:
    class Breaks(Slow):
        def publish(self, *delivery: object) -> None:  # noqa: ARG002
            raise OSError("the disk is full")

    consumer = Breaks()
    relay = Relay(consumer)
    for index in range(3 * AHEAD):
        leave(relay, index)
    with pytest.raises(OSError, match="the disk is full"):
        relay.close()
    assert consumer.closed
