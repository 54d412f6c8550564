from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from contextlib import closing, contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError

import pytest

from glyphfeed.stream.feed.receiving.client import connect
from glyphfeed.stream.records import Snapshot
from glyphfeed.stream.running.runtime import Runtime
from glyphfeed.tools.configuration.loading import Configuration, read
from glyphfeed.tools.service import serving
from glyphfeed.tools.service.serving import Cameras
from tests.engines.described import own_networks
from tests.programs import program
from tests.stream.driving import Broken, Notebook, Poster
from tests.stream.feed.samples import DEADLINE_S, wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from glyphfeed.engines.loading import Engines
    from glyphfeed.stream.feed.receiving.client import Feed
    from glyphfeed.stream.records import Colour
    from glyphfeed.stream.sources.source import Source
    from glyphfeed.tools.configuration.tables import Camera

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
PROGRAM = "from glyphfeed.tools.cli import main; main()"


@pytest.fixture
def camera(tmp_path: Path) -> Iterator[str]:
    """The address of a web camera that shows a sign with oxox on it, for who reads it with networks of its own."""
    picture = own_networks(tmp_path)[0].read_bytes()

    class Shows(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "image/png")
            self.send_header("Content-Length", str(len(picture)))
            self.end_headers()
            self.wfile.write(picture)

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Shows) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://admin:geheim@127.0.0.1:{server.server_address[1]}/picture"
        server.shutdown()
        thread.join()


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def manager(path: Path) -> Iterator[list[str]]:
    """A service manager that listens there, and all that it is told."""
    told: list[str] = []
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as listener:
        listener.bind(str(path))

        def listen() -> None:
            while datagram := listener.recv(4096):
                told.extend(datagram.decode().splitlines())

        thread = threading.Thread(target=listen)
        thread.start()
        try:
            yield told
        finally:
            with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.sendto(b"", str(path))
            thread.join()


class Service:
    """A running service, whose file is written and whose log and feed are looked at."""

    def __init__(self, file: Path, pid: int, port: int, told: list[str], log: list[dict[str, str]], feed: Feed) -> None:
        self.file, self.pid, self.port, self.told, self.log, self.feed = file, pid, port, told, log, feed
        self.states: dict[str, str] = {}
        self.ids: dict[str, set[int]] = {}
        self.epochs: set[str] = set()

    def write(self, text: str) -> None:
        """Put another file in the place of the one that is there."""
        other = self.file.with_name("other")
        other.write_text(text)
        other.replace(self.file)

    def wait_until(self, holds: Callable[[], bool]) -> None:
        """Take what the feed tells until something holds."""

        def look() -> bool:
            if (message := self.feed.receive(0.05)) is not None:
                self.epochs.add(message.epoch)
                if message.kind == "status":
                    self.states[message.source] = message.body["state"]
                elif isinstance(record := message.record, Snapshot):
                    self.ids[message.source] = {text.id for text in record.texts if text.text}
            return holds()

        # Programs that begin load libraries first, which takes long on a machine that has other things to do.
        wait_until(look, 3 * DEADLINE_S)

    def has_logged(self, part: str) -> bool:
        return any(part in line["message"] for line in self.log)

    def health(self) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/healthz", timeout=DEADLINE_S) as answer:
                return answer.status, answer.read().decode()
        except HTTPError as error:
            with closing(error):
                return error.code, error.read().decode()


