"""`glyphfeed bridge`: carries what the feed tells on to an MQTT broker, a web hook or NATS, until it is ended.

Owns: the commands, what they tell, and the thread that a bridge runs in.  Does not own what a bridge does (stream.bridges).
"""

from __future__ import annotations

import logging
import threading
from contextlib import ExitStack, closing
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final
from urllib.parse import urlsplit

import typer

from glyphfeed.stream.bridges.settings import BridgeSettings, MqttSettings, NatsSettings, WebhookSettings, check
from glyphfeed.stream.feed.endpoint import DEFAULT_ENDPOINT
from glyphfeed.tools import logs
from glyphfeed.tools.errors import CommandError, bringing

if TYPE_CHECKING:
    from glyphfeed.stream.bridges.bridge import End, FarSide

LOOK_S: Final = 0.5
"""How often it is looked whether somebody ends it, where a signal did not interrupt the wait."""
END_S: Final = 4.0
"""So long what was sent may still be acknowledged; who supervises a bridge waits a little longer."""

log = logging.getLogger("glyphfeed.bridges")

bridge = typer.Typer(
    name="bridge",
    no_args_is_help=True,
    help="Carry what the feed tells on to MQTT and Home Assistant, to a web hook, or to NATS.",
)

Endpoint = Annotated[str, typer.Argument(metavar="ENDPOINT", help="Where the feed is published.")]
Keys = Annotated[
    Path | None,
    typer.Option(metavar="FILE", show_default=False, help="The key of this client, for a feed that asks for one."),
]
Source = Annotated[
    list[str] | None,
    typer.Option(metavar="NAME", show_default=False, help="Only this camera; may be repeated."),
]
Type = Annotated[
    list[str] | None,
    typer.Option(metavar="T", show_default=False, help="Only events of a type: read, changed, left or flagged; may be repeated."),
]
Name = Annotated[
    str | None,
    typer.Option(
        metavar="NAME", show_default=False, help="What this bridge is called; several of a kind need names of their own."
    ),
]
CursorFile = Annotated[
    Path | None,
    typer.Option(metavar="FILE", show_default=False, help="Where the bridge keeps its place; in the user's state unless told."),
]
Ca = Annotated[
    Path | None,
    typer.Option(metavar="FILE", show_default=False, help="Trust these authorities (PEM) instead of the system's."),
]
Certificate = Annotated[
    Path | None, typer.Option(metavar="FILE", show_default=False, help="A certificate to show (PEM), with its key or beside it.")
]
CertificateKey = Annotated[Path | None, typer.Option(metavar="FILE", show_default=False, help="Its key, where it is not in it.")]


@bridge.command()
def mqtt(
    to: Annotated[
        str, typer.Option(metavar="ADDRESS", show_default=False, help="The broker: mqtt://user:${VARIABLE}@host, or mqtts://.")
    ],
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    prefix: Annotated[str, typer.Option(metavar="TOPIC", help="What its topics begin with.")] = "glyphfeed",
    discovery: Annotated[
        str, typer.Option(metavar="TOPIC", help='Where Home Assistant looks for devices; "" announces none.')
    ] = "homeassistant",
    pictures: Annotated[
        float | None, typer.Option(metavar="SECONDS", show_default=False, help="Send a picture of each camera so often.")
    ] = None,
    source: Source = None,
    type: Type = None,  # noqa: A002
    keys: Keys = None,
    name: Name = None,
    cursor: CursorFile = None,
    ca: Ca = None,
    certificate: Certificate = None,
    certificate_key: CertificateKey = None,
) -> None:
    """Carry events and the health of cameras to an MQTT broker, where Home Assistant finds them by itself.

    [bold]Examples[/]

    glyphfeed bridge mqtt --to mqtt://broker.local
    glyphfeed bridge mqtt --to 'mqtts://door:${MQTT_PASSWORD}@broker.local' --pictures 10
    """
    refuse_open_secret("--to", urlsplit(to).password if "://" in to else None)
    settings = MqttSettings(
        name=name or MqttSettings.kind,
        address=to,
        endpoint=endpoint,
        keys=keys,
        sources=tuple(source or ()),
        types=tuple(type or ()),
        cursor=cursor,
        ca=ca,
        certificate=certificate,
        certificate_key=certificate_key,
        prefix=prefix,
        discovery=discovery,
        pictures_s=pictures,
    )
    serve(settings)


