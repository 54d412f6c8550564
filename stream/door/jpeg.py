"""What must be known of a JPEG before anybody decodes it: that it is a plain one, and how many pixels it will have.

Owns: finding the frame header (ITU-T T.81, B.1 and B.2).  Pure; does not own decoding.
"""

from __future__ import annotations

from typing import Final

_START, _END = b"\xff\xd8", b"\xff\xd9"
_PLAIN: Final = frozenset({0xC0, 0xC1})
"""Frames of one pass with Huffman codes, baseline and extended: a progressive one may ask for a thousand passes."""
_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_LONE: Final = frozenset({0x01, *range(0xD0, 0xDA)})
"""Markers without a segment: none of them may stand before the picture."""
_SEGMENTS: Final = 64
"""More than any camera writes before its picture."""
_SCAN: Final = b"\xff\xda"
_SCANS: Final = 4
"""As many as there are components at most; each costs a pass over all pixels, however few bytes it has."""


class JpegError(ValueError):
    """Why this is no JPEG that is decoded here, in words that end a sentence."""


def size_of(jpeg: bytes) -> tuple[int, int]:
    """The (width, height) in pixels that a JPEG says it has.

    Raises:
        JpegError: it is none, it is cut off, or it is of a kind that no camera sends.

    """
    if not jpeg.startswith(_START):
        raise JpegError("it is no JPEG")
    if not jpeg.endswith(_END):
        raise JpegError("its JPEG is cut off")
    at = 2
    for _ in range(_SEGMENTS):
        marker, length = jpeg[at : at + 2], int.from_bytes(jpeg[at + 2 : at + 4])
        if len(marker) < 2 or marker[0] != 0xFF or marker[1] in _LONE or length < 2:
            break
        if marker[1] in _FRAMES:
            if marker[1] not in _PLAIN:
                raise JpegError("its JPEG is not baseline")
            if length < 8 or len(jpeg) < at + 2 + length:
                break
            if jpeg.count(_SCAN, at) > _SCANS:
                raise JpegError("its JPEG is not baseline")
            return int.from_bytes(jpeg[at + 7 : at + 9]), int.from_bytes(jpeg[at + 5 : at + 7])
        at += 2 + length
    raise JpegError("its JPEG has no picture in it")
