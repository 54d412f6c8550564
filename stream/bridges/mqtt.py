"""The far side that is an MQTT broker, with Home Assistant behind it.

Owns: connections to the broker, which events it has not acknowledged, and what it must be told anew.  Does not own topics and
payloads (discovery).

A connection that breaks is given up, and another one made: what was not acknowledged is sent again over it, in the old order,
which the library does not promise of connections that it mends itself.  The library's thread leaves what it hears in a queue; all
else is done by the bridge's.
"""

from __future__ import annotations

import random
import socket
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any, Final, cast

from paho.mqtt.client import Client, MQTTv311
from paho.mqtt.enums import CallbackAPIVersion

from glyphfeed.stream.bridges import discovery
from glyphfeed.stream.bridges.bridge import Receipt
from glyphfeed.stream.bridges.discovery import OFFLINE, ONLINE, Names, encode
from glyphfeed.stream.bridges.glances import Glances
from glyphfeed.stream.bridges.settings import MQTT_PORTS, server_of
from glyphfeed.stream.bridges.tls import trust, words
from glyphfeed.stream.bridges.waiting import Reach, pause_s
from glyphfeed.stream.errors import BridgeError
from glyphfeed.stream.records import SourceState

if TYPE_CHECKING:
    import ssl

    from paho.mqtt.client import ConnectFlags, DisconnectFlags, MQTTMessage
    from paho.mqtt.properties import Properties
    from paho.mqtt.reasoncodes import ReasonCode

    from glyphfeed.stream.bridges.settings import MqttSettings, Server
    from glyphfeed.stream.feed.wire import Message

KEEPALIVE_S: Final = 15
"""A broker that is gone without a word is noticed after about half as much again."""
TIMEOUT_S: Final = 5.0
"""For a connection, and for the broker to welcome the bridge on it."""
STEADY_S: Final = 10.0
"""A connection that lasted so long was none of a row of failures."""
UNHEARD_S: Final = 10.0
"""A reader tells of each camera once a second."""
_LEAVE_S: Final = 1.0
_UNAUTHORISED: Final = {"Bad user name or password", "Not authorized"}
_LAST_STATES: Final = {SourceState.ENDED, SourceState.FAILED}
"""After one of these nothing more is told of a camera."""


class RefusedError(ConnectionError):
    """The broker does not welcome the bridge; why, and whether another user name or password would be needed."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.is_final = reason in _UNAUTHORISED


@dataclass(slots=True)
class _Sent:
    """An event that is not acknowledged yet; `number` is the library's on the present connection."""

    topic: str
    payload: bytes
    receipt: Receipt = field(default_factory=Receipt)
    number: int = -1


@dataclass(slots=True)
class _Camera:
    """What the broker keeps of a camera."""

    status: bytes = b""
    last_text: bytes = b""
    heard_at: float = 0.0
    is_over: bool = False


