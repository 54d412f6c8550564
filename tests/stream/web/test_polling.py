"""Requests that stand for a web socket, and the client that falls back to them."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import threading
from contextlib import closing, contextmanager
from functools import partial
from http.client import HTTPConnection
from typing import TYPE_CHECKING, Any

import pytest
import zmq
from starlette.applications import Starlette
from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocketDisconnect

from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.stream.web import polling
from glyphfeed.stream.web.access.opening import on_loopback
from glyphfeed.stream.web.admission import Listen
from glyphfeed.stream.web.polling import Polls, framed, messages_of
from glyphfeed.stream.web.relay import TOPICS
from glyphfeed.stream.web.server import HttpServer
from tests.programs import program
from tests.stream.feed.samples import DEADLINE_S, event, serve_until_subscribed, snapshot, wait_until
from tests.stream.web.blocking import Blocking
from tests.stream.web.serving import Served, message, picture

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.websockets import WebSocket

    from tests.stream.web.serving import Node

NOBODY = "tcp://127.0.0.1:1"


class Echo:
    """A server that sends back what it gets."""

    def __init__(self) -> None:
        self.remembered = "nothing"
        self.gone = 0
        self.listening = Listen("127.0.0.1", 0).bind()
        self.port: int = self.listening.getsockname()[1]
        polls = Polls()
        app = Starlette(routes=[WebSocketRoute("/echo", self.serve), *polls.routes("echo", self.serve, 1 << 20)])
        self.server = HttpServer(app, on_loopback(), polls, self.listening, None)

    async def serve(self, socket: WebSocket) -> None:
        if "refuse" in socket.query_params:
            await socket.close()
            return
        await socket.accept()
        try:
            while True:
                message = await socket.receive()
                if message["type"] == "websocket.disconnect":
                    break
                await self.answer(socket, message.get("text"), message.get("bytes") or b"")
        except WebSocketDisconnect:
            pass
        self.gone += 1

    def has_gone(self, count: int) -> bool:
        return self.gone == count

    async def answer(self, socket: WebSocket, text: str | None, content: bytes) -> None:
        match (text or "").split():
            case ["end", code, reason]:
                await socket.close(int(code), reason)
            case ["remember", *_]:
                self.remembered = text or ""
            case ["remembered?"]:
                await socket.send_text(self.remembered)
            case ["flood"]:
                for _ in range(1000):
                    await socket.send_bytes(bytes(10_000))
            case _ if text is not None:
                await socket.send_text(text)
            case _:
                await socket.send_bytes(content)


@pytest.fixture
def echo() -> Iterator[Echo]:
    echo = Echo()
    thread = threading.Thread(target=lambda: asyncio.run(echo.server.serve()))
    with echo.listening:
        thread.start()
        yield echo
        echo.server.should_exit = True
        thread.join(DEADLINE_S)
    assert not thread.is_alive(), "the server did not end"


class Line:
    """A client of requests."""

    def __init__(self, port: int, name: str = "echo") -> None:
        self.port, self.name, self.session = port, name, ""

    def ask(self, verb: str, body: bytes = b"", **headers: str) -> tuple[int, bytes]:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S)) as connection:
            connection.request("POST", f"/poll/{self.name}/{verb}", body, {"poll-session": self.session} | headers)
            answer = connection.getresponse()
            return answer.status, answer.read()

    def open(self) -> None:
        status, body = self.ask("open")
        assert status == 200
        self.session = json.loads(body)["session"]

    @contextmanager
    def waiting(self) -> Iterator[HTTPConnection]:
        """A connection on which an answer is waited for, which is not there yet."""
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=DEADLINE_S)) as connection:
            connection.request("POST", f"/poll/{self.name}/receive", b"", {"poll-session": self.session})
            # Two at once are refused, so that the first one is known to be there.
            wait_until(lambda: self.ask("receive")[0] == 410)
            yield connection

    def send(self, *texts: str) -> int:
        return self.ask("send", b"".join(framed(0, text.encode()) for text in texts))[0]

    def receive(self) -> list[tuple[int, bytes]]:
        status, body = self.ask("receive")
        assert status == 200
        found = []
        while body:
            kind, length = struct.unpack_from(">BI", body)
            found.append((kind, body[5 : 5 + length]))
            body = body[5 + length :]
        return found


@contextmanager
def opened(port: int, name: str = "echo") -> Iterator[Line]:
    line = Line(port, name)
    line.open()
    yield line
    line.ask("close")


def test_the_client_finds_a_way_where_web_sockets_are_refused(node: Node, echo: Echo) -> None:
    with Listen("127.0.0.1", 0).bind() as nobody:
        gone = nobody.getsockname()[1]
    with (
        Blocking(echo.port, b"127.0.0.2") as refusing,
        Blocking(echo.port, b"127.0.0.3") as counting,
        Blocking(echo.port, b"127.0.0.4", silent=True) as silent,
    ):
        urls = {"REFUSING": refusing.url, "COUNTING": counting.url, "SILENT": silent.url}
        urls |= {"DIRECT": f"ws://127.0.0.1:{echo.port}", "GONE": f"ws://127.0.0.1:{gone}"}
        output = node.test("socket.test.mjs", **{name: f"{url}/echo" for name, url in urls.items()})
        assert counting.asked == 1
    assert "# fail 0" in output


def test_messages_go_both_ways_and_an_end_is_told(echo: Echo) -> None:
    with opened(echo.port) as line:
        assert line.send("one", "", "zwölf") == 204
        assert line.ask("send", framed(1, b"\x00\xff"))[0] == 204
        told: list[tuple[int, bytes]] = []
        while len(told) < 4:
            told += line.receive()
        assert told == [(0, b"one"), (0, b""), (0, "zwölf".encode()), (1, b"\x00\xff")]
        assert line.send("end 4001 because") == 204
        assert line.receive() == [(2, b"\x0f\xa1because")]
        assert line.ask("receive")[0] == line.send("more") == 410


def test_what_nobody_takes_stops_who_says_it(echo: Echo) -> None:
    with opened(echo.port) as line:
        line.send("flood")
        received = 0
        while received < 1000:
            messages = line.receive()
            assert sum(len(content) for _, content in messages) <= polling._ROOM_BYTES + 10_000
            received += len(messages)
        assert received == 1000


def test_a_line_belongs_to_who_knows_it_and_to_its_name(echo: Echo) -> None:
    with opened(echo.port) as line, opened(echo.port) as other:
        assert line.session != other.session
        stranger = Line(echo.port)
        for session in ("", "x" * 22, line.session[:-1]):
            stranger.session = session
            assert stranger.send("hello") == stranger.ask("receive")[0] == 410
        assert line.ask("none")[0] == 404
        assert Line(echo.port, "none").ask("open")[0] == 404
    assert Line(echo.port).ask("open?refuse")[0] == 503


def test_what_is_no_message_or_too_long_ends_the_line(echo: Echo) -> None:
    for body in (b"x", framed(0, b"abc")[:-1], framed(2, b"abc"), framed(0, b"\xff"), b"\x00\xff\xff\xff\xff"):
        with opened(echo.port) as line:
            assert line.ask("send", body)[0] == 410, body
            assert line.send("hello") == 410
    with opened(echo.port) as line:
        assert line.ask("send", framed(1, bytes(1 << 20)))[0] == 413
        assert line.send("hello") == 410
    with pytest.raises(ValueError, match="cut off"):
        list(messages_of(b"\x00\x00\x00\x00\x01"))


def test_a_body_where_there_is_none_or_that_does_not_come_ends_the_line(echo: Echo, capfd: pytest.CaptureFixture[str]) -> None:
    with opened(echo.port) as line:
        assert line.ask("receive", b"x")[0] == line.send("hello") == 410
    wait_until(lambda: echo.gone == 1)
    for count, verb in enumerate(("send", "receive"), 2):
        line = Line(echo.port)
        line.open()
        with socket.create_connection(("127.0.0.1", echo.port), DEADLINE_S) as raw:
            head = f"POST /poll/echo/{verb} HTTP/1.1\r\nHost: a\r\npoll-session: {line.session}\r\nContent-Length: 9\r\n\r\n"
            raw.sendall(head.encode())
        wait_until(partial(echo.has_gone, count))
    assert capfd.readouterr().err == ""


def test_a_line_that_is_left_ends(echo: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "IDLE_S", 0.2)
    with opened(echo.port):
        wait_until(lambda: echo.gone == 1)
    monkeypatch.setattr(polling, "IDLE_S", 60.0)
    line = Line(echo.port)
    line.open()
    with line.waiting():
        assert echo.gone == 1
    # As when a page is closed.
    wait_until(lambda: echo.gone == 2)


def test_nothing_said_for_a_while_is_an_empty_answer(echo: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "WAIT_S", 0.1)
    with opened(echo.port) as line:
        assert line.receive() == []
        line.send("x")
        assert line.receive() == [(0, b"x")]


def test_there_are_only_so_many(echo: Echo, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(polling, "LINES", 2)
    with opened(echo.port):
        with opened(echo.port) as line:
            assert Line(echo.port).ask("open")[0] == 503
            assert line.ask("close")[0] == 204
        # One that has ended is in nobody's way, although what it was told last could still be taken.
        with opened(echo.port):
            assert Line(echo.port).ask("open")[0] == 503


def test_a_server_that_ends_lets_nobody_wait(capfd: pytest.CaptureFixture[str]) -> None:
    with Served(NOBODY) as served:
        line = Line(served.port, "feed")
        line.open()
        with line.waiting() as connection:
            served.stop()
            assert connection.getresponse().status == 410
    assert capfd.readouterr().err == ""


def test_the_feed_is_followed_by_requests_as_by_a_web_socket() -> None:
    with Publisher("tcp://127.0.0.1:*") as publisher, Served(publisher.endpoint) as served:
        serve_until_subscribed(publisher, len(TOPICS))
        with opened(served.port, "feed") as line:
            assert line.send('{"op":"subscribe","topics":["text/","event/"]}', '{"op":"ping","id":1}') == 204
            assert line.receive() == [(0, b'{"id":1}')]
            publisher.put(snapshot(1))
            publisher.put(event("EXIT"))
            told: list[bytes] = []
            while len(told) < 2:
                told += [content for _, content in line.receive()]
            assert [words.partition(b" ")[0] for words in told] == [b"text/cam1", b"event/cam1"]
            assert line.send("x" * 20_000) == 204
            assert line.ask("send", bytes(70_000))[0] == 413
        evil = Line(served.port, "feed")
        assert evil.ask("open", origin="http://evil.com")[0] == 403
        assert evil.ask("open", host="evil.com")[0] == 400


def test_the_feed_s_client_misses_nothing_where_web_sockets_are_refused(node: Node) -> None:
    with Publisher("tcp://127.0.0.1:*") as publisher, Served(publisher.endpoint) as served:
        serve_until_subscribed(publisher, len(TOPICS))
        publisher.put(event("before"))
        with Blocking(served.port, b"127.0.0.2") as proxy:
            command = [*node.command, "polled.mjs", f"{proxy.url}/feed", "event/,text/"]
            with program(command, 6 * DEADLINE_S, cwd=node.folder) as child:

                def told(topic: str) -> dict[str, Any]:
                    """The next message of a topic."""
                    assert child.stdout is not None
                    while (line := child.stdout.readline()) and json.loads(line).get("topic") != topic:
                        pass
                    message: dict[str, Any] = json.loads(line)
                    return message

                assert told("event/cam1")["body"]["entity"]["text"] == "before"
                publisher.put(snapshot(7))
                assert told("text/cam1")["body"]["frame"] == 7
                proxy.cut()
                for number in range(20):
                    publisher.put(event(str(number)))
                events = [told("event/cam1") for _ in range(20)]
        assert proxy.asked == 1
    assert [message["body"]["entity"]["text"] for message in events] == [str(number) for number in range(20)]
    assert not any(message["missed"] or message["lost"] for message in events)


def test_pictures_go_by_requests_one_for_each_that_was_drawn(feed: zmq.Socket[bytes]) -> None:
    pictures = [picture(frame, b"\xff\xd8jpeg\n" + bytes([frame])) for frame in range(3)]
    with Served(feed.getsockopt_string(zmq.LAST_ENDPOINT)) as served, opened(served.port, "feed") as line:
        feed.send(message(snapshot()))
        line.send('{"op":"subscribe","topics":["picture/cam1 "]}')
        while feed.recv() != b"\1picture/cam1 ":
            pass
        feed.send(pictures[1])
        assert line.receive() == [(1, pictures[1])]
        feed.send(pictures[2])
        line.send('{"op":"ping","id":1}')
        assert line.receive() == [(0, b'{"id":1}')]
        line.send('{"op":"drawn","source":"cam1","frame":1}')
        assert line.receive() == [(1, pictures[2])]
