"""The sending end of the feed: one XPUB socket and, where asked for, a recording of every message.

Owns: numbering, sending, and the last messages for whoever comes late.  Does not own the format (wire), how the sockets are bound
(sockets), what is answered beside the feed (requests, history), which pictures are made (pictures), the file (recording), nor
the queue between the threads of a live reader and the thread that publishes (outbox).
"""

from __future__ import annotations

import logging
import secrets
import socket
import time
from collections import Counter
from contextlib import ExitStack, suppress
from typing import TYPE_CHECKING, Any, Final

import zmq

from glyphfeed.stream.feed import wire
from glyphfeed.stream.feed.endpoint import DEFAULT_ENDPOINT, check_bind, is_local
from glyphfeed.stream.feed.publishing.admission import Admission
from glyphfeed.stream.feed.publishing.history import History
from glyphfeed.stream.feed.publishing.pictures import ASKING, Pictures, Watchers
from glyphfeed.stream.feed.publishing.requests import RequestServer
from glyphfeed.stream.feed.publishing.sockets import bind_pair
from glyphfeed.stream.feed.recordings.recording import Recording, RecordTo
from glyphfeed.stream.records import LAST_STATES, Snapshot, Status

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from glyphfeed.stream.feed.keys import ServerKeys
    from glyphfeed.stream.feed.publishing.kept import KeepIn
    from glyphfeed.stream.records import Record

_log = logging.getLogger("glyphfeed.feed")

_SUBSCRIBED: Final = b"\x01"
_UNSUBSCRIBED: Final = b"\x00"
# So many are taken in before the next message is sent, whoever floods the feed with them.
_CHANGES: Final = 1000


