"""Where a feed may live: checks on ZeroMQ addresses before a socket sees them.

Owns: the default address, what may be bound and connected, and where requests are answered.  Opens nothing.
"""

from __future__ import annotations

import re
from typing import Final

from glyphfeed.stream.errors import FeedError

DEFAULT_ENDPOINT: Final = "tcp://127.0.0.1:5570"
ANY_ENDPOINT: Final = "tcp://127.0.0.1:*"
"""Any free port of this machine."""
LAST_PORT: Final = 65534
"""The one after it is the last that there is."""

_TCP = re.compile(r"tcp://(?P<host>[^\s/]+):(?P<port>\*|\d{1,5})", re.ASCII)
_IPC = re.compile(r"ipc://\S.*")
_LOOPBACK = re.compile(r"127(\.\d{1,3}){3}|localhost|\[::1\]", re.ASCII)


def check_bind(endpoint: str, *, protected: bool = False) -> None:
    """Accept an address to publish on; port `*` means any free one.  One that others can reach needs to be `protected`.

    Raises:
        FeedError: it is no address, or others could reach it without a key.

    """
    _parse(endpoint)
    if not protected and not is_local(endpoint):
        raise FeedError(
            f"The feed may not be published on {endpoint} without keys, as other machines could connect: make some with "
            f"glyphfeed keys new NAME, or choose an address of this machine such as {DEFAULT_ENDPOINT} with --feed."
        )


def is_local(endpoint: str) -> bool:
    """Whether only this machine can reach an address.

    Raises:
        FeedError: it is no address.

    """
    tcp = _parse(endpoint)
    return tcp is None or _LOOPBACK.fullmatch(tcp["host"]) is not None


def check_connect(endpoint: str) -> None:
    """Accept an address that a client can connect to.

    Raises:
        FeedError: it is no address.

    """
    tcp = _parse(endpoint)
    if tcp and tcp["port"] == "*":
        raise _not_an_address(endpoint)


def requests_endpoint(endpoint: str) -> str:
    """Where the publisher of a feed answers requests: at the port after that of the feed, or at PATH.requests.

    Raises:
        FeedError: it is no address that a client can connect to.

    """
    check_connect(endpoint)
    tcp = _parse(endpoint)
    return f"tcp://{tcp['host']}:{int(tcp['port']) + 1}" if tcp else f"{endpoint}.requests"


def near(endpoint: str) -> str:
    """Where this machine reaches a feed that is published there, if on every address."""
    return re.sub(r"^tcp://(0\.0\.0\.0|\*|\[::\]):", "tcp://127.0.0.1:", endpoint)


def _parse(endpoint: str) -> re.Match[str] | None:
    """Match the parts of a TCP address; None for a path of this machine (`ipc://`)."""
    tcp = _TCP.fullmatch(endpoint)
    # libzmq itself takes a port beyond 65535 modulo 65536, silently; the port after this one is for requests.
    if tcp and (tcp["port"] == "*" or 0 < int(tcp["port"]) <= LAST_PORT):
        return tcp
    if not tcp and _IPC.fullmatch(endpoint):
        return None
    raise _not_an_address(endpoint)


def _not_an_address(endpoint: str) -> FeedError:
    return FeedError(f"{endpoint!r} is not an address of a feed: write {DEFAULT_ENDPOINT} or ipc://PATH.")
