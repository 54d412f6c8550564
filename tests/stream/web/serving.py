"""Real parts for the tests of the web socket: Node, the server, and what a browser would send."""

from __future__ import annotations

import asyncio
import json
import os
import random
import socket
import subprocess
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from websockets.sync.client import connect

from glyphfeed.stream.feed import wire
from glyphfeed.stream.web.access.opening import open_access
from glyphfeed.stream.web.admission import Listen
from glyphfeed.stream.web.relay import Relay
from glyphfeed.stream.web.server import WebServer
from tests.stream.feed.samples import DEADLINE_S

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from websockets.sync.client import ClientConnection

    from glyphfeed.stream.door.framing import DoorKey
    from glyphfeed.stream.records import Record

EPOCH = "a1b2"


def message(record: Record, seq: int = 1, **further: object) -> bytes:
    """A message of the feed, of `EPOCH`, with further fields such as a later version might have."""
    kind = wire.KINDS[type(record)]
    return wire.message(f"{kind.name}/{record.source}", _header(record.source, seq), kind.write(record) | further)


def picture(frame: int, jpeg: bytes) -> bytes:
    """The message that brings a picture of cam1."""
    body = {"frame": frame, "pts": frame / 30, "captured_at": 1_700_000_000.0, "size": [1280, 720]}
    return wire.message("picture/cam1", _header("cam1", frame + 1), body) + b"\n" + jpeg


def _header(source: str, seq: int) -> wire.Body:
    return {"v": 1, "source": source, "epoch": EPOCH, "seq": seq, "published_at": 1_700_000_000.0}


@dataclass(frozen=True)
class Node:
    """Node, and the folder that its programs are run in."""

    program: str
    folder: Path

    @property
    def command(self) -> list[str]:
        """How to start it: with a web socket of its own where it has one that must be asked for."""
        flag = "--experimental-websocket"
        knows = flag in subprocess.run([self.program, "--help"], capture_output=True, text=True, check=True).stdout
        return [self.program, flag] if knows else [self.program]

    def test(self, file: str, **variables: str) -> str:
        """Run a file of tests to its end; what it said."""
        command = [*self.command, "--test", "--test-reporter=tap", file]
        done = subprocess.run(
            command,
            cwd=self.folder,
            env=os.environ | variables,
            capture_output=True,
            text=True,
            timeout=6 * DEADLINE_S,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout


class Served:
    """The web socket of a feed in a thread of its own; `options` are those of `open_access`."""

    def __init__(
        self, endpoint: str, port: int = 0, *, host: str = "127.0.0.1", door: DoorKey | None = None, **options: Any
    ) -> None:
        self._listening = Listen(host, port).bind()
        self.port: int = self._listening.getsockname()[1]
        self.access = open_access(host, self.port, **options)
        helping = self.access.authority and Listen(host, 0).bind()
        self.help_port: int = helping.getsockname()[1] if helping else 0
        self._sockets = [self._listening, *([helping] if helping else [])]
        self._server = WebServer(Relay(endpoint), self.access, self._listening, helping, door)
        self._thread = threading.Thread(target=lambda: asyncio.run(self._server.run()))

    @property
    def url(self) -> str:
        """Where its web socket is."""
        return f"ws://127.0.0.1:{self.port}/feed"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def stop(self) -> None:
        """Have it end."""
        self._server.stop()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._server.stop()
        self._thread.join(DEADLINE_S)
        for each in self._sockets:
            each.close()
        assert not self._thread.is_alive(), "the server did not end"

    @contextmanager
    def page(self, *topics: str) -> Iterator[Page]:
        """A page that has connected and subscribed."""
        with connect(self.url, open_timeout=DEADLINE_S) as connection:
            page = Page(connection)
            page.order({"op": "subscribe", "topics": topics})
            yield page

    def exchange(self, request: bytes) -> bytes:
        """Send bytes of any kind, and what is answered until the server closes the connection or a while has passed."""
        with socket.create_connection(("127.0.0.1", self.port), DEADLINE_S) as raw:
            raw.sendall(request)
            answer = bytearray()
            with suppress(OSError):
                while data := raw.recv(65536):
                    answer += data
        return bytes(answer)


class Page:
    """The other end of the web socket, at which each message is looked at as it came."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self._number = 0

    def order(self, order: Mapping[str, Any]) -> None:
        self.connection.send(json.dumps(order))

    def receive(self) -> str | bytes:
        return self.connection.recv(DEADLINE_S)

    def told(self) -> tuple[str, dict[str, Any]]:
        """The next message of the feed: its topic and its body."""
        message = self.receive()
        assert isinstance(message, str)
        topic, _, body = message.partition(" ")
        return topic, json.loads(body)

    def ask(self, request: Mapping[str, Any]) -> dict[str, Any]:
        """Ask, and pass over what comes before the answer."""
        self._number += 1
        self.order({**request, "id": self._number})
        while True:
            message = self.receive()
            if message[:1] in ("{", b"{"):
                answer: dict[str, Any] = json.loads(message)
                assert answer.pop("id") == self._number
                return answer


def free_address() -> tuple[str, int]:
    """A host of this machine and a port that nobody else takes while its server is away: hardly anybody uses that host."""
    host = ".".join(["127", *(str(random.SystemRandom().randint(1, 254)) for _ in range(3))])
    with socket.create_server((host, 0)) as taken:
        return host, taken.getsockname()[1]
