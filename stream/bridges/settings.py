"""What can be set of a bridge, and what is wrong with settings; the same for the command line and for a file.

Owns: names, defaults and checks.  Opens nothing and needs no far side's library.  Secrets stand in them as placeholders (see
`stream.placeholders`) or as they are, and are not printed with them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Final
from urllib.parse import SplitResult, unquote, urlsplit

from glyphfeed.stream.bridges.cursor import default_path
from glyphfeed.stream.errors import FeedError, InputError
from glyphfeed.stream.feed import wire
from glyphfeed.stream.feed.endpoint import DEFAULT_ENDPOINT, check_connect
from glyphfeed.stream.placeholders import blank, fill
from glyphfeed.stream.records import NAME

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_LEVELS = re.compile(r"[A-Za-z0-9_-]+(/[A-Za-z0-9_-]+)*")
_WORD = re.compile(r"[A-Za-z0-9_-]+")
_SUBJECT = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*")
"""What MQTT calls levels, and NATS tokens, without their wildcards."""


@dataclass(frozen=True, kw_only=True)
class BridgeSettings:
    """What every bridge has: where the feed is, whose public and secret keys to show there, what of it to carry on, and where its
    own place is kept.

    `sources` and `types` are names of cameras and of event types, none means all; `cursor` is a file.
    """

    kind: ClassVar[str]

    name: str
    address: str = field(repr=False)
    endpoint: str = DEFAULT_ENDPOINT
    keys: Path | None = None
    sources: tuple[str, ...] = ()
    types: tuple[str, ...] = ()
    cursor: Path | None = None

    @property
    def cursor_path(self) -> Path:
        """Where the bridge keeps its place."""
        return self.cursor or default_path(self.name)

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """What is wrong: a field's name, and a sentence on it without its first word, such as `"'x y' is no name; use ..."`."""
        if not NAME.fullmatch(self.name):
            yield "name", f"{self.name!r} is no name of a bridge; use 1 to 64 of A-Z a-z 0-9 . _ -"
        try:
            check_connect(self.endpoint)
        except FeedError as error:
            yield "endpoint", str(error).rstrip(".")
        for source in self.sources:
            try:
                wire.topic("event", source)
            except FeedError:
                yield "sources", f"{source!r} is no name of a camera, which has 1 to 64 of A-Z a-z 0-9 . _ -"
        for kind in self.types:
            if not _WORD.fullmatch(kind):
                yield "types", f"{kind!r} is no type of event; there are read, changed, left and flagged"


def check(settings: BridgeSettings) -> None:
    """Accept settings with which the bridge can at least be tried.

    Raises:
        InputError: the first mistake.

    """
    for name, sentence in settings.mistakes():
        raise InputError(f"{name}: {sentence}")


@dataclass(frozen=True, kw_only=True)
class Certificates:
    """Files in PEM for TLS: the authorities to trust instead of the system's, and a certificate to show, with its key."""

    ca: Path | None = None
    certificate: Path | None = None
    certificate_key: Path | None = None

    def _tls_mistakes(self) -> Iterator[tuple[str, str]]:
        for name in ("ca", "certificate", "certificate_key"):
            path: Path | None = getattr(self, name)
            if path is not None and not path.is_file():
                yield name, f"there is no file {path}"
        if self.certificate_key is not None and self.certificate is None:
            yield "certificate_key", "a key needs its certificate"


@dataclass(frozen=True, kw_only=True)
class MqttSettings(BridgeSettings, Certificates):
    """A bridge to an MQTT broker at `mqtt://[user:password@]host[:1883]`, or `mqtts://` (8883).

    `prefix` begins its topics, and names the bridge there: one broker, one prefix a bridge.  `discovery` begins the topics that
    Home Assistant looks at, "" announces nothing; `pictures_s` is how many seconds lie between two pictures of a camera, None
    sends none.
    """

    kind: ClassVar[str] = "mqtt"

    prefix: str = "glyphfeed"
    discovery: str = "homeassistant"
    pictures_s: float | None = None

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """See `BridgeSettings.mistakes`."""
        yield from super().mistakes()
        yield from _address_mistakes(self.address, MQTT_PORTS, "mqtt://broker.local, or mqtts:// with TLS")
        yield from self._tls_mistakes()
        if not _LEVELS.fullmatch(self.prefix):
            yield "prefix", f"{self.prefix!r} cannot begin a topic; use A-Z a-z 0-9 _ - and / between levels"
        if self.discovery and not _LEVELS.fullmatch(self.discovery):
            yield "discovery", f"{self.discovery!r} cannot begin a topic; Home Assistant's own is homeassistant"
        if self.pictures_s is not None and not self.pictures_s >= 1:
            yield "pictures_s", "a picture a second is the most; write 1 or more"


