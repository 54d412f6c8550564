from __future__ import annotations

import itertools
import json
import logging
import socket
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest
import zmq

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed.endpoint import requests_endpoint
from glyphfeed.stream.feed.keys import ClientKeys, ServerKeys, allow, issue, revoke
from glyphfeed.stream.feed.publishing import admission
from glyphfeed.stream.feed.publishing.admission import TELL_S, Notices, name_of
from glyphfeed.stream.feed.publishing.peers import MOST_MESSAGES, MOST_PREFIXES
from glyphfeed.stream.feed.publishing.publisher import Publisher
from tests.stream.feed.samples import DEADLINE_S, event, snapshot, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ANYWHERE = "tcp://0.0.0.0:*"
"""Any port, which other machines reach as well."""
REVOKED_S = 1.0
"""What is promised."""
TOO_MUCH = "it asks for too much, and may come back after 10 s."


class Feed:
    """A publisher in a thread of its own, which goes on publishing the frames and events of a source."""

    def __init__(self, endpoint: str, keys: ServerKeys | None, *, insecure: bool = False) -> None:
        self.publisher = Publisher(endpoint, keys=keys, insecure=insecure)
        self.endpoint = self.publisher.endpoint.replace("0.0.0.0", "127.0.0.1")
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._publish)
        self._thread.start()

    def _publish(self) -> None:
        for frame in itertools.count():
            if self._stopped.is_set():
                return
            self.publisher.put(snapshot(frame))
            self.publisher.put(event())
            self.publisher.serve(0.01)

    def close(self) -> None:
        self._stopped.set()
        self._thread.join(DEADLINE_S)
        self.publisher.close()


@contextmanager
def publishing(endpoint: str, keys: ServerKeys | None, *, insecure: bool = False) -> Iterator[Feed]:
    feed = Feed(endpoint, keys, insecure=insecure)
    try:
        yield feed
    finally:
        feed.close()


class Client:
    """A SUB socket, and one that asks, as any program has them."""

    def __init__(self, feed: Feed, keys: ClientKeys | None = None, prefix: bytes = b"") -> None:
        self._context = zmq.Context()
        self.sub, self.req = self._context.socket(zmq.SUB), self._context.socket(zmq.REQ)
        for end in (self.sub, self.req):
            end.setsockopt(zmq.LINGER, 0)
            # Of subscriptions, too, libzmq drops what is beyond it.
            end.setsockopt(zmq.SNDHWM, 0)
            if keys is not None:
                keys.apply(end)
        self.sub.subscribe(prefix)
        self.sub.connect(feed.endpoint)
        self.req.connect(requests_endpoint(feed.endpoint))

    def gets(self, timeout_s: float = DEADLINE_S) -> bool:
        """Whether a message comes."""
        return self.sub.poll(int(timeout_s * 1000)) > 0

    def is_answered(self, timeout_s: float = DEADLINE_S) -> bool:
        """Whether a request is answered."""
        try:
            self.req.send(b'{"op":"snapshot"}', zmq.NOBLOCK)
        except zmq.Again:
            # libzmq has given up what was refused.
            return False
        return self.req.poll(int(timeout_s * 1000)) > 0 and b"cam1" in self.req.recv()

    def event_seqs(self) -> list[int]:
        """The numbers of the events that have come so far."""
        seqs = []
        while self.sub.poll(0):
            topic, body = self.sub.recv().split(b" ", 1)
            if topic.startswith(b"event/"):
                seqs.append(json.loads(body)["seq"])
        return seqs

    def close(self) -> None:
        self._context.destroy(0)


@contextmanager
def connected(feed: Feed, keys: ClientKeys | None = None, prefix: bytes = b"") -> Iterator[Client]:
    client = Client(feed, keys, prefix)
    try:
        yield client
    finally:
        client.close()


