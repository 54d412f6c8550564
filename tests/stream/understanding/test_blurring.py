from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.geometry import sides
from glyphfeed.stream.records import Frame
from glyphfeed.stream.understanding.blurring import STEPS, blurred, grown
from glyphfeed.stream.understanding.covering import AFTER_S, Covered, Covering, View, carried
from glyphfeed.tools.scenes.clip import Scene, Sign, Waypoint, locate_words, render, travel
from tests.stream.feed.samples import box
from tests.stream.understanding.stories import snapshot, text

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from glyphfeed.stream.records import Colour, Polygon, TextEntity

SIZE = (640, 360)
SCENE = Scene(
    signs=(Sign("SECRET", (560, 330), 56, angle_deg=8),),
    camera=travel(SIZE, (Waypoint(0.0, (600, 350)), Waypoint(1.0, (520, 320), 1.15, 4.0))),
    seconds=1.0,
    size=SIZE,
    wall=(1200, 700),
)


def picture_at(t: float) -> Frame:
    colour = render(SCENE, t)[0]
    return frame_of(colour, round(t * 30))


def frame_of(colour: Colour, index: int, scene: int = 0) -> Frame:
    return Frame(index, index / 30, 0.0, np.asarray(cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY), np.uint8), lambda: colour, scene)


def sign_at(t: float) -> Polygon:
    return np.array(locate_words(SCENE, t)[0][1], np.float32)


def covered(frame: Frame, *texts: TextEntity) -> Covered:
    return Covered(View(frame), replace(snapshot(frame.index, *texts), pts=frame.pts, size=frame.size))


def secret(t: float) -> TextEntity:
    return replace(text(1, "SECRET"), polygon=sign_at(t))


def hides(picture: Covered, polygon: NDArray[np.floating]) -> bool:
    """Whether all of a polygon is covered."""
    mask, wanted = np.zeros((2, SIZE[1], SIZE[0]), np.uint8)
    for each in picture.all:
        cv2.fillPoly(mask, [np.round(each).astype(np.int32)], 1)
    cv2.fillPoly(wanted, [np.round(polygon).astype(np.int32)], 1)
    return bool(mask[wanted > 0].all())


@given(st.floats(-3.1, 3.1), st.floats(20, 200), st.floats(8, 40), st.floats(0, 1))
def test_a_polygon_grows_by_so_many_text_heights_on_all_sides(angle: float, width: float, height: float, heights: float) -> None:
    level = np.array([[-width, -height], [width, -height], [width, height], [-width, height]]) / 2
    rotation = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    more = 2 * heights * min(width, height)
    assert sides(grown(level @ rotation + 100, heights)) == pytest.approx((width + more, height + more), rel=1e-5)


def test_only_what_is_to_be_unreadable_is_changed_in_grey_and_in_colours() -> None:
    frame, polygon = picture_at(0.0), sign_at(0.0)
    hidden = blurred(frame, [polygon])
    inside = np.zeros(frame.grey.shape, np.uint8)
    cv2.fillPoly(inside, [np.round(polygon).astype(np.int32)], 1)
    core = cv2.erode(inside, np.ones((5, 5), np.uint8))
    for new, old in ((hidden.grey, frame.grey), (hidden.bgr(), frame.bgr())):
        assert np.array_equal(new[inside == 0], old[inside == 0])
        # No edge as sharp as that of a letter is left: of the sign's, half of all the contrast there is.
        sharpest = [np.abs(np.diff(each.astype(int), axis=0))[core[1:] > 0].max() for each in (new, old)]
        assert sharpest[0] < 40 < 80 < sharpest[1]
    assert hidden.bgr() is hidden.bgr()
    assert not hidden.bgr().flags.writeable
    assert blurred(frame, []) is frame


