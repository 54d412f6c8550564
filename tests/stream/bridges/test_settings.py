from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from glyphfeed.stream.bridges.settings import (
    KINDS,
    MQTT_PORTS,
    BridgeSettings,
    MqttSettings,
    NatsSettings,
    WebhookSettings,
    check,
    server_of,
)
from glyphfeed.stream.errors import InputError, SourceError

if TYPE_CHECKING:
    from pathlib import Path


def mqtt(address: str = "mqtt://broker.local", **others: Any) -> MqttSettings:
    return MqttSettings(name="mqtt", address=address, **others)


def webhook(address: str = "https://host/path", secret: str = "${SECRET}", **others: Any) -> WebhookSettings:
    return WebhookSettings(name="hook", address=address, secret=secret, **others)


def nats(address: str = "nats://one, tls://two:4333", **others: Any) -> NatsSettings:
    return NatsSettings(name="nats", address=address, **others)


@pytest.mark.parametrize(
    "settings",
    [
        mqtt(),
        mqtt("mqtts://user:${MQTT_PASSWORD}@[fd12::7]:8884", prefix="house/glyphs", discovery="", pictures_s=10, types=("read",)),
        webhook(),
        webhook("http://10.0.0.7:8080/hook/${file:/run/token}?a=b", private=False, sources=("cam1", "10.0.0.7")),
        nats(),
        nats("nats://u:${P}@host", token="${T}", subjects="site.hall", max_days=0.5, replicas=3),
    ],
)
def test_good_settings_have_no_mistakes(settings: BridgeSettings) -> None:
    assert list(settings.mistakes()) == []
    assert KINDS[settings.kind] is type(settings)
    check(settings)


@pytest.mark.parametrize(
    ("settings", "field", "sentence"),
    [
        (mqtt(keys=None, endpoint="5570"), "endpoint", "'5570' is not an address of a feed"),
        (mqtt(sources=("a b",)), "sources", "'a b' is no name of a camera"),
        (mqtt(types=("re ad",)), "types", "there are read, changed, left and flagged"),
        (mqtt("broker.local"), "address", "this is no address; write mqtt://broker.local, or mqtts:// with TLS"),
        (mqtt("mqtt://"), "address", "this is no address"),
        (mqtt("mqtt://host:0"), "address", "this is no address"),
        (mqtt("mqtt://host:99999"), "address", "this is no address"),
        (mqtt("mqtt://u:hush#hush@host"), "address", "percent-encoded"),
        (mqtt("mqtt://u:hush hush@host"), "address", "percent-encoded"),
        (mqtt("mqtt://${HOST}"), "address", "a secret cannot stand in the place of the host"),
        (mqtt("http://host"), "address", "http:// does not lead there; write mqtt://broker.local"),
        (mqtt(prefix="a/#"), "prefix", "'a/#' cannot begin a topic"),
        (mqtt(prefix=""), "prefix", "'' cannot begin a topic"),
        (mqtt(discovery="home assistant"), "discovery", "Home Assistant's own is homeassistant"),
        (mqtt(pictures_s=0.1), "pictures_s", "write 1 or more"),
        (mqtt(pictures_s=float("nan")), "pictures_s", "write 1 or more"),
        (webhook("ftp://host"), "address", "ftp:// does not lead there"),
        (webhook("https://u:hush@host/"), "address", "it cannot hold a user name"),
        (webhook(secret=""), "secret", "it is empty; make one with"),
        (nats("nats://one,two"), "address", "this is no address"),
        (nats(subjects="a.*"), "subjects", "'a.*' cannot begin a subject"),
        (nats(stream="a.b"), "stream", "'a.b' is no name for it"),
        (nats(bucket=""), "bucket", "'' is no name for it"),
        (nats(max_days=0), "max_days", "write a number above 0"),
        (nats(max_bytes=10), "max_bytes", "write 1000000 or more"),
        (nats(replicas=6), "replicas", "JetStream keeps 1 to 5"),
    ],
)
def test_a_mistake_is_named_with_what_to_do_and_without_a_password(settings: BridgeSettings, field: str, sentence: str) -> None:
    ((where, words),) = settings.mistakes()
    assert where == field
    assert sentence in words
    assert "hush" not in words
    with pytest.raises(InputError, match=f"^{field}: "):
        check(settings)


def test_files_that_are_not_there_are_named(tmp_path: Path) -> None:
    none = tmp_path / "none.pem"
    for settings in (mqtt(ca=none), webhook(ca=none), nats(ca=none), nats(credentials=none), mqtt(certificate=none)):
        ((_, words),) = settings.mistakes()
        assert words == f"there is no file {none}"
    (tmp_path / "key.pem").touch()
    assert list(mqtt(certificate_key=tmp_path / "key.pem").mistakes()) == [("certificate_key", "a key needs its certificate")]


def test_all_mistakes_are_found_at_once() -> None:
    settings = MqttSettings(name="a b", address="host", endpoint="x", prefix="#")
    assert [field for field, _ in settings.mistakes()] == ["name", "endpoint", "address", "prefix"]


def test_a_server_has_its_secrets_in_it_and_shows_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MQTT_PASSWORD", "hush@/#:%41")
    server = server_of("mqtts://door:${MQTT_PASSWORD}@broker.local", MQTT_PORTS)
    assert (server.scheme, server.host, server.port) == ("mqtts", "broker.local", 8883)
    assert (server.user, server.password) == ("door", "hush@/#:%41")
    assert str(server) == "broker.local:8883"
    assert str(server_of("mqtt://[fd12::7]:1884", MQTT_PORTS)) == "[fd12::7]:1884"
    with pytest.raises(SourceError, match=r"the secret \$\{NO_SUCH\} is not set"):
        server_of("mqtt://door:${NO_SUCH}@broker.local", MQTT_PORTS)


def test_no_settings_show_their_secrets() -> None:
    for settings in (mqtt("mqtt://u:hush@host"), webhook(secret="whsec_hush"), nats("nats://u:hush@host", token="hush")):
        assert "hush" not in repr(settings)
