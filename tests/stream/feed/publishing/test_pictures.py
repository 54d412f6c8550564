from __future__ import annotations

import gc
import json
import logging
import socket
import threading
import weakref
from contextlib import contextmanager
from typing import TYPE_CHECKING, NoReturn

import cv2
import numpy as np
import pytest
import zmq

from glyphfeed.stream.feed import wire
from glyphfeed.stream.feed.endpoint import ANY_ENDPOINT
from glyphfeed.stream.feed.publishing.outbox import TurnOutbox, run
from glyphfeed.stream.feed.publishing.pictures import LONGEST_PX, Pictures, jpeg
from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.stream.feed.publishing.sinks import LiveSink, TurnSink
from glyphfeed.stream.records import Frame, SourceState
from tests.stream.feed.samples import DEADLINE_S, event, of, serve_until_subscribed, snapshot, status, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from glyphfeed.stream.feed.wire import Message
    from glyphfeed.stream.records import Colour


def picture(value: int = 0, size: tuple[int, int] = (64, 36)) -> Colour:
    return np.full((size[1], size[0], 3), value, np.uint8)


def frame_of(index: int, bgr: Callable[[], Colour] = picture) -> Frame:
    return Frame(index, index / 30, 1_700_000_000.0 + index / 30, np.zeros((36, 64), np.uint8), bgr)


def never() -> NoReturn:
    raise AssertionError("this picture was not to be made")


@contextmanager
def watcher(endpoint: str, *prefixes: bytes) -> Iterator[zmq.Socket[bytes]]:
    """A socket as any program has one; receiving fails after a deadline."""
    with zmq.Context() as context, context.socket(zmq.SUB) as subscriber:
        subscriber.setsockopt(zmq.RCVTIMEO, int(DEADLINE_S * 1000))
        subscriber.setsockopt(zmq.LINGER, 0)
        subscriber.connect(endpoint)
        for prefix in prefixes:
            subscriber.subscribe(prefix)
        yield subscriber


def frame_of_bytes(content: bytes, flags: int = 0) -> bytes:
    """A short frame of ZMTP (https://rfc.zeromq.org/spec/23/)."""
    return bytes([flags, len(content)]) + content


@contextmanager
def raw_subscriber(endpoint: str) -> Iterator[socket.socket]:
    """A subscriber that says what no library would: what is sent here goes to the feed as it is."""
    with socket.create_connection(("127.0.0.1", int(endpoint.rpartition(":")[2])), DEADLINE_S) as connection:
        connection.sendall(b"\xff" + bytes(8) + b"\x7f\x03\x00NULL" + bytes(48))
        connection.sendall(frame_of_bytes(b"\x05READY\x0bSocket-Type\0\0\0\x03SUB", 4))
        # libzmq may lose what comes before it is ready itself, which it is once the feed has said whom it lets in.
        heard = b""
        while b"READY" not in heard:
            part = connection.recv(1024)
            assert part, "the feed has hung up"
            heard += part
        yield connection


def process(publisher: Publisher, index: int, bgr: Callable[[], Colour] = picture, source: str = "cam1") -> None:
    """Publish a frame as the sink and the publishing thread do."""
    told = of(source, snapshot(index))
    publisher.pictures.offer(frame_of(index, bgr), told)
    publisher.put(told)


def receive(publisher: Publisher, subscriber: zmq.Socket[bytes]) -> Message:
    """Serve the feed until something has come."""

    def came() -> bool:
        publisher.serve(0.02)
        return bool(subscriber.poll(0))

    wait_until(came)
    return wire.parse(subscriber.recv())


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with Publisher(ANY_ENDPOINT) as publisher:
        yield publisher


def test_a_picture_follows_the_text_of_its_frame(publisher: Publisher) -> None:
    with watcher(publisher.endpoint, b"text/", b"picture/") as subscriber:
        serve_until_subscribed(publisher, 2)
        for index in (3, 4):
            process(publisher, index, lambda: picture(200, (1280, 720)))
            text, shown = receive(publisher, subscriber), receive(publisher, subscriber)
            assert (text.topic, shown.topic) == ("text/cam1", "picture/cam1")
            for field in ("frame", "pts", "captured_at", "size", "source", "epoch", "v"):
                assert shown.body[field] == text.body[field]
            assert shown.seq == index - 2
            assert shown.record is None
            colour = cv2.imdecode(np.frombuffer(shown.jpeg, np.uint8), cv2.IMREAD_COLOR)
            assert colour is not None
            assert colour.shape == (720, 1280, 3)
            assert abs(int(colour[10, 10, 0]) - 200) < 5


