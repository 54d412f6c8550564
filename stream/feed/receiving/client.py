"""The receiving end of the feed for Python programs; any ZeroMQ SUB socket does as well.

Owns: the two sockets of a client, waiting for them with and without asyncio, and how long an answer is waited for.  Does not own
the format (wire), what is handed on and asked for (catching_up), how a connection is kept (connection), nor where a text is drawn
(drawing).
"""

from __future__ import annotations

import asyncio
import json
import math
import socket
import threading
import time
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final

import zmq

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed import wire
from glyphfeed.stream.feed.endpoint import DEFAULT_ENDPOINT, requests_endpoint
from glyphfeed.stream.feed.keys import ClientKeys
from glyphfeed.stream.feed.receiving.catching_up import Answer, CatchingUp, Request
from glyphfeed.stream.feed.receiving.connection import Connection
from glyphfeed.stream.feed.receiving.drawing import Shown, shown
from glyphfeed.stream.records import Snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from glyphfeed.stream.feed.receiving.catching_up import Handed
    from glyphfeed.stream.feed.wire import Message, Position

DEFAULT_TOPICS: Final = ("text/", "event/", "status/")
"""What a publisher sends; pictures only to who asks for them."""
PATIENCE_S: Final = 3.0
"""A publisher whose feed is there, and where nobody takes questions for so long, is an older one that cannot answer."""
ANSWER_S: Final = 5.0
"""A question that was not answered for so long is asked again: the publisher may have been restarted under it."""
AGAIN_S: Final = 1.0
"""So long after an answer that was none, as when the publisher cannot read its disk, it is asked again."""
TRIES: Final = 6
"""A question that was asked so often is given up, and one that could not be asked for as long as that takes."""
ARRIVED_S: Final = 5.0
"""So long after the connection a publisher has sent the last status of each source, even one that has much else to do."""
PACE_S: Final = 0.02
"""Between one question and the next, of which a publisher takes a hundred a second; events that are missed meanwhile are asked
for together."""
_TICK_S: Final = 0.5
"""No wait is longer, as Ctrl-C does not interrupt every system's waits."""


def connect(
    endpoint: str = DEFAULT_ENDPOINT,
    topics: str | Sequence[str] = DEFAULT_TOPICS,
    *,
    keys: str | Path | ClientKeys | None = None,
    since: Mapping[str, Position] | None = None,
    back: int = 0,
) -> Feed:
    """Receive messages whose topics begin with `topics`, one or several: iterate what comes back, with `for` or `async for`.

    A trailing space ends a topic: `text/cam1` also begins `text/cam10`, `text/cam1 ` does not.  `keys` is the file that
    `glyphfeed keys new` wrote for this client.  The publisher need not be there yet, and may come and go.

    Each event comes once and in order, also those that were missed meanwhile, as far as the publisher still has them; where some
    are lost, the next event or status says so.  It begins with what happens from now on, or with `back` earlier events of each
    source.  With `since`, which was `Feed.positions` in an earlier run, it goes on from there; a source that is not in it begins
    with the first event there is.

    Raises:
        FeedError: the address is none, or the key file cannot be used.

    """
    return Feed(endpoint, topics, keys=keys, since=since, back=back)


