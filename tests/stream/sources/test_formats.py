"""What a file is, told by its first bytes and not by its name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.sources.formats import Format, format_of, format_of_file, is_picture
from tests.stream.sources.heif import heic
from tests.stream.sources.media import jpeg, numbered, picture_bytes, write_video

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("kind", "found"),
    [
        ("JPEG", Format.JPEG),
        ("PNG", Format.PNG),
        ("GIF", Format.GIF),
        ("WEBP", Format.WEBP),
        ("TIFF", Format.TIFF),
        ("AVIF", Format.AVIF),
        ("BMP", Format.OTHER),
        ("PPM", Format.OTHER),
        ("JPEG2000", Format.OTHER),
    ],
)
def test_pictures(kind: str, found: Format) -> None:
    assert format_of(picture_bytes(kind, numbered(1))) is found


@pytest.mark.parametrize("name", ["a.mp4", "a.mov", "a.mkv", "a.webm", "a.avi", "a.flv", "a.ts", "a.mpg", "a.h264", "a.y4m"])
def test_videos(tmp_path: Path, name: str) -> None:
    codecs = {"a.webm": "libvpx", "a.mpg": "mpeg1video", "a.y4m": "rawvideo", "a.flv": "flv1"}
    path = write_video(tmp_path / name, 3, codec=codecs.get(name, "libx264"))
    assert format_of_file(path) is Format.VIDEO
    assert not is_picture(path)


@pytest.mark.parametrize(
    ("brands", "found"),
    [
        (b"heic\0\0\0\0mif1heic", Format.HEIF),
        (b"mif1\0\0\0\0mif1heic", Format.HEIF),
        (b"mif1\0\0\0\0mif1avif", Format.AVIF),
        (b"avif\0\0\0\0mif1miaf", Format.AVIF),
        (b"isom\0\0\2\0isomiso2avc1mp41", Format.VIDEO),
        (b"qt  \0\0\0\0qt  ", Format.VIDEO),
        (b"M4A \0\0\0\0M4A isom", None),
    ],
)
def test_one_container_holds_all_sorts(brands: bytes, found: Format | None) -> None:
    assert format_of((len(brands) + 8).to_bytes(4, "big") + b"ftyp" + brands) is found


def test_the_name_has_no_say_where_the_content_tells(tmp_path: Path) -> None:
    (tmp_path / "photo.jpg").write_bytes(heic(numbered(1)))
    assert format_of_file(tmp_path / "photo.jpg") is Format.HEIF
    write_video(tmp_path / "clip.mp4", 3).rename(tmp_path / "clip.png")
    assert not is_picture(tmp_path / "clip.png")
    (tmp_path / "photo").write_bytes(jpeg(numbered(1)))
    assert is_picture(tmp_path / "photo")


def test_a_name_tells_where_the_content_does_not(tmp_path: Path) -> None:
    (tmp_path / "notes.png").write_text("not a picture")
    (tmp_path / "notes.txt").write_text("not a picture")
    assert is_picture(tmp_path / "notes.png")
    assert not is_picture(tmp_path / "notes.txt")
    assert format_of_file(tmp_path / "missing.txt") is None


def test_jpegs_in_a_row_are_a_video(tmp_path: Path) -> None:
    (tmp_path / "camera.mjpeg").write_bytes(jpeg(numbered(1)) + jpeg(numbered(2)))
    assert not is_picture(tmp_path / "camera.mjpeg")


@given(st.binary(max_size=500))
def test_no_bytes_are_too_odd(head: bytes) -> None:
    assert format_of(head) in {*Format, None}
    assert format_of(b"\0\0\0\x20ftyp" + head) in {*Format, None}
