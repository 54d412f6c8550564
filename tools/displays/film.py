"""The annotated video: every processed frame with its text drawn over it, as H.264 in an MP4.

Owns: the file and the encoding.  Does not own the drawing (overlay) nor the thread that it is done in (`running.relay`).
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import av
import cv2
import numpy as np

from glyphfeed.stream.running.relay import Relay
from glyphfeed.tools.displays.overlay import draw_snapshot
from glyphfeed.tools.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from av import Packet
    from av.container import OutputContainer
    from av.video.stream import VideoStream

    from glyphfeed.stream.records import Colour, Event, Frame, Snapshot, Status
    from glyphfeed.stream.sink import Sink
    from glyphfeed.stream.sources.source import Source

TIME_BASE: Final = Fraction(1, 90_000)
RATE: Final = 30
"""What the file says of its frame rate; each frame has its own time nevertheless."""


class Film:
    """A video being written, a frame at a time; `close` completes the file.

    Raises:
        CommandError: the file cannot be written.

    """

    def __init__(self, path: Path) -> None:
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # FFmpeg opens the file with its first frame: a path that cannot be written had better be known before.
            path.open("wb").close()
        except OSError as error:
            raise CommandError(f"the video {path} cannot be written: {error.strerror}; choose another folder") from error
        self.path = path
        self._container: OutputContainer | None = None
        self._stream: VideoStream | None = None
        self._frame = -1

    def publish(self, frame: Frame, snapshot: Snapshot, events: Sequence[Event]) -> None:  # noqa: ARG002
        """Draw and encode a frame with its text; see `Sink.publish`."""
        if self._container is None or self._stream is None:
            self._container, self._stream = self._open(snapshot.size)
        elif snapshot.frame == self._frame:
            # What became known of a frame that is in the film already.
            return
        self._frame = snapshot.frame
        stream = self._stream
        image = fitted(draw_snapshot(frame.bgr(), snapshot), stream.width, stream.height)
        picture = av.VideoFrame.from_ndarray(image, format="bgr24")
        picture.pts, picture.time_base = round(snapshot.pts / TIME_BASE), TIME_BASE
        self._mux(stream.encode(picture))

    def _mux(self, packets: list[Packet[Any]]) -> None:
        assert self._container is not None
        try:
            self._container.mux(packets)
        except av.FFmpegError:
            # FFmpeg crashes where more is written after that, if only the end of the file.
            container, self._container = self._container, None
            with suppress(av.FFmpegError):
                container.close()
            raise

    def _open(self, size: tuple[int, int]) -> tuple[OutputContainer, VideoStream]:
        container = av.open(f"file:{self.path}", "w", format="mp4")
        stream = container.add_stream("libx264", rate=RATE, options={"preset": "superfast", "crf": "23"})
        # 4:2:0 has one colour sample for two by two pixels: an odd edge is left out.
        stream.width, stream.height = size[0] & ~1, size[1] & ~1
        stream.pix_fmt, stream.codec_context.time_base = "yuv420p", TIME_BASE
        return container, stream

    def close(self) -> None:
        """Write what is left and complete the file; one without a frame is none, and not left in the way of the next."""
        if self._stream is None and self.path.is_file():
            self.path.unlink()
        if self._container is None or self._stream is None:
            return
        self._mux(self._stream.encode())
        container, self._container = self._container, None
        container.close()


def fitted(image: Colour, width: int, height: int) -> Colour:
    """A picture in the size of the film, that of the first one: without an odd edge, or, where the source has changed its size,
    scaled to fit, with black beside it.
    """
    if image.shape[0] & ~1 == height and image.shape[1] & ~1 == width:
        return image[:height, :width]
    scale = min(width / image.shape[1], height / image.shape[0])
    size = max(round(image.shape[1] * scale), 1), max(round(image.shape[0] * scale), 1)
    screen = np.zeros((height, width, 3), np.uint8)
    left, top = (width - size[0]) // 2, (height - size[1]) // 2
    screen[top : top + size[1], left : left + size[0]] = cv2.resize(image, size, interpolation=cv2.INTER_AREA)
    return screen


class Only:
    """A sink that passes on what is told of one source."""

    def __init__(self, source: str, sink: Sink) -> None:
        self._source, self._sink = source, sink

    def publish(self, frame: Frame, snapshot: Snapshot, events: Sequence[Event]) -> None:
        """See `Sink.publish`."""
        if snapshot.source == self._source:
            self._sink.publish(frame, snapshot, events)

    def report(self, status: Status) -> None:
        """See `Sink.report`."""
        if status.source == self._source:
            self._sink.report(status)


@contextmanager
def filming(path: Path, source: Source) -> Iterator[Sink]:
    """Write a film of a source beside the reading of it, complete at the end of the context; of a live source a frame that comes
    too soon is left out, and so are other sources, which may come meanwhile.

    Raises:
        CommandError: the file cannot be written, or not to its end.

    """
    try:
        with Relay(Film(path), [source.name] if source.live else []) as relay:
            yield Only(source.name, relay)
    except (av.FFmpegError, OSError) as error:
        raise CommandError(f"the video {path} is incomplete: {error.strerror or error}") from error
