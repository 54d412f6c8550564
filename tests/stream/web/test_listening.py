from __future__ import annotations

import asyncio
import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from glyphfeed.stream.web import listening
from glyphfeed.stream.web.access.machine import own_addresses
from glyphfeed.stream.web.listening import PatientSocket
from tests.stream.feed.samples import DEADLINE_S, wait_until
from tests.stream.web.access.clients import Browser
from tests.stream.web.serving import Served

if TYPE_CHECKING:
    from pathlib import Path

UPGRADE = "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n"
CLOSE = b"\x88\x80\0\0\0\0"
NOBODY = "tcp://127.0.0.1:1"


def answered(raw: socket.socket) -> bytes:
    """What is answered until the connection ends, which is waited for."""
    raw.settimeout(DEADLINE_S)
    answer = b""
    try:
        while data := raw.recv(65536):
            answer += data
    except ConnectionError:
        pass
    return answer


def is_reached(browser: Browser) -> bool:
    try:
        return browser.ask("/state.json").status == 200
    except OSError:
        return False


def test_who_is_slow_to_ask_is_sent_away_and_who_is_slow_to_be_answered_is_not(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "REQUEST_S", 0.5)
    with Served(NOBODY) as served, ExitStack() as stack:
        host = f"Host: 127.0.0.1:{served.port}"
        whole = f"GET /state.json HTTP/1.1\r\n{host}\r\n\r\n"
        slow = {
            "silent": "",
            "half a line": "GET / HT",
            "half a header": f"GET / HTTP/1.1\r\n{host}\r\nX-A: ",
            "half a body": f"POST /pair HTTP/1.1\r\n{host}\r\nContent-Length: 1000\r\n\r\n{{",
            "a second one": f"{whole}GET / HT",
        }
        connections = {
            name: stack.enter_context(socket.create_connection(("127.0.0.1", served.port), DEADLINE_S)) for name in slow
        }
        for name, words in slow.items():
            connections[name].sendall(words.encode())
        with served.page() as page:
            answers = {name: answered(raw) for name, raw in connections.items()}
            # Which has been there for as long.
            page.order({"op": "ping", "id": 1})
            assert page.receive() == '{"id":1}'
    assert answers["a second one"].count(b"HTTP/1.1 ") == 1
    assert [answers[name] for name in ("silent", "half a line", "half a header")] == [b""] * 3


def test_handshakes_end_and_leave_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(listening, "HANDSHAKE_S", 0.5)
    monkeypatch.setattr(listening, "CONNECTIONS", 3)
    with Served(NOBODY, host="0.0.0.0", folder=tmp_path / "web") as served:

        def knock(words: bytes) -> bytes:
            with socket.create_connection(("127.0.0.1", served.port), DEADLINE_S) as raw:
                raw.sendall(words)
                return answered(raw)

        # Nothing, what is no TLS, and the beginning of a greeting, more of them than have room at once.
        for _ in range(2):
            for words in (b"", b"GET / HTTP/1.1\r\n\r\n", b"\x16\x03\x01\x02\x00\x01"):
                knock(words)
        with ExitStack() as stack:
            held = [stack.enter_context(socket.create_connection(("127.0.0.1", served.port), DEADLINE_S)) for _ in range(5)]
            assert all(answered(raw) == b"" for raw in held)
        assert served.access.authority is not None
        browser = Browser(served, served.access.authority)
        wait_until(lambda: is_reached(browser))


