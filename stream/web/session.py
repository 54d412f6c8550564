"""One page's connection: what it orders, and what it is sent.

Owns: the tasks of a connection and how much a page may ask.  Does not own what waits for it (waiting), nor who may connect
(admission).
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from starlette.websockets import WebSocketDisconnect

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.web.orders import MESSAGE_LIMIT, Drawn, OrderError, Ping, Subscribe, answer, complaint, order, request
from glyphfeed.stream.web.tasks import Pace, send_waiting, until_first_ends
from glyphfeed.stream.web.waiting import Waiting

if TYPE_CHECKING:
    from starlette.websockets import WebSocket

    from glyphfeed.stream.web.asking import Asker
    from glyphfeed.stream.web.orders import Order, Request
    from glyphfeed.stream.web.relay import Relay

PAGES: Final = 64
"""As many pages may be open: each costs some MB at the most."""
_ORDERS_PER_S: Final = 500.0
"""Sixteen cameras of thirty pictures a second are acknowledged with as many."""
_SUBSCRIBED_PER_S: Final = 20.0
"""Each time the last state of everything is sent once more."""
_REQUESTS_PER_S: Final = 20.0
_REQUESTS_WAITING: Final = 8
_TOO_BIG: Final = 1009
"""The code of a web socket that ends as a message was too long (RFC 6455, 7.4.1)."""


class Session:
    """One page, from its connection to its end."""

    def __init__(self, socket: WebSocket, relay: Relay) -> None:
        self._socket, self._relay = socket, relay
        self._news = asyncio.Event()
        self._waiting = Waiting(self._news.set)
        self._requests: asyncio.Queue[Request] = asyncio.Queue(_REQUESTS_WAITING)
        self._subscribing = Pace(_SUBSCRIBED_PER_S)

    async def run(self) -> None:
        """Serve the page until it goes away."""
        if self._relay.pages >= PAGES:
            await self._socket.close(1013, "Too many pages are open.")
            return
        self._relay.join(self._waiting)
        asker = self._relay.asker()
        try:
            await self._socket.accept()
            with suppress(WebSocketDisconnect):
                # The page goes away while one of them receives or sends, and none ends otherwise.
                await until_first_ends(self._receive(), send_waiting(self._socket, self._waiting, self._news), self._ask(asker))
        finally:
            asker.close()
            self._relay.leave(self._waiting)

    async def _receive(self) -> None:
        pace = Pace(_ORDERS_PER_S)
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return
            # While this waits nothing more is received, and the page's own sending comes to a stop.
            await pace.keep()
            content = message.get("text") or message.get("bytes") or ""
            if len(content) > MESSAGE_LIMIT:
                await self._socket.close(_TOO_BIG)
                return
            try:
                await self._obey(order(content))
            except OrderError as error:
                await self._socket.send_text(complaint(str(error), content))
            except asyncio.QueueFull:
                await self._socket.send_text(complaint("Too many requests wait for their answers already.", content))

    async def _obey(self, order: Order) -> None:
        match order:
            case Ping():
                await self._socket.send_text(answer(order.id))
            case Subscribe():
                await self._subscribing.keep()
                self._relay.subscribe(self._waiting, order.topics)
            case Drawn():
                self._waiting.drawn(order.source, order.frame)
            case _:
                self._requests.put_nowait(order)

    async def _ask(self, asker: Asker) -> None:
        pace = Pace(_REQUESTS_PER_S)
        while True:
            asked = await self._requests.get()
            await pace.keep()
            try:
                await self._socket.send_text(answer(asked.id, await asker.ask(request(asked))))
            except FeedError as error:
                await self._socket.send_text(complaint(str(error), number=asked.id))
