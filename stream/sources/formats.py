"""Telling what a file holds by its first bytes, as names lie: which kind of picture, or a video.

Owns: the signatures.  Does not own decoding.
"""

from __future__ import annotations

import re
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SUFFIXES = {
    *(".avif", ".avifs", ".bmp", ".dib", ".gif", ".heic", ".heif", ".hif", ".jp2", ".jpe", ".jpeg", ".jpg", ".pbm", ".pgm"),
    *(".png", ".apng", ".pnm", ".ppm", ".ras", ".sr", ".tif", ".tiff", ".webp"),
}
"""Of pictures; what has another name is known by its first bytes alone."""
HEAD_BYTES = 400
"""So many first bytes tell a format: two packets of a transport stream."""
_HEIF_BRANDS = {b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"hevm", b"hevs"}
_AVIF_BRANDS = {b"avif", b"avis"}
_SOUND_BRANDS = {b"M4A ", b"M4B ", b"M4P "}
_GENERAL_BRANDS = {b"mif1", b"mif2", b"mif3", b"msf1", b"miaf"}
"""Of pictures as well, but the brands that follow tell which."""
_OTHER_PICTURES = re.compile(rb"BM.{4}\0{4}|\0\0\0\x0cjP  |\xff\x4f\xff\x51|\x59\xa6\x6a\x95|P[1-7fF]\s", re.DOTALL)
_VIDEOS = re.compile(
    rb"\x1a\x45\xdf\xa3|RIFF.{4}AVI |FLV\x01|OggS|\x30\x26\xb2\x75\x8e\x66\xcf\x11"
    rb"|\0\0\x01[\xb3\xba]|\0\0\0?\x01[\x67\x27\x40\x42]"
    rb"|YUV4MPEG2|.{4}(?:moov|mdat|wide|free|skip|pnot)|\x47.{187}\x47|.{4}\x47.{191}\x47",
    re.DOTALL,
)
_MOTION_JPEG = {".mjpeg", ".mjpg"}


class Format(StrEnum):
    """What a file holds; the words are for people."""

    JPEG = "JPEG"
    PNG = "PNG"
    GIF = "GIF"
    WEBP = "WebP"
    TIFF = "TIFF"
    AVIF = "AVIF"
    HEIF = "HEIC"
    OTHER = "picture"
    """One of the plainer kinds, such as BMP and PPM."""
    VIDEO = "video"

    @property
    def is_picture(self) -> bool:
        """Whether it is a kind of picture, or of several."""
        return self is not Format.VIDEO


def format_of(head: bytes) -> Format | None:
    """What the first bytes of a file tell that it is, None if it is none of these."""
    if head.startswith(b"\xff\xd8\xff"):
        return Format.JPEG
    if head.startswith(b"\x89PNG"):
        return Format.PNG
    if head.startswith((b"GIF87a", b"GIF89a")):
        return Format.GIF
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return Format.WEBP
    if head.startswith((b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")):
        return Format.TIFF
    if head[4:8] == b"ftyp":
        return _format_of_brands(head)
    if _OTHER_PICTURES.match(head):
        return Format.OTHER
    return Format.VIDEO if _VIDEOS.match(head) else None


def _format_of_brands(head: bytes) -> Format | None:
    """The same for the container that MP4, HEIC and AVIF share (ISO 14496-12, 4.3)."""
    brands = [head[at : at + 4] for at in range(8, min(int.from_bytes(head[:4], "big"), len(head)), 4)]
    is_general = brands[0] in _GENERAL_BRANDS if brands else False
    if _AVIF_BRANDS.intersection(brands if is_general else brands[:1]):
        return Format.AVIF
    if _SOUND_BRANDS.intersection(brands[:1]):
        return None
    return Format.HEIF if is_general or _HEIF_BRANDS.intersection(brands[:1]) else Format.VIDEO


def format_of_file(file: Path) -> Format | None:
    """What a file holds, None if it is of no kind that is known, or cannot be read."""
    try:
        with file.open("rb") as opened:
            found = format_of(opened.read(HEAD_BYTES))
    except (OSError, ValueError):
        return None
    return Format.VIDEO if found is Format.JPEG and file.suffix.lower() in _MOTION_JPEG else found


def is_picture(file: Path) -> bool:
    """Whether a file holds pictures, or at least has the name of one and nothing else in it that is known."""
    found = format_of_file(file)
    return file.suffix.lower() in SUFFIXES if found is None else found.is_picture
