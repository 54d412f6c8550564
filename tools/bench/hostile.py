"""Junk for a feed: what broken and hostile clients send, as a corpus and as what is made from it by chance.

Owns: the inputs, the floods, and a program that sends them.  Does not own what is measured meanwhile (feed).

`python -m glyphfeed.tools.bench.hostile ENDPOINT INPUTS SEED` sends so many inputs, one after the other, and then floods the feed
in each way that there is.
"""

from __future__ import annotations

import os
import random
import socket
import struct
import sys
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, replace
from itertools import chain, count, islice, product
from typing import TYPE_CHECKING, Final

from glyphfeed.stream.feed.endpoint import requests_endpoint

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

HELD: Final = 100
"""So many connections are left open, as slow clients leave them."""
PATIENCE_S: Final = 2.0
"""So long is waited for the feed to take an input."""
ANSWER_S: Final = 0.1
"""So long for it to answer a handshake, which may not be one."""
_MORE, _LONG, _COMMAND = 1, 2, 4


@dataclass(frozen=True, slots=True)
class Attempt:
    """One connection: what is sent over it, in pieces, to the port of the feed or the one for `requests`.

    Where there is a `handshake` it comes first, and the pieces after the feed has answered it.  Connections that are `held` are
    left open until many others have come.
    """

    pieces: tuple[bytes, ...]
    requests: bool = False
    held: bool = False
    handshake: bytes = b""


def frame(body: bytes, flags: int = 0, size: int | None = None) -> bytes:
    """A frame as ZMTP 3.1 has it; `size` is what it claims to be long."""
    size = len(body) if size is None else size
    if size > 255 or flags & _LONG:
        return struct.pack(">BQ", flags | _LONG, size % 2**64) + body
    return struct.pack(">BB", flags, size) + body


def greeting(mechanism: bytes = b"NULL", version: tuple[int, int] = (3, 1)) -> bytes:
    """What a client says first."""
    return b"\xff" + bytes(8) + b"\x7f" + bytes(version) + mechanism.ljust(20, b"\0") + bytes(32)


def ready(kind: bytes, **properties: bytes) -> bytes:
    """What a client of a kind of socket says next."""
    named = {b"Socket-Type": kind, **{name.encode(): value for name, value in properties.items()}}
    body = b"".join(bytes([len(name)]) + name + struct.pack(">I", len(value)) + value for name, value in named.items())
    return frame(b"\x05READY" + body, _COMMAND)


