"""Connections of strangers: how many there may be, and how long each may take to say what it wants.

Owns: accepting, TLS handshakes, who speaks none, and the time until a request is whole.  Does not own what is answered (server).

Measured with uvicorn 0.54 alone: a connection that sends half a request, a body byte by byte, or nothing at all stays for ever,
as does the rest of those that may be there, so that 128 of them shut everybody out; a TLS handshake has a minute.
"""

from __future__ import annotations

import asyncio
import socket
from abc import ABC, abstractmethod
from collections import Counter
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Final

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.protocol import State

from glyphfeed.stream.web.access.machine import plain
from glyphfeed.stream.web.access.pairing import network_of
from glyphfeed.stream.web.admission import is_loopback

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable

REQUEST_S: Final = 10.0
"""A request is there after so long, from its first byte to the last of its body, or its connection ends."""
HANDSHAKE_S: Final = 10.0
_CLOSING_S: Final = 2.0
CONNECTIONS: Final = 256
EACH: Final = 48
"""As many may come from one address: a browser has six for files and polls and one for each web socket of each of its pages."""
_BREATH_S: Final = 0.1
_LEAST_S: Final = 0.01
_HANDSHAKE: Final = b"\x16"
"""What TLS begins with: the content type of a handshake (RFC 8446, 5.1)."""
_PORTION_BYTES: Final = 8192


class _InPortions(asyncio.BufferedProtocol, ABC):
    """Takes little at a time, so that others have their turn: asyncio's 256 KiB may be forty thousand frames of a web socket, or
    parts of a body, and measured with those nobody else was served for a second and more.
    """

    _portion: memoryview | None = None

    @abstractmethod
    def data_received(self, data: bytes) -> None:
        """See `asyncio.Protocol`."""

    def get_buffer(self, sizehint: int) -> memoryview:  # noqa: ARG002 - however much there is
        """See asyncio."""
        if self._portion is None:
            # Of a bytearray a slice is a copy, and what asyncio with TLS reads into it would be lost.
            self._portion = memoryview(bytearray(_PORTION_BYTES))
        return self._portion

    def buffer_updated(self, nbytes: int) -> None:
        """See asyncio."""
        self.data_received(bytes(self.get_buffer(0)[:nbytes]))


class PatientSocket(WebSocketsSansIOProtocol, _InPortions):
    """uvicorn's web sockets, in portions; of one that takes nothing, no answers to pings pile up."""

    def handle_ping(self) -> None:
        """See uvicorn."""
        if self.writable.is_set():
            super().handle_ping()
        else:
            # Only the last ping of several is to be answered (RFC 6455, 5.5.3), and who sends another one hears of that.
            self.conn.data_to_send()

    def shutdown(self) -> None:
        """See uvicorn, which would fail here where the other end is just about to close."""
        if self.handshake_complete and not self.close_sent and self.conn.state is not State.OPEN:
            self.stop_keepalive()
            self.transport.close()
        else:
            super().shutdown()


class PatientProtocol(H11Protocol, _InPortions):
    """uvicorn's HTTP, in portions, with a limit on how long a request may be on its way."""

    _awaited: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio."""
        super().connection_made(transport)
        self._look()

    def data_received(self, data: bytes) -> None:
        """See asyncio."""
        super().data_received(data)
        self._look()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio."""
        super().connection_lost(exc)
        self._stop()

    def on_response_complete(self) -> None:
        """See uvicorn."""
        super().on_response_complete()
        self._look()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """See uvicorn."""
        super().handle_websocket_upgrade(event)
        self._stop()
        socket = self.transport.get_protocol()
        if isinstance(socket, PatientSocket) and not socket.handshake_initiated:
            # It is no request that opens a web socket, such as one with a body; nobody would answer it.
            self.transport.close()

    def _look(self) -> None:
        """Let the time run while the client is to say something, from when it began to be; waiting for us costs it nothing."""
        is_client_s_turn = self.conn.their_state in (h11.IDLE, h11.SEND_BODY) and self.transport.get_protocol() is self
        if not is_client_s_turn:
            self._stop()
        elif self._awaited is None:
            self._awaited = self.loop.call_later(REQUEST_S, self.transport.abort)

    def _stop(self) -> None:
        if self._awaited is not None:
            self._awaited.cancel()
            self._awaited = None