def test_where_all_is_of_one_colour_it_stays_so_but_for_a_step() -> None:
    frame = frame_of(np.full((360, 640, 3), 100, np.uint8), 0)
    hidden = blurred(frame, [box(600, 340, 200, 60), box(-500, -500)])
    assert np.abs(hidden.grey.astype(int) - 100).max() <= STEPS // 2


def test_a_place_is_found_in_the_next_picture_and_in_the_one_before() -> None:
    for here, there in ((0.5, 0.55), (0.5, 0.45)):
        found = carried(sign_at(here), View(picture_at(here)), View(picture_at(there)))
        assert found is not None
        assert np.abs(found - sign_at(there)).max() < 4


def test_nothing_is_found_in_another_scene() -> None:
    here = View(picture_at(0.5))
    rng = np.random.default_rng(1)
    noise = frame_of(np.asarray(cv2.resize(rng.integers(0, 255, (9, 16, 3), np.uint8), SIZE), np.uint8), 16)
    assert carried(sign_at(0.5), here, View(noise)) is None
    assert carried(sign_at(0.5), here, View(replace(picture_at(0.5), scene=1))) is None


def test_a_text_is_covered_back_to_the_beginning_when_it_is_found() -> None:
    times = [index / 30 for index in range(20)]
    held = [covered(picture_at(t)) for t in times]
    found = covered(picture_at(20 / 30), secret(20 / 30))
    Covering().cover(found, [1], held[::-1])
    assert all(hides(picture, sign_at(t)) for picture, t in zip([*held, found], [*times, 20 / 30], strict=True))


def test_it_is_covered_back_to_a_cut() -> None:
    before = covered(replace(picture_at(0.4), scene=7))
    after = covered(picture_at(0.45))
    Covering().cover(covered(picture_at(0.5), secret(0.5)), [1], [after, before])
    assert hides(after, sign_at(0.45))
    assert before.all == []


def test_where_it_was_known_its_own_place_is_covered_and_gaps_are_filled() -> None:
    times = [0.3, 1 / 3, 0.37, 0.4, 0.43]
    held = [covered(picture_at(t), *([secret(t)] if place in (0, 1, 4) else [])) for place, t in enumerate(times)]
    covering = Covering()
    for number, picture in enumerate(held):
        covering.cover(picture, [1] if picture.snapshot.texts else [], held[:number][::-1])
    assert all(hides(picture, sign_at(t)) for picture, t in zip(held, times, strict=True))


def test_it_is_covered_for_a_moment_after_it_was_lost() -> None:
    covering = Covering()
    covering.cover(covered(picture_at(0.1), secret(0.1)), [1], [])
    for index in range(4, 10):
        picture = covered(picture_at(index / 30))
        covering.cover(picture, [], [])
        assert hides(picture, sign_at(index / 30))
    much_later = covered(replace(picture_at(0.4), pts=0.4 + AFTER_S))
    covering.cover(much_later, [], [])
    assert much_later.all == []


def test_what_is_not_hidden_any_more_is_uncovered_at_once() -> None:
    covering = Covering()
    covering.cover(covered(picture_at(0.1), secret(0.1)), [1], [])
    clean = covered(picture_at(0.2), secret(0.2))
    covering.cover(clean, [], [])
    assert clean.all == []


def test_where_it_was_found_in_part_all_of_it_is_covered() -> None:
    half = replace(secret(0.4), polygon=(sign_at(0.4) + sign_at(0.4)[[0, 0, 3, 3]]) / 2)
    part = covered(picture_at(0.4), half)
    Covering().cover(covered(picture_at(0.45), secret(0.45)), [1], [part])
    assert hides(part, sign_at(0.4))


def test_what_stands_on_the_screen_is_covered_beyond_a_cut() -> None:
    held = [covered(replace(picture_at(t), scene=t < 0.4), secret(t)) for t in (0.35, 0.45)]
    Covering().cover(covered(picture_at(0.5), secret(0.5)), [1], held[::-1])
    assert all(hides(picture, sign_at(t)) for picture, t in zip(held, (0.35, 0.45), strict=True))
