"""One socket of a client of the feed, that finds the publisher and finds it again.

Owns: a ZeroMQ socket, how it is set up, and what its monitor tells; it is made anew where libzmq has given up.  Does not own what
is sent over it (client).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

import zmq
from zmq.utils.monitor import recv_monitor_message

from glyphfeed.stream.errors import FeedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glyphfeed.stream.feed.keys import ClientKeys

ASK_S: Final = 2
"""A peer that is silent is asked so often whether it lives: a cable that was pulled tells nobody."""
ASKED: Final = 2
"""After so many questions without an answer it is taken for dead."""
HANDSHAKE_MS: Final = 6_000
"""A peer that takes a connection and then says nothing, as one that was stopped does, is tried anew after so long."""
GIVEN_UP_S: Final = 1.0
"""A connection that libzmq has not tried again for so long after it ended it never will, as after a key that was refused."""

_TRIES: Final = {zmq.EVENT_CONNECT_DELAYED, zmq.EVENT_CONNECT_RETRIED, zmq.EVENT_CONNECTED}


class Connection:
    """A socket of `kind` (`zmq.SUB`, `zmq.DEALER`) connected to an endpoint, with `keys` where there are some.

    `look` says what has become of the connection; `connected`, `refused` and `misfit` are of then.  Used by one thread.

    Raises:
        FeedError: libzmq cannot connect to such an address.

    """

    def __init__(
        self,
        context: zmq.Context[zmq.Socket[bytes]],
        kind: int,
        endpoint: str,
        keys: ClientKeys | None,
        topics: Sequence[str] = (),
    ) -> None:
        self._context, self._kind, self._endpoint, self._keys, self._topics = context, kind, endpoint, keys, topics
        self.connected = False
        self.refused = False
        """Whether the key was refused when last tried."""
        self.misfit = False
        """Whether what took the connection when last tried did not understand this end: it is no feed, or one with other keys."""
        self.changed_s = time.monotonic()
        """Since when there is a connection, or none."""
        self._ended_s: float | None = None
        self.socket, self._monitor = self._open()

    def _open(self) -> tuple[zmq.Socket[bytes], zmq.Socket[bytes]]:
        socket = self._context.socket(self._kind)
        socket.setsockopt(zmq.LINGER, 0)
        socket.setsockopt(zmq.IPV6, 1)
        # By TCP, and not by ZMQ_HEARTBEAT_IVL: libzmq 4.3.5 ends the whole program with a failed assertion where a heartbeat is
        # due on a connection that broke after so much had come that it stopped reading.
        socket.setsockopt(zmq.TCP_KEEPALIVE, 1)
        socket.setsockopt(zmq.TCP_KEEPALIVE_IDLE, ASK_S)
        socket.setsockopt(zmq.TCP_KEEPALIVE_INTVL, ASK_S)
        socket.setsockopt(zmq.TCP_KEEPALIVE_CNT, ASKED)
        socket.setsockopt(zmq.HANDSHAKE_IVL, HANDSHAKE_MS)
        if self._keys is not None:
            self._keys.apply(socket)
        monitor = socket.get_monitor_socket()
        monitor.setsockopt(zmq.LINGER, 0)
        try:
            socket.connect(self._endpoint)
        except zmq.ZMQError as error:
            _close(socket, monitor)
            raise FeedError(f"Cannot connect to the feed at {self._endpoint}: {zmq.strerror(error.errno or 0)}.") from error
        for topic in self._topics:
            socket.subscribe(topic.encode())
        return socket, monitor

    @property
    def sockets(self) -> tuple[zmq.Socket[bytes], zmq.Socket[bytes]]:
        """What to wait for: the socket itself, and what tells of its connection."""
        return self.socket, self._monitor

    def look(self) -> bool:
        """Take in what has become of the connection; whether it is there anew since the last look."""
        anew = False
        while self._monitor.poll(0):
            happened = recv_monitor_message(self._monitor)["event"]
            if happened == zmq.EVENT_HANDSHAKE_SUCCEEDED:
                anew, self.refused, self.misfit = True, False, False
                self._change(connected=True)
            elif happened == zmq.EVENT_HANDSHAKE_FAILED_AUTH:
                self.refused = True
            elif happened == zmq.EVENT_DISCONNECTED:
                self.misfit = not (self.connected or self.refused)
                anew, self._ended_s = False, time.monotonic()
                self._change(connected=False)
            elif happened == zmq.EVENT_CLOSED:
                # Nobody took the connection.
                self.refused, self.misfit = False, False
            elif happened in _TRIES:
                self._ended_s = None
        return anew

    @property
    def given_up_in_s(self) -> float | None:
        """In how many seconds the connection has to be made anew if nothing happens; None where libzmq cares for it."""
        return None if self._ended_s is None else max(0.0, self._ended_s + GIVEN_UP_S - time.monotonic())

    def renew(self) -> None:
        """Go on with a new socket; what the old one had received and was not taken is lost."""
        self.close()
        self._change(connected=False)
        self._ended_s = None
        self.socket, self._monitor = self._open()

    def _change(self, *, connected: bool) -> None:
        if connected != self.connected:
            self.connected, self.changed_s = connected, time.monotonic()

    def close(self) -> None:
        """Close the socket; twice is fine."""
        _close(self.socket, self._monitor)


def _close(socket: zmq.Socket[bytes], monitor: zmq.Socket[bytes]) -> None:
    if not socket.closed:
        socket.disable_monitor()
    monitor.close()
    socket.close()
