"""The feed's client in JavaScript, in Node, whatever happens between it and the reader: each event comes once, in order."""

from __future__ import annotations

import json
import re
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import zmq
from websockets.sync.server import serve

from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.stream.web.relay import TOPICS
from glyphfeed.stream.web.waiting import EVENT_LIMIT
from tests.programs import program
from tests.stream.feed.samples import DEADLINE_S, entity, event, of, serve_until_subscribed, snapshot, status, wait_until
from tests.stream.web.serving import Served, free_address, message, picture

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from websockets.sync.server import ServerConnection

    from tests.stream.web.serving import Node

ANY_PORT = "tcp://127.0.0.1:*"
FROM_THE_BEGINNING: Mapping[str, Any] = {"topics": ["event/"], "since": {}}
PUBLISHER = """
import select
import sys
from pathlib import Path
from glyphfeed.stream.feed.publishing.kept import KeepIn
from glyphfeed.stream.feed.publishing.publisher import Publisher
from tests.stream.feed.samples import event, status
with Publisher(sys.argv[1], keep=KeepIn(Path(sys.argv[2]))) as publisher:
    print(publisher.epoch, flush=True)
    while True:
        publisher.put(status())
        if select.select([sys.stdin], [], [], 0.05)[0]:
            for _ in range(int(sys.stdin.readline())):
                publisher.put(event())
            print("told", flush=True)
"""
SERVER = """
import asyncio
import sys
from glyphfeed.stream.web.access.opening import on_loopback
from glyphfeed.stream.web.admission import Listen
from glyphfeed.stream.web.relay import Relay
from glyphfeed.stream.web.server import WebServer
address = Listen(sys.argv[2], int(sys.argv[3]))
with address.bind() as listening:
    server = WebServer(Relay(sys.argv[1]), on_loopback(address.host), listening)
    print("ready", flush=True)
    asyncio.run(server.run())
"""


class Listener:
    """A program in Node that prints what it is told."""

    def __init__(self, child: subprocess.Popen[str]) -> None:
        self.child = child

    def line(self) -> dict[str, Any]:
        assert self.child.stdout is not None
        line = self.child.stdout.readline()
        assert line, "the program has ended"
        read: dict[str, Any] = json.loads(line)
        return read

    def until_connected(self, connected: bool = True) -> None:
        while self.line() != {"connected": connected}:
            pass

    def messages(self, count: int) -> list[dict[str, Any]]:
        """So many messages, whatever is told of the connection between them."""
        told: list[dict[str, Any]] = []
        while len(told) < count:
            line = self.line()
            assert "error" not in line, line
            told += [line] if "topic" in line else []
        return told


@contextmanager
def listening(node: Node, url: str, options: Mapping[str, Any]) -> Iterator[Listener]:
    command = [*node.command, "listener.mjs", url, json.dumps(options)]
    with program(command, 6 * DEADLINE_S, cwd=node.folder) as child:
        yield Listener(child)


@contextmanager
def server(endpoint: str, host: str, port: int) -> Iterator[subprocess.Popen[str]]:
    """The web socket of a feed in a process of its own, once it can be connected to."""
    with program([sys.executable, "-c", SERVER, endpoint, host, str(port)], 6 * DEADLINE_S) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        yield child


class Keeping:
    """A publisher in a process of its own, which tells of its health all the time, and of events when it is asked to."""

    def __init__(self, child: subprocess.Popen[str]) -> None:
        self.child = child
        self.epoch = self._line()

    def _line(self) -> str:
        assert self.child.stdout is not None
        return self.child.stdout.readline().strip()

    def tell(self, events: int) -> None:
        """Publish so many events, and wait until that is done."""
        assert self.child.stdin is not None
        self.child.stdin.write(f"{events}\n")
        self.child.stdin.flush()
        assert self._line() == "told"


@contextmanager
def keeping(endpoint: str, folder: Path) -> Iterator[Keeping]:
    with program([sys.executable, "-c", PUBLISHER, endpoint, str(folder)], 6 * DEADLINE_S, stdin=subprocess.PIPE) as child:
        yield Keeping(child)


