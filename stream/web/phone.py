"""A phone's connection: its pictures on their way to the reader, and what is told of them on its way back.

Owns: the tasks of a connection, and what a phone may send when.  Does not own what a picture must be, nor who gets which name:
the reader says so (door).
"""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING, Final

from starlette.websockets import WebSocketDisconnect

from glyphfeed.stream.door.framing import Line
from glyphfeed.stream.door.orders import (
    BYE,
    CREDITS,
    MESSAGE_BYTES,
    Bye,
    Hello,
    PhoneError,
    Ping,
    complaint,
    order,
    refused,
    told,
)
from glyphfeed.stream.web.orders import answer
from glyphfeed.stream.web.tasks import Pace, send_waiting, until_first_ends
from glyphfeed.stream.web.waiting import Waiting

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from starlette.websockets import WebSocket

    from glyphfeed.stream.door.framing import DoorKey
    from glyphfeed.stream.web.relay import Relay

CONNECTIONS: Final = 32
"""So many phones may be connected, or just about to be."""
_ORDERS_PER_S: Final = 100.0
_HELLO_S: Final = 10.0
_TOLD_BYTES: Final = 64 * 1024
"""Of what the reader says of a phone."""
_GOODBYE: Final = 1000
_REFUSED: Final = 1008
_ABSENT: Final = "This feed takes no phones: it is read elsewhere, or its reader was begun without them."
_ENDED: Final = "The reader has ended; it is tried again."


class Doorway:
    """The way of phones into a feed, if there is one, and how many are in it."""

    def __init__(self, key: DoorKey | None) -> None:
        self.key = key
        self._inside = 0

    @asynccontextmanager
    async def pass_through(self) -> AsyncIterator[DoorKey]:
        """Be in it.

        Raises:
            PhoneError: there is none, or too many are.

        """
        if self.key is None:
            raise PhoneError(_ABSENT)
        if self._inside >= CONNECTIONS:
            raise PhoneError("Too many phones are connected; try again later.")
        self._inside += 1
        try:
            yield self.key
        finally:
            self._inside -= 1


class PhoneSession:
    """One phone, from its connection to its end."""

    def __init__(self, socket: WebSocket, relay: Relay, doorway: Doorway) -> None:
        self._socket, self._relay, self._doorway = socket, relay, doorway
        self._news = asyncio.Event()
        self._waiting = Waiting(self._news.set)
        self._credits = 0
        self._pace = Pace(_ORDERS_PER_S)

    async def run(self) -> None:
        """Serve the phone until it goes away, or is refused."""
        with suppress(WebSocketDisconnect):
            await self._socket.accept()
            try:
                async with self._doorway.pass_through() as key:
                    await self._meet(key)
            except PhoneError as error:
                await self._socket.send_text(refused(str(error)).decode())
                await self._socket.close(_REFUSED)

    async def _meet(self, key: DoorKey) -> None:
        try:
            async with asyncio.timeout(_HELLO_S):
                hello = await self._hello()
        except TimeoutError:
            raise PhoneError("A phone says hello first.") from None
        if hello is None:
            return
        try:
            line = await Line.open(key, _TOLD_BYTES)
        except OSError:
            raise PhoneError(_ENDED) from None
        try:
            await line.send(hello)
            await until_first_ends(
                self._receive(line), self._pass_on(line), send_waiting(self._socket, self._waiting, self._news)
            )
        finally:
            line.close()
            self._relay.leave(self._waiting)

    async def _next(self) -> str | bytes | None:
        """The phone's next message; None where it has gone."""
        message = await self._socket.receive()
        if message["type"] == "websocket.disconnect":
            return None
        content = message.get("bytes")
        return message.get("text") or "" if content is None else content

    async def _hello(self) -> bytes | None:
        """Wait for the phone to say who it is; None where it goes away instead."""
        while (message := await self._next()) is not None:
            await self._pace.keep()
            match order(message):
                case Hello():
                    return message.encode() if isinstance(message, str) else message
                case Ping() as ping:
                    await self._socket.send_text(answer(ping.id))
                case Bye():
                    await self._socket.close(_GOODBYE)
                    return None
        return None

    async def _receive(self, line: Line) -> None:
        while (message := await self._next()) is not None:
            if isinstance(message, bytes):
                if not self._credits:
                    raise PhoneError("A picture came that was not asked for.")
                self._credits -= 1
                # What is longer is complained of there as well, so that each credit has its answer.
                await line.send(message[:MESSAGE_BYTES])
                continue
            await self._pace.keep()
            try:
                match order(message):
                    case Ping() as ping:
                        await self._socket.send_text(answer(ping.id))
                    case Bye():
                        await line.send(BYE)
                        await self._socket.close(_GOODBYE)
                        return
                    case Hello():
                        raise PhoneError("This phone has said hello already.")
            except PhoneError as error:
                await self._socket.send_text(complaint(str(error)).decode())

    async def _pass_on(self, line: Line) -> None:
        """Pass on what the reader says to the phone, until it is refused, or the reader has ended."""
        while (message := await line.receive()) is not None:
            news = told(message)
            # Before the phone hears of it, and can answer.
            match news.op:
                case "next":
                    self._credits = min(self._credits + 1, CREDITS)
                case "welcome":
                    self._relay.join(self._waiting)
                    self._relay.subscribe(self._waiting, [f"text/{news.source} ", f"status/{news.source} "])
            await self._socket.send_text(message.decode())
            if news.op == "refused":
                await self._socket.close(_REFUSED)
                return
        raise PhoneError(_ENDED)
