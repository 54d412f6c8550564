"""What others ask of a service over HTTP: `/healthz` for who starts it anew, `/metrics` for Prometheus.

Owns: the server, and the names of the metrics.  Does not own what is counted (health).  Sources are told by name, texts never.
"""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Final, Protocol

from glyphfeed.stream.records import EventType, SourceState
from glyphfeed.stream.web.admission import authority
from glyphfeed.tools.errors import CommandError, bringing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from prometheus_client import CollectorRegistry
    from prometheus_client.core import Metric

    from glyphfeed.stream.records import Status
    from glyphfeed.stream.web.admission import Listen
    from glyphfeed.tools.service.health import Health

ASK_S: Final = 5.0
"""Who has not asked after so long is hung up on."""
STATES: Final = {state: float(number) for number, state in enumerate(SourceState)}
"""In the order of the feed's contract: 0 connecting, 1 live, 2 stalled, 3 ended, 4 failed."""
SECONDS: Final = {
    "latency_p50_seconds": ("latency_p50_ms", "Median time from a picture's capture until its text is sent, over 5 s."),
    "latency_p95_seconds": ("latency_p95_ms", "The same time that 95 % of the pictures keep."),
    "detect_seconds": ("detect_ms", "A detector pass, moving average."),
    "read_seconds": ("read_ms", "The reading of one line, moving average."),
}
GAUGES: Final[Mapping[str, tuple[Callable[[Status], float], str]]] = {
    "up": (lambda status: float(status.state is SourceState.LIVE), "Whether the source is live."),
    "state": (lambda status: STATES[status.state], "0 connecting, 1 live, 2 stalled, 3 ended, 4 failed."),
    "frames_in_per_second": (lambda status: status.fps_in, "Frames that the source delivered, over 5 s."),
    "frames_out_per_second": (lambda status: status.fps_out, "Frames whose text was published, over 5 s."),
    "texts": (lambda status: float(status.texts), "Texts in the last message."),
    "uptime_seconds": (lambda status: status.uptime_s, "Since the reader began with the source."),
}
COUNTERS: Final[Mapping[str, tuple[Callable[[Status], float], str]]] = {
    "frames_dropped": (lambda status: float(status.dropped), "Frames that were never published."),
    "reads": (lambda status: float(status.reads), "Runs of the recogniser for the source."),
}


class Counted(Protocol):
    """A feed, as far as it counts: a publisher."""

    @property
    def subscribers(self) -> int:
        """How many subscriptions there are."""
        ...

    @property
    def refused(self) -> int:
        """How many connections were refused or cut off so far."""
        ...


class Figures:
    """A collector of Prometheus that tells what is known at the moment it is asked; until then it costs nothing."""

    def __init__(self, health: Health, feed: Counted) -> None:
        self._health, self._feed = health, feed

    def collect(self) -> Iterator[Metric]:
        """Yield each metric with its value for each source."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        sources = self._health.known()
        for name, (figure, help_text) in GAUGES.items():
            gauge = GaugeMetricFamily(f"glyphfeed_source_{name}", help_text, labels=["source"])
            for status, _ in sources:
                gauge.add_metric([status.source], figure(status))
            yield gauge
        for name, (field, help_text) in SECONDS.items():
            gauge = GaugeMetricFamily(f"glyphfeed_source_{name}", help_text, labels=["source"])
            for status, _ in sources:
                if (milliseconds := getattr(status, field)) is not None:
                    gauge.add_metric([status.source], milliseconds / 1000)
            yield gauge
        for name, (figure, help_text) in COUNTERS.items():
            counter = CounterMetricFamily(f"glyphfeed_source_{name}", help_text, labels=["source"])
            for status, _ in sources:
                counter.add_metric([status.source], figure(status))
            yield counter
        for kind in EventType:
            counter = CounterMetricFamily(f"glyphfeed_source_events_{kind}", f"Events of the type {kind}.", labels=["source"])
            for status, known in sources:
                counter.add_metric([status.source], known.events[kind])
            yield counter
        yield GaugeMetricFamily("glyphfeed_subscriptions", "Subscriptions of the feed.", self._feed.subscribers)
        yield CounterMetricFamily("glyphfeed_refused", "Connections that were refused or cut off.", self._feed.refused)


@contextmanager
def serving(listen: Listen, health: Health, feed: Counted) -> Iterator[int]:
    """Serve `/healthz` and `/metrics` while the context lasts; the port, which is a free one where 0 was asked for.

    Raises:
        CommandError: the address is taken or is none of this machine, or what this needs is not installed.

    """
    with bringing("service"):
        from prometheus_client import CollectorRegistry, ProcessCollector

    registry = CollectorRegistry()
    registry.register(Figures(health, feed))
    ProcessCollector(registry=registry)
    host, port = listen.host, listen.port
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        server = Server((str(address[0]), int(address[1])), family, health, registry)
    except OSError as error:
        raise CommandError(
            f"metrics cannot be served at {authority(host, port)}: {error.strerror}; choose another address"
        ) from None
    thread = threading.Thread(target=server.serve_forever, args=(0.1,), name="glyphfeed-metrics", daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


class Server(ThreadingHTTPServer):
    """A server whose threads end with the program."""

    daemon_threads = True
    block_on_close = False

    def __init__(self, address: tuple[str, int], family: int, health: Health, registry: CollectorRegistry) -> None:
        self.address_family = family
        self.health, self.registry = health, registry
        super().__init__(address, Handler)

    def handle_error(self, request: object, client_address: object) -> None:
        """Say nothing: whoever asked has hung up."""


class Handler(BaseHTTPRequestHandler):
    """Answers one question."""

    server: Server
    timeout = ASK_S
    server_version = "glyphfeed"
    sys_version = ""

    def do_GET(self) -> None:
        """Answer a GET."""
        path = self.path.partition("?")[0]
        if path == "/healthz":
            well, lines = self.server.health.report_lines()
            status = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
            self._answer(status, "text/plain; charset=utf-8", "\n".join([*lines, ""]).encode("utf-8", "backslashreplace"))
        elif path == "/metrics":
            from prometheus_client.exposition import choose_encoder

            encode, kind = choose_encoder(self.headers.get("Accept", ""))
            self._answer(HTTPStatus.OK, kind, encode(self.server.registry))
        else:
            self._answer(HTTPStatus.NOT_FOUND, "text/plain; charset=utf-8", b"there are /healthz and /metrics\n")

    def _answer(self, status: HTTPStatus, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    do_HEAD = do_GET  # noqa: N815  the base class finds it by this name

    def log_message(self, *_: object) -> None:
        """Log nothing: it is asked every few seconds, and works or does not."""
