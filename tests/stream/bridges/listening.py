"""A client of an MQTT broker, as Home Assistant is one: what came, in its order."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from tests.stream.feed.samples import DEADLINE_S

if TYPE_CHECKING:
    from collections.abc import Iterator


@dataclass(frozen=True)
class Got:
    topic: str
    payload: bytes
    qos: int
    retained: bool

    @property
    def json(self) -> Any:
        return json.loads(self.payload)


@dataclass
class Listener:
    client: Client
    got: list[Got] = field(default_factory=list)

    def on(self, topic: str) -> list[Got]:
        """What came on a topic."""
        return [got for got in list(self.got) if got.topic == topic]


@contextmanager
def listening(port: int, *topics: str, name: str = "") -> Iterator[Listener]:
    """Subscribe with QoS 1; one with a name is remembered by the broker while it is away."""
    client = Client(CallbackAPIVersion.VERSION2, name, clean_session=not name)
    client.reconnect_delay_set(1, 1)
    listener, subscribed = Listener(client), threading.Event()

    def on_connect(*_: Any) -> None:
        client.subscribe([(topic, 1) for topic in topics])

    def on_message(_: Any, __: Any, message: Any) -> None:
        listener.got.append(Got(message.topic, message.payload, message.qos, message.retain))

    client.on_connect, client.on_message = on_connect, on_message
    client.on_subscribe = lambda *_: subscribed.set()
    client.connect("127.0.0.1", port)
    client.loop_start()
    try:
        assert subscribed.wait(DEADLINE_S)
        yield listener
    finally:
        client.disconnect()
        client.loop_stop()
