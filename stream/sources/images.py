"""Folders and patterns of pictures, read with OpenCV as if they were a video.

Owns: which files, in which order, and decoding them.  Does not own their pace.
"""

from __future__ import annotations

import glob
import logging
import re
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np

from glyphfeed.stream.errors import SourceError
from glyphfeed.stream.sources.picture import picture_from_bgr

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glyphfeed.stream.records import Colour
    from glyphfeed.stream.sources.picture import Picture

log = logging.getLogger("glyphfeed.sources")

IMAGES_PER_S = 25.0
"""The default of FFmpeg's image2 demuxer."""
SUFFIXES = {
    *(".avif", ".bmp", ".dib", ".gif", ".jp2", ".jpe", ".jpeg", ".jpg", ".pbm", ".pgm", ".png", ".pnm", ".ppm"),
    *(".ras", ".sr", ".tif", ".tiff", ".webp"),
}
"""Of the picture formats that OpenCV reads."""


def is_folder(address: str) -> bool:
    """Whether an address is that of a folder; whatever cannot be looked at is none."""
    try:
        return Path(address).is_dir()
    except (OSError, ValueError):
        return False


def is_pattern(address: str) -> bool:
    """Whether an address is a pattern such as `shots/*.png` and not the name of something that exists."""
    try:
        return glob.has_magic(address) and not Path(address).exists()
    except (OSError, ValueError):
        return False


def find_images(address: str) -> list[Path]:
    """The pictures of a folder, of a pattern such as `shots/*.png`, or one single file, in natural order.

    Raises:
        SourceError: there are none.

    """
    path = Path(address)
    if is_pattern(address):
        matches = glob.glob(address, recursive=True)  # noqa: PTH207 - Path.glob takes no absolute pattern
        found = [Path(match) for match in matches if Path(match).is_file()]
        if not found:
            raise SourceError(f"{address}: no file matches this pattern; check it, and put it in quotes")
    elif is_folder(address):
        found = [file for file in path.iterdir() if file.suffix.lower() in SUFFIXES and file.is_file()]
        if not found:
            raise SourceError(f"{address}: there are no pictures in this folder; give one with .png or .jpg files in it")
    else:
        found = [path]
    return sorted(found, key=lambda file: natural_key(str(file)))


def natural_key(text: str) -> list[tuple[int, int, str]]:
    """A sort key under which `shot2` comes before `shot10`: runs of digits compare as numbers, the rest without case."""
    runs = re.findall(r"[0-9]+|[^0-9]+", text)
    # The text itself comes last, so that two different names never tie.
    return [(0, int(run), "") if run[0] in "0123456789" else (1, 0, run.lower()) for run in runs] + [(-1, 0, text)]


def read_images(label: str, files: Sequence[Path]) -> Iterator[Picture]:
    """Yield the pictures that can be read, stamped at 25 a second; each one that cannot is skipped with a warning.

    Raises:
        SourceError: none of them can be read.

    """
    count = 0
    for file in files:
        try:
            image = open_picture(file)
        except SourceError as error:
            log.warning("%s; it is skipped", error)
            continue
        yield picture_from_bgr(image, count / IMAGES_PER_S)
        count += 1
    if count == 0:
        raise SourceError(f"{label}: none of its {len(files)} files can be read as a picture; save them as .png or .jpg")


def open_picture(file: Path) -> Colour:
    """Decode a picture, (height, width, 3) uint8 blue-green-red.

    Raises:
        SourceError: there is no such file, or it is no picture.

    """
    try:
        image = cv2.imdecode(np.frombuffer(file.read_bytes(), np.uint8), cv2.IMREAD_COLOR)
    except OSError as error:
        raise SourceError(f"{file} cannot be read: {error.strerror}; check the path") from error
    except cv2.error:
        image = None
    if image is None:
        raise SourceError(f"{file} is not a picture that can be read; save it as .png or .jpg")
    return np.asarray(image, np.uint8)
