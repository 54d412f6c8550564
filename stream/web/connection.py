"""A socket of the feed beside asyncio, whose loop never waits for it.

Owns: waiting for a connection.  Does not own how it is set up and kept (feed.connection), nor what goes over it (relay, asking).
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

import zmq

from glyphfeed.stream.feed.receiving.connection import Connection

if TYPE_CHECKING:
    from collections.abc import Sequence, Set

    from glyphfeed.stream.feed.keys import ClientKeys


class AsyncConnection:
    """A connection of `kind` (`zmq.SUB`, `zmq.DEALER`) that finds its publisher again; see `Connection`.  Used by one event loop.

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
        self._connection = Connection(context, kind, endpoint, keys, topics)
        self._further: Set[str] = frozenset()
        self._news = asyncio.Event()

    @property
    def connected(self) -> bool:
        """Whether the publisher is there, as far as is known."""
        return self._connection.connected

    @property
    def refused(self) -> bool:
        """Whether the publisher has refused the key."""
        return self._connection.refused

    @property
    def misfit(self) -> bool:
        """Whether what is there does not understand this end."""
        return self._connection.misfit

    def send(self, message: bytes) -> None:
        """Send a message, or drop it where too many wait already."""
        with suppress(zmq.Again):
            self._connection.socket.send(message, zmq.NOBLOCK)
        self._news.set()

    def subscribe(self, topics: Set[str]) -> None:
        """Receive these topics, and no others but those of the beginning."""
        if topics == self._further:
            return
        for topic in topics - self._further:
            self._connection.socket.subscribe(topic)
        for topic in self._further - topics:
            self._connection.socket.unsubscribe(topic)
        self._further = topics
        self._news.set()

    async def receive(self) -> bytes | None:
        """Wait for the next message; None where only the connection is another."""
        changed = self._connection.look()
        if self._connection.given_up_in_s == 0:
            self.renew()
        try:
            return self._connection.socket.recv(zmq.NOBLOCK)
        except zmq.Again:
            if not changed:
                await self._wait()
            return None

    async def _wait(self) -> None:
        """Wait until something comes or is due.

        The descriptor of a socket tells once of what came, and not if sending or subscribing has taken note of it before.
        """
        loop = asyncio.get_running_loop()
        descriptors = [int(each.getsockopt(zmq.FD)) for each in self._connection.sockets]
        for descriptor in descriptors:
            loop.add_reader(descriptor, self._news.set)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._connection.given_up_in_s):
                    await self._news.wait()
        finally:
            for descriptor in descriptors:
                loop.remove_reader(descriptor)
            self._news.clear()

    def renew(self) -> None:
        """Go on with a new connection; what the old one brings yet is not taken."""
        self._connection.renew()
        for topic in self._further:
            self._connection.socket.subscribe(topic)
        self._news.set()

    def close(self) -> None:
        """Close the connection; twice is fine."""
        self._connection.close()