def corpus() -> list[Attempt]:
    """Inputs of each kind."""
    sub, dealer = greeting() + ready(b"SUB"), greeting() + ready(b"DEALER")
    strangers = [
        b"",
        b"\0",
        b"GET / HTTP/1.1\r\nHost: feed\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(64),
        b"SSH-2.0-OpenSSH_9.9\r\n",
        b"\xff" * 64,
        bytes(64),
        b"\x01\x00",
        b"\xff\x00\x00\x00\x00\x00\x00\x00\x01\x7f\x01\x02\x00\x00",
    ]
    handshakes = [
        greeting()[:10],
        greeting()[:11],
        greeting()[:63],
        greeting(version=(3, 0)) + ready(b"SUB"),
        greeting(version=(9, 9)),
        greeting(b"PLAIN") + frame(b"\x05HELLO\x01a\x01b", _COMMAND),
        greeting(b"CURVE") + frame(b"\x05HELLO\x01\x00" + bytes(192), _COMMAND),
        greeting(b"CURVE") + frame(b"\x08INITIATE" + bytes(248), _COMMAND),
        greeting(b"GSSAPI"),
        greeting(b"\xff" * 20),
        greeting() + frame(b"\x05READY", _COMMAND),
        greeting() + frame(b"\x05READY\x0bSocket-Type\xff\xff\xff\xffSUB", _COMMAND),
        greeting() + frame(b"\x05READY\xffSocket-Type", _COMMAND),
        greeting() + ready(b"PUB"),
        greeting() + ready(b"XPUB", Identity=b"x" * 255),
        greeting() + ready(b"SUB") * 3,
        greeting() + frame(b"\x05ERROR\xffno", _COMMAND),
        greeting() + frame(b"", _COMMAND),
        greeting() + frame(b"\xff", _COMMAND),
    ]
    subscriptions = [
        frame(b"\x01"),
        frame(b"\x01text/"),
        frame(b"\x00never asked"),
        frame(b"\x01" + b"p" * 4000),
        frame(b"\x01" + b"p" * 100_000),
        frame(b"\x02a message to the feed"),
        frame(b""),
        frame(b"\x01a", _MORE) * 50,
        frame(b"\x01" + bytes(range(256))),
        frame(b"\x09SUBSCRIBE" + b"event/", _COMMAND),
        frame(b"\x06CANCEL" + b"event/", _COMMAND),
        frame(b"\x04PING\xff\xffcontext", _COMMAND) * 20,
        frame(b"\x04PING", _COMMAND),
        frame(b"\x04PONG" + bytes(100), _COMMAND),
        frame(b"x", size=100_000_000),
        frame(b"x" * 1000, size=2**63),
        frame(b"x" * 1000, size=2**64 - 1),
        frame(b"x", flags=0xFF),
        frame(b"", flags=0xF8),
        b"".join(frame(b"\x01" + str(number).encode()) for number in range(500)),
    ]
    asked = [
        b'{"op":"snapshot"}',
        b'{"op":"events","source":"street","epoch":"","since":0}',
        b'{"op":"events","source":"street","epoch":"","since":-1}',
        b'{"op":"events","source":"street","epoch":"","since":1e400}',
        b'{"op":"events","source":"street","epoch":"","since":99999999999999999999999}',
        b'{"op":"events","source":"../../etc/passwd","epoch":"","since":0}',
        b'{"op":"events","source":["street"],"epoch":{},"since":"0"}',
        b'{"op":"events","source":"\\ud800","epoch":"\\u0000","since":true}',
        b'{"op":"events","source":"' + b"s" * 4000 + b'","epoch":"","since":0}',
        b'{"op":"stop"}',
        b'{"op":null}',
        b'{"op":"snapshot","op":"events"}',
        b"[" * 3000,
        b'{"a":' * 800,
        b"null",
        b"NaN",
        b"Infinity",
        b"9" * 4000,
        b"\xff\xfe\xfd",
        b"\xef\xbb\xbf{}",
        b"",
        b"\0" * 100,
        b"'; DROP TABLE events; --",
    ]
    framings: list[Callable[[bytes], bytes]] = [
        frame,
        lambda body: frame(b"", _MORE) + frame(body),
        lambda body: frame(b"route", _MORE) * 3 + frame(b"", _MORE) + frame(body),
        lambda body: frame(body, _MORE),
        lambda body: frame(body) * 20,
    ]
    ways = list(product((False, True), repeat=2))
    return [
        *(Attempt((junk,), requests, held) for junk in [*strangers, *handshakes] for requests, held in ways),
        *(Attempt((junk,), held=held, handshake=sub) for junk in subscriptions for held in (False, True)),
        *(Attempt((junk,), requests=True, handshake=dealer) for junk in subscriptions),
        *(Attempt((framed(body),), requests=True, handshake=dealer) for body in asked for framed in framings),
    ]


def inputs(seed: int) -> Iterator[Attempt]:
    """The corpus, and then without end what is made from it: cut off, doubled, spliced, with bytes changed, split into pieces."""
    chance = random.Random(seed)
    known = corpus()
    return chain(known, (mutated(chance.choice(known), known, chance) for _ in count()))


def mutated(attempt: Attempt, known: list[Attempt], chance: random.Random) -> Attempt:
    """One input made from another; now and then its handshake is changed as well."""
    data = changed(b"".join(attempt.pieces), known, chance)
    handshake = changed(attempt.handshake, known, chance) if chance.random() < 0.1 else attempt.handshake
    cuts = sorted(chance.randint(0, len(data)) for _ in range(chance.randint(0, 3)))
    pieces = tuple(data[a:b] for a, b in zip([0, *cuts], [*cuts, len(data)], strict=True))
    return replace(attempt, pieces=pieces, handshake=handshake, held=chance.random() < 0.2)


