"""`glyphfeed web`: the feed's web socket and its page, until somebody ends it.

Owns: what is said at its start.  Does not own the server (stream.web) or the command line (cli).
"""

from __future__ import annotations

import asyncio
import os
from typing import TYPE_CHECKING

from glyphfeed.stream.feed.endpoint import check_connect
from glyphfeed.stream.feed.keys import ClientKeys
from glyphfeed.tools.errors import bringing

if TYPE_CHECKING:
    from pathlib import Path


def serve_pages(endpoint: str, listen: str, keys: Path | None, *, insecure: bool) -> None:
    """Serve the feed at `endpoint` to browsers until Ctrl-C.

    Raises:
        CommandError: what this needs is not installed.
        FeedError: an address is none, is taken or reachable by others, or the keys cannot be read.

    """
    with bringing("web"):
        from glyphfeed.stream.door.framing import VARIABLE, DoorKey
        from glyphfeed.stream.web.admission import Listen, authority, is_any
        from glyphfeed.stream.web.relay import Relay
        from glyphfeed.stream.web.server import WebServer
    check_connect(endpoint)
    client = None if keys is None else ClientKeys.load(keys)
    address = Listen.parse(listen, insecure=insecure)
    with address.bind() as listening:
        # Not left for programs that this one begins.
        door = DoorKey.parse(os.environ.pop(VARIABLE, ""))
        server = WebServer(Relay(endpoint, client), address.host, listening, door)
        name = "localhost" if is_any(address.host) else address.host
        print(f"http://{authority(name, listening.getsockname()[1])}/ shows the feed at {endpoint}.", flush=True)
        asyncio.run(server.run())
