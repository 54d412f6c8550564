"""Network streams over HTTP, and addresses at which nobody answers."""

from __future__ import annotations

import itertools
import re
import signal
import socket
import sys
import threading
import time
from typing import TYPE_CHECKING

import cv2
import pytest

from glyphfeed.stream.errors import SourceError
from glyphfeed.stream.records import SourceState
from glyphfeed.stream.sources import health, network
from glyphfeed.stream.sources.address import open_source, open_sources
from tests.programs import program
from tests.stream.sources.conftest import HttpCamera
from tests.stream.sources.media import numbered, sound, write_video
from tests.stream.sources.taker import Taker

if TYPE_CHECKING:
    from pathlib import Path


def error_of(address: str) -> str:
    """The sentence with which the opening of an address fails."""
    with Taker(open_source(address)) as taker:
        taker.wait_for_end()
    assert isinstance(taker.error, SourceError)
    assert taker.state_names == ["connecting"]
    # Whoever logs the error with all that led to it shows no password either.
    assert taker.error.__cause__ is None
    assert taker.error.__context__ is None
    return str(taker.error)


def test_motion_jpeg_is_live_and_grows(http_camera: HttpCamera) -> None:
    with Taker(open_source(http_camera.address())) as taker:
        taker.wait_until(lambda: len(taker.frames) >= 20)
        assert taker.stop() < 1
    assert taker.error is None
    assert taker.state_names == ["connecting", "live", "ended"]
    assert all(a.pts < b.pts and a.index < b.index and a.number < b.number for a, b in itertools.pairwise(taker.frames))
    assert abs(taker.frames[-1].captured_at - time.time()) < 5


def test_a_frozen_picture_is_a_stall(http_camera: HttpCamera, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "FROZEN_AFTER_S", 1.0)
    with Taker(open_source(http_camera.address())) as taker:
        taker.wait_until(lambda: len(taker.frames) >= 30)
        http_camera.is_frozen = True
        taker.wait_until(lambda: taker.state is SourceState.STALLED)
        assert "the picture does not change" in taker.states[-1][2]
        count = len(taker.frames)
        taker.wait_until(lambda: len(taker.frames) > count)
        http_camera.is_frozen = False
        taker.wait_until(lambda: taker.state is SourceState.LIVE)
    assert taker.state_names == ["connecting", "live", "stalled", "live", "ended"]


