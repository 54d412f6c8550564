from __future__ import annotations

import asyncio
import json
import re
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, cast

import numpy as np
import pytest
import zmq
from hypothesis import given, settings
from hypothesis import strategies as st

import glyphfeed
from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed import wire
from glyphfeed.stream.feed.endpoint import DEFAULT_ENDPOINT
from glyphfeed.stream.feed.publishing.kept import KeepIn
from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.stream.feed.receiving import client
from glyphfeed.stream.feed.receiving.client import DEFAULT_TOPICS
from glyphfeed.stream.feed.wire import Position
from glyphfeed.stream.records import EventType
from tests.programs import program
from tests.stream.feed.lossy import Lossy
from tests.stream.feed.samples import DEADLINE_S, entity, event, of, serve_until_subscribed, snapshot, status, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glyphfeed import Feed
    from tests.stream.feed.lossy import Way

PAGE = Path(__file__).parents[4] / "docs" / "feed.md"
ANY_PORT = "tcp://127.0.0.1:*"
ALL = len(DEFAULT_TOPICS)
"""Subscriptions of a client that did not say what it wants."""


def receive(feed: Feed) -> wire.Message:
    message = feed.receive(DEADLINE_S)
    assert message is not None
    return message


class Sender:
    """A socket on which a test can lose messages at will."""

    def __init__(self, socket: zmq.Socket[bytes], endpoint: str) -> None:
        self._socket = socket
        self._socket.bind(endpoint)
        self.endpoint = endpoint

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
def sender(tmp_path: Path) -> Iterator[Sender]:
    with zmq.Context() as context, context.socket(zmq.XPUB) as socket:
        socket.setsockopt(zmq.LINGER, 0)
        # At a path, where nothing else can be at the address beside it.
        yield Sender(socket, f"ipc://{tmp_path}/feed")


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
def test_a_question_that_cannot_be_answered_just_now_is_asked_again(sender: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "AGAIN_S", 0.05)
    asked: list[bytes] = []
    with zmq.Context() as context, context.socket(zmq.ROUTER) as router:
        router.bind(f"{sender.endpoint}.requests")
        with glyphfeed.connect(sender.endpoint) as feed:
            sender.wait_for_subscriptions(ALL)
            for seq in (1, 3):
                sender.send("event/a", "one", seq)
            assert receive(feed).seq == 1
            missing = json.loads(wire.message("event/a", {"v": 1, "source": "a", "epoch": "one", "seq": 2}, {})[8:])
            for answer in ({"error": "the disk is full"}, [], {"events": [missing], "complete": True}):

                def was_asked() -> bool:
                    assert feed.receive(0.01) is None
                    return router.poll(0) > 0

                wait_until(was_asked)
                peer, question = router.recv_multipart()
                asked.append(question)
                router.send_multipart([peer, json.dumps(answer).encode()])
            assert [(message.seq, message.lost) for message in (receive(feed), receive(feed))] == [(2, False), (3, False)]
    assert set(map(bytes.decode, asked)) == {'{"op": "events", "source": "a", "epoch": "one", "since": 1}'}


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


@pytest.mark.parametrize("topics", ["text/cam1", ["text/cam1"], ["text/cam1 "]])
def test_a_trailing_space_ends_a_topic(topics: str | list[str]) -> None:
    with Publisher(ANY_PORT) as publisher, glyphfeed.connect(publisher.endpoint, topics) as feed:
        serve_until_subscribed(publisher, 1)
        for source in ("cam10", "cam1"):
            publisher.put(of(source, event()))
            publisher.put(of(source, snapshot()))
        expected = ["cam1"] if topics[0].endswith(" ") else ["cam10", "cam1"]
        assert [receive(feed).topic for _ in expected] == [f"text/{source}" for source in expected]


@settings(max_examples=15)
@given(
    steps=st.lists(
        st.sampled_from(["arrives", "arrives", "is lost", "comes twice", "comes later", "publisher restarts", "client restarts"]),
        max_size=25,
    )
)
def test_through_a_connection_that_loses_repeats_and_reorders_each_event_comes_once(steps: list[str]) -> None:
    with TemporaryDirectory() as name, ExitStack() as stack:
        keep, endpoint, near = KeepIn(Path(name) / "events"), f"ipc://{name}/far", f"ipc://{name}/near"
        publisher = stack.enter_context(Publisher(endpoint, keep=keep))
        ways = cast("list[Way]", [step for step in steps if "restarts" not in step])
        lossy = stack.enter_context(Lossy(endpoint, near, ways))
        serve_until_subscribed(publisher)
        feed = stack.enter_context(glyphfeed.connect(near, ["event/"], since={}))
        told: list[Position] = []
        received: list[wire.Message] = []
        for step in steps:
            if step == "publisher restarts":
                publisher.close()
                publisher = stack.enter_context(Publisher(endpoint, keep=keep))
            elif step == "client restarts":
                feed.close()
                feed = stack.enter_context(glyphfeed.connect(near, ["event/"], since=feed.positions))
            else:
                publisher.put(event(str(len(told))))
                told.append(Position(publisher.epoch, publisher.last_event_seq("cam1")))
                received.extend(filter(None, [feed.receive(0)]))

        def all_came() -> bool:
            # Once a second in a reader.
            publisher.put(status())
            publisher.serve(0)
            while (message := feed.receive(0.01)) is not None:
                received.append(message)
            return len(received) >= len(told)

        wait_until(all_came)
        # It has not got anything behind the connection's back; where nothing was told, its subscription may still be on its way.
        wait_until(lambda: lossy.subscriptions > 0)
    assert [message.position for message in received] == told
    assert [message.body["entity"]["text"] for message in received] == [str(number) for number in range(len(told))]
    assert not any(message.missed or message.lost for message in received)


