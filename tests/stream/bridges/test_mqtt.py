from __future__ import annotations

import logging
import threading
from contextlib import contextmanager
from itertools import count
from typing import TYPE_CHECKING, Any

import pytest
import trustme

from glyphfeed.stream.bridges import discovery, mqtt
from glyphfeed.stream.bridges.discovery import Names
from glyphfeed.stream.bridges.mqtt import Mqtt
from glyphfeed.stream.bridges.settings import MqttSettings
from glyphfeed.stream.errors import BridgeError
from glyphfeed.stream.records import EventType, SourceState
from tests.stream.bridges.conftest import Way, mosquitto, running
from tests.stream.bridges.listening import listening
from tests.stream.bridges.messages import event_message, status_message
from tests.stream.feed.samples import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from glyphfeed.stream.bridges.bridge import Receipt
    from tests.stream.bridges.conftest import Server

_numbers = count()
HASH_OF_HUSH = "$7$101$r5Wb/ewWG6Y0FIVp$w7sS7Kenc7FykPyfIqNN74Boimvi+oXEyYLWVRGGYM6QDwJ+Ob99R+fTIiLBWLuGhvAFR3Zz2mNbfs+O5LjqQA=="
"""What `mosquitto_passwd -c -b FILE door hush` writes."""


@pytest.fixture
def prefix() -> str:
    """Of this test alone."""
    return f"test{next(_numbers)}"


@contextmanager
def bridge(port: int, prefix: str, scheme: str = "mqtt", user: str = "", **others: Any) -> Iterator[Mqtt]:
    far = Mqtt(MqttSettings(name="mqtt", address=f"{scheme}://{user}127.0.0.1:{port}", prefix=prefix, **others), "1.2")
    try:
        yield far
    finally:
        far.close()


def until(far: Mqtt, condition: Callable[[], bool]) -> None:
    """Let the bridge do what is due until something holds."""

    def holds() -> bool:
        far.tick(0.01)
        return condition()

    wait_until(holds)


def test_home_assistant_discovers_bridge_and_cameras_and_learns_their_state(broker: Server, prefix: str) -> None:
    names = Names(prefix, "homeassistant")
    with bridge(broker.port, prefix) as far:
        far.state(status_message(detail="as it was before the broker was there"))
        far.tick(0)
        far.state(status_message(source="10.0.0.7"))
        told = far.event(event_message(1, "BAKERY"))
        # By then the broker has all before it, too: who listens from now on is sent what is kept, and nothing else.
        until(far, lambda: told.is_acknowledged)
        with listening(broker.port, f"{prefix}/#", "homeassistant/device/#") as home:
            # One of the bridge and two of each camera, where it is announced and how it is; and one text.
            until(far, lambda: len({got.topic for got in home.got if prefix in got.topic}) == 7)
            kept = {got.topic: got for got in home.got if prefix in got.topic}
    assert all(got.retained and got.qos == 1 for got in kept.values())
    assert kept[names.availability].payload == b"online"
    assert kept[names.config(prefix)].json == discovery.bridge_device(names, "1.2")
    for source in ("cam1", "10.0.0.7"):
        device = discovery.camera_device(names, source, "1.2", pictures=False)
        assert kept[names.config(names.camera(source))].json == device
    assert kept[f"{prefix}/cam1/status"].json == {"state": "live", "detail": "as it was before the broker was there"}
    assert kept[f"{prefix}/cam1/text"].json["short"] == "BAKERY"
    assert f"{prefix}/cam1/event" not in kept, "Home Assistant would take a retained event for a new one, or ignore it"


def test_events_come_once_in_order_with_qos_1_and_are_acknowledged(broker: Server, prefix: str) -> None:
    with listening(broker.port, f"{prefix}/+/event") as home, bridge(broker.port, prefix) as far:
        receipts = [far.event(event_message(seq, f"sign {seq}")) for seq in range(1, 51)]
        receipts += [far.event(event_message(seq, source="cam2", kind=EventType.LEFT)) for seq in range(1, 51)]
        until(far, lambda: all(receipt.is_acknowledged for receipt in receipts))
        wait_until(lambda: len(home.got) == 100)
    first = [got.json for got in home.on(f"{prefix}/cam1/event")]
    assert [told["message_id"] for told in first] == [f"a03ab1f931d71767-cam1-{seq}" for seq in range(1, 51)]
    assert [told["text"] for told in first] == [f"sign {seq}" for seq in range(1, 51)]
    assert {told["event_type"] for told in (got.json for got in home.on(f"{prefix}/cam2/event"))} == {"left"}
    assert all(got.qos == 1 and not got.retained for got in home.got)


