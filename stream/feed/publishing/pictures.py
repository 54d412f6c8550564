"""The pictures of the feed: of a processed frame one JPEG, for whoever asks, made beside the reading.

Owns: who asks, which frames become pictures, their size and quality, and the thread that makes them.  Does not own the numbering
and the sending (publisher).

A frame waits here from before its text is left to be published until that has been sent; then it is made a picture, if no newer
one is ready for that by then.  So a picture always follows the text of its frame, nothing queues, and where nobody asks no frame
is held.
"""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
import zmq

from glyphfeed.stream.feed import wire
from glyphfeed.stream.feed.publishing.peers import inode_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from glyphfeed.stream.feed.shapes import PictureBody
    from glyphfeed.stream.records import Colour, Frame, Snapshot

_log = logging.getLogger("glyphfeed.feed")

QUALITY: Final = 80
LONGEST_PX: Final = 1920
"""Halved until its longer side is no longer than this: 4K takes 7 ms of one core and 140 kB so, and whole 15 to 20 ms and 400 to
800 kB.  Halving is what OpenCV does fast and well: to bring 1080p down to 720p costs more than it saves."""
ASKING: Final = b"picture"
"""Only who subscribes to what begins like this asks for pictures: the empty prefix gets them, but they are not made for it."""


@dataclass(frozen=True, slots=True)
class Picture:
    """What is sent of a frame: the fields of its message, and the bytes of a JPEG."""

    source: str
    body: PictureBody
    jpeg: bytes


@dataclass(frozen=True, slots=True)
class _Processed:
    frame: Frame
    snapshot: Snapshot


class Pictures:
    """Makes pictures of the newest frames of the sources that are asked for; any thread may call anything, and nobody waits.

    `ready` is called, by the thread that makes them, when there is one to take.
    """

    def __init__(self, ready: Callable[[], None]) -> None:
        self._ready = ready
        self._asked: tuple[bytes, ...] = ()
        self._lock = threading.Lock()
        # Of each source: what waits for its text to be sent, what is to be made, what was last, and what is made.
        self._waiting: dict[str, _Processed] = {}
        self._due: dict[str, _Processed] = {}
        self._last: dict[str, tuple[int, float]] = {}
        self._made: dict[str, Picture] = {}
        self._failed = False
        self._pool = ThreadPoolExecutor(1, "glyphfeed-pictures")

    def ask(self, prefixes: Iterable[bytes]) -> None:
        """Say what is subscribed to now that begins like the topic of pictures; of what nobody asks for no frame is held."""
        with self._lock:
            self._asked = tuple(prefixes)
            for frames in (self._waiting, self._due, self._last, self._made):
                for source in [source for source in frames if not self._is_asked(source)]:
                    del frames[source]

    def _is_asked(self, source: str) -> bool:
        return f"picture/{source} ".encode().startswith(self._asked)

    def offer(self, frame: Frame, snapshot: Snapshot, *, in_turn: bool = False) -> None:
        """A frame was processed, whose text is about to be left to be published.

        Where texts are published `in_turn` the first frame of several waits for its text; else the last one, whose text takes the
        place of the others.
        """
        # Without a lock, as this is all that frames cost where nobody asks.
        if not self._asked:
            return
        source = snapshot.source
        with self._lock:
            if self._is_asked(source) and not (in_turn and source in self._waiting):
                self._waiting[source] = _Processed(frame, snapshot)

    def sent(self, source: str, frame: int) -> None:
        """The text of a frame was sent, and its picture may follow; a further text of the same frame brings no other."""
        with self._lock:
            waiting = self._waiting.get(source)
            if waiting is None or waiting.snapshot.frame > frame:
                return
            del self._waiting[source]
            seen = (waiting.snapshot.frame, waiting.snapshot.captured_at)
            if waiting.snapshot.frame < frame or seen == self._last.get(source):
                return
            self._last[source] = seen
            is_new = source not in self._due
            self._due[source] = waiting
        if is_new:
            self._pool.submit(self._make, source)

    def _make(self, source: str) -> None:
        with self._lock:
            due = self._due.pop(source, None)
        if due is None:
            return
        try:
            made = Picture(source, wire.picture_body(due.snapshot), jpeg(due.frame.bgr()))
        # Whatever it is: the reading goes on without pictures, and says so once.
        except Exception as error:
            if not self._failed:
                _log.error("A picture of %s could not be made for the feed: %r.", source, error)
            self._failed = True
            return
        with self._lock:
            if not self._is_asked(source):
                return
            self._made[source] = made
        self._ready()

    def finish(self) -> None:
        """Wait until all is made that is to be made by now: some milliseconds, and where nobody asks no time at all."""
        if self._asked:
            self._pool.submit(lambda: None).result()

    def take(self) -> list[Picture]:
        """What was made since, of each source the newest."""
        with self._lock:
            made = list(self._made.values())
            self._made.clear()
        return made

    def close(self) -> None:
        """Make no more; twice is fine."""
        self.ask(())
        self._pool.shutdown(cancel_futures=True)


def jpeg(picture: Colour) -> bytes:
    """Reduce a picture if it is large, and encode it."""
    while max(picture.shape[:2]) > LONGEST_PX:
        height, width = picture.shape[:2]
        halved = cv2.resize(picture, (max(width // 2, 1), max(height // 2, 1)), interpolation=cv2.INTER_AREA)
        picture = halved.astype(np.uint8, copy=False)
    _, encoded = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return encoded.tobytes()


class Watchers:
    """The connections that subscribe to pictures, and to what.

    libzmq tells of subscriptions that it has already, and of ends of some that it never had, and not whose ended with a
    connection.  So each is remembered by its socket, as the system knows it: descriptor and inode.
    """

    def __init__(self) -> None:
        self._asking: dict[tuple[int, int], set[bytes]] = {}

    def take(self, change: zmq.Frame) -> None:
        """Take in a subscription, or its end: a byte 1 or 0, and a prefix."""
        connection, prefix = _connection_of(change), change.bytes[1:]
        if connection is None:
            return
        if change.bytes[:1] == b"\x01":
            self._asking.setdefault(connection, set()).add(prefix)
        else:
            self._asking.get(connection, set()).discard(prefix)

    def prefixes(self) -> set[bytes]:
        """What those subscribe to that are still there."""
        self._asking = {
            connection: prefixes
            for connection, prefixes in self._asking.items()
            if prefixes and inode_of(connection[0]) == connection[1]
        }
        return set().union(*self._asking.values())


def _connection_of(message: zmq.Frame) -> tuple[int, int] | None:
    """The descriptor and the inode of the socket that a message came by; None where that is closed."""
    try:
        descriptor = int(message.get(zmq.SRCFD))
    except zmq.ZMQError:
        # libzmq's own, for a connection that is gone.
        return None
    inode = inode_of(descriptor)
    return None if inode is None else (descriptor, inode)
