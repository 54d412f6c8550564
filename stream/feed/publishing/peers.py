"""One client's connection to a feed, a peer: what it may send, and how it is seen and cut by its file descriptor.

Owns: these limits.  Does not own keys (keys), nor who is looked after, and when (admission).

libzmq can neither bound what a client sends nor end a single connection.  But it tells their descriptors, and one that is shut
down looks to libzmq as if its client had left.
"""

from __future__ import annotations

import os
import socket
import struct
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING, Final, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

HERE: Final = "this machine"
"""The address of a client at a path (`ipc://`)."""
MOST_PREFIXES: Final = 1000
"""Subscriptions of one connection."""
LONGEST_PREFIX: Final = 128
"""Bytes of a subscription: no topic is longer."""
MOST_MESSAGES: Final = 2000
"""What a connection may send at once; to catch up with 64 sources takes 1280 requests."""
# So many more each second, and the same for bytes.
_MESSAGES_PER_S: Final = 100
_MOST_BYTES, _BYTES_PER_S = 524_288, 32_768
_SUBSCRIBED, _UNSUBSCRIBED = b"\x01", b"\x00"
# Where Linux has the bytes that came in so far, in its `struct tcp_info`.
_INFO_LENGTH, _RECEIVED_AT = 192, 128


@dataclass(slots=True)
class Peer:
    """What is known of a connection: the address of its client, since when it is there (seconds, monotonic), what it has sent.

    `inode` tells it from others that have the same descriptor one after the other.  `key` is the key that the client has shown to
    have, a Z85 text; "" where none was asked for, or nothing was sent yet.
    """

    address: str
    since: float
    inode: int | None = None
    key: str = ""
    messages: int = 0
    prefixes: int = 0
    is_cut: bool = False

    def take(self, message: bytes) -> None:
        """Count a message; of a subscription or its end these are its first byte, 1 or 0, and the prefix."""
        self.messages += 1
        self.prefixes += {_SUBSCRIBED: 1, _UNSUBSCRIBED: -1}.get(message[:1], 0)

    def asks_too_much(self, now: float) -> bool:
        """Whether it has more subscriptions, or has sent more messages, than anybody needs."""
        return self.prefixes > MOST_PREFIXES or self.messages > MOST_MESSAGES + _MESSAGES_PER_S * (now - self.since)

    def sends_too_much(self, received: int, now: float) -> bool:
        """Whether it has sent more bytes than anybody needs."""
        return received > _MOST_BYTES + _BYTES_PER_S * (now - self.since)


def is_junk(message: bytes) -> bool:
    """Whether this is a subscription that no topic can match."""
    return message[:1] == _SUBSCRIBED and len(message) > 1 + LONGEST_PREFIX


def is_far(address: str) -> bool:
    """Whether an address is that of another machine."""
    try:
        return not ip_address(address).is_loopback
    except ValueError:
        return False


def inode_of(descriptor: int) -> int | None:
    """The number of the connection that a descriptor leads to; None where it leads to none."""
    try:
        return os.fstat(descriptor).st_ino
    except OSError:
        return None


def address_of(descriptor: int, names: set[int | str]) -> str | None:
    """The address of the client that a descriptor leads to; None where it is gone.

    `names` are the ports or paths of the feed: a descriptor that was closed may have been given to something else since.
    """
    return _look(descriptor, names, lambda connection: HERE if _is_path(connection) else str(connection.getpeername()[0]))


def received_by(descriptor: int, names: set[int | str]) -> int | None:
    """How many bytes have come in through a descriptor, 0 where the system does not tell; None where it is gone."""
    return _look(descriptor, names, _received)


def cut(descriptor: int, names: set[int | str]) -> None:
    """End the connection that a descriptor leads to; libzmq closes it then."""
    _look(descriptor, names, lambda connection: connection.shutdown(socket.SHUT_RDWR))


def _look(descriptor: int, names: set[int | str], what: Callable[[socket.socket], T]) -> T | None:
    try:
        connection = socket.socket(fileno=descriptor)
        try:
            return what(connection) if _name(connection) in names else None
        finally:
            # It is libzmq's, which closes it.
            connection.detach()
    except OSError:
        return None


def _name(connection: socket.socket) -> int | str:
    """The port or path that a connection was made to."""
    return str(connection.getsockname()) if _is_path(connection) else int(connection.getsockname()[1])


def _is_path(connection: socket.socket) -> bool:
    return connection.family == socket.AF_UNIX


def _received(connection: socket.socket) -> int:
    if _is_path(connection) or not hasattr(socket, "TCP_INFO"):
        return 0
    info = connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, _INFO_LENGTH)
    return int(struct.unpack_from("=Q", info, _RECEIVED_AT)[0]) if len(info) == _INFO_LENGTH else 0
