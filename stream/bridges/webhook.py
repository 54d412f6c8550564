"""The far side that is a web server: each event is a POST, signed, and sent again until it is accepted.

Owns: what an answer means, and when to try again.  Does not own the signature (signing) nor the connection (reachable).
"""

from __future__ import annotations

import logging
import random
import select
import socket
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from enum import Enum, auto
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import TYPE_CHECKING, Final
from urllib.parse import SplitResult, urlsplit

from glyphfeed.stream.bridges import reachable
from glyphfeed.stream.bridges.bridge import Receipt
from glyphfeed.stream.bridges.naming import message_id
from glyphfeed.stream.bridges.settings import HTTP_PORTS, server_of
from glyphfeed.stream.bridges.signing import body_of, headers_of, keys_of
from glyphfeed.stream.bridges.tls import trust, words
from glyphfeed.stream.bridges.waiting import Reach, pause_s
from glyphfeed.stream.errors import BridgeError
from glyphfeed.stream.placeholders import fill, reveal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glyphfeed.stream.bridges.settings import WebhookSettings
    from glyphfeed.stream.feed.wire import Message

TIMEOUT_S: Final = 15.0
"""For the connection, and for the answer; what Standard Webhooks advises."""
LONGEST_PAUSE_S: Final = 300.0
LONGEST_RETRY_AFTER_S: Final = 86_400.0
"""A server may ask for so long a pause, and not for ever."""
REFUSALS: Final = frozenset({HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.UNPROCESSABLE_ENTITY})
"""Answers that speak of the one message, and not of the server or of who may send to it."""
REFUSED_OFTEN: Final = 8
"""After so many refusals, some two minutes, a message is left out: it would hold up all that follow, for ever."""
_ANSWER_BYTES: Final = 65_536

_log = logging.getLogger("glyphfeed.bridges")


class Outcome(Enum):
    """What became of an attempt."""

    ACCEPTED = auto()
    FAILED = auto()
    REFUSED = auto()
    GONE = auto()


@dataclass(frozen=True, slots=True)
class Attempt:
    """An attempt: what became of it, why, and how long the server asks not to be asked, in seconds."""

    outcome: Outcome
    reason: str = ""
    retry_after_s: float = 0.0


def judge(status: int, retry_after: str | None, now: float) -> Attempt:
    """What an answer means: its status and its `Retry-After`, at a Unix time."""
    reason = f"it answers {status}"
    if 200 <= status < 300:
        return Attempt(Outcome.ACCEPTED)
    if status == HTTPStatus.GONE:
        return Attempt(Outcome.GONE, reason)
    if 300 <= status < 400:
        return Attempt(Outcome.FAILED, f"{reason}, and redirections are not followed: write its new address")
    outcome = Outcome.REFUSED if status in REFUSALS else Outcome.FAILED
    return Attempt(outcome, reason, _seconds(retry_after, now))


def _seconds(retry_after: str | None, now: float) -> float:
    """Read a `Retry-After`: seconds, or a date; 0 where it is neither."""
    if retry_after is None:
        return 0.0
    try:
        asked = float(retry_after) if retry_after.strip().isdecimal() else parsedate_to_datetime(retry_after).timestamp() - now
    except (ValueError, TypeError, OverflowError):
        return 0.0
    return min(max(asked, 0.0), LONGEST_RETRY_AFTER_S)


