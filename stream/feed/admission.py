"""Who is let in to a feed, and who is cut off: by keys where there are some, and by limits that keep junk from disturbing others.

Owns: the thread that answers libzmq's question whom to let in (ZAP, https://rfc.zeromq.org/spec/27/), watches the list of allowed
keys and the connections, and what is told of those refused.  Does not own the files (keys), nor what one client may send
(peers).

Whoever's key is revoked is cut off alone; nobody else notices.
"""

from __future__ import annotations

import logging
import resource
import struct
import threading
import time
from collections import Counter, deque
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import zmq
from zmq.utils import z85

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed.keys import DOMAIN, Client, clients, marks
from glyphfeed.stream.feed.peers import Peer, address_of, cut, is_far, received_by

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glyphfeed.stream.feed.keys import ServerKeys

_log = logging.getLogger("glyphfeed.feed")

MOST_CONNECTIONS: Final = 512
"""At once; a client has one or two.  Where the system grants few descriptors, half of these, as cameras need some too."""
MOST_OF_ONE: Final = 128
"""Of these from one other machine, so that none can take the place of all others."""
LOOK_S: Final = 0.2
"""How often the list of keys is looked at, and what the connections have sent."""
BARRED_S: Final = 10.0
"""So long whoever was cut off for sending too much is not let in again."""
TELL_S: Final = 10.0
"""What befalls one address is told once in such a time."""
_MOST_TOLD: Final = 32
# So many are dealt with at once; in between comes what else is due.
_BATCH: Final = 100

_ACCEPTED: Final = int(zmq.EVENT_ACCEPTED)
_DISCONNECTED: Final = int(zmq.EVENT_DISCONNECTED)
# A handshake that failed before a key was shown; that the peer is closed is told next.
_KEYLESS: Final = int(zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL)


@dataclass(frozen=True, slots=True)
class Question:
    """Whether the holder of a key may connect from an address: what libzmq asks.

    `route` are the frames that lead back to who asks, and `number` what the answer repeats; the key is a Z85 text.
    """

    route: tuple[bytes, ...]
    number: bytes
    address: str
    key: str

    def answer(self, *, code: int, reason: str) -> list[bytes]:
        """The frames that answer: 200 lets in, 400 refuses for good, and after 300 the client may try again."""
        user = self.key if code == 200 else ""
        return [*self.route, b"1.0", self.number, str(code).encode(), reason.encode(), user.encode(), b""]


def parse(frames: Sequence[bytes]) -> Question | None:
    """Read what came at the handler's socket; None where it is no question about a CURVE key for a feed."""
    match frames:
        case [route, b"", b"1.0", number, domain, address, _, b"CURVE", key] if domain == DOMAIN and len(key) == 32:
            return Question((route, b""), number, address.decode("ascii", "replace"), z85.encode(key).decode())
    return None


class Notices:
    """Which of many like notices are told: of each subject one in `TELL_S`, and of few subjects at once."""

    def __init__(self) -> None:
        self._since = -TELL_S
        self._untold: Counter[str] = Counter()

    def due(self, subject: str, now: float) -> bool:
        """Whether a notice about a subject is told at this time, seconds."""
        if now - self._since >= TELL_S:
            self._since = now
            self._untold.clear()
        if len(self._untold) >= _MOST_TOLD:
            return False
        self._untold[subject] += 1
        return self._untold[subject] == 1