def test_on_the_wire_a_newline_ends_the_json_and_the_picture_follows() -> None:
    header = {"v": 1, "source": "cam1", "epoch": "e", "seq": 1, "published_at": 1.5}
    message = wire.picture_message("picture/cam1", header, wire.picture_body(snapshot(6)), b"\xff\xd8 \n\n\0")
    assert message == (
        b'picture/cam1 {"v":1,"source":"cam1","epoch":"e","seq":1,"published_at":1.5,"frame":6,"pts":0.2,'
        b'"captured_at":1700000000.2,"size":[1280,720]}\n\xff\xd8 \n\n\0'
    )
    assert wire.parse(message).jpeg == b"\xff\xd8 \n\n\0"
    assert wire.parse(message).body["frame"] == 6


@pytest.mark.parametrize("prefix", [b"", b"text/", b"pic", b"picture/cam10 ", b"picture/cam2"])
def test_where_nobody_asks_no_frame_is_held_and_no_picture_made(publisher: Publisher, prefix: bytes) -> None:
    with watcher(publisher.endpoint, prefix):
        serve_until_subscribed(publisher)
        offered = frame_of(1, never)
        publisher.pictures.offer(offered, snapshot(1))
        held = weakref.ref(offered.grey)
        del offered
        gc.collect()
        assert held() is None
        publisher.put(snapshot(1))
        assert publisher.pictures.take() == []


def test_who_subscribes_to_everything_gets_what_is_made_for_others(publisher: Publisher) -> None:
    with watcher(publisher.endpoint, b"") as everything, watcher(publisher.endpoint, b"picture/cam1 ") as asking:
        serve_until_subscribed(publisher, 2)
        process(publisher, 1)
        assert receive(publisher, asking).topic == "picture/cam1"
        assert [receive(publisher, everything).topic for _ in range(2)] == ["text/cam1", "picture/cam1"]


def test_a_picture_is_made_once_for_all_and_a_frame_told_again_has_no_other(publisher: Publisher) -> None:
    made: list[int] = []

    def bgr() -> Colour:
        made.append(1)
        return picture()

    with watcher(publisher.endpoint, b"picture/") as first, watcher(publisher.endpoint, b"picture/cam1 ") as second:
        serve_until_subscribed(publisher, 2)
        for index, told_again in ((1, 3), (2, 1)):
            for time_told in range(told_again):
                process(publisher, index, bgr)
                for subscriber in () if time_told else (first, second):
                    assert receive(publisher, subscriber).body["frame"] == index
    assert len(made) == 2


def test_the_last_picture_of_a_source_comes_before_its_end(publisher: Publisher) -> None:
    with watcher(publisher.endpoint, b"picture/", b"status/") as subscriber:
        serve_until_subscribed(publisher, 2)
        process(publisher, 0, lambda: picture(200, (3840, 2160)))
        publisher.put(status(SourceState.ENDED))
        assert [subscriber.recv().partition(b" ")[0] for _ in range(2)] == [b"picture/cam1", b"status/cam1"]


def test_pictures_are_not_recorded_and_not_sent_to_who_comes_late(tmp_path: Path) -> None:
    record = tmp_path / "feed.jsonl"
    with Publisher(ANY_ENDPOINT, record) as publisher, watcher(publisher.endpoint, b"picture/") as early:
        serve_until_subscribed(publisher)
        process(publisher, 1)
        receive(publisher, early)
        with watcher(publisher.endpoint, b"picture/", b"text/") as late:
            serve_until_subscribed(publisher, 3)
            assert receive(publisher, late).topic == "text/cam1"
            assert late.poll(100) == 0
    assert [line.partition(b" ")[0] for line in record.read_bytes().splitlines()] == [b"text/cam1"]


def test_of_a_live_source_the_newest_frame_waits_for_its_text() -> None:
    ready = threading.Event()
    pictures = Pictures(ready.set)
    pictures.ask([b"picture/"])
    pictures.offer(frame_of(1, never), snapshot(1))
    pictures.offer(frame_of(2), snapshot(2))
    pictures.sent("cam1", 1)
    pictures.sent("cam1", 2)
    assert ready.wait(DEADLINE_S)
    assert [made.body["frame"] for made in pictures.take()] == [2]
    pictures.close()


def test_of_a_recording_the_first_frame_waits_for_its_text() -> None:
    ready = threading.Event()
    pictures = Pictures(ready.set)
    pictures.ask([b"picture/"])
    pictures.offer(frame_of(1), snapshot(1), in_turn=True)
    pictures.offer(frame_of(2, never), snapshot(2), in_turn=True)
    pictures.sent("cam1", 1)
    assert ready.wait(DEADLINE_S)
    pictures.sent("cam1", 2)
    assert [made.body["frame"] for made in pictures.take()] == [1]
    # One whose text has gone without it holds up no other.
    pictures.offer(frame_of(3, never), snapshot(3), in_turn=True)
    pictures.sent("cam1", 4)
    ready.clear()
    pictures.offer(frame_of(5), snapshot(5), in_turn=True)
    pictures.sent("cam1", 5)
    assert ready.wait(DEADLINE_S)
    assert [made.body["frame"] for made in pictures.take()] == [5]
    pictures.close()


