from __future__ import annotations

from contextlib import closing, suppress
from typing import TYPE_CHECKING

import pytest
import zmq

import glyphfeed
from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed.keys import ServerKeys, allow, issue, revoke
from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.stream.feed.receiving.connection import Connection
from tests.stream.feed.samples import event, status, wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from glyphfeed import Feed

ANY_PORT = "tcp://127.0.0.1:*"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """The folder of the keys of a feed, with a client `wall`, and its own file beside it."""
    issue(tmp_path / "keys", "wall", tmp_path / "wall.key_secret")
    return tmp_path / "keys"


@pytest.fixture
def wall(keys: Path) -> Path:
    """The key file of a client that is allowed."""
    return keys.parent / "wall.key_secret"


def look_until(feed: Feed, publisher: Publisher, trouble: str | None) -> None:
    """Wait until the connection is in some trouble, or in none."""

    def is_so() -> bool:
        publisher.serve(0)
        assert feed.receive(0.02) is None
        return feed.trouble is None if trouble is None else trouble in (feed.trouble or "")

    wait_until(is_so)


def test_who_is_revoked_comes_back_when_allowed_and_has_missed_nothing(keys: Path, wall: Path) -> None:
    with (
        Publisher(ANY_PORT, keys=ServerKeys.load(keys)) as publisher,
        glyphfeed.connect(publisher.endpoint, ["event/"], keys=wall, since={}) as feed,
    ):
        publisher.put(status())
        seqs = []
        for _ in range(2):
            look_until(feed, publisher, None)
            revoke(keys, "wall")
            # libzmq does not try again by itself where a key was refused.
            look_until(feed, publisher, "refuses this key")
            publisher.put(event())
            allow(keys, "wall")
            while (message := feed.receive(0.02)) is None:
                publisher.serve(0)
            seqs.append(message.seq)
            assert not message.lost
    assert seqs == [1, 2]


def test_keys_that_do_not_fit_are_told(keys: Path, wall: Path, tmp_path: Path) -> None:
    issue(tmp_path / "others", "wall", tmp_path / "other.key_secret")
    with Publisher(ANY_PORT, keys=ServerKeys.load(keys)) as publisher, Publisher(ANY_PORT) as open_:
        with glyphfeed.connect(publisher.endpoint) as feed:
            look_until(feed, publisher, f"What is at {publisher.endpoint} is no feed, or one that needs a key.")
        with glyphfeed.connect(publisher.endpoint, keys=tmp_path / "other.key_secret") as feed:
            look_until(feed, publisher, "is no feed, or one that these keys are not for.")
        with glyphfeed.connect(open_.endpoint, keys=str(wall)) as feed:
            look_until(feed, open_, "is no feed, or one that these keys are not for.")
    with pytest.raises(FeedError, match="cannot be read"):
        glyphfeed.connect(keys=tmp_path / "nowhere.key_secret")


@pytest.mark.parametrize("kind", [zmq.SUB, zmq.DEALER])
def test_a_peer_that_has_gone_is_asked_for_by_tcp_alone(kind: int) -> None:
    # Heartbeats of libzmq's own can end the program, see `connection`; that takes a publisher that is killed, and many seconds.
    with zmq.Context() as context, closing(Connection(context, kind, "tcp://127.0.0.1:9", None)) as connection:
        assert connection.socket.getsockopt(zmq.HEARTBEAT_IVL) == 0
        assert connection.socket.getsockopt(zmq.TCP_KEEPALIVE) == 1
        assert connection.socket.getsockopt(zmq.TCP_KEEPALIVE_IDLE) == 2


def test_a_socket_that_libzmq_has_given_up_is_made_anew() -> None:
    with zmq.Context() as context, context.socket(zmq.REP) as wrong, context.socket(zmq.XPUB) as right:
        wrong.bind(ANY_PORT)
        endpoint = wrong.getsockopt_string(zmq.LAST_ENDPOINT)

        def is_free() -> bool:
            with suppress(zmq.ZMQError):
                right.bind(endpoint)
                return True
            return False

        with glyphfeed.connect(endpoint, ["event/"]) as feed:
            wait_until(lambda: feed.receive(0.02) is None and "is no feed" in (feed.trouble or ""))
            wrong.close()
            wait_until(is_free)
            wait_until(lambda: feed.receive(0.02) is None and feed.trouble is None)
            assert {right.recv() for _ in range(2)} == {b"\x01event/", b"\x01status/"}