class Feed:
    """The messages of a feed, for who iterates them; see `connect`.

    It is used by one thread, or by one task of asyncio, except for `stop` and `at`.  `missed` counts the events that are known to
    be lost, over all sources, `fetched` those that had to be asked for.
    """

    def __init__(
        self,
        endpoint: str = DEFAULT_ENDPOINT,
        topics: str | Sequence[str] = DEFAULT_TOPICS,
        *,
        keys: str | Path | ClientKeys | None = None,
        since: Mapping[str, Position] | None = None,
        back: int = 0,
    ) -> None:
        self.endpoint = endpoint
        self.missed = 0
        self.fetched = 0
        self._requests_endpoint = requests_endpoint(endpoint)
        self._keys = keys if keys is None or isinstance(keys, ClientKeys) else ClientKeys.load(keys)
        # One alone is no sequence of letters.
        self._topics = (topics,) if isinstance(topics, str) else tuple(topics)
        self._order = CatchingUp(self._topics, since, back)
        self._positions = dict(since or {})
        self._handed: deque[Handed] = deque()
        self._texts: dict[str, Message] = {}
        self._snapshots: dict[str, tuple[Message, Snapshot]] = {}
        self._was_connected = False
        self._stopped = threading.Event()
        self._request: Request | None = None
        self._sent_s = 0.0
        self._again_s = 0.0
        self._tries = 0
        self._has_answered = False
        self._answers: Connection | None = None
        self._awake, self._waker = socket.socketpair()
        self._awake.setblocking(False)
        self._waker.setblocking(False)
        # A context of its own, so that its end is this one's alone.
        self._context = zmq.Context()
        prefixes = sorted({*self._topics, *map(_health_topic, self._topics)})
        try:
            self._feed = Connection(self._context, zmq.SUB, endpoint, self._keys, prefixes)
        except FeedError:
            self._awake.close()
            self._waker.close()
            self._context.term()
            raise

    @property
    def positions(self) -> dict[str, Position]:
        """Of each source the last event that was handed over, or after which it was joined: `since` for a later run.

        Keep it when all is done that an event calls for, and none is lost; keep it together with that, and none comes twice.
        """
        return dict(self._positions)

    @property
    def trouble(self) -> str | None:
        """Why there is no connection, in words for people; None while there is one."""
        if self._feed.connected:
            return None
        if self._feed.refused:
            return f"The feed at {self.endpoint} refuses this key; ask whoever runs it to allow it with glyphfeed keys."
        if self._feed.misfit and self._keys is None:
            return f"What is at {self.endpoint} is no feed, or one that needs a key."
        if self._feed.misfit:
            return f"What is at {self.endpoint} is no feed, or one that these keys are not for."
        return f"Nobody publishes at {self.endpoint} {'any more' if self._was_connected else 'yet'}."

    def at(self, unix_time: float, source: str | None = None) -> tuple[Shown, ...]:
        """Where the texts of each source, or of one, are at a moment of display, by their last message that was received.

        Any thread may call it, while another one iterates.  Give it the time of the picture that is shown.

        Raises:
            FeedError: a text message is not as the feed's contract says.

        """
        messages = [message for name, message in sorted(self._texts.items()) if source in (None, name)]
        snapshots = [self._snapshot(message) for message in messages]
        return tuple(shown(snapshot, unix_time - snapshot.captured_at) for snapshot in snapshots)

    def _snapshot(self, message: Message) -> Snapshot:
        """Read a text message, once however often it is drawn."""
        known = self._snapshots.get(message.source)
        if known is not None and known[0] is message:
            return known[1]
        snapshot = message.record
        assert isinstance(snapshot, Snapshot)
        self._snapshots[message.source] = (message, snapshot)
        return snapshot

    def receive(self, timeout_s: float) -> Message | None:
        """Wait for the next message; None after `timeout_s`, or once stopped.

        Raises:
            FeedError: what came is no message of this version of the feed.

        """
        deadline = time.monotonic() + timeout_s
        while not self._stopped.is_set():
            if (message := self._next()) is not None:
                return message
            if (left_s := deadline - time.monotonic()) <= 0:
                return None
            self._wait(left_s)
        return None

    def __iter__(self) -> Iterator[Message]:
        """Messages until `stop` is called."""
        return self

    def __next__(self) -> Message:
        """Wait for the next message."""
        while not self._stopped.is_set():
            if (message := self.receive(_TICK_S)) is not None:
                return message
        raise StopIteration

    def __aiter__(self) -> Self:
        """Messages until `stop` is called, for asyncio, whose loop never waits for them."""
        return self

    async def __anext__(self) -> Message:
        """Wait for the next message; who cancels this loses none."""
        # Where the body is the slower one there is always something to take: here the other tasks have their turn.
        await asyncio.sleep(0)
        while not self._stopped.is_set():
            if (message := self._next()) is not None:
                return message
            await self._wait_beside()
        raise StopAsyncIteration

    def _next(self) -> Message | None:
        """The next message that is here, or can be had without waiting; None where all that came has been taken."""
        while True:
            while self._handed:
                handed = self._handed.popleft()
                message = handed.message
                if handed.position is not None:
                    self._positions[message.source] = handed.position
                if f"{message.topic} ".startswith(self._topics):
                    self.missed += message.missed
                    return message
            if not self._turn():
                return None

    def _turn(self) -> bool:
        """Do what can be done without waiting; whether that was anything."""
        if self._feed.look():
            self._was_connected = True
            self._order.connected()
            # A question that is on its way went to the publisher of before.
            self._tries = 0
            self._ask_anew()
        raw = _received(self._feed.socket)
        if raw is not None:
            self._hand(self._order.take(wire.parse(raw[0])))
        elif self._feed.given_up_in_s == 0:
            self._feed.renew()
        elif self._feed.connected and time.monotonic() > self._feed.changed_s + ARRIVED_S:
            self._order.arrived()
        return self._exchange() or raw is not None

    def _hand(self, handed: Sequence[Handed]) -> None:
        self._handed += handed
        texts = {each.message.source: each.message for each in handed if each.message.kind == "text"}
        if texts:
            # Another thread may be looking at those of before.
            self._texts = {**self._texts, **texts}

    def _exchange(self) -> bool:
        """Ask what is to be asked, and take in what was answered; whether there was anything."""
        is_turn = self._request is None and time.monotonic() >= self._sent_s + PACE_S
        if is_turn and (request := self._order.request()) is not None:
            self._request, self._tries = request, 0
            self._ask()
            return True
        if self._answers is None:
            return False
        # Looked at also where nothing was asked: what tells of news once is to be silent again.
        self._answers.look()
        raw = _received(self._answers.socket)
        if self._request is None:
            return raw is not None
        if raw is not None:
            self._take_answer(_answer(self._request.source, raw[-1]))
            return True
        if self._is_hopeless():
            self._request = None
            self._hand(self._order.refuse())
            return True
        if self._answers.given_up_in_s == 0 or (self._answers.connected and time.monotonic() > self._again_s):
            self._ask_anew()
        return False

    def _take_answer(self, answer: Answer | None) -> None:
        """Hand on what was answered; after what is no answer the question is asked again."""
        if answer is None:
            self._again_s = time.monotonic() + AGAIN_S
        else:
            self._request, self._has_answered = None, True
            handed = self._order.answer(answer)
            places = {event.position for event in answer.events}
            self.fetched += sum(each.message.kind == "event" and each.message.position in places for each in handed)
            self._hand(handed)

    def _ask(self) -> None:
        """Send the question that is to be answered; a connection is opened for the first one."""
        assert self._request is not None
        if self._answers is None:
            self._answers = Connection(self._context, zmq.DEALER, self._requests_endpoint, self._keys)
        self._sent_s = time.monotonic()
        self._again_s = self._sent_s + ANSWER_S
        self._tries += 1
        position = self._request.position
        question = {"op": "events", "source": self._request.source, "epoch": position.epoch, "since": position.seq}
        question |= {"last": self._request.last} if self._request.last else {}
        # A full queue means that nobody takes them: it is asked again.
        with suppress(zmq.Again):
            self._answers.socket.send(json.dumps(question).encode(), zmq.NOBLOCK)

    def _ask_anew(self) -> None:
        """Ask over a new connection, so that no answer to the old question comes in between."""
        if self._answers is not None and self._request is not None:
            self._answers.renew()
            self._ask()

    def _is_hopeless(self) -> bool:
        """Whether the publisher, which is there, will not answer."""
        assert self._answers is not None
        if not self._feed.connected:
            return False
        if self._answers.connected:
            return self._tries > TRIES
        # Who takes a connection and ends it, or has answered before, will answer again.
        is_there = self._has_answered or self._answers.refused or self._answers.misfit
        patience_s = TRIES * ANSWER_S if is_there else PATIENCE_S
        return time.monotonic() > max(self._answers.changed_s, self._feed.changed_s) + patience_s

    def _timeout_s(self) -> float:
        """After how long something is to be done even where nothing comes."""
        due = [_TICK_S, self._feed.given_up_in_s]
        if self._request is None and self._order.wants_answers:
            due.append(max(0.0, self._sent_s + PACE_S - time.monotonic()))
        elif self._request is not None and self._answers is not None:
            due.append(self._answers.given_up_in_s)
        return min(seconds for seconds in due if seconds is not None)

    def _sockets(self) -> list[zmq.Socket[bytes]]:
        return [*self._feed.sockets, *(self._answers.sockets if self._answers is not None else ())]

    def _wait(self, timeout_s: float) -> None:
        """Wait until something came, something is due, or `stop`."""
        poller = zmq.Poller()
        for each in self._sockets():
            poller.register(each, zmq.POLLIN)
        poller.register(self._awake, zmq.POLLIN)
        poller.poll(math.ceil(1000 * min(timeout_s, self._timeout_s())))

    async def _wait_beside(self) -> None:
        """The same without holding up the loop."""
        loop, news = asyncio.get_running_loop(), asyncio.Event()
        # The descriptor of a socket tells once of what came; all sockets were found empty since it did.
        descriptors = [self._awake.fileno(), *(each.fileno() for each in self._sockets())]
        for descriptor in descriptors:
            loop.add_reader(descriptor, news.set)
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._timeout_s()):
                    await news.wait()
        finally:
            for descriptor in descriptors:
                loop.remove_reader(descriptor)

    def stop(self) -> None:
        """End `receive` and the iteration; any thread may call it, any number of times."""
        self._stopped.set()
        with suppress(OSError):
            self._waker.send(b"\0")

    def close(self) -> None:
        """Close the connection; twice is fine."""
        self.stop()
        self._feed.close()
        if self._answers is not None:
            self._answers.close()
        self._context.term()
        self._awake.close()
        self._waker.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _health_topic(topic: str) -> str:
    """The topic of the statuses that tell how many events there were, for a topic that may be one of events."""
    kind, slash, source = topic.partition("/")
    if slash:
        return f"status/{source}" if kind == "event" else topic
    return "status/" if kind and "event/".startswith(kind) else topic


def _received(socket: zmq.Socket[bytes]) -> list[bytes] | None:
    try:
        return socket.recv_multipart(zmq.NOBLOCK)
    except zmq.Again:
        return None


def _answer(source: str, raw: bytes) -> Answer | None:
    """Read what was answered; None where it is no events."""
    try:
        match json.loads(raw):
            case {"events": list(bodies), "complete": bool(complete), **others}:
                messages = [wire.message_of(wire.topic("event", source), body) for body in bodies]
                return Answer(messages, complete, more=others.get("more") is True)
    except (ValueError, RecursionError, FeedError):
        pass
    return None
