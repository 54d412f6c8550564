"""Who is let in to a feed, and who is cut off: by keys where there are some, and by limits that keep junk from disturbing others.

Owns: the thread that answers libzmq's question whom to let in, watches the list of allowed keys and the connections, and what is
told of those refused.  Does not own the form of the question (zap), the files (keys), nor what one client may send (peers).

Whoever's key is revoked is cut off alone; nobody else notices.
"""

from __future__ import annotations

import logging
import select
import struct
import sys
import threading
import time
from collections import Counter
from contextlib import suppress
from queue import SimpleQueue
from typing import TYPE_CHECKING, Final

import zmq

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed.keys import Client, clients, marks
from glyphfeed.stream.feed.publishing.peers import MOST_MESSAGES, Peer, address_of, cut, inode_of, is_far, is_junk, received_by
from glyphfeed.stream.feed.publishing.zap import HANDLER, LATER, NEVER, YES, parse

if TYPE_CHECKING:
    from glyphfeed.stream.feed.keys import ServerKeys
    from glyphfeed.stream.feed.publishing.zap import Question

_log = logging.getLogger("glyphfeed.feed")

MOST_CONNECTIONS: Final = 512
"""At once; a client has one or two.  Where the system grants few descriptors, half of these, as cameras need some too."""
MOST_OF_ONE: Final = 128
"""Of these from one other machine, so that none can take the place of all others."""
LOOK_S: Final = 0.2
"""How often the list of keys is looked at, and what the connections have sent."""
# Who has just been allowed is let in at once: libzmq does not try again when it is refused.
_HURRY_S: Final = 0.02
BARRED_S: Final = 10.0
"""So long whoever was cut off for sending too much is not let in again."""
TELL_S: Final = 10.0
"""What befalls a client is told once in such a time."""
_MOST_NOTICES, _MOST_ADDRESSES = 4, 16
# So many are dealt with at once; in between comes what else is due.
_BATCH: Final = 100
# So many connections that come or go are taken notice of at once, and so many more each second.  Where that is behind, libzmq
# waits before it accepts another one, and whoever floods the feed with connections does not take the reader's time.
_EVENTS, _EVENTS_PER_S = 1500, 750
_PACE_MS: Final = 20
# After its work the thread rests so many times as long: it takes a fifth of one core at most, and what comes meanwhile is dealt
# with together, so that it does not get in the reader's way more often than need be.
_REST: Final = 4.0

_ACCEPTED: Final = int(zmq.EVENT_ACCEPTED)
_DISCONNECTED: Final = int(zmq.EVENT_DISCONNECTED)
# A handshake that failed before a key was shown; that the peer is closed is told next.
_KEYLESS: Final = int(zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL)


class Notices:
    """Which of many notices are told: in `TELL_S` each once, few about one address, and about few addresses."""

    def __init__(self) -> None:
        self._since = -TELL_S
        self._told: dict[str, set[str]] = {}

    def due(self, address: str, notice: str, now: float) -> bool:
        """Whether a notice about an address is told at this time, seconds."""
        if now - self._since >= TELL_S:
            self._since = now
            self._told.clear()
        if address not in self._told and len(self._told) >= _MOST_ADDRESSES:
            return False
        told = self._told.setdefault(address, set())
        if notice in told or len(told) >= _MOST_NOTICES:
            return False
        told.add(notice)
        return True


