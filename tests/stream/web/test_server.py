from __future__ import annotations

import gzip
import json
import random
import re
import socket
import struct
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, BinaryIO

import pytest
import zmq
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import connect

from glyphfeed.stream.feed import wire
from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.stream.web import asking, relay, session
from glyphfeed.stream.web.relay import TOPICS
from glyphfeed.stream.web.server import FILES
from glyphfeed.stream.web.waiting import EVENT_LIMIT
from tests.stream.feed.samples import DEADLINE_S, event, of, serve_until_subscribed, snapshot, status, wait_until
from tests.stream.web.serving import Served, message, picture

if TYPE_CHECKING:
    from collections.abc import Iterator

ANY_PORT = "tcp://127.0.0.1:*"
SUBSCRIPTIONS = {b"\1" + topic.encode() for topic in TOPICS}


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with Publisher(ANY_PORT) as publisher:
        yield publisher


@pytest.fixture
def served(publisher: Publisher) -> Iterator[Served]:
    """The server, once the feed knows of it."""
    with Served(publisher.endpoint) as served:
        serve_until_subscribed(publisher, len(TOPICS))
        yield served


def test_a_page_has_the_state_at_once_and_then_what_is_told_as_it_came(publisher: Publisher, served: Served) -> None:
    with served.page("status/") as first:
        publisher.put(snapshot(1))
        publisher.put(event("before"))
        publisher.put(status())
        assert first.told()[0] == "status/cam1"
        with served.page("text/cam1 ", "event/") as page:
            topic, body = page.told()
            assert (topic, body["seq"], body["frame"]) == ("text/cam1", 1, 1)
            for source in ("cam10", "cam1"):
                publisher.put(of(source, snapshot(2)))
            publisher.put(event("EXIT 12 → Größe"))
            texts, events = page.told(), page.receive()
    assert (texts[0], texts[1]["seq"]) == ("text/cam1", 2)
    assert isinstance(events, str)
    told_at = json.loads(events.partition(" ")[2])["published_at"]
    header = {"v": 1, "source": "cam1", "epoch": publisher.epoch, "seq": 2, "published_at": told_at}
    assert events == wire.message("event/cam1", header, wire.event_body(event("EXIT 12 → Größe"))).decode()


def test_what_the_feed_repeats_for_others_is_not_sent_again(publisher: Publisher, served: Served) -> None:
    with served.page("text/") as page:
        publisher.put(snapshot(1))
        assert page.told()[1]["frame"] == 1
        with zmq.Context() as context, context.socket(zmq.SUB) as other:
            other.connect(publisher.endpoint)
            other.subscribe(b"text/")
            serve_until_subscribed(publisher, len(TOPICS) + 1)
            assert other.poll(int(DEADLINE_S * 1000))
        publisher.put(snapshot(2))
        assert page.told()[1]["frame"] == 2


def test_subscribing_again_is_instead_of_before(publisher: Publisher, served: Served) -> None:
    with served.page("text/") as page:
        publisher.put(snapshot(1))
        publisher.put(status())
        assert page.told()[0] == "text/cam1"
        page.order({"op": "subscribe", "topics": ["status/"]})
        assert page.told()[0] == "status/cam1"
        publisher.put(snapshot(2))
        publisher.put(status())
        assert page.told()[0] == "status/cam1"


def test_requests_are_answered_by_the_feed_and_what_is_none_in_words(publisher: Publisher, served: Served) -> None:
    for text in ("one", "two", "three"):
        publisher.put(event(text))
    publisher.put(snapshot(4))
    with served.page() as page:
        answer = page.ask({"op": "events", "source": "cam1", "epoch": publisher.epoch, "since": 1})
        assert [body["entity"]["text"] for body in answer["events"]] == ["two", "three"]
        assert answer["complete"] is True
        (text,) = page.ask({"op": "snapshot"})["texts"]
        assert (text["source"], text["frame"]) == ("cam1", 4)
        assert page.ask({"op": "ping"}) == {}
        assert "Invalid value 'shutdown'" in page.ask({"op": "shutdown"})["error"]
        assert "since" in page.ask({"op": "events", "source": "cam1", "epoch": "", "since": -1})["error"]
        assert "name of a source" in page.ask({"op": "events", "source": "a b", "epoch": "", "since": 0})["error"]