def test_a_status_is_told_when_it_changes(broker: Server, prefix: str) -> None:
    with listening(broker.port, f"{prefix}/cam1/status") as home, bridge(broker.port, prefix) as far:
        for state in (SourceState.CONNECTING, SourceState.LIVE, SourceState.LIVE, SourceState.STALLED, SourceState.LIVE):
            far.state(status_message(state))
        until(far, lambda: bool(home.got))
        far.state(status_message(SourceState.LIVE))
        far.state(status_message(SourceState.ENDED, "the file is over"))
        until(far, lambda: home.got[-1].json["state"] == "ended")
    # What happened before there was a connection is over.
    assert [got.json for got in home.got] == [{"state": "live", "detail": ""}, {"state": "ended", "detail": "the file is over"}]


def test_a_camera_whose_reader_falls_silent_is_told(broker: Server, prefix: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mqtt, "UNHEARD_S", 0.1)
    with listening(broker.port, f"{prefix}/+/status") as home, bridge(broker.port, prefix) as far:
        far.state(status_message())
        far.state(status_message(SourceState.ENDED, source="clip"))
        until(far, lambda: [got.json["state"] for got in home.on(f"{prefix}/cam1/status")][-1:] == ["unheard"])
        far.state(status_message())
        until(far, lambda: home.on(f"{prefix}/cam1/status")[-1].json["state"] == "live")
    assert [got.json["state"] for got in home.on(f"{prefix}/clip/status")] == ["ended"], "a file that is over says no more"


def test_when_home_assistant_starts_it_is_told_anew(broker: Server, prefix: str) -> None:
    with bridge(broker.port, prefix) as far:
        far.state(status_message())
        far.tick(0)
        with listening(broker.port, f"homeassistant/device/{prefix}_cam1/config", f"{prefix}/#") as home:
            wait_until(lambda: len(home.got) >= 3)
            before = len(home.got)
            home.client.publish("homeassistant/status", "offline", qos=1)
            home.client.publish("homeassistant/status", "online", qos=1)
            until(far, lambda: len(home.got) >= before + 2)
    again = home.got[before:]
    assert [got.topic for got in again][:2] == [f"homeassistant/device/{prefix}_cam1/config", f"{prefix}/cam1/status"]
    assert not again[0].retained, "it was told to who is there, not out of the broker's memory"


def test_without_discovery_nothing_is_announced(broker: Server, prefix: str) -> None:
    with (
        listening(broker.port, f"+/device/{prefix}/config", f"{prefix}/#") as home,
        bridge(broker.port, prefix, discovery="") as far,
    ):
        receipt = far.event(event_message())
        until(far, lambda: receipt.is_acknowledged)
        wait_until(lambda: bool(home.on(f"{prefix}/cam1/event")))
    assert {got.topic.split("/")[0] for got in home.got} == {prefix}


@pytest.mark.parametrize("in_order", [True, False])
def test_who_watches_learns_that_the_bridge_has_gone(broker: Server, prefix: str, in_order: bool) -> None:
    way = Way(broker.port)
    with listening(broker.port, f"{prefix}/availability") as home:
        with bridge(way.port, prefix) as far:
            until(far, lambda: bool(home.got))
            if not in_order:
                # Nobody says a word: the broker tells what it was asked to tell then.
                way.cut()
                wait_until(lambda: len(home.got) == 2)
        wait_until(lambda: len(home.got) == 2)
    assert [got.payload for got in home.got] == [b"online", b"offline"]
    way.close()


def test_whatever_breaks_on_the_way_no_event_is_lost_and_the_order_is_kept(
    broker: Server, prefix: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "glyphfeed.bridges")
    monkeypatch.setattr(mqtt, "pause_s", lambda *_: 0.02)
    way, events = Way(broker.port), 600
    with listening(broker.port, f"{prefix}/cam1/event") as home, bridge(way.port, prefix) as far:
        receipts: list[Receipt] = []
        for seq in range(1, events + 1):
            receipts.append(far.event(event_message(seq)))
            if seq % 97 == 0:
                way.cut(for_good=False)
            if seq % 7 == 0:
                far.tick(0)
        until(far, lambda: all(receipt.is_acknowledged for receipt in receipts))
        wait_until(lambda: len({got.json["message_id"] for got in home.got}) == events)
    numbers = [int(got.json["message_id"].rpartition("-")[2]) for got in home.got]
    assert list(dict.fromkeys(numbers)) == list(range(1, events + 1)), "the first time that each comes is in its turn"
    assert len(numbers) < 2 * events
    lines = caplog.messages
    assert lines
    assert all(("takes no events" in line) == (i % 2 == 0) for i, line in enumerate(lines)), "each outage once, each end once"
    way.close()