@contextmanager
def running(folder: Path, text: str) -> Iterator[Service]:
    """A service that reads a configuration of such a text, which ends in order with the context."""
    file = folder / "glyphfeed.toml"
    port, log = free_port(), []
    own = f'[feed]\nendpoint = "ipc://{folder}/feed"\n[log]\nformat = "json"\n[metrics]\nlisten = {port}\n'
    networks = '[networks]\ndetector = "finder.onnx"\nrecogniser = "reader.onnx"\n'
    (folder / "own.toml").write_text(own + networks)
    file.write_text(text + own + networks)
    variables = os.environ | {"NOTIFY_SOCKET": str(folder / "notify"), "WATCHDOG_USEC": "400000"}
    command = [sys.executable, "-c", PROGRAM, "watch", "--config", str(file)]
    with (
        manager(folder / "notify") as told,
        program(command, 9 * DEADLINE_S, env=variables, stdout=subprocess.DEVNULL) as child,
        connect(f"ipc://{folder}/feed") as feed,
    ):
        assert child.stderr is not None
        errors = child.stderr
        listening = threading.Thread(target=lambda: log.extend(json.loads(line) for line in errors))
        listening.start()
        service = Service(file, child.pid, port, told, log, feed)
        try:
            service.wait_until(lambda: "READY=1" in told or child.poll() is not None)
            yield service
            child.send_signal(signal.SIGTERM)
            assert child.wait(DEADLINE_S) == 0
        finally:
            child.kill()
            listening.join()
        wait_until(lambda: told[-1] == "STOPPING=1")


def test_cameras_come_and_go_with_the_file(camera: str, tmp_path: Path) -> None:
    def table(name: str, more: str = "") -> str:
        return f'[[camera]]\nname = "{name}"\naddress = "{camera}"\n{more}\n'

    with running(tmp_path, table("door") + table("yard")) as service:
        own = (tmp_path / "own.toml").read_text()
        service.wait_until(lambda: all(service.ids.get(name) for name in ("door", "yard")))
        door = service.ids["door"]
        assert service.states == {"door": "live", "yard": "live"}
        code, body = service.health()
        assert code == 200
        assert [line.split(":")[0] for line in body.splitlines()] == ["door is live", "yard is live"]
        # One is read no more where its text is.
        service.write(table("door") + table("yard", 'ignore = ["0,0 1,1"]') + own)
        service.wait_until(lambda: not service.ids["yard"])
        wait_until(lambda: "RELOADING=1" in service.told)
        assert service.has_logged("glyphfeed.toml is taken up: read in other zones: yard")
        # A file with mistakes changes nothing.
        service.write(table("door", "fps = 0") + table("door", "x = 1") + own)
        service.wait_until(lambda: service.has_logged("glyphfeed.toml is not taken up, and what it said before holds"))
        mistakes = [line["message"] for line in service.log if line["level"] == "error"]
        assert mistakes[:3] == [
            'glyphfeed.toml:4: camera "door": fps is 0, and must be 1 to 1000',
            'glyphfeed.toml:6: camera "door": the camera in line 2 has the same name; give each one of its own',
            f'glyphfeed.toml:8: camera "door": x is not known here; there are name, address, {mistakes[2].split("address, ")[1]}',
        ]
        # It is taken up at once where that is asked for.
        service.file.write_text(table("door") + table("gate") + own.replace("/feed", "/elsewhere"))
        os.kill(service.pid, signal.SIGHUP)
        service.wait_until(lambda: service.states["yard"] == "ended" and service.states.get("gate") == "live")
        service.wait_until(lambda: service.has_logged("[feed] endpoint will hold only once glyphfeed is started anew"))
        assert service.has_logged("glyphfeed.toml is taken up: come: gate; gone: yard")
        assert service.health()[1].count("\n") == 2
        # A pipe in its place is not waited for.
        service.file.unlink()
        os.mkfifo(service.file)
        service.wait_until(lambda: service.has_logged("glyphfeed.toml is not a file any more"))
        # It comes back, with texts of its own.
        service.write(table("door") + table("yard") + own)
        service.wait_until(lambda: service.states["yard"] == "live" and bool(service.ids["yard"]))
        assert service.ids["yard"].isdisjoint({1})
        assert service.ids["door"] == door
        assert len(service.epochs) == 1
        assert {"WATCHDOG=1", "STATUS=2 live"} <= {*service.told}
    assert {line["source"] for line in service.log if line["message"].startswith("yard is ")} == {"yard"}
    assert all({"time", "level", "message"} <= line.keys() for line in service.log)
    assert "geheim" not in json.dumps(service.log)


