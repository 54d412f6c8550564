"""RTSP cameras that are killed, frozen, guarded by a password and changed while they are watched."""

from __future__ import annotations

import itertools
from typing import TYPE_CHECKING

import pytest

from glyphfeed.stream.errors import SourceError
from glyphfeed.stream.records import SourceState
from glyphfeed.stream.sources.address import open_source
from tests.stream.sources.media import write_video
from tests.stream.sources.taker import Taker

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.stream.sources.conftest import RtspCamera

pytestmark = pytest.mark.rtsp


def assert_growing(taker: Taker) -> None:
    """Index and time grow from frame to frame, over every outage."""
    assert all(a.index < b.index and a.pts < b.pts for a, b in itertools.pairwise(taker.frames))
    assert all(a.captured_at <= b.captured_at for a, b in itertools.pairwise(taker.frames))


def test_a_camera_is_live_and_stops_at_once(rtsp_camera: Callable[..., RtspCamera]) -> None:
    with Taker(open_source(rtsp_camera("--size", "320x240").address(), "gate")) as taker:
        taker.wait_until(lambda: len(taker.frames) >= 25)
        assert taker.stop() < 1
    assert taker.error is None
    assert taker.state_names == ["connecting", "live", "ended"]
    assert {taken.size for taken in taker.frames} == {(320, 240)}
    assert_growing(taker)
    # The stream's own clock ticks as the wall does.
    elapsed_s = taker.frames[-1].at_s - taker.frames[0].at_s
    assert taker.frames[-1].pts == pytest.approx(elapsed_s, abs=1)


