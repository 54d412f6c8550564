"""QR and bar codes in a picture: what they say, of what kind they are, and where they lie.

Owns: how zxing-cpp is called, and the outlines of what it finds.  Does not own when it is called (stream.detecting), nor what
becomes of it (stream.tracking).  zxing-cpp is imported by the first call: who asks for no codes need not have it.

Of 48 QR codes drawn on a wall at 90 to 200 px, level, turned, in perspective, dark, and blurred by up to 2.5 px, zxing-cpp 3.1
reads all, OpenCV's two detectors 56 and 83 %.  Of EAN-13 at 240 to 280 px it reads all up to a blur of 1.2 px but those at 45
degrees, for which the picture is turned; OpenCV's reads those as well, but an eighth of the blurred ones, and few other kinds.
"""

from __future__ import annotations

import math
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from glyphfeed.engines.errors import EngineError
from glyphfeed.engines.weights import PIP_INSTALL

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray
    from zxingcpp import Barcode, BarcodeFormats

LONGEST: Final = 1000
"""Characters of a content that are told of; of the largest QR code there may be 7089."""
TURNS_DEG: Final = (30.0, 60.0)
"""Bars are looked for along rows and columns, and where they may lie slanting with the picture turned by these as well."""
WEAK: Final = ("Codabar", "Code39", "DXFilmEdge", "EAN", "ISBN", "ITF", "UPC")
"""Kinds of which not one reading is enough, as their names begin: a check digit, if there must be any, lets one in ten pass of
those that blur makes wrong."""
ENLARGED_BY: Final = 0.15
"""By this share of its length what is looked at more closely reaches beyond a bar code."""
BAR_SAMPLES: Final = 96
"""Places along the third of a bar code in which its bars are compared."""
BAR_STEP_PX: Final = 2.0
SAME_BARS: Final = 0.6
"""Rows that correlate above this, so many pixels apart, show the same bars."""
CONTRAST: Final = 0.4
"""The share of their contrast below which there are none."""


@dataclass(frozen=True, slots=True)
class Code:
    """A code that was read: its content in one line, what kind it is, such as QRCode or EAN-13, and its corners (4, 2) float32
    pixels, clockwise from the top left as it was printed.
    """

    text: str
    symbology: str
    quad: NDArray[np.float32]

    @property
    def checked(self) -> bool:
        """Whether a checksum or an error correction of its own surely bears out what it says."""
        return not self.symbology.startswith(WEAK)


def check_codes() -> None:
    """Refuse at once what `codes_in` would refuse.

    Raises:
        EngineError: what this needs is not installed.

    """
    try:
        import zxingcpp  # noqa: F401
    except ImportError:
        advice = f"{PIP_INSTALL} -e '.[understand]' in glyphfeed's folder brings it"
        raise EngineError(f"QR and bar codes are read by zxing-cpp, which is not installed; {advice}") from None


def codes_in(grey: NDArray[np.uint8], turns_deg: Sequence[float] = TURNS_DEG) -> list[Code]:
    """Read all codes in a (height, width) picture, bars also with the picture turned by each of some angles, at 8 ms each.

    Raises:
        EngineError: what this needs is not installed.

    """
    check_codes()
    import zxingcpp

    found = list(_read(zxingcpp.read_barcodes(grey), grey, grey, np.eye(2, 3)))
    for angle_deg in turns_deg:
        turned, back = _turned(grey, angle_deg)
        bars = zxingcpp.read_barcodes(turned, formats=_bars(), try_downscale=False, try_invert=False)
        found += _read(bars, turned, grey, back)
    return [code for k, code in enumerate(found) if not any(_repeats(code, other) for other in found[:k])]


def one_line(content: str) -> str:
    """Write a content in one line without control characters, and no longer than `LONGEST` characters.

    Letters and their accents are one character each (NFC), as they are in what is read, or a rule would not know the word.
    """
    whole = unicodedata.normalize("NFC", content)
    shown = "".join(char if char.isprintable() else " " if char.isspace() else "\N{REPLACEMENT CHARACTER}" for char in whole)
    return shown if len(shown) <= LONGEST else f"{shown[: LONGEST - 1]}…"


def _turned(grey: NDArray[np.uint8], angle_deg: float) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """A picture turned, whole, and the matrix (2, 3) that takes its pixels back."""
    height, width = grey.shape
    to_turned = cv2.getRotationMatrix2D((width / 2, height / 2), angle_deg, 1.0)
    columns, rows = np.ceil(np.abs(to_turned[:, :2]) @ (width, height)).astype(int).tolist()
    to_turned[:, 2] += (columns - width) / 2, (rows - height) / 2
    turned = cv2.warpAffine(grey, to_turned, (columns, rows), borderMode=cv2.BORDER_REPLICATE)
    return np.asarray(turned, np.uint8), np.asarray(cv2.invertAffineTransform(to_turned), np.float64)


def _read(
    barcodes: Sequence[Barcode], picture: NDArray[np.uint8], grey: NDArray[np.uint8], back: NDArray[np.float64]
) -> Iterator[Code]:
    """What zxing-cpp tells of a picture, in pixels of the one before it was turned, `grey`, where a matrix (2, 3) takes its
    corners.
    """
    import zxingcpp

    linear = zxingcpp.barcode_formats_list(_bars())
    for barcode in barcodes:
        symbology = str(barcode.format).replace(" ", "")
        found = _read_closer(picture, barcode) if symbology.startswith(WEAK) else (barcode.text, _corners(barcode))
        if found is None or not found[0].strip():
            continue
        quad = found[1] @ back[:, :2].T + back[:, 2]
        if barcode.format in linear:
            quad = bars_around(grey, quad)
        yield Code(one_line(found[0]), symbology, clockwise(quad).astype(np.float32))


