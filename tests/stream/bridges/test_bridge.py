from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import pytest

import glyphfeed
from glyphfeed.stream.bridges import bridge as module
from glyphfeed.stream.bridges.bridge import WINDOW, Bridge, End, Receipt, topics
from glyphfeed.stream.bridges.cursor import Cursor
from glyphfeed.stream.bridges.discovery import encode, event_payload
from glyphfeed.stream.bridges.settings import MqttSettings
from glyphfeed.stream.feed import wire
from glyphfeed.stream.feed.publishing.history import History
from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.stream.feed.wire import Position
from glyphfeed.stream.records import EventType
from tests.stream.feed.samples import DEADLINE_S, event, of, status, wait_until

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from glyphfeed.stream.feed.wire import Message

ANY_PORT = "tcp://127.0.0.1:*"


@dataclass
class Slow:
    """A far side that acknowledges when it is told to, as many as it is told, the first ones first."""

    purpose: str = "nowhere"
    got: list[int] = field(default_factory=list)
    receipts: list[Receipt] = field(default_factory=list)
    states: list[str] = field(default_factory=list)
    allowed: int = 0
    acknowledged: int = 0

    def event(self, message: Message) -> Receipt:
        encode(event_payload(message))
        self.got.append(message.seq)
        self.receipts.append(Receipt())
        return self.receipts[-1]

    def state(self, message: Message) -> None:
        self.states.append(message.body["state"])

    def tick(self, wait_s: float) -> None:
        threading.Event().wait(min(wait_s, 0.01))
        for receipt in self.receipts[self.acknowledged : self.allowed]:
            receipt.is_acknowledged = True
        self.acknowledged = min(self.allowed, len(self.receipts))

    def close(self) -> None:
        """Nothing was opened."""


class Running:
    """A bridge in a thread of its own."""

    def __init__(self, publisher: Publisher, far: Slow, path: Path, types: Sequence[str] = ()) -> None:
        self.end = End()
        self.cursor = Cursor(path)
        since = None if self.cursor.is_new else self.cursor.positions
        self.feed = glyphfeed.connect(publisher.endpoint, ["event/", "status/"], since=since)
        self.bridge = Bridge(self.feed, far, self.cursor, publisher.endpoint, types)
        self.thread = threading.Thread(target=self.bridge.run, args=(self.end,))

    def __enter__(self) -> Running:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.end.begin()
        self.thread.join(2 * DEADLINE_S)
        assert not self.thread.is_alive()
        self.feed.close()
        self.cursor.close()

    def until(self, publisher: Publisher, source: str, seq: int) -> None:
        """Serve until the cursor is there."""

        def is_there() -> bool:
            publisher.serve(0.01)
            return self.cursor.positions.get(source) == Position(publisher.epoch, seq)

        wait_until(is_there)


def begun(tmp_path: Path) -> Path:
    """The cursor of a bridge that was there before any camera."""
    path = tmp_path / "cursor.json"
    path.write_text('{"positions": {}}')
    return path


def test_the_cursor_follows_what_is_acknowledged_and_no_more_is_handed_over_than_the_window_holds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", 0.1)
    far, path = Slow(), begun(tmp_path)
    with Publisher(ANY_PORT) as publisher:
        for i in range(3 * WINDOW):
            publisher.put(event(f"sign {i}"))
        with Running(publisher, far, path) as running:

            def is_full() -> bool:
                publisher.put(status())
                publisher.serve(0.01)
                return len(far.got) == WINDOW

            wait_until(is_full)
            assert running.cursor.positions == {}
            far.allowed = 30
            running.until(publisher, "cam1", 30)
            wait_until(lambda: len(far.got) == WINDOW + 30)
        assert far.got == list(range(1, WINDOW + 31))
        # What was not acknowledged comes again, and only that.
        again = Slow(allowed=10**6)
        with Running(publisher, again, path) as running:
            running.until(publisher, "cam1", 3 * WINDOW)
        assert again.got == list(range(31, 3 * WINDOW + 1))


