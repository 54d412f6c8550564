"""Opening picture files, whatever their names say: one picture, the pages of a document, or the frames of an animation.

Owns: decoding to upright, opaque colour of eight bits, and what is said of a file that is no picture.  Does not own which files
there are (images), nor when each picture is shown (collection).
"""

from __future__ import annotations

import io
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from pi_heif.as_plugin import HeifImageFile
from PIL import Image, ImageOps
from PIL.AvifImagePlugin import AvifImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from glyphfeed.stream.errors import SourceError
from glyphfeed.stream.sources.formats import HEAD_BYTES, Format, format_of
from glyphfeed.stream.sources.ground import ground_of, laid_on

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from PIL.ImageFile import ImageFile

    from glyphfeed.stream.records import Colour

# Called by their names, and not by `Image.open`, which would ask every plug-in there is, and refuses large panoramas.
PLUGINS: Final[dict[Format, Callable[[io.BytesIO], ImageFile]]] = {
    Format.PNG: PngImageFile,
    Format.GIF: GifImageFile,
    Format.WEBP: WebPImageFile,
    Format.TIFF: TiffImageFile,
    Format.AVIF: AvifImageFile,
    Format.HEIF: HeifImageFile,
}
MOST_PIXELS = 1 << 30
"""Of a picture: OpenCV's own bound."""
SUBFILE, REDUCED, MASK = 254, 1, 4
"""TIFF's tag that tells of a page whether it is a smaller copy or a mask of another (TIFF 6.0, page 36)."""
ORIENTATION = 274
"""EXIF's tag that tells how a picture lies."""
TOO_SHORT_S, SHORT_S = 0.01, 0.1
"""An animation's frame that is to be shown for no longer than the one is shown for the other, as browsers do."""


@dataclass(frozen=True, slots=True)
class Still:
    """One picture of a file, (height, width, 3) uint8 blue-green-red, and how long it is to be shown, None where nothing says."""

    image: Colour
    shown_s: float | None = None


@dataclass(frozen=True)
class Album:
    """What one file holds, at least one picture; `plays` says that they are the frames of an animation and not pages."""

    file: Path
    count: int
    plays: bool
    _decode: Callable[[], Iterator[Still]] = field(repr=False)

    def stills(self) -> Iterator[Still]:
        """Decode the pictures, one after the other.

        Raises:
            SourceError: the file is damaged, or was cut off; there may have been pictures before.

        """
        count = 0
        try:
            for count, still in enumerate(self._decode(), 1):  # noqa: B007
                yield still
        except SourceError as error:
            if count == 0:
                raise
            raise SourceError(f"{self.file} ended early at picture {count}; copy or save it again") from error


def open_picture(file: Path) -> Colour:
    """Decode a picture, the first one of several, (height, width, 3) uint8 blue-green-red.

    Raises:
        SourceError: there is no such file, or it is no picture.

    """
    return next(open_album(file).stills()).image


def open_album(file: Path) -> Album:
    """Open a file of one picture or more.

    Raises:
        SourceError: there is no such file, or it is no picture.

    """
    try:
        content = file.read_bytes()
    except (OSError, ValueError) as error:
        raise SourceError(f"{file} cannot be read: {getattr(error, 'strerror', error)}; check the path") from error
    found = format_of(content[:HEAD_BYTES])
    if found is Format.VIDEO:
        raise SourceError(f"{file} is a video, not a picture; read it with `glyphfeed watch`")
    plugin = None if found is None else PLUGINS.get(found)
    if plugin is None:
        return Album(file, 1, plays=False, _decode=lambda: iter([Still(_plain(file, content))]))
    try:
        opened = plugin(io.BytesIO(content))
        numbers = _numbers(opened)
    # Of a damaged file plug-ins raise whatever went wrong in them.
    except Exception as error:
        raise _complaint(file, content) from error
    if opened.width * opened.height > MOST_PIXELS:
        raise SourceError(f"{file} is too large, {opened.width}x{opened.height}; cut it into pictures of at most 30000x30000")
    plays = len(numbers) > 1 and found is not Format.TIFF
    return Album(file, len(numbers), plays, lambda: _stills(file, content, opened, numbers, plays=plays))


def _numbers(opened: ImageFile) -> Sequence[int]:
    """Which of the frames of a file are pictures of their own."""
    if isinstance(opened, HeifImageFile):
        return [opened.tell()]  # the one that it is opened at is what it shows, the others are for programs
    count = _count_gif(opened) if isinstance(opened, GifImageFile) else int(getattr(opened, "n_frames", 1))
    if isinstance(opened, TiffImageFile):
        pages = []
        for number in range(count):
            opened.seek(number)
            if number == 0 or not int(opened.tag_v2.get(SUBFILE, 0)) & (REDUCED | MASK):
                pages.append(number)
        return pages
    # What stands alone before an animation, for programs that play none, is no part of it.
    return range(int(count > 1 and bool(opened.info.get("default_image"))), count)


def _count_gif(opened: GifImageFile) -> int:
    """Count the frames of an animation, which does not tell; of one that was cut off also that which is broken."""
    count = 0
    try:
        while True:
            opened.seek(count)
            count += 1
    except EOFError:
        pass
    except Exception:
        count += 1
    opened.seek(0)
    return count