class Admission:
    """Lets in whoever has an allowed key, or everybody where there are no keys, and cuts off who disturbs.

    Create it before the sockets are bound, have it watch them then; it ends with their context.
    """

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], keys: ServerKeys | None) -> None:
        self.refused = 0
        """How many connections were refused or cut off so far."""
        self._context, self._keys = context, keys
        self._most = most_connections()
        self._notices = Notices()
        self._untold: SimpleQueue[str | None] = SimpleQueue()
        # Of the peers, and of who is barred.
        self._lock = threading.Lock()
        self._peers: dict[int, Peer] = {}
        self._barred: dict[str, float] = {}
        self._left: Counter[str] = Counter()
        self._cleared_s = time.monotonic()
        # Replaced as a whole.
        self._allowed: dict[str, str] = {}
        self._revoked: dict[str, str] = {}
        self._marks: object = None
        self._names: set[int | str] = set()
        self._keyless: set[zmq.Socket[bytes]] = set()
        self._purse, self._filled_s = float(_EVENTS), time.monotonic()
        # Elsewhere than on Linux a flood is noticed a little later.
        self._arrivals = select.epoll() if hasattr(select, "epoll") else None
        self._handler = context.socket(zmq.ROUTER)
        self._handler.bind(HANDLER)
        self._monitors: list[zmq.Socket[bytes]] = []
        self._look_at_keys(time.monotonic())
        threading.Thread(target=self._run, name="glyphfeed-admission", daemon=True).start()
        threading.Thread(target=self._write, name="glyphfeed-notices", daemon=True).start()

    def watch(self, *bound: zmq.Socket[bytes]) -> None:
        """Look after the connections of sockets that are bound; call it once, in the thread that bound them."""
        self._names = {name_of(socket.getsockopt_string(zmq.LAST_ENDPOINT)) for socket in bound}
        for number, socket in enumerate(bound):
            socket.monitor(f"inproc://monitor.{number}", _ACCEPTED | _DISCONNECTED | _KEYLESS)
            monitor = self._context.socket(zmq.PAIR)
            monitor.connect(f"inproc://monitor.{number}")
            self._monitors.append(monitor)

    def admits(self, message: zmq.Frame) -> bool:
        """Whether a message of a client may be taken, by whose it is and what it has sent so far; any thread may ask."""
        try:
            descriptor = message.get(zmq.SRCFD)
        except zmq.ZMQError:
            # libzmq's own, for a client that is gone.
            return False
        now, sent = time.monotonic(), message.bytes
        with self._lock:
            peer, inode = self._peers.get(descriptor), inode_of(descriptor)
            if peer is None or peer.inode != inode:
                if address_of(descriptor, self._names) is None:
                    self._take_left(message, now)
                    return False
                # That it was accepted is still on its way here, and perhaps that another one ended.
                peer = self._peers[descriptor] = Peer("", now, inode)
            if peer.is_cut:
                return False
            peer.take(sent)
            peer.address = str(message.get("Peer-Address"))
            if self._keys is not None:
                peer.key = str(message.get("User-Id"))
            if self._keys is not None and peer.key not in self._allowed:
                self._cut(descriptor, peer, "its key is revoked", now)
            elif is_junk(sent):
                self._cut(descriptor, peer, "what it subscribes to is too long for a topic", now)
            elif peer.asks_too_much(now):
                self._bar(descriptor, peer, "it asks for too much", now)
            return not peer.is_cut

    def is_connected(self, message: zmq.Frame) -> bool:
        """Whether the client whose message was taken is still there, and not cut off since; any thread may ask."""
        with self._lock:
            peer = self._peers.get(message.get(zmq.SRCFD))
            return peer is not None and not peer.is_cut

    def _take_left(self, message: zmq.Frame, now: float) -> None:
        """Count what clients left behind that are gone: so one may flood the feed on many short connections."""
        who = str(message.get("User-Id" if self._keys is not None else "Peer-Address"))
        self._left[who] += 1
        if self._left[who] > MOST_MESSAGES:
            self._left[who] = 0
            self._barred[who] = now + BARRED_S

    def _run(self) -> None:
        calm, all_of_them = zmq.Poller(), zmq.Poller()
        for poller in (calm, all_of_them):
            poller.register(self._handler, zmq.POLLIN)
            if self._arrivals is not None:
                poller.register(self._arrivals.fileno(), zmq.POLLIN)
        try:
            while True:
                for monitor in self._monitors:
                    all_of_them.register(monitor, zmq.POLLIN)
                try:
                    ready = dict(all_of_them.poll(int(LOOK_S * 1000)) if self._may_take() else calm.poll(_PACE_MS))
                    began_s = time.thread_time()
                    if self._handler in ready:
                        self._take_questions()
                    if self._arrivals is not None and self._arrivals.fileno() in ready:
                        self._take_arrivals(self._arrivals)
                    for monitor in self._monitors:
                        if monitor in ready:
                            self._take_events(monitor)
                    if (now := time.monotonic()) - self._looked_s >= LOOK_S:
                        self._look(now)
                    time.sleep(_REST * (time.thread_time() - began_s))
                except zmq.ContextTerminated:
                    return
                # Whatever it is: without this thread nobody would be let in any more.
                except Exception as error:
                    self._tell("", f"The feed stumbled over what a client did: {error!r}.", time.monotonic())
                    time.sleep(LOOK_S)
        finally:
            self._untold.put(None)
            for socket in (self._handler, *self._monitors):
                socket.close(0)
            if self._arrivals is not None:
                self._arrivals.close()

    def _write(self) -> None:
        """Write notices to the log, in a thread that may have to wait; that of the connections may not, as libzmq would, too."""
        while (notice := self._untold.get()) is not None:
            _log.warning("%s", notice)

    def _may_take(self) -> int:
        """How many events may be taken now."""
        now = time.monotonic()
        self._purse = min(self._purse + (now - self._filled_s) * _EVENTS_PER_S, _EVENTS)
        self._filled_s = now
        return int(self._purse)

    def _take_arrivals(self, arrivals: select.epoll) -> None:
        """Look at once at the connections through which something has come."""
        arrived, now = arrivals.poll(0, _BATCH), time.monotonic()
        with self._lock:
            for descriptor, _ in arrived:
                self._look_at(descriptor, now)

    def _take_questions(self) -> None:
        """Answer some of the questions that wait."""
        now = time.monotonic()
        with suppress(zmq.Again):
            for _ in range(_BATCH):
                question = parse(self._handler.recv_multipart(zmq.NOBLOCK))
                if question is not None:
                    self._handler.send_multipart(self._answer(question, now), zmq.NOBLOCK)

    def _take_events(self, monitor: zmq.Socket[bytes]) -> None:
        """Take some of the events that wait."""
        now = time.monotonic()
        with suppress(zmq.Again):
            for _ in range(min(_BATCH, int(self._purse))):
                event, descriptor = struct.unpack("=Hi", monitor.recv_multipart(zmq.NOBLOCK)[0])
                self._purse -= 1
                with self._lock:
                    self._take_event(monitor, event, descriptor, now)

    def _answer(self, question: Question, now: float) -> list[bytes]:
        address, key = question.address, question.key
        if self._keys is not None and key not in self._allowed:
            if now - self._looked_s >= _HURRY_S:
                self._look_at_keys(now)
            if key not in self._allowed:
                name = self._revoked.get(key)
                unknown = f"its key is not allowed, which glyphfeed keys allow NAME -- '{key}' would change"
                self._turn_away(
                    address, f"The feed refused {address}: {f'the key of {name} is revoked' if name else unknown}.", now
                )
                return question.answer(NEVER, b"not allowed")
        if (key or address) in self._barred:
            return question.answer(LATER, b"barred for a while")
        return question.answer(YES, b"welcome")

    def _take_event(self, monitor: zmq.Socket[bytes], event: int, descriptor: int, now: float) -> None:
        if event == _ACCEPTED:
            address = address_of(descriptor, self._names)
            if address is not None:
                self._accept(descriptor, address, now)
        elif event == _DISCONNECTED:
            peer = self._peers.get(descriptor)
            if peer is not None and peer.inode == inode_of(descriptor):
                # The one that ended had the descriptor before.
                peer = None
            elif peer is not None:
                del self._peers[descriptor]
            if monitor in self._keyless and self._keys is not None and peer is not None and not peer.is_cut:
                self._turn_away(peer.address, f"The feed refused {peer.address}: it has no key of this feed.", now)
            self._keyless.discard(monitor)
        else:
            self._keyless.add(monitor)

    def _accept(self, descriptor: int, address: str, now: float) -> None:
        inode = inode_of(descriptor)
        known = self._peers.pop(descriptor, None)
        # What it has sent already, and by which key, holds.
        peer = known if known is not None and known.inode == inode else Peer(address, now, inode)
        peer.address = address
        if len(self._peers) >= self._most:
            self._refuse(descriptor, peer, f"{self._most} connections are open already")
        elif is_far(address) and sum(other.address == address for other in self._peers.values()) >= MOST_OF_ONE:
            self._refuse(descriptor, peer, f"it has {MOST_OF_ONE} connections already")
        else:
            self._peers[descriptor] = peer
            if self._arrivals is not None:
                with suppress(OSError):
                    self._arrivals.register(descriptor, select.EPOLLIN | select.EPOLLET)

    def _look(self, now: float) -> None:
        """Look whether the list of keys has changed, whose bar has ended, and what the connections have sent."""
        self._look_at_keys(now)
        with self._lock:
            self._barred = {who: until for who, until in self._barred.items() if until > now}
            if now - self._cleared_s >= BARRED_S:
                self._cleared_s = now
                self._left.clear()
            for descriptor in list(self._peers):
                self._look_at(descriptor, now)

    def _look_at(self, descriptor: int, now: float) -> None:
        """Cut off a connection whose key was revoked, or that has sent too much."""
        peer, received = self._peers.get(descriptor), received_by(descriptor, self._names)
        if peer is None or peer.is_cut:
            return
        if received is None:
            del self._peers[descriptor]
        elif self._keys is not None and peer.key and peer.key not in self._allowed:
            self._cut(descriptor, peer, "its key is revoked", now)
        elif peer.sends_too_much(received, now):
            self._bar(descriptor, peer, "it sends too much", now)

    def _look_at_keys(self, now: float) -> None:
        self._looked_s = now
        if self._keys is None:
            return
        try:
            seen = marks(self._keys.folder)
            if seen == self._marks:
                return
            found = list(clients(self._keys.folder))
        except OSError as error:
            unread = f"The keys in {self._keys.folder} cannot be read: {error.strerror}; those read before hold."
            self._tell("", unread, now)
            return
        self._marks = seen
        for client in found:
            if isinstance(client, FeedError):
                self._tell("", f"{client} It is not let in.", now)
        usable = [client for client in found if isinstance(client, Client)]
        allowed = {client.public: client.name for client in usable if client.is_allowed}
        self._allowed = allowed | {self._keys.own.public: "what runs beside the feed"}
        self._revoked = {client.public: client.name for client in usable if not client.is_allowed}

    def _bar(self, descriptor: int, peer: Peer, why: str, now: float) -> None:
        """Cut off a client for what it does, for a while."""
        self._barred[peer.key or peer.address] = now + BARRED_S
        self._cut(descriptor, peer, f"{why}, and may come back after {BARRED_S:g} s", now)

    def _cut(self, descriptor: int, peer: Peer, why: str, now: float) -> None:
        peer.is_cut = True
        cut(descriptor, self._names)
        name = self._allowed.get(peer.key) or self._revoked.get(peer.key)
        who = f"{name} at {peer.address}" if name else peer.address
        self._turn_away(peer.address, f"The feed cut off {who}: {why}.", now)

    def _refuse(self, descriptor: int, peer: Peer, why: str) -> None:
        cut(descriptor, self._names)
        self._turn_away(peer.address, f"The feed refused {peer.address}: {why}.", peer.since)

    def _turn_away(self, subject: str, sentence: str, now: float) -> None:
        self.refused += 1
        self._tell(subject, sentence, now)

    def _tell(self, address: str, notice: str, now: float) -> None:
        """Have a notice told, unless there are too many."""
        if self._notices.due(address, notice, now):
            self._untold.put(notice)


def most_connections() -> int:
    """How many there may be at once: as many as are of use, and half of what the system grants this program."""
    if sys.platform == "win32":
        # There sockets are no descriptors.
        return MOST_CONNECTIONS
    import resource

    return min(MOST_CONNECTIONS, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2)


def name_of(endpoint: str) -> int | str:
    """The port or path of an address, as the descriptors of its connections tell it."""
    path = endpoint.removeprefix("ipc://")
    return path if path != endpoint else int(endpoint.rpartition(":")[2])