def test_where_nobody_answers_that_is_said_and_later_answers_are_not_mixed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "ANSWER_S", 0.1)
    with Publisher(ANY_PORT) as publisher:
        endpoint = publisher.endpoint
    with Served(endpoint) as served, served.page() as page:
        request = {"op": "events", "source": "cam1", "epoch": "", "since": 0}
        assert page.ask(request) == {"error": "The feed's publisher does not answer; ask again later."}
        assert page.ask({"op": "ping"}) == {}
        with Publisher(endpoint) as publisher:
            publisher.put(event("here"))
            answers: list[dict[str, Any]] = []

            def answered() -> bool:
                answers.append(page.ask(request))
                return "events" in answers[-1]

            wait_until(answered)
            assert [body["entity"]["text"] for body in answers[-1]["events"]] == ["here"]


def test_too_many_requests_at_once_are_refused_one_by_one(served: Served) -> None:
    with served.page() as page:
        count = 100
        for number in range(count):
            page.order({"op": "events", "source": "cam1", "epoch": "", "since": 0, "id": number})
        answers = [json.loads(page.receive()) for _ in range(count)]
        assert sorted(answer["id"] for answer in answers) == list(range(count))
        refused = [answer for answer in answers if "error" in answer]
        assert refused
        assert {answer["error"] for answer in refused} == {"Too many requests wait for their answers already."}
        assert len(refused) < count
        assert page.ask({"op": "ping"}) == {}


def upgrade(host: str, origin: str | None) -> bytes:
    lines = ["GET /feed HTTP/1.1", f"Host: {host}", "Connection: Upgrade", "Upgrade: websocket", "Sec-WebSocket-Version: 13"]
    lines += ["Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="] + ([] if origin is None else [f"Origin: {origin}"])
    return "\r\n".join([*lines, "", ""]).encode()


