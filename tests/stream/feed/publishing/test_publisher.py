from __future__ import annotations

import json
import logging
import math
import socket
import subprocess
import sys
import threading
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import zmq

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.stream.records import EventType, SourceState
from tests.stream.feed.samples import DEADLINE_S, entity, event, of, serve_until_subscribed, snapshot, status, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

ANY_PORT = "tcp://127.0.0.1:*"
SMALL_BUFFERS = {"RCVHWM": 1, "RCVBUF": 4096}

TEN_LINES = """
import json, zmq
s = zmq.Context().socket(zmq.SUB)
s.connect("tcp://127.0.0.1:5570")
s.subscribe(b"event/")
while True:
    topic, body = s.recv().split(b" ", 1)
    e = json.loads(body)
    print(e["type"], e["source"], e["entity"]["text"], e["entity"]["confidence"])
"""


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with Publisher(ANY_PORT) as publisher:
        yield publisher


@contextmanager
def plain_subscriber(endpoint: str, prefix: bytes = b"", **options: int) -> Iterator[zmq.Socket[bytes]]:
    """A SUB socket as any program has one; receiving fails after a deadline."""
    with zmq.Context() as context, context.socket(zmq.SUB) as subscriber:
        subscriber.setsockopt(zmq.RCVTIMEO, int(DEADLINE_S * 1000))
        subscriber.setsockopt(zmq.LINGER, 0)
        for name, value in options.items():
            subscriber.setsockopt(getattr(zmq, name), value)
        subscriber.subscribe(prefix)
        subscriber.connect(endpoint)
        yield subscriber


def receive(subscriber: zmq.Socket[bytes]) -> tuple[str, dict[str, Any]]:
    topic, body = subscriber.recv().split(b" ", 1)
    return topic.decode(), json.loads(body)


def test_the_ten_lines_of_the_contract_work(publisher: Publisher) -> None:
    program = TEN_LINES.replace("tcp://127.0.0.1:5570", publisher.endpoint)
    with subprocess.Popen([sys.executable, "-uc", program], stdout=subprocess.PIPE, text=True) as listener:
        watchdog = threading.Timer(3 * DEADLINE_S, listener.kill)
        watchdog.start()
        try:
            serve_until_subscribed(publisher, 1)
            publisher.put(snapshot())
            publisher.put(event("EXIT 12"))
            publisher.put(of("cam.2", event("Größe", EventType.LEFT)))
            assert listener.stdout is not None
            assert listener.stdout.readline() == "read cam1 EXIT 12 0.9877\n"
            assert listener.stdout.readline() == "left cam.2 Größe 0.9877\n"
        finally:
            listener.kill()
            watchdog.cancel()


def test_every_message_has_the_header_and_seq_counts_per_topic(publisher: Publisher) -> None:
    with plain_subscriber(publisher.endpoint) as subscriber:
        serve_until_subscribed(publisher, 1)
        for frame in range(3):
            publisher.put(snapshot(frame))
            publisher.put(event())
        publisher.put(of("cam2", event()))
        publisher.put(status())
        received = [receive(subscriber) for _ in range(8)]
    assert [(topic, body["seq"]) for topic, body in received] == [
        ("text/cam1", 1),
        ("event/cam1", 1),
        ("text/cam1", 2),
        ("event/cam1", 2),
        ("text/cam1", 3),
        ("event/cam1", 3),
        ("event/cam2", 1),
        ("status/cam1", 1),
    ]
    for topic, body in received:
        assert list(body)[:5] == ["v", "source", "epoch", "seq", "published_at"]
        assert body["v"] == 1
        assert body["epoch"] == publisher.epoch
        assert topic.endswith("/" + body["source"])
    assert received[-1][1]["last_event_seq"] == publisher.last_event_seq("cam1") == 3
    assert publisher.last_event_seq("cam3") == 0


def test_each_start_has_a_new_epoch() -> None:
    with Publisher(ANY_PORT) as first, Publisher(ANY_PORT) as second:
        assert first.epoch != second.epoch


def test_a_number_that_is_not_finite_uses_up_no_seq(publisher: Publisher) -> None:
    with pytest.raises(ValueError, match="Out of range"):
        publisher.put(replace(event(), captured_at=math.nan))
    assert publisher.last_event_seq("cam1") == 0


def test_a_late_subscriber_gets_the_last_text_and_status_at_once(publisher: Publisher) -> None:
    for frame in range(3):
        publisher.put(snapshot(frame, entity()))
        publisher.put(of("cam2", snapshot(frame)))
    publisher.put(event())
    publisher.put(status(SourceState.CONNECTING))
    publisher.put(status(SourceState.LIVE))
    with plain_subscriber(publisher.endpoint) as subscriber:
        serve_until_subscribed(publisher, 1)
        received = dict(receive(subscriber) for _ in range(3))
        assert subscriber.poll(100) == 0
    assert received.keys() == {"text/cam1", "text/cam2", "status/cam1"}
    assert (received["text/cam1"]["frame"], received["text/cam1"]["seq"]) == (2, 3)
    assert received["text/cam1"]["texts"][0]["text"] == "EXIT 12"
    assert received["status/cam1"]["state"] == "live"