class Mqtt:
    """Sends events at least once and in order, and keeps on the broker how each camera is, and what was read there last.

    Raises:
        SourceError: a secret that the settings name cannot be had.
        BridgeError: a certificate cannot be used.

    """

    def __init__(self, settings: MqttSettings, version: str) -> None:
        self._server = server_of(settings.address, MQTT_PORTS)
        is_encrypted = self._server.scheme == "mqtts"
        self._tls = trust(settings.ca, settings.certificate, settings.certificate_key) if is_encrypted else None
        self._names = Names(settings.prefix, settings.discovery)
        self._version = version
        self._glances = None if (every_s := settings.pictures_s) is None else Glances(settings.endpoint, settings.keys, every_s)
        self._session: _Session | None = None
        self._reach = Reach(f"The MQTT broker at {self._server}")
        self._failures, self._try_at, self._connected_at = 0, 0.0, float("inf")
        self._was_welcome = False
        self._waiting: list[_Sent] = []
        self._cameras: dict[str, _Camera] = {}
        announced = f", announced to Home Assistant on {settings.discovery}/" if settings.discovery else ""
        self.purpose = f"the MQTT broker at {self._server} as {settings.prefix}/...{announced}"

    def event(self, message: Message) -> Receipt:
        """See `FarSide.event`."""
        camera = self._camera(message.source)
        if (text := discovery.text_payload(message)) is not None:
            camera.last_text = encode(text)
            # First: who has acknowledged the event has taken this as well.
            self._keep(self._names.topic(message.source, "text"), camera.last_text)
        sent = _Sent(self._names.topic(message.source, "event"), encode(discovery.event_payload(message)))
        self._waiting.append(sent)
        if self._session is not None:
            sent.number = self._session.publish(sent.topic, sent.payload)
        return sent.receipt

    def state(self, message: Message) -> None:
        """See `FarSide.state`."""
        camera = self._camera(message.source)
        camera.heard_at = time.monotonic()
        if message.kind == "status":
            state = str(message.body["state"])
            camera.is_over = state in _LAST_STATES
            self._tell_status(message.source, camera, state, str(message.body["detail"]))

    def tick(self, wait_s: float) -> None:
        """See `FarSide.tick`.

        Raises:
            BridgeError: the broker has never let this bridge in, for its name or password.

        """
        now = time.monotonic()
        if self._session is None and now >= self._try_at:
            self._connect()
        if self._session is None:
            time.sleep(min(wait_s, max(0.0, self._try_at - now)))
            return
        self._digest(self._session, wait_s)
        for source, camera in self._cameras.items():
            if not camera.is_over and now - camera.heard_at > UNHEARD_S:
                self._tell_status(source, camera, discovery.UNHEARD, f"the reader has told nothing of it for {UNHEARD_S:.0f} s")
        if self._session is not None and self._glances is not None:
            for picture in self._glances.take([source for source, camera in self._cameras.items() if not camera.is_over]):
                self._session.show(self._names.topic(picture.source, "picture"), picture.jpeg)

    def close(self) -> None:
        """See `FarSide.close`."""
        if self._glances is not None:
            self._glances.close()
        if self._session is not None:
            self._session.leave()
            self._session = None

    def _camera(self, source: str) -> _Camera:
        if source not in self._cameras:
            self._cameras[source] = _Camera(heard_at=time.monotonic())
            self._announce(source)
        return self._cameras[source]

    def _tell_status(self, source: str, camera: _Camera, state: str, detail: str) -> None:
        status = encode(discovery.status_payload(state, detail))
        if status != camera.status:
            camera.status = status
            self._keep(self._names.topic(source, "status"), status)

    def _keep(self, topic: str, payload: bytes) -> None:
        """Have the broker keep what it is told, for whoever comes later; without a connection the next one tells it."""
        if self._session is not None and payload:
            self._session.publish(topic, payload, retain=True)

    def _announce(self, source: str | None) -> None:
        """Tell Home Assistant of a camera, or of the bridge itself."""
        if not self._names.discovery:
            return
        if source is None:
            device, payload = self._names.bridge, discovery.bridge_device(self._names, self._version)
        else:
            device = self._names.camera(source)
            payload = discovery.camera_device(self._names, source, self._version, pictures=self._glances is not None)
        self._keep(self._names.config(device), encode(payload))

    def _introduce(self) -> None:
        """Tell all that the broker keeps; the bridge first, as the cameras refer to it."""
        self._announce(None)
        for source, camera in self._cameras.items():
            self._announce(source)
            self._keep(self._names.topic(source, "status"), camera.status)
            self._keep(self._names.topic(source, "text"), camera.last_text)

    def _connect(self) -> None:
        """Try to connect; then tell the broker what it keeps, and send again what it has not acknowledged."""
        try:
            session = _Session(self._server, self._tls, self._names)
        except OSError as error:
            if isinstance(error, RefusedError) and error.is_final and not self._was_welcome:
                raise BridgeError(
                    f"{self._reach.name} lets nobody in so: {error}; check the user name and the password"
                ) from None
            self._fail(words(error))
            return
        self._session, self._was_welcome, self._connected_at = session, True, time.monotonic()
        self._reach.found()
        session.publish(self._names.availability, ONLINE.encode(), retain=True)
        self._introduce()
        for sent in self._waiting:
            sent.number = session.publish(sent.topic, sent.payload)

    def _fail(self, reason: str) -> None:
        if time.monotonic() - self._connected_at > STEADY_S:
            self._failures = 0
        self._failures, self._connected_at = self._failures + 1, float("inf")
        self._try_at = time.monotonic() + pause_s(self._failures, random.random())
        self._reach.lost(reason)

    def _digest(self, session: _Session, wait_s: float) -> None:
        """Take in what was heard of the broker, and wait for it so long at most."""
        with suppress(Empty):
            self._hear(session, *session.heard.get(timeout=wait_s) if wait_s else session.heard.get_nowait())
            while self._session is not None:
                self._hear(session, *session.heard.get_nowait())

    def _hear(self, session: _Session, what: str, value: Any) -> None:
        match what:
            case "acknowledged":
                for sent in self._waiting:
                    if sent.number == value:
                        sent.receipt.is_acknowledged = True
                        self._waiting.remove(sent)
                        break
            case "born":
                self._introduce()
            case "lost":
                session.abandon()
                self._session = None
                self._fail(str(value))


