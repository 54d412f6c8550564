"""A connection between a publisher and a client that loses, repeats and reorders messages, as no real one should."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Literal, TypeAlias

import zmq

from glyphfeed.stream.feed.endpoint import requests_endpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import TracebackType
    from typing import Self

Way: TypeAlias = Literal["arrives", "is lost", "comes twice", "comes later"]


class Lossy:
    """Passes a feed on from one address to another; questions and their answers come through.

    What becomes of the events, one after the other, `ways` says; then they arrive.
    """

    def __init__(self, publisher: str, endpoint: str, ways: Iterable[Way]) -> None:
        self._ways = iter(ways)
        self._later: list[bytes] = []
        self.subscriptions = 0
        self._stopped = threading.Event()
        self._context = zmq.Context()
        self._sub = self._socket(zmq.SUB, lambda sub: sub.connect(publisher))
        self._sub.subscribe(b"")
        self._xpub = self._socket(zmq.XPUB, lambda xpub: xpub.bind(endpoint))
        self._dealer = self._socket(zmq.DEALER, lambda dealer: dealer.connect(requests_endpoint(publisher)))
        self._router = self._socket(zmq.ROUTER, lambda router: router.bind(requests_endpoint(endpoint)))
        self._thread = threading.Thread(target=self._run)

    def _socket(self, kind: int, open_: Callable[[zmq.Socket[bytes]], object]) -> zmq.Socket[bytes]:
        socket = self._context.socket(kind)
        socket.setsockopt(zmq.LINGER, 0)
        open_(socket)
        return socket

    def _run(self) -> None:
        poller = zmq.Poller()
        for socket in (self._sub, self._xpub, self._dealer, self._router):
            poller.register(socket, zmq.POLLIN)
        while not self._stopped.is_set():
            for socket, _ in poller.poll(10):
                if socket is self._sub:
                    self._pass(self._sub.recv())
                elif socket is self._xpub:
                    self.subscriptions += self._xpub.recv()[0] or -1
                else:
                    other = self._router if socket is self._dealer else self._dealer
                    other.send_multipart(socket.recv_multipart())

    def _pass(self, message: bytes) -> None:
        way = next(self._ways, "arrives") if message.startswith(b"event/") else "arrives"
        if way == "comes later":
            self._later.append(message)
        elif way != "is lost":
            for _ in range(1 + (way == "comes twice")):
                self._xpub.send(message)
            # After it comes what was to come before it, the last one first.
            while self._later:
                self._xpub.send(self._later.pop())

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stopped.set()
        self._thread.join()
        for socket in (self._sub, self._xpub, self._dealer, self._router):
            socket.close()
        self._context.term()
