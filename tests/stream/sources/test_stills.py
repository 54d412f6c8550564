"""Files of pictures: upright, opaque, of eight bits, one or several; and what is said of a file that is none."""

from __future__ import annotations

import io
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from PIL import Image

from glyphfeed.stream.errors import SourceError
from glyphfeed.stream.sources.stills import open_album, open_picture
from tests.stream.sources.heif import heic, mirrored, turned
from tests.stream.sources.media import jpeg, numbered, picture_bytes, write_video

if TYPE_CHECKING:
    from collections.abc import Callable

    from glyphfeed.stream.records import Colour

TURNS: dict[int, Callable[[Colour], Colour]] = {
    2: lambda image: image[:, ::-1],
    3: lambda image: image[::-1, ::-1],
    4: lambda image: image[::-1],
    5: lambda image: image.transpose(1, 0, 2),
    6: lambda image: np.rot90(image, -1),
    7: lambda image: image[::-1, ::-1].transpose(1, 0, 2),
    8: lambda image: np.rot90(image, 1),
}
"""What a viewer makes of the stored picture, by EXIF's number."""


def corner() -> Colour:
    """A picture whose corners all differ."""
    image = np.full((48, 96, 3), 90, np.uint8)
    image[:24, :48], image[24:, :48], image[24:, 48:] = (250, 250, 250), (10, 10, 10), (20, 20, 220)
    return image


def put(folder: Path, name: str, content: bytes) -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def like(image: Colour, wanted: Colour) -> bool:
    """Whether two pictures are the same but for what encoding does."""
    return image.shape == wanted.shape and float(np.abs(image.astype(int) - wanted).mean()) < 8


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP", "AVIF"])
@pytest.mark.parametrize("number", TURNS)
def test_what_exif_says_to_turn_is_turned(tmp_path: Path, kind: str, number: int) -> None:
    exif = Image.Exif()
    exif[274] = number
    path = put(tmp_path, "a", picture_bytes(kind, corner(), exif=exif))
    assert like(open_picture(path), TURNS[number](corner()))


@pytest.mark.parametrize(
    ("properties", "number"),
    [((), 1), ((turned(1),), 8), ((turned(2),), 3), ((turned(3),), 6), ((mirrored(1),), 2), ((mirrored(0),), 4)],
)
def test_a_phones_heic_is_read_and_turned(tmp_path: Path, properties: tuple[bytes, ...], number: int) -> None:
    path = put(tmp_path, "iphone.jpg", heic(corner(), *properties))
    assert like(open_picture(path), TURNS.get(number, lambda image: image)(corner()))


def test_of_both_a_turn_and_a_mirror_the_first_comes_first(tmp_path: Path) -> None:
    path = put(tmp_path, "a.heic", heic(corner(), turned(1), mirrored(1)))
    assert like(open_picture(path), np.rot90(corner(), 1)[:, ::-1])


def letters(mode: str, ink: int) -> Image.Image:
    """A bar of an ink on a transparent ground of the same ink, in one of Pillow's modes."""
    alpha = Image.new("L", (60, 40), 0)
    alpha.paste(255, (10, 10, 50, 30))
    picture = Image.new("RGB", (60, 40), (ink, ink, ink))
    picture.putalpha(alpha)
    if mode != "P":
        return picture.convert(mode)
    paletted = Image.new("P", (60, 40), 0)
    paletted.putpalette([ink, ink, ink] * 2)
    paletted.paste(1, (10, 10, 50, 30))
    paletted.info["transparency"] = 0
    return paletted


@pytest.mark.parametrize("ink", [0, 255])
@pytest.mark.parametrize(
    ("kind", "mode"),
    [("PNG", "RGBA"), ("PNG", "LA"), ("PNG", "P"), ("WEBP", "RGBA"), ("GIF", "P"), ("TIFF", "RGBA"), ("AVIF", "RGBA")],
)
def test_transparent_pictures_lie_on_a_ground_that_shows_them(tmp_path: Path, kind: str, mode: str, ink: int) -> None:
    file = io.BytesIO()
    letters(mode, ink).save(file, kind, **({"lossless": True} if kind == "WEBP" else {}))
    image = open_picture(put(tmp_path, "a", file.getvalue()))
    assert image.shape == (40, 60, 3)
    assert abs(int(image[20, 30, 0]) - ink) < 10
    assert abs(int(image[2, 2, 0]) - ink) > 240


@pytest.mark.parametrize("suffix", [".png", ".tiff"])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("bits", [10, 12, 16])
def test_the_upper_eight_of_more_bits_are_kept(tmp_path: Path, suffix: str, channels: int, bits: int) -> None:
    ramp = np.tile(np.linspace(0, 2**bits - 1, 64).astype(np.uint16)[:, None], (40, 1, channels))
    path = put(tmp_path, "a", cv2.imencode(suffix, ramp)[1].tobytes())
    image = open_picture(path)
    assert image.dtype == np.uint8
    assert (int(image.min()), int(image.max())) == (0, 255)
    assert np.abs(image[: len(ramp), 0, 0].astype(int) - (ramp[:, 0, 0] >> bits - 8)).max() <= 1