@bridge.command()
def webhook(
    to: Annotated[str, typer.Option(metavar="ADDRESS", show_default=False, help="Where to post: https://host/path.")],
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    secret: Annotated[
        str, typer.Option(metavar="SECRET", help="What events are signed with, as a variable or file that holds whsec_...")
    ] = "${GLYPHFEED_WEBHOOK_SECRET}",
    private: Annotated[
        bool, typer.Option("--private/--no-private", help="Whether it may be in the own network, or on this machine.")
    ] = True,
    source: Source = None,
    type: Type = None,  # noqa: A002
    keys: Keys = None,
    name: Name = None,
    cursor: CursorFile = None,
    ca: Ca = None,
) -> None:
    """Post each event to a web server, signed as Standard Webhooks says, again and again until it is accepted.

    [bold]Examples[/]

    export GLYPHFEED_WEBHOOK_SECRET="whsec_$(openssl rand -base64 32)"
    glyphfeed bridge webhook --to https://shop.example/signs
    glyphfeed bridge webhook --to http://10.0.0.7:1880/signs --type read --secret '${file:/run/secrets/signs}'
    """
    refuse_open_secret("--secret", secret)
    settings = WebhookSettings(
        name=name or WebhookSettings.kind,
        address=to,
        endpoint=endpoint,
        keys=keys,
        sources=tuple(source or ()),
        types=tuple(type or ()),
        cursor=cursor,
        secret=secret,
        private=private,
        ca=ca,
    )
    serve(settings)


@bridge.command()
def nats(
    to: Annotated[
        str,
        typer.Option(metavar="ADDRESS", show_default=False, help="The servers: nats://host or tls://host, with commas between."),
    ],
    endpoint: Endpoint = DEFAULT_ENDPOINT,
    credentials: Annotated[
        Path | None, typer.Option(metavar="FILE", show_default=False, help="A .creds file, as nsc writes it.")
    ] = None,
    token: Annotated[str, typer.Option(metavar="SECRET", show_default=False, help="A token, as a variable or file.")] = "",
    subjects: Annotated[str, typer.Option(metavar="SUBJECT", help="What the subjects begin with.")] = NatsSettings.subjects,
    stream: Annotated[str, typer.Option(metavar="NAME", help="The stream of the events.")] = NatsSettings.stream,
    bucket: Annotated[str, typer.Option(metavar="NAME", help="The key-value bucket of the statuses.")] = NatsSettings.bucket,
    max_days: Annotated[float, typer.Option(metavar="DAYS", help="Keep events so long.")] = NatsSettings.max_days,
    max_bytes: Annotated[int, typer.Option(metavar="BYTES", help="Keep so much of them.")] = NatsSettings.max_bytes,
    replicas: Annotated[int, typer.Option(metavar="N", help="Keep them on so many servers.")] = NatsSettings.replicas,
    source: Source = None,
    type: Type = None,  # noqa: A002
    keys: Keys = None,
    name: Name = None,
    cursor: CursorFile = None,
    ca: Ca = None,
    certificate: Certificate = None,
    certificate_key: CertificateKey = None,
) -> None:
    """Carry events into a stream of NATS JetStream, each once, and the health of cameras into a key-value bucket.

    [bold]Examples[/]

    glyphfeed bridge nats --to nats://127.0.0.1
    glyphfeed bridge nats --to tls://one.example,tls://two.example --credentials hall.creds --subjects site.hall
    """
    for server in to.split(","):
        refuse_open_secret("--to", urlsplit(server.strip()).password if "://" in server else None)
    refuse_open_secret("--token", token)
    settings = NatsSettings(
        name=name or NatsSettings.kind,
        address=to,
        endpoint=endpoint,
        keys=keys,
        sources=tuple(source or ()),
        types=tuple(type or ()),
        cursor=cursor,
        ca=ca,
        certificate=certificate,
        certificate_key=certificate_key,
        credentials=credentials,
        token=token,
        subjects=subjects,
        stream=stream,
        bucket=bucket,
        max_days=max_days,
        max_bytes=max_bytes,
        replicas=replicas,
    )
    serve(settings)