def test_a_second_subscriber_to_the_same_topic_is_served_too(publisher: Publisher) -> None:
    publisher.put(snapshot(5))
    with plain_subscriber(publisher.endpoint, b"text/") as first:
        serve_until_subscribed(publisher, 1)
        assert receive(first)[1]["frame"] == 5
        with plain_subscriber(publisher.endpoint, b"text/") as second:
            serve_until_subscribed(publisher, 2)
            assert receive(second)[1]["frame"] == 5
        serve_until_subscribed(publisher, 1)
    serve_until_subscribed(publisher, 0)


def test_publishing_alone_serves_late_subscribers_too(publisher: Publisher) -> None:
    publisher.put(status(detail="the only one"))
    with plain_subscriber(publisher.endpoint, b"status/") as subscriber:

        def published_to_somebody() -> bool:
            publisher.put(snapshot())
            return publisher.subscribers == 1

        wait_until(published_to_somebody)
        assert receive(subscriber)[1]["detail"] == "the only one"


def test_a_topic_that_ends_in_a_space_is_exactly_one_source(publisher: Publisher) -> None:
    publisher.put(of("cam10", snapshot(1)))
    publisher.put(snapshot(2))
    with plain_subscriber(publisher.endpoint, b"text/cam1 ") as subscriber:
        serve_until_subscribed(publisher, 1)
        publisher.put(of("cam10", snapshot(3)))
        publisher.put(snapshot(4))
        assert [receive(subscriber)[1]["frame"] for _ in range(2)] == [2, 4]
        assert subscriber.poll(100) == 0


def test_a_conflating_subscriber_has_only_the_newest(publisher: Publisher) -> None:
    with plain_subscriber(publisher.endpoint, b"text/cam1 ", CONFLATE=1) as subscriber:
        serve_until_subscribed(publisher, 1)
        for frame in range(200):
            publisher.put(snapshot(frame, entity()))
        frames: list[int] = []

        def newest() -> bool:
            frames.append(receive(subscriber)[1]["frame"])
            return frames[-1] == 199

        wait_until(newest)
        assert len(frames) < 200
        assert frames == sorted(set(frames))


def test_a_stopped_and_a_slow_subscriber_delay_nobody(publisher: Publisher) -> None:
    large = entity(text="x" * 30_000)
    frames = 1500
    received: list[int] = []
    slow_received: list[int] = []
    with (
        plain_subscriber(publisher.endpoint, b"text/", **SMALL_BUFFERS),
        plain_subscriber(publisher.endpoint, b"text/", **SMALL_BUFFERS) as slow,
        plain_subscriber(publisher.endpoint, b"text/") as fast,
    ):
        serve_until_subscribed(publisher, 3)
        for frame in range(frames):
            publisher.put(snapshot(frame, large))
            # On a busy machine the sockets' own threads may fall behind this loop; half a queue is allowed.
            while fast.poll(0) or frame - len(received) > 500:
                received.append(receive(fast)[1]["frame"])
            if frame % 100 == 0 and slow.poll(0):
                slow_received.append(receive(slow)[1]["frame"])
        while not received or received[-1] < frames - 1:
            received.append(receive(fast)[1]["frame"])
        while slow.poll(500):
            slow_received.append(receive(slow)[1]["frame"])
    assert received == list(range(frames))
    # Its queue did overflow, and what it lost is the newest.
    assert 0 < len(slow_received) < frames
    assert slow_received == list(range(len(slow_received)))


def test_close_does_not_wait_for_a_stopped_subscriber() -> None:
    publisher = Publisher(ANY_PORT)
    with plain_subscriber(publisher.endpoint, b"", **SMALL_BUFFERS):
        serve_until_subscribed(publisher, 1)
        for frame in range(500):
            publisher.put(snapshot(frame, entity(text="x" * 30_000)))
        closing = threading.Thread(target=publisher.close)
        closing.start()
        closing.join(DEADLINE_S)
        assert not closing.is_alive()


def test_what_was_published_just_before_the_close_arrives() -> None:
    publisher = Publisher(ANY_PORT)
    with plain_subscriber(publisher.endpoint, b"event/") as subscriber:
        serve_until_subscribed(publisher, 1)
        for _ in range(300):
            publisher.put(event())
        publisher.close()
        assert [receive(subscriber)[1]["seq"] for _ in range(300)] == list(range(1, 301))


def test_closing_twice_and_waking_after_the_close_is_fine() -> None:
    publisher = Publisher(ANY_PORT)
    publisher.close()
    publisher.close()
    publisher.wake()
    with Publisher(publisher.endpoint) as successor:
        assert successor.endpoint == publisher.endpoint  # the port was given back