def test_a_frozen_picture_is_connected_to_anew_once(http_camera: HttpCamera, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(health, "FROZEN_AFTER_S", 0.3)
    monkeypatch.setattr(health, "RENEWED_AFTER_S", 0.6)
    with Taker(open_source(http_camera.address())) as taker:
        taker.wait_until(lambda: len(taker.frames) >= 30)
        http_camera.is_frozen = True
        taker.wait_until(lambda: http_camera.connections == 2)
        count = len(taker.frames)
        taker.wait_until(lambda: len(taker.frames) > count + 30)
    assert http_camera.connections == 2
    # What is the same over a new connection is what the camera shows.
    assert taker.state_names == ["connecting", "live", "stalled", "live", "ended"]


@pytest.mark.parametrize(
    ("delimiter", "first", "tells_length"),
    [
        (b"--picture\r\n", False, True),
        (b"picture\r\n", True, True),
        (b"--something-else\r\n", True, False),
        (b"", True, True),
        (b"\r\n--picture\n", True, False),
    ],
)
def test_motion_jpeg_is_read_however_it_is_parted(
    http_camera: HttpCamera, delimiter: bytes, first: bool, tells_length: bool
) -> None:
    http_camera.delimiter, http_camera.delimits_first, http_camera.tells_length = delimiter, first, tells_length
    with Taker(open_source(http_camera.address())) as taker:
        taker.wait_until(lambda: len(taker.frames) >= 10)
    assert taker.error is None
    assert taker.state_names == ["connecting", "live", "ended"]
    assert all(a.number < b.number for a, b in itertools.pairwise(taker.frames))


def test_a_picture_every_two_seconds_is_live(http_camera: HttpCamera, monkeypatch: pytest.MonkeyPatch) -> None:
    # What five and twelve seconds are to a picture every eight.
    monkeypatch.setattr(network, "READ_TIMEOUT_S", 1.0)
    monkeypatch.setattr(network, "SLOW_TIMEOUT_S", 3.0)
    http_camera.interval_s = 2.0
    with Taker(open_source(http_camera.address())) as taker:
        taker.wait_until(lambda: len(taker.frames) >= 3)
    assert http_camera.connections == 1
    assert taker.state_names == ["connecting", "live", "ended"]


@pytest.mark.parametrize(
    ("kind", "suffix"), [("image/jpeg", ".jpg"), ("image/png", ".png"), ("application/octet-stream", ".jpg")]
)
def test_a_still_is_asked_for_again_and_again(http_camera: HttpCamera, kind: str, suffix: str) -> None:
    numbers = itertools.count(1)
    http_camera.pages["/snapshot"] = lambda: cv2.imencode(suffix, numbered(next(numbers)))[1].tobytes()
    http_camera.types["/snapshot"] = kind
    with Taker(open_source(http_camera.address("/snapshot"))) as taker:
        taker.wait_until(lambda: len(taker.frames) >= 4)
        assert taker.stop() < 1
    assert taker.error is None
    assert taker.state_names == ["connecting", "live", "ended"]
    assert [taken.number for taken in taker.frames] == [1, 2, 3, 4]
    assert taker.frames[-1].at_s - taker.frames[0].at_s == pytest.approx(1.5, abs=0.7)


def test_a_web_camera_s_password_is_used_and_a_wrong_one_tried_once(http_camera: HttpCamera) -> None:
    http_camera.password = "se/cr@et"
    address = http_camera.address().replace("://", "://viewer:se%2Fcr%40et@")
    with Taker(open_source(address)) as taker:
        taker.wait_until(lambda: len(taker.frames) >= 3)
    assert taker.error is None
    http_camera.refusals = 0
    assert "refused the user name or password" in error_of(address.replace("se%2F", "guess"))
    # Once without it, as one does, and once with it.
    assert http_camera.refusals == 2


def test_a_still_that_is_no_picture(http_camera: HttpCamera) -> None:
    http_camera.pages["/snapshot.jpg"] = lambda: b"no picture"
    http_camera.types["/snapshot.jpg"] = "image/jpeg"
    assert "does not send a picture that can be read; check the address" in error_of(http_camera.address("/snapshot.jpg"))


def test_of_several_one_that_is_not_there_yet_is_waited_for(http_camera: HttpCamera) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    up, down, nowhere = open_sources(
        [http_camera.address(), f"http://127.0.0.1:{port}/cam", "rtsp://no-such-host.invalid/live"], [], None, (640, 480), 30
    )
    with Taker(up) as first, Taker(down) as second, Taker(nowhere) as third:
        first.wait_until(lambda: first.state is SourceState.LIVE)
        second.wait_until(lambda: "nothing listens at" in second.states[-1][2])
        third.wait_until(lambda: "the host name no-such-host.invalid cannot be resolved" in third.states[-1][2])
        late = HttpCamera(port)
        try:
            second.wait_until(lambda: second.state is SourceState.LIVE)
        finally:
            late.close()
    assert (second.error, third.error) == (None, None)
    assert second.state_names == ["connecting", "connecting", "live", "ended"]
    assert third.state_names == ["connecting", "connecting", "ended"]


def test_of_several_one_that_refuses_is_tried_again_but_seldom(http_camera: HttpCamera) -> None:
    http_camera.password = "secret"
    sources = open_sources([http_camera.address(), http_camera.address("/attic")], [], None, (640, 480), 30)
    with Taker(sources[0]) as refused:
        refused.wait_until(lambda: "refused the user name or password; give them as" in refused.states[-1][2])
        time.sleep(2)
        assert http_camera.refusals == 1
        assert refused.state is SourceState.CONNECTING
        assert refused.stop() < 1
    assert refused.error is None


def test_pictures_that_cannot_be_decoded_are_a_stall(http_camera: HttpCamera, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "READ_TIMEOUT_S", 1.0)
    with Taker(open_source(http_camera.address())) as taker:
        taker.wait_until(lambda: len(taker.frames) >= 5)
        http_camera.is_garbled = True
        taker.wait_until(lambda: taker.state is SourceState.STALLED)
        http_camera.is_garbled = False
        taker.wait_until(lambda: taker.state is SourceState.LIVE)
    assert taker.error is None
    assert http_camera.connections >= 2
    assert any("sends pictures that cannot be decoded; check the camera's codec" in detail for _, _, detail in taker.states)


def segment(folder: Path, camera: HttpCamera, count: int) -> list[tuple[float, str]]:
    """Cut a video into HLS segments and serve them; the duration and the name of each."""
    write_video(folder / "cam.m3u8", count, options={"hls_time": "0.8", "hls_list_size": "0"})
    durations = re.findall(r"EXTINF:([\d.]+),\s+(\S+)", (folder / "cam.m3u8").read_text())
    for _, name in durations:
        camera.pages[f"/{name}"] = (folder / name).read_bytes
    return [(float(duration), name) for duration, name in durations]


def playlist(segments: list[tuple[float, str]], first: int, last: int) -> bytes:
    """An HLS playlist of some of the segments, which ends with the last of all."""
    lines = ["#EXTM3U", "#EXT-X-VERSION:3", "#EXT-X-TARGETDURATION:1", f"#EXT-X-MEDIA-SEQUENCE:{first}"]
    for duration, name in segments[first:last]:
        lines += [f"#EXTINF:{duration},", name]
    if last >= len(segments):
        lines.append("#EXT-X-ENDLIST")
    return "\n".join(lines).encode()


def test_a_finished_hls_playlist_plays_at_its_pace_and_ends(tmp_path: Path, http_camera: HttpCamera) -> None:
    segments = segment(tmp_path, http_camera, 50)
    http_camera.pages["/vod.m3u8"] = lambda: playlist(segments, 0, len(segments))
    with Taker(open_source(http_camera.address("/vod.m3u8"))) as taker:
        taker.wait_for_end()
    assert taker.error is None
    assert taker.state_names == ["connecting", "live", "ended"]
    assert taker.frames[-1].number == 49
    assert taker.frames[-1].pts == pytest.approx(49 / 25)
    assert taker.frames[-1].at_s - taker.frames[0].at_s > 1.5


def test_a_live_hls_playlist_goes_on_without_stalls(tmp_path: Path, http_camera: HttpCamera) -> None:
    segments = segment(tmp_path, http_camera, 80)
    begun_s = time.monotonic()

    def sliding() -> bytes:
        last = min(3 + int((time.monotonic() - begun_s) / 0.8), len(segments))
        return playlist(segments, max(last - 3, 0), last)

    http_camera.pages["/live.m3u8"] = sliding
    with Taker(open_source(http_camera.address("/live.m3u8"))) as taker:
        taker.wait_for_end()
    assert taker.error is None
    assert taker.state_names == ["connecting", "live", "ended"]
    assert taker.frames[-1].number == 79
    assert all(a.pts < b.pts and a.index < b.index for a, b in itertools.pairwise(taker.frames))


def test_a_video_on_a_web_server_ends(tmp_path: Path, http_camera: HttpCamera) -> None:
    path = write_video(tmp_path / "street.mp4", 25, options={"movflags": "faststart"})
    http_camera.pages["/street.mp4"] = path.read_bytes
    with Taker(open_source(http_camera.address("/street.mp4"))) as taker:
        taker.wait_for_end()
    assert taker.error is None
    assert taker.frames[-1].number == 24
    assert taker.state is SourceState.ENDED


def test_a_page_without_video(http_camera: HttpCamera) -> None:
    http_camera.pages["/index.html"] = lambda: b"<html>" + b"Welcome to this camera. " * 100 + b"</html>"
    assert "does not send video that can be read; check the address" in error_of(http_camera.address("/index.html"))


def test_sound_alone(http_camera: HttpCamera) -> None:
    http_camera.pages["/sound.wav"] = sound
    assert "sends no video; check the part of the address after the host" in error_of(http_camera.address("/sound.wav"))


def test_a_page_that_is_not_there(http_camera: HttpCamera) -> None:
    assert "the server has no stream at this path" in error_of(http_camera.address("/nothing"))


@pytest.mark.parametrize("scheme", ["rtsp", "http"])
def test_nobody_listens(scheme: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    sentence = error_of(f"{scheme}://admin:secret@127.0.0.1:{port}/live?token=hush")
    assert sentence.startswith(f"{scheme}://***@127.0.0.1:{port}/live?token=***: nothing listens at 127.0.0.1:{port};")


def test_a_host_that_does_not_exist() -> None:
    sentence = error_of("rtsp://admin:secret@no-such-host.invalid/live")
    assert "the host name no-such-host.invalid cannot be resolved; check the address and the network" in sentence
    assert "secret" not in sentence


def test_where_nobody_answers_it_fails_in_time_and_stops_at_once(black_hole: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "OPEN_TIMEOUT_S", 1.0)
    address = f"127.0.0.1:{black_hole}/live"
    with (
        Taker(open_source(f"rtsp://admin:secret@{address}")) as patient,
        Taker(open_source(f"rtsp://{address}")) as rtsp,
        Taker(open_source(f"http://{address}")) as http,
    ):
        for taker in (rtsp, http):
            taker.wait_until(lambda taker=taker: taker.state is SourceState.CONNECTING)
            assert taker.stop() < 1
            assert taker.error is None
            assert taker.state_names == ["connecting", "ended"]
        patient.wait_for_end(5)
    expected = f"rtsp://***@{address} is connected but sends nothing; restart the camera, and check that this port speaks rtsp"
    assert isinstance(patient.error, SourceError)
    assert str(patient.error) == expected
    # What was abandoned ends within its own time-out, though the port stays as silent as it was.
    for thread in threading.enumerate():
        if thread.name == "glyphfeed-connection":
            thread.join(5)
            assert not thread.is_alive()


# The camera is waited for much longer than the program's end is.  The wait for Ctrl-C is in steps, as the program's own is: a
# signal that comes right before a wait begins, as when another thread has its turn there, is not heard before that wait ends.
PROGRAM = """
import sys, threading, time
from glyphfeed.stream.sources import network
from glyphfeed.stream.sources.address import open_source
network.OPEN_TIMEOUT_S = 120.0
source = open_source(sys.argv[1])
connecting = threading.Event()
capture = threading.Thread(target=lambda: list(source.frames(lambda *_: connecting.set())))
try:
    capture.start()
    connecting.wait()
    print("ready", flush=True)
    while True:
        time.sleep(0.1)
except KeyboardInterrupt:
    source.stop()
    capture.join()
"""


def test_ctrl_c_ends_a_program_whose_camera_does_not_answer(black_hole: int) -> None:
    command = [sys.executable, "-c", PROGRAM, f"rtsp://127.0.0.1:{black_hole}/live"]
    with program(command, 60) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        child.send_signal(signal.SIGINT)
        _, complaints = child.communicate(timeout=20)
    assert (child.returncode, complaints) == (0, "")