class _Session:
    """One connection to a broker, made and welcomed.

    `heard` is what has come over it: `("acknowledged", number)`, `("born", None)` of Home Assistant, and last `("lost", reason)`.

    Raises:
        RefusedError: the broker is there and does not want it.
        OSError: it cannot be reached.

    """

    def __init__(self, server: Server, tls: ssl.SSLContext | None, names: Names) -> None:
        self.heard: SimpleQueue[tuple[str, Any]] = SimpleQueue()
        self._welcome: SimpleQueue[str] = SimpleQueue()
        self._over = threading.Event()
        self._names = names
        # The same name each time: a broker that still holds the last connection ends that one, and its will comes first.
        self._client = client = Client(
            CallbackAPIVersion.VERSION2, f"glyphfeed-{names.bridge}", protocol=MQTTv311, reconnect_on_failure=False
        )
        client.on_connect, client.on_disconnect = self._on_connect, self._on_disconnect
        client.on_publish, client.on_message = self._on_publish, self._on_message
        client.max_inflight_messages_set(0)
        client.connect_timeout = TIMEOUT_S
        client.will_set(names.availability, OFFLINE.encode(), qos=1, retain=True)
        if server.user is not None:
            client.username_pw_set(server.user, server.password)
        if tls is not None:
            client.tls_set_context(tls)
        client.connect(server.host, server.port, KEEPALIVE_S)
        client.loop_start()
        try:
            refusal = self._welcome.get(timeout=TIMEOUT_S)
        except Empty:
            refusal = "it does not answer in time"
        if refusal:
            self.abandon()
            raise RefusedError(refusal)
        if names.discovery:
            client.subscribe(names.birth, qos=1)

    def publish(self, topic: str, payload: bytes, *, retain: bool = False) -> int:
        """Send a message at least once, and say by which number it will be acknowledged."""
        return self._client.publish(topic, payload, qos=1, retain=retain).mid

    def show(self, topic: str, payload: bytes) -> None:
        """Send a message that may be lost; where others still wait to be sent it is."""
        if not self._client.want_write():
            self._client.publish(topic, payload)

    def leave(self) -> None:
        """Say that the bridge is gone, in the will's place, and end."""
        with suppress(ValueError, RuntimeError):
            self._client.publish(self._names.availability, OFFLINE.encode(), qos=1, retain=True).wait_for_publish(_LEAVE_S)
        self._client.disconnect()
        self._over.wait(_LEAVE_S)
        self.abandon()

    def abandon(self) -> None:
        """End without a word; does not wait for the broker."""
        bare = cast("socket.socket | None", self._client.socket())
        if bare is not None:
            with suppress(OSError):
                bare.shutdown(socket.SHUT_RDWR)
        self._client.loop_stop()

    def _on_connect(
        self, _client: Client, _data: Any, _flags: ConnectFlags, code: ReasonCode, _properties: Properties | None
    ) -> None:
        self._welcome.put(str(code) if code.is_failure else "")

    def _on_disconnect(
        self, _client: Client, _data: Any, _flags: DisconnectFlags, code: ReasonCode, _properties: Properties | None
    ) -> None:
        self._over.set()
        self._welcome.put("it broke the connection off")
        self.heard.put(("lost", "it broke the connection off" if code.is_failure else str(code)))

    def _on_publish(self, _client: Client, _data: Any, number: int, _code: ReasonCode, _properties: Properties) -> None:
        self.heard.put(("acknowledged", number))

    def _on_message(self, _client: Client, _data: Any, message: MQTTMessage) -> None:
        if message.topic == self._names.birth and message.payload == ONLINE.encode():
            self.heard.put(("born", None))
