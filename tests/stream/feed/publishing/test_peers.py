from __future__ import annotations

import os
import socket
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from glyphfeed.stream.feed.publishing.peers import (
    HERE,
    LONGEST_PREFIX,
    MOST_MESSAGES,
    MOST_PREFIXES,
    Peer,
    address_of,
    cut,
    is_far,
    is_junk,
    received_by,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_who_subscribes_and_ends_it_again_may_go_on() -> None:
    peer = Peer("10.0.0.3", since=0.0)
    for number in range(MOST_MESSAGES // 2):
        peer.take(b"\x01text/%d" % number)
        peer.take(b"\x00text/%d" % number)
    assert not peer.asks_too_much(now=0.0)
    peer.take(b"\x01event/")
    assert peer.asks_too_much(now=0.0)
    assert not peer.asks_too_much(now=1.0), "a hundred more a second"


def test_subscriptions_are_limited_however_long_they_take() -> None:
    peer = Peer("10.0.0.3", since=0.0)
    for number in range(MOST_PREFIXES):
        peer.take(b"\x01text/%d" % number)
    assert not peer.asks_too_much(now=1e6)
    peer.take(b"\x01event/")
    assert peer.asks_too_much(now=1e6)


def test_bytes_are_limited_by_the_second() -> None:
    peer = Peer("10.0.0.3", since=10.0)
    assert not peer.sends_too_much(500_000, now=10.0)
    assert peer.sends_too_much(600_000, now=10.0)
    assert not peer.sends_too_much(600_000, now=20.0)


@pytest.mark.parametrize(
    ("message", "junk"),
    [
        (b"\x01", False),
        (b"\x01text/" + b"s" * 64 + b" ", False),
        (b"\x01" + b"p" * LONGEST_PREFIX, False),
        (b"\x01" + b"p" * (LONGEST_PREFIX + 1), True),
        (b"\x00" + b"p" * 500, False),
        (b'{"op":"events","source":"' + b"s" * 500, False),
        (b"", False),
    ],
)
def test_a_prefix_longer_than_any_topic_is_junk(message: bytes, junk: bool) -> None:
    assert is_junk(message) is junk


@pytest.mark.parametrize("address", ["127.0.0.1", "127.8.0.1", "::1", HERE, "localhost:0:0:77", ""])
def test_this_machine_is_not_far(address: str) -> None:
    assert not is_far(address)


@pytest.mark.parametrize("address", ["10.0.0.3", "192.0.2.7", "fe80::1", "2001:db8::1"])
def test_others_are(address: str) -> None:
    assert is_far(address)


def test_a_connection_is_seen_and_cut_by_its_descriptor() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener, socket.create_connection(listener.getsockname()) as client:
        names: set[int | str] = {listener.getsockname()[1]}
        accepted, _ = listener.accept()
        with accepted:
            client.sendall(b"x" * 1000)
            assert accepted.recv(1000, socket.MSG_PEEK | socket.MSG_WAITALL) == b"x" * 1000
            assert address_of(accepted.fileno(), names) == "127.0.0.1"
            assert received_by(accepted.fileno(), names) == 1000
            # What has another number now, such as a camera's connection, is left alone.
            assert address_of(accepted.fileno(), {1}) is None
            cut(accepted.fileno(), {1})
            cut(client.fileno(), names)
            client.sendall(b"still there")
            cut(accepted.fileno(), names)
            client.settimeout(5)
            assert client.recv(10) == b""
            assert accepted.fileno() > 0, "it is libzmq's to close"


def test_a_connection_at_a_path_is_seen_and_cut_as_well(tmp_path: Path) -> None:
    path = f"{tmp_path}/feed"
    with closing(socket.socket(socket.AF_UNIX)) as listener, closing(socket.socket(socket.AF_UNIX)) as client:
        listener.bind(path)
        listener.listen()
        client.connect(path)
        accepted, _ = listener.accept()
        with accepted:
            assert address_of(accepted.fileno(), {path}) == HERE
            assert received_by(accepted.fileno(), {path}) == 0
            cut(accepted.fileno(), {path})
            client.settimeout(5)
            assert client.recv(10) == b""


def test_a_descriptor_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"x")
    descriptor = os.open(tmp_path / "file", os.O_RDONLY)
    try:
        for number in (descriptor, 10_000_000):
            assert address_of(number, {1}) is None
            assert received_by(number, {1}) is None
            cut(number, {1})
        assert os.read(descriptor, 1) == b"x"
    finally:
        os.close(descriptor)
