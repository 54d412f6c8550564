from __future__ import annotations

import json
import re
from dataclasses import replace

import pytest

from glyphfeed.stream.bridges.discovery import (
    Names,
    bridge_device,
    camera_device,
    encode,
    event_payload,
    shortened,
    status_payload,
    text_payload,
)
from glyphfeed.stream.records import EventType
from tests.stream.bridges.messages import event_message

NAMES = Names("glyphfeed", "homeassistant")


def test_a_camera_is_announced_as_one_device_with_all_its_entities() -> None:
    bridge = {"topic": "glyphfeed/availability"}
    camera = {
        "topic": "glyphfeed/door/status",
        "value_template": "{{ 'online' if value_json.state in ['live', 'stalled'] else 'offline' }}",
    }
    assert NAMES.config(NAMES.camera("door")) == "homeassistant/device/glyphfeed_door/config"
    assert camera_device(NAMES, "door", "1.2", pictures=True) == {
        "dev": {
            "ids": ["glyphfeed_door"],
            "name": "door",
            "mf": "glyphfeed",
            "mdl": "Camera",
            "sw": "1.2",
            "via_device": "glyphfeed",
        },
        "o": {"name": "glyphfeed", "sw": "1.2"},
        "cmps": {
            "event": {
                "p": "event",
                "name": "Text",
                "unique_id": "glyphfeed_door_text",
                "default_entity_id": "event.glyphfeed_door_text",
                "icon": "mdi:text-recognition",
                "state_topic": "glyphfeed/door/event",
                "event_types": ["read", "changed", "left", "flagged"],
                "availability": [bridge, camera],
                "availability_mode": "all",
            },
            "text": {
                "p": "sensor",
                "name": "Last text",
                "unique_id": "glyphfeed_door_last_text",
                "default_entity_id": "sensor.glyphfeed_door_last_text",
                "icon": "mdi:format-text",
                "state_topic": "glyphfeed/door/text",
                "value_template": "{{ value_json.short }}",
                "json_attributes_topic": "glyphfeed/door/text",
                "availability": [bridge, camera],
                "availability_mode": "all",
            },
            "connectivity": {
                "p": "binary_sensor",
                "name": "Connectivity",
                "unique_id": "glyphfeed_door_connectivity",
                "default_entity_id": "binary_sensor.glyphfeed_door_connectivity",
                "device_class": "connectivity",
                "entity_category": "diagnostic",
                "state_topic": "glyphfeed/door/status",
                "value_template": "{{ 'ON' if value_json.state == 'live' else 'OFF' }}",
                "json_attributes_topic": "glyphfeed/door/status",
                "availability": [bridge],
            },
            "picture": {
                "p": "image",
                "name": "Picture",
                "unique_id": "glyphfeed_door_picture",
                "default_entity_id": "image.glyphfeed_door_picture",
                "image_topic": "glyphfeed/door/picture",
                "content_type": "image/jpeg",
                "availability": [bridge, camera],
                "availability_mode": "all",
            },
        },
        "qos": 1,
    }
    assert "picture" not in camera_device(NAMES, "door", "1.2", pictures=False)["cmps"]


def test_the_bridge_is_a_device_too() -> None:
    device = bridge_device(Names("house/glyphs", "ha"), "1.2")
    assert Names("house/glyphs", "ha").config("house_glyphs") == "ha/device/house_glyphs/config"
    assert device["dev"]["ids"] == ["house_glyphs"]
    assert device["cmps"] == {
        "connectivity": {
            "p": "binary_sensor",
            "name": "Connectivity",
            "unique_id": "house_glyphs_connectivity",
            "default_entity_id": "binary_sensor.house_glyphs_connectivity",
            "device_class": "connectivity",
            "entity_category": "diagnostic",
            "state_topic": "house/glyphs/availability",
            "payload_on": "online",
            "payload_off": "offline",
        }
    }


@pytest.mark.parametrize("source", ["door", "10.0.0.7", "Front-Door_2", "a.b", "a_b"])
def test_names_of_cameras_become_ids_that_home_assistant_takes(source: str) -> None:
    # The pattern by which it knows topics of discovery, and the one of its entity ids.
    assert re.fullmatch(r"homeassistant/device/[a-zA-Z0-9_-]+/config", NAMES.config(NAMES.camera(source)))
    other = camera_device(Names("house/Glyphs-2", "ha"), source, "1.2", pictures=True)
    assert re.fullmatch(r"[a-zA-Z0-9_-]+", other["dev"]["ids"][0])
    for entity in [*camera_device(NAMES, source, "1.2", pictures=True)["cmps"].values(), *other["cmps"].values()]:
        assert re.fullmatch(r"[a-z_]+\.[a-z0-9_]+", entity["default_entity_id"])
    assert NAMES.camera("a.b") != NAMES.camera("a_b")


def test_an_event_is_told_with_its_attributes() -> None:
    told = json.loads(encode(event_payload(event_message(41, "OPEN", EventType.CHANGED, previous="OPFN"))))
    assert told == {
        "event_type": "changed",
        "text": "OPEN",
        "confidence": 0.9877,
        "text_id": 1,
        "polygon": [[10.0, 20.1], [50.0, 20.1], [50.0, 32.1], [10.0, 32.1]],
        "frame": 7,
        "captured_at": 1_700_000_000.25,
        "first_seen": 1_700_000_000.123457,
        "last_seen": 1_700_000_004.5,
        "source": "cam1",
        "message_id": "a03ab1f931d71767-cam1-41",
        "previous": "OPFN",
    }
    assert "previous" not in event_payload(event_message())


def test_the_last_text_fits_into_a_state_and_is_whole_beside_it() -> None:
    long = "word " * 100
    told = text_payload(event_message(3, long))
    assert told is not None
    assert told["text"] == long
    assert told["short"] == long[:254] + "…"
    assert len(told["short"]) == 255
    assert shortened("x" * 255) == "x" * 255
    assert text_payload(event_message(kind=EventType.LEFT)) is None


def test_what_has_no_utf_8_form_does_not_get_to_the_broker() -> None:
    assert json.loads(encode(status_payload("live", "clip\udcff.mp4"))) == {"state": "live", "detail": "clip?.mp4"}


def test_a_flagged_event_names_its_rule() -> None:
    flag = {"rule": "sale", "span": [0, 4], "action": "mask"}
    message = replace(event_message(1, "****"), body={**event_message(1, "****").body, "type": "flagged", "flag": flag})
    payload = event_payload(message)
    assert (payload["event_type"], payload["text"], payload["rule"], payload["action"]) == ("flagged", "****", "sale", "mask")
    assert text_payload(message) is None
