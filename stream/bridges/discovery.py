"""What Home Assistant is told over MQTT: devices, their entities, and where on the broker each finds what it shows.

Owns: the topics, and the payloads by which Home Assistant discovers a bridge and its cameras and what it then gets.  Pure; does
not own sending (mqtt).

Topics, below a prefix: `availability` of the bridge, and of each camera `CAMERA/event`, `CAMERA/text`, `CAMERA/status` and
`CAMERA/picture`.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from glyphfeed.stream.bridges.naming import message_id, slug
from glyphfeed.stream.records import EventType

if TYPE_CHECKING:
    from glyphfeed.stream.feed.wire import Message

Payload: TypeAlias = dict[str, Any]

ONLINE: Final = "online"
OFFLINE: Final = "offline"
STATE_LENGTH: Final = 255
"""Home Assistant refuses a state that is longer."""
UNHEARD: Final = "unheard"
"""The state of a camera whose reader has fallen silent; no reader says so itself."""


@dataclass(frozen=True, slots=True)
class Names:
    """Where everything is: `prefix` begins the bridge's own topics, `discovery` those that Home Assistant looks at."""

    prefix: str
    discovery: str

    @property
    def availability(self) -> str:
        """Where the bridge says whether it is there."""
        return f"{self.prefix}/availability"

    @property
    def birth(self) -> str:
        """Where Home Assistant says that it has started."""
        return f"{self.discovery}/status"

    @property
    def bridge(self) -> str:
        """Id of the bridge as a device."""
        return self.prefix.replace("/", "_")

    def camera(self, source: str) -> str:
        """Id of a camera as a device."""
        return f"{self.bridge}_{slug(source)}"

    def topic(self, source: str, leaf: str) -> str:
        """A topic of a camera."""
        return f"{self.prefix}/{source}/{leaf}"

    def config(self, device: str) -> str:
        """Where a device is announced."""
        return f"{self.discovery}/device/{device}/config"


def bridge_device(names: Names, version: str) -> Payload:
    """Announce the bridge itself: a device with one entity, whether it is there."""
    return {
        "dev": {"ids": [names.bridge], "name": names.bridge, "mf": "glyphfeed", "mdl": "MQTT bridge", "sw": version},
        "o": {"name": "glyphfeed", "sw": version},
        "cmps": {
            "connectivity": {
                "p": "binary_sensor",
                "name": "Connectivity",
                **_ids(names.bridge, "binary_sensor", "connectivity"),
                "device_class": "connectivity",
                "entity_category": "diagnostic",
                "state_topic": names.availability,
                "payload_on": ONLINE,
                "payload_off": OFFLINE,
            }
        },
        "qos": 1,
    }


def camera_device(names: Names, source: str, version: str, *, pictures: bool) -> Payload:
    """Announce a camera: what is read, as events and as the last text, whether it is connected, and its picture where wanted."""
    device = names.camera(source)
    bridge = {"topic": names.availability}
    camera = {
        "topic": names.topic(source, "status"),
        "value_template": "{{ 'online' if value_json.state in ['live', 'stalled'] else 'offline' }}",
    }
    read = {"availability": [bridge, camera], "availability_mode": "all"}
    entities: Payload = {
        "event": {
            "p": "event",
            "name": "Text",
            **_ids(device, "event", "text"),
            "icon": "mdi:text-recognition",
            "state_topic": names.topic(source, "event"),
            "event_types": [str(kind) for kind in EventType],
            **read,
        },
        "text": {
            "p": "sensor",
            "name": "Last text",
            **_ids(device, "sensor", "last_text"),
            "icon": "mdi:format-text",
            "state_topic": names.topic(source, "text"),
            "value_template": "{{ value_json.short }}",
            "json_attributes_topic": names.topic(source, "text"),
            **read,
        },
        "connectivity": {
            "p": "binary_sensor",
            "name": "Connectivity",
            **_ids(device, "binary_sensor", "connectivity"),
            "device_class": "connectivity",
            "entity_category": "diagnostic",
            "state_topic": names.topic(source, "status"),
            "value_template": "{{ 'ON' if value_json.state == 'live' else 'OFF' }}",
            "json_attributes_topic": names.topic(source, "status"),
            # Not that of the camera: it shall say that the camera is gone.
            "availability": [bridge],
        },
    }
    if pictures:
        entities["picture"] = {
            "p": "image",
            "name": "Picture",
            **_ids(device, "image", "picture"),
            "image_topic": names.topic(source, "picture"),
            "content_type": "image/jpeg",
            **read,
        }
    return {
        "dev": {"ids": [device], "name": source, "mf": "glyphfeed", "mdl": "Camera", "sw": version, "via_device": names.bridge},
        "o": {"name": "glyphfeed", "sw": version},
        "cmps": entities,
        "qos": 1,
    }


def _ids(device: str, platform: str, entity: str) -> Payload:
    plain = re.sub(r"[^a-z0-9_]", "_", device.lower())
    return {"unique_id": f"{device}_{entity}", "default_entity_id": f"{platform}.{plain}_{entity}"}


def event_payload(message: Message) -> Payload:
    """Tell an event: its type as Home Assistant wants it, and the rest as attributes; a repetition has the same `message_id`."""
    entity = message.body["entity"]
    payload = {
        "event_type": message.body["type"],
        "text": entity["text"],
        "confidence": entity["confidence"],
        "text_id": entity["id"],
        "polygon": entity["polygon"],
        "frame": message.body["frame"],
        "captured_at": message.body["captured_at"],
        "first_seen": entity["first_seen"],
        "last_seen": entity["last_seen"],
        "source": message.source,
        "message_id": message_id(message),
    }
    if "previous" in message.body:
        payload["previous"] = message.body["previous"]
    if "flag" in message.body:
        payload |= {"rule": message.body["flag"]["rule"], "action": message.body["flag"]["action"]}
    return payload


def text_payload(message: Message) -> Payload | None:
    """Tell the last text, cut to what a state may hold in `short`; None where an event brings no other text."""
    if message.body["type"] not in (EventType.READ, EventType.CHANGED):
        return None
    entity = message.body["entity"]
    return {
        "short": shortened(entity["text"]),
        "text": entity["text"],
        "confidence": entity["confidence"],
        "captured_at": message.body["captured_at"],
        "message_id": message_id(message),
    }


def shortened(text: str) -> str:
    """A text that fits into a state; where it was cut it ends in an ellipsis."""
    return text if len(text) <= STATE_LENGTH else text[: STATE_LENGTH - 1] + "…"


def status_payload(state: str, detail: str) -> Payload:
    """Tell how a camera is."""
    return {"state": state, "detail": detail}


def encode(payload: Payload) -> bytes:
    """Write a payload as JSON; the lone surrogates of names that are no UTF-8 become question marks, as brokers close at such."""
    return json.dumps(payload, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
