"""The web server: the feed's socket at `/feed`, that of phones at `/phone`, and the page's files.

Owns: how starlette and uvicorn are set up.  Does not own what a page is told (session), nor who may come in (admission, access).
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final, cast

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount, WebSocketRoute

from glyphfeed.stream.door.orders import MESSAGE_BYTES
from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.web.access.helping import helping as help_application
from glyphfeed.stream.web.access.pairing import Gate
from glyphfeed.stream.web.access.routes import OPEN, access_routes
from glyphfeed.stream.web.admission import Admission, to_encrypted
from glyphfeed.stream.web.files import PageFiles
from glyphfeed.stream.web.listening import Listener, PatientProtocol, PatientSocket
from glyphfeed.stream.web.orders import MESSAGE_LIMIT
from glyphfeed.stream.web.phone import Doorway, PhoneSession
from glyphfeed.stream.web.polling import Polls
from glyphfeed.stream.web.session import Session

if TYPE_CHECKING:
    import socket
    import ssl

    from starlette.types import ASGIApp
    from starlette.websockets import WebSocket

    from glyphfeed.stream.door.framing import DoorKey
    from glyphfeed.stream.web.access.opening import Access
    from glyphfeed.stream.web.relay import Relay

_LOG = logging.getLogger(__name__)
FILES: Final = Path(__file__).parent / "static"
_CLOSING_S: Final = 1
_ORDERS_LIMIT: Final = 4 * MESSAGE_LIMIT
"""Bytes of the orders in one request that stands for a web socket."""
# Twice what a picture may have, so that one too large is answered in words.
_PICTURES_LIMIT: Final = 2 * MESSAGE_BYTES
_HEADERS_LIMIT: Final = 16 * 1024
"""Bytes of the first lines of a request: several times what browsers send."""
_LOOK_S: Final = 60.0
"""A network may change under a laptop, and certificates are renewed."""


def application(relay: Relay, access: Access, polls: Polls, door: DoorKey | None) -> ASGIApp:
    """Put together what is served, to whom `access` lets in; `polls` stand for web sockets, and phones need a `door`."""
    doorway = Doorway(door)

    async def feed(socket: WebSocket) -> None:
        await Session(socket, relay).run()

    async def phone(socket: WebSocket) -> None:
        await PhoneSession(socket, relay, doorway).run()

    files = PageFiles(FILES)
    routes = [
        WebSocketRoute("/feed", feed),
        WebSocketRoute("/phone", phone),
        *polls.routes("feed", feed, _ORDERS_LIMIT),
        *polls.routes("phone", phone, _PICTURES_LIMIT),
        *access_routes(access, phones=door is not None),
        Mount("/", files),
    ]
    app: ASGIApp = Starlette(routes=routes)
    if access.pairing is not None:
        app = Gate(app, access.pairing, [*OPEN, *((method, path) for method in ("GET", "HEAD") for path in files.paths)])
    return Admission(app, access.names)


def _is_about_us(record: logging.LogRecord) -> bool:
    """Whether a line of the log is about this program, and not about a stranger's text that is none."""
    return record.exc_info is None or not isinstance(record.exc_info[1], UnicodeDecodeError)


def _configuration(app: ASGIApp) -> uvicorn.Config:
    # What strangers send that is no HTTP is not worth a line.
    logger = logging.getLogger("uvicorn.error")
    logger.setLevel(logging.ERROR)
    logger.addFilter(_is_about_us)
    configuration = uvicorn.Config(
        app,
        loop="asyncio",
        http=PatientProtocol,
        ws=PatientSocket,
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        h11_max_incomplete_event_size=_HEADERS_LIMIT,
        timeout_graceful_shutdown=_CLOSING_S,
        ws_max_size=_PICTURES_LIMIT,
        # Text frames are small and many, and pictures are packed already: packing costs time, and memory for each page.
        ws_per_message_deflate=False,
    )
    configuration.load()
    return configuration


class HttpServer(uvicorn.Server):
    """uvicorn with our own way of accepting, and a second application on another socket."""

    def __init__(
        self, app: ASGIApp, access: Access, polls: Polls, listening: socket.socket, helping: tuple[ASGIApp, socket.socket] | None
    ) -> None:
        super().__init__(_configuration(app))
        self._access, self._polls, self._listening = access, polls, listening
        self._helping = None if helping is None else (_configuration(helping[0]), helping[1])
        self._unencrypted = _configuration(to_encrypted(access.names))
        self._trouble = ""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:  # noqa: ARG002 - it has its own
        """See uvicorn."""
        unencrypted = partial(self._protocol, self._unencrypted)
        servers = [Listener(self._listening, partial(self._protocol, self.config), self._tls, unencrypted)]
        if self._helping is not None:
            configuration, listening = self._helping
            servers.append(Listener(listening, partial(self._protocol, configuration)))
        self.servers = cast("list[asyncio.Server]", servers)
        self.started = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """See uvicorn."""
        self._polls.end()
        await super().shutdown(sockets)

    def _tls(self, address: str) -> ssl.SSLContext | None:
        try:
            return self._access.tls_at(address)
        except FeedError as error:
            # Once, and not of each connection.
            if str(error) != self._trouble:
                _LOG.warning("%s", error)
            self._trouble = str(error)
            return None if self._access.certificate is None else self._access.certificate.context

    def _protocol(self, configuration: uvicorn.Config) -> PatientProtocol:
        return PatientProtocol(configuration, self.server_state, {})


class WebServer:
    """Serves what a relay brings on a bound socket, to whom `access` lets in; see `application` for `door`.

    On another bound socket, `helping`, it tells how to trust the own authority, where the certificate is one of that.
    """

    def __init__(
        self,
        relay: Relay,
        access: Access,
        listening: socket.socket,
        helping: socket.socket | None = None,
        door: DoorKey | None = None,
    ) -> None:
        self._relay, self._access = relay, access
        trusting = None
        if helping is not None and access.authority is not None:
            trusting = (help_application(access, access.authority), helping)
        polls = Polls()
        self._server = HttpServer(application(relay, access, polls, door), access, polls, listening, trusting)

    async def run(self) -> None:
        """Serve until interrupted, or until `stop`; the relay ends with it."""
        relaying, renewing = asyncio.create_task(self._relay.run()), asyncio.create_task(self._renew())
        # It only ends by a defect, and pages that are served nothing would not show that.
        relaying.add_done_callback(lambda _: self.stop())
        try:
            await self._server.serve()
        finally:
            renewing.cancel()
            relaying.cancel()
            await asyncio.wait([relaying, renewing])
        if not relaying.cancelled():
            relaying.result()

    async def _renew(self) -> None:
        trouble = ""
        while True:
            await asyncio.sleep(_LOOK_S)
            try:
                self._access.renew()
            except FeedError as error:
                if str(error) != trouble:
                    _LOG.warning("%s", error)
                trouble = str(error)

    def stop(self) -> None:
        """End `run` within 0.1 s, and a second for the pages to take leave; any thread may call it."""
        self._server.should_exit = True
