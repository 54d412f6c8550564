"""HEIC files that the tests make themselves, as no package writes any: a picture encoded as H.265 in the boxes of a HEIF file
(ISO 23008-12).
"""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import av

if TYPE_CHECKING:
    from glyphfeed.stream.records import Colour


def heic(image: Colour, *properties: bytes) -> bytes:
    """Write a picture of even width and height as HEIC, with more `properties` of it, such as `turned`."""
    height, width = image.shape[:2]
    configuration, coded = hevc(image)
    shown = [configuration, full_box(b"ispe", struct.pack(">II", width, height)), *properties]
    links = bytes(0x80 | index for index in range(1, len(shown) + 1))
    entry = full_box(b"infe", struct.pack(">HH4sx", 1, 0, b"hvc1"), version=2)

    def meta(offset: int) -> bytes:
        location = struct.pack(">BBHHHHII", 0x44, 0, 1, 1, 0, 1, offset, len(coded))
        return full_box(
            b"meta",
            full_box(b"hdlr", struct.pack(">4x4s13x", b"pict"))
            + full_box(b"pitm", struct.pack(">H", 1))
            + full_box(b"iinf", struct.pack(">H", 1) + entry)
            + box(b"iprp", box(b"ipco", b"".join(shown)) + full_box(b"ipma", struct.pack(">IHB", 1, 1, len(links)) + links))
            + full_box(b"iloc", location),
        )

    kind = box(b"ftyp", b"heic\0\0\0\0mif1heic")
    offset = len(kind) + len(meta(0)) + 8
    return kind + meta(offset) + box(b"mdat", coded)


def turned(quarters: int) -> bytes:
    """The property of a picture that is shown turned by so many times 90 degrees counter-clockwise."""
    return box(b"irot", bytes([quarters]))


def mirrored(axis: int) -> bytes:
    """The property of a picture that is shown mirrored, 0 for top to bottom, 1 for left to right."""
    return box(b"imir", bytes([axis]))


def hevc(image: Colour) -> tuple[bytes, bytes]:
    """Encode one picture: the box that tells its decoder what comes, and the coded picture, as they are in an MP4."""
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx265", rate=25)
        stream.height, stream.width = image.shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.options = {"preset": "ultrafast", "x265-params": "log-level=none:keyint=1"}
        container.mux(stream.encode(av.VideoFrame.from_ndarray(image, "bgr24")))
        container.mux(stream.encode())
    content = file.getvalue()
    at = content.index(b"hvcC") - 4
    with av.open(io.BytesIO(content)) as written:
        coded = next(bytes(packet) for packet in written.demux() if packet.size)
    return content[at : at + int.from_bytes(content[at : at + 4], "big")], coded


def box(kind: bytes, content: bytes) -> bytes:
    """A box of a file (ISO 14496-12, 4.2)."""
    return struct.pack(">I4s", len(content) + 8, kind) + content


def full_box(kind: bytes, content: bytes, version: int = 0) -> bytes:
    """A box with a version and no flags."""
    return box(kind, struct.pack(">I", version << 24) + content)
