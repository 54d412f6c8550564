"""Clients of a server that encrypts: as a browser asks, and what it keeps."""

from __future__ import annotations

import json
import ssl
from contextlib import closing
from dataclasses import dataclass
from http.client import HTTPSConnection
from typing import TYPE_CHECKING, Any

from cryptography.hazmat.primitives.serialization import Encoding
from websockets.sync.client import connect

from tests.stream.feed.samples import DEADLINE_S

if TYPE_CHECKING:
    from cryptography import x509
    from websockets.sync.client import ClientConnection

    from tests.stream.web.serving import Served


@dataclass(frozen=True)
class Answer:
    """What was answered."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Browser:
    """Trusts an authority, and speaks to one server under a name, with the cookie that it was given."""

    def __init__(self, served: Served, authority: x509.Certificate, name: str = "127.0.0.1") -> None:
        self.served, self.name = served, name
        pem = authority.public_bytes(Encoding.PEM).decode()
        self.tls, self.socket_tls = ssl.create_default_context(cadata=pem), ssl.create_default_context(cadata=pem)
        # This client reads and writes in two threads, and the tickets of TLS 1.3, read during the first write, cost it that write
        # once in a thousand times: an object of OpenSSL is for one thread (newer versions of Python have a lock for it).
        self.socket_tls.maximum_version = ssl.TLSVersion.TLSv1_2
        self.cookie = ""

    @property
    def origin(self) -> str:
        return f"https://{self.name}:{self.served.port}"

    def ask(self, path: str, method: str = "GET", body: Any = None, **headers: str) -> Answer:
        """Ask as a page of the server does, with other headers where they are given; an empty one is left out."""
        given = {"origin": self.origin if method == "POST" else "", "cookie": self.cookie} | headers
        connection = HTTPSConnection(self.name, self.served.port, context=self.tls, timeout=DEADLINE_S)
        with closing(connection):
            content = None if body is None else json.dumps(body).encode()
            connection.request(method, path, content, {key: value for key, value in given.items() if value})
            answer = connection.getresponse()
            return Answer(answer.status, {key.lower(): value for key, value in answer.getheaders()}, answer.read())

    def pair(self, code: str) -> Answer:
        """Pair with a code, and keep the cookie."""
        answer = self.ask("/pair", "POST", {"code": code})
        if answer.status == 204:
            self.cookie = answer.headers["set-cookie"].partition(";")[0]
        return answer

    def socket(self, path: str = "/feed", **headers: str) -> ClientConnection:
        """A web socket as a page of the server opens it."""
        given = {"origin": self.origin, "cookie": self.cookie} | headers
        return connect(
            f"wss://{self.name}:{self.served.port}{path}",
            ssl=self.socket_tls,
            additional_headers={key: value for key, value in given.items() if value},
            open_timeout=DEADLINE_S,
        )
