"""Who may come in: checks on the address to listen at, and on what a browser says of itself.

Owns: which addresses need to be asked for aloud, the names that the server goes by, and the headers of every answer.  Opens
nothing but the listening socket.

A page of another site can make the browser of whoever sits here connect to this machine, under a name that its owner lets point
here (DNS rebinding).  So a request is only answered under an address of this server, and a web socket only to its own pages.
"""

from __future__ import annotations

import errno
import ipaddress
import os
import re
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from glyphfeed.stream.errors import FeedError

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

DEFAULT_LISTEN: Final = "127.0.0.1:5580"
_LISTEN = re.compile(r"(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):(?P<port>\*|\d{1,5})", re.ASCII)
_BACKLOG: Final = 64
# What lies in the kernel is old by the time a slow page takes it, so little may lie there; left to itself Linux takes megabytes.
_SEND_BUFFER_BYTES: Final = 128 * 1024
# A page that takes nothing for so long is gone, or asleep; it comes back by itself.
_STUCK_MS: Final = 30_000
HEADERS: Final = {
    "content-security-policy": (
        "default-src 'self'; img-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
    ),
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    # Asked for anew each time, as another version may have been installed; what is the same is not sent again.
    "cache-control": "no-cache",
}


@dataclass(frozen=True, slots=True)
class Listen:
    """An address to listen at; port 0 is any free one."""

    host: str
    port: int

    @classmethod
    def parse(cls, words: str, *, insecure: bool = False) -> Listen:
        """Read `HOST:PORT`; port `*` means any free one.  One that others can reach is only taken if it is `insecure` aloud.

        Raises:
            FeedError: it is no address, or others could reach it.

        """
        match = _LISTEN.fullmatch(words)
        port = 0 if match is None or match["port"] == "*" else int(match["port"])
        if match is None or port > 65535 or (port == 0 and match["port"] != "*"):
            raise FeedError(f"{words!r} is not an address to listen at: write {DEFAULT_LISTEN}, or * for a free port.")
        host = match["host"].strip("[]").lower()
        if not insecure and not is_loopback(host):
            raise FeedError(
                f"The pages may not be served at {words}: other machines could see what is read, as keys and encryption for them "
                f"are not there yet; choose an address of this machine such as {DEFAULT_LISTEN}, or say --insecure if all may."
            )
        return cls(host, port)

    def bind(self) -> socket.socket:
        """Open the socket.

        Raises:
            FeedError: that cannot be done.

        """
        try:
            family, _, _, _, address = socket.getaddrinfo(
                self.host, self.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE | socket.AI_NUMERICSERV
            )[0]
            listening = socket.create_server(address[:2], family=family, backlog=_BACKLOG)
        except OSError as error:
            if isinstance(error, socket.gaierror):
                reason = "there is no such address"
            elif error.errno == errno.EADDRINUSE:
                reason = "another program already uses this address"
            else:
                # Python's own words hold the address once more.
                reason = os.strerror(error.errno or 0)
            raise FeedError(
                f"The pages cannot be served at {authority(self.host, self.port)}: {reason}; choose another one with --listen."
            ) from error
        # The connections inherit all of it.  A message goes out at once, and does not wait until the page has acknowledged the last
        # one, which takes it up to 40 ms; asyncio sees to that itself only where a socket was made with its protocol's number.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _SEND_BUFFER_BYTES)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, _STUCK_MS)
        return listening


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def is_any(host: str) -> bool:
    """Whether an address stands for every address of this machine."""
    try:
        return ipaddress.ip_address(host).is_unspecified
    except ValueError:
        return False


def authority(host: str, port: int) -> str:
    """Write an address as a browser does in `Host`, which leaves the usual port out."""
    name = f"[{host}]" if ":" in host else host
    return name if port == 80 else f"{name}:{port}"


def is_ours(name: str | None, host: str, reached: tuple[str, int]) -> bool:
    """Whether a `Host` header names this server, which listens at `host` and was reached at this address of its own.

    The names are that of `--listen`, the address that was reached, and `localhost` where that is of this machine alone.
    """
    address, port = reached
    names = {address} | ({"localhost"} if is_loopback(address) else set()) | (set() if is_any(host) else {host})
    return name is not None and name.lower() in {authority(own, port) for own in names}


class Admission:
    """Lets in who asks under a name of this server; to the web socket its own pages alone, and programs, which have no origin."""

    def __init__(self, app: ASGIApp, host: str) -> None:
        self._app, self._host = app, host

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        host = headers.get("host")
        is_known = is_ours(host, self._host, scope["server"])
        if scope["type"] == "websocket":
            if is_known and headers.get("origin") in (None, f"http://{host}"):
                await self._app(scope, receive, send)
            else:
                # Before it was accepted: the answer is 403.
                await send({"type": "websocket.close"})
        elif is_known:
            await self._app(scope, receive, _with_headers(send))
        else:
            sentence = "This is not an address of this server; open the one that it printed at its start."
            await _refuse(_with_headers(send), 400, sentence)


def _with_headers(send: Send) -> Send:
    async def send_with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            own = [(name.encode(), value.encode()) for name, value in HEADERS.items()]
            message = {**message, "headers": [*message.get("headers", ()), *own]}
        await send(message)

    return send_with_headers


async def _refuse(send: Send, status: int, sentence: str) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(sentence)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": sentence.encode()})