def test_plain_http_at_the_encrypted_port_is_sent_to_the_encrypted_pages(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(listening, "REQUEST_S", 0.5)
    with Served(NOBODY, host="0.0.0.0", folder=tmp_path / "web") as served:
        own = f"127.0.0.1:{served.port}"

        def ask(line: str, host: str = own, further: str = "") -> bytes:
            return served.exchange(f"{line} HTTP/1.1\r\nHost: {host}\r\n{further}\r\n".encode())

        moved = ask("GET /phone.html?a=b")
        assert moved.startswith(b"HTTP/1.1 308 ")
        assert f"\r\nlocation: https://{own}/phone.html?a=b\r\n".encode() in moved
        # Browsers keep it for ever otherwise, and the port may serve plain HTTP another day.
        assert b"\r\ncache-control: no-cache\r\n" in moved
        assert f"\r\nlocation: https://localhost:{served.port}/\r\n".encode() in ask("GET /", f"localhost:{served.port}")
        assert f"\r\nlocation: https://{own}/\r\n".encode() in ask("GET @example.org")
        refused = ask("GET /", "example.org", "Connection: close\r\n")
        assert refused.startswith(b"HTTP/1.1 400 ")
        assert b"This is not an address of this server" in refused
        assert b"\r\nlocation" not in refused
        key = "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        assert ask("GET /feed", further=f"Connection: Upgrade\r\nUpgrade: websocket\r\n{key}").startswith(b"HTTP/1.1 403 ")
        # Who is slow to ask is sent away here, too.
        assert served.exchange(b"GET / HT") == b""


def test_one_machine_cannot_take_all_connections(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listening, "EACH", 4)
    address = next((own for own in own_addresses() if "." in own), None)
    if address is None:
        pytest.skip("This machine has no address but that of loopback.")
    with Served(NOBODY, host="0.0.0.0", insecure=True) as served, ExitStack() as stack:

        def is_answered(host: str) -> bool:
            with socket.create_connection((host, served.port), DEADLINE_S) as raw:
                try:
                    raw.sendall(f"HEAD / HTTP/1.1\r\nHost: {host}:{served.port}\r\nConnection: close\r\n\r\n".encode())
                    return answered(raw).startswith(b"HTTP/1.1 200 ")
                except ConnectionError:
                    return False

        assert is_answered(address)
        held = [stack.enter_context(socket.create_connection((address, served.port), DEADLINE_S)) for _ in range(4)]
        assert not is_answered(address)
        assert is_answered("127.0.0.1")
        held[0].close()
        wait_until(lambda: is_answered(address))


def test_what_looks_like_a_web_socket_and_opens_none_is_sent_away() -> None:
    with Served(NOBODY) as served:
        upgrade = f"Host: 127.0.0.1:{served.port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13"
        for line in ("POST /feed HTTP/1.1", "GET /feed HTTP/1.1\r\nContent-Length: 1000"):
            with socket.create_connection(("127.0.0.1", served.port), DEADLINE_S) as raw:
                raw.sendall(f"{line}\r\n{upgrade}\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n".encode())
                assert b" 101 " not in answered(raw)


def test_headers_are_few_and_have_an_end() -> None:
    with Served(NOBODY) as served:
        first = f"GET / HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\n"
        endless = (f"{first}X-A: {'a' * 20_000}", f"GET /{'a' * 20_000}", first + "X: y\r\n" * 4000)
        for words in (*endless, f"{first}X-A: {'a' * 100_000}\r\n\r\n"):
            with socket.create_connection(("127.0.0.1", served.port), DEADLINE_S) as raw:
                raw.sendall(words.encode())
                raw.shutdown(socket.SHUT_WR)
                assert b"HTTP/1.1 200 " not in answered(raw)


class Slow(asyncio.Transport):
    """A connection whose other end takes nothing for now: it is closing for as long."""

    def __init__(self) -> None:
        super().__init__()
        self.written, self.closing = b"", False

    def write(self, data: Any) -> None:
        self.written += data

    def close(self) -> None:
        self.closing = True

    def is_closing(self) -> bool:
        return self.closing


async def accept(_scope: Any, receive: Any, send: Any) -> None:
    await receive()
    await send({"type": "websocket.accept"})
    while (await receive())["type"] != "websocket.disconnect":
        pass


@pytest.mark.parametrize("closes", [True, False])
def test_a_server_ends_while_a_page_is_about_to_close(*, closes: bool) -> None:
    async def end() -> Slow:
        configuration = uvicorn.Config(accept, log_config=None)
        configuration.load()
        page, state = Slow(), ServerState()
        web_socket = PatientSocket(configuration, state, {})
        web_socket.connection_made(page)
        web_socket.data_received(f"{UPGRADE}Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n".encode())
        while b" 101 " not in page.written:
            await asyncio.sleep(0)
        if closes:
            web_socket.data_received(CLOSE)
        web_socket.shutdown()
        await asyncio.gather(*state.tasks)
        return page

    page = asyncio.run(end())
    assert page.closing
    # The page's own is answered; 1012 says that the server is being restarted (RFC 6455, 7.4).
    assert page.written.endswith(b"\x88\0" if closes else b"\x88\x02\x03\xf4")