class Listener:
    """Accepts connections on a bound socket until it is closed; `tls` gives the context for one to an address.

    Who speaks no TLS where there is a context is served by `unencrypted`.
    More connections than `CONNECTIONS`, or than `EACH` from one address that is not this machine's, are closed at once.
    """

    def __init__(
        self,
        listening: socket.socket,
        protocol: Callable[[], asyncio.Protocol],
        tls: Callable[[str], ssl.SSLContext | None] = lambda _: None,
        unencrypted: Callable[[], asyncio.Protocol] | None = None,
    ) -> None:
        self._listening, self._protocol, self._tls, self._unencrypted = listening, protocol, tls, unencrypted
        self._there: Counter[str] = Counter()
        self._greetings: set[asyncio.Task[None]] = set()
        listening.setblocking(False)
        self._accepting = asyncio.create_task(self._accept())

    def close(self) -> None:
        """Accept no more; who is there may stay."""
        self._accepting.cancel()
        for greeting in self._greetings:
            greeting.cancel()

    async def wait_closed(self) -> None:
        """Wait until nothing is accepted any more."""
        await asyncio.wait([self._accepting, *self._greetings])

    async def _accept(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            try:
                accepted, address = await loop.sock_accept(self._listening)
            except OSError:
                # Out of file descriptors, or the other end has gone again.
                await asyncio.sleep(_BREATH_S)
                continue
            network = network_of(address[0])
            is_ours = is_loopback(plain(address[0]))
            if self._there.total() >= CONNECTIONS or (not is_ours and self._there[network] >= EACH):
                accepted.close()
                continue
            self._there[network] += 1
            connection = _Counted(accepted, partial(self._leave, network))
            greeting = asyncio.create_task(self._greet(connection))
            self._greetings.add(greeting)
            greeting.add_done_callback(partial(self._greeted, connection))

    async def _greet(self, connection: socket.socket) -> None:
        context, protocol, limits = self._tls(connection.getsockname()[0]), self._protocol, {}
        loop = asyncio.get_running_loop()
        # What is no TLS, or stays away, is no news.
        with suppress(OSError):
            if context is not None:
                deadline_s = loop.time() + HANDSHAKE_S
                async with asyncio.timeout_at(deadline_s):
                    first = await _first_byte(connection)
                if self._unencrypted is not None and first not in (b"", _HANDSHAKE):
                    context, protocol = None, self._unencrypted
                else:
                    # One limit for both.
                    left_s = max(deadline_s - loop.time(), _LEAST_S)
                    limits = {"ssl_handshake_timeout": left_s, "ssl_shutdown_timeout": _CLOSING_S}
            await loop.connect_accepted_socket(protocol, connection, ssl=context, **limits)
            return
        connection.close()

    def _greeted(self, connection: socket.socket, greeting: asyncio.Task[None]) -> None:
        self._greetings.discard(greeting)
        if greeting.cancelled():
            # Perhaps before it had begun.
            connection.close()

    def _leave(self, network: str) -> None:
        self._there[network] -= 1
        if not self._there[network]:
            del self._there[network]


async def _first_byte(connection: socket.socket) -> bytes:
    """What comes first, which stays to be read; nothing where the other end is closed."""
    loop, readable = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(connection, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(connection)
    return connection.recv(1, socket.MSG_PEEK)


class _Counted(socket.socket):
    """A socket that tells when it is closed, whoever does it: what speaks over it changes with TLS and web sockets."""

    def __init__(self, accepted: socket.socket, closed: Callable[[], None]) -> None:
        super().__init__(accepted.family, accepted.type, accepted.proto, accepted.detach())
        self._told = closed

    def close(self) -> None:
        """See `socket.socket`."""
        told, self._told = self._told, lambda: None
        super().close()
        told()
