"""Network streams: with PyAV RTSP over TCP, HLS and video files on a web server, and the pictures that web cameras send.

Owns: reaching the server, opening, decoding with little delay, and one clear sentence for each way in which that fails.
Does not own reconnecting, nor how a web server is asked (web).
"""

from __future__ import annotations

import math
import os
import socket
import time
from contextlib import closing
from http.client import HTTPException
from typing import TYPE_CHECKING
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

import av
import cv2
import numpy as np

from glyphfeed.stream.errors import SourceError
from glyphfeed.stream.placeholders import blank, fill
from glyphfeed.stream.sources.live import AbsentError, RefusedError
from glyphfeed.stream.sources.pacing import ByClock, Evenly
from glyphfeed.stream.sources.picture import picture_from_av, picture_from_bgr
from glyphfeed.stream.sources.redaction import redact
from glyphfeed.stream.sources.web import Splitter, ask

if TYPE_CHECKING:
    import threading
    from collections.abc import Generator, Iterator

    from av.container import InputContainer
    from av.video.stream import VideoStream

    from glyphfeed.stream.sources.pacing import Pace
    from glyphfeed.stream.sources.picture import Picture
    from glyphfeed.stream.sources.web import Answer

PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
"""The supported schemes, with their default ports."""
OPEN_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 5.0
SLOW_TIMEOUT_S = 12.0
"""The same where pictures may lie far apart: of cameras that send single ones, and of those that have gone silent after one."""
POLL_S = 0.5
"""A still is asked for so often, a little less often than settled text is compared with the picture."""
SEGMENT_TIMEOUT_S = 15.0
"""HLS sends seconds of video at once, and nothing in between."""
REACH_AGAIN_S = 1.0
"""For a camera that answered before: a short try finds it sooner when it is back than a long one."""
FIRST_PICTURE_S = 12.0
"""Until the first picture: cameras may send a key picture, without which nothing can be decoded, every ten seconds only."""
BURST = 50
"""So many damaged packets in a row, after a good one, mean that the stream has changed under the decoder."""
OPTIONS = {
    "rtsp_transport": "tcp",
    "allowed_media_types": "video",
    "flags": "low_delay",
    "max_delay": "0",
    "reorder_queue_size": "0",
    # Enough for one key picture, but no waiting to measure the frame rate.
    "fpsprobesize": "0",
    "analyzeduration": "1000000",
    "probesize": "1000000",
}


