"""The receiving end of the feed for Python programs; any ZeroMQ SUB socket does as well.

Owns: one SUB socket, and noticing lost events and restarts of the publisher.  Does not own the format (wire).
"""

from __future__ import annotations

import dataclasses
import threading
import time
from typing import TYPE_CHECKING, Final

import zmq

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed import wire
from glyphfeed.stream.feed.endpoint import DEFAULT_ENDPOINT, check_connect

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType
    from typing import Self

_TICK_S: Final = 0.1


class Subscriber:
    """Receives the messages of a feed whose topic begins with one of `topics`; the default is all of them.

    A trailing space ends a topic: `text/cam1` also begins `text/cam10`, `text/cam1 ` does not.  The publisher need
    not be there yet, and may be restarted.  Used by one thread, except for `stop`; `missed` counts lost events over
    all sources.

    Raises:
        FeedError: the address is none.

    """

    def __init__(self, endpoint: str = DEFAULT_ENDPOINT, topics: Sequence[str] = ("",)) -> None:
        check_connect(endpoint)
        self.endpoint = endpoint
        self.missed = 0
        self._stopped = threading.Event()
        self._epoch: str | None = None
        self._saw_start = False
        self._expected: dict[str, int] = {}
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.SUB)
        self._socket.setsockopt(zmq.LINGER, 0)
        self._socket.setsockopt(zmq.IPV6, 1)
        try:
            self._socket.connect(endpoint)
        except zmq.ZMQError as error:
            self.close()
            raise FeedError(f"Cannot connect to the feed at {endpoint}: {zmq.strerror(error.errno or 0)}.") from error
        for topic in topics:
            self._socket.subscribe(topic.encode())

    def receive(self, timeout_s: float) -> wire.Message | None:
        """Wait for the next message; None after `timeout_s`, or once stopped (at most 0.1 s later).

        Raises:
            FeedError: what came is no message of this version of the feed.

        """
        deadline = time.monotonic() + timeout_s
        while not self._stopped.is_set():
            left_s = max(0.0, deadline - time.monotonic())
            if self._socket.poll(int(min(left_s, _TICK_S) * 1000)):
                return self._compare(wire.parse(self._socket.recv()))
            if left_s <= 0:
                return None
        return None

    def _compare(self, message: wire.Message) -> wire.Message:
        """Compare a message with those before it, and note what is missing between."""
        restarted = self._epoch not in (None, message.epoch)
        if restarted:
            self._saw_start = True
            self._expected.clear()
        self._epoch = message.epoch
        missed = 0
        if message.kind == "event":
            # Who joined in the middle of a run cannot miss what was before; a restart was seen from its first event on.
            expected = self._expected.get(message.topic, 1 if self._saw_start else message.seq)
            missed = max(0, message.seq - expected)
            self._expected[message.topic] = message.seq + 1
            self.missed += missed
        return dataclasses.replace(message, missed=missed, restarted=restarted)

    def __iter__(self) -> Iterator[wire.Message]:
        """Yield messages until `stop` is called."""
        while not self._stopped.is_set():
            message = self.receive(_TICK_S)
            if message is not None:
                yield message

    def stop(self) -> None:
        """End `receive` and the iteration within 0.1 s; any thread may call it, any number of times."""
        self._stopped.set()

    def close(self) -> None:
        """Close the socket; twice is fine."""
        self._socket.close()
        self._context.term()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