def test_a_picture_of_floating_point_numbers_is_read(tmp_path: Path) -> None:
    ramp = np.tile(np.linspace(0, 1, 64, dtype=np.float32)[:, None], (1, 40))
    image = open_picture(put(tmp_path, "a", cv2.imencode(".tiff", ramp)[1].tobytes()))
    assert (int(image.min()), int(image.max())) == (0, 255)


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP", "AVIF"])
def test_an_animation_has_frames_and_their_times(tmp_path: Path, kind: str) -> None:
    frames = [numbered(number) for number in (1, 2, 3)]
    album = open_album(put(tmp_path, "a", picture_bytes(kind, *frames, duration=[500, 120, 0])))
    stills = list(album.stills())
    assert (album.count, album.plays) == (3, True)
    assert [still.shown_s for still in stills[:2]] == pytest.approx([0.5, 0.12])
    assert all(like(still.image, frame) for still, frame in zip(stills, frames, strict=True))


def test_a_frame_for_no_time_is_shown_as_browsers_do(tmp_path: Path) -> None:
    album = open_album(put(tmp_path, "a.gif", picture_bytes("GIF", numbered(1), numbered(2), duration=[0, 10])))
    assert [still.shown_s for still in album.stills()] == [0.1, 0.1]


def test_what_stands_before_an_animation_is_no_frame_of_it(tmp_path: Path) -> None:
    content = picture_bytes("PNG", numbered(9), numbered(1), numbered(2), default_image=True, duration=100)
    album = open_album(put(tmp_path, "a.png", content))
    assert album.count == 2
    assert like(next(album.stills()).image, numbered(1))


def test_the_frames_of_an_animation_have_one_ground(tmp_path: Path) -> None:
    file = io.BytesIO()
    letters("RGBA", 0).save(file, "WEBP", lossless=True, save_all=True, append_images=[letters("RGBA", 255)], duration=100)
    stills = list(open_album(put(tmp_path, "a.webp", file.getvalue())).stills())
    assert [int(still.image[2, 2, 0]) for still in stills] == [255, 255]


def test_a_document_has_pages_of_any_size(tmp_path: Path) -> None:
    pages = [numbered(1), numbered(2, 200, 120), numbered(3)]
    album = open_album(put(tmp_path, "a.tif", picture_bytes("TIFF", *pages)))
    stills = list(album.stills())
    assert (album.count, album.plays) == (3, False)
    assert [still.shown_s for still in stills] == [None] * 3
    assert all(np.array_equal(still.image, page) for still, page in zip(stills, pages, strict=True))


def test_the_smaller_copy_of_a_page_is_no_page(tmp_path: Path) -> None:
    file = io.BytesIO()
    first = Image.fromarray(numbered(1))
    small = Image.fromarray(numbered(1, 128, 48))
    small.encoderinfo = {"tiffinfo": {254: 1}}
    first.save(file, "TIFF", save_all=True, append_images=[small])
    album = open_album(put(tmp_path, "a.tif", file.getvalue()))
    assert album.count == 1


def truncated(content: bytes) -> bytes:
    return content[: len(content) * 2 // 3]


NOISE = np.random.default_rng(0).integers(0, 255, (96, 160, 3), np.uint8)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "GIF", "WEBP", "AVIF", "HEIC"])
def test_a_picture_that_was_cut_off_is_called_so(tmp_path: Path, kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    content = heic(NOISE) if kind == "HEIC" else picture_bytes(kind, NOISE)
    path = put(tmp_path, "photo.jpg", truncated(content))
    with pytest.raises(SourceError, match=r"photo\.jpg was cut off \(.*\); copy it again, or save it as \.png or \.jpg"):
        open_picture(path)
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", ["TIFF", "BMP"])
def test_a_picture_that_is_damaged_is_called_so(tmp_path: Path, kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    path = put(tmp_path, "photo.tif", truncated(picture_bytes(kind, NOISE)))
    with pytest.raises(SourceError, match=r"photo\.tif is damaged, or of a kind that cannot be read \(.*\); copy it again"):
        open_picture(path)
    assert capfd.readouterr() == ("", "")


def test_other_files_are_called_what_they_are(tmp_path: Path) -> None:
    cases = {
        put(tmp_path, "empty.png", b""): r"empty\.png is empty; copy or save it again",
        put(tmp_path, "notes.png", b"not a picture"): r"notes\.png is not a picture that can be read; save it as \.png or \.jpg",
        write_video(tmp_path / "clip.mp4", 3): r"clip\.mp4 is a video, not a picture; read it with `glyphfeed watch`",
        tmp_path / "gone.png": r"gone\.png cannot be read: No such file or directory; check the path",
        tmp_path: "cannot be read: Is a directory; check the path",
        Path("a\0b"): "cannot be read: embedded null byte; check the path",
    }
    for path, sentence in cases.items():
        with pytest.raises(SourceError, match=sentence):
            open_picture(path)


def test_of_an_animation_that_was_cut_off_the_beginning_is_shown(tmp_path: Path) -> None:
    content = picture_bytes("GIF", *(np.roll(NOISE, number, axis=0) for number in range(6)), duration=100)
    album = open_album(put(tmp_path, "a.gif", truncated(content)))
    assert 2 <= album.count <= 6
    with pytest.raises(SourceError, match=r"a\.gif ended early at picture [2-5]; copy or save it again"):
        list(album.stills())


def test_a_plain_jpeg_is_decoded_as_before(tmp_path: Path) -> None:
    content = jpeg(numbered(5))
    image = open_picture(put(tmp_path, "a.jpg", content))
    assert np.array_equal(image, cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR))
