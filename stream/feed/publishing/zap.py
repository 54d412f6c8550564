"""The question whom to let in, as libzmq asks it of a program: ZAP, https://rfc.zeromq.org/spec/27/.

Owns: its form.  Pure; does not own the answer (admission).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from zmq.utils import z85

if TYPE_CHECKING:
    from collections.abc import Sequence

HANDLER: Final = "inproc://zeromq.zap.01"
"""Where libzmq asks."""
DOMAIN: Final = b"glyphfeed"
"""The domain of a feed's sockets: without one libzmq asks nobody, and lets in everybody."""
YES, LATER, NEVER = b"200", b"300", b"400"
"""After `LATER` a client tries again by itself, after `NEVER` it does not."""


@dataclass(frozen=True, slots=True)
class Question:
    """Whether a client at an address may connect: what libzmq asks.

    `key` is the one that it has, a Z85 text, "" where none is asked for.  `route` are the frames that lead back to who asks, and
    `number` is what the answer repeats.
    """

    route: tuple[bytes, ...]
    number: bytes
    address: str
    key: str

    def answer(self, code: bytes, reason: bytes) -> list[bytes]:
        """The frames that answer."""
        user = self.key.encode() if code == YES else b""
        return [*self.route, b"1.0", self.number, code, reason, user, b""]


def parse(frames: Sequence[bytes]) -> Question | None:
    """Read what came at the handler's socket; None where it is no question of a feed's."""
    match frames:
        case [route, b"", b"1.0", number, domain, address, _, b"CURVE", key] if domain == DOMAIN and len(key) == 32:
            return Question((route, b""), number, address.decode("ascii", "replace"), z85.encode(key).decode())
        case [route, b"", b"1.0", number, domain, address, _, b"NULL"] if domain == DOMAIN:
            return Question((route, b""), number, address.decode("ascii", "replace"), "")
    return None
