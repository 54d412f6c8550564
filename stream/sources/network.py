"""Network streams with PyAV: RTSP over TCP, HTTP motion JPEG, HLS and video files on a web server.

Owns: reaching the server, opening, decoding with little delay, and one clear sentence for each way in which that fails.
Does not own reconnecting.
"""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import av

from glyphfeed.stream.errors import SourceError
from glyphfeed.stream.sources.live import RefusedError
from glyphfeed.stream.sources.picture import picture_from_av
from glyphfeed.stream.sources.placeholders import blank, fill
from glyphfeed.stream.sources.redaction import redact

if TYPE_CHECKING:
    import threading
    from collections.abc import Iterator

    from av.container import InputContainer
    from av.video.stream import VideoStream

    from glyphfeed.stream.sources.picture import Picture

PORTS = {"rtsp": 554, "rtsps": 322, "http": 80, "https": 443}
"""The supported schemes, with their default ports."""
OPEN_TIMEOUT_S = 5.0
READ_TIMEOUT_S = 5.0
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

    def connect(self, abandoned: threading.Event) -> Iterator[Picture]:
        """Connect once and yield pictures; see `live.Connect`."""
        self._reach()
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
            playback = _Playback(abandoned) if is_paced else None
            for picture in self._pictures(container, stream):
                if playback is not None:
                    playback.await_turn(picture.stamp)
                if abandoned.is_set():
                    return
                self._was_live = True
                yield picture
            if not is_recorded:
                raise SourceError(f"{self.label} closed the stream; check that the camera is on")

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
        is_segmented = urlsplit(self._address).path.endswith((".m3u8", ".m3u"))
        read_timeout_s = SEGMENT_TIMEOUT_S if is_segmented else READ_TIMEOUT_S
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
            return RefusedError(f"{self.label} refused the user name or password; give them as scheme://user:password@host/path")
        if isinstance(error, av.HTTPNotFoundError):
            return SourceError(f"{self.label}: the server has no stream at this path; check the part after the host")
        if isinstance(error, av.ExitError | TimeoutError):
            return self._silent()
        if isinstance(error, av.InvalidDataError):
            return SourceError(f"{self.label} does not send video that can be read; check the address")
        reason = redact(error.strerror or "no reason given")
        return SourceError(f"{self.label} cannot be read ({reason}); check the address and the camera")

    def _silent(self) -> SourceError:
        return SourceError(
            f"{self.label} is connected but sends nothing; restart the camera, and check that this port speaks {self._scheme}"
        )

    def _video_stream(self, container: InputContainer) -> VideoStream:
        if not container.streams.video:
            raise SourceError(f"{self.label} sends no video; check the part of the address after the host")
        return container.streams.video[0]

    def _pictures(self, container: InputContainer, stream: VideoStream) -> Iterator[Picture]:
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
                    raise SourceError(f"{self.label} sends pictures that cannot be decoded; check the camera's codec")
                for frame in decoded:
                    stamp = frame.time if has_clock and frame.pts is not None else None
                    yield picture_from_av(frame, stamp, arrived_at)
                asked_s = time.monotonic()
                decoded_s = asked_s if decoded else decoded_s
        except av.FFmpegError as error:
            raise self._explained(error) from None


class _Playback:
    """Holds pictures that come in bursts back until they are due by their own clock."""

    def __init__(self, abandoned: threading.Event) -> None:
        self._abandoned = abandoned
        self._start_s: float | None = None

    def await_turn(self, stamp: float | None) -> None:
        """Wait until the picture is due; where it is late, or its clock has jumped, the clock is set by it."""
        if stamp is None:
            return
        now_s = time.monotonic()
        if self._start_s is None or not -0.5 < self._start_s + stamp - now_s < SEGMENT_TIMEOUT_S:
            self._start_s = now_s - stamp
        # Ends when the connection is abandoned, and is never longer than the bound above.
        self._abandoned.wait(max(self._start_s + stamp - now_s, 0.0))
