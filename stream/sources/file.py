"""Reading video files with PyAV.

Owns: opening a file, decoding it to its end, and telling a whole file from a cut or damaged one.  Does not own its pace.
"""

from __future__ import annotations

import logging
import math
import os
import time
from typing import TYPE_CHECKING

import av

from glyphfeed.stream.errors import SourceError
from glyphfeed.stream.sources.picture import picture_from_av
from glyphfeed.stream.sources.timeline import Timeline

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from av.container import InputContainer
    from av.video.stream import VideoStream

    from glyphfeed.stream.sources.picture import Picture

log = logging.getLogger("glyphfeed.sources")

DEFAULT_RATE = 25.0
"""Frames a second of a stream that does not say: FFmpeg's own default."""
LEAP_S = 60.0
"""A stamp further ahead than this is taken for a jump of the clock."""
SHORT_S = 0.5
"""A file that ends this much before the duration it states was cut."""


def check_file(path: Path) -> None:
    """Make the cheap checks on a file, without opening it.

    Raises:
        SourceError: there is no such file, or it is empty or unreadable.

    """
    try:
        status = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        raise SourceError(f"{path}: there is no such file or folder; check the path") from None
    except (OSError, ValueError) as error:
        raise SourceError(f"{path} cannot be looked for ({error}); check the path and its permissions") from error
    if not path.is_file():
        raise SourceError(f"{path} is not a file that can be read; give a video file, a folder, or a camera's number")
    if not os.access(path, os.R_OK):
        raise SourceError(f"{path} may not be read by this user; change its permissions")
    if status.st_size == 0:
        raise SourceError(f"{path} is empty; copy or record it again")


def decode_file(path: Path, *, live: bool = False) -> Iterator[Picture]:
    """Yield every picture of a video file, stamped in seconds from the first.

    Where the clock of a recorded broadcast jumps, by a splice, a restart or its end of counting, time goes on by the frame rate.
    Elsewhere a stamp tells how long the picture before stands, and only who plays the file `live` does not wait for longer than
    `LEAP_S`.

    Raises:
        SourceError: it is not a video, or no picture of it can be decoded; or, after some pictures, it breaks or ends
            before the end that it states.

    """
    with _open(path) as container:
        stream = _video_stream(container, path)
        stream.thread_type = "AUTO"
        decoding = _Decoding(container, stream)
        rate = float(stream.average_rate or 0) or DEFAULT_RATE
        # Over a gap of an hour the average says nothing.
        fastest = max(rate, float(stream.base_rate or 0))
        jumps = av.format.Flags.ts_discont in av.format.Flags(container.format.flags)
        leap_s = LEAP_S if live or jumps else math.inf
        timeline = Timeline()
        count = 0
        for count, decoded in enumerate(decoding.pictures(), 1):  # noqa: B007
            own = stamp_of(decoded, stream)
            stamp = timeline.place(own, 1 / (rate if own is None else fastest), leap_s)
            yield picture_from_av(decoded, stamp, time.time())
        if count == 0:
            raise SourceError(f"{path}: no picture in it can be decoded; the file is damaged, copy or convert it again")
        if decoding.cut_short(path.stat().st_size):
            raise SourceError(f"{path} ended early at frame {count}: the file is damaged or truncated; copy or record it again")
        if decoding.damaged:
            log.warning("%s: %d damaged pictures were skipped", path, decoding.damaged)


def stamp_of(decoded: av.VideoFrame, stream: VideoStream) -> float | None:
    """Tell the time of a picture on its file's clock, in seconds, None if it has none."""
    if decoded.pts is None or decoded.time is None:
        return None
    # What a decoder still holds at the end comes without the unit of its stamps.
    return float(decoded.pts * (stream.time_base or 0)) if math.isnan(decoded.time) else decoded.time


def _open(path: Path) -> InputContainer:
    try:
        # The scheme keeps FFmpeg from taking a colon in the name for one.
        return av.open(f"file:{path}")
    except (av.FFmpegError, OSError) as error:
        raise SourceError(
            f"{path} cannot be read as a video ({error.strerror}); it is another kind of file, or was cut before its "
            "index was written: record, copy or convert it again"
        ) from error


def _video_stream(container: InputContainer, path: Path) -> VideoStream:
    # FFmpeg takes any text file for terminal art, and the cover of a song for a video.
    is_text = container.format.name == "tty"
    for stream in container.streams.video:
        if not is_text and not stream.disposition & av.stream.Disposition.attached_pic:
            return stream
    container.close()
    raise SourceError(f"{path} has no video in it; give a video file")


class _Decoding:
    """The decoding of one file, and what it showed about the file's health."""

    def __init__(self, container: InputContainer, stream: VideoStream) -> None:
        self._container = container
        self._stream = stream
        self._unreadable = False
        self._tail_damaged = False
        self._packets = 0
        self._reached_s = 0.0
        self.damaged = 0

    def pictures(self) -> Iterator[av.VideoFrame]:
        """Decode to the end, or to the first place where the file cannot be read further."""
        for packet in self._packets_of_video():
            decoded = self._decode(packet)
            self._tail_damaged = decoded is None
            yield from decoded or ()
        # What the decoder still holds; it says so when it is empty.
        while decoded := self._decode(None):
            yield from decoded

    def cut_short(self, size_bytes: int) -> bool:
        """Whether the file ended before it should have, as far as its container lets one know."""
        container_format = self._container.format.name
        if self._unreadable or self._tail_damaged:
            return True
        if "mp4" in container_format:
            return any(entry.pos + entry.size > size_bytes for entry in self._stream.index_entries)
        if container_format == "avi":
            return self._stream.frames > self._packets
        if container_format.startswith(("matroska", "flv")) and self._container.duration:
            start_s = (self._container.start_time or 0) / av.time_base
            return self._reached_s < start_s + self._container.duration / av.time_base - SHORT_S
        return False

    def _packets_of_video(self) -> Iterator[av.Packet[av.stream.Stream]]:
        try:
            # All streams, because a stated duration is that of the longest.
            for packet in self._container.demux():
                if packet.pts is not None and packet.time_base is not None:
                    end = (packet.pts + (packet.duration or 0)) * packet.time_base
                    self._reached_s = max(self._reached_s, float(end))
                if packet.stream.index == self._stream.index and packet.size:
                    self._packets += 1
                    yield packet
        except av.FFmpegError:
            self._unreadable = True

    def _decode(self, packet: av.Packet[av.stream.Stream] | None) -> list[av.VideoFrame] | None:
        """The pictures that the decoder gives for a packet, None where the packet is damaged."""
        try:
            # Of a corrupt packet only a part was there: it would give half a picture.
            if packet is None or not packet.is_corrupt:
                return list(self._stream.codec_context.decode(packet))
        except EOFError:
            return []
        except av.FFmpegError:
            pass
        self.damaged += 1
        return None
