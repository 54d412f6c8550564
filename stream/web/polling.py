"""A web socket for those who are refused one: the same messages by requests, each answered when there is something to say.

Owns: how messages lie in bodies, and the lines, each of which stands for one web socket.  Does not own what is said over them:
that is written for a web socket, and gets one.

`POST /poll/NAME/open` begins a line and answers `{"session": "..."}`, which the other requests name in a header `poll-session`.
`send` carries messages to the server, `receive` waits a while for those of the server, `close` ends the line.  A message is one
byte for its kind (0 text, 1 binary), four for its length, the highest first, and its content; 2 is the end, with a web socket's
code in two bytes and its reason.  Whatever goes wrong with a request, the line has ended, and another one is to be begun.
"""

from __future__ import annotations

import asyncio
import secrets
import struct
from collections import deque
from typing import TYPE_CHECKING, Final

from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route
from starlette.websockets import WebSocket

from glyphfeed.stream.web.access.pairing import device_of
from glyphfeed.stream.web.bodies import whole

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterator

    from starlette.requests import Request
    from starlette.types import Message

WAIT_S: Final = 20.0
"""A request is answered after so long although there is nothing to say: what lies between here and there forgets idle ones."""
IDLE_S: Final = 30.0
"""A line on which nothing is asked for so long has been left."""
LINES: Final = 64
_ROOM_BYTES: Final = 64 * 1024
"""So much may wait on a line before whoever says more has to wait, as with the buffers of a socket."""
_TEXT, _BINARY, _END = 0, 1, 2
_HEAD: Final = struct.Struct(">BI")
_GONE_AWAY: Final = 1001
_SESSION: Final = "poll-session"


def framed(kind: int, content: bytes) -> bytes:
    """Write a message as it lies in a body."""
    return _HEAD.pack(kind, len(content)) + content


def messages_of(body: bytes) -> Iterator[tuple[int, bytes]]:
    """The messages in a body: their kinds and contents.

    Raises:
        ValueError: it is none.

    """
    at = 0
    while at < len(body):
        if len(body) - at < _HEAD.size:
            raise ValueError("a message is cut off")
        kind, length = _HEAD.unpack_from(body, at)
        at += _HEAD.size + length
        if at > len(body) or kind not in (_TEXT, _BINARY):
            raise ValueError("a message is cut off, or of no kind that there is")
        yield kind, body[at - length : at]


class _Pipe:
    """Things on their way from one task to another, until it has ended."""

    def __init__(self) -> None:
        self._things: deque[tuple[int, bytes]] = deque()
        self._bytes = 0
        self._changed = asyncio.Event()
        self.ended = False

    async def put(self, kind: int, content: bytes) -> None:
        """Leave something, once there is room.

        Raises:
            OSError: nobody takes it any more.

        """
        while self._bytes >= _ROOM_BYTES and not self.ended:
            await self._changed.wait()
        if self.ended:
            raise OSError("the other end has gone")
        self._things.append((kind, content))
        self._bytes += len(content) + _HEAD.size
        self._change()

    def take(self) -> tuple[int, bytes] | None:
        """Take the next thing; None where there is none."""
        if not self._things:
            return None
        kind, content = self._things.popleft()
        self._bytes -= len(content) + _HEAD.size
        self._change()
        return kind, content

    async def wait(self) -> None:
        """Wait until there is something, or never will be."""
        while not self._things and not self.ended:
            await self._changed.wait()

    def end(self) -> None:
        """Take nothing more in; what is there can still be taken."""
        self.ended = True
        self._change()

    def _change(self) -> None:
        # Whoever waits looks again, and then waits for the next change.
        self._changed.set()
        self._changed = asyncio.Event()


class _Line:
    """One web socket that is none: for the server the two functions of ASGI, for requests two pipes."""

    def __init__(self, name: str, device: str | None) -> None:
        self.name, self.device = name, device
        self.inward, self.outward = _Pipe(), _Pipe()
        self.accepted: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self.sending = asyncio.Lock()
        self.receiving = asyncio.Lock()
        self._is_connected = False

    async def receive(self) -> Message:
        """See ASGI."""
        if not self._is_connected:
            self._is_connected = True
            return {"type": "websocket.connect"}
        await self.inward.wait()
        taken = self.inward.take()
        if taken is None:
            return {"type": "websocket.disconnect", "code": _GONE_AWAY}
        kind, content = taken
        return {"type": "websocket.receive"} | ({"bytes": content} if kind == _BINARY else {"text": content.decode()})

    async def send(self, message: Message) -> None:
        """See ASGI.

        Raises:
            OSError: the other end has gone.

        """
        match message["type"]:
            case "websocket.accept":
                self._decide(accepted=True)
            case "websocket.send" if message.get("text") is not None:
                await self.outward.put(_TEXT, message["text"].encode())
            case "websocket.send":
                await self.outward.put(_BINARY, message["bytes"])
            case _:
                self._decide(accepted=False)
                await self.outward.put(
                    _END, struct.pack(">H", message.get("code", 1000)) + (message.get("reason") or "").encode()
                )
                self.end()

    def _decide(self, *, accepted: bool) -> None:
        if not self.accepted.done():
            self.accepted.set_result(accepted)

    def end(self) -> None:
        """Tell both ends that the other has gone."""
        self._decide(accepted=False)
        self.inward.end()
        self.outward.end()


