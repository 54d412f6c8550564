"""The two sockets of a publisher: XPUB, which sends, and ROUTER beside it, which is asked.

Owns: their options, and how they are bound.  Does not own what goes over them (publisher, requests).
"""

from __future__ import annotations

import errno
import socket
import stat
from pathlib import Path
from typing import TYPE_CHECKING, Final, TypeAlias

import zmq

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed.endpoint import requests_endpoint

if TYPE_CHECKING:
    from glyphfeed.stream.feed.keys import ServerKeys

    Socket: TypeAlias = zmq.Socket[bytes]

_LINGER_MS: Final = 500
# Messages that wait for one subscriber before its own are dropped: half a minute of one camera, some 10 MB.
_QUEUE_LENGTH: Final = 1000
# Requests of one client that wait, and answers that wait for it, of up to a megabyte each.
_REQUESTS: Final = 16
# Of one frame of a request; whoever sends more is cut off.
_REQUEST_BYTES: Final = 65_536
_HANDSHAKE_MS: Final = 5000
# A client that is silent for so long although it was asked is gone, whatever TCP thinks.
_HEARTBEAT_MS, _SILENCE_MS = 5000, 15_000
# So often another pair of free ports is looked for: the port beside a free one is nearly always free, too.
_ATTEMPTS: Final = 50


def bind_pair(
    context: zmq.Context[Socket], endpoint: str, keys: ServerKeys | None = None, attempts: int = _ATTEMPTS
) -> tuple[Socket, Socket, str]:
    """Bind the socket that sends and the one that is asked; with them comes the address that clients connect to.

    Raises:
        FeedError: one of the addresses is taken or unusable.

    """
    sending, asked = _sending(context, endpoint), _asked(context, endpoint)
    if keys is not None:
        keys.apply(sending)
        keys.apply(asked)
    try:
        _bind(sending, endpoint, endpoint)
        bound = sending.getsockopt_string(zmq.LAST_ENDPOINT)
        _bind(asked, requests_endpoint(bound), endpoint)
    except FeedError:
        sending.close()
        asked.close()
        # Of free ports the system may have given the last one there is, or one whose neighbour is not free.
        if not endpoint.endswith(":*") or attempts <= 1:
            raise
        return bind_pair(context, endpoint, keys, attempts - 1)
    return sending, asked, bound


def _sending(context: zmq.Context[Socket], endpoint: str) -> Socket:
    xpub = context.socket(zmq.XPUB)
    # Every subscription and unsubscription of every peer comes up, also where another peer has the same prefix.
    xpub.setsockopt(zmq.XPUB_VERBOSER, 1)
    xpub.setsockopt(zmq.SNDHWM, _QUEUE_LENGTH)
    xpub.setsockopt(zmq.LINGER, _LINGER_MS)
    xpub.setsockopt(zmq.IPV6, int("[" in endpoint))
    return xpub


def _asked(context: zmq.Context[Socket], endpoint: str) -> Socket:
    router = context.socket(zmq.ROUTER)
    router.setsockopt(zmq.RCVHWM, _REQUESTS)
    router.setsockopt(zmq.SNDHWM, _REQUESTS)
    router.setsockopt(zmq.MAXMSGSIZE, _REQUEST_BYTES)
    router.setsockopt(zmq.HANDSHAKE_IVL, _HANDSHAKE_MS)
    router.setsockopt(zmq.HEARTBEAT_IVL, _HEARTBEAT_MS)
    router.setsockopt(zmq.HEARTBEAT_TIMEOUT, _SILENCE_MS)
    router.setsockopt(zmq.LINGER, 0)
    router.setsockopt(zmq.IPV6, int("[" in endpoint))
    return router


def _bind(unbound: Socket, address: str, endpoint: str) -> None:
    """Bind one of the sockets of a feed that is to be published on an endpoint."""
    where = f"The feed cannot be published on {endpoint}: "
    # The address beside the feed's own is nobody's choice, and so it is named.
    taken = "another program already uses " + ("this address" if address == endpoint else f"{address}, which belongs to it")
    path = Path(address.removeprefix("ipc://")) if address.startswith("ipc://") else None
    if path is not None and _is_in_use(path, where):
        raise FeedError(f"{where}{taken}; stop it or choose another one with --feed.")
    try:
        unbound.bind(address)
    except zmq.ZMQError as error:
        if error.errno == errno.EADDRINUSE:
            reason = f"{taken}; stop it or choose another one with --feed"
        else:
            reason = f"{zmq.strerror(error.errno or 0)}; choose another address with --feed"
        raise FeedError(f"{where}{reason}.") from error


def _is_in_use(path: Path, where: str) -> bool:
    """Whether a program listens at a path of this machine; binding would delete what is there, even that.

    Raises:
        FeedError: the path holds something else, which is to be kept.

    """
    try:
        is_socket = stat.S_ISSOCK(path.stat().st_mode)
    except OSError:
        return False
    if not is_socket:
        raise FeedError(f"{where}the file {path} is in the way; choose another path with --feed.")
    with socket.socket(socket.AF_UNIX) as probe:
        return probe.connect_ex(str(path)) == 0
