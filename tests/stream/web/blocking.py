"""A network that refuses web sockets: a proxy that passes on all requests but those for one."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

SERVER = b"127.0.0.1"


class Blocking:
    """A proxy at the port of a server on another address of loopback, as long as that, so that one can stand for the other.

    Web sockets are refused, or where it is `silent`, never answered; `asked` counts them.
    """

    def __init__(self, port: int, host: bytes, *, silent: bool = False) -> None:
        self.port, self.asked = port, 0
        self._silent, self._host = silent, host
        self._listening = socket.create_server((host.decode(), port))
        self._open: list[socket.socket] = []
        self._threads = [threading.Thread(target=self._accept)]

    def __enter__(self) -> Self:
        self._threads[0].start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self.cut()
        for each in (self._listening, *self._open):
            each.close()
        for thread in self._threads:
            thread.join()

    @property
    def url(self) -> str:
        return f"ws://{self._host.decode()}:{self.port}"

    def cut(self) -> None:
        """Break all connections that there are."""
        for each in self._open:
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def _start(self, work: threading.Thread) -> None:
        self._threads.append(work)
        work.start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listening.accept()
                self._open.append(client)
                self._start(threading.Thread(target=self._pass_on, args=(client,)))

    def _pass_on(self, client: socket.socket) -> None:
        with suppress(OSError):
            first = client.recv(65536)
            if b"upgrade: websocket" in first.lower():
                self.asked += 1
                if not self._silent:
                    client.sendall(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                    client.shutdown(socket.SHUT_RDWR)
                return
            server = socket.create_connection((SERVER.decode(), self.port))
            self._open.append(server)
            self._start(threading.Thread(target=self._copy, args=(server, client)))
            server.sendall(first.replace(self._host, SERVER))
            self._copy(client, server)

    def _copy(self, one: socket.socket, other: socket.socket) -> None:
        with suppress(OSError):
            while data := one.recv(65536):
                other.sendall(data.replace(self._host, SERVER))
            other.shutdown(socket.SHUT_WR)
