from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pytest

from glyphfeed.stream.feed.publishing.pictures import jpeg
from glyphfeed.stream.feed.receiving.drawing import shown
from glyphfeed.stream.records import SourceState, TextState
from glyphfeed.tools.displays.overlay import COLOURS
from glyphfeed.tools.displays.tiles import BAR_PX, Tile, age_words, cells, compose, contained, decode, draw_tile, wrapped
from tests.stream.feed.samples import box, entity, snapshot

GOLDEN = Path(__file__).parent / "tiles.png"
"""Three tiles; where they are to look otherwise, look at the file that the test leaves, and put it there."""


def street() -> np.ndarray[tuple[int, int, int], np.dtype[np.uint8]]:
    """A picture, 1280x720, that is no other way round."""
    y, x = np.mgrid[0:720, 0:1280]
    return np.dstack([x // 160 * 20 + 40, y // 180 * 40 + 40, np.full_like(x, 90)]).astype(np.uint8)


def test_tiles_look_as_they_did(tmp_path: Path) -> None:
    sign = replace(entity(1, "EXIT 12"), polygon=box(400, 300, 300, 80))
    late = replace(entity(2, "Größe 24"), polygon=box(800, 500, 300, 60), state=TextState.COASTING)
    guess = replace(entity(3, "GUESS"), polygon=box(100, 600, 200, 60), state=TextState.TENTATIVE)
    drawn = shown(snapshot(7, sign, late, guess), 0.0)
    tiles = [
        Tile("door", SourceState.LIVE, "", "", street(), drawn),
        Tile("yard", SourceState.STALLED, "frozen, 12 s old", "", street()[:, 300:700].copy(), None),
        Tile("gate", SourceState.FAILED, "", "gate refused the user name or password; give them in its address", None, None),
    ]
    size = 720, 480
    places = cells(3, size)
    images = [draw_tile(tile, place[2:]) for tile, place in zip(tiles, places, strict=True)]
    image = compose(zip(places, images, strict=True), size, "Nobody publishes at tcp://127.0.0.1:5570 any more.")
    path = tmp_path / GOLDEN.name
    cv2.imwrite(str(path), image, [cv2.IMWRITE_PNG_COMPRESSION, 9])
    golden = cv2.imread(str(GOLDEN))
    assert golden is not None
    assert golden.shape == image.shape
    # Another version of a library may smooth edges otherwise.
    differs = (abs(golden.astype(int) - image).max(axis=2) > 24).mean()
    assert differs < 0.002, f"{differs:.1%} of the pixels are others, see {path}"


@pytest.mark.parametrize("count", [1, 2, 3, 4, 5, 7, 12, 20])
@pytest.mark.parametrize("size", [(1280, 720), (1920, 500), (400, 1200), (64, 64)])
def test_tiles_are_inside_and_do_not_cover_each_other(count: int, size: tuple[int, int]) -> None:
    taken = np.zeros(size[::-1], int)
    for left, top, width, height in cells(count, size):
        assert width > 0
        assert height > 0
        taken[top : top + height, left : left + width] += 1
    assert taken.max() == 1
    assert len(cells(count, size)) == count


def test_tiles_are_as_large_as_the_window_allows() -> None:
    assert [len({left for left, *_ in cells(count, (1280, 720))}) for count in (1, 2, 4, 9, 20)] == [1, 2, 2, 3, 5]
    assert len({left for left, *_ in cells(4, (400, 2000))}) == 1
    assert len({top for _, top, *_ in cells(4, (3000, 300))}) == 1
    assert cells(0, (640, 480)) == []


@pytest.mark.parametrize("room", [(640, 360), (640, 640), (900, 300)])
def test_text_is_drawn_where_it_is_in_the_picture_whatever_the_shape_of_the_tile(room: tuple[int, int]) -> None:
    white = box(400, 300, 320, 160)
    picture = np.zeros((720, 1280, 3), np.uint8)
    picture[300:460, 400:720] = 255
    text = replace(entity(1, ""), polygon=white)
    tile = Tile("door", SourceState.LIVE, "", "", picture, shown(snapshot(7, text), 0.0))
    drawn = draw_tile(tile, (room[0], room[1] + BAR_PX))[BAR_PX:]
    sign = np.argwhere((drawn > 200).all(axis=2))
    green = np.argwhere((abs(drawn.astype(int) - COLOURS[TextState.SETTLED]) < 30).all(axis=2))
    assert len(sign) > 100
    assert np.abs(np.concatenate([sign.min(axis=0) - green.min(axis=0), green.max(axis=0) - sign.max(axis=0)])).max() <= 3
    left, top, width, height = contained((1280, 720), room)
    assert (width, height) == (round(1280 * height / 720), height)
    assert min(left, top) == 0


def test_a_picture_of_another_shape_than_its_tile_is_whole_in_its_middle() -> None:
    assert contained((400, 300), (800, 300)) == (200, 0, 400, 300)
    assert contained((300, 400), (300, 800)) == (0, 200, 300, 400)
    assert contained((10_000, 1), (100, 100)) == (0, 49, 100, 1)


def test_a_picture_is_decoded_no_larger_than_it_is_drawn() -> None:
    large = jpeg(np.dstack([np.full((2160, 3840), 90, np.uint8)] * 3))
    sizes = {room: decode(large, (3840, 2160), room) for room in [(1900, 1080), (900, 500), (480, 270), (100, 60), (3000, 60)]}
    shapes = [None if image is None else image.shape[:2] for image in sizes.values()]
    assert shapes == [(1080, 1920), (540, 960), (270, 480), (135, 240), (135, 240)]
    assert decode(b"", (640, 480), (100, 100)) is None
    assert decode(b"no picture at all", (640, 480), (100, 100)) is None


def test_what_is_fresh_says_nothing_of_its_age() -> None:
    assert age_words(0.4, SourceState.LIVE, frozen=False) == ""
    assert age_words(2.4, SourceState.LIVE, frozen=False) == "2 s old"
    assert age_words(0.4, SourceState.LIVE, frozen=True) == "frozen"
    assert age_words(61.0, SourceState.STALLED, frozen=True) == "frozen, 61 s old"
    assert age_words(61.0, SourceState.ENDED, frozen=False) == ""


def test_sentences_are_broken_into_lines_that_fit() -> None:
    sentence = "gate refused the user name or password; give them in its address"
    lines = list(wrapped(sentence, 200))
    assert len(lines) > 2
    assert " ".join(lines) == sentence
    assert list(wrapped("", 200)) == []