def is_closed(connection: socket.socket) -> bool:
    """Whether the other side has ended a connection."""
    connection.setblocking(False)
    try:
        while connection.recv(1000):
            pass
    except BlockingIOError:
        return False
    except ConnectionResetError:
        pass
    return True


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The keys of a feed with two clients, whose own files are beside them."""
    for name in ("phone", "wall"):
        issue(tmp_path / "keys", name, tmp_path / f"{name}.key_secret")
    return tmp_path / "keys"


@pytest.fixture
def phone(folder: Path) -> ClientKeys:
    return ClientKeys.load(folder.parent / "phone.key_secret")


@pytest.fixture
def wall(folder: Path) -> ClientKeys:
    return ClientKeys.load(folder.parent / "wall.key_secret")


@pytest.fixture
def stranger(phone: ClientKeys) -> ClientKeys:
    """Keys that nobody has allowed."""
    public, secret = (key.decode() for key in zmq.curve_keypair())
    return ClientKeys(public, secret, phone.server)


def test_who_has_an_allowed_key_gets_in_and_nobody_else(
    folder: Path, phone: ClientKeys, stranger: ClientKeys, caplog: pytest.LogCaptureFixture
) -> None:
    other_server = ClientKeys(phone.public, phone.secret, stranger.public)
    stolen = ClientKeys(phone.public, stranger.secret, phone.server)
    with publishing(ANYWHERE, ServerKeys.load(folder)) as feed, caplog.at_level(logging.WARNING, "glyphfeed.feed"):
        refused = [Client(feed, keys) for keys in (stranger, other_server, stolen, None)]
        with connected(feed, phone) as client:
            assert client.gets()
            assert client.is_answered()
        for client in refused:
            assert not client.gets(0.05)
            assert not client.is_answered(0.05)
            client.close()
        wait_until(lambda: len(caplog.messages) >= 2)
    told = set(caplog.messages)
    assert "The feed refused 127.0.0.1: it has no key of this feed." in told
    assert any(stranger.public in sentence and "glyphfeed keys allow NAME -- '" in sentence for sentence in told)
    assert not any(phone.secret in sentence or stranger.secret in sentence for sentence in told)


def test_keys_hold_on_this_machine_too_where_they_are_asked_for(folder: Path, phone: ClientKeys, tmp_path: Path) -> None:
    for endpoint in ("tcp://127.0.0.1:*", f"ipc://{tmp_path}/feed"):
        with publishing(endpoint, ServerKeys.load(folder)) as feed, connected(feed, phone) as client, connected(feed) as keyless:
            assert client.gets()
            assert client.is_answered()
            assert not keyless.gets(0.1)


def test_a_revoked_client_is_cut_off_and_nobody_else_misses_anything(
    folder: Path, phone: ClientKeys, wall: ClientKeys, caplog: pytest.LogCaptureFixture
) -> None:
    with (
        publishing(ANYWHERE, ServerKeys.load(folder)) as feed,
        connected(feed, phone) as revoked,
        connected(feed, wall) as other,
        caplog.at_level(logging.WARNING, "glyphfeed.feed"),
    ):
        assert revoked.gets()
        assert other.gets()
        seqs = other.event_seqs()
        revoke(folder, "phone")
        wait_until(lambda: any("cut off" in message for message in caplog.messages))
        # What was on its way may still arrive.
        settled = time.monotonic() + REVOKED_S
        while time.monotonic() < settled and revoked.gets(0.2):
            revoked.event_seqs()
        assert not revoked.gets(0.2)
        assert not revoked.is_answered(0.2)
        seqs += other.event_seqs()
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
        assert other.is_answered()
    assert "The feed cut off phone at 127.0.0.1: its key is revoked." in caplog.messages


def test_who_is_allowed_while_the_feed_runs_gets_in_at_once(folder: Path, phone: ClientKeys, stranger: ClientKeys) -> None:
    revoke(folder, "phone")
    with publishing(ANYWHERE, ServerKeys.load(folder)) as feed:
        with connected(feed, phone) as early:
            assert not early.gets(0.3)
        allow(folder, "phone")
        allow(folder, "new", stranger.public)
        with connected(feed, phone) as again, connected(feed, stranger) as new:
            assert again.gets()
            assert new.gets()
            assert new.is_answered()


def test_keys_that_cannot_be_read_let_nobody_in_and_are_told(
    folder: Path, phone: ClientKeys, wall: ClientKeys, caplog: pytest.LogCaptureFixture
) -> None:
    (folder / "allowed" / "phone.key").write_text("damaged")
    with publishing(ANYWHERE, ServerKeys.load(folder)) as feed, caplog.at_level(logging.WARNING, "glyphfeed.feed"):
        with connected(feed, phone) as damaged, connected(feed, wall) as client:
            assert client.gets()
            assert not damaged.gets(0.1)
        wait_until(lambda: any("phone.key is not a key file" in message for message in caplog.messages))


def test_an_address_that_others_reach_needs_keys_or_a_word(caplog: pytest.LogCaptureFixture) -> None:
    with pytest.raises(FeedError, match=r"may not be published on tcp://0\.0\.0\.0:\* without keys"):
        Publisher(ANYWHERE)
    with caplog.at_level(logging.WARNING, "glyphfeed.feed"), publishing(ANYWHERE, None, insecure=True) as feed:
        with connected(feed) as anybody:
            assert anybody.gets()
        assert caplog.messages == [
            f"The feed on {feed.publisher.endpoint} has no keys: everybody who reaches this machine can connect."
        ]


def test_a_flood_is_cut_off_and_nobody_else_notices(caplog: pytest.LogCaptureFixture) -> None:
    with publishing("tcp://127.0.0.1:*", None) as feed, connected(feed) as client:
        assert client.gets()
        seqs = client.event_seqs()
        with caplog.at_level(logging.WARNING, "glyphfeed.feed"), connected(feed, prefix=b"text/") as hostile:
            assert hostile.gets()
            for number in range(MOST_PREFIXES + 10):
                hostile.sub.subscribe(b"text/%d" % number)
            wait_until(lambda: caplog.messages == [f"The feed cut off 127.0.0.1: {TOO_MUCH}"])
        wait_until(lambda: bool(seqs.extend(client.event_seqs()) or len(seqs) > 50))
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
        # It came before, and so it is not barred.
        client.sub.subscribe(b"status/")
        assert client.gets()


def test_a_flood_of_requests_is_cut_off_and_barred(caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admission, "BARRED_S", 0.5)
    # Without keys libzmq leaves who is told to come later waiting until its time for the handshake is over.
    monkeypatch.setattr("glyphfeed.stream.feed.publishing.sockets._HANDSHAKE_MS", 500)
    with (
        publishing("tcp://127.0.0.1:*", None) as feed,
        zmq.Context() as context,
        context.socket(zmq.DEALER) as hostile,
        caplog.at_level(logging.WARNING, "glyphfeed.feed"),
    ):
        hostile.setsockopt(zmq.LINGER, 0)
        hostile.setsockopt(zmq.SNDHWM, 0)
        hostile.connect(requests_endpoint(feed.endpoint))
        for _ in range(2 * MOST_MESSAGES):
            hostile.send(b'{"op":"snapshot"}')
        wait_until(lambda: any("asks for too much" in message for message in caplog.messages))
        hostile.close()
        with connected(feed) as client:
            assert client.is_answered(), "once the bar has ended libzmq has tried again by itself"


def test_connections_are_limited_and_those_there_are_stay(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(admission, "MOST_CONNECTIONS", 20)
    with publishing("tcp://127.0.0.1:*", None) as feed, connected(feed, prefix=b"event/") as client:
        assert client.gets()
        assert client.is_answered()
        port = int(feed.endpoint.rpartition(":")[2])
        with caplog.at_level(logging.WARNING, "glyphfeed.feed"):
            held = [socket.create_connection(("127.0.0.1", port), DEADLINE_S) for _ in range(40)]
            wait_until(lambda: sum(map(is_closed, held)) >= 22)
            wait_until(lambda: "The feed refused 127.0.0.1: 20 connections are open already." in caplog.messages)
        seqs = client.event_seqs()
        assert seqs == list(range(seqs[0], seqs[0] + len(seqs)))
        for connection in held:
            connection.close()
        with connected(feed) as late:
            assert late.gets(), "there is room again"


def test_closing_does_not_wait_for_clients(folder: Path, phone: ClientKeys) -> None:
    with publishing(ANYWHERE, ServerKeys.load(folder)) as feed, connected(feed, phone) as client:
        assert client.gets()
    deadline = time.monotonic() + DEADLINE_S
    while "glyphfeed-admission" in {thread.name for thread in threading.enumerate()}:
        assert time.monotonic() < deadline
        time.sleep(0.01)


def test_notices_are_told_once_in_a_while_and_of_few() -> None:
    notices = Notices()
    assert [notices.due("10.0.0.3", "refused", now) for now in (0.0, 1.0, TELL_S, TELL_S + 1)] == [True, False, True, False]
    flood = sum(notices.due(f"10.0.{number}.3", f"refused {number % 7}", 2 * TELL_S) for number in range(1000) for _ in range(10))
    assert flood == 16
    many = sum(notices.due("10.0.0.3", f"refused {number}", 3 * TELL_S) for number in range(1000))
    assert many == 4


@pytest.mark.parametrize(
    ("endpoint", "name"), [("tcp://127.0.0.1:5570", 5570), ("tcp://[::1]:5571", 5571), ("ipc:///run/a:1", "/run/a:1")]
)
def test_descriptors_are_known_by_port_or_path(endpoint: str, name: int | str) -> None:
    assert name_of(endpoint) == name