def test_wake_ends_a_wait_from_another_thread_even_if_called_before(publisher: Publisher) -> None:
    for _ in range(100_000):
        publisher.wake()
    serving = threading.Thread(target=publisher.serve, args=(None,))
    serving.start()
    publisher.wake()
    serving.join(DEADLINE_S)
    assert not serving.is_alive()


def test_another_machine_cannot_be_served_without_keys() -> None:
    with pytest.raises(FeedError, match="keys"):
        Publisher("tcp://0.0.0.0:5570")


def test_a_taken_port_is_named_and_the_recording_of_its_owner_survives(tmp_path: Path) -> None:
    record = tmp_path / "feed.jsonl"
    with Publisher(ANY_PORT, record) as owner:
        owner.put(event())
        with pytest.raises(FeedError, match=r"another program already uses this address.*--feed") as refusal:
            Publisher(owner.endpoint, record)
        assert owner.endpoint in str(refusal.value)
    assert record.read_bytes().startswith(b"event/cam1 {")


def test_a_path_of_this_machine_works_and_is_not_stolen(tmp_path: Path) -> None:
    endpoint = f"ipc://{tmp_path}/feed"
    with Publisher(endpoint) as owner, plain_subscriber(endpoint) as subscriber:
        serve_until_subscribed(owner, 1)
        with pytest.raises(FeedError, match="another program already uses this address"):
            Publisher(endpoint)
        owner.put(snapshot(9))
        assert receive(subscriber)[1]["frame"] == 9


def test_a_path_left_behind_by_a_killed_publisher_is_used_again(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as left_behind:
        left_behind.bind(f"{tmp_path}/feed")
    with Publisher(f"ipc://{tmp_path}/feed") as publisher:
        assert publisher.endpoint == f"ipc://{tmp_path}/feed"


def test_a_file_in_the_way_of_a_path_is_kept(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.write_text("keep me")
    with pytest.raises(FeedError, match="precious is in the way"):
        Publisher(f"ipc://{precious}")
    assert precious.read_text() == "keep me"


def test_a_path_without_directory_says_so(tmp_path: Path) -> None:
    with pytest.raises(FeedError, match=r"No such file or directory.*choose another address with --feed"):
        Publisher(f"ipc://{tmp_path}/none/feed")


def test_a_recording_holds_just_what_was_sent(tmp_path: Path) -> None:
    record = tmp_path / "feed.jsonl"
    with Publisher(ANY_PORT, record) as publisher, plain_subscriber(publisher.endpoint) as subscriber:
        serve_until_subscribed(publisher, 1)
        publisher.put(snapshot(1, entity(text="line\nbreak\u2028 and space")))
        publisher.put(event("Größe"))
        publisher.put(status())
        sent = [subscriber.recv() for _ in range(3)]
        with plain_subscriber(publisher.endpoint) as late:
            serve_until_subscribed(publisher, 2)
            assert {late.recv(), late.recv()} == {sent[0], sent[2]}
        # Flushed while the publisher lives: a killed reader loses nothing.
        assert record.read_bytes() == b"".join(message + b"\n" for message in sent)
    with record.open(encoding="utf-8") as lines:
        topics = [line.partition(" ")[0] for line in lines]
    assert topics == ["text/cam1", "event/cam1", "status/cam1"]


def test_a_recording_that_cannot_begin_says_why_and_frees_the_port(tmp_path: Path) -> None:
    with Publisher(ANY_PORT) as probe:
        endpoint = probe.endpoint
    with pytest.raises(FeedError, match=r"Cannot record to .*feed\.jsonl: its directory does not exist"):
        Publisher(endpoint, tmp_path / "none" / "feed.jsonl")
    with pytest.raises(FeedError, match=r"Cannot record to .*: Is a directory"):
        Publisher(endpoint, tmp_path)
    with Publisher(endpoint) as publisher:
        assert publisher.endpoint == endpoint


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs the disk that is always full")
def test_a_full_disk_ends_the_recording_but_not_the_feed(caplog: pytest.LogCaptureFixture) -> None:
    publisher = Publisher(ANY_PORT, Path("/dev/full"))
    with plain_subscriber(publisher.endpoint) as subscriber:
        serve_until_subscribed(publisher, 1)
        with caplog.at_level(logging.ERROR, "glyphfeed.feed"):
            for frame in range(5):
                publisher.put(snapshot(frame))
        assert [receive(subscriber)[1]["frame"] for _ in range(5)] == list(range(5))
    assert [record.getMessage() for record in caplog.records] == [
        "The recording /dev/full is incomplete: No space left on device. The feed goes on without it."
    ]
    with pytest.raises(FeedError, match="The recording /dev/full is incomplete: No space left on device"):
        publisher.close()
    publisher.close()
