"""Pictures of the texts of a report, cut out of the video that was read.

Owns: which frames are decoded, how much is shown around a text, and that what a rule hides is covered.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from glyphfeed.stream.errors import SourceError
from glyphfeed.stream.geometry import UNIT_SQUARE, cut_around, homography_between, rectify, sides, transform
from glyphfeed.stream.sources.file import check_file, decode_file

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from glyphfeed.stream.records import Colour, Polygon
    from glyphfeed.tools.report.gathering import Entry

AROUND: Final = 0.4
"""So much of the height of a text is shown around it."""
WIDEST_PX, TALLEST_PX = 480, 120
HEIGHTS_PX: Final = (24, TALLEST_PX)
QUALITY: Final = 80
COVER: Final = (96, 96, 96)


def crops_of(entries: Sequence[Entry], videos: Mapping[str, Path]) -> dict[int, bytes]:
    """Cut texts out of the videos of their sources: JPEGs, by the place of the text among the entries.

    Of what a rule hides there is no picture, and where it stands beside another text it is covered.

    Raises:
        SourceError: a video cannot be read, or is not the one that was: its frames have another size.

    """
    found: dict[int, bytes] = {}
    for source, path in videos.items():
        wanted: dict[int, list[int]] = {}
        for number, entry in enumerate(entries):
            if entry.source == source and entry.place is not None and not entry.is_hidden:
                wanted.setdefault(entry.place.frame, []).append(number)
        check_file(path)
        for index, picture in enumerate(decode_file(path)):
            for number in wanted.pop(index, ()):
                found[number] = _jpeg(_cut(picture.bgr(), entries[number], path))
            if not wanted:
                break
    return found


def _cut(picture: Colour, entry: Entry, path: Path) -> Colour:
    place, (height, width) = entry.place, picture.shape[:2]
    assert place is not None
    if (width, height) != place.size:
        raise SourceError(
            f"{path} is {width}x{height}, and what was recorded {place.size[0]}x{place.size[1]}: name the video that was read"
        )
    for polygon in entry.covered:
        picture = cv2.fillPoly(picture.copy(), [np.round(polygon).astype(np.int32)], COVER).astype(np.uint8, copy=False)
    if len(place.polygon) == 4:
        return rectify(picture, _grown(place.polygon), HEIGHTS_PX)
    return cut_around(picture, place.polygon, AROUND)


def _grown(quad: Polygon) -> NDArray[np.float64]:
    """A quad with what is around the text, in its perspective."""
    width, height = sides(quad)
    beside = AROUND * height / max(width, 1e-6)
    around = np.array([[-beside, -AROUND], [1 + beside, -AROUND], [1 + beside, 1 + AROUND], [-beside, 1 + AROUND]])
    return transform(around, homography_between(UNIT_SQUARE, quad))


def _jpeg(crop: Colour) -> bytes:
    height, width = crop.shape[:2]
    scale = min(WIDEST_PX / width, TALLEST_PX / height, 1.0)
    size = max(round(width * scale), 1), max(round(height * scale), 1)
    _, encoded = cv2.imencode(".jpg", cv2.resize(crop, size, interpolation=cv2.INTER_AREA), [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    return encoded.tobytes()