class Webhook:
    """Sends each event until it is accepted, one after the other; what `event` gives is acknowledged unless `stopped` was set.

    `meanwhile` says what becomes of events that are not, see `Reach`.  Without a secret nothing is signed.

    Raises:
        InputError: the secret is none.
        SourceError: a secret that the settings name cannot be had.
        BridgeError: the file of authorities is none.

    """

    def __init__(self, settings: WebhookSettings, stopped: threading.Event, *meanwhile: str) -> None:
        self._server = server_of(settings.address, HTTP_PORTS)
        parts: SplitResult = urlsplit(fill(settings.address))
        self._target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        self._keys = keys_of(reveal(settings.secret))
        self._private = settings.private
        self._tls = trust(settings.ca) if parts.scheme == "https" else None
        self._stopped = stopped
        self._reach = Reach(f"The web hook at {self._server}", *meanwhile)
        self._connection: HTTPConnection | None = None
        self.purpose = f"the web hook at {self._server}"

    def event(self, message: Message) -> Receipt:
        """See `FarSide.event`.

        Raises:
            BridgeError: the server wants no more.

        """
        identity, body = message_id(message), body_of(message)
        failures = refusals = 0
        while not self._stopped.is_set():
            attempt = self._post(identity, body)
            if attempt.outcome is Outcome.GONE:
                raise BridgeError(
                    f"{self._reach.name} wants no more ({attempt.reason}): remove this bridge, or name another address"
                )
            if attempt.outcome is Outcome.ACCEPTED:
                self._reach.found()
                return Receipt(is_acknowledged=True)
            failures += 1
            refusals += attempt.outcome is Outcome.REFUSED
            if refusals == REFUSED_OFTEN:
                _log.error(
                    "%s has refused message %s %d times (%s): it is left out.",
                    self._reach.name,
                    identity,
                    refusals,
                    attempt.reason,
                )
                return Receipt(is_acknowledged=True)
            self._reach.lost(attempt.reason)
            self._stopped.wait(max(attempt.retry_after_s, pause_s(failures, random.random(), LONGEST_PAUSE_S)))
        return Receipt()

    def _post(self, identity: str, body: bytes) -> Attempt:
        headers = {
            "content-type": "application/json",
            "user-agent": "glyphfeed",
            **headers_of(identity, int(time.time()), body, self._keys),
        }
        attempt, is_usable, began = None, False, time.monotonic()
        try:
            connection = self._connected()
            with _hanging_up(connection.sock, TIMEOUT_S):
                connection.request("POST", self._target, body, headers)
                answer = connection.getresponse()
                attempt = judge(answer.status, answer.headers.get("retry-after"), time.time())
                # So that the connection can be used again; what is longer is not waited for.
                answer.read(_ANSWER_BYTES)
                is_usable = answer.isclosed()
        except (OSError, HTTPException) as error:
            # Where the answer began it has been heard, whatever becomes of the rest.
            is_late = time.monotonic() - began > TIMEOUT_S
            attempt = attempt or Attempt(Outcome.FAILED, words(TimeoutError() if is_late else error))
        if not is_usable:
            self.close()
        return attempt

    def _connected(self) -> HTTPConnection:
        """The last connection where it is still good, else a new one.

        Raises:
            OSError: there is none to be had.

        """
        if self._connection is not None and _is_over(self._connection):
            self.close()
        if self._connection is None:
            server = self._server
            self._connection = (
                reachable.PlainConnection(server.host, server.port, TIMEOUT_S, private=self._private)
                if self._tls is None
                else reachable.EncryptedConnection(server.host, server.port, TIMEOUT_S, private=self._private, tls=self._tls)
            )
        if self._connection.sock is None:
            self._connection.connect()
        return self._connection

    def state(self, message: Message) -> None:
        """See `FarSide.state`; a web hook hears of events alone."""

    def tick(self, wait_s: float) -> None:
        """See `FarSide.tick`; nothing is ever due."""

    def close(self) -> None:
        """See `FarSide.close`."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


@contextmanager
def _hanging_up(connection: socket.socket, timeout_s: float) -> Iterator[None]:
    """Hang up after a time: the connection's own time-out begins anew with each byte that drips in."""

    def hang_up() -> None:
        with suppress(OSError):
            # Not its own method, as one of TLS would forget under the reader's feet that it is one.
            socket.socket.shutdown(connection, socket.SHUT_RDWR)

    timer = threading.Timer(timeout_s, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _is_over(connection: HTTPConnection) -> bool:
    """Whether the other end has closed a connection, or says something that nobody asked for."""
    return connection.sock is not None and bool(select.select([connection.sock], [], [], 0)[0])