def places(messages: list[dict[str, Any]]) -> list[tuple[str, int]]:
    return [(message["body"]["epoch"], message["body"]["seq"]) for message in messages]


def test_a_server_that_is_killed_costs_no_event(node: Node) -> None:
    host, port = free_address()
    with Publisher(ANY_PORT) as publisher, listening(node, f"ws://{host}:{port}/feed", FROM_THE_BEGINNING) as listener:
        with server(publisher.endpoint, host, port) as first:
            serve_until_subscribed(publisher, len(TOPICS))
            listener.until_connected()
            publisher.put(event())
            told = listener.messages(1)
            first.kill()
            listener.until_connected(False)
        for _ in range(20):
            publisher.put(event())
        with server(publisher.endpoint, host, port):
            told += listener.messages(20)
    assert places(told) == [(publisher.epoch, seq) for seq in range(1, 22)]
    assert not any(message["lost"] or message["missed"] for message in told)
    assert told[-1]["positions"] == {"cam1": {"epoch": publisher.epoch, "seq": 21}}


def test_a_reader_that_is_started_anew_is_told_of_with_its_first_event(node: Node) -> None:
    with Publisher(ANY_PORT) as first, Served(first.endpoint) as served:
        serve_until_subscribed(first, len(TOPICS))
        with listening(node, served.url, {"topics": ["event/"]}) as listener:
            listener.until_connected()
            first.put(status())
            first.put(event())
            (before,) = listener.messages(1)
            first.close()
            with Publisher(first.endpoint) as second:
                for _ in range(3):
                    second.put(event())
                serve_until_subscribed(second, len(TOPICS))
                second.put(event())
                after = listener.messages(4)
    assert places([before]) == [(first.epoch, 1)]
    assert places(after) == [(second.epoch, seq) for seq in range(1, 5)]
    assert [message["restarted"] for message in (before, *after)] == [False, True, False, False, False]


def test_a_reader_that_keeps_its_events_and_is_killed_costs_none(node: Node, tmp_path: Path) -> None:
    endpoint, kept, many = f"ipc://{tmp_path / 'feed'}", tmp_path / "kept", EVENT_LIMIT + 200
    with Served(endpoint) as served, listening(node, served.url, FROM_THE_BEGINNING) as listener:
        listener.until_connected()
        with keeping(endpoint, kept) as first:
            first.tell(5)
            told = listener.messages(5)
            listener.child.send_signal(signal.SIGSTOP)
            first.tell(many)
            first.child.kill()
        with keeping(endpoint, kept) as second:
            second.tell(many)
            listener.child.send_signal(signal.SIGCONT)
            told += listener.messages(2 * many)
    last = 5 + many
    ends = ((first.epoch, last), (second.epoch, many))
    assert places(told) == [(epoch, seq) for epoch, end in ends for seq in range(1, end + 1)]
    assert not any(message["lost"] or message["missed"] for message in told)
    assert [number for number, message in enumerate(told) if message["restarted"]] == [last]


def test_a_page_that_was_stopped_gets_all_events_and_the_newest_text(node: Node) -> None:
    events = 3 * EVENT_LIMIT
    options = {"topics": ["event/", "text/"], "since": {}}
    with Publisher(ANY_PORT) as publisher, Served(publisher.endpoint) as served:
        serve_until_subscribed(publisher, len(TOPICS))
        with listening(node, served.url, options) as listener:
            listener.until_connected()
            publisher.put(snapshot(0, entity()))
            (text,) = listener.messages(1)
            listener.child.send_signal(signal.SIGSTOP)
            for number in range(1, events + 1):
                publisher.put(event(f"EXIT {number}"))
                if number % 10 == 0:
                    publisher.put(snapshot(number))
            # Of the last events, which found no room, nothing else tells.
            publisher.put(status())
            listener.child.send_signal(signal.SIGCONT)
            told: list[dict[str, Any]] = []
            while sum(message["topic"] == "event/cam1" for message in told) < events:
                told += listener.messages(1)
            publisher.put(snapshot(events + 1))
            while told[-1]["body"].get("frame") != events + 1:
                told += listener.messages(1)
    # A tenth of a second later.
    (shown,) = text["at"]
    assert [round(x, 3) for x, _ in shown["texts"][0]["polygon"]] == [10.13, 50.13, 50.13, 10.13]
    of_events = [message for message in told if message["topic"] == "event/cam1"]
    assert places(of_events) == [(publisher.epoch, seq) for seq in range(1, events + 1)]
    assert not any(message["lost"] for message in told)
    frames = [message["body"]["frame"] for message in told if message["topic"] == "text/cam1"]
    assert frames == sorted(set(frames))