@pytest.fixture
def hook() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """The address of a web hook, and what is posted there."""
    got: list[dict[str, Any]] = []

    class Takes(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Takes) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_address[1]}/signs", got
        server.shutdown()
        thread.join()


def test_rules_change_while_cameras_go_on(camera: str, hook: tuple[str, list[dict[str, Any]]], tmp_path: Path) -> None:
    address, got = hook
    door = f'[[camera]]\nname = "door"\naddress = "{camera}"\n'

    def rule(name: str, more: str = "") -> str:
        return f'[[rule]]\nname = "{name}"\nliteral = "oxox"\nwebhook = {{ url = "{address}" }}\n{more}\n'

    def told() -> list[tuple[str, str]]:
        return [(body["data"]["flag"]["rule"], body["data"]["entity"]["text"]) for body in got]

    with running(tmp_path, door) as service:
        own = (tmp_path / "own.toml").read_text()
        service.wait_until(lambda: bool(service.ids.get("door")))
        before = service.ids["door"]
        service.write(door + rule("first") + own)
        service.wait_until(lambda: told() == [("first", "oxox")])
        # A rule with a mistake leaves the old ones alone.
        service.write(door + rule("first", 'regex = "("') + own)
        service.wait_until(lambda: service.has_logged("glyphfeed.toml is not taken up"))
        assert service.has_logged("glyphfeed.toml:8: rule \"first\": regex: '(': it is no regular expression of RE2: missing )")
        # What was told is not told again, and what is masked is told as it is published.
        service.write(door + rule("first") + rule("second", 'action = "mask"') + own)
        service.wait_until(lambda: len(got) == 2)
        assert told()[1] == ("second", "****")
        assert service.ids["door"] == before
    assert service.states == {"door": "live"} or service.states == {"door": "ended"}
    assert service.has_logged("glyphfeed.toml is taken up: the rules, or what is told of texts, are others")


def children_of(pid: int) -> dict[int, str]:
    """The processes that a process has begun, with their command lines."""
    pids = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {int(child): Path(f"/proc/{child}/cmdline").read_text().replace("\0", " ") for child in pids}


def test_bridges_run_beside_and_are_begun_again(camera: str, hook: tuple[str, list[dict[str, Any]]], tmp_path: Path) -> None:
    address, got = hook

    def posted() -> list[str]:
        # What is read at the very beginning may come before the bridge.
        return [post["data"]["source"] for post in got if post["data"]["source"] != "NAME"]

    table = f'[[camera]]\nname = "NAME"\naddress = "{camera}"\n'
    bridge = f'[[bridge]]\nkind = "webhook"\nname = "shop"\naddress = "{address}"\nsecret = "{SECRET}"\ncursor = "shop.json"\n'
    with running(tmp_path, table + bridge) as service:
        own = (tmp_path / "own.toml").read_text()
        service.wait_until(lambda: service.has_logged("Carries the events from the feed"))
        service.write(table.replace("NAME", "door") + bridge + own)
        service.wait_until(lambda: "door" in posted())
        assert got[-1]["data"]["entity"]["text"] == "oxox"
        ((pid, told),) = children_of(service.pid).items()
        assert told.endswith(f"bridge run shop --config {service.file} --endpoint ipc://{tmp_path}/feed ")
        # Where the feed is to be after the next start does not lead a bridge there that is begun again before.
        own = own.replace("/feed", "/elsewhere")
        service.write(table.replace("NAME", "door") + bridge + own)
        service.wait_until(lambda: service.has_logged("[feed] endpoint will hold only once glyphfeed is started anew"))
        os.kill(pid, signal.SIGKILL)
        service.wait_until(lambda: service.has_logged("bridge shop was ended by signal 9; it is begun again in 1 s"))
        service.wait_until(lambda: bool(children_of(service.pid)))
        # It goes on where it was; what it had posted when it was killed may come again.
        service.write(table.replace("NAME", "gate") + bridge + own)
        service.wait_until(lambda: "gate" in posted())
        assert [*dict.fromkeys(posted())] == ["door", "gate"]
        service.write(table.replace("NAME", "gate") + own)
        service.wait_until(lambda: not children_of(service.pid))
        assert {line["source"] for line in service.log if line["message"].startswith("Carries ")} == {"bridge shop"}
        assert SECRET not in json.dumps(service.log)


