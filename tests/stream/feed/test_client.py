from __future__ import annotations

import threading
from typing import TYPE_CHECKING

import pytest
import zmq

import glyphfeed
from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed import client, wire
from glyphfeed.stream.feed.client import DEFAULT_TOPICS
from glyphfeed.stream.feed.publisher import Publisher
from glyphfeed.stream.feed.wire import Position
from tests.stream.feed.samples import DEADLINE_S, event, of, serve_until_subscribed, snapshot, status, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glyphfeed import Feed

ANY_PORT = "tcp://127.0.0.1:*"
ALL = len(DEFAULT_TOPICS)
"""Subscriptions of a client that did not say what it wants."""


def receive(feed: Feed) -> wire.Message:
    message = feed.receive(DEADLINE_S)
    assert message is not None
    return message


class Sender:
    """A socket on which a test can lose messages at will."""

    def __init__(self, socket: zmq.Socket[bytes]) -> None:
        self._socket = socket
        self._socket.bind(ANY_PORT)
        self.endpoint = socket.getsockopt_string(zmq.LAST_ENDPOINT)

    def wait_for_subscriptions(self, count: int) -> None:
        for _ in range(count):
            assert self._socket.poll(int(DEADLINE_S * 1000))
            self._socket.recv()

    def send(self, topic: str, epoch: str, seq: int) -> None:
        source = topic.partition("/")[2]
        self.send_raw(wire.message(topic, {"v": 1, "source": source, "epoch": epoch, "seq": seq}, {}))

    def send_raw(self, raw: bytes) -> None:
        self._socket.send(raw)


@pytest.fixture
def sender() -> Iterator[Sender]:
    with zmq.Context() as context, context.socket(zmq.XPUB) as socket:
        socket.setsockopt(zmq.LINGER, 0)
        yield Sender(socket)


def test_messages_come_parsed_and_only_of_the_topics_asked_for() -> None:
    with Publisher(ANY_PORT) as publisher, glyphfeed.connect(publisher.endpoint, ["event/", "status/cam2 "]) as feed:
        serve_until_subscribed(publisher, 3)
        publisher.put(snapshot())
        publisher.put(event("EXIT"))
        publisher.put(status())
        publisher.put(of("cam2", status(detail="here")))
        read, health = receive(feed), receive(feed)
        assert feed.receive(0.1) is None
    assert (read.kind, read.source, read.epoch, read.seq) == ("event", "cam1", publisher.epoch, 1)
    assert read.body["entity"]["text"] == "EXIT"
    assert (health.topic, health.body["detail"]) == ("status/cam2", "here")
    assert not read.missed
    assert not read.restarted


def test_the_subscriber_may_come_first() -> None:
    with Publisher(ANY_PORT) as publisher:
        endpoint = publisher.endpoint
    with glyphfeed.connect(endpoint) as feed:
        assert feed.receive(0.05) is None
        with Publisher(endpoint) as publisher:
            serve_until_subscribed(publisher, ALL)
            publisher.put(snapshot(3))
            assert receive(feed).body["frame"] == 3


def test_what_was_missed_is_fetched_before_what_comes_next() -> None:
    with Publisher(ANY_PORT) as publisher:
        for text in ("one", "two", "three"):
            publisher.put(event(text))
        since = {"cam1": Position(publisher.epoch, 1)}
        with glyphfeed.connect(publisher.endpoint, ["event/"], since=since) as feed:
            assert feed.positions == since
            serve_until_subscribed(publisher, 2)
            publisher.put(event("four"))
            received = [receive(feed) for _ in range(3)]
            assert feed.positions == {"cam1": Position(publisher.epoch, 4)}
    assert [message.body["entity"]["text"] for message in received] == ["two", "three", "four"]
    assert not any(message.missed or message.lost or message.restarted for message in received)


def test_who_comes_without_a_position_gets_what_happens_from_now_on() -> None:
    with Publisher(ANY_PORT) as publisher:
        publisher.put(event("before"))
        publisher.put(status())
        with glyphfeed.connect(publisher.endpoint, ["event/"]) as feed:
            serve_until_subscribed(publisher, 2)
            publisher.put(event("after"))
            assert receive(feed).body["entity"]["text"] == "after"
        # A source that an earlier run had not heard of is new to it.
        with glyphfeed.connect(publisher.endpoint, ["event/"], since={}) as feed:
            serve_until_subscribed(publisher, 2)
            assert [receive(feed).body["entity"]["text"] for _ in range(2)] == ["before", "after"]


