"""A publisher asked, and joined late, as any client might do it: what it answers is held against the contract.

Owns: the questions, and what their answers are compared with.  Does not own what comes over the feed (conforming).
"""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any, Final

import msgspec
import zmq

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed import wire
from glyphfeed.stream.feed.endpoint import requests_endpoint
from glyphfeed.stream.feed.receiving.connection import Connection
from glyphfeed.stream.feed.shapes import ErrorAnswer, EventsAnswer, SnapshotAnswer
from glyphfeed.stream.feed.wire import Position

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from glyphfeed.stream.feed.keys import ClientKeys
    from glyphfeed.stream.feed.wire import Body, Message

ANSWER_S: Final = 3.0
"""An answer takes milliseconds, and one round trip."""
PACE_S: Final = 0.02
"""Between one question and the next, as a publisher may cut off who asks too much."""
PAGE_EVENTS: Final = 500
"""The contract's bound."""
PAGES: Final = 100
NONSENSE: Final = (b"", b"nonsense", b"[]", b"{}", b'{"op":"fly"}', b'{"op":"events"}', b"\xff\xfe", b"[" * 4000)
"""None is longer than the 4096 bytes that a publisher takes in."""


class Seen:
    """The messages that came over the feed: the last of each topic, and of the last thousands all."""

    LIMIT: Final = 20_000

    def __init__(self) -> None:
        self._all: dict[tuple[str, str, int], Body] = {}
        self._last: dict[str, Message] = {}
        self.epoch = ""
        """The publisher's present run."""

    def add(self, message: Message) -> None:
        """Take in what came."""
        self.epoch = message.epoch
        self._last[message.topic] = message
        self._all[message.topic, message.epoch, message.seq] = message.body
        if len(self._all) > self.LIMIT:
            del self._all[next(iter(self._all))]

    def current(self) -> dict[str, Message]:
        """The last message of each topic in the present run."""
        return {topic: message for topic, message in self._last.items() if message.epoch == self.epoch}

    def differs(self, message: Message) -> bool:
        """Whether what came over the feed under the same number is another message."""
        key = message.topic, message.epoch, message.seq
        return self._all.get(key, message.body) != message.body


