"""Pictures that a web server sends as such: motion JPEG, however it is parted, and stills.

Owns: asking, and telling where in what comes a JPEG begins and ends.  Does not own asking again, nor the words for failures
(network).
"""

from __future__ import annotations

import re
import ssl
from http.client import HTTPConnection, HTTPSConnection
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit, urlunsplit
from urllib.request import (
    HTTPBasicAuthHandler,
    HTTPDigestAuthHandler,
    HTTPHandler,
    HTTPPasswordMgrWithDefaultRealm,
    HTTPSHandler,
    Request,
    build_opener,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from http.client import HTTPResponse
    from socket import socket
    from types import TracebackType
    from typing import Self

CHUNK = 65_536
MOST_BYTES = 64_000_000
"""No picture is longer than this."""
BEGINNING = b"\xff\xd8\xff"
_MARKER = re.compile(rb"\xff+[\x01-\xcf\xd8-\xfe]")
"""What ends a run of compressed pixels, in which FF is followed by 0 or by one of the restart markers."""
_END, _SCAN = 0xD9, 0xDA


class Answer:
    """A web server's answer that holds pictures; use as a context.

    `is_still` is whether it is one picture, or any number of them without an end.
    """

    def __init__(self, response: HTTPResponse, connection: socket, begun: bytes, *, is_still: bool) -> None:
        self.is_still = is_still
        self._response = response
        self._connection = connection
        self._begun = begun

    def wait_at_most(self, timeout_s: float) -> None:
        """Set how long one wait for more may last."""
        self._connection.settimeout(timeout_s)

    def pieces(self) -> Iterator[bytes]:
        """What comes, as it comes; each wait for it is bounded by the time-out.

        Raises:
            OSError: the connection broke, or nothing came in time (`TimeoutError`).
            HTTPException: it broke off.

        """
        piece = self._begun or self._response.read1(CHUNK)
        while piece:
            yield piece
            piece = self._response.read1(CHUNK)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._response.close()


def ask(address: str, timeout_s: float) -> Answer | None:
    """Ask a web server for what lies at an address; None where that is no picture but, perhaps, a video.

    Raises:
        HTTPError: it refuses.
        OSError: it cannot be reached, or does not answer in time (`TimeoutError`, which may be its reason only).
        HTTPException: what it speaks is not HTTP.
        ValueError: it asks for a kind of password that is not known.

    """
    parts = urlsplit(address)
    bare = urlunsplit(parts._replace(netloc=parts.netloc.rpartition("@")[2]))
    passwords = HTTPPasswordMgrWithDefaultRealm()
    if parts.username is not None:
        passwords.add_password(None, bare, unquote(parts.username), unquote(parts.password or ""))
    digest = HTTPDigestAuthHandler(passwords)
    # It would try a wrong password six times, and cameras lock accounts.
    digest.retried = 5  # type: ignore[attr-defined]
    connections: list[socket] = []
    opener = build_opener(HTTPBasicAuthHandler(passwords), digest, _Plain(connections), _Secure(connections))
    response = opener.open(Request(bare, headers={"User-Agent": "glyphfeed"}), timeout=timeout_s)
    kind, begun = response.headers.get_content_type(), b""
    is_stream = kind.startswith("multipart/") or kind in ("video/x-motion-jpeg", "video/x-mjpeg", "video/mjpeg")
    is_still = kind.startswith("image/")
    if kind in ("application/octet-stream", "text/plain"):
        begun = response.read1(CHUNK)
        is_still = begun.startswith(BEGINNING)
    if is_stream or is_still:
        return Answer(response, connections[-1], begun, is_still=is_still)
    response.close()
    return None


class _Plain(HTTPHandler):
    """Keeps the sockets that it opens, whose time-outs the library sets once and for all."""

    def __init__(self, connections: list[socket]) -> None:
        super().__init__()
        self._connections = connections

    def http_open(self, request: Request) -> HTTPResponse:
        """See `HTTPHandler.http_open`."""
        connections = self._connections

        class Connection(HTTPConnection):
            def connect(self) -> None:
                super().connect()
                connections.append(self.sock)

        return self.do_open(Connection, request)


class _Secure(HTTPSHandler):
    """The same for https."""

    def __init__(self, connections: list[socket]) -> None:
        super().__init__()
        self._connections = connections

    def https_open(self, request: Request) -> HTTPResponse:
        """See `HTTPSHandler.https_open`."""
        connections = self._connections

        class Connection(HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                connections.append(self.sock)

        # Cameras sign their certificates themselves; FFmpeg does not ask for others either.
        return self.do_open(Connection, request, context=ssl._create_unverified_context())


class Splitter:
    """Finds the JPEGs in a stream of bytes by their own structure.

    What stands between them differs from camera to camera: boundaries that are missing, or other than was announced, lengths
    that are wrong.  Where a JPEG ends it says itself.
    """

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._at = 0
        """How far it is known to be a JPEG that goes on; 0 while none has begun."""
        self._in_scan = False

    def take(self, piece: bytes) -> list[bytes]:
        """Take in what has come, and give the pictures that are complete with it."""
        self._bytes += piece
        pictures: list[bytes] = []
        while (end := self._find_end()) is not None:
            pictures.append(bytes(self._bytes[:end]))
            self._drop(end)
        if len(self._bytes) > MOST_BYTES:
            self._drop(len(self._bytes))
        return pictures

    def _drop(self, length: int) -> None:
        del self._bytes[:length]
        self._at, self._in_scan = 0, False

    def _find_end(self) -> int | None:
        """Where the picture at the front ends, None while that has not come."""
        while True:
            if not self._at:
                begin = self._bytes.find(BEGINNING)
                # The beginning may be cut in two.
                self._drop(max(len(self._bytes) - 2, 0) if begin < 0 else begin)
                if begin < 0:
                    return None
                self._at = 2
            if self._in_scan:
                found = _MARKER.search(self._bytes, self._at)
                if found is None:
                    # A marker may be cut in two.
                    self._at = max(self._at, len(self._bytes) - 1)
                    return None
                self._at, self._in_scan = found.end() - 2, False
            if len(self._bytes) < self._at + 4 and not self._ends_at(self._at):
                return None
            marker = self._bytes[self._at + 1]
            if marker == _END:
                return self._at + 2
            if self._bytes[self._at] != 0xFF or marker == 0xD8:
                # No JPEG after all, or one that was broken off by the next.
                self._drop(self._at if marker == 0xD8 else 2)
                continue
            self._at += 2 + int.from_bytes(self._bytes[self._at + 2 : self._at + 4], "big")
            self._in_scan = marker == _SCAN

    def _ends_at(self, at: int) -> bool:
        return bytes(self._bytes[at : at + 2]) == bytes((0xFF, _END))