def _stills(file: Path, content: bytes, opened: ImageFile, numbers: Sequence[int], *, plays: bool) -> Iterator[Still]:
    ground: int | None = None
    for number in numbers:
        try:
            if opened.tell() != number:
                opened.seek(number)
            if _is_deep(content, opened):
                yield Still(_deep(content, number, grey=opened.mode != "RGB"))
                continue
            opened.load()
            shown_s = _shown_s(opened) if plays else None
            upright = _upright(opened)
            if upright.has_transparency_data:
                upright = upright.convert("RGBA")
                # The frames of an animation have one ground, or it would flicker.
                ground = ground_of(upright) if ground is None or not plays else ground
                upright = laid_on(upright, ground)
            colour = np.ascontiguousarray(np.asarray(upright.convert("RGB"))[:, :, ::-1])
        except Exception as error:
            raise _complaint(file, content) from error
        yield Still(colour, shown_s)


def _shown_s(opened: ImageFile) -> float:
    shown_s = float(opened.info.get("duration") or 0) / 1000
    return shown_s if shown_s > TOO_SHORT_S else SHORT_S


def _upright(opened: ImageFile) -> Image.Image:
    try:
        turn = opened.getexif().get(ORIENTATION, 1)
    except Exception:
        turn = 1  # notes that cannot be read turn nothing
    return ImageOps.exif_transpose(opened) if turn != 1 else opened


def _is_deep(content: bytes, opened: ImageFile) -> bool:
    """Whether an opaque picture has more than eight bits a colour, of which Pillow would keep the upper or the lower ones."""
    if opened.mode[0] in "IF":
        return True
    if isinstance(opened, TiffImageFile):
        return opened.mode == "RGB" and max(opened.tag_v2.get(258, (8,))) > 8
    return isinstance(opened, PngImageFile) and opened.mode == "RGB" and content[24] == 16 and not opened.has_transparency_data


def _deep(content: bytes, number: int, *, grey: bool) -> Colour:
    """Decode a picture of more than eight bits, and keep the eight from the highest that is in use on: cameras that give ten or
    twelve bits leave those above empty.
    """
    flags = cv2.IMREAD_ANYDEPTH | (0 if grey else cv2.IMREAD_COLOR)
    with _quiet():
        _, images = cv2.imdecodemulti(np.frombuffer(content, np.uint8), flags, range=(number, number + 1))
    image = np.asarray(images[0])
    if image.dtype.kind == "f":
        highest = float(np.nanmax(image))
        image = np.nan_to_num(image) * (255 / highest if highest > 0 else 0.0)
        eight = np.asarray(np.clip(image, 0, 255), np.uint8)
    else:
        shift = max(int(image.max()).bit_length() - 8, 0)
        eight = np.asarray(np.right_shift(image.astype(np.uint32), shift), np.uint8)
    return np.asarray(cv2.cvtColor(eight, cv2.COLOR_GRAY2BGR), np.uint8) if grey else eight


def _plain(file: Path, content: bytes) -> Colour:
    """Decode with OpenCV what is one opaque picture: JPEG, and the plainer kinds."""
    image = None
    if content:
        try:
            with _quiet():
                image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_COLOR)
        except cv2.error:
            image = None
    if image is None:
        raise _complaint(file, content)
    return np.asarray(image, np.uint8)


class _quiet:  # noqa: N801 - used like a function
    """While this lasts OpenCV keeps to itself what is said better here."""

    def __enter__(self) -> None:
        self._level = cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)

    def __exit__(self, *_: object) -> None:
        cv2.utils.logging.setLogLevel(self._level)


def _complaint(file: Path, content: bytes) -> SourceError:
    """Say why a file cannot be read as a picture."""
    found = format_of(content[:HEAD_BYTES])
    if not content:
        return SourceError(f"{file} is empty; copy or save it again")
    if found is None:
        return SourceError(f"{file} is not a picture that can be read; save it as .png or .jpg")
    kind = found if found is not Format.OTHER else "BMP, PPM or like"
    what = "was cut off" if _was_cut(found, content) else "is damaged, or of a kind that cannot be read"
    return SourceError(f"{file} {what} ({kind}); copy it again, or save it as .png or .jpg")


def _was_cut(found: Format, content: bytes) -> bool:
    """Whether the end of a picture is missing, as far as its format lets one know."""
    tail = content[-1024:].rstrip(b"\0")
    if found is Format.JPEG:
        return not tail.endswith(b"\xff\xd9")
    if found is Format.PNG:
        return b"IEND" not in tail
    if found is Format.GIF:
        return not tail.endswith(b";")
    if found is Format.WEBP:
        return int.from_bytes(content[4:8], "little") + 8 > len(content)
    if found in (Format.AVIF, Format.HEIF):
        return _last_box_end(content) > len(content)
    return False


def _last_box_end(content: bytes) -> int:
    """Where the last box of a file of boxes ends (ISO 14496-12, 4.2), by what it says itself."""
    at = 0
    while at + 8 <= len(content):
        size = int.from_bytes(content[at : at + 4], "big")
        if size == 1:
            size = int.from_bytes(content[at + 8 : at + 16], "big")
        if size < 8:
            break
        at += size
    return at
