"""Who may come in: checks on the address to listen at, and on what a browser says of itself.

Owns: the names that the server goes by, and the headers of every answer.  Opens nothing but the listening socket.  Does not own
which devices were paired (access).

A page of another site can make the browser of whoever sits here connect to this machine, under a name that its owner lets point
here (DNS rebinding).  So a request is only answered under an address of this server, and what changes or opens something only to
its own pages.
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
    from collections.abc import Collection, Mapping

    from starlette.types import ASGIApp, Message, Receive, Scope, Send

DEFAULT_LISTEN: Final = "127.0.0.1:5580"
_LISTEN = re.compile(r"(?:(?P<host>\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9.-]+):)?(?P<port>\*|\d{1,5})", re.ASCII)
_BACKLOG: Final = 64
# What lies in the kernel is old by the time a slow page takes it, so little may lie there; left to itself Linux takes megabytes.
_SEND_BUFFER_BYTES: Final = 128 * 1024
# A page that takes nothing for so long is gone, or asleep; it comes back by itself.
_STUCK_MS: Final = 30_000
_USUAL_PORTS: Final = {"http": 80, "https": 443}
_READING: Final = ("GET", "HEAD")
HEADERS: Final = {
    # Pictures, and what a page does beside its thread, may be made on the page itself.
    "content-security-policy": (
        "default-src 'self'; img-src 'self' blob:; media-src 'self' blob:; worker-src 'self' blob:; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; object-src 'none'"
    ),
    "permissions-policy": "camera=(self), microphone=(), geolocation=()",
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
    def parse(cls, words: str, example: str = DEFAULT_LISTEN) -> Listen:
        """Read `HOST:PORT`, or a port alone, which is one of this machine only; port `*` or 0 means any free one.

        Raises:
            FeedError: it is no address.

        """
        match = _LISTEN.fullmatch(words)
        port = 0 if match is None or match["port"] == "*" else int(match["port"])
        if match is None or port > 65535:
            raise FeedError(f"{words!r} is not an address to listen at: write HOST:PORT such as {example}, or * for a free port.")
        return cls((match["host"] or "127.0.0.1").strip("[]").lower(), port)

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
        except (OSError, UnicodeError) as error:
            # The second is what Python makes of a name with a part of no letters, or of too many.
            if isinstance(error, socket.gaierror | UnicodeError):
                reason = "there is no such address"
            elif error.errno == errno.EADDRINUSE:
                reason = "another program already uses this address"
            else:
                # Python's own words hold the address once more.
                reason = os.strerror(error.errno or 0)
            raise FeedError(
                f"The pages cannot be served at {authority(self.host, self.port)}: {reason}; choose another address."
            ) from error
        # The connections inherit all of it.  A message goes out at once, and does not wait until the page has acknowledged the
        # last one, which takes it up to 40 ms; asyncio sees to that only where a socket was made with its protocol's number.
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


def authority(host: str, port: int, scheme: str = "http") -> str:
    """Write an address as a browser does in `Host`, which leaves the usual port out."""
    name = f"[{host}]" if ":" in host else host
    return name if port == _USUAL_PORTS[scheme] else f"{name}:{port}"


def is_ours(name: str | None, names: Collection[str], reached: tuple[str, int], scheme: str = "http") -> bool:
    """Whether a `Host` header names this server, which has these names and was reached at this address of its own.

    Its names are these, of which one such as `*.example.org` stands for any word in place of `*`, the address that was reached,
    and `localhost` where that is of this machine alone.
    """
    address, port = reached
    allowed = {address.partition("%")[0], *names} | ({"localhost"} if is_loopback(address) else set())
    hosts = {authority(own, port, scheme) for own in allowed}
    return name is not None and not hosts.isdisjoint({name.lower(), f"*.{name.lower().partition('.')[2]}"})


class Admission:
    """Lets in who asks under a name of this server.

    Web sockets, and requests that do more than read, are for its own pages alone, and for programs, which have no origin.
    """

    def __init__(self, app: ASGIApp, names: Collection[str], headers: Mapping[str, str] = HEADERS) -> None:
        self._app, self._names = app, names
        self._headers = [(name.encode(), value.encode()) for name, value in headers.items()]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See ASGI."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        is_socket = scope["type"] == "websocket"
        scheme = scope["scheme"].replace("ws", "http")
        # Several of a kind are no browser's: h11 refuses them in `Host`, and joined they match nothing.
        host = _header(scope, b"host")
        origin = _header(scope, b"origin")
        is_known = is_ours(host, self._names, scope["server"], scheme)
        is_own = origin in (None, f"{scheme}://{host}")
        if is_socket:
            if is_known and is_own:
                await self._app(scope, receive, send)
            else:
                # Before it was accepted: the answer is 403.
                await send({"type": "websocket.close"})
        elif not is_known:
            await self._refuse(send, 400, "This is not an address of this server; open the one that it printed at its start.")
        elif not is_own and scope["method"] not in _READING:
            await self._refuse(send, 403, "This is for this server's own pages.")
        else:
            await self._app(scope, receive, self._with_headers(send))

    def _with_headers(self, send: Send) -> Send:
        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                own = {name for name, _ in message.get("headers", ())}
                further = [(name, value) for name, value in self._headers if name not in own]
                message = {**message, "headers": [*message.get("headers", ()), *further]}
            await send(message)

        return send_with_headers

    async def _refuse(self, send: Send, status: int, sentence: str) -> None:
        await refuse(self._with_headers(send), status, sentence)


async def refuse(send: Send, status: int, sentence: str) -> None:
    """Answer a request with a sentence and nothing else."""
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"content-length", str(len(sentence)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": sentence.encode()})


def to_encrypted(names: Collection[str]) -> ASGIApp:
    """Send who asks over plain HTTP at the port of an encrypted server to the same place over TLS."""

    async def redirect(scope: Scope, _: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await send({"type": "websocket.close"})
            return
        port = scope["server"][1]
        # One of ours, or it would not have come here.
        name = (_header(scope, b"host") or "").removesuffix(f":{port}").strip("[]")
        path = scope["raw_path"] + (b"?" + scope["query_string"] if scope["query_string"] else b"")
        # What names no place on this server, such as `@example.org`, would be taken for a part of the host.
        path = path if path.startswith(b"/") else b"/"
        location = b"https://" + authority(name, port, "https").encode("latin-1") + path
        headers = [(b"location", location), (b"content-length", b"0"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 308, "headers": headers})
        await send({"type": "http.response.body"})

    return Admission(redirect, names)


def _header(scope: Scope, name: bytes) -> str | None:
    found = [value.decode("latin-1") for each, value in scope["headers"] if each == name]
    return ", ".join(found) if found else None
