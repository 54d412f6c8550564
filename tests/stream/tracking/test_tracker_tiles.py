"""What a look at one part of the picture does to the tracks in it, at its edges, and elsewhere."""

from __future__ import annotations

import numpy as np
import pytest

from glyphfeed.stream.detecting.passes import PassKind
from glyphfeed.stream.detecting.tiles import Tile
from glyphfeed.stream.tracking.extent import GROWTH
from glyphfeed.stream.tracking.tracker import MAX_MISSES
from tests.stream.feed.samples import box
from tests.stream.shapes import moved
from tests.stream.tracks import SIZE, TEXT, Scene

LEFT = PassKind(tile=Tile(0, 0, 400, SIZE[1]))
RIGHT = PassKind(tile=Tile(300, 0, SIZE[0] - 300, SIZE[1]))
INSIDE = box(100, 150, 160, 24)
ACROSS = box(340, 150, 160, 24)
"""Reaches over the edge of the left tile, and lies in the right one."""
SEEN_OF_IT = box(340, 150, 60, 24)
ELSEWHERE = box(420, 250, 100, 24)


def test_text_in_a_tile_begins_a_track() -> None:
    scene = Scene()
    assert scene.find(INSIDE, kind=LEFT)
    np.testing.assert_allclose(scene.seen[0].quad, INSIDE)


def test_text_that_the_edge_cuts_is_left_to_the_neighbour() -> None:
    scene = Scene()
    assert not scene.find(SEEN_OF_IT, kind=LEFT)
    assert scene.tracker.tracks == []
    scene.find(ACROSS, kind=RIGHT)
    np.testing.assert_allclose(scene.seen[0].quad, ACROSS)


def test_text_that_the_border_cuts_is_taken_as_by_any_pass() -> None:
    scene = Scene()
    scene.find(box(0, 150, 80, 24), kind=LEFT)
    (track,) = scene.seen
    assert track.cut_off


@pytest.mark.parametrize("piece", [SEEN_OF_IT, box(350, 150, 40, 24)], ids=["at the edge", "a word before it"])
def test_a_piece_neither_shortens_a_text_nor_stands_beside_it(piece: np.ndarray) -> None:
    scene = Scene(ACROSS)
    for _ in range(2 * MAX_MISSES):
        scene.follow()
        assert not scene.find(piece, kind=LEFT)
    (track,) = scene.tracker.tracks
    np.testing.assert_allclose(track.quad, ACROSS, atol=1e-6)
    assert (track.misses, track.resized) == (0, 0)


def test_a_tile_says_nothing_of_text_outside_of_it_or_across_its_edge() -> None:
    scene = Scene()
    scene.find(ACROSS, ELSEWHERE, kind=RIGHT)
    for _ in range(2 * MAX_MISSES):
        scene.follow()
        scene.find(kind=LEFT)
    assert [track.misses for track in scene.seen] == [0, 0]


def test_small_text_is_missed_by_tiles_alone_wherever_they_lie() -> None:
    scene = Scene()
    scene.find(ELSEWHERE, kind=RIGHT)
    scene.seen[0].belief.text = TEXT
    for _ in range(2 * MAX_MISSES):
        scene.find()
    assert scene.seen[0].misses == 0, "the whole picture is too coarse for it"
    around = PassKind(tile=Tile(200, 100, 400, 200))
    for _ in range(MAX_MISSES):
        scene.find(kind=around)
    assert scene.ids == []


def test_text_that_the_whole_picture_shows_is_not_missed_by_a_tile() -> None:
    scene = Scene(INSIDE)
    for _ in range(2 * MAX_MISSES):
        scene.find(kind=LEFT)
    assert scene.seen[0].misses == 0


def test_a_tile_finds_what_the_whole_picture_found_and_corrects_it() -> None:
    scene = Scene(INSIDE)
    for _ in range(5):
        scene.follow()
        scene.find(moved(INSIDE, 0, 2), kind=LEFT)
    (track,) = scene.seen
    assert 1 < (track.quad - INSIDE)[:, 1].mean() <= 2


def test_a_doubt_that_only_tiles_could_settle_asks_for_no_pass_of_the_whole() -> None:
    scene = Scene()
    scene.find(INSIDE, kind=LEFT)
    longer = box(100, 150, 160 + 24 * 2 * GROWTH, 24)
    scene.find(longer, kind=LEFT)
    assert scene.seen[0].resized == 1
    assert scene.tracker.unsure is None
    scene.find(INSIDE)
    scene.find(longer)
    assert scene.tracker.unsure == PassKind()
