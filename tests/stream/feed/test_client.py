from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
import zmq

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed import wire
from glyphfeed.stream.feed.client import Subscriber
from glyphfeed.stream.feed.publisher import Publisher
from tests.stream.feed.samples import DEADLINE_S, event, of, serve_until_subscribed, snapshot, status, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

ANY_PORT = "tcp://127.0.0.1:*"


def receive(subscriber: Subscriber) -> wire.Message:
    message = subscriber.receive(DEADLINE_S)
    assert message is not None
    return message


class Feed:
    """A socket on which a test can lose messages at will."""

    def __init__(self, socket: zmq.Socket[bytes]) -> None:
        self._socket = socket
        self._socket.bind(ANY_PORT)
        self.endpoint = socket.getsockopt_string(zmq.LAST_ENDPOINT)

    def wait_for_subscription(self) -> None:
        assert self._socket.poll(int(DEADLINE_S * 1000))
        self._socket.recv()

    def send(self, topic: str, epoch: str, seq: int) -> None:
        source = topic.partition("/")[2]
        self.send_raw(wire.message(topic, {"v": 1, "source": source, "epoch": epoch, "seq": seq}, {}))

    def send_raw(self, raw: bytes) -> None:
        self._socket.send(raw)


@pytest.fixture
def feed() -> Iterator[Feed]:
    with zmq.Context() as context, context.socket(zmq.XPUB) as socket:
        socket.setsockopt(zmq.LINGER, 0)
        yield Feed(socket)


def test_messages_come_parsed_and_only_of_the_topics_asked_for() -> None:
    with Publisher(ANY_PORT) as publisher, Subscriber(publisher.endpoint, ["event/", "status/cam2 "]) as subscriber:
        serve_until_subscribed(publisher, 2)
        publisher.put(snapshot())
        publisher.put(event("EXIT"))
        publisher.put(status())
        publisher.put(of("cam2", status(detail="here")))
        read, health = receive(subscriber), receive(subscriber)
        assert subscriber.receive(0.1) is None
    assert (read.kind, read.source, read.epoch, read.seq) == ("event", "cam1", publisher.epoch, 1)
    assert read.body["entity"]["text"] == "EXIT"
    assert (health.topic, health.body["detail"]) == ("status/cam2", "here")
    assert not read.missed
    assert not read.restarted


def test_the_subscriber_may_come_first() -> None:
    with Publisher(ANY_PORT) as publisher:
        endpoint = publisher.endpoint
    with Subscriber(endpoint) as subscriber:
        assert subscriber.receive(0.05) is None
        with Publisher(endpoint) as publisher:
            serve_until_subscribed(publisher)
            publisher.put(snapshot(3))
            assert receive(subscriber).body["frame"] == 3


def test_a_restart_of_the_publisher_is_flagged_on_its_first_message() -> None:
    with Publisher(ANY_PORT) as first, Subscriber(first.endpoint) as subscriber:
        serve_until_subscribed(first)
        first.put(event())
        assert not receive(subscriber).restarted
        first.close()
        with Publisher(first.endpoint) as second:
            # Published before anyone is there: lost, and noticed.
            second.put(event())
            second.put(event())

            def subscribed_again() -> bool:
                # libzmq renews a subscription only while its owner is receiving.
                assert subscriber.receive(0.02) is None
                second.serve(0.02)
                return second.subscribers == 1

            wait_until(subscribed_again)
            second.put(event())
            second.put(event())
            message, next_message = receive(subscriber), receive(subscriber)
    assert (message.epoch, message.restarted, message.seq, message.missed) == (second.epoch, True, 3, 2)
    assert (next_message.restarted, next_message.seq, next_message.missed) == (False, 4, 0)


def test_lost_events_are_counted_for_each_source(feed: Feed) -> None:
    with Subscriber(feed.endpoint) as subscriber:
        feed.wait_for_subscription()
        sent = [("event/a", 41), ("event/b", 7), ("text/a", 3), ("event/a", 44), ("text/a", 9), ("event/b", 8)]
        for topic, seq in sent:
            feed.send(topic, "one", seq)
        received = [receive(subscriber) for _ in sent]
        assert [(message.topic, message.seq) for message in received] == sent
        assert [message.missed for message in received] == [0, 0, 0, 2, 0, 0]
        assert subscriber.missed == 2
        # Of another epoch the first events count too, also of a source that is new.
        feed.send("text/a", "two", 5)
        feed.send("event/c", "two", 3)
        assert [(message.restarted, message.missed) for message in (receive(subscriber), receive(subscriber))] == [
            (True, 0),
            (False, 2),
        ]
        assert subscriber.missed == 4


def test_what_is_no_feed_says_so(feed: Feed) -> None:
    with Subscriber(feed.endpoint) as subscriber:
        feed.wait_for_subscription()
        feed.send_raw(b"weather 21 degrees")
        with pytest.raises(FeedError, match="is this the address of another program"):
            receive(subscriber)


def test_iterating_yields_until_stopped_from_another_thread() -> None:
    received: list[wire.Message] = []

    def listen(subscriber: Subscriber) -> None:
        received.extend(subscriber)

    with Publisher(ANY_PORT) as publisher, Subscriber(publisher.endpoint) as subscriber:
        listening = threading.Thread(target=listen, args=(subscriber,))
        listening.start()
        serve_until_subscribed(publisher)
        for frame in range(3):
            publisher.put(snapshot(frame))
        wait_until(lambda: len(received) == 3 or not listening.is_alive())
        subscriber.stop()
        subscriber.stop()
        listening.join(DEADLINE_S)
        assert not listening.is_alive()
        assert subscriber.receive(DEADLINE_S) is None
    assert [message.body["frame"] for message in received] == [0, 1, 2]


def test_an_address_that_is_none_is_refused_and_closing_twice_is_fine() -> None:
    with pytest.raises(FeedError, match="'nowhere' is not an address of a feed"):
        Subscriber("nowhere")
    with pytest.raises(FeedError, match=r"Cannot connect to the feed at ipc://x+: File name too long\."):
        Subscriber("ipc://" + "x" * 200)
    subscriber = Subscriber("tcp://127.0.0.1:1")
    subscriber.close()
    subscriber.close()


@pytest.mark.parametrize("topics", [["text/cam1"], ["text/cam1 "]])
def test_a_trailing_space_ends_a_topic(topics: list[str]) -> None:
    with Publisher(ANY_PORT) as publisher, Subscriber(publisher.endpoint, topics) as subscriber:
        serve_until_subscribed(publisher)
        for source in ("cam10", "cam1"):
            publisher.put(of(source, snapshot()))
        expected = ["cam1"] if topics[0].endswith(" ") else ["cam10", "cam1"]
        assert [receive(subscriber).source for _ in expected] == expected
