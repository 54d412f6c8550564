"""Phones at the web socket, with a reader, a feed, and real sockets between all of them."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from contextlib import ExitStack, contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from glyphfeed.stream.door.framing import VARIABLE, DoorKey
from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.stream.records import EventType
from glyphfeed.stream.running.phones import Phones
from glyphfeed.stream.running.runtime import Runtime
from glyphfeed.stream.web.polling import framed
from tests.stream.driving import ANY_PORT, Notebook, Poster
from tests.stream.feed.samples import DEADLINE_S, wait_until
from tests.stream.sources.media import jpeg
from tests.stream.web.serving import Served
from tests.stream.web.test_polling import opened

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from websockets.sync.client import ClientConnection

    from glyphfeed.engines.loading import Engines
    from glyphfeed.stream.records import Colour

GONE_S = 3.0
LIMIT = 3


class Reading:
    """A runtime with phones, in a thread that uses it, and the web server that brings them."""

    def __init__(self, engines: Engines) -> None:
        self.notebook = Notebook()
        self.port = 0
        self.runtime: Runtime | None = None
        self._engines = engines
        self._ready, self._ended = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run)

    def _run(self) -> None:
        with Publisher(ANY_PORT) as publisher, Phones(LIMIT, lambda: ["camera"], gone_s=GONE_S) as phones:
            key = DoorKey.parse(phones.environment()[VARIABLE])
            with Served(publisher.endpoint, door=key) as served:
                self.port = served.port
                with Runtime(self._engines, publisher, [self.notebook]) as runtime:
                    runtime.expects = True
                    phones.begin(runtime)
                    self.runtime = runtime
                    self._ready.set()
                    while runtime.wait(0.5) and not self._ended.is_set():
                        pass

    def __enter__(self) -> Reading:
        self._thread.start()
        assert self._ready.wait(DEADLINE_S)
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join(DEADLINE_S)
        assert not self._thread.is_alive()

    def states(self, name: str) -> list[str]:
        """The states that were told of a source, without repetitions."""
        told = [status.state.value for status in self.notebook.statuses if status.source == name]
        return [state for i, state in enumerate(told) if i == 0 or told[i - 1] != state]

    @contextmanager
    def phone(self, number: int = 1, name: str | None = None) -> Iterator[Hand]:
        """A phone that was let in."""
        with self.stranger() as hand:
            hand.order(op="hello", phone=f"{number:020}", **({} if name is None else {"name": name}))
            yield hand

    @contextmanager
    def stranger(self) -> Iterator[Hand]:
        """A phone that has said nothing yet."""
        with connect(f"ws://127.0.0.1:{self.port}/phone", open_timeout=DEADLINE_S, max_size=None) as connection:
            yield Hand(connection)


class Hand:
    """The phone's end of the web socket."""

    def __init__(self, connection: ClientConnection) -> None:
        self.connection = connection
        self.texts: dict[int, dict[str, Any]] = {}
        self.credits = 0
        self.source = self.refused = ""
        self.is_replaced = False
        self.due = -1

    def order(self, **order: object) -> None:
        self.connection.send(json.dumps(order))

    def hear(self) -> dict[str, Any]:
        """Take the next message; of the feed and of credits note is taken here."""
        message = self.connection.recv(DEADLINE_S)
        assert isinstance(message, str)
        topic, space, body = message.partition(" ")
        if topic in (f"text/{self.source}", f"status/{self.source}") and space:
            told: dict[str, Any] = json.loads(body)
            if "frame" in told:
                self.texts[told["frame"]] = told
            return told
        said: dict[str, Any] = json.loads(message)
        self.credits += said.get("op") == "next"
        if said.get("op") == "welcome":
            self.source, self.due = said["source"], said["first"]
        elif said.get("op") == "refused":
            self.refused, self.is_replaced = said["detail"], said.get("replaced", False)
        return said

    def until(self, condition: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The next message of which something holds."""
        until_s = time.monotonic() + DEADLINE_S
        while not condition(said := self.hear()):
            # Statuses come all the time.
            assert time.monotonic() < until_s, "this never came"
        return said

    def welcome(self) -> tuple[str, int]:
        """What it is called, and its first number."""
        said = self.until(lambda said: said.get("op") in ("welcome", "refused"))
        assert said["op"] == "welcome", said
        return said["source"], said["first"]

    def refusal(self) -> str:
        """Why it was refused, after which the connection ends."""
        detail: str = self.until(lambda said: said.get("op") == "refused")["detail"]
        with pytest.raises(ConnectionClosed):
            self.hear()
        return detail

    def complaint(self) -> str:
        error: str = self.until(lambda said: "error" in said)["error"]
        return error

    def send(self, image: bytes, size: tuple[int, int], step: int = 1, captured_at: float | None = None) -> int:
        """Wait for a credit and send a picture; its number."""
        while not self.credits:
            self.hear()
        self.credits -= 1
        number, self.due = self.due + step - 1, self.due + step
        head = {"frame": number, "captured_at": time.time() if captured_at is None else captured_at, "size": size}
        self.connection.send(json.dumps(head).encode() + b"\n" + image)
        return number

    def show(self, image: bytes, size: tuple[int, int] = (640, 360), step: int = 1) -> dict[str, Any]:
        """Send a picture, and wait for its text."""
        number = self.send(image, size, step)
        return self.until(lambda said: said.get("frame") == number)

    def flood(self, message: bytes) -> None:
        """Send something again and again, until the connection ends."""
        while True:
            self.connection.send(message)

    def err(self, image: bytes) -> None:
        """Send a picture that is none again and again, until the connection ends."""
        while True:
            self.send(image, (640, 360))

    def read(self, image: bytes, *words: str, size: tuple[int, int] = (640, 360)) -> dict[str, Any]:
        """Send a picture again and again until its text says all this; the last message."""
        until_s = time.monotonic() + DEADLINE_S
        while True:
            told = self.show(image, size, step=3)
            if {word for text in told["texts"] for word in [text["text"].replace(" ", "")]} >= set(words):
                return told
            assert time.monotonic() < until_s, [text["text"] for text in told["texts"]]


@pytest.fixture(scope="module")
def reading(engines: Engines) -> Iterator[Reading]:
    with Reading(engines) as reading:
        yield reading


@pytest.fixture(scope="module")
def sign(wall: Colour) -> bytes:
    return jpeg(wall)


def test_the_text_of_each_picture_has_its_number_whatever_becomes_of_the_phone(
    reading: Reading, wall: Colour, sign: bytes
) -> None:
    with reading.phone(11) as hand:
        source, first = hand.welcome()
        assert first == 0
        told = hand.read(sign, "EXIT12", "Bakery")
        ids = {text["id"] for text in told["texts"]}
        # Every third picture of its camera was sent, and each number that came back was one of theirs.
        assert all((frame - 2) % 3 == 0 for frame in hand.texts)
        due = hand.due
    # It loses the network, or reloads its page, and turns.
    upright = jpeg(np.ascontiguousarray(np.rot90(wall)))
    with reading.phone(11) as hand:
        assert hand.welcome() == (source, due)
        turned = hand.show(upright, (360, 640))
        assert (turned["frame"], turned["size"]) == (due, [360, 640])
        hand.read(sign, "EXIT12", "Bakery")
        due = hand.due
    # It is gone for so long that it is let go, and comes back.
    reading.notebook.wait_until(lambda: reading.states(source)[-1] == "ended")
    with reading.phone(11) as hand:
        assert hand.welcome() == (source, due)
        told = hand.read(sign, "EXIT12", "Bakery")
        assert told["frame"] == hand.due - 1
        assert not ids & {text["id"] for text in told["texts"]}
    frames = [snapshot.frame for snapshot in reading.notebook.snapshots if snapshot.source == source]
    assert frames == sorted(frames)


def test_phones_have_names_and_keep_them(reading: Reading, sign: bytes) -> None:
    with reading.phone(21) as first, reading.phone(22, "kitchen") as second:
        name, _ = first.welcome()
        assert name.startswith("phone-")
        assert second.welcome()[0] == "kitchen"
        assert first.show(sign)["source"] == name
        assert second.show(sign)["source"] == "kitchen"
        for taken in ("kitchen", "camera", name):
            with reading.phone(23, taken) as third:
                assert third.refusal() == f"The name {taken} is taken; choose another one."
        with reading.phone(23, "a kitchen") as third:
            assert "cannot be used" in third.refusal()
        with reading.phone(23) as third, reading.phone(24) as fourth:
            third.welcome()
            assert fourth.refusal() == f"There are {LIMIT} phones already; end one, and try again."
        # Another page of the same phone takes over, and there is room for one where another is away.
        with reading.phone(22) as again, reading.phone(24) as fourth:
            assert again.welcome() == ("kitchen", 1)
            assert "taken over" in second.refusal()
            assert (second.is_replaced, fourth.is_replaced) == (True, False)
            assert second.is_replaced
            fourth.welcome()
            assert again.show(sign)["frame"] == 1
        # It is called otherwise from now on.
        with reading.phone(22, "hall") as renamed:
            assert renamed.welcome() == ("hall", 0)
    wait_until(lambda: reading.states("kitchen")[-1] == "ended")


def test_the_texts_of_a_phone_leave_where_it_takes_leave_or_makes_room(reading: Reading, sign: bytes) -> None:
    def left(name: str) -> set[int]:
        events = reading.notebook.events
        return {event.entity.id for event in events if event.source == name and event.type is EventType.LEFT}

    with reading.phone(71, "hand") as hand:
        hand.welcome()
        ids = {text["id"] for text in hand.read(sign, "EXIT12", "Bakery")["texts"] if text["state"] == "settled"}
        hand.order(op="bye")
        # Before a phone that is only away would be given up.
        reading.notebook.wait_until(lambda: reading.states("hand")[-1] == "ended")
    assert ids
    assert left("hand") >= ids
    assert reading.states("hand") == ["connecting", "live", "ended"]
    with reading.phone(72, "away") as away:
        away.welcome()
        ids = {text["id"] for text in away.read(sign, "EXIT12", "Bakery")["texts"] if text["state"] == "settled"}
    with ExitStack() as stack:
        for number in range(73, 73 + LIMIT):
            stack.enter_context(reading.phone(number)).welcome()
        reading.notebook.wait_until(lambda: reading.states("away")[-1] == "ended")
    assert left("away") >= ids


def test_a_camera_takes_its_name_from_a_phone(reading: Reading, wall: Colour) -> None:
    assert reading.runtime is not None
    with reading.phone(31, "door") as hand:
        hand.welcome()
        reading.runtime.call(partial(reading.runtime.add, Poster(wall, "door"))).result(DEADLINE_S)
        assert "was let go" in hand.refusal()
    with reading.phone(31) as hand:
        assert hand.welcome()[0].startswith("phone-")
    reading.runtime.call(partial(reading.runtime.remove, ["door"])).result(DEADLINE_S)


def test_credits_are_two_and_a_flood_ends_a_connection(reading: Reading, sign: bytes) -> None:
    with reading.phone(41) as hand:
        hand.welcome()
        hand.until(lambda _: hand.credits == 2)
        hand.order(op="ping", id=9)
        # Nothing comes before the answer but what was asked for.
        assert hand.until(lambda said: "id" in said) == {"id": 9}
        assert hand.credits == 2
        head = json.dumps({"frame": hand.due, "captured_at": 1.0, "size": [640, 360]}).encode() + b"\n"
        with pytest.raises(ConnectionClosed):
            hand.flood(head + sign)
    with reading.phone(41) as hand:
        hand.welcome()
        assert hand.show(sign)["source"] == hand.source


def test_mistakes_are_told_and_cost_nothing(reading: Reading, sign: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    broken = sign[:-200] + b"\xff\xd9"
    with reading.phone(51) as hand, reading.phone(52) as other:
        hand.welcome()
        other.welcome()
        hand.show(sign, step=9)
        hand.order(op="hello", phone="f" * 20)
        assert hand.complaint() == "This phone has said hello already."
        hand.connection.send("no order")
        assert "docs/feed.md" in hand.complaint()
        for wrong in (b"", b"no picture", sign, b"{}\n" + sign):
            hand.until(lambda _: hand.credits > 0)
            hand.credits -= 1
            hand.connection.send(wrong)
            assert hand.complaint()
        hand.send(sign, (640, 361))
        assert hand.complaint().endswith("has 640x360 pixels, and is said to have 640x361.")
        hand.due -= 1
        hand.send(sign, (640, 360), step=-5)
        assert "numbers go up" in hand.complaint()
        hand.due += 5
        hand.send(sign + bytes(3_000_000), (640, 360))
        assert "more than 2097152 bytes" in hand.complaint()
        # What is damaged inside is read as far as it goes.
        assert hand.show(broken)["source"] == hand.source
        assert hand.show(sign)["source"] == hand.source
        with pytest.raises(ConnectionClosed):
            hand.err(sign[:-2])
        assert "one mistake too many" in hand.refused
        assert other.show(sign)["source"] == other.source
    assert capfd.readouterr() == ("", "")


def test_strange_phones_disturb_nobody(reading: Reading, sign: bytes, capfd: pytest.CaptureFixture[str]) -> None:
    random = np.random.default_rng(5)
    good = json.dumps({"frame": 5, "captured_at": 1.0, "size": [640, 360]}).encode() + b"\n" + sign
    with reading.phone(61) as steady:
        steady.welcome()
        for number in range(30):
            with reading.stranger() as hand:
                try:
                    if number % 3:
                        hand.order(op="hello", phone=f"{62:020}")
                        hand.until(lambda said: said.get("op") in ("next", "refused"))
                    for _ in range(3):
                        content = bytearray(good)
                        for at in random.integers(0, len(content) if number % 2 else 200, 5):
                            content[at] = random.integers(256)
                        hand.connection.send(bytes(content[: random.integers(len(content))]), text=number % 5 == 0)
                except ConnectionClosed:
                    pass
            if number % 10 == 0:
                assert steady.show(sign)["source"] == steady.source
    with reading.stranger() as hand:
        hand.order(op="bye")
        with pytest.raises(ConnectionClosed):
            hand.hear()
    assert capfd.readouterr() == ("", "")


def test_a_phone_sends_its_pictures_by_requests_where_web_sockets_are_refused(reading: Reading, sign: bytes) -> None:
    with opened(reading.port, "phone") as line:
        line.send(json.dumps({"op": "hello", "phone": "8" * 20}))
        heard: list[str] = []

        def hear(beginning: str) -> str:
            until_s = time.monotonic() + DEADLINE_S
            while not any(message.startswith(beginning) for message in heard):
                heard.extend(content.decode() for _, content in line.receive())
                assert time.monotonic() < until_s, heard
            return next(message for message in heard if message.startswith(beginning))

        welcome = json.loads(hear('{"op":"welcome"'))
        hear('{"op":"next"')
        head = {"frame": welcome["first"] + 4, "captured_at": time.time(), "size": [640, 360]}
        status, _ = line.ask("send", framed(1, json.dumps(head).encode() + b"\n" + sign))
        assert status == 204
        text = json.loads(hear(f"text/{welcome['source']} ").partition(" ")[2])
        assert text["frame"] == welcome["first"] + 4


def test_without_a_door_phones_are_refused() -> None:
    with (
        Publisher(ANY_PORT) as publisher,
        Served(publisher.endpoint) as served,
        connect(f"ws://127.0.0.1:{served.port}/phone") as connection,
    ):
        assert "takes no phones" in Hand(connection).refusal()
    # With the key of a door that is gone.
    with (
        Publisher(ANY_PORT) as publisher,
        Served(publisher.endpoint, door=DoorKey(1)) as served,
        connect(f"ws://127.0.0.1:{served.port}/phone") as connection,
    ):
        hand = Hand(connection)
        hand.order(op="hello", phone="0" * 20)
        assert "has ended" in hand.refusal()


def test_the_web_server_finds_the_door_by_its_environment(engines: Engines, sign: bytes) -> None:
    with Publisher(ANY_PORT) as publisher, Phones() as phones:
        command = [sys.executable, "-m", "glyphfeed", "web", publisher.endpoint, "--listen", "127.0.0.1:*"]
        environment = {**os.environ, **phones.environment()}
        web = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        assert web.stdout is not None
        told = web.stdout.readline()
        port = int(told.split("/ ")[0].rpartition(":")[2])
        with connect(f"ws://127.0.0.1:{port}/phone", open_timeout=DEADLINE_S) as connection:
            hand = Hand(connection)
            # Before the reader is ready; it waits.
            hand.order(op="hello", phone="0" * 20)
            with Runtime(engines, publisher) as runtime:
                runtime.expects = True
                phones.begin(runtime)
                read = threading.Thread(target=lambda: (hand.welcome(), hand.show(sign), hand.show(sign)))
                read.start()
                while runtime.wait(0.1) and read.is_alive():
                    pass
                read.join()
            assert sorted(hand.texts) == [0, 1]
            # The reader has ended, and says so.
            assert "was let go" in hand.refusal()
        with connect(f"ws://127.0.0.1:{port}/phone") as connection:
            connection.send(b"\xff\xfe", text=True)
            with pytest.raises(ConnectionClosed):
                connection.recv(DEADLINE_S)
        web.terminate()
        assert web.communicate(timeout=DEADLINE_S)[1] == ""
