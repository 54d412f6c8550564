"""The web server: the feed's socket at `/feed`, that of phones at `/phone`, and the page's files.

Owns: how starlette and uvicorn are set up.  Does not own what a page is told (session), nor who may come in (admission).
"""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path
from typing import TYPE_CHECKING, Final

import uvicorn
from starlette.applications import Starlette
from starlette.middleware.gzip import GZipMiddleware
from starlette.routing import Mount, WebSocketRoute
from starlette.staticfiles import StaticFiles

from glyphfeed.stream.door.orders import MESSAGE_BYTES
from glyphfeed.stream.web.admission import Admission
from glyphfeed.stream.web.phone import CONNECTIONS, Doorway, PhoneSession
from glyphfeed.stream.web.session import PAGES, Session

if TYPE_CHECKING:
    import socket

    from starlette.types import ASGIApp
    from starlette.websockets import WebSocket

    from glyphfeed.stream.door.framing import DoorKey
    from glyphfeed.stream.web.relay import Relay

FILES: Final = Path(__file__).parent / "static"
# Beside the pages' own connections, those that fetch files.
_CONNECTIONS: Final = 2 * PAGES + CONNECTIONS
_CLOSING_S: Final = 1


def application(relay: Relay, host: str, door: DoorKey | None = None) -> ASGIApp:
    """Put together what is served; `host` is the name that the server is asked to listen at, and phones need a `door`."""
    doorway = Doorway(door)

    async def feed(socket: WebSocket) -> None:
        await Session(socket, relay).run()

    async def phone(socket: WebSocket) -> None:
        await PhoneSession(socket, relay, doorway).run()

    pages = Mount("/", GZipMiddleware(StaticFiles(directory=FILES, html=True)))
    return Admission(Starlette(routes=[WebSocketRoute("/feed", feed), WebSocketRoute("/phone", phone), pages]), host)


def _server(app: ASGIApp) -> uvicorn.Server:
    # What strangers send that is no HTTP is not worth a line.
    logging.getLogger("uvicorn.error").setLevel(logging.ERROR)
    config = uvicorn.Config(
        app,
        loop="asyncio",
        http="h11",
        ws="websockets-sansio",
        lifespan="off",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=_CONNECTIONS,
        timeout_graceful_shutdown=_CLOSING_S,
        # Twice what a picture may have, so that one too large is answered in words.
        ws_max_size=2 * MESSAGE_BYTES,
        # Text frames are small and many, and pictures are packed already: packing costs time, and memory for each page.
        ws_per_message_deflate=False,
    )
    return uvicorn.Server(config)


class WebServer:
    """Serves what a relay brings on a bound socket; see `application` for `host` and `door`."""

    def __init__(self, relay: Relay, host: str, listening: socket.socket, door: DoorKey | None = None) -> None:
        self._relay, self._listening = relay, listening
        self._server = _server(application(relay, host, door))

    async def run(self) -> None:
        """Serve until interrupted, or until `stop`; the relay ends with it."""
        relaying = asyncio.create_task(self._relay.run())
        # It only ends by a defect, and pages that are served nothing would not show that.
        relaying.add_done_callback(lambda _: self.stop())
        try:
            await self._server.serve(sockets=[self._listening])
        finally:
            relaying.cancel()
            await asyncio.wait([relaying])
        if not relaying.cancelled():
            relaying.result()

    def stop(self) -> None:
        """End `run` within 0.1 s, and a second for the pages to take leave; any thread may call it."""
        self._server.should_exit = True
