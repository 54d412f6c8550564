"""What must be known of a message of the feed to hand it on: where it belongs, and whether it is newer than another.

Owns: how a picture's message is taken apart, and what goes on as text and what as bytes.  Pure; does not own the format (wire).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from glyphfeed.stream.feed import wire

PICTURES: Final = "picture"
"""The first word of topics that hold pictures."""
_EVENTS: Final = frozenset(kind.name for kind in wire.KINDS.values() if not kind.is_state)


@dataclass(frozen=True, slots=True)
class Told:
    """A message as a web socket carries it: text, or bytes where it holds a picture; `frame` is -1 where it has none."""

    topic: str
    epoch: str
    seq: int
    frame: int
    payload: str | bytes

    @property
    def is_picture(self) -> bool:
        """Whether it holds a picture, which is sent by credit."""
        return isinstance(self.payload, bytes)

    @property
    def is_event(self) -> bool:
        """Whether it counts by itself, and is not replaced by the next one of its topic."""
        return self.topic.partition("/")[0] in _EVENTS


def told(message: bytes) -> Told:
    """Read what is to be known of a message.

    Raises:
        FeedError: it is no message of this version of the feed.

    """
    is_picture = message.startswith(f"{PICTURES}/".encode())
    # The JSON of a picture ends with its line.
    read = wire.parse(message.partition(b"\n")[0] if is_picture else message)
    frame = read.body.get("frame")
    payload = message if is_picture else message.decode()
    return Told(read.topic, read.epoch, read.seq, frame if isinstance(frame, int) else -1, payload)