def _read_closer(picture: NDArray[np.uint8], barcode: Barcode) -> tuple[str, NDArray[np.float64]] | None:
    """Read bars once more in twice the size: the content and the corners (4, 2), None where nothing is read so.

    Of blurred ones at 2.7 px a module a third was misread with a check digit that fits, and none of those in twice the size.
    """
    import zxingcpp

    quad = _corners(barcode)
    reach = ENLARGED_BY * float(np.ptp(quad, axis=0).max())
    left, top = np.maximum(quad.min(axis=0) - reach, 0).astype(int)
    right, bottom = (quad.max(axis=0) + reach).astype(int)
    large = cv2.resize(picture[top:bottom, left:right], None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    formats = zxingcpp.BarcodeFormats([barcode.format])
    again = zxingcpp.read_barcodes(np.asarray(large, np.uint8), formats=formats, try_downscale=False)
    return (again[0].text, _corners(again[0]) / 2 + (left, top)) if again else None


def _corners(barcode: Barcode) -> NDArray[np.float64]:
    place = barcode.position
    corners = (place.top_left, place.top_right, place.bottom_right, place.bottom_left)
    return np.array([(corner.x, corner.y) for corner in corners], np.float64)


def _bars() -> BarcodeFormats:
    import zxingcpp

    return zxingcpp.BarcodeFormats([zxingcpp.BarcodeFormat.AllLinear])


def _repeats(code: Code, other: Code) -> bool:
    """Tell whether a code is another one that was read once more."""
    x, y = code.quad.mean(axis=0)
    return code.text == other.text and cv2.pointPolygonTest(other.quad, (float(x), float(y)), measureDist=False) >= 0


def clockwise(quad: NDArray[np.floating]) -> NDArray[np.floating]:
    """Let the corners (4, 2) of a code go round clockwise, also of one that is seen in a mirror."""
    (ax, ay), (bx, by) = quad[2] - quad[0], quad[3] - quad[1]
    return quad if ax * by - ay * bx > 0 else quad[[1, 0, 3, 2]]


def bars_around(grey: NDArray[np.uint8], quad: NDArray[np.floating]) -> NDArray[np.float64]:
    """Find the corners (4, 2) of a bar code in a (height, width) picture, given those of the rows in which it was read: slanting
    ones do not reach to its ends, where it lies slanting.

    At both sides the bars are followed up and down for as long as the picture stays the same.
    """
    start, end = (quad[0] + quad[3]) / 2, (quad[1] + quad[2]) / 2
    chord = end - start
    # As bars are read from their start, whichever way up they stand.
    downwards = np.array([-chord[1], chord[0]])
    places, reaches = [], []
    for share in (1 / 6, 5 / 6):
        place = start + share * chord
        along = _bars_direction(grey, place, float(np.hypot(*chord)) / 6)
        along = along if along @ downwards > 0 else -along
        places.append(place)
        reaches.append([reach * along for reach in _reach(grey, place, chord / 3, along)])
    left, right = np.array(reaches[0]) + places[0], np.array(reaches[1]) + places[1]
    beyond = (right - left) / 4
    return np.array([left[0] - beyond[0], right[0] + beyond[0], right[1] + beyond[1], left[1] - beyond[1]])


def _bars_direction(grey: NDArray[np.uint8], place: NDArray[np.floating], half_px: float) -> NDArray[np.float64]:
    """The direction (2,) of the lines around a place: across the one in which a picture changes most, by its structure tensor
    (Bigun and Granlund, Optimal orientation detection of linear symmetry, 1987).
    """
    size = (max(int(2 * half_px), 8),) * 2
    patch = cv2.getRectSubPix(grey, size, (float(place[0]), float(place[1]))).astype(np.float32)
    dx, dy = cv2.Scharr(patch, cv2.CV_32F, 1, 0), cv2.Scharr(patch, cv2.CV_32F, 0, 1)
    angle = math.atan2(2 * float((dx * dy).sum()), float((dx * dx - dy * dy).sum())) / 2
    return np.array([-math.sin(angle), math.cos(angle)])


def _reach(
    grey: NDArray[np.uint8], place: NDArray[np.floating], chord: NDArray[np.floating], along: NDArray[np.floating]
) -> tuple[float, float]:
    """How far bars reach up and down from a place, pixels along a direction (2,), seen over a `chord` (2,) around it."""
    most = 3 * float(np.hypot(*chord))
    offsets = np.arange(-most, most + 1, BAR_STEP_PX)
    middle = len(offsets) // 2
    points = place + np.linspace(-0.5, 0.5, BAR_SAMPLES)[:, None] * chord + offsets[:, None, None] * along
    x, y = (np.ascontiguousarray(points[..., k], np.float32) for k in (0, 1))
    seen = cv2.remap(grey, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE).astype(np.float32)
    # By their edges, as the one between paper and wall has as much contrast, but is only one.
    rows = np.diff(seen, axis=1)
    spread = np.sqrt((rows * rows).sum(axis=1)) + 1e-3
    alike = (rows[1:] * rows[:-1]).sum(axis=1) / (spread[1:] * spread[:-1])
    goes_on = (alike > SAME_BARS) & (np.minimum(spread[1:], spread[:-1]) > CONTRAST * spread[middle])
    up, down = np.flatnonzero(~goes_on[:middle][::-1]), np.flatnonzero(~goes_on[middle:])
    return -BAR_STEP_PX * float(up[0] if len(up) else middle), BAR_STEP_PX * float(down[0] if len(down) else middle)
