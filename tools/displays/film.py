"""The annotated video: every processed frame with its text drawn over it, as H.264 in an MP4.

Owns: the file and the thread that draws and encodes.  Does not own the drawing (overlay).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import av

from glyphfeed.stream.channel import Channel
from glyphfeed.tools.displays.overlay import draw_snapshot
from glyphfeed.tools.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from glyphfeed.stream.records import Event, Frame, Snapshot, Status

AHEAD: Final = 8
TIME_BASE: Final = Fraction(1, 90_000)
RATE: Final = 30
"""What the file says of its frame rate; each frame has its own time nevertheless."""


class Film:
    """A video being written, as a sink; use as a context, at whose end the file is complete.

    While recording live, a frame that comes before there is room is left out, else its giver waits.

    Raises:
        CommandError: the file cannot be written.

    """

    def __init__(self, path: Path, *, live: bool) -> None:
        self._frames: Channel[tuple[Frame, Snapshot]] = Channel(AHEAD)
        self._live = live
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # FFmpeg opens the file with its first frame: a path that cannot be written had better be known before.
            path.open("wb").close()
        except OSError as error:
            raise CommandError(f"the video {path} cannot be written: {error.strerror}; choose another folder") from error
        self.path = path
        self._pool = ThreadPoolExecutor(1, "glyphfeed-film")
        self._writing = self._pool.submit(self._write)

    def publish(self, frame: Frame, snapshot: Snapshot, events: Sequence[Event]) -> None:  # noqa: ARG002
        """Leave a frame with its text to be drawn and encoded; see `Sink.publish`."""
        if self._live:
            self._frames.put((frame, snapshot))
        else:
            self._frames.put_in_turn((frame, snapshot))

    def report(self, status: Status) -> None:
        """See `Sink.report`; a film shows none of it."""

    def close(self) -> None:
        """Write what is left and complete the file.

        Raises:
            CommandError: the video could not be written to its end.

        """
        self._frames.close()
        self._pool.shutdown()
        try:
            self._writing.result()
        except av.FFmpegError as error:
            raise CommandError(f"the video {self.path} is incomplete: {error.strerror}") from error

    def _write(self) -> None:
        """Encode until the channel is closed; whatever goes wrong closes it, so that nobody waits."""
        try:
            with av.open(f"file:{self.path}", "w", format="mp4") as container:
                stream = container.add_stream("libx264", rate=RATE, options={"preset": "superfast", "crf": "23"})
                for frame, snapshot in self._frames:
                    if not stream.codec_context.is_open:
                        # 4:2:0 has one colour sample for two by two pixels: an odd edge is left out.
                        stream.width, stream.height = snapshot.size[0] & ~1, snapshot.size[1] & ~1
                        stream.pix_fmt, stream.codec_context.time_base = "yuv420p", TIME_BASE
                    image = draw_snapshot(frame.bgr(), snapshot)[: stream.height, : stream.width]
                    picture = av.VideoFrame.from_ndarray(image, format="bgr24")
                    picture.pts, picture.time_base = round(snapshot.pts / TIME_BASE), TIME_BASE
                    container.mux(stream.encode(picture))
                if stream.codec_context.is_open:
                    container.mux(stream.encode())
        finally:
            self._frames.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