def changed(text: bytes, known: list[Attempt], chance: random.Random) -> bytes:
    """A few bytes cut off, doubled, replaced, put in, or taken from another input."""
    data = bytearray(text)
    for _ in range(chance.randint(1, 4)):
        at = chance.randint(0, len(data))
        match chance.randrange(6):
            case 0:
                data = data[:at]
            case 1:
                data[at:at] = data[at : at + chance.randint(1, 64)]
            case 2:
                data[at : at + chance.randint(1, 8)] = chance.randbytes(chance.randint(0, 8))
            case 3 if data:
                data[at % len(data)] ^= 1 << chance.randrange(8)
            case 4:
                data += b"".join(chance.choice(known).pieces)[: chance.randint(0, 2000)]
            case _:
                data[at:at] = chance.randbytes(chance.choice((1, 2, 8, 64, 300)))
    return bytes(data)


SUB: Final = Attempt((), handshake=greeting() + ready(b"SUB"))
DEALER: Final = Attempt((), requests=True, handshake=greeting() + ready(b"DEALER"))


def floods() -> Iterator[Attempt]:
    """More than any client needs, on one connection each: subscriptions, their changes, huge ones, requests, one message."""
    endless = frame(bytes(3000), _MORE) * 80_000
    yield replace(SUB, pieces=(b"".join(frame(b"\x01text/%d" % number) for number in range(100_000)),))
    yield replace(SUB, pieces=((frame(b"\x01text/") + frame(b"\x00text/")) * 50_000,))
    yield replace(SUB, pieces=(b"".join(frame(b"\x01" + b"%04d" % number * 1000) for number in range(2000)),))
    yield replace(SUB, pieces=(endless,))
    yield replace(DEALER, pieces=((frame(b"", _MORE) + frame(b'{"op":"snapshot"}')) * 20_000,))
    yield replace(DEALER, pieces=(endless,))


class Attacker:
    """Sends inputs to a feed at a TCP address, and floods it."""

    def __init__(self, endpoint: str) -> None:
        self._feed, self._requests = (address_of(place) for place in (endpoint, requests_endpoint(endpoint)))
        self._held: deque[socket.socket] = deque()

    def send(self, attempt: Attempt) -> None:
        """Send one input, and wait until the feed has taken it, where it is not held."""
        # Whatever the feed does to the connection is its right.
        with suppress(OSError):
            connection = socket.create_connection(self._requests if attempt.requests else self._feed, PATIENCE_S)
            with suppress(OSError):
                if attempt.handshake:
                    connection.sendall(attempt.handshake)
                    await_ready(connection)
                for piece in attempt.pieces:
                    connection.sendall(piece)
                if attempt.held:
                    self._hold(connection)
                    return
                connection.shutdown(socket.SHUT_WR)
                while connection.recv(65_536):
                    pass
            connection.close()

    def _hold(self, connection: socket.socket) -> None:
        self._held.append(connection)
        if len(self._held) > HELD:
            self._held.popleft().close()

    def flood(self) -> None:
        """Do everything by the ten thousand, on few connections each, some of which never read."""
        for _ in range(20):
            self.send(replace(SUB, pieces=(frame(b"\x01"),), held=True))
        for attempt in floods():
            self.send(attempt)
        for _ in range(10_000):
            self.send(Attempt((), held=True))

    def close(self) -> None:
        """Let go of what is held."""
        while self._held:
            self._held.popleft().close()


def await_ready(connection: socket.socket) -> None:
    """Wait until the feed has answered a handshake with its own greeting and command, or has not for a while."""
    connection.settimeout(ANSWER_S)
    answered = 0
    with suppress(TimeoutError):
        while answered <= len(greeting()):
            piece = connection.recv(1024)
            if not piece:
                return
            answered += len(piece)
    connection.settimeout(PATIENCE_S)


def address_of(endpoint: str) -> tuple[str, int]:
    """Host and port of a TCP address."""
    host, _, port = endpoint.removeprefix("tcp://").rpartition(":")
    return host.strip("[]"), int(port)


def main(endpoint: str, number: str, seed: str) -> None:
    """Send so many inputs, then flood; at the lowest priority, as who attacks is elsewhere."""
    os.nice(19)
    attacker = Attacker(endpoint)
    for attempt in islice(inputs(int(seed)), int(number)):
        attacker.send(attempt)
    attacker.flood()
    attacker.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
