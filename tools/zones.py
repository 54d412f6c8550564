"""`glyphfeed zones`: a picture of a camera with a grid over it, so that zones can be read off it, and with those that there are.

Owns: the drawing.  Does not own what a zone is (detecting.zones).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from glyphfeed.stream.detecting.zones import Zones, cells_of
from glyphfeed.stream.errors import SourceError
from glyphfeed.stream.sources.address import open_source
from glyphfeed.tools.configuration.loading import load
from glyphfeed.tools.errors import CommandError, writing

if TYPE_CHECKING:
    from pathlib import Path

    from glyphfeed.stream.records import Colour
    from glyphfeed.stream.sources.source import Source

SUFFIXES: Final = (".png", ".jpg")
STEPS: Final = 10
"""Lines lie a tenth of the picture apart."""
LEAST_PX: Final = 960
"""A smaller picture is drawn larger, so that the figures can be read."""


def draw_zones(address: str, configuration: Path | None, zones: Zones, out: Path) -> None:
    """Take one picture of a source, or of a camera of a configuration, which has zones of its own, and write it with the grid.

    Raises:
        SourceError: it delivers none.
        CommandError: the configuration has no such camera, or the picture cannot be written.

    """
    if configuration is None:
        source = open_source(address)
    else:
        found = load(configuration)
        camera = next((camera for camera in found.cameras if camera.name == address), None)
        if camera is None:
            there = ", ".join(camera.name for camera in found.cameras)
            raise CommandError(f"{configuration} has no camera {address!r}; there are {there}")
        source, own = found.open(camera), camera.zones
        zones = Zones(own.read + zones.read, own.ignore + zones.ignore)
    picture = first_picture(source)
    height, width = picture.shape[:2]
    if out.suffix.lower() not in SUFFIXES:
        raise CommandError(f"{out} is no name of a picture; end it in {' or '.join(SUFFIXES)}")
    content = cv2.imencode(out.suffix, drawn(picture, zones))[1].tobytes()
    with writing(out):
        out.write_bytes(content)
    print(f"{out}: {width}x{height} pixels; what is dark is not read")


def first_picture(source: Source) -> Colour:
    """The first picture that a source delivers.

    Raises:
        SourceError: it delivers none.

    """
    frames = source.frames(lambda _state, _detail: None)
    try:
        for frame in frames:
            return frame.bgr()
    finally:
        source.stop()
    raise SourceError(f"{source.name} delivered no picture")


def drawn(picture: Colour, zones: Zones) -> Colour:
    """A picture with a grid over it, and darker where no text is read."""
    height, width = picture.shape[:2]
    scale = max(LEAST_PX / width, 1.0)
    read = cv2.resize(cells_of(zones, (width, height)).astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    dimmed = np.where(read[..., None] > 0, picture, picture // 4)
    image = cv2.resize(dimmed, None, fx=scale, fy=scale)
    rows, columns = image.shape[:2]
    for step in range(1, STEPS):
        x, y, told = columns * step // STEPS, rows * step // STEPS, f"{step / STEPS:g}"
        for start, end, at in (((x, 0), (x, rows), (x + 3, 14)), ((0, y), (columns, y), (3, y - 4))):
            cv2.line(image, start, end, (255, 255, 255), 1)
            for colour, thickness in (((0, 0, 0), 3), ((255, 255, 255), 1)):
                cv2.putText(image, told, at, cv2.FONT_HERSHEY_SIMPLEX, 0.45, colour, thickness, cv2.LINE_AA)
    return np.asarray(image, np.uint8)