def test_pictures_that_a_server_sends_in_bunches_are_evened_out(rtsp_camera: Callable[..., RtspCamera], tmp_path: Path) -> None:
    path = write_video(tmp_path / "street.mkv", 150, encoding={"preset": "medium", "bf": "3", "b-adapt": "0", "g": "50"})
    with Taker(open_source(rtsp_camera("--file", str(path)).address())) as taker:
        taker.wait_until(lambda: bool(taker.frames) and taker.frames[-1].pts > 4)
    shown = [taken for taken in taker.frames if taken.pts > 1.5]
    # Who takes the newest misses hardly one, where it would be two of five, and each is shown for its time.
    assert len(shown) > 0.85 * (shown[-1].index - shown[0].index)
    pauses_s = sorted(b.at_s - a.at_s for a, b in itertools.pairwise(shown))
    assert pauses_s[len(pauses_s) // 10] > 0.015
    assert pauses_s[len(pauses_s) * 9 // 10] < 0.07


def test_a_camera_that_died_comes_back_with_another_size_and_codec(rtsp_camera: Callable[..., RtspCamera]) -> None:
    camera = rtsp_camera("--size", "320x240")
    with Taker(open_source(camera.address())) as taker:
        taker.wait_until(lambda: len(taker.frames) >= 5)
        camera.kill()
        taker.wait_until(lambda: taker.state is SourceState.STALLED)
        last = taker.frames[-1]
        assert 1.4 < taker.states[-1][0] - last.at_s < 4
        taker.wait_until(lambda: taker.state is SourceState.CONNECTING)
        camera.start("--size", "640x480", "--codec", "mjpeg")
        taker.wait_until(lambda: taker.state is SourceState.LIVE)
        taker.wait_until(lambda: taker.frames[-1].index > last.index + 5)
    assert taker.error is None
    assert taker.state_names == ["connecting", "live", "stalled", "connecting", "live", "ended"]
    assert taker.frames[-1].size == (640, 480)
    assert_growing(taker)
    # Time went on over the outage.
    assert taker.frames[-1].pts - last.pts == pytest.approx(taker.frames[-1].at_s - last.at_s, abs=1)


def test_a_frozen_camera_is_stalled_and_goes_on(rtsp_camera: Callable[..., RtspCamera]) -> None:
    camera = rtsp_camera()
    with Taker(open_source(camera.address())) as taker:
        taker.wait_until(lambda: len(taker.frames) >= 5)
        camera.freeze()
        taker.wait_until(lambda: taker.state is SourceState.STALLED)
        camera.thaw()
        taker.wait_until(lambda: taker.state is SourceState.LIVE)
        camera.freeze()
        taker.wait_until(lambda: taker.state is SourceState.CONNECTING)
        camera.thaw()
        taker.wait_until(lambda: taker.state is SourceState.LIVE)
    assert taker.error is None
    assert taker.state_names == ["connecting", "live", "stalled", "live", "stalled", "connecting", "live", "ended"]
    assert_growing(taker)


def test_stop_during_an_outage(rtsp_camera: Callable[..., RtspCamera]) -> None:
    camera = rtsp_camera()
    with Taker(open_source(camera.address())) as taker:
        taker.wait_until(lambda: len(taker.frames) >= 5)
        camera.freeze()
        taker.wait_until(lambda: taker.state is SourceState.STALLED)
        assert taker.stop() < 1
        camera.thaw()
    assert taker.error is None


def test_a_change_of_size_on_the_way_is_followed(rtsp_camera: Callable[..., RtspCamera]) -> None:
    with Taker(open_source(rtsp_camera("--size", "320x240", "--then-size", "480x360").address())) as taker:
        taker.wait_until(lambda: bool(taker.frames) and taker.frames[-1].size == (480, 360))
    assert taker.frames[0].size == (320, 240)
    assert taker.state_names == ["connecting", "live", "ended"]
    assert_growing(taker)


@pytest.mark.parametrize("scheme", ["basic", "digest"])
def test_a_password_is_used_and_never_shown(
    rtsp_camera: Callable[..., RtspCamera], scheme: str, caplog: pytest.LogCaptureFixture
) -> None:
    camera = rtsp_camera("--auth", scheme, "--user", "viewer", "--password", "se/cr@et")
    with Taker(open_source(camera.address("viewer:se%2Fcr%40et@"), "gate")) as taker:
        taker.wait_until(lambda: len(taker.frames) >= 3)
    assert taker.error is None
    for wrong in ("", "viewer:guess@"):
        with Taker(open_source(camera.address(wrong), "gate")) as refused:
            refused.wait_for_end()
        assert isinstance(refused.error, SourceError)
        assert "refused the user name or password; give them as" in str(refused.error)
        assert "guess" not in str(refused.error)
    shown = caplog.text + "".join(detail for _, _, detail in taker.states)
    assert "se%2F" not in shown
    assert "viewer" not in shown
    assert "rtsp://***@127.0.0.1" in shown


def test_a_password_may_come_from_the_environment_or_a_file_as_it_is(
    rtsp_camera: Callable[..., RtspCamera], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    camera = rtsp_camera("--auth", "digest", "--user", "viewer", "--password", "se/cr@et#")
    monkeypatch.setenv("DOOR_PASSWORD", "se/cr@et#")
    (tmp_path / "door").write_text("se/cr@et#\n")
    for placeholder in ("${DOOR_PASSWORD}", f"${{file:{tmp_path / 'door'}}}"):
        source = open_source(camera.address(f"viewer:{placeholder}@"))
        assert source.name == "127.0.0.1"
        with Taker(source) as taker:
            taker.wait_until(lambda taker=taker: len(taker.frames) >= 3)
        assert taker.error is None
        assert "cr@" not in "".join(detail for _, _, detail in taker.states)


def test_a_scheme_in_capitals_is_the_same(rtsp_camera: Callable[..., RtspCamera]) -> None:
    with Taker(open_source(rtsp_camera().address().replace("rtsp:", "RTSP:"))) as taker:
        taker.wait_until(lambda: len(taker.frames) >= 3)
    assert taker.error is None


def test_a_path_that_is_not_there(rtsp_camera: Callable[..., RtspCamera]) -> None:
    with Taker(open_source(rtsp_camera().address(path="/attic"))) as taker:
        taker.wait_for_end()
    assert isinstance(taker.error, SourceError)
    assert "the server has no stream at this path; check the part after the host" in str(taker.error)