def test_a_restart_of_the_publisher_is_told_and_its_events_are_fetched() -> None:
    with Publisher(ANY_PORT) as first, glyphfeed.connect(first.endpoint) as feed:
        serve_until_subscribed(first, ALL)
        first.put(event())
        assert not receive(feed).restarted
        first.close()
        received: list[wire.Message] = []
        with Publisher(first.endpoint) as second:
            # Published before anyone is there.
            for _ in range(2):
                second.put(event())

            def subscribed_again() -> bool:
                # libzmq renews a subscription only while its owner is receiving.
                received.extend(filter(None, [feed.receive(0.02)]))
                second.serve(0.02)
                return second.subscribers == ALL

            wait_until(subscribed_again)
            second.put(event())
            received += [receive(feed) for _ in range(3 - len(received))]
    assert [message.seq for message in received] == [1, 2, 3]
    assert {message.epoch for message in received} == {second.epoch}
    assert [message.restarted for message in received] == [True, False, False]


@pytest.fixture
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody answers in these tests."""
    monkeypatch.setattr(client, "PATIENCE_S", 0.2)


@pytest.mark.strange
@pytest.mark.usefixtures("_impatient")
def test_of_a_publisher_that_cannot_answer_lost_events_are_counted_for_each_source(sender: Sender) -> None:
    with glyphfeed.connect(sender.endpoint) as feed:
        sender.wait_for_subscriptions(ALL)
        sent = [("event/a", 41), ("event/b", 7), ("text/a", 3), ("event/a", 44), ("event/b", 8)]
        for topic, seq in sent:
            sender.send(topic, "one", seq)
        received = {(message.topic, message.seq): message.missed for message in (receive(feed) for _ in sent)}
        assert received == {**dict.fromkeys(sent, 0), ("event/a", 44): 2}
        assert feed.missed == 2
        # Of another epoch the first events count too, also of a source that is new.
        sender.send("text/a", "two", 5)
        sender.send("event/c", "two", 3)
        told = {message.topic: (message.restarted, message.missed) for message in (receive(feed), receive(feed))}
        assert told == {"text/a": (True, 0), "event/c": (False, 2)}
        assert feed.missed == 4


def test_what_is_no_feed_says_so(sender: Sender) -> None:
    with glyphfeed.connect(sender.endpoint) as feed:
        sender.wait_for_subscriptions(ALL)
        sender.send_raw(b"text/weather 21 degrees")
        with pytest.raises(FeedError, match="is this the address of another program"):
            receive(feed)


def test_iterating_yields_until_stopped_from_another_thread() -> None:
    received: list[wire.Message] = []

    def listen(feed: Feed) -> None:
        received.extend(feed)

    with Publisher(ANY_PORT) as publisher, glyphfeed.connect(publisher.endpoint) as feed:
        listening = threading.Thread(target=listen, args=(feed,))
        listening.start()
        serve_until_subscribed(publisher, ALL)
        for frame in range(3):
            publisher.put(snapshot(frame))
        wait_until(lambda: len(received) == 3 or not listening.is_alive())
        feed.stop()
        feed.stop()
        listening.join(DEADLINE_S)
        assert not listening.is_alive()
        assert feed.receive(DEADLINE_S) is None
    assert [message.body["frame"] for message in received] == [0, 1, 2]


def test_an_address_that_is_none_is_refused_and_closing_twice_is_fine() -> None:
    with pytest.raises(FeedError, match="'nowhere' is not an address of a feed"):
        glyphfeed.connect("nowhere")
    with pytest.raises(FeedError, match=r"Cannot connect to the feed at ipc://x+: File name too long\."):
        glyphfeed.connect("ipc://" + "x" * 200)
    feed = glyphfeed.connect("tcp://127.0.0.1:1")
    feed.close()
    feed.close()


@pytest.mark.parametrize("topics", [["text/cam1"], ["text/cam1 "]])
def test_a_trailing_space_ends_a_topic(topics: list[str]) -> None:
    with Publisher(ANY_PORT) as publisher, glyphfeed.connect(publisher.endpoint, topics) as feed:
        serve_until_subscribed(publisher, 1)
        for source in ("cam10", "cam1"):
            publisher.put(of(source, snapshot()))
        expected = ["cam1"] if topics[0].endswith(" ") else ["cam10", "cam1"]
        assert [receive(feed).source for _ in expected] == expected