def test_what_is_not_wanted_is_passed_and_not_handed_over(tmp_path: Path) -> None:
    far, path = Slow(), begun(tmp_path)
    with Publisher(ANY_PORT) as publisher, Running(publisher, far, path, ["left"]) as running:
        for kind in (EventType.READ, EventType.LEFT, EventType.READ):
            publisher.put(event("sign", kind))
        publisher.put(status())
        wait_until(lambda: not publisher.serve(0.01) and far.got == [2])
        assert running.cursor.positions.get("cam1") in (None, Position(publisher.epoch, 1)), (
            "the second waits, and what follows it"
        )
        far.allowed = 1
        running.until(publisher, "cam1", 3)


@pytest.mark.strange
def test_an_event_that_is_none_is_left_out_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    far, path = Slow(allowed=10**6), begun(tmp_path)
    with Publisher(ANY_PORT) as publisher, Running(publisher, far, path) as running:
        publisher.put_body("event", "cam1", {"type": "read"})
        publisher.put_body("event", "cam1", {**wire.event_body(event()), "captured_at": 1e300})
        publisher.put_body("event", "cam1", {**wire.event_body(event()), "type": "flagged"})
        publisher.put(event("sign"))
        publisher.put(status())
        running.until(publisher, "cam1", 4)
    assert far.got == [3, 4], "a later version may know of other things that happen"
    assert caplog.messages == [
        "A message on 'event/cam1' is not as the feed's contract says: KeyError('entity'). It is left out.",
        "A message on 'event/cam1' is not as the feed's contract says: it is of no time. It is left out.",
    ]


def test_events_that_the_feed_no_longer_has_are_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    # So many are in memory.
    monkeypatch.setattr(History.__init__, "__defaults__", (None, 10))
    far, path = Slow(allowed=10**6), tmp_path / "cursor.json"
    with Publisher(ANY_PORT) as publisher:
        path.write_text(f'{{"positions": {{"cam1": ["{publisher.epoch}", 0]}}}}')
        for i in range(13):
            publisher.put(event(str(i)))
        publisher.put(status())
        with Running(publisher, far, path) as running:
            running.until(publisher, "cam1", 13)
    assert "3 events of cam1 are lost: the feed's log no longer has them." in caplog.messages
    assert far.got == list(range(4, 14))


def test_states_are_passed_on_and_a_feed_that_goes_and_comes_is_told_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "glyphfeed.bridges")
    monkeypatch.setattr(module, "TROUBLE_S", 0.1)
    far = Slow(allowed=10**6)
    with Publisher(ANY_PORT) as publisher, Running(publisher, far, tmp_path / "cursor.json") as running:
        publisher.put(status())
        wait_until(lambda: not publisher.serve(0.01) and far.states == ["live"])
        publisher.close()
        wait_until(lambda: len(caplog.messages) == 1)
        with Publisher(publisher.endpoint) as second:
            second.put(event("first of the second run"))
            second.put(of("cam2", event("another")))
            second.put(status())
            second.put(of("cam2", status()))
            running.until(second, "cam1", 1)
            running.until(second, "cam2", 1)
            wait_until(lambda: len(caplog.messages) == 3)
    assert caplog.messages[:3] == [
        f"Nobody publishes at {publisher.endpoint} any more. It is waited for.",
        f"The feed at {publisher.endpoint} is there.",
        "Events of cam1 may be lost: its reader was started anew, and had kept none.",
    ]


def test_only_the_cameras_that_are_wanted_are_subscribed_to() -> None:
    settings = MqttSettings(name="mqtt", address="mqtt://broker")
    assert topics(settings) == ["event/", "status/"]
    settings = replace(settings, sources=("cam1", "door"))
    assert topics(settings) == ["event/cam1 ", "event/door ", "status/cam1 ", "status/door "]


def test_what_was_told_before_the_end_is_carried_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "PATIENCE_S", DEADLINE_S)
    far, path = Slow(allowed=10**6), begun(tmp_path)
    with Publisher(ANY_PORT) as publisher, Running(publisher, far, path) as running:
        publisher.put(event("first"))
        publisher.put(status())
        running.until(publisher, "cam1", 1)
        # As a reader whose file is over: it tells the last of it, and ends the bridge that it began.
        for i in range(200):
            publisher.put(event(f"last {i}"))
        running.end.begin()
        running.thread.join(DEADLINE_S)
        assert running.cursor.positions == {"cam1": Position(publisher.epoch, 201)}
    assert far.got == list(range(1, 202))
