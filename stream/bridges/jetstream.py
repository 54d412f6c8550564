"""The far side that is NATS with JetStream: events become a stream, and how each camera is a key-value bucket.

Owns: connections to the servers, subjects, and the stream and bucket that are made where they are missing.

A connection that breaks is given up, and another one made, at the next of the servers; the message on its way is sent again under
its id, by which JetStream drops what it has.  The library is asynchronous and has a loop and a thread of its own here.
"""

from __future__ import annotations

import asyncio
import json
import random
import threading
import time
from contextlib import suppress
from itertools import cycle
from typing import TYPE_CHECKING, Any, Final

import nats.errors
import nats.js.errors
from nats.aio.client import Client
from nats.js.api import KeyValueConfig, StorageType, StreamConfig
from nats.js.errors import APIError, NotFoundError

from glyphfeed.stream.bridges.bridge import Receipt
from glyphfeed.stream.bridges.naming import message_id, token
from glyphfeed.stream.bridges.settings import NATS_PORTS, server_of
from glyphfeed.stream.bridges.tls import trust, words
from glyphfeed.stream.bridges.waiting import Reach, pause_s
from glyphfeed.stream.errors import BridgeError
from glyphfeed.stream.placeholders import reveal

if TYPE_CHECKING:
    import ssl
    from collections.abc import Coroutine

    from nats.js import JetStreamContext

    from glyphfeed.stream.bridges.settings import NatsSettings, Server
    from glyphfeed.stream.feed.wire import Message

TIMEOUT_S: Final = 5.0
"""For a connection, and for an acknowledgement."""
LEAVE_S: Final = 1.0
"""For a connection to be closed in order."""
STATUS_S: Final = 10.0
"""A status that says nothing new is written so often."""
MEMORY_S: Final = 3600.0
"""So long the stream knows a message again that is sent once more, as after a restart of the bridge."""
_OVERLAPPING: Final = 10065
"""JetStream's number for another stream that has the subjects already."""


class UnfitError(Exception):
    """The servers cannot be used as they are set up, whoever tries again; why."""


class GuardedClient(Client):
    """Says who it is over an encrypted connection only, where one is wanted; the library would trust a server that wants none."""

    def __init__(self, *, encrypted: bool) -> None:
        super().__init__()
        self._encrypted = encrypted

    def _connect_command(self) -> bytes:
        # Where this was asked for the connection has been encrypted by now.
        if self._encrypted and not self._server_info.get("tls_required"):
            raise nats.errors.SecureConnRequiredError
        return super()._connect_command()