class Failing(Configuration):
    """One whose cameras fail after three frames, as often as they are begun."""

    picture: Colour

    def open(self, camera: Camera) -> Source:
        return Broken(Poster(Failing.picture, camera.name), 3)


def test_a_camera_that_fails_is_begun_anew(
    wall: Colour, engines: Engines, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(serving, "FIRST_PAUSE_S", 0.05)
    monkeypatch.setattr(Failing, "picture", wall, raising=False)
    found = read('[[camera]]\nname = "door"\naddress = 0\n', tmp_path / "glyphfeed.toml")
    configuration = Failing(*(getattr(found, name) for name in Configuration.__slots__))
    notebook = Notebook()
    with Runtime(engines, None, [notebook]) as runtime:
        cameras = Cameras(runtime, engines, configuration)

        def has_failed_thrice() -> bool:
            runtime.wait(0.02)
            assert cameras.attend() or runtime.wait(0)
            return [state.value for state in notebook.states].count("failed") >= 3

        wait_until(has_failed_thrice)
    assert [state.value for state in notebook.states][:4] == ["connecting", "live", "failed", "connecting"]
    assert "glyphfeed: door: the cable was cut\n" in capfd.readouterr().err
    assert not cameras.failed


def test_a_camera_whose_secret_is_gone_is_begun_once_that_is_back(
    tmp_path: Path, engines: Engines, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(serving, "FIRST_PAUSE_S", 0.01)
    secret, notebook = tmp_path / "secret", Notebook()
    secret.write_text("geheim")
    text = f'[[camera]]\nname = "door"\naddress = "rtsp://admin:${{file:{secret}}}@127.0.0.1:9/live"\n'
    configuration = read(text, tmp_path / "glyphfeed.toml")
    secret.unlink()
    with Runtime(engines, None, [notebook]) as runtime:
        cameras = Cameras(runtime, engines, configuration)
        assert "cannot be read (No such file or directory); check the path" in capfd.readouterr().err
        assert not runtime.wait(0)
        assert cameras.attend()
        secret.write_text("geheim")
        wait_until(lambda: not cameras.attend())
        assert runtime.wait(0)
        notebook.wait_until(lambda: bool(notebook.statuses))


def test_the_pages_are_served_beside(camera: str, tmp_path: Path) -> None:
    port = free_port()
    table = f'[[camera]]\nname = "door"\naddress = "{camera}"\n'
    with running(tmp_path, f'{table}[web]\nlisten = "127.0.0.1:{port}"\n') as service:
        ((_, told),) = children_of(service.pid).items()
        assert told.endswith(f"web ipc://{tmp_path}/feed --listen 127.0.0.1:{port} ")

        def is_served() -> bool:
            with suppress(OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=DEADLINE_S) as answer:
                return bool(answer.status == 200)
            return False

        service.wait_until(is_served)
        service.write(table + (tmp_path / "own.toml").read_text())
        service.wait_until(lambda: not children_of(service.pid))


def test_pauses_grow_and_begin_anew_after_a_good_while() -> None:
    attempt = serving.Attempt(100.0)
    assert [attempt.failed(101.0) for _ in range(7)] == [2.0, 4.0, 8.0, 16.0, 32.0, 60.0, 60.0]
    attempt.begun_s = 200.0
    assert attempt.failed(261.0) == 2.0
    assert attempt.due_s == 263.0