def test_a_broker_that_is_not_there_yet_or_hangs_is_waited_for(
    tmp_path: Path, prefix: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(mqtt, "pause_s", lambda *_: 0.05)
    monkeypatch.setattr(mqtt, "KEEPALIVE_S", 1)
    monkeypatch.setattr(mqtt, "TIMEOUT_S", 0.5)
    server = mosquitto(tmp_path)
    with bridge(server.port, prefix) as far:
        receipt = far.event(event_message(1))
        far.tick(0.01)
        assert not receipt.is_acknowledged
        assert f"The MQTT broker at 127.0.0.1:{server.port} takes no events (Connection refused)" in caplog.text
        with running(server):
            until(far, lambda: receipt.is_acknowledged)
            server.freeze()
            receipt = far.event(event_message(2))
            until(far, lambda: len(caplog.messages) == 2)
            assert not receipt.is_acknowledged
            server.thaw()
            until(far, lambda: receipt.is_acknowledged)


def test_a_bridge_that_is_not_let_in_ends_and_says_so_but_waits_where_it_was_before(
    tmp_path: Path, prefix: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(mqtt, "pause_s", lambda *_: 0.05)
    passwords = tmp_path / "passwords"
    server = mosquitto(tmp_path, "allow_anonymous false", f"password_file {passwords}")
    passwords.write_text(f"door:{HASH_OF_HUSH}\n")
    monkeypatch.setenv("MQTT_PASSWORD", "hush")
    with running(server):
        for user in ("", "door:wrong@"):
            with (
                bridge(server.port, prefix, user=user) as far,
                pytest.raises(BridgeError, match=r"lets nobody in so: Not authorized; check the user name and the password"),
            ):
                far.tick(0)
        with bridge(server.port, prefix, user="door:${MQTT_PASSWORD}@") as far:
            receipt = far.event(event_message(1))
            until(far, lambda: receipt.is_acknowledged)
            server.stop()
            passwords.write_text("")
            server.start()
            until(far, lambda: bool(caplog.messages))
            until(far, lambda: far._failures > 1)
    assert "hush" not in caplog.text


# The library leaves it to Python to close a socket whose certificate it does not like.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_over_tls_the_broker_must_be_the_one_it_says(tmp_path: Path, prefix: str, caplog: pytest.LogCaptureFixture) -> None:
    authority, guest = trustme.CA(), trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    guest.cert_pem.write_to_path(tmp_path / "guests.pem")
    leaf, shown = authority.issue_cert("127.0.0.1"), guest.issue_cert("bridge.example")
    leaf.private_key_pem.write_to_path(tmp_path / "server.key")
    leaf.cert_chain_pems[0].write_to_path(tmp_path / "server.pem")
    shown.private_key_and_cert_chain_pem.write_to_path(tmp_path / "bridge.pem")
    lines = [f"certfile {tmp_path}/server.pem", f"keyfile {tmp_path}/server.key", f"cafile {tmp_path}/guests.pem"]
    with running(mosquitto(tmp_path, *lines, "require_certificate true", "allow_anonymous true")) as server:
        with bridge(server.port, prefix, "mqtts") as far:
            far.tick(0)
            assert "its certificate is not trusted" in caplog.text
        with bridge(server.port, prefix, "mqtts", ca=tmp_path / "ca.pem", certificate=tmp_path / "bridge.pem") as far:
            receipt = far.event(event_message(1))
            until(far, lambda: receipt.is_acknowledged)


def test_leaving_does_not_wait_for_a_broker_that_hangs(tmp_path: Path, prefix: str) -> None:
    with running(mosquitto(tmp_path)) as server:
        with bridge(server.port, prefix) as far:
            until(far, lambda: far._session is not None)
            server.freeze()
            far.event(event_message())
            leaving = threading.Thread(target=far.close)
            leaving.start()
            leaving.join(5.0)
            assert not leaving.is_alive()
        server.thaw()


def test_a_certificate_that_is_none_is_named(tmp_path: Path) -> None:
    (tmp_path / "none.pem").write_text("nothing")
    with (
        pytest.raises(BridgeError, match=r"none\.pem cannot be shown"),
        bridge(1, "x", "mqtts", certificate=tmp_path / "none.pem"),
    ):
        pass
