from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from glyphfeed.stream.detecting.passes import PassKind
from glyphfeed.stream.detecting.tiles import Tile, levels_of
from glyphfeed.stream.drivers.still import STRIP, read_still, spread
from glyphfeed.stream.records import TextState
from glyphfeed.tools.scenes.clip import Scene, Sign, look, render
from glyphfeed.tools.scenes.street import demo_scene

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from glyphfeed.engines.loading import Engines


class Watched:
    """A detector that finds nothing, and remembers which parts of a picture it was shown."""

    name = "watched"

    def __init__(self, picture: NDArray[np.uint8]) -> None:
        self._start, self._row = picture.ctypes.data, picture.strides[0]
        self.parts: list[Tile] = []

    def detect(self, image: NDArray[np.uint8], **look: bool) -> tuple[NDArray[np.float32], NDArray[np.float32]]:  # noqa: ARG002
        y, x = divmod(image.ctypes.data - self._start, self._row)
        self.parts.append(Tile(x // 3, y, image.shape[1], image.shape[0]))
        return np.empty((0, 4, 2), np.float32), np.empty(0, np.float32)


def test_level_and_turned_text_in_a_picture_is_read(engines: Engines) -> None:
    image, _ = render(demo_scene(), 0.2)
    before = image.copy()
    snapshot = read_still(image, engines)
    assert {"CAFÉLUNA", "OPEN", "Espresso", "HOTEL"} <= {text.text.replace(" ", "") for text in snapshot.texts}
    assert all(text.state is not TextState.TENTATIVE for text in snapshot.texts)
    assert (snapshot.frame, snapshot.size) == (0, (960, 540))
    assert np.array_equal(image, before)


def test_a_picture_without_text_has_none(engines: Engines) -> None:
    assert read_still(np.full((120, 200, 3), 128, np.uint8), engines).texts == ()


def test_small_text_in_a_large_picture_is_found_by_its_tiles(engines: Engines) -> None:
    size, centre = (1920, 1080), (500, 300)
    # Pale letters, of which no more than six pixels stand above the line.
    sign = Sign("PLATFORM", centre, 10, ink=(200, 200, 200))
    image, _ = render(Scene((sign,), lambda _: look(size, (960, 540)), size=size, wall=size), 0.0)
    assert len(engines.detector.detect(image)[0]) == 0
    (text,) = read_still(image, engines).texts
    assert text.text == "PLATFORM"
    assert np.abs(text.polygon.mean(axis=0) - centre).max() < 4


@pytest.mark.parametrize("size", [(3840, 2160), (10000, 40), (40, 10000), (1, 3000)])
def test_each_tile_of_a_large_picture_is_looked_at_once_each_way(engines: Engines, size: tuple[int, int]) -> None:
    image = np.full((size[1], size[0], 3), 128, np.uint8)
    detector = Watched(image)
    assert read_still(image, replace(engines, detector=detector)).texts == ()
    whole = Tile(0, 0, *size)
    ways = 2 if size[1] >= STRIP * size[0] else 1
    assert sorted(part for part in detector.parts if part != whole) == sorted(levels_of(size) * ways)
    assert detector.parts.count(whole) == 3


def test_of_a_huge_picture_so_many_tiles_are_looked_at_evenly() -> None:
    looks = [PassKind(tile=Tile(x, 0, 1, 1)) for x in range(10)]
    assert spread(looks, 10) == looks
    assert [kind.tile.x for kind in spread(looks, 4) if kind.tile is not None] == [0, 2, 5, 7]
    assert spread([], 4) == []


def test_a_single_word_on_a_large_blank_picture_is_read(engines: Engines) -> None:
    picture = np.full((2160, 3840, 3), 200, np.uint8)
    cv2.putText(picture, "Hello world", (1500, 1000), cv2.FONT_HERSHEY_DUPLEX, 2.5, (20, 20, 20), 5, cv2.LINE_AA)
    (text,) = read_still(picture, engines).texts
    assert text.text == "Hello world"


def strip(width: int, height: int, letters_px: int) -> NDArray[np.uint8]:
    """A long pale wall with a line on it every thousand pixels, GATE 01 WEST and so on."""
    picture = np.full((height, width, 3), (208, 204, 200), np.uint8)
    scale = letters_px / cv2.getTextSize("GATE", cv2.FONT_HERSHEY_DUPLEX, 1, 2)[0][1]
    for k in range(width // 1000):
        place = (1000 * k + 150, (height + letters_px) // 2)
        cv2.putText(picture, f"GATE {k + 1:02d} WEST", place, cv2.FONT_HERSHEY_DUPLEX, scale, (20, 20, 20), 4, cv2.LINE_AA)
    return picture


@pytest.mark.parametrize(
    ("width", "height", "rotation"),
    [(7000, 200, None), (10000, 500, None), (6000, 200, cv2.ROTATE_90_CLOCKWISE)],
)
def test_every_line_of_a_long_strip_is_read(engines: Engines, width: int, height: int, rotation: int | None) -> None:
    picture = strip(width, height, 40)
    if rotation is not None:
        picture = np.asarray(cv2.rotate(picture, rotation), np.uint8)
    texts = read_still(picture, engines).texts
    assert sorted(text.text for text in texts) == [f"GATE {k + 1:02d} WEST" for k in range(width // 1000)]


def test_every_line_of_a_high_picture_is_read(engines: Engines) -> None:
    picture = np.full((6000, 500, 3), (208, 204, 200), np.uint8)
    for k in range(12):
        place = (60, 500 * k + 250)
        cv2.putText(picture, f"GATE {k + 1:02d} WEST", place, cv2.FONT_HERSHEY_DUPLEX, 1.4, (20, 20, 20), 3, cv2.LINE_AA)
    texts = read_still(picture, engines).texts
    assert sorted(text.text for text in texts) == [f"GATE {k + 1:02d} WEST" for k in range(12)]