@pytest.mark.parametrize("live", [True, False])
def test_pictures_are_fewer_than_frames_and_delay_none(publisher: Publisher, live: bool) -> None:
    frames, may_end = 300, threading.Event()

    def slow() -> Colour:
        may_end.wait(DEADLINE_S)
        return picture()

    outbox = TurnOutbox(publisher.wake)
    sink = (LiveSink if live else TurnSink)(outbox, publisher.pictures)
    with watcher(publisher.endpoint, b"text/", b"picture/") as subscriber:
        serve_until_subscribed(publisher, 2)
        publishing = threading.Thread(target=run, args=(publisher, outbox))
        publishing.start()
        try:
            for index in range(frames):
                sink.publish(frame_of(index, slow), snapshot(index), [])
            may_end.set()
            seen: set[int] = set()
            shown: list[int] = []
            while frames - 1 not in seen or subscriber.poll(200):
                message = wire.parse(subscriber.recv())
                if message.kind == "text":
                    seen.add(message.body["frame"])
                else:
                    assert message.body["frame"] in seen
                    shown.append(message.body["frame"])
        finally:
            outbox.close()
            publishing.join(DEADLINE_S)
    assert shown == sorted(set(shown))
    assert 1 <= len(shown) < frames / 2
    assert live or len(seen) == frames


def test_subscribing_twice_and_leaving_at_once_asks_no_more(publisher: Publisher) -> None:
    with watcher(publisher.endpoint, b"picture/", b"picture/", b"picture/cam1 ") as subscriber:
        serve_until_subscribed(publisher, 3)
        process(publisher, 1)
        receive(publisher, subscriber)

    index = 1

    def nobody_asks() -> bool:
        nonlocal index
        index += 1
        made = []
        process(publisher, index, lambda: made.append(1) or picture())
        publisher.serve(0.01)
        publisher.pictures.offer(frame_of(0, never), snapshot(0))
        return not publisher.pictures._waiting and not made

    wait_until(nobody_asks)


def test_the_end_of_what_was_never_asked_takes_pictures_from_nobody(publisher: Publisher) -> None:
    with watcher(publisher.endpoint, b"picture/") as subscriber, raw_subscriber(publisher.endpoint) as hostile:
        serve_until_subscribed(publisher)
        hostile.sendall(frame_of_bytes(b"\x00picture/") * 5)
        wait_until(lambda: publisher.serve(0.02) or publisher.subscribers == -4)
        process(publisher, 1)
        assert receive(publisher, subscriber).topic == "picture/cam1"


def test_a_picture_that_cannot_be_made_is_told_once_and_the_feed_goes_on(
    publisher: Publisher, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        watcher(publisher.endpoint, b"picture/") as subscriber,
        watcher(publisher.endpoint, b"status/") as other,
        caplog.at_level(logging.ERROR, "glyphfeed.feed"),
    ):
        serve_until_subscribed(publisher, 2)
        for index in range(3):
            process(publisher, index, never)
            wait_until(lambda: not publisher.pictures._due)
        process(publisher, 5)
        assert receive(publisher, subscriber).body["frame"] == 5
        publisher.put(status())
        publisher.put(event())
        assert receive(publisher, other).topic == "status/cam1"
    assert [record.getMessage() for record in caplog.records] == [
        "A picture of cam1 could not be made for the feed: AssertionError('this picture was not to be made')."
    ]


@pytest.mark.parametrize(
    ("size", "sent"),
    [
        ((640, 480), (640, 480)),
        ((1920, 1080), (1920, 1080)),
        ((3840, 2160), (1920, 1080)),
        ((2160, 3840), (1080, 1920)),
        ((4000, 3000), (1000, 750)),
        ((20_000, 2), (1250, 1)),
    ],
)
def test_large_pictures_are_halved(size: tuple[int, int], sent: tuple[int, int]) -> None:
    colour = cv2.imdecode(np.frombuffer(jpeg(picture(90, size)), np.uint8), cv2.IMREAD_COLOR)
    assert colour is not None
    assert colour.shape == (sent[1], sent[0], 3)
    assert max(sent) <= LONGEST_PX


def test_the_json_of_a_picture_has_no_newline() -> None:
    header = {"v": 1, "source": "cam1", "epoch": "line\nbreak", "seq": 1, "published_at": 1.5}
    message = wire.picture_message("picture/cam1", header, wire.picture_body(snapshot(6)), b"")
    assert message.endswith(b"}\n")
    assert json.loads(message.partition(b" ")[2])["epoch"] == "line\nbreak"
    assert message.count(b"\n") == 1