@bridge.command()
def run(
    name: Annotated[str, typer.Argument(metavar="NAME", show_default=False, help="The name of a [[bridge]] in the file.")],
    config: Annotated[Path, typer.Option(metavar="FILE", show_default=False, help="The configuration that it is in.")],
    endpoint: Annotated[
        str | None,
        typer.Option(metavar="ENDPOINT", show_default=False, help="Where the feed is; what the file says unless told."),
    ] = None,
) -> None:
    """Run a bridge of a configuration file, as glyphfeed watch --config does for each.

    [bold]Examples[/]

    glyphfeed bridge run home --config glyphfeed.toml
    """
    from glyphfeed.tools.configuration.loading import load

    # What decodes pictures would take half of its memory, and a camera that has gone is no concern of a bridge.
    found = load(config, cameras=False)
    settings = next((bridge for bridge in found.bridges if bridge.name == name), None)
    if settings is None:
        there = ", ".join(bridge.name for bridge in found.bridges) or "none"
        raise CommandError(f"{config} has no bridge {name!r}; there are {there}")
    logs.set_up(found.log.format, quiet=found.log.quiet, source=f"bridge {name}")
    settings = replace(settings, endpoint=endpoint or settings.endpoint)
    serve(settings, quiet=found.log.quiet)


def refuse_open_secret(option: str, secret: str | None) -> None:
    """Refuse a secret that stands on the command line as it is.

    Raises:
        CommandError: it does.

    """
    if secret and "${" not in secret:
        raise CommandError(
            f"{option} holds a secret, and everybody on this machine can read command lines: write '${{VARIABLE}}' "
            "or '${file:/path}' in its place, in single quotes"
        )


def far_side(settings: BridgeSettings, end: End) -> FarSide:
    """Where the settings lead; nothing is connected yet.

    Raises:
        GlyphfeedError: a library is missing, or a secret or a file cannot be used.

    """
    if isinstance(settings, WebhookSettings):
        from glyphfeed.stream.bridges.webhook import Webhook

        return Webhook(settings, end.is_due)
    with bringing("bridges"):
        if isinstance(settings, MqttSettings):
            from glyphfeed.stream.bridges.mqtt import Mqtt

            return Mqtt(settings, metadata.version("glyphfeed"))
        assert isinstance(settings, NatsSettings)
        from glyphfeed.stream.bridges.jetstream import JetStream

        return JetStream(settings, end.is_due)


def serve(settings: BridgeSettings, *, quiet: bool = False) -> None:
    """Run a bridge until Ctrl-C or SIGTERM; what was told before is given some seconds to be acknowledged.

    Raises:
        GlyphfeedError: the settings cannot be used, or the far side or the feed refuses.

    """
    from glyphfeed.stream.bridges.bridge import End

    check(settings)
    if not quiet:
        log.setLevel(logging.INFO)
    end, failures, done = End(), list[BaseException](), threading.Event()

    def work() -> None:
        try:
            carry(settings, end)
        except BaseException as error:
            failures.append(error)
        finally:
            done.set()

    # In a thread of its own, so that no signal breaks in between what was acknowledged and noting it down.
    threading.Thread(target=work, name="glyphfeed-bridge", daemon=True).start()
    try:
        # Not by joining: a join that a signal breaks into takes the thread for ended (bpo-46726).  And not at once: a signal that
        # comes right before a wait begins, or to another thread, is heard only after it.
        while not done.wait(LOOK_S):
            pass
    except KeyboardInterrupt:
        end.begin()
        done.wait(END_S)
    if failures:
        raise failures[0]


def carry(settings: BridgeSettings, end: End) -> None:
    """Run a bridge until its end.

    Raises:
        GlyphfeedError: see `serve`.

    """
    from glyphfeed.stream.bridges.bridge import Bridge, topics
    from glyphfeed.stream.bridges.cursor import Cursor
    from glyphfeed.stream.feed.receiving.client import connect

    with ExitStack() as stack:
        cursor = stack.enter_context(Cursor(settings.cursor_path))
        far = stack.enter_context(closing(far_side(settings, end)))
        since = None if cursor.is_new else cursor.positions
        feed = stack.enter_context(connect(settings.endpoint, topics(settings), keys=settings.keys, since=since))
        which = f" of {', '.join(settings.sources)}" if settings.sources else ""
        log.info("Carries the events%s from the feed at %s on to %s.", which, settings.endpoint, far.purpose)
        Bridge(feed, far, cursor, settings.endpoint, settings.types).run(end)