class Polls:
    """The lines of all names; `routes` makes them of what is written for web sockets."""

    def __init__(self) -> None:
        self._lines: dict[str, _Line] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._watches: dict[_Line, asyncio.TimerHandle] = {}

    def routes(self, name: str, serve: Callable[[WebSocket], Awaitable[None]], limit: int) -> list[Route]:
        """The requests that stand for a web socket at `/NAME`, with bodies of `limit` bytes at most."""

        async def begin(request: Request) -> Response:
            if not self._has_room():
                return PlainTextResponse("Too many pages are open.", 503)
            session, line = self._begin(name, serve, request)
            if await line.accepted:
                return JSONResponse({"session": session}, headers={"cache-control": "no-store"})
            return PlainTextResponse("That is not to be had now.", 503)

        async def send(request: Request) -> Response:
            line = self._find(name, request)
            if line is None:
                return _gone()
            body = await whole(request, limit)
            if body is None or line.sending.locked():
                line.end()
                return PlainTextResponse("That is too much at once.", 413)
            async with line.sending:
                try:
                    for kind, content in messages_of(body):
                        await line.inward.put(kind, _checked(kind, content))
                except (ValueError, OSError):
                    line.end()
                    return _gone()
            self._watch(line)
            return Response(status_code=204)

        async def receive(request: Request) -> Response:
            line = self._find(name, request)
            if line is None or line.receiving.locked():
                return _gone()
            async with line.receiving:
                return await self._answer(line, request)

        async def close(request: Request) -> Response:
            if (line := self._find(name, request)) is not None:
                line.end()
            return Response(status_code=204)

        handlers = {"open": begin, "send": send, "receive": receive, "close": close}
        return [Route(f"/poll/{name}/{verb}", handler, methods=["POST"]) for verb, handler in handlers.items()]

    def end(self) -> None:
        """End all lines, so that no request waits any longer."""
        for line in self._lines.values():
            line.end()

    def _has_room(self) -> bool:
        """Whether there may be one more line, for which one that has ended is forgotten sooner than it would be."""
        if len(self._lines) >= LINES:
            ended = next((session for session, line in self._lines.items() if line.outward.ended), None)
            if ended is not None:
                del self._lines[ended]
        return len(self._lines) < LINES

    def _begin(self, name: str, serve: Callable[[WebSocket], Awaitable[None]], request: Request) -> tuple[str, _Line]:
        session, line = secrets.token_urlsafe(16), _Line(name, device_of(request.scope))
        scope = {**request.scope, "type": "websocket", "subprotocols": []}
        self._lines[session] = line

        async def run() -> None:
            try:
                await serve(WebSocket(scope, line.receive, line.send))
            finally:
                line.end()
                self._stop_watching(line)
                # What was said last may still be taken.
                asyncio.get_running_loop().call_later(IDLE_S, self._lines.pop, session, None)

        task = asyncio.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        self._watch(line)
        return session, line

    def _find(self, name: str, request: Request) -> _Line | None:
        """The line that a request names, if it is one of its own device."""
        line = self._lines.get(request.headers.get(_SESSION, ""))
        is_its_own = line is not None and (line.name, line.device) == (name, device_of(request.scope))
        return line if is_its_own else None

    def _watch(self, line: _Line) -> None:
        """End a line that is left alone from now on."""
        self._stop_watching(line)
        if not line.inward.ended and not line.receiving.locked():
            self._watches[line] = asyncio.get_running_loop().call_later(IDLE_S, self._leave, line)

    def _leave(self, line: _Line) -> None:
        self._watches.pop(line, None)
        line.end()

    def _stop_watching(self, line: _Line) -> None:
        if (watch := self._watches.pop(line, None)) is not None:
            watch.cancel()

    async def _answer(self, line: _Line, request: Request) -> Response:
        """Answer with what there is to be said, once there is."""
        self._stop_watching(line)
        # Its body is nothing, and after that only its end can come.
        if await whole(request, 0) is None:
            line.end()
            return _gone()
        waiting, leaving = asyncio.create_task(line.outward.wait()), asyncio.ensure_future(request.receive())
        try:
            await asyncio.wait([waiting, leaving], timeout=WAIT_S, return_when=asyncio.FIRST_COMPLETED)
        finally:
            waiting.cancel()
            leaving.cancel()
        if leaving.done() and not leaving.cancelled():
            line.end()
            return _gone()
        body = bytearray()
        while len(body) < _ROOM_BYTES and (taken := line.outward.take()) is not None:
            body += framed(*taken)
        if not body and line.outward.ended:
            return _gone()
        asyncio.get_running_loop().call_soon(self._watch, line)
        return Response(bytes(body), media_type="application/octet-stream", headers={"cache-control": "no-store"})


def _checked(kind: int, content: bytes) -> bytes:
    if kind == _TEXT:
        # Raises ValueError where it is no text.
        content.decode()
    return content


def _gone() -> Response:
    return PlainTextResponse("This connection has ended; begin another.", 410)
