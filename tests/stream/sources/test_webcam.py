"""Cameras, with a file that OpenCV plays in place of a device: it delivers, ends as if unplugged, and comes back."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import cv2
import pytest

from glyphfeed.stream.errors import SourceError
from glyphfeed.stream.records import SourceState
from glyphfeed.stream.sources.address import open_source
from glyphfeed.stream.sources.live import LiveSource
from glyphfeed.stream.sources.webcam import Webcam
from tests.stream.sources.media import write_video
from tests.stream.sources.taker import Taker

if TYPE_CHECKING:
    from pathlib import Path


def test_pictures_flow_over_an_unplugging(tmp_path: Path) -> None:
    path = write_video(tmp_path / "camera.avi", 30, codec="mjpeg", pix_fmt="yuvj420p")
    camera = Webcam(str(path), backend=cv2.CAP_FFMPEG)
    with Taker(LiveSource("cam0", camera.label, camera.connect)) as taker:
        taker.wait_until(lambda: bool(taker.frames) and taker.frames[-1].index > 35)
    assert taker.error is None
    assert taker.state_names == ["connecting", "live", "ended"]
    assert {taken.size for taken in taker.frames} == {(160, 96)}
    pts = [taken.pts for taken in taker.frames]
    assert pts == sorted(set(pts))


def test_a_camera_that_is_gone_is_waited_for(tmp_path: Path) -> None:
    path = write_video(tmp_path / "camera.avi", 10, codec="mjpeg", pix_fmt="yuvj420p")
    camera = Webcam(str(path), backend=cv2.CAP_FFMPEG)
    with Taker(LiveSource("cam0", camera.label, camera.connect)) as taker:
        taker.wait_until(lambda: taker.state is SourceState.LIVE)
        path.rename(tmp_path / "unplugged.avi")
        taker.wait_until(lambda: taker.state is SourceState.STALLED)
        before = taker.frames[-1]
        (tmp_path / "unplugged.avi").rename(path)
        taker.wait_until(lambda: taker.state is SourceState.LIVE)
    after = taker.frames[-1]
    assert "there is no" in taker.states[2][2]
    assert after.index > before.index
    assert after.pts > before.pts + 1


@pytest.mark.skipif(sys.platform != "linux", reason="device files are Linux's")
def test_an_absent_camera_is_named() -> None:
    with pytest.raises(SourceError, match="camera 93: there is no /dev/video93; run `glyphfeed doctor` to list the cameras"):
        open_source("93")


def test_a_device_that_is_no_camera_is_named(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "video0"
    path.write_text("not a camera")
    camera = Webcam(str(path))
    with Taker(LiveSource("cam0", camera.label, camera.connect)) as taker:
        taker.wait_for_end()
    assert isinstance(taker.error, SourceError)
    assert "cannot be opened; close other programs that use it" in str(taker.error)
    assert "VIDEOIO" not in capfd.readouterr().err