def test_pages_of_other_sites_get_nothing(served: Served) -> None:
    own = f"127.0.0.1:{served.port}"
    for host in ("evil.com", f"evil.com:{served.port}", "127.0.0.1", f"127.0.0.1:{served.port}.evil.com", ""):
        answer = served.exchange(f"GET / HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())
        assert answer.startswith(b"HTTP/1.1 400 "), answer
        assert b"glyphfeed" not in answer
        assert served.exchange(upgrade(host, None)).startswith(b"HTTP/1.1 403 ")
    for origin in ("http://evil.com", f"https://{own}", f"http://{own}.evil.com", f"http://localhost:{served.port}", "null", ""):
        assert served.exchange(upgrade(own, origin)).startswith(b"HTTP/1.1 403 "), origin


def test_its_own_pages_and_programs_are_let_in_under_each_of_its_names(served: Served) -> None:
    for name in ("127.0.0.1", "localhost"):
        own = f"{name}:{served.port}"
        for origin in (None, f"http://{own}"):
            with socket.create_connection(("127.0.0.1", served.port), DEADLINE_S) as raw:
                raw.sendall(upgrade(own, origin))
                assert raw.recv(4096).startswith(b"HTTP/1.1 101 ")


def test_the_page_s_files_are_served_and_no_others(served: Served) -> None:
    def get(path: str, method: str = "GET") -> bytes:
        request = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{served.port}\r\nConnection: close\r\n\r\n"
        return served.exchange(request.encode())

    page, client = get("/"), get("/feed.js")
    assert b"content-type: text/html; charset=utf-8" in page
    assert b"<title>glyphfeed</title>" in page
    assert b"content-type: text/javascript" in client
    assert b"export function connect(" in client
    for answer in (page, client, get("/none")):
        assert b"content-security-policy: default-src 'self'; img-src 'self' blob:;" in answer
        assert b"x-content-type-options: nosniff" in answer
        assert b"\r\nserver:" not in answer.lower()
    for path in (
        "/none",
        "/../server.py",
        "/..%2fserver.py",
        "/%2e%2e/server.py",
        "//etc/passwd",
        "/feed",
        "/static/feed.js",
        "/\x7f",
    ):
        assert get(path).split(b" ")[1] in (b"404", b"400"), path
    assert get("/", "POST").startswith(b"HTTP/1.1 405 ")


def test_a_page_that_takes_nothing_delays_nobody_and_gets_the_newest_when_it_does(feed: zmq.Socket[bytes]) -> None:
    # Many times over more than what the kernel holds for one connection.
    last, events, padding = 100, EVENT_LIMIT + 100, "x" * 100_000
    with Served(feed.getsockopt_string(zmq.LAST_ENDPOINT)) as served, socket.socket() as stuck:
        assert {feed.recv() for _ in TOPICS} == SUBSCRIPTIONS
        stuck.settimeout(DEADLINE_S)
        stuck.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 16_384)
        stuck.connect(("127.0.0.1", served.port))
        stuck.sendall(upgrade(f"127.0.0.1:{served.port}", None))
        file = stuck.makefile("rb")
        assert file.readline() == b"HTTP/1.1 101 Switching Protocols\r\n"
        while file.readline().strip():
            pass
        orders = b'{"op":"subscribe","topics":["text/","event/"]}', b'{"op":"ping","id":1}'
        stuck.sendall(b"".join(map(masked, orders)))
        assert next(frames_of(file)) == '{"id":1}'
        with file, served.page("text/", "event/") as page:
            for frame in range(1, last + 1):
                feed.send(message(snapshot(frame), frame, padding=padding))
                assert page.told()[1]["frame"] == frame, "the other page was delayed"
            for seq in range(1, events + 1):
                feed.send(message(event(), seq))
                assert page.told()[1]["seq"] == seq
            told: list[tuple[str, int]] = []
            while told[-1:] != [("event/cam1", EVENT_LIMIT)]:
                topic, _, body = next(frames_of(file)).partition(" ")
                told.append((topic, json.loads(body)["seq"]))
    texts = [seq for topic, seq in told if topic == "text/cam1"]
    assert texts[-1] == last
    assert texts == sorted(set(texts))
    assert len(texts) < last / 2, "old texts waited for the slow page"
    assert [seq for topic, seq in told if topic == "event/cam1"] == list(range(1, EVENT_LIMIT + 1))


def frames_of(file: BinaryIO) -> Iterator[str]:
    """The text frames that a server sends."""
    while True:
        _, length = file.read(2)
        if length == 126:
            (length,) = struct.unpack(">H", file.read(2))
        elif length == 127:
            (length,) = struct.unpack(">Q", file.read(8))
        yield file.read(length).decode()


def masked(text: bytes, opcode: int = 1) -> bytes:
    """A frame as a browser sends it, with a mask that changes nothing."""
    length = bytes([0x80 | len(text)]) if len(text) < 126 else struct.pack(">BH", 0x80 | 126, len(text))
    return bytes([0x80 | opcode]) + length + bytes(4) + text


def test_pictures_come_while_a_page_wants_them_one_for_each_that_was_drawn(feed: zmq.Socket[bytes]) -> None:
    pictures = [picture(frame, b"\xff\xd8jpeg\n" + bytes([frame])) for frame in range(5)]
    with Served(feed.getsockopt_string(zmq.LAST_ENDPOINT)) as served:
        assert {feed.recv() for _ in TOPICS} == SUBSCRIPTIONS
        with served.page("event/", "picture/cam1 ") as page, served.page("status/") as other:
            # There are only pictures of cameras that are there.
            feed.send(message(status()))
            assert other.told()[0] == "status/cam1"
            assert feed.recv() == b"\1picture/cam1 "
            for frame in (1, 2, 3):
                feed.send(pictures[frame])
            assert page.receive() == pictures[1]
            assert page.ask({"op": "ping"}) == {}
            page.order({"op": "drawn", "source": "cam1", "frame": 1})
            assert page.receive() == pictures[3]
            page.order({"op": "drawn", "source": "cam1", "frame": 3})
            feed.send(pictures[4])
            assert page.receive() == pictures[4]
            feed.send(message(status(), 2))
            assert other.told()[0] == "status/cam1"
        assert feed.recv() == b"\0picture/cam1 "


