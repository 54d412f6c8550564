"""From an address to a source and its name, or to one clear sentence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.errors import SourceError
from glyphfeed.stream.placeholders import fill
from glyphfeed.stream.records import NAME
from glyphfeed.stream.sources.address import default_name, open_source
from glyphfeed.stream.sources.source import Pace
from tests.stream.sources.media import jpeg, numbered, write_video

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("0", "cam0"),
        ("/dev/video2", "cam2"),
        ("/dev/v4l/by-id/usb-Acme:Cam-video-index0", "usb-Acme-Cam-video-index0"),
        ("rtsp://admin:secret@10.0.0.7:8554/live", "10.0.0.7"),
        ("http://gate-3.example.org/video.m3u8", "gate-3.example.org"),
        ("rtsp://[fe80::1]/live", "fe80-1"),
        ("rtsp://[::1]:8554/live", "localhost"),
        ("rtsp://[::ffff:10.0.0.7]/live", "0-ffff-10.0.0.7"),
        ("rtsp://admin:${file:/run/secrets/door}@door.local/live", "door.local"),
        ("rtsp://[broken/live", "source"),
        ("clips/street view.mp4", "street-view"),
        ("clips/日本.mp4", "source"),
        ("shots/*.png", "shots"),
    ],
)
def test_default_name(address: str, name: str) -> None:
    assert default_name(address) == name


@given(st.text(min_size=1))
def test_every_default_name_fits_the_feed(address: str) -> None:
    assert NAME.fullmatch(default_name(address))


def test_a_file_is_read_frame_by_frame_unless_told_otherwise(tmp_path: Path) -> None:
    path = write_video(tmp_path / "street.mp4", 3)
    source = open_source(str(path))
    assert (source.name, source.live) == ("street", False)
    assert open_source(str(path), pace=Pace.LIVE).live


def test_a_folder_gives_its_name(tmp_path: Path) -> None:
    folder = tmp_path / "my.shots"
    folder.mkdir()
    (folder / "1.jpg").write_bytes(jpeg(numbered(1)))
    assert open_source(str(folder)).name == "my.shots"
    assert open_source(str(folder), "gate").name == "gate"


def test_a_network_stream_is_live_and_inert() -> None:
    source = open_source("rtsp://nobody:nothing@host.invalid/live", "cam1")
    assert (source.name, source.live) == ("cam1", True)


@pytest.mark.parametrize("name", ["", "two words", "a/b", "ä", "x" * 65])
def test_a_name_that_does_not_fit_is_refused(name: str) -> None:
    with pytest.raises(SourceError, match="cannot be used on the feed; use 1 to 64 letters"):
        open_source("rtsp://host/live", name)


@pytest.mark.parametrize("address", ["rtsp://u:secret@host/live", "/dev/video0", "0"])
def test_live_sources_cannot_wait(address: str) -> None:
    with pytest.raises(SourceError, match="is live and cannot be read at the pace every-frame") as caught:
        open_source(address, pace=Pace.EVERY_FRAME)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("", "no address was given"),
        ("missing.mp4", "missing.mp4: there is no such file or folder; check the path"),
        ("x" * 300 + ".mp4", "cannot be looked for .*; check the path and its permissions"),
        ("a\0b.mp4", "cannot be looked for .*; check the path and its permissions"),
        ("/dev", "there are no pictures nor videos in this folder; give one with some in it"),
        ("nowhere/*.png", "no file matches this pattern"),
        ("97", "there is no /dev/video97; run `glyphfeed doctor` to list the cameras"),
        ("/dev/video98", "there is no /dev/video98"),
        ("/dev/v4l/by-id/gone", "there is no /dev/v4l/by-id/gone"),
        ("/dev/null", "/dev/null is not a file that can be read"),
        ("ftp://u:secret@host/x", r"ftp://\*\*\*@host/x: ftp is not supported; use rtsp"),
        ("rtsp://u:secret@host:port/x", "is not a complete address"),
        ("rtsp://u:secret@host:99999/x", "is not a complete address"),
        ("rtsp://u:secret/word@host/x", "percent-encoded"),
        ("rtsp://u:secret@[host/x", "is not a complete address"),
        ("rtsp://u:12#secret@host/x", r"rtsp://\*\*\*@host/x is not a complete address; .* percent-encoded"),
        ("RTSPS://u:sec#secret@host/x", "percent-encoded"),
        ("192.168.1.64", "no such file or folder; if this is a network address, write it as rtsp://192.168.1.64, with user:"),
        ("192.168.1.64:554/live", "write it as rtsp://192.168.1.64:554/live,"),
        ("[fe80::1]/live", "write it as rtsp://"),
        ("camera.local:8554/live", "write it as rtsp://camera.local:8554/live,"),
        ("admin:secret@192.168.1.64/live", "write it as rtsp://192.168.1.64/live,"),
        ("rtsp:/host", "write it as rtsp://host,"),
        ("HTTP:host/video.mjpg", "write it as http://host/video.mjpg,"),
        ("rtsp:/u:secret@host/x", "write it as rtsp://host/x,"),
        ("rtsp:///x", "is not a complete address"),
        ("rtsp://u:secret word@host/x", "has a space in it; write it as %20"),
    ],
)
def test_a_bad_address_gives_one_clear_sentence(address: str, sentence: str) -> None:
    with pytest.raises(SourceError, match=sentence) as caught:
        open_source(address)
    assert "secret" not in str(caught.value)
    assert "secret" not in repr(caught.value.__context__)


@pytest.mark.parametrize(
    ("placeholder", "sentence"),
    [
        ("${UNSET_PASSWORD}", r"the secret \$\{UNSET_PASSWORD\} is not set, or empty; set and export that variable"),
        ("${file:/none}", r"the secret \$\{file:/none\} cannot be read \(No such file or directory\); check the path"),
        ("${file:/dev/null}", r"the secret \$\{file:/dev/null\} is not set, or empty; write the secret into its first line"),
        ("${credential:door}", r"the secret \$\{credential:door\} is handed over by systemd, which has not begun this"),
        ("${credential:../door}", r"is written as \$\{VARIABLE\}"),
        ("${}", r"is written as \$\{VARIABLE\} or \$\{file:/path\}"),
        ("hush@${HOME}/${HOME}", "a secret cannot stand in the place of the host"),
    ],
)
def test_a_secret_that_cannot_be_had_gives_one_clear_sentence(placeholder: str, sentence: str) -> None:
    with pytest.raises(SourceError, match=sentence) as caught:
        open_source(f"rtsp://admin:{placeholder}@host/live")
    assert str(caught.value).startswith("rtsp://***@")
    assert "hush" not in str(caught.value)


def test_a_secret_is_taken_from_what_the_service_manager_hands_over(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "door").write_text("p@ss/word\n")
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert fill("rtsp://admin:${credential:door}@host/live") == "rtsp://admin:p%40ss%2Fword@host/live"
    with pytest.raises(SourceError, match=r"credential:yard\} cannot be read"):
        fill("${credential:yard}")


def test_an_empty_file_is_refused_at_once(tmp_path: Path) -> None:
    (tmp_path / "empty.mp4").touch()
    with pytest.raises(SourceError, match=r"empty\.mp4 is empty; copy or record it again"):
        open_source(str(tmp_path / "empty.mp4"))
