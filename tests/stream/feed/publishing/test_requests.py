from __future__ import annotations

import json
import socket
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
import zmq

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed.endpoint import ANY_ENDPOINT, requests_endpoint
from glyphfeed.stream.feed.publishing.publisher import Publisher
from tests.stream.feed.samples import DEADLINE_S, entity, event, of, snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SNAPSHOT = b'{"op":"snapshot"}'


@contextmanager
def client(endpoint: str, kind: int = zmq.REQ) -> Iterator[zmq.Socket[bytes]]:
    """A socket as any program has one, at the requests of a feed; receiving fails after a deadline."""
    with zmq.Context() as context, context.socket(kind) as asking:
        asking.setsockopt(zmq.RCVTIMEO, int(DEADLINE_S * 1000))
        asking.setsockopt(zmq.LINGER, 0)
        asking.connect(requests_endpoint(endpoint))
        yield asking


def ask(asking: zmq.Socket[bytes], **request: Any) -> dict[str, Any]:
    asking.send_json(request)
    found = asking.recv_json()
    assert isinstance(found, dict)
    return found


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with Publisher(ANY_ENDPOINT) as publisher:
        yield publisher


def test_what_was_told_can_be_asked_for(publisher: Publisher) -> None:
    for frame in range(3):
        publisher.put(snapshot(frame, entity()))
        publisher.put(event(f"EXIT {frame}"))
    publisher.put(of("cam2", snapshot(9)))
    with client(publisher.endpoint) as asking:
        events = ask(asking, op="events", source="cam1", epoch=publisher.epoch, since=1)
        texts = ask(asking, op="snapshot")["texts"]
    assert [(one["seq"], one["entity"]["text"]) for one in events["events"]] == [(2, "EXIT 1"), (3, "EXIT 2")]
    assert events["complete"] is True
    assert [(one["source"], one["frame"], one["v"]) for one in texts] == [("cam1", 2, 1), ("cam2", 9, 1)]


def test_what_a_subscriber_has_got_can_be_asked_for_already(publisher: Publisher) -> None:
    with zmq.Context() as context, context.socket(zmq.SUB) as subscriber, client(publisher.endpoint) as asking:
        subscriber.setsockopt(zmq.RCVTIMEO, int(DEADLINE_S * 1000))
        subscriber.subscribe(b"event/")
        subscriber.connect(publisher.endpoint)
        publisher.serve(DEADLINE_S)
        for _ in range(20):
            publisher.put(event())
            sent = json.loads(subscriber.recv().partition(b" ")[2])
            asked = ask(asking, op="events", source="cam1", epoch=publisher.epoch, since=sent["seq"] - 1)
            assert asked["events"] == [sent]


@pytest.mark.parametrize("envelope", [[], [b""], [b"", b"hop", b""]], ids=["bare", "as REQ", "through a proxy"])
def test_a_dealer_is_answered_in_its_own_framing(publisher: Publisher, envelope: list[bytes]) -> None:
    with client(publisher.endpoint, zmq.DEALER) as asking:
        for _ in range(3):
            asking.send_multipart([*envelope, SNAPSHOT])
        assert [asking.recv_multipart() for _ in range(3)] == [[*envelope, b'{"texts":[]}']] * 3


def test_requests_are_answered_while_nobody_publishes_or_serves(publisher: Publisher) -> None:
    with client(publisher.endpoint) as first, client(publisher.endpoint) as second:
        for asking in (first, second, first):
            assert ask(asking, op="nonsense").keys() == {"error"}


def test_a_request_that_is_too_long_cuts_its_sender_off_and_nobody_else(publisher: Publisher) -> None:
    with client(publisher.endpoint, zmq.DEALER) as hostile, client(publisher.endpoint) as honest:
        hostile.send(SNAPSHOT)
        assert hostile.recv() == b'{"texts":[]}'
        hostile.send(b"x" * 100_000)
        hostile.send_multipart([b""] * 50 + [SNAPSHOT])
        assert ask(honest, op="snapshot") == {"texts": []}
        hostile.setsockopt(zmq.RCVTIMEO, 100)
        with pytest.raises(zmq.Again):
            hostile.recv()


def test_who_does_not_take_its_answers_stops_nobody(publisher: Publisher) -> None:
    large = snapshot(1, entity(text="x" * 300_000))
    publisher.put(large)
    with client(publisher.endpoint, zmq.DEALER) as hostile, client(publisher.endpoint) as honest:
        hostile.setsockopt(zmq.RCVHWM, 1)
        for _ in range(200):
            hostile.send(SNAPSHOT)
        assert len(ask(honest, op="snapshot")["texts"]) == 1


def test_the_close_ends_the_answering_amid_requests() -> None:
    publisher = Publisher(ANY_ENDPOINT)
    with client(publisher.endpoint, zmq.DEALER) as asking:
        for _ in range(1000):
            asking.send(SNAPSHOT)
        asking.recv()
        closing = threading.Thread(target=publisher.close)
        closing.start()
        closing.join(DEADLINE_S)
        assert not closing.is_alive()


def test_an_address_of_requests_that_is_taken_is_named() -> None:
    with Publisher(ANY_ENDPOINT) as probe:
        endpoint = probe.endpoint
    beside = requests_endpoint(endpoint)
    taken = rf"another program already uses {beside}, which belongs to it; stop it .*--feed"
    with socket.create_server(("127.0.0.1", int(beside.rpartition(":")[2]))), pytest.raises(FeedError, match=taken):
        Publisher(endpoint)
    with Publisher(endpoint) as publisher:
        assert publisher.endpoint == endpoint


def test_a_path_of_this_machine_has_its_requests_beside_it(tmp_path: Path) -> None:
    with Publisher(f"ipc://{tmp_path}/feed") as publisher, client(publisher.endpoint) as asking:
        assert ask(asking, op="snapshot") == {"texts": []}
        assert {path.name for path in tmp_path.iterdir()} == {"feed", "feed.requests"}