class JetStream:
    """Sends each event until it is stored, one after the other; what `event` gives is acknowledged unless `stopped` was set.

    Raises:
        SourceError: a secret that the settings name cannot be had.
        BridgeError: a certificate cannot be used.

    """

    def __init__(self, settings: NatsSettings, stopped: threading.Event) -> None:
        self._settings, self._stopped = settings, stopped
        self._servers = [server_of(server, NATS_PORTS) for server in settings.servers]
        self._turns = cycle(self._servers)
        self._token = reveal(settings.token)
        self._tls = self._trust()
        shown = ", ".join(map(str, self._servers))
        self._reach = Reach(f"NATS at {shown}")
        self.purpose = f"NATS at {shown} as {settings.subjects}.event.>, in the stream {settings.stream}"
        self._client: Client | None = None
        self._stream: JetStreamContext | None = None
        self._gone = asyncio.Event()
        self._was_welcome = False
        self._failures, self._try_at = 0, 0.0
        self._statuses: dict[str, tuple[str, float]] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="glyphfeed-nats", daemon=True)
        self._thread.start()

    def _trust(self) -> ssl.SSLContext | None:
        settings = self._settings
        if settings.ca or settings.certificate or any(server.scheme == "tls" for server in self._servers):
            return trust(settings.ca, settings.certificate, settings.certificate_key)
        return None

    def event(self, message: Message) -> Receipt:
        """See `FarSide.event`.

        Raises:
            BridgeError: the servers have never let this bridge in, or cannot be used as they are set up.

        """
        subject = f"{self._settings.subjects}.event.{token(message.source)}.{_word(message.body['type'])}"
        body, headers = _encode(message), {"Nats-Msg-Id": message_id(message)}
        while not self._stopped.is_set():
            stream = self._connected()
            if stream is None:
                self._stopped.wait(max(0.0, self._try_at - time.monotonic()))
                continue
            try:
                self._run(self._while_connected(stream.publish(subject, body, TIMEOUT_S, self._settings.stream, headers)))
                return Receipt(is_acknowledged=True)
            # Whatever it is: over connections that break the library raises all sorts of errors.
            except Exception as error:
                self._fail(error)
        return Receipt()

    def state(self, message: Message) -> None:
        """See `FarSide.state`: a status is put under its camera at each change, and now and then."""
        if message.kind != "status" or (stream := self._connected()) is None:
            return
        state, now = str(message.body["state"]), time.monotonic()
        last, put_at = self._statuses.get(message.source, ("", 0.0))
        if state == last and now - put_at < STATUS_S:
            return
        key = f"{self._settings.subjects}.{token(message.source)}"
        try:
            self._run(self._while_connected(self._put(stream, key, _encode(message))))
            self._statuses[message.source] = state, now
        except Exception as error:
            self._fail(error)

    async def _put(self, stream: JetStreamContext, key: str, value: bytes) -> None:
        bucket = await stream.key_value(self._settings.bucket)
        await bucket.put(key, value)

    async def _while_connected(self, work: Coroutine[Any, Any, Any]) -> None:
        """Do something that waits for an answer, which the library goes on waiting for when the connection is gone."""
        working, going = asyncio.ensure_future(work), asyncio.ensure_future(self._gone.wait())
        await asyncio.wait({working, going}, return_when=asyncio.FIRST_COMPLETED)
        going.cancel()
        if not working.done():
            working.cancel()
            raise nats.errors.ConnectionClosedError
        working.result()

    def tick(self, wait_s: float) -> None:
        """See `FarSide.tick`; events do not wait here."""

    def close(self) -> None:
        """See `FarSide.close`."""
        self._drop()
        self._run(_end_tasks())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, Any]) -> Any:
        """Have the library's thread do something, and wait for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    def _connected(self) -> JetStreamContext | None:
        """The stream, over a connection that is made where there is none and one is due; None where there is none."""
        if self._stream is not None or time.monotonic() < self._try_at:
            return self._stream
        server = next(self._turns)
        try:
            self._stream = self._run(self._connect(server))
        except UnfitError as error:
            raise BridgeError(f"{self._reach.name}: {error}") from None
        except Exception as error:
            # The library has an error of its own for it, and mostly raises another.
            if "authorization" in str(error).lower() and not self._was_welcome:
                raise BridgeError(
                    f"{self._reach.name} lets nobody in so: check the user name, the token or the credentials"
                ) from None
            self._fail(error)
        else:
            self._was_welcome, self._failures = True, 0
            self._reach.found()
        return self._stream

    async def _connect(self, server: Server) -> JetStreamContext:
        """Connect to a server, and make the stream and the bucket where they are missing."""

        async def fail(error: Exception) -> None:
            # While it connects the library would go on trying by itself; later its calls and its end tell all.
            if stream is None:
                raise error

        async def note_end() -> None:
            gone.set()

        settings = self._settings
        stream: JetStreamContext | None = None
        gone = self._gone = asyncio.Event()
        self._client = GuardedClient(encrypted=self._tls is not None)
        await self._client.connect(
            f"nats://{server}",
            error_cb=fail,
            closed_cb=note_end,
            name=f"glyphfeed {settings.name}",
            allow_reconnect=False,
            connect_timeout=int(TIMEOUT_S),
            tls=self._tls,
            user=server.user,
            password=server.password,
            token=self._token or None,
            user_credentials=None if settings.credentials is None else str(settings.credentials),
        )
        stream = self._client.jetstream(timeout=TIMEOUT_S)
        subjects = f"{settings.subjects}.event.>"
        try:
            held = (await stream.stream_info(settings.stream)).config
        except NotFoundError:
            await self._make(stream, subjects)
        else:
            if not any(covers(pattern, subjects) for pattern in held.subjects or []):
                raise UnfitError(f"its stream {settings.stream} does not hold {subjects}; add that to it, or name another stream")
        try:
            await stream.key_value(settings.bucket)
        except nats.js.errors.BucketNotFoundError:
            await stream.create_key_value(KeyValueConfig(bucket=settings.bucket, replicas=settings.replicas))
        return stream

    async def _make(self, stream: JetStreamContext, subjects: str) -> None:
        settings = self._settings
        try:
            await stream.add_stream(
                StreamConfig(
                    name=settings.stream,
                    description="What glyphfeed has read",
                    subjects=[subjects],
                    max_age=settings.max_days * 86_400,
                    max_bytes=settings.max_bytes,
                    num_replicas=settings.replicas,
                    storage=StorageType.FILE,
                    duplicate_window=min(MEMORY_S, settings.max_days * 86_400),
                )
            )
        except APIError as error:
            if error.err_code == _OVERLAPPING:
                raise UnfitError(f"another of its streams holds {subjects}; name that stream, or other subjects") from None
            raise

    def _fail(self, error: Exception | str) -> None:
        self._drop()
        self._failures += 1
        self._try_at = time.monotonic() + pause_s(self._failures, random.random())
        self._reach.lost(error if isinstance(error, str) else _words(error))

    def _drop(self) -> None:
        client, self._client, self._stream = self._client, None, None
        if client is not None and not client.is_closed:
            # Closing flushes, over a connection that may be broken.
            with suppress(Exception):
                self._run(asyncio.wait_for(client.close(), LEAVE_S))


async def _end_tasks() -> None:
    """End what the library still does in this loop."""
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for task in others:
        task.cancel()
    await asyncio.gather(*others, return_exceptions=True)


def covers(pattern: str, subjects: str) -> bool:
    """Whether all subjects that end so, such as `a.b.>`, match a pattern, in which `*` is any token and `>` the rest."""
    wanted = subjects.split(".")
    for place, expected in enumerate(pattern.split(".")):
        if expected == ">":
            return place < len(wanted)
        if place >= len(wanted) or wanted[place] == ">" or expected not in ("*", wanted[place]):
            return False
    return len(pattern.split(".")) == len(wanted)


def _encode(message: Message) -> bytes:
    # A lone surrogate has no UTF-8 form; backslashreplace writes its JSON escape.
    return json.dumps(message.body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "backslashreplace")


def _word(kind: object) -> str:
    """A type of event as one token of a subject, whatever a later version calls it."""
    return token(str(kind)).replace(" ", "_").replace("*", "_").replace(">", "_") or "_"


def _words(error: Exception) -> str:
    match error:
        case nats.errors.SecureConnRequiredError():
            return "it does not encrypt, which tls:// or a certificate asks for"
        case nats.js.errors.ServiceUnavailableError() | nats.js.errors.NoStreamResponseError():
            return "JetStream does not answer there; is it switched on?"
        case APIError():
            return f"JetStream says: {error.description}"
        case nats.errors.Error():
            return str(error).removeprefix("nats: ")
    return words(error)