def test_the_ten_lines_of_the_page_work() -> None:
    (example,) = re.findall(r"^```python\n(import glyphfeed\n.*?)^```", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
    with Publisher(ANY_PORT) as publisher:
        lines = example.replace(DEFAULT_ENDPOINT, publisher.endpoint)
        with program([sys.executable, "-uc", lines], 3 * DEADLINE_S) as child:
            serve_until_subscribed(publisher, 2)
            publisher.put(event("EXIT 12"))
            publisher.put(of("cam.2", event("Größe", EventType.LEFT)))
            assert child.stdout is not None
            assert child.stdout.readline() == "read cam1 EXIT 12 0.9877\n"
            assert child.stdout.readline() == "left cam.2 Größe 0.9877\n"


def test_asyncio_gets_the_same_and_its_loop_is_not_held_up() -> None:
    with Publisher(ANY_PORT) as publisher:
        for number in range(1200):
            publisher.put(event(str(number)))
        publisher.put(snapshot())

        async def listen(turns: list[int]) -> list[int]:
            seqs = []
            async with glyphfeed.connect(publisher.endpoint, ["event/"], since={}) as feed:
                beside = asyncio.create_task(count(turns))
                async for message in feed:
                    seqs.append(message.seq)
                    if message.seq == 1201:
                        break
                beside.cancel()
            return seqs

        async def count(turns: list[int]) -> None:
            while True:
                turns.append(1)
                await asyncio.sleep(0)

        turns: list[int] = []
        with ThreadPoolExecutor() as threads:
            listening = threads.submit(asyncio.run, listen(turns))
            serve_until_subscribed(publisher, 2)
            publisher.put(status())
            publisher.put(event("last"))
            assert listening.result(DEADLINE_S) == list(range(1, 1202))
        assert len(turns) >= 1200


def test_what_is_cancelled_loses_no_message_and_goes_on() -> None:
    async def listen(endpoint: str) -> list[int]:
        seqs = []
        async with glyphfeed.connect(endpoint, ["event/"], since={}) as feed:
            while len(seqs) < 3:
                with suppress(TimeoutError):
                    async with asyncio.timeout(0.02):
                        seqs.append((await anext(feed)).seq)
            waiting = asyncio.create_task(anext(feed))
            await asyncio.sleep(0.05)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
            feed.stop()
            assert [message.seq async for message in feed] == []
        return seqs

    with Publisher(ANY_PORT) as publisher, ThreadPoolExecutor() as threads:
        listening = threads.submit(asyncio.run, listen(publisher.endpoint))
        serve_until_subscribed(publisher, 2)
        for _ in range(3):
            publisher.put(event())
            publisher.put(status())
            publisher.serve(0.1)
        assert listening.result(DEADLINE_S) == [1, 2, 3]


def test_an_outage_is_noticed_and_what_happened_meanwhile_is_fetched(tmp_path: Path) -> None:
    keep = KeepIn(tmp_path / "events")
    with Publisher(ANY_PORT, keep=keep) as first, glyphfeed.connect(first.endpoint, ["event/"]) as feed:
        assert feed.trouble == f"Nobody publishes at {first.endpoint} yet."
        serve_until_subscribed(first, 2)
        first.put(status())
        first.put(event("one"))
        assert receive(feed).seq == 1
        assert feed.trouble is None
        first.close()
        wait_until(lambda: feed.receive(0.02) is None and feed.trouble is not None)
        assert feed.trouble == f"Nobody publishes at {first.endpoint} any more."
        with Publisher(ANY_PORT, keep=keep) as unseen:
            unseen.put(event("two"))
        # Nothing more is published, so that only the answer to a question tells.
        with Publisher(first.endpoint, keep=keep):
            message = receive(feed)
    assert (message.epoch, message.seq, message.restarted, message.lost) == (unseen.epoch, 1, True, False)


def test_texts_are_where_they_are_at_the_moment_of_display() -> None:
    with Publisher(ANY_PORT) as publisher, glyphfeed.connect(publisher.endpoint) as feed:
        assert feed.at(1_700_000_000.0) == ()
        serve_until_subscribed(publisher, ALL)
        for source in ("cam2", "cam1"):
            publisher.put(of(source, snapshot(30, entity())))
            receive(feed)
        # Frame 30 is of the second 1.
        first, second = feed.at(1_700_000_001.2)
        assert [first.source, second.source] == ["cam1", "cam2"]
        (other,) = feed.at(1_700_000_001.2, "cam2")
    assert (other.source, other.frame, other.size) == ("cam2", 30, (1280, 720))
    assert other.age_s == pytest.approx(0.2, abs=1e-3)
    # At 1.3 and -0.3 px/s, after the rounding of the feed.
    np.testing.assert_allclose(other.texts[0].polygon[0], [10.0 + 0.26, 20.1 - 0.06], atol=1e-3)