class Asker:
    """Asks the publisher of a feed; each question waits for its answer."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], endpoint: str, keys: ClientKeys | None) -> None:
        self._connection = Connection(context, zmq.DEALER, requests_endpoint(endpoint), keys)

    def ask(self, question: bytes, *, as_req: bool = False) -> bytes | None:
        """Send a question as a DEALER does, or as a REQ does; None if nobody answers, or in another framing."""
        time.sleep(PACE_S)
        socket = self._connection.socket
        socket.send_multipart([b"", question] if as_req else [question])
        if not socket.poll(int(ANSWER_S * 1000)):
            return None
        *before, answer = socket.recv_multipart()
        return answer if before == ([b""] if as_req else []) else None

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()


def check_answers(asker: Asker, seen: Seen) -> Iterator[str]:
    """Ask all there is to ask, and nonsense; yields what is wrong with the answers, in words."""
    question = {"op": "snapshot"}
    answer = asker.ask(json.dumps(question).encode())
    if answer is None:
        yield "nobody answers requests, at the port after that of the feed"
        return
    for breach in _snapshot(answer, seen):
        yield f"asked for a snapshot: {breach}"
    for source in sorted({message.source for message in seen.current().values()}):
        for breach in _events(asker, source, seen):
            yield f"asked for the events of {source}: {breach}"
    for nonsense in NONSENSE:
        answer = asker.ask(nonsense)
        if (reason := _misshapen(answer, ErrorAnswer)) is not None:
            yield f"asked {nonsense[:20]!r}: the answer is no error in words: {reason}"
    if _misshapen(asker.ask(json.dumps(question).encode(), as_req=True), SnapshotAnswer) is not None:
        yield "asked by a REQ socket: there is no answer in its framing"


def _snapshot(answer: bytes, seen: Seen) -> Iterator[str]:
    if (reason := _misshapen(answer, SnapshotAnswer)) is not None:
        yield f"the answer is no snapshot: {reason}"
        return
    texts = [wire.message_of(f"text/{body['source']}", body) for body in json.loads(answer)["texts"]]
    current = seen.current()
    for topic in sorted({topic for topic in current if topic.startswith("text/")} - {text.topic for text in texts}):
        yield f"the last message of {topic} is missing"
    for text in texts:
        last = current.get(text.topic)
        if seen.differs(text):
            yield f"number {text.seq} of {text.topic} is not as it came over the feed"
        elif last is not None and last.epoch == text.epoch and text.seq < last.seq:
            yield f"number {text.seq} of {text.topic} is not the last, which is {last.seq}"


def _events(asker: Asker, source: str, seen: Seen) -> Iterator[str]:
    """Fetch all events of a source, page by page, and those after the last one."""
    topic = f"event/{source}"
    last, position = seen.current().get(topic), Position("", 0)
    epochs: list[str] = []
    for _ in range(PAGES):
        answer = _ask_events(asker, source, position)
        if (reason := _misshapen(answer, EventsAnswer)) is not None:
            yield f"the answer is none: {reason}"
            return
        page: dict[str, Any] = json.loads(answer or b"")
        events = [wire.message_of(topic, body) for body in page["events"]]
        if len(events) > PAGE_EVENTS:
            yield f"there are {len(events)} events in one page, and {PAGE_EVENTS} at most are allowed"
        for event in events:
            if event.source != source:
                yield f"there is an event of {event.source}"
            if event.epoch != position.epoch:
                if event.epoch in epochs:
                    yield f"epoch {event.epoch!r} had been followed by another one, and is back"
                epochs.append(event.epoch)
            elif event.seq != position.seq + 1:
                yield f"number {event.seq} follows {position.seq}"
            if seen.differs(event):
                yield f"number {event.seq} is not as it came over the feed"
            position = event.position
        if not page.get("more"):
            break
        if not events:
            yield "there are said to be more events after a page that holds none"
            return
    if last is not None and position.epoch == last.epoch and position.seq < last.seq:
        yield f"the last event is number {position.seq}, but {last.seq} came over the feed"
    answer = _ask_events(asker, source, position)
    if position.seq and _misshapen(answer, EventsAnswer) is None:
        after: dict[str, Any] = json.loads(answer or b"")
        if any(body["epoch"] == position.epoch and body["seq"] <= position.seq for body in after["events"]):
            yield f"events up to number {position.seq} come again to whoever asks for those after it"
        if not after["complete"]:
            yield f"nothing is missing after number {position.seq}, but complete is false"


def _ask_events(asker: Asker, source: str, position: Position) -> bytes | None:
    question = {"op": "events", "source": source, "epoch": position.epoch, "since": position.seq}
    return asker.ask(json.dumps(question).encode())


def _misshapen(answer: bytes | None, shape: type) -> str | None:
    """Why an answer is not of a shape; None if it is."""
    if answer is None:
        return "nobody answers"
    try:
        msgspec.convert(json.loads(answer), shape)
    except (ValueError, RecursionError) as error:
        return str(error)
    return None


def check_late_joiner(late: Connection, known: Mapping[str, Message], seen: Seen) -> Iterator[str]:
    """Receive what somebody gets who has just come; `known` is the last message of each topic when that was."""
    missing = {topic for topic in known if not topic.startswith(("event/", "picture/"))}
    deadline_s = time.monotonic() + ANSWER_S
    while missing and (left_s := deadline_s - time.monotonic()) > 0:
        if not late.socket.poll(int(left_s * 1000)):
            break
        try:
            message = wire.parse(late.socket.recv())
        except FeedError:
            # It is told where it comes over the feed.
            continue
        before = known.get(message.topic)
        if before is not None and before.epoch != message.epoch:
            # The publisher was restarted meanwhile.
            return
        if message.topic in missing and seen.differs(message):
            yield f"{message.topic}: number {message.seq} comes to a late subscriber in other words than it was sent"
        if message.kind == "event" and before is not None and message.seq <= before.seq:
            yield f"{message.topic}: number {message.seq} was sent again to a late subscriber"
        missing.discard(message.topic)
    for topic in sorted(missing):
        yield f"{topic}: a late subscriber did not get the last message within {ANSWER_S:.0f} s"