@dataclass(frozen=True, kw_only=True)
class WebhookSettings(BridgeSettings):
    """A bridge to a web server at `https://host/path`, or `http://` in the own network.

    `secret` is `whsec_` and at least 24 bytes in base64, or several with spaces between while one takes the place of another.
    `private` allows addresses of the own network and of this machine; `ca` is a file in PEM with the authorities to trust instead
    of the system's.
    """

    kind: ClassVar[str] = "webhook"

    secret: str = field(repr=False)
    private: bool = True
    ca: Path | None = None

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """See `BridgeSettings.mistakes`."""
        yield from super().mistakes()
        yield from _address_mistakes(self.address, HTTP_PORTS, "https://host/path")
        if "@" in urlsplit(blank(self.address)).netloc:
            yield "address", "it cannot hold a user name; what is sent is signed, and a token may stand in the path"
        if not self.secret:
            yield "secret", f"it is empty; {HOW_TO_MAKE_A_SECRET}"
        if self.ca is not None and not self.ca.is_file():
            yield "ca", f"there is no file {self.ca}"


@dataclass(frozen=True, kw_only=True)
class NatsSettings(BridgeSettings, Certificates):
    """A bridge to NATS servers with JetStream at `nats://[user:password@]host[:4222]`, or `tls://`; several with commas between.

    `credentials` is a file as `nsc` writes it, `token` a word.  `subjects` begins the subjects of events.  `stream` and `bucket`
    name the stream and the key-value bucket that are made where they are missing, with at most `max_days` of events, `max_bytes`
    of them, and so many `replicas`; what is there already is taken as it is.
    """

    kind: ClassVar[str] = "nats"

    credentials: Path | None = None
    token: str = field(default="", repr=False)
    subjects: str = "glyphfeed"
    stream: str = "GLYPHFEED"
    bucket: str = "glyphfeed-status"
    max_days: float = 30
    max_bytes: int = 1_000_000_000
    replicas: int = 1

    @property
    def servers(self) -> list[str]:
        """Their addresses, each with what the settings have for it."""
        return [server.strip() for server in self.address.split(",")]

    def mistakes(self) -> Iterator[tuple[str, str]]:
        """See `BridgeSettings.mistakes`."""
        yield from super().mistakes()
        for server in self.servers:
            yield from _address_mistakes(server, NATS_PORTS, "nats://host, or tls://host")
        yield from self._tls_mistakes()
        if self.credentials is not None and not self.credentials.is_file():
            yield "credentials", f"there is no file {self.credentials}"
        if not _SUBJECT.fullmatch(self.subjects):
            yield "subjects", f"{self.subjects!r} cannot begin a subject; use A-Z a-z 0-9 _ - and . between tokens"
        for name in ("stream", "bucket"):
            if not _WORD.fullmatch(getattr(self, name)):
                yield name, f"{getattr(self, name)!r} is no name for it; use A-Z a-z 0-9 _ -"
        if not self.max_days > 0:
            yield "max_days", "events are kept for a while; write a number above 0"
        if self.max_bytes < 1_000_000:
            yield "max_bytes", "an event takes up to some thousand bytes; write 1000000 or more"
        if not 1 <= self.replicas <= 5:
            yield "replicas", "JetStream keeps 1 to 5"


MQTT_PORTS: Final = {"mqtt": 1883, "mqtts": 8883}
HTTP_PORTS: Final = {"http": 80, "https": 443}
NATS_PORTS: Final = {"nats": 4222, "tls": 4222}
HOW_TO_MAKE_A_SECRET: Final = 'make one with: echo "whsec_$(openssl rand -base64 32)"'
KINDS: Final[Mapping[str, type[BridgeSettings]]] = {
    settings.kind: settings for settings in (MqttSettings, WebhookSettings, NatsSettings)
}
"""By what a bridge is called."""


def _address_mistakes(address: str, ports: Mapping[str, int], example: str) -> Iterator[tuple[str, str]]:
    # Nothing of it is repeated, as it may hold a password.
    try:
        parts = urlsplit(blank(address))
        is_complete = bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_complete = False
    if not is_complete or re.search(r"\s", address):
        yield "address", f"this is no address; write {example}, and in it @ : / ? # of a password percent-encoded"
    elif parts.scheme not in ports:
        yield "address", f"{parts.scheme or 'nothing'}:// does not lead there; write {example}"
    elif parts.hostname != urlsplit(blank(address, "y")).hostname:
        yield "address", "a secret cannot stand in the place of the host"


@dataclass(frozen=True, slots=True)
class Server:
    """A server's address taken apart, with its secrets in it; `str` shows none of them."""

    scheme: str
    host: str
    port: int
    user: str | None = field(repr=False)
    password: str | None = field(repr=False)

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def server_of(address: str, ports: Mapping[str, int]) -> Server:
    """Take an address apart that was checked, and look its secrets up.

    Raises:
        SourceError: a secret that it names cannot be had.

    """
    parts: SplitResult = urlsplit(fill(address))
    user, password = (None if part is None else unquote(part) for part in (parts.username, parts.password))
    return Server(parts.scheme, parts.hostname or "", parts.port or ports[parts.scheme], user, password)
