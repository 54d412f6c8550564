"""`glyphfeed web`: the feed's web socket and its page, until somebody ends it, and who may see it.

Owns: what is said at its start, and how a code is shown.  Does not own the server (stream.web) or the command line (cli).
"""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed.endpoint import check_connect
from glyphfeed.stream.feed.keys import ClientKeys
from glyphfeed.stream.web.admission import is_loopback
from glyphfeed.tools.errors import CommandError, bringing, note
from glyphfeed.tools.service.children import WATCHED

if TYPE_CHECKING:
    import socket
    from collections.abc import Iterator
    from pathlib import Path

    from glyphfeed.stream.web.access.opening import Access
    from glyphfeed.tools.configuration.tables import Web


def serve_pages(endpoint: str, listen: str, keys: Path | None, *, insecure: bool, cert: Path | None, key: Path | None) -> None:
    """Serve the feed at `endpoint` to browsers until Ctrl-C.

    Raises:
        CommandError: what this needs is not installed, or one of the two files of a certificate is missing.
        FeedError: an address is none or is taken, or keys or certificates cannot be used.

    """
    with bringing("web"):
        from glyphfeed.stream.door.framing import VARIABLE, DoorKey
        from glyphfeed.stream.web.relay import Relay
        from glyphfeed.stream.web.server import WebServer
    check_connect(endpoint)
    own = ClientKeys.inherited()
    client = own if keys is None else ClientKeys.load(keys)
    with ExitStack() as stack:
        listening, access = stack.enter_context(_opening(listen, insecure=insecure, cert=cert, key=key))
        helping = stack.enter_context(_beside(access.host, access.port)) if access.authority is not None else None
        # Not left for programs that this one begins.
        door = DoorKey.parse(os.environ.pop(VARIABLE, ""))
        server = WebServer(Relay(endpoint, client), access, listening, helping, door)
        print(f"{access.address} shows the feed at {endpoint}.", flush=True)
        _announce(access, helping)
        asyncio.run(server.run())


def check_pages(web: Web) -> None:
    """Refuse at once what `serve_pages` would refuse.

    Raises:
        CommandError: what this needs is not installed.
        FeedError: the address is taken, or the certificate cannot be used.

    """
    with bringing("web"):
        import glyphfeed.stream.web.server  # noqa: F401 - and all that it needs
    with _opening(web.listen, insecure=web.insecure, cert=web.cert, key=web.key):
        pass


@contextmanager
def _opening(listen: str, *, insecure: bool, cert: Path | None, key: Path | None) -> Iterator[tuple[socket.socket, Access]]:
    """The bound socket of an address until the context ends, and how the pages are reached there."""
    from glyphfeed.stream.web.access.opening import open_access
    from glyphfeed.stream.web.admission import Listen

    address = Listen.parse(listen)
    if (cert is None) != (key is None):
        raise CommandError("--cert and --key belong together: name the file of the other one, too.")
    certificate = None if cert is None or key is None else (cert, key)
    with address.bind() as listening:
        yield listening, open_access(address.host, listening.getsockname()[1], insecure=insecure, certificate=certificate)


def show_code() -> None:
    """Show a code for one more device, for the server that runs, or ran last.

    Raises:
        CommandError: what this needs is not installed, or there is no server to be paired with.
        FeedError: what is remembered of devices cannot be read.

    """
    with bringing("web"):
        from glyphfeed.stream.web.access.certificates import default_folder
        from glyphfeed.stream.web.access.devices import CODE_S, Devices
        from glyphfeed.stream.web.access.opening import PAIR_FRAGMENT
    devices = Devices(default_folder())
    if not devices.address:
        raise CommandError(
            "No server of this user has asked for pairing yet: begin one, as with glyphfeed web --listen 0.0.0.0:5580."
        )
    _show(f"{devices.address}{PAIR_FRAGMENT}{devices.new_code()}")
    print(f"It is good for one device, within {CODE_S // 60} minutes.", flush=True)


def unpair_all() -> None:
    """Forget every device; a server that runs cuts them off.

    Raises:
        CommandError: what this needs is not installed.
        FeedError: what is remembered of devices cannot be read or written.

    """
    with bringing("web"):
        from glyphfeed.stream.web.access.certificates import default_folder
        from glyphfeed.stream.web.access.devices import Devices
    count = Devices(default_folder()).forget()
    print(f"{count} device{'' if count == 1 else 's'} forgotten: each is to be paired anew.", flush=True)


def _beside(host: str, port: int) -> socket.socket:
    """Open the port after another one, or any free one."""
    from glyphfeed.stream.web.admission import Listen

    if port < 65535:
        with suppress(FeedError):
            return Listen(host, port + 1).bind()
    return Listen(host, 0).bind()


def _announce(access: Access, helping: socket.socket | None) -> None:
    """Say how to get in, and show each new code: on a terminal alone, as elsewhere it would stay in a log."""
    from glyphfeed.stream.web.access.authority import fingerprint

    if helping is not None and access.authority is not None:
        trusting = access.at(helping.getsockname()[1])
        print(f"{trusting} tells how a device comes to trust it: {fingerprint(access.authority)} (SHA-256).", flush=True)
    if access.pairing is None:
        if not is_loopback(access.host):
            note("Nothing is encrypted, and no device is paired: whoever reaches this address sees what is read.")
        return
    access.pairing.devices.serve_at(access.address)
    if _is_seen():
        access.pairing.show_with(lambda code: _show(access.with_code(code)))
    else:
        print("glyphfeed web --pair shows a code that lets a device in.", flush=True)


def _is_seen() -> bool:
    """Whether a person sees what is printed, and no file keeps it."""
    return sys.stdout.isatty() or WATCHED in os.environ


def _show(address: str) -> None:
    from glyphfeed.stream.web.access.codes import lines

    if _is_seen():
        print("\n".join(lines(address)))
    print(f"Scan this, or open {address} to let a device in.", flush=True)
