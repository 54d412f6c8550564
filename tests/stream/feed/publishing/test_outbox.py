from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed.publishing.outbox import EVENT_LIMIT, Outbox, TurnOutbox, run
from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.stream.feed.receiving.client import DEFAULT_TOPICS, connect
from glyphfeed.stream.records import EventType, SourceState
from tests.stream.feed.samples import DEADLINE_S, entity, event, of, serve_until_subscribed, snapshot, status

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glyphfeed.stream.feed.receiving.client import Feed
    from glyphfeed.stream.feed.wire import Message


def ignore() -> None:
    pass


def test_take_gives_texts_then_events_then_statuses_and_leaves_nothing() -> None:
    outbox = Outbox(ignore)
    outbox.put(status())
    outbox.put(event("one"))
    outbox.put(of("cam2", event("two")))
    outbox.put(event("three"))
    shown = snapshot(1)
    outbox.put(shown)
    batch = outbox.take()
    assert [(record.source, type(record).__name__) for record in batch] == [
        ("cam1", "Snapshot"),
        ("cam1", "Event"),
        ("cam2", "Event"),
        ("cam1", "Event"),
        ("cam1", "Status"),
    ]
    assert batch[0] is shown
    assert outbox.take() == []


def test_the_newest_text_and_status_of_each_source_stay_and_replaced_texts_are_counted() -> None:
    outbox = Outbox(ignore)
    for frame in range(4):
        outbox.put(snapshot(frame))
    outbox.put(of("cam2", snapshot(9)))
    outbox.put(status(SourceState.CONNECTING))
    outbox.put(status(SourceState.LIVE))
    assert outbox.take() == [snapshot(3), of("cam2", snapshot(9)), status(SourceState.LIVE)]
    outbox.put(snapshot(4))
    assert (outbox.replaced("cam1"), outbox.replaced("cam2"), outbox.replaced("cam3")) == (3, 0, 0)


def test_a_source_that_is_back_says_so_before_all_that_is_new_of_it() -> None:
    outbox = TurnOutbox(ignore)
    outbox.put(snapshot(8))
    outbox.put(status(SourceState.ENDED))
    outbox.put(of("cam2", snapshot(1)))
    outbox.put(status(SourceState.CONNECTING))
    outbox.put_in_turn(snapshot(9))
    outbox.put(status(SourceState.LIVE))
    assert outbox.take() == [
        *(snapshot(8), of("cam2", snapshot(1)), status(SourceState.ENDED)),
        *(status(SourceState.CONNECTING), snapshot(9), status(SourceState.LIVE)),
    ]
    outbox.put(status(SourceState.FAILED))
    assert outbox.take() == [status(SourceState.FAILED)]
    outbox.put(snapshot(10))
    outbox.put(status(SourceState.LIVE))
    # It was there before.
    assert outbox.take() == [snapshot(10), status(SourceState.LIVE)]


def test_events_are_never_dropped_silently() -> None:
    outbox = Outbox(ignore)
    kept = event()
    for _ in range(EVENT_LIMIT):
        outbox.put(kept)
    with pytest.raises(FeedError, match=f"{EVENT_LIMIT} events wait"):
        outbox.put(kept)
    assert len(outbox.take()) == EVENT_LIMIT
    outbox.put(kept)
    assert len(outbox.take()) == 1


def test_each_put_and_the_close_wake_and_puts_after_it_are_ignored() -> None:
    calls: list[bool] = []
    outbox = Outbox(lambda: calls.append(outbox.closed))
    outbox.put(snapshot())
    outbox.put(event())
    outbox.put(status())
    outbox.close()
    assert calls == [False, False, False, True]
    outbox.put(snapshot())
    outbox.put(event())
    outbox.put(status())
    assert len(outbox.take()) == 3
    assert outbox.take() == []


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with Publisher("tcp://127.0.0.1:*") as publisher:
        yield publisher


def subscribe(publisher: Publisher, topics: Sequence[str] = DEFAULT_TOPICS) -> Feed:
    """A subscriber that the publisher has already heard of."""
    subscriber = connect(publisher.endpoint, topics)
    serve_until_subscribed(publisher, len({*topics, "status/"}))
    return subscriber


def receive(subscriber: Feed) -> Message:
    message = subscriber.receive(DEADLINE_S)
    assert message is not None
    return message


def test_run_publishes_at_once_and_serves_late_subscribers_while_idle(publisher: Publisher) -> None:
    outbox = Outbox(publisher.wake)
    with subscribe(publisher) as early:
        publishing = threading.Thread(target=run, args=(publisher, outbox))
        publishing.start()
        try:
            outbox.put(snapshot(1, entity()))
            assert receive(early).body["frame"] == 1
            # Nothing more is put: what ends the wait now is the subscription itself.
            with connect(publisher.endpoint, ["text/"]) as late:
                assert receive(late).body["frame"] == 1
            outbox.put(event())
            assert receive(early).topic == "event/cam1"
        finally:
            outbox.close()
            publishing.join(DEADLINE_S)
        assert not publishing.is_alive()


def test_run_publishes_what_lay_there_before_and_at_the_close_in_order(publisher: Publisher) -> None:
    outbox = Outbox(publisher.wake)
    outbox.put(status(SourceState.ENDED))
    outbox.put(event())
    outbox.put(event(kind=EventType.LEFT))
    outbox.put(snapshot(4))
    outbox.close()
    with subscribe(publisher) as subscriber:
        run(publisher, outbox)
        received = [receive(subscriber) for _ in range(4)]
    assert [message.topic for message in received] == ["text/cam1", "event/cam1", "event/cam1", "status/cam1"]
    assert [message.body.get("type") for message in received[1:3]] == ["read", "left"]
    assert received[3].body["last_event_seq"] == 2


def test_events_of_many_threads_all_arrive_without_gaps(publisher: Publisher) -> None:
    outbox = Outbox(publisher.wake)
    sources = [f"cam{number}" for number in range(4)]
    each = 150

    def read_camera(source: str) -> None:
        for frame in range(each):
            outbox.put(of(source, snapshot(frame)))
            outbox.put(of(source, event(str(frame))))

    with subscribe(publisher, ["event/"]) as subscriber, ThreadPoolExecutor() as threads:
        publishing = threads.submit(run, publisher, outbox)
        for reading in [threads.submit(read_camera, source) for source in sources]:
            reading.result(DEADLINE_S)
        outbox.close()
        publishing.result(DEADLINE_S)
        received = [receive(subscriber) for _ in range(each * len(sources))]
        assert subscriber.missed == 0
    for source in sources:
        own = [message for message in received if message.source == source]
        assert [message.seq for message in own] == list(range(1, each + 1))
        assert [message.body["entity"]["text"] for message in own] == [str(frame) for frame in range(each)]