class NetworkStream:
    """A network address to connect to, any number of times; the secrets that it names are looked up each time.

    Raises:
        SourceError: the address is malformed, or a secret that it names cannot be had.

    """

    def __init__(self, address: str) -> None:
        self.label = redact(address)
        self._address = address
        self._was_live = False
        try:
            parts = urlsplit(blank(address))
            port = parts.port
        except ValueError:
            port, parts = 0, urlsplit("")
        # No stream has a fragment: an @ in it belonged to a password with a #.
        if port == 0 or not parts.hostname or "@" in parts.fragment:
            raise SourceError(
                f"{self.label} is not a complete address; write it as scheme://user:password@host:port/path, with "
                "characters such as / and @ in the password percent-encoded (%2F, %40)"
            )
        if parts.hostname != urlsplit(blank(address, "y")).hostname:
            raise SourceError(f"{self.label}: a secret cannot stand in the place of the host; write the host's name or address")
        self._filled()
        self.host = parts.hostname
        self._is_torn = "@" in parts.path + parts.query and "@" not in parts.netloc
        self._scheme = parts.scheme
        self._port = port or PORTS[self._scheme]
        self._is_segmented = parts.path.endswith((".m3u8", ".m3u"))
        self._interval_s: float | None = None
        """How far its pictures lie apart, as the last connection shows; infinite after a single one."""

    def connect(self, abandoned: threading.Event) -> Iterator[Picture]:
        """Connect once and yield pictures; see `live.Connect`."""
        self._reach()
        answer = self._ask() if self._scheme.startswith("http") and not self._is_segmented else None
        pictures = self._video(abandoned) if answer is None else self._single_pictures(answer, abandoned)
        count, first_s = 0, 0.0
        with closing(pictures):
            for picture in pictures:
                if abandoned.is_set():
                    return
                now_s = time.monotonic()
                first_s = first_s or now_s
                self._was_live, self._interval_s = True, (now_s - first_s) / count if count else math.inf
                count += 1
                yield picture

    def _patience_s(self, patience_s: float) -> float:
        """How long a silence may last of a camera of which nothing is known that asks for `patience_s`."""
        if self._interval_s is None:
            return patience_s
        return max(READ_TIMEOUT_S, min(3 * self._interval_s, SLOW_TIMEOUT_S))

    def _video(self, abandoned: threading.Event) -> Generator[Picture]:
        with self._open() as container:
            stream = self._video_stream(container)
            stream.codec_context.flags |= av.codec.context.Flags.low_delay
            # Frame threads would hold back as many pictures as there are threads.
            stream.thread_type = "SLICE"
            is_recorded = container.duration is not None and not self._scheme.startswith("rtsp")
            if is_recorded and self._was_live and container.format.name == "hls":
                # A live playlist that came back with an end was finished in between: what it now offers was seen.
                return
            is_paced = is_recorded or container.format.name == "hls"
            yield from self._pictures(container, stream, ByClock(abandoned) if is_paced else Evenly(abandoned))
            if not is_recorded:
                raise self._closed()

    def _filled(self) -> str:
        try:
            return fill(self._address)
        except SourceError as error:
            raise SourceError(f"{self.label}: {error}") from None

    def _reach(self) -> None:
        """Try the port first: the system says plainly what FFmpeg calls an input/output error."""
        if self._scheme.startswith("http") and os.environ.get("http_proxy"):
            return
        where = f"{self.host}:{self._port}"
        timeout_s = REACH_AGAIN_S if self._was_live else OPEN_TIMEOUT_S
        try:
            socket.create_connection((self.host, self._port), timeout_s).close()
        except (socket.gaierror, UnicodeError):
            sentence = f"the host name {self.host} cannot be resolved; check the address and the network"
            if self._is_torn:
                # What stands there for the host may be the user, and its port the beginning of a password.
                sentence = "the host name cannot be resolved; in a password write / as %2F, ? as %3F and @ as %40"
        except ConnectionRefusedError:
            sentence = f"nothing listens at {where}; check the port, and that the camera is on"
        except TimeoutError:
            sentence = f"{where} does not answer; check the address, and that the camera is on and on this network"
        except OSError as error:
            sentence = f"{where} cannot be reached ({error.strerror}); check the address and the network"
        else:
            return
        raise SourceError(f"{self.label}: {sentence}")

    def _open(self) -> InputContainer:
        read_timeout_s = SEGMENT_TIMEOUT_S if self._is_segmented else self._patience_s(READ_TIMEOUT_S)
        begun_s = time.monotonic()
        try:
            return av.open(self._filled(), "r", options=OPTIONS, timeout=(OPEN_TIMEOUT_S, read_timeout_s))
        except av.FFmpegError as error:
            # For some protocols FFmpeg calls its own time-out invalid data.
            if time.monotonic() - begun_s > OPEN_TIMEOUT_S:
                raise self._silent() from None
            raise self._explained(error) from None

    def _explained(self, error: av.FFmpegError) -> SourceError:
        if isinstance(error, av.HTTPUnauthorizedError | av.HTTPForbiddenError):
            return self._refused()
        if isinstance(error, av.HTTPNotFoundError):
            return self._absent()
        if isinstance(error, av.ExitError | TimeoutError):
            return self._silent()
        if isinstance(error, av.InvalidDataError):
            return AbsentError(f"{self.label} does not send video that can be read; check the address")
        return self._unreadable(error.strerror or "no reason given")

    def _refused(self) -> SourceError:
        return RefusedError(f"{self.label} refused the user name or password; give them as scheme://user:password@host/path")

    def _absent(self) -> SourceError:
        return AbsentError(f"{self.label}: the server has no stream at this path; check the part after the host")

    def _unreadable(self, reason: str) -> SourceError:
        return SourceError(f"{self.label} cannot be read ({redact(reason)}); check the address and the camera")

    def _closed(self) -> SourceError:
        return SourceError(f"{self.label} closed the stream; check that the camera is on")

    def _undecodable(self) -> SourceError:
        return SourceError(f"{self.label} sends pictures that cannot be decoded; check the camera's codec")

    def _silent(self) -> SourceError:
        return SourceError(
            f"{self.label} is connected but sends nothing; restart the camera, and check that this port speaks {self._scheme}"
        )

    def _video_stream(self, container: InputContainer) -> VideoStream:
        if not container.streams.video:
            raise AbsentError(f"{self.label} sends no video; check the part of the address after the host")
        return container.streams.video[0]

    def _pictures(self, container: InputContainer, stream: VideoStream, pace: Pace) -> Iterator[Picture]:
        """Decode until the stream ends, breaks, or brings nothing that can be decoded."""
        # FFmpeg makes up a clock for motion JPEG, which has none.
        has_clock = container.format.name != "mpjpeg"
        asked_s = decoded_s = time.monotonic()
        damaged, patience_s = 0, FIRST_PICTURE_S
        try:
            for packet in container.demux(stream):
                arrived_s, arrived_at = time.monotonic(), time.time()
                if arrived_s - asked_s > float(container.read_timeout or READ_TIMEOUT_S):
                    # Not an arrival: after its time-out FFmpeg gives out what it still held, a picture of long ago.
                    raise self._silent()
                try:
                    decoded = packet.decode()
                except av.InvalidDataError:
                    decoded = []
                    damaged += 1
                if decoded:
                    damaged, patience_s = 0, READ_TIMEOUT_S
                elif arrived_s - decoded_s > patience_s or (damaged > BURST and patience_s < FIRST_PICTURE_S):
                    raise self._undecodable()
                for frame in decoded:
                    stamp = frame.time if has_clock and frame.pts is not None else None
                    pace.await_turn(stamp, arrived_s - asked_s)
                    asked_s = arrived_s
                    yield picture_from_av(frame, stamp, arrived_at)
                asked_s = time.monotonic()
                decoded_s = asked_s if decoded else decoded_s
        except av.FFmpegError as error:
            raise self._explained(error) from None

    def _ask(self) -> Answer | None:
        """Ask a web server for pictures; None where FFmpeg had better see what it is."""
        try:
            return ask(self._filled(), OPEN_TIMEOUT_S)
        except HTTPError as error:
            code, reason = error.code, f"{error.code} {error.reason}"
        except (OSError, HTTPException, ValueError) as error:
            if not isinstance(error.reason if isinstance(error, URLError) else error, TimeoutError):
                return None
            code, reason = 0, ""
        # Out here, so that no error is another one's context: it might spell out the address with its password.
        if not code:
            raise self._silent()
        raise self._refused() if code in (401, 403) else self._absent() if code in (404, 410) else self._unreadable(reason)

    def _single_pictures(self, answer: Answer, abandoned: threading.Event) -> Generator[Picture]:
        """Take the pictures of a web camera as they come; what is but one is asked for again and again."""
        decoder = av.CodecContext.create("mjpeg", "r")
        again: Answer | None = answer
        while again is not None and not abandoned.is_set():
            begun_s = time.monotonic()
            with again:
                yield from self._still(again) if again.is_still else self._stream(again, decoder)
                if not again.is_still:
                    raise self._closed()
            # Ends when the connection is abandoned, or with the time-out.
            abandoned.wait(max(POLL_S - (time.monotonic() - begun_s), 0.0))
            again = self._ask()

    def _pieces(self, answer: Answer) -> Iterator[bytes]:
        trouble = ""
        try:
            yield from answer.pieces()
        except TimeoutError:
            trouble = "silent"
        except (OSError, HTTPException):
            trouble = "broken"
        if trouble:
            raise self._silent() if trouble == "silent" else self._closed()

    def _still(self, answer: Answer) -> Iterator[Picture]:
        content = b"".join(self._pieces(answer))
        image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR) if content else None
        if image is None:
            raise AbsentError(f"{self.label} does not send a picture that can be read; check the address")
        yield picture_from_bgr(np.asarray(image, np.uint8), None)

    def _stream(self, answer: Answer, decoder: av.VideoCodecContext) -> Iterator[Picture]:
        splitter = Splitter()
        decoded_s = time.monotonic()
        answer.wait_at_most(self._patience_s(SLOW_TIMEOUT_S))
        for piece in self._pieces(answer):
            arrived_at = time.time()
            answer.wait_at_most(self._patience_s(SLOW_TIMEOUT_S))
            for picture in splitter.take(piece):
                try:
                    frames = decoder.decode(av.Packet(picture))
                except av.FFmpegError:
                    continue
                for frame in frames:
                    decoded_s = time.monotonic()
                    yield picture_from_av(frame, None, arrived_at)
            if time.monotonic() - decoded_s > self._patience_s(SLOW_TIMEOUT_S):
                raise self._undecodable()