def test_a_page_cannot_have_the_feed_cut_off_the_others(feed: zmq.Socket[bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(relay, "LETTING_GO_S", 1e6)
    with Served(feed.getsockopt_string(zmq.LAST_ENDPOINT)) as served:
        assert {feed.recv() for _ in TOPICS} == SUBSCRIPTIONS
        with served.page("text/", "picture/cam10", f"picture/{'é' * 70}") as page:
            feed.send(message(snapshot()))
            assert page.told()[0] == "text/cam1"
            for number in range(10):
                page.order({"op": "subscribe", "topics": ["picture/", *(f"picture/{number}-{each}" for each in range(60))]})
                page.order({"op": "subscribe", "topics": []})
            assert page.ask({"op": "ping"}) == {}
            assert feed.recv() == b"\1picture/cam1 "
            feed.send(message(snapshot(), 2))
            page.order({"op": "subscribe", "topics": ["text/"]})
            assert page.told()[0] == "text/cam1"
            assert not feed.poll(0)


def test_there_are_two_web_sockets_and_no_others(served: Served, capfd: pytest.CaptureFixture[str]) -> None:
    for path in ("/", "/feed.js", "/state.json", "/none"):
        with pytest.raises(InvalidStatus, match="403"), connect(f"ws://127.0.0.1:{served.port}{path}"):
            pass
    assert capfd.readouterr().err == ""


def test_pings_of_who_takes_no_answers_do_not_pile_up(feed: zmq.Socket[bytes]) -> None:
    with Served(feed.getsockopt_string(zmq.LAST_ENDPOINT)) as served, served.page("text/") as page, socket.socket() as raw:
        assert {feed.recv() for _ in TOPICS} == SUBSCRIPTIONS
        feed.send(message(snapshot()))
        assert page.told()[0] == "text/cam1"
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        raw.settimeout(DEADLINE_S)
        raw.connect(("127.0.0.1", served.port))
        raw.sendall(upgrade(f"127.0.0.1:{served.port}", None))
        assert raw.recv(4096).startswith(b"HTTP/1.1 101 ")
        count = 20_000
        raw.sendall(masked(b"x" * 125, 9) * count)
        raw.sendall(masked(b'{"op":"subscribe","topics":["picture/"]}'))
        # Then it has come to the end of the pings.
        assert feed.recv() == b"\1picture/cam1 "
        raw.sendall(masked(b'{"op":"ping","id":7}'))
        answers = b""
        while not answers.endswith(b'{"id":7}'):
            answers += raw.recv(65536)
    assert 0 < answers.count(b"\x8a\x7d") < count


def test_junk_of_any_kind_ends_at_most_its_own_connection(publisher: Publisher, served: Served) -> None:
    dice = random.Random(7)
    orders = [{"op": "subscribe", "topics": [""]}, {"op": "drawn", "source": "cam1", "frame": 1}, {"op": "ping", "id": 1}]
    with served.page("text/") as good:
        with served.page() as junk:
            for _ in range(400):
                text = json.dumps(dice.choice(orders))
                at = dice.randrange(len(text))
                mangled = (
                    text[:at] + dice.choice(["", "\0", '"', "[" * 3000, "9" * 400, "\ud7ff"]) + text[at + dice.randrange(3) :]
                )
                junk.connection.send(mangled if dice.random() < 0.7 else dice.randbytes(dice.randrange(200)))
            junk.order({"op": "ping", "id": 2})
            while (answer := json.loads(junk.receive())) != {"id": 2}:
                assert "error" in answer or answer == {"id": 1}
        for too_much in ("x" * 20_000, b"\xff" * 20_000):
            with served.page() as page:
                page.connection.send(too_much)
                with pytest.raises(ConnectionClosed, match="1009"):
                    page.receive()
        handshake = upgrade(f"127.0.0.1:{served.port}", None)
        for number in range(60):
            raw = dice.randbytes(dice.randrange(1, 300))
            with socket.create_connection(("127.0.0.1", served.port), DEADLINE_S) as connection:
                if number % 2:
                    connection.sendall(handshake)
                    assert connection.recv(4096).startswith(b"HTTP/1.1 101 ")
                connection.sendall(raw)
        publisher.put(snapshot(5))
        assert good.told()[1]["frame"] == 5


def test_one_page_too_many_is_refused_until_another_leaves(monkeypatch: pytest.MonkeyPatch, served: Served) -> None:
    monkeypatch.setattr(session, "PAGES", 2)
    with served.page() as first, served.page() as second:
        assert first.ask({"op": "ping"}) == second.ask({"op": "ping"}) == {}
        with pytest.raises(InvalidStatus, match="403"), served.page():
            pass

    def there_is_room() -> bool:
        try:
            with served.page() as page:
                return page.ask({"op": "ping"}) == {}
        except InvalidStatus:
            return False

    wait_until(there_is_room)


def test_pages_are_told_when_the_server_ends(publisher: Publisher) -> None:
    with ExitStack() as pages:
        with Served(publisher.endpoint) as served:
            page = pages.enter_context(served.page())
            assert page.ask({"op": "ping"}) == {}
        with pytest.raises(ConnectionClosed, match="1012"):
            page.receive()


def test_what_is_no_feed_is_said_once_and_the_pages_stay(feed: zmq.Socket[bytes], caplog: pytest.LogCaptureFixture) -> None:
    with Served(feed.getsockopt_string(zmq.LAST_ENDPOINT)) as served, served.page("text/") as page:
        assert {feed.recv() for _ in TOPICS} == SUBSCRIPTIONS
        for _ in range(3):
            feed.send(b"text/cam1 21 degrees")
        feed.send(message(snapshot()))
        assert page.told()[1]["seq"] == 1
    assert len(caplog.messages) == 1
    assert "does not belong to a text feed" in caplog.messages[0]


def test_the_page_is_sent_packed_and_weighs_little(served: Served) -> None:
    def sent(path: str, *headers: str) -> tuple[bytes, bytes]:
        lines = [f"GET /{path} HTTP/1.1", f"Host: 127.0.0.1:{served.port}", "Connection: close", *headers, "", ""]
        head, _, body = served.exchange("\r\n".join(lines).encode()).partition(b"\r\n\r\n")
        return head + b"\r\n", body

    paths = ["", *re.findall(r'(?:href|src)="([^"]+)"', (FILES / "index.html").read_text())]
    answers = [sent(path, "Accept-Encoding: gzip") for path in paths]
    assert all(head.startswith(b"HTTP/1.1 200 ") and b"\r\ncontent-encoding: gzip\r\n" in head for head, _ in answers)
    assert sum(len(body) for _, body in answers) < 50_000
    for path, (head, packed) in zip(paths, answers, strict=True):
        plain, content = sent(path)
        assert b"content-encoding" not in plain
        assert gzip.decompress(packed) == content
        etag = head.partition(b"\r\netag: ")[2].partition(b"\r\n")[0].decode()
        assert sent(path, f"If-None-Match: {etag}")[0].startswith(b"HTTP/1.1 304 ")
        # What is left out is not needed.
        assert path == "feed.js" or not re.search(rb"^ *(/\*\*|//)", content, re.MULTILINE)
    assert b"\n/**" in sent("feed.js")[1]
