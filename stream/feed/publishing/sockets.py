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
from glyphfeed.stream.feed.publishing.zap import DOMAIN

if TYPE_CHECKING:
    from glyphfeed.stream.feed.keys import ServerKeys

    Socket: TypeAlias = zmq.Socket[bytes]

_LINGER_MS: Final = 500
# Messages that wait for one subscriber before its own are dropped: half a minute of one camera, some 10 MB.
_QUEUE_LENGTH: Final = 1000
# Answers that wait for one client, of up to a megabyte each.
_ANSWERS: Final = 16
# Of a frame that a client sends: whoever sends more is cut off.  Subscriptions are short, the handshake of CURVE takes some 300.
_SUBSCRIPTION_BYTES: Final = 512
_REQUEST_BYTES: Final = 4096
# Subscriptions come through a narrow door: libzmq takes them in at once, and some hundred bytes of memory for each of theirs.
_DOOR_BYTES: Final = 4096
_HANDSHAKE_MS: Final = 3000
# So many connections wait to be taken when all clients come back at once.
_BACKLOG: Final = 512
# A client that takes nothing for so long is cut off: what waits for it takes memory, and it can ask for what it missed.
_STUCK_MS: Final = 30_000
# A client that sends nothing is asked whether it is there: after so many seconds, then so often, and so many times.
_IDLE_S, _ASK_S, _TIMES = 30, 10, 3
# So often another pair of free ports is looked for: the port beside a free one is nearly always free, too.
_ATTEMPTS: Final = 50


def bind_pair(
    context: zmq.Context[Socket], endpoint: str, keys: ServerKeys | None = None, attempts: int = _ATTEMPTS
) -> tuple[Socket, Socket, str]:
    """Bind the socket that sends and the one that is asked; with them comes the address that clients connect to.

    Raises:
        FeedError: one of the addresses is taken or unusable.

    """
    sending, asked = _sending(context), _asked(context)
    try:
        for unbound in (sending, asked):
            _guard(unbound)
            unbound.setsockopt(zmq.IPV6, int("[" in endpoint))
            if keys is not None:
                keys.apply(unbound)
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


def _sending(context: zmq.Context[Socket]) -> Socket:
    xpub = context.socket(zmq.XPUB)
    # Every subscription and unsubscription of every peer comes up, also where another peer has the same prefix.
    xpub.setsockopt(zmq.XPUB_VERBOSER, 1)
    xpub.setsockopt(zmq.SNDHWM, _QUEUE_LENGTH)
    xpub.setsockopt(zmq.LINGER, _LINGER_MS)
    xpub.setsockopt(zmq.MAXMSGSIZE, _SUBSCRIPTION_BYTES)
    xpub.setsockopt(zmq.RCVBUF, _DOOR_BYTES)
    return xpub


def _asked(context: zmq.Context[Socket]) -> Socket:
    router = context.socket(zmq.ROUTER)
    router.setsockopt(zmq.SNDHWM, _ANSWERS)
    router.setsockopt(zmq.LINGER, 0)
    router.setsockopt(zmq.MAXMSGSIZE, _REQUEST_BYTES)
    return router


def _guard(unbound: Socket) -> None:
    """Bound what a client can do to a socket by being slow, silent or hostile; how much it may send in all admission says."""
    # A limit here would have libzmq 4.3.5 stop reading, and where it has stopped a PING, one of ours too, ends the whole program
    # with a failed assertion once the connection breaks.  So there are no ZMTP heartbeats, either.
    unbound.setsockopt(zmq.RCVHWM, 0)
    unbound.setsockopt(zmq.HANDSHAKE_IVL, _HANDSHAKE_MS)
    unbound.setsockopt(zmq.BACKLOG, _BACKLOG)
    unbound.setsockopt(zmq.TCP_MAXRT, _STUCK_MS)
    unbound.setsockopt(zmq.TCP_KEEPALIVE, 1)
    unbound.setsockopt(zmq.TCP_KEEPALIVE_IDLE, _IDLE_S)
    unbound.setsockopt(zmq.TCP_KEEPALIVE_INTVL, _ASK_S)
    unbound.setsockopt(zmq.TCP_KEEPALIVE_CNT, _TIMES)
    # Without a domain libzmq asks nobody whom to let in, and lets in everybody.
    unbound.setsockopt(zmq.ZAP_DOMAIN, DOMAIN)
    unbound.setsockopt(zmq.ZAP_ENFORCE_DOMAIN, 1)


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
