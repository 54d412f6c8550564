"""Cameras for the tests: real servers on real sockets."""

from __future__ import annotations

import http.server
import signal
import socket
import subprocess
import threading
import time
from base64 import b64encode
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.stream.sources.media import jpeg, numbered

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

SYSTEM_PYTHON = "/usr/bin/python3"
HAS_RTSP_SERVER = "import gi; gi.require_version('GstRtspServer', '1.0'); from gi.repository import GstRtspServer"


class RtspCamera:
    """An RTSP server in a process of its own, which can be killed, frozen and started again on the same port."""

    def __init__(self, *options: str) -> None:
        self.port = "0"
        self.start(*options)

    def start(self, *options: str) -> None:
        """Start serving, on the port of the last time if there was one, and wait until it listens."""
        script = str(Path(__file__).with_name("rtsp_server.py"))
        self._server = subprocess.Popen(
            [SYSTEM_PYTHON, script, "--port", self.port, *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        assert self._server.stdout is not None
        ready, self.port = self._server.stdout.readline().split()
        assert ready == "ready"

    def address(self, user_info: str = "", path: str = "/cam") -> str:
        """Its address."""
        return f"rtsp://{user_info}127.0.0.1:{self.port}{path}"

    def freeze(self) -> None:
        """Stop answering, with all connections open."""
        self._server.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Go on."""
        self._server.send_signal(signal.SIGCONT)

    def kill(self) -> None:
        """End at once."""
        self._server.kill()
        self._server.communicate()


@pytest.fixture(scope="session")
def _gstreamer() -> None:
    try:
        subprocess.run([SYSTEM_PYTHON, "-c", HAS_RTSP_SERVER], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("GStreamer's RTSP server cannot be imported by the system's python3")


@pytest.fixture
def rtsp_camera(_gstreamer: None) -> Iterator[Callable[..., RtspCamera]]:
    """A function that starts an RTSP camera."""
    cameras: list[RtspCamera] = []

    def start(*options: str) -> RtspCamera:
        cameras.append(RtspCamera(*options))
        return cameras[-1]

    yield start
    for camera in cameras:
        camera.kill()


class HttpCamera:
    """A web server with motion JPEG at `/cam`, and whatever is put into `pages`."""

    def __init__(self, port: int = 0) -> None:
        camera = self
        self.is_frozen = False
        self.is_garbled = False
        self.connections = 0
        self.number = 0
        self.refusals = 0
        self.pages: dict[str, Callable[[], bytes | None]] = {}
        self.types: dict[str, str] = {}
        """What pages are said to be; nothing else."""
        self.password = ""
        self.delimiter, self.delimits_first, self.tells_length = b"--picture\r\n", True, True
        self.interval_s = 0.05
        self._closing = threading.Event()

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                try:
                    camera.answer(self)
                except ConnectionError:
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05})
        self._thread.start()

    def address(self, path: str = "/cam") -> str:
        """The address of a page."""
        return f"http://127.0.0.1:{self._server.server_port}{path}"

    def answer(self, request: http.server.BaseHTTPRequestHandler) -> None:
        """Serve one request."""
        path = request.path.split("?")[0]
        if (
            self.password
            and request.headers["Authorization"] != "Basic " + b64encode(f"viewer:{self.password}".encode()).decode()
        ):
            self.refusals += 1
            request.send_response(401)
            request.send_header("WWW-Authenticate", 'Basic realm="camera"')
            request.send_header("Content-Length", "0")
            request.end_headers()
            return
        body = self.pages[path]() if path in self.pages else None
        if path == "/cam":
            self._send_motion_jpeg(request)
        elif body is None:
            request.send_error(404)
        else:
            request.send_response(200)
            request.send_header("Content-Length", str(len(body)))
            if path in self.types:
                request.send_header("Content-Type", self.types[path])
            request.end_headers()
            request.wfile.write(body)

    def _send_motion_jpeg(self, request: http.server.BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Type", "multipart/x-mixed-replace; boundary=picture")
        request.end_headers()
        self.connections += 1
        while True:
            self.number += not self.is_frozen
            body = b"garbled" * 100 if self.is_garbled else jpeg(numbered(self.number % 256))
            length = f"Content-Length: {len(body)}\r\n" if self.tells_length else ""
            part = f"Content-Type: image/jpeg\r\n{length}\r\n".encode() + body + b"\r\n"
            request.wfile.write(self.delimiter + part if self.delimits_first else part + self.delimiter)
            if self._closing.wait(self.interval_s):
                return

    def close(self) -> None:
        """End all connections and the server."""
        self._closing.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


@pytest.fixture
def http_camera() -> Iterator[HttpCamera]:
    """A running HTTP camera."""
    camera = HttpCamera()
    yield camera
    camera.close()


@pytest.fixture
def black_hole() -> Iterator[int]:
    """The port of a listener that accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener.getsockname()[1]


@pytest.fixture(autouse=True)
def _no_connection_outlives() -> Iterator[None]:
    """Every connection's thread ends within its bounded time-out."""
    yield
    deadline_s = time.monotonic() + 15
    for thread in threading.enumerate():
        if thread.name == "glyphfeed-connection":
            thread.join(deadline_s - time.monotonic())
            assert not thread.is_alive(), "a connection outlived its source"