class Admission:
    """Lets in whoever has an allowed key, or everybody where there are no keys, and cuts off who disturbs.

    Create it before the sockets are bound, have it watch them then; it ends with their context.
    """

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], keys: ServerKeys | None) -> None:
        self._context, self._keys = context, keys
        self._most = min(MOST_CONNECTIONS, resource.getrlimit(resource.RLIMIT_NOFILE)[0] // 2)
        self._notices = Notices()
        self._untold: deque[str] = deque(maxlen=_MOST_TOLD)
        # Of what follows.
        self._lock = threading.Lock()
        self._peers: dict[int, Peer] = {}
        self._barred: dict[str, float] = {}
        self._allowed: dict[str, str] = {}
        self._revoked: dict[str, str] = {}
        self._marks: object = None
        self._names: set[int | str] = set()
        self._keyless: set[zmq.Socket[bytes]] = set()
        self._handler = context.socket(zmq.ROUTER)
        self._handler.bind("inproc://zeromq.zap.01")
        self._watched = [self._handler]
        self._look_at_keys()
        threading.Thread(target=self._run, name="glyphfeed-admission", daemon=True).start()

    def watch(self, *bound: zmq.Socket[bytes]) -> None:
        """Look after the connections of sockets that are bound; call it once, in the thread that bound them."""
        self._names = {name_of(socket.getsockopt_string(zmq.LAST_ENDPOINT)) for socket in bound}
        for number, socket in enumerate(bound):
            socket.monitor(f"inproc://monitor.{number}", _ACCEPTED | _DISCONNECTED | _KEYLESS)
            monitor = self._context.socket(zmq.PAIR)
            monitor.connect(f"inproc://monitor.{number}")
            self._watched.append(monitor)

    def admits(self, message: zmq.Frame) -> bool:
        """Whether a message of a client may be taken, by whose it is and what it has sent so far; any thread may ask."""
        now = time.monotonic()
        try:
            descriptor = message.get(zmq.SRCFD)
        except zmq.ZMQError:
            # libzmq's own, for a client that is gone.
            return False
        with self._lock:
            # That a connection was accepted may still be on its way here.
            peer = self._peers.setdefault(descriptor, Peer(str(message.get("Peer-Address")), now))
            if peer.is_cut:
                return False
            peer.take(message.bytes)
            if self._keys is not None:
                peer.key = str(message.get("User-Id"))
                if peer.key not in self._allowed:
                    self._cut(descriptor, peer, "its key is revoked", now)
                    return False
            excess = peer.excess(message.bytes, now)
            if excess is not None:
                self._bar(descriptor, peer, excess, now)
            return excess is None

    def _run(self) -> None:
        poller = zmq.Poller()
        looked_s = time.monotonic()
        try:
            while True:
                for socket in self._watched:
                    poller.register(socket, zmq.POLLIN)
                try:
                    for ready, _ in poller.poll(int(LOOK_S * 1000)):
                        self._take(ready)
                    if time.monotonic() - looked_s >= LOOK_S:
                        looked_s = time.monotonic()
                        self._look(looked_s)
                except zmq.ContextTerminated:
                    return
                # Whatever it is: without this thread nobody would be let in any more.
                except Exception as error:
                    self._tell("", f"The feed stumbled over what a client did: {error!r}.", looked_s)
                    time.sleep(LOOK_S)
                while self._untold:
                    _log.warning("%s", self._untold.popleft())
        finally:
            for socket in self._watched:
                socket.close(0)

    def _take(self, socket: zmq.Socket[bytes]) -> None:
        """Take some of the questions or events that wait at a socket."""
        now = time.monotonic()
        with suppress(zmq.Again):
            for _ in range(_BATCH):
                frames = socket.recv_multipart(zmq.NOBLOCK)
                if socket is not self._handler:
                    event, descriptor = struct.unpack("=Hi", frames[0])
                    with self._lock:
                        self._take_event(socket, event, descriptor, now)
                elif (question := parse(frames)) is not None:
                    with self._lock:
                        answer = self._answer(question, now)
                    self._handler.send_multipart(answer, zmq.NOBLOCK)

    def _answer(self, question: Question, now: float) -> list[bytes]:
        key = question.key
        if key not in self._allowed:
            name = self._revoked.get(key)
            why = (
                f"the key of {name} is revoked"
                if name
                else f"its key is not allowed; glyphfeed keys allow NAME -- '{key}' allows it"
            )
            self._tell(question.address, f"The feed refused {question.address}: {why}.", now)
            return question.answer(code=400, reason="not allowed")
        if key in self._barred:
            return question.answer(code=300, reason="later")
        return question.answer(code=200, reason="welcome")

    def _take_event(self, monitor: zmq.Socket[bytes], event: int, descriptor: int, now: float) -> None:
        if event == _ACCEPTED:
            address = address_of(descriptor, self._names)
            if address is not None:
                self._accept(descriptor, Peer(address, now))
        elif event == _DISCONNECTED:
            peer = self._peers.pop(descriptor, None)
            if monitor in self._keyless and self._keys is not None and peer is not None and not peer.is_cut:
                self._tell(peer.address, f"The feed refused {peer.address}: it has no key of this feed.", now)
            self._keyless.discard(monitor)
        else:
            self._keyless.add(monitor)

    def _accept(self, descriptor: int, peer: Peer) -> None:
        address = peer.address
        if address in self._barred:
            cut(descriptor, self._names)
        elif len(self._peers) >= self._most:
            self._refuse(descriptor, peer, f"{self._most} connections are open already")
        elif is_far(address) and sum(other.address == address for other in self._peers.values()) >= MOST_OF_ONE:
            self._refuse(descriptor, peer, f"it has {MOST_OF_ONE} connections already")
        else:
            self._peers[descriptor] = peer

    def _look(self, now: float) -> None:
        """Look whether the list of keys has changed, and what the connections have sent."""
        self._look_at_keys()
        with self._lock:
            self._barred = {who: until for who, until in self._barred.items() if until > now}
            for descriptor, peer in list(self._peers.items()):
                received = received_by(descriptor, self._names)
                if received is None:
                    del self._peers[descriptor]
                elif peer.is_cut:
                    continue
                elif self._keys is not None and peer.key and peer.key not in self._allowed:
                    self._cut(descriptor, peer, "its key is revoked", now)
                elif peer.is_flood(received, now):
                    self._bar(descriptor, peer, "it sends more than anybody needs", now)

    def _look_at_keys(self) -> None:
        if self._keys is None:
            return
        try:
            seen = marks(self._keys.folder)
            if seen == self._marks:
                return
            found = list(clients(self._keys.folder))
        except OSError as error:
            self._tell(
                "", f"The keys in {self._keys.folder} cannot be read: {error.strerror}; those read before hold.", time.monotonic()
            )
            return
        for client in found:
            if isinstance(client, FeedError):
                self._tell(str(client), f"{client} It is not let in.", time.monotonic())
        usable = [client for client in found if isinstance(client, Client)]
        with self._lock:
            self._marks = seen
            self._allowed = {client.public: client.name for client in usable if client.is_allowed}
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
        self._tell(peer.address, f"The feed cut off {who}: {why}.", now)

    def _refuse(self, descriptor: int, peer: Peer, why: str) -> None:
        cut(descriptor, self._names)
        self._tell(peer.address, f"The feed refused {peer.address}: {why}.", peer.since)

    def _tell(self, subject: str, sentence: str, now: float) -> None:
        """Have a sentence told by the thread, as who writes it may have to wait; no more of them than anybody can read."""
        if self._notices.due(subject, now):
            self._untold.append(sentence)


def name_of(endpoint: str) -> int | str:
    """The port or path of an address, as the descriptors of its connections tell it."""
    path = endpoint.removeprefix("ipc://")
    return path if path != endpoint else int(endpoint.rpartition(":")[2])
