from __future__ import annotations

import asyncio
import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING, Any

import nats
import pytest
from standardwebhooks import Webhook as Verifier

from glyphfeed.stream.bridges.cursor import Cursor
from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.stream.records import EventType
from glyphfeed.tools import cli
from glyphfeed.tools.service.children import ATTACHED
from tests.programs import UNHEARD, program
from tests.stream.bridges.conftest import Way, mosquitto, nats_server, running
from tests.stream.bridges.listening import listening
from tests.stream.feed.samples import DEADLINE_S, event, of, status, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

ANY_PORT = "tcp://127.0.0.1:*"
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PROGRAM = "from glyphfeed.tools.cli import main; main()"
SOURCES = ("cam1", "10.0.0.7")
EVENTS = 400
"""In all."""


def bridge(
    *arguments: str | Path, code: str = PROGRAM, stdin: int = subprocess.DEVNULL, **variables: str
) -> AbstractContextManager[subprocess.Popen[str]]:
    """The command in a process of its own."""
    command = [sys.executable, "-c", code, "bridge", *map(str, arguments)]
    return program(command, 6 * DEADLINE_S, stdin=stdin, env=os.environ | {"GLYPHFEED_WEBHOOK_SECRET": SECRET} | variables)


def ended(child: subprocess.Popen[str], how: signal.Signals = signal.SIGTERM) -> tuple[int, list[str]]:
    """End it; its exit code, and what it said."""
    child.send_signal(how)
    _, errors = child.communicate(timeout=2 * DEADLINE_S)
    return child.returncode, [line.removeprefix("glyphfeed: ") for line in errors.splitlines()]


class Reader:
    """A feed that tells events when asked to, and how its cameras are."""

    def __init__(self) -> None:
        self.publisher = Publisher(ANY_PORT)
        self.endpoint = self.publisher.endpoint
        self._left = 0
        self._told = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._work)
        self._thread.start()

    def tell(self, events: int) -> None:
        """Tell so many events, of one camera after the other, a thousand a second at most."""
        self._left += events

    def _work(self) -> None:
        while not self._over.is_set():
            if self._left:
                self.publisher.put(of(SOURCES[self._told % len(SOURCES)], event(f"sign {self._told}")))
                self._told, self._left = self._told + 1, self._left - 1
            if not self._left or self._told % 50 == 0:
                for source in SOURCES:
                    self.publisher.put(of(source, status()))
            self.publisher.serve(0.001 if self._left else 0.05)

    def close(self) -> None:
        self._over.set()
        self._thread.join()
        self.publisher.close()


@pytest.fixture
def reader() -> Iterator[Reader]:
    reader = Reader()
    yield reader
    reader.close()


class FarSide:
    """Where a bridge leads: its options, and the message ids that have come, in their order."""

    def __init__(self, options: list[str], way: Way, ids: Callable[[], list[str]]) -> None:
        self.options, self.way, self.ids = options, way, ids


@contextmanager
def broker(folder: Path) -> Iterator[FarSide]:
    with running(mosquitto(folder)) as server, listening(server.port, "glyphfeed/+/event") as home:
        way = Way(server.port)
        yield FarSide(
            ["mqtt", "--to", f"mqtt://127.0.0.1:{way.port}"], way, lambda: [got.json["message_id"] for got in list(home.got)]
        )
        way.close()


