"""What a feed has brought of each camera: the newest picture, and the text that belongs on it.  Pure.

Owns: how text and picture find each other, and how old a picture is.  Does not own receiving (stream.feed.receiving) nor the look
(tiles).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed.receiving.drawing import CARRIED_S, shown
from glyphfeed.stream.records import Snapshot, Status

if TYPE_CHECKING:
    from glyphfeed.stream.feed.receiving.drawing import Shown
    from glyphfeed.stream.feed.wire import Message

TEXTS: Final = 100
"""The texts of so many frames wait for their picture, which comes some milliseconds after them."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture as it came: `size` is that of the frame in pixels, the JPEG may be smaller."""

    seq: int
    frame: int
    captured_at: float
    size: tuple[int, int]
    jpeg: bytes


def picture_of(message: Message) -> Picture:
    """Read the message that brings a picture.

    Raises:
        FeedError: a field is missing, or is not what the contract says.

    """
    body = message.body
    try:
        width, height = (int(edge) for edge in body["size"])
        return Picture(message.seq, int(body["frame"]), float(body["captured_at"]), (max(width, 1), max(height, 1)), message.jpeg)
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise FeedError(f"A message on {message.topic!r} is not as the feed's contract says: {error!r}.") from None


class Received:
    """One camera as the feed tells of it: `status` and `picture` are the last ones, None before the first."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.status: Status | None = None
        self.picture: Picture | None = None
        self._epoch = ""
        self._picture_epoch = ""
        self._texts: dict[int, Message] = {}

    def take(self, message: Message) -> None:
        """Take in a message of this camera.

        Raises:
            FeedError: it is not as the feed's contract says.

        """
        if message.epoch != self._epoch:
            # Frames are counted anew.
            self._epoch = message.epoch
            self._texts.clear()
        if message.kind == "picture":
            self.picture, self._picture_epoch = picture_of(message), message.epoch
        elif isinstance(record := message.record, Status):
            self.status = record
        elif isinstance(record, Snapshot):
            held = self._texts.pop(record.frame, None)
            self._texts[record.frame] = message if held is None or held.seq < message.seq else held
            if len(self._texts) > TEXTS:
                del self._texts[min(self._texts)]

    @property
    def text(self) -> Message | None:
        """The text of the picture's frame, the newest there is; where that was lost, the newest of the frames before it."""
        if self.picture is None or self._picture_epoch != self._epoch:
            return None
        frame = max((frame for frame in self._texts if frame <= self.picture.frame), default=None)
        return None if frame is None else self._texts[frame]

    def shown(self) -> Shown | None:
        """What is to be drawn over the picture; None where nothing is known that is recent enough to be carried to it."""
        if (text := self.text) is None or self.picture is None:
            return None
        snapshot = text.record
        assert isinstance(snapshot, Snapshot)
        age_s = self.picture.captured_at - snapshot.captured_at
        if snapshot.frame == self.picture.frame:
            return shown(snapshot, 0.0)
        return shown(snapshot, age_s) if abs(age_s) <= CARRIED_S else None


class Clock:
    """How long ago something was by the publisher's clock, which is not ours: messages that took least time tell the difference.

    A delay that every message has is not seen.
    """

    def __init__(self) -> None:
        self._epoch = ""
        self._ahead_s = 0.0

    def take(self, message: Message, unix_s: float) -> None:
        """A message came at a Unix time of our own clock."""
        published_at = message.body.get("published_at")
        if not isinstance(published_at, int | float):
            return
        ahead_s = unix_s - published_at
        self._ahead_s = ahead_s if message.epoch != self._epoch else min(self._ahead_s, ahead_s)
        self._epoch = message.epoch

    def age_s(self, captured_at: float, unix_s: float) -> float:
        """How long before a moment of our clock something was; never less than nothing."""
        return max(unix_s - captured_at - self._ahead_s, 0.0)