class Publisher:
    """Numbers, sends and records messages; sending never waits for a subscriber, a slow one loses its own messages.

    Used by one thread at a time, except for `wake`.  Publish the text of a frame before its events: whoever acts on an
    event then has the state already.  Binding to port `*` takes a free one; `endpoint` tells which.

    With `record` each message is a line of that file too, except what is sent again to a late subscriber; a path alone is a
    file that does not hold anything yet.  With `keep` the events of earlier runs can be asked for, too.  If the disk is full, the
    recording ends, events wait in memory, and the feed goes on, until `close` raises.

    With `keys` only who has an allowed one may connect.  An address that others can reach needs them, unless `insecure` says
    that anybody may.

    Raises:
        FeedError: the address is taken, unusable or reachable by others, the record file cannot be written or holds something, or
            events cannot be kept.

    """

    def __init__(
        self,
        endpoint: str = DEFAULT_ENDPOINT,
        record: Path | RecordTo | None = None,
        keep: KeepIn | None = None,
        *,
        keys: ServerKeys | None = None,
        insecure: bool = False,
    ) -> None:
        check_bind(endpoint, protected=keys is not None or insecure)
        self.epoch = secrets.token_hex(8)
        self._seqs: Counter[str] = Counter()
        self._last: dict[str, bytes] = {}
        self._subscriptions = 0
        self._watchers = Watchers()
        self._recording: Recording | None = None
        with ExitStack() as opened:
            # A context of its own: ending it is what waits for the last messages to leave.
            context = zmq.Context()
            opened.callback(context.term)
            self._admission = Admission(context, keys)
            self._socket, router, self.endpoint = bind_pair(context, endpoint, keys)
            self._admission.watch(self._socket, router)
            if keys is None and not is_local(endpoint):
                _log.warning("The feed on %s has no keys: everybody who reaches this machine can connect.", self.endpoint)
            opened.callback(self._socket.close)
            opened.callback(router.close)
            self._history = History(self.epoch, keep)
            opened.callback(self._history.close)
            opened.callback(RequestServer(router, self._history, self._admission).close)
            self._awake, self._waker = (opened.enter_context(end) for end in socket.socketpair())
            self.pictures = Pictures(self.wake)
            opened.callback(self.pictures.close)
            # After the bind, so that a second publisher does not continue the recording of the first.
            if record is not None:
                self._recording = Recording(record if isinstance(record, RecordTo) else RecordTo(record))
                opened.callback(self._recording.close)
            self._opened = opened.pop_all()
        self._awake.setblocking(False)
        self._waker.setblocking(False)
        self._poller = zmq.Poller()
        self._poller.register(self._socket, zmq.POLLIN)
        self._poller.register(self._awake, zmq.POLLIN)

    @property
    def subscribers(self) -> int:
        """How many subscriptions there were when last looked (`serve`, publishing); one client may have several."""
        return self._subscriptions

    @property
    def refused(self) -> int:
        """How many connections were refused or cut off so far."""
        return self._admission.refused

    def last_event_seq(self, source: str) -> int:
        """Number of the last event of a source, 0 before the first."""
        return self._seqs[wire.topic("event", source)]

    def put(self, record: Record) -> None:
        """Number what is told of a source, send it and record it.

        Raises:
            FeedError: the source has no name that a topic can hold.
            ValueError: a number in the record is not finite; nothing was sent and no number is used up.

        """
        kind = wire.KINDS[type(record)]
        if isinstance(record, Status) and record.state in LAST_STATES:
            # Nothing of a source comes after its end, and a still picture is to be had before.
            self.pictures.finish()
            self._send_pictures()
        self.put_body(kind.name, record.source, kind.write(record))
        if isinstance(record, Snapshot):
            self.pictures.sent(record.source, record.frame)

    def put_body(self, kind: str, source: str, body: Mapping[str, Any]) -> None:
        """The same for what is written already: the fields of a message without those of every message.

        The number of the last event goes into a status here, where events get theirs.
        """
        topic = wire.topic(kind, source)
        if kind == "status":
            body = {**body, "last_event_seq": self.last_event_seq(source)}
        header = self._header(topic, source)
        message = wire.message(topic, header, body)
        # First, so that who subscribed since gets the older message before this one.
        self._answer_subscriptions()
        self._seqs[topic] += 1
        if kind in wire.STATES:
            self._last[topic] = message
        # Before it is sent, so that whoever has missed it can ask for it.
        self._keep(kind, source, self._seqs[topic], message)
        # XPUB never blocks: it drops for those whose queue is full.
        self._socket.send(message, zmq.NOBLOCK)
        if self._recording is not None:
            self._recording.write(message)

    def _header(self, topic: str, source: str) -> dict[str, Any]:
        """The fields that every message has, with the next number of its topic."""
        return {
            "v": wire.VERSION,
            "source": source,
            "epoch": self.epoch,
            "seq": self._seqs[topic] + 1,
            "published_at": round(time.time(), 6),
        }

    def _send_pictures(self) -> None:
        """Send the pictures that were made meanwhile, if anybody is still there to get them."""
        for picture in self.pictures.take():
            topic = wire.topic("picture", picture.source)
            message = wire.picture_message(topic, self._header(topic, picture.source), picture.body, picture.jpeg)
            self._seqs[topic] += 1
            self._socket.send(message, zmq.NOBLOCK)
            self.pictures.ask(self._watchers.prefixes())

    def _keep(self, kind: str, source: str, seq: int, message: bytes) -> None:
        """Keep of what was told what can be asked for."""
        _, _, body = message.partition(b" ")
        match kind:
            case "text":
                self._history.add_text(source, body)
            case "event":
                self._history.add_event(source, seq, body)
            case "status":
                self._history.tend()

    def serve(self, timeout_s: float | None) -> None:
        """Wait for new subscriptions and answer them with the last messages that they match; send what pictures are made.

        Returns after the first of either, after `wake`, or after `timeout_s`; None waits without end.
        """
        ready = dict(self._poller.poll(None if timeout_s is None else int(timeout_s * 1000)))
        if self._awake.fileno() in ready:
            self._awake.recv(4096)
        self._answer_subscriptions()
        self._send_pictures()

    def wake(self) -> None:
        """End the wait in `serve`, or the next one; any thread may call it, until `close` and after."""
        # A full buffer is as good as one more byte, and a closed socket has nobody waiting.
        with suppress(OSError):
            self._waker.send(b"\0")

    def _answer_subscriptions(self) -> None:
        """Take in what subscribers have asked for since, and send what each has missed.

        The last messages go to everyone who matches, as XPUB has no way to address one; `seq` tells the others.
        """
        prefixes = set()
        with suppress(zmq.Again):
            for _ in range(_CHANGES):
                change = self._socket.recv(zmq.NOBLOCK, copy=False)
                admitted = self._admission.admits(change)
                kind, prefix = change.bytes[:1], change.bytes[1:]
                if kind == _SUBSCRIBED:
                    self._subscriptions += 1
                    if admitted:
                        prefixes.add(prefix)
                elif kind == _UNSUBSCRIBED:
                    self._subscriptions -= 1
                if prefix.startswith(ASKING):
                    if admitted:
                        self._watchers.take(change)
                    self.pictures.ask(self._watchers.prefixes())
        if prefixes:
            for message in self._last.values():
                if message.startswith(tuple(prefixes)):
                    self._socket.send(message, zmq.NOBLOCK)

    def close(self) -> None:
        """Close the socket and the recording, waiting at most 0.5 s for messages still on their way; twice is fine.

        Raises:
            FeedError: the recording or what is kept is incomplete; all is closed nevertheless, and a second call raises no more.

        """
        self._opened.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
