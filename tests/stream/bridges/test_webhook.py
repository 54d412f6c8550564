from __future__ import annotations

import json
import logging
import socket
import ssl
import threading
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from http.client import BadStatusLine, RemoteDisconnected
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest
import trustme
from standardwebhooks import Webhook as Verifier

from glyphfeed.stream.bridges import webhook as module
from glyphfeed.stream.bridges.settings import WebhookSettings
from glyphfeed.stream.bridges.tls import words
from glyphfeed.stream.bridges.webhook import Outcome, Webhook, judge
from glyphfeed.stream.errors import BridgeError
from tests.stream.bridges.messages import event_message
from tests.stream.feed.samples import DEADLINE_S, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@dataclass
class Receiver:
    """A web server that answers as it is told, one answer after the other, and 204 when there is none left."""

    answers: list[int | str | tuple[int, dict[str, str]]] = field(default_factory=list)
    """A status, a status with headers, or what to do instead: `hang`, `break`."""
    got: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)
    peers: set[tuple[str, int]] = field(default_factory=set)
    port: int = 0
    thawed: threading.Event = field(default_factory=threading.Event)

    @property
    def ids(self) -> list[str]:
        return [headers["webhook-id"] for _, headers, _ in self.got]


@contextmanager
def receiving(receiver: Receiver, tls: ssl.SSLContext | None = None) -> Iterator[Receiver]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            receiver.got.append((self.path, {name.lower(): value for name, value in self.headers.items()}, body))
            receiver.peers.add(self.client_address)
            answer = receiver.answers.pop(0) if receiver.answers else 204
            if answer == "hang":
                receiver.thawed.wait(DEADLINE_S)
                self.close_connection = True
                return
            if answer == "break":
                self.connection.shutdown(socket.SHUT_RDWR)
                self.close_connection = True
                return
            status, headers = answer if isinstance(answer, tuple) else (int(answer), {})
            self.send_response(status)
            for name, value in {"content-length": "0", **headers}.items():
                self.send_header(name, value)
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            """A bridge that does not trust this server hangs up."""

    with Quiet(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(server.socket, server_side=True)
        receiver.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        try:
            yield receiver
        finally:
            receiver.thawed.set()
            server.shutdown()
            thread.join()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving(Receiver()) as receiver:
        yield receiver


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pauses of hundredths of a second."""
    monkeypatch.setattr(module, "pause_s", lambda *_: 0.01)


@contextmanager
def hook(address: str, **others: Any) -> Iterator[Webhook]:
    far = Webhook(WebhookSettings(name="hook", address=address, secret=SECRET, **others), threading.Event())
    yield far
    far.close()


def at(receiver: Receiver) -> str:
    return f"http://127.0.0.1:{receiver.port}/hook?token=abc"


def test_an_event_is_posted_signed(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOOK_TOKEN", "a/b")
    with hook(f"http://127.0.0.1:{receiver.port}/hook/${{HOOK_TOKEN}}?a=b") as far:
        assert far.event(event_message(41, "Größe")).is_acknowledged
    ((path, headers, body),) = receiver.got
    assert path == "/hook/a%2Fb?a=b"
    assert headers["webhook-id"] == "a03ab1f931d71767-cam1-41"
    assert (headers["content-type"], headers["user-agent"]) == ("application/json", "glyphfeed")
    told = Verifier(SECRET).verify(body, headers)
    assert (told["type"], told["data"]["entity"]["text"]) == ("text.read", "Größe")
    assert told["data"] == event_message(41, "Größe").body


def test_one_connection_carries_many_events_and_its_end_is_not_an_outage(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    with hook(at(receiver)) as far:
        for seq in (1, 2, 3):
            far.event(event_message(seq))
        assert len(receiver.peers) == 1
        receiver.answers.append((204, {"connection": "close"}))
        far.event(event_message(4))
        far.event(event_message(5))
    assert receiver.ids == [f"a03ab1f931d71767-cam1-{seq}" for seq in (1, 2, 3, 4, 5)]
    assert len(receiver.peers) == 2
    assert caplog.messages == []


def test_what_fails_is_sent_again_under_its_id_and_told_once(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "glyphfeed.bridges")
    receiver.answers = [500, 503, "break", (302, {"location": "http://169.254.169.254/"}), 404, 429, 400]
    with hook(at(receiver)) as far:
        assert far.event(event_message(1)).is_acknowledged
        assert far.event(event_message(2)).is_acknowledged
    assert receiver.ids == ["a03ab1f931d71767-cam1-1"] * 8 + ["a03ab1f931d71767-cam1-2"]
    for _, headers, body in receiver.got:
        Verifier(SECRET).verify(body, headers)
    name = f"The web hook at 127.0.0.1:{receiver.port}"
    assert caplog.messages == [
        f"{name} takes no events (it answers 500): they wait in the feed's log until it does.",
        f"{name} takes events again, after 0 s.",
    ]


def test_redirections_are_not_followed(receiver: Receiver) -> None:
    with receiving(Receiver()) as elsewhere:
        receiver.answers = [(status, {"location": at(elsewhere)}) for status in (301, 302, 303, 307, 308)]
        with hook(at(receiver)) as far:
            far.event(event_message())
        assert len(receiver.got) == 6
        assert elsewhere.got == []


def test_410_ends_it(receiver: Receiver) -> None:
    receiver.answers = [410]
    with hook(at(receiver)) as far, pytest.raises(BridgeError, match=r"wants no more \(it answers 410\): remove this bridge"):
        far.event(event_message())


def test_a_server_that_hangs_is_given_up_and_tried_again(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIMEOUT_S", 0.2)
    receiver.answers = ["hang"]
    with hook(at(receiver)) as far:
        assert far.event(event_message()).is_acknowledged
    assert len(receiver.got) == 2


def test_an_answer_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIMEOUT_S", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as server, hook(f"http://127.0.0.1:{server.getsockname()[1]}/") as far:
        gone = threading.Event()

        def drip() -> None:
            connection, _ = server.accept()
            with connection:
                while not gone.wait(0.1):
                    try:
                        connection.send(b"H")
                    except OSError:
                        gone.set()

        dripping = threading.Thread(target=drip)
        dripping.start()
        waiting = threading.Thread(target=far.event, args=(event_message(),))
        waiting.start()
        assert gone.wait(DEADLINE_S)
        dripping.join()
        far._stopped.set()
        waiting.join(DEADLINE_S)
        assert not waiting.is_alive()


def test_a_pause_that_the_server_asks_for_is_kept_and_the_end_does_not_wait_for_it(receiver: Receiver) -> None:
    receiver.answers = [(429, {"retry-after": "1"}), (503, {"retry-after": "3600"})]
    with hook(at(receiver)) as far:
        receipts: list[bool] = []
        waiting = threading.Thread(target=lambda: receipts.append(far.event(event_message()).is_acknowledged))
        waiting.start()
        wait_until(lambda: len(receiver.got) == 1)
        began = time.monotonic()
        wait_until(lambda: len(receiver.got) == 2)
        assert time.monotonic() - began > 0.9
        far._stopped.set()
        waiting.join(DEADLINE_S)
        assert receipts == [False]


def test_a_message_that_is_refused_again_and_again_does_not_hold_up_the_others(
    receiver: Receiver, caplog: pytest.LogCaptureFixture
) -> None:
    receiver.answers = [422] * 8
    with hook(at(receiver)) as far:
        assert far.event(event_message(1)).is_acknowledged
        assert far.event(event_message(2)).is_acknowledged
    assert receiver.ids.count("a03ab1f931d71767-cam1-1") == 8
    assert receiver.ids[-1] == "a03ab1f931d71767-cam1-2"
    assert "has refused message a03ab1f931d71767-cam1-1 8 times (it answers 422): it is left out" in caplog.text


def test_a_server_that_comes_later_gets_everything() -> None:
    with receiving(Receiver()) as gone:
        address = at(gone)
    with hook(address) as far:
        stopping = threading.Timer(0.1, far._stopped.set)
        stopping.start()
        assert not far.event(event_message()).is_acknowledged
        stopping.join()


def test_a_certificate_that_is_not_trusted_gets_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    authority = trustme.CA()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    with receiving(Receiver(), context) as receiver:
        address = f"https://127.0.0.1:{receiver.port}/"
        with hook(address) as far:
            stopping = threading.Timer(0.1, far._stopped.set)
            stopping.start()
            assert not far.event(event_message()).is_acknowledged
            stopping.join()
        assert receiver.got == []
        assert "its certificate is not trusted: unable to get local issuer certificate" in caplog.text
        with hook(address, ca=tmp_path / "ca.pem") as far:
            assert far.event(event_message()).is_acknowledged
    assert len(receiver.got) == 1


def test_a_file_that_holds_no_authority_is_named(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").write_text("nothing")
    with pytest.raises(BridgeError, match=r"ca\.pem holds no certificates in PEM"), hook("https://host/", ca=tmp_path / "ca.pem"):
        pass


def test_where_the_own_network_is_not_allowed_nothing_is_sent(receiver: Receiver, caplog: pytest.LogCaptureFixture) -> None:
    with hook(at(receiver), private=False) as far:
        far._stopped.set()
        assert not far.event(event_message()).is_acknowledged
        assert far._post("id", b"").reason == "127.0.0.1 is in the own network, to which these settings send nothing"
    assert receiver.got == []
    assert caplog.messages == []


@pytest.mark.parametrize(
    ("status", "retry_after", "outcome", "pause"),
    [
        (200, None, Outcome.ACCEPTED, 0),
        (204, None, Outcome.ACCEPTED, 0),
        (410, None, Outcome.GONE, 0),
        (301, None, Outcome.FAILED, 0),
        (404, None, Outcome.FAILED, 0),
        (422, None, Outcome.REFUSED, 0),
        (429, "7", Outcome.FAILED, 7),
        (503, formatdate(1_000_060, usegmt=True), Outcome.FAILED, 60),
        (503, formatdate(999_000, usegmt=True), Outcome.FAILED, 0),
        (503, "999999999999", Outcome.FAILED, 86_400),
        (503, "9" * 400, Outcome.FAILED, 86_400),
        (503, "soon", Outcome.FAILED, 0),
        (503, "-5", Outcome.FAILED, 0),
        (503, "", Outcome.FAILED, 0),
    ],
)
def test_what_an_answer_means(status: int, retry_after: str | None, outcome: Outcome, pause: float) -> None:
    attempt = judge(status, retry_after, 1_000_000.0)
    assert (attempt.outcome, attempt.retry_after_s) == (outcome, pause)


def test_a_body_is_json_on_one_line(receiver: Receiver) -> None:
    with hook(at(receiver)) as far:
        far.event(event_message(1, "two\nlines"))
    assert b"\n" not in receiver.got[0][2]
    assert json.loads(receiver.got[0][2])["data"]["entity"]["text"] == "two\nlines"


def test_an_answer_that_is_no_http_is_not_repeated() -> None:
    assert words(BadStatusLine("\x1b[31m\nglyphfeed: all is well")) == "what it answers is no HTTP"
    assert "closed" in words(RemoteDisconnected("it closed the connection"))