@contextmanager
def receiver(_: Path) -> Iterator[FarSide]:
    ids: list[str] = []
    turns = count(1)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            Verifier(SECRET).verify(body, dict(self.headers.items()))
            is_fine = next(turns) % 150 != 0
            if is_fine:
                ids.append(self.headers["webhook-id"])
            self.send_response(204 if is_fine else 500)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """Bridges are killed, and the way is cut."""

    with Quiet(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        way = Way(server.server_address[1])
        yield FarSide(["webhook", "--to", f"http://127.0.0.1:{way.port}/"], way, lambda: list(ids))
        way.close()
        server.shutdown()


@contextmanager
def jetstream(folder: Path) -> Iterator[FarSide]:
    with running(nats_server(folder)) as server:
        way = Way(server.port)

        async def ask() -> list[str]:
            async with await nats.connect(f"nats://127.0.0.1:{server.port}") as client:
                taking = await client.jetstream().subscribe("glyphfeed.event.>", ordered_consumer=True)
                count = (await client.jetstream().stream_info("GLYPHFEED")).state.messages
                got = [await taking.next_msg(DEADLINE_S) for _ in range(count)]
                return [(message.headers or {})["Nats-Msg-Id"] for message in got]

        yield FarSide(["nats", "--to", f"nats://127.0.0.1:{way.port}"], way, lambda: asyncio.run(ask()))
        way.close()


@pytest.mark.parametrize("kind", [broker, receiver, jetstream], ids=lambda kind: kind.__name__)
def test_whatever_is_killed_and_whatever_breaks_no_event_is_lost(
    reader: Reader, tmp_path: Path, kind: Callable[[Path], AbstractContextManager[FarSide]]
) -> None:
    cursor = tmp_path / "cursor.json"
    # Of a bridge that had been there before any of these cameras.
    cursor.write_text('{"positions": {}}')
    options = ["--cursor", cursor]
    with kind(tmp_path / "far") as far:
        done = threading.Event()

        def cut_now_and_then() -> None:
            while not done.wait(random.uniform(0.2, 0.6)):
                far.way.cut(for_good=False)

        cutting = threading.Thread(target=cut_now_and_then)
        cutting.start()
        try:
            for _ in range(2):
                reader.tell(EVENTS // 4)
                with bridge(*far.options, reader.endpoint, *options):
                    # Killed at the end of this, wherever it is.
                    before = positions(cursor)
                    wait_until(lambda before=before: positions(cursor) != before)  # type: ignore[misc]
                    reader.tell(EVENTS // 4)
                    time.sleep(random.uniform(0.0, 0.2))
        finally:
            done.set()
            cutting.join()
        with bridge(*far.options, reader.endpoint, *options) as child:
            wait_until(lambda: sum(reader.publisher.last_event_seq(source) for source in SOURCES) == EVENTS)
            last = {source: reader.publisher.last_event_seq(source) for source in SOURCES}
            # It may have to pause for a second now and then.
            deadline = time.monotonic() + 4 * DEADLINE_S
            while positions(cursor) != last and time.monotonic() < deadline:
                time.sleep(0.05)
            code, lines = ended(child)
        ids = far.ids()
    assert (code, lines[0][:8]) == (0, "Carries ")
    epoch = reader.publisher.epoch
    for source in SOURCES:
        name = source.replace(".", "=")
        wanted = [f"{epoch}-{name}-{seq}" for seq in range(1, last[source] + 1)]
        got = [each for each in ids if each.startswith(f"{epoch}-{name}-")]
        assert list(dict.fromkeys(got)) == wanted, "all, each for the first time in its turn"
    if kind is jetstream:
        assert len(ids) == EVENTS, "none twice"


def positions(path: Path) -> dict[str, int]:
    return {source: place[1] for source, place in json.loads(path.read_bytes())["positions"].items()}


def test_a_bridge_begins_with_what_happens_from_now_on_and_goes_on_there(reader: Reader, tmp_path: Path) -> None:
    cursor, options = tmp_path / "cursor.json", ["--type", "read", "--source", "cam1"]
    reader.tell(10)
    wait_until(lambda: reader.publisher.last_event_seq("10.0.0.7") == 5)
    with receiver(tmp_path) as far:
        with bridge(*far.options, reader.endpoint, *options, "--cursor", cursor) as child:
            wait_until(lambda: cursor.exists() and positions(cursor) == {"cam1": 5})
            assert ended(child)[0] == 0
        assert far.ids() == []
        reader.publisher.put(event("left", EventType.LEFT))
        reader.tell(4)
        with bridge(*far.options, reader.endpoint, *options, "--cursor", cursor) as child:
            wait_until(lambda: positions(cursor) == {"cam1": 8})
            code, lines = ended(child)
    assert [each.rpartition("-")[2] for each in far.ids()] == ["7", "8"], "not the one that left, nor any of another camera"
    assert (code, len(lines)) == (0, 1)
    assert (
        lines[0]
        == f"Carries the events of cam1 from the feed at {reader.endpoint} on to the web hook at 127.0.0.1:{far.way.port}."
    )


def test_who_is_not_there_is_told_once_and_the_end_is_in_order(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        nobody = closed.getsockname()[1]
    feed = f"tcp://127.0.0.1:{nobody}"
    command = ["mqtt", feed, "--to", f"mqtt://door:${{MQTT_PASSWORD}}@127.0.0.1:{nobody}", "--cursor", tmp_path / "c.json"]
    with bridge(*command, code=UNHEARD, stdin=subprocess.PIPE, MQTT_PASSWORD="hush") as child:
        assert child.stderr is not None
        told = [child.stderr.readline() for _ in range(3)]
        assert b"hush" not in Path(f"/proc/{child.pid}/cmdline").read_bytes()
        _, errors = child.communicate("\n", timeout=2 * DEADLINE_S)
        assert (child.returncode, errors) == (0, "")
    assert told == [
        f"glyphfeed: Carries the events from the feed at {feed} on to the MQTT broker at 127.0.0.1:{nobody} as glyphfeed/..., "
        "announced to Home Assistant on homeassistant/.\n",
        f"glyphfeed: The MQTT broker at 127.0.0.1:{nobody} takes no events (Connection refused): "
        "they wait in the feed's log until it does.\n",
        f"glyphfeed: Nobody publishes at {feed} yet. It is waited for.\n",
    ]


def complaint(capfd: pytest.CaptureFixture[str], *arguments: str | Path) -> str:
    """What a command line that cannot work says: one line on stderr, and nothing else."""
    assert cli.run(["bridge", *map(str, arguments)]) == 2
    output, errors = capfd.readouterr()
    assert (output, errors.count("\n")) == ("", 1)
    return errors.removeprefix("glyphfeed: ").rstrip("\n")


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["mqtt"], "Missing option '--to'; see glyphfeed bridge mqtt --help"),
        (["mqtt", "--to", "broker.local"], "address: this is no address; write mqtt://broker.local, or mqtts:// with TLS"),
        (["mqtt", "5570", "--to", "mqtt://broker"], "endpoint: '5570' is not an address of a feed"),
        (["mqtt", "--to", "mqtt://u:hush@broker"], "--to holds a secret, and everybody on this machine can read command lines"),
        (
            ["mqtt", "--to", "mqtt://u:${NO_SUCH}@broker"],
            "the secret ${NO_SUCH} is not set, or empty; set and export",
        ),
        (["mqtt", "--to", "mqtt://broker", "--source", "a b"], "sources: 'a b' is no name of a camera"),
        (["mqtt", "--to", "mqtt://broker", "--keys", "none"], "none cannot be read"),
        (["webhook", "--to", "https://host/", "--secret", "whsec_hush"], "--secret holds a secret, and everybody"),
        (["webhook", "--to", "https://host/"], "the secret ${GLYPHFEED_WEBHOOK_SECRET} is not set, or empty"),
        (["webhook", "--to", "https://host/", "--secret", "${HUSH}"], "secret: it is not whsec_ and at least 24 bytes in base64"),
        (["nats", "--to", "nats://a,nats://u:hush@b"], "--to holds a secret"),
        (["nats", "--to", "nats://a", "--token", "hush"], "--token holds a secret"),
        (["nats", "--to", "nats://a", "--ca", "none.pem"], "ca: there is no file none.pem"),
    ],
)
def test_what_cannot_work_is_said_in_one_sentence(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: list[str], sentence: str
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    monkeypatch.setenv("HUSH", "hush")
    monkeypatch.chdir(tmp_path)
    said = complaint(capfd, *command)
    assert sentence in said
    assert "hush" not in said


def test_two_of_a_kind_need_names_of_their_own(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    with Cursor(tmp_path / "glyphfeed" / "bridges" / "mqtt.json"):
        said = complaint(capfd, "mqtt", "--to", "mqtt://broker")
    assert said == (
        f"another bridge keeps its place in {tmp_path}/glyphfeed/bridges/mqtt.json: give this one a name or a cursor of its own"
    )


def test_what_brings_a_missing_library_is_said(
    capfd: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in ("paho.mqtt.client", "nats.errors"):
        monkeypatch.setitem(sys.modules, module, None)
    for kind in ("mqtt", "jetstream"):
        monkeypatch.delitem(sys.modules, f"glyphfeed.stream.bridges.{kind}", raising=False)
    for kind in ("mqtt", "nats"):
        said = complaint(capfd, kind, "--to", f"{kind}://host", "--cursor", tmp_path / "c.json")
        assert "-e '.[bridges]'" in said


def test_the_bridge_of_a_configuration_ends_with_who_began_it(reader: Reader, tmp_path: Path) -> None:
    config = tmp_path / "glyphfeed.toml"
    with receiver(tmp_path) as far:
        config.write_text(f"""
[[camera]]
name = "cam1"
address = "not-there-any-more.mp4"

[[bridge]]
kind = "webhook"
name = "shop"
address = "http://127.0.0.1:{far.way.port}/"
secret = "${{GLYPHFEED_WEBHOOK_SECRET}}"
endpoint = "{reader.endpoint}"
cursor = "shop.json"
types = ["read"]
""")
        with bridge("run", "shop", "--config", config, stdin=subprocess.PIPE, **{ATTACHED: "plain shop"}) as child:
            wait_until(lambda: (tmp_path / "shop.json").exists() and "cam1" in positions(tmp_path / "shop.json"))
            reader.tell(2)
            wait_until(lambda: len(far.ids()) == 2)
            assert child.stdin is not None
            child.stdin.close()
            assert child.wait(DEADLINE_S) == 0