def test_it_goes_on_where_an_earlier_run_ended(node: Node) -> None:
    with Publisher(ANY_PORT) as publisher, Served(publisher.endpoint) as served:
        serve_until_subscribed(publisher, len(TOPICS))
        for source in ("cam1", "cam2"):
            for _ in range(4):
                publisher.put(of(source, event()))
        since = {"cam1": {"epoch": publisher.epoch, "seq": 2}}
        with listening(node, served.url, {"topics": "event/cam1 ", "since": since}) as listener:
            told = listener.messages(2)
            publisher.put(event())
            told += listener.messages(1)
    assert places(told) == [(publisher.epoch, seq) for seq in (3, 4, 5)]


def test_pictures_come_with_their_bytes_one_after_the_other(node: Node, feed: zmq.Socket[bytes]) -> None:
    with Served(feed.getsockopt_string(zmq.LAST_ENDPOINT)) as served:
        assert {feed.recv() for _ in TOPICS} == {b"\1" + topic.encode() for topic in TOPICS}
        feed.send(message(snapshot()))
        with listening(node, served.url, {"topics": ["picture/"]}) as listener:
            assert feed.recv() == b"\1picture/cam1 "
            for frame in (1, 2, 3):
                feed.send(picture(frame, b"\xff\xd8\n" * frame))
                (told,) = listener.messages(1)
                assert (told["topic"], told["body"]["frame"], told["jpeg"]) == ("picture/cam1", frame, 3 * frame)
        assert feed.recv() == b"\0picture/cam1 "


def test_what_is_no_feed_ends_the_loop_with_an_error_in_words(node: Node) -> None:
    def answer(connection: ServerConnection) -> None:
        connection.recv()
        connection.send("weather 21 degrees")
        connection.recv()

    with serve(answer, "127.0.0.1", 0) as other:
        thread = threading.Thread(target=other.serve_forever)
        thread.start()
        with listening(node, f"ws://127.0.0.1:{other.socket.getsockname()[1]}/feed", {}) as listener:
            listener.until_connected(False)
            assert "does not belong to a text feed" in listener.line()["error"]
            assert listener.child.wait(DEADLINE_S) == 0
        other.shutdown()
        thread.join()


def test_the_example_of_the_documentation_prints_what_is_read(node: Node) -> None:
    document = Path(__file__).parents[3] / "docs/feed.md"
    (example,) = re.findall(r"```js\n(import \{ connect \}[^`]*(?:`[^`]+`[^`]*)*?)```", document.read_text("utf-8"))
    assert len(example.strip().splitlines()) <= 10
    with Publisher(ANY_PORT) as publisher, Served(publisher.endpoint) as served:
        serve_until_subscribed(publisher, len(TOPICS))
        (node.folder / "example.mjs").write_text(example.replace("ws://127.0.0.1:5580/feed", served.url), "utf-8")
        with program([*node.command, "--import", "./websocket.mjs", "example.mjs"], 6 * DEADLINE_S, cwd=node.folder) as child:
            assert child.stdout is not None
            # Nothing tells when it has connected: it shows what comes after that.
            with ThreadPoolExecutor(1) as reading:
                line = reading.submit(child.stdout.readline)

                def printed() -> bool:
                    publisher.put(event())
                    return line.done()

                wait_until(printed)
    assert line.result() == "read cam1 EXIT 12 0.9877\n"
