"""Media that the tests of the sources generate: pictures that tell their own number, video files, JPEGs."""

from __future__ import annotations

import io
import struct
from typing import TYPE_CHECKING

import av
import cv2
import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from glyphfeed.stream.records import Colour, Frame

BITS = 8
CELL_PX = 16


def numbered(number: int, width: int = 160, height: int = 96) -> Colour:
    """A reddish picture with its number as a row of dark and bright cells, which survives any codec."""
    image = np.full((height, width, 3), (60, 60, 140), np.uint8)
    for bit in range(BITS):
        image[:CELL_PX, bit * CELL_PX : (bit + 1) * CELL_PX] = 230 if number >> bit & 1 else 20
    return image


def number_of(frame: Frame) -> int:
    """The number that a frame shows."""
    row = frame.grey[CELL_PX // 2, CELL_PX // 2 : BITS * CELL_PX : CELL_PX]
    return sum(1 << bit for bit in range(BITS) if row[bit] > 128)


def write_video(
    path: Path,
    count: int = 30,
    *,
    width: int = 160,
    height: int = 96,
    fps: int = 25,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    options: dict[str, str] | None = None,
    encoding: dict[str, str] | None = None,
    picture: Callable[[int, int, int], Colour] = numbered,
) -> Path:
    """Encode numbered pictures into a file; the suffix chooses the container, `options` are the container's, `encoding` the
    codec's.
    """
    with av.open(str(path), "w", options=options or {}) as container:
        stream = container.add_stream(codec, rate=fps)
        stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
        if codec == "libx264":
            stream.options = {"preset": "ultrafast", "g": "10"}
        if encoding is not None:
            stream.options = encoding
        for number in range(count):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture(number, width, height), "bgr24")))
        container.mux(stream.encode())
    return path


def noisy(number: int, width: int, height: int) -> Colour:
    """A numbered picture with noise below, so that every encoded picture has some length."""
    image = numbered(number, width, height)
    image[CELL_PX:] = np.random.default_rng(number).integers(0, 255, (height - CELL_PX, width, 3), np.uint8)
    return image


def sound() -> bytes:
    """Half a second of silence as WAV."""
    return struct.pack(
        "<4sI4s4sIHHIIHH4sI", b"RIFF", 8036, b"WAVE", b"fmt ", 16, 1, 1, 8000, 16000, 2, 16, b"data", 8000
    ) + bytes(8000)


def jpeg(image: Colour) -> bytes:
    """A picture as JPEG."""
    return cv2.imencode(".jpg", image)[1].tobytes()


def pillow(image: Colour) -> Image.Image:
    """A picture as Pillow's."""
    return Image.fromarray(np.ascontiguousarray(image[:, :, ::-1]))


def picture_bytes(kind: str, image: Colour, *more: Colour, **options: object) -> bytes:
    """One picture or several in one file of a kind by Pillow's name for it; `options` are those of its plug-in."""
    file = io.BytesIO()
    several = {"save_all": True, "append_images": [pillow(other) for other in more]} if more else {}
    pillow(image).save(file, kind, **several, **options)
    return file.getvalue()
