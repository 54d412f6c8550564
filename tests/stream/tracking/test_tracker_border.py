"""Text that the border of the picture cuts off, that comes in over it or goes out: when its extent is in doubt."""

from __future__ import annotations

import numpy as np

from glyphfeed.stream.detecting.passes import PassKind
from glyphfeed.stream.geometry import BORDER_PX, slice_quad
from glyphfeed.stream.tracking.extent import CAME_IN
from tests.stream.feed.samples import box
from tests.stream.tracks import ENHANCED, HEIGHT_PX, SIGN, SIZE, Scene, place, read, shifted

LONGER = box(200 - HEIGHT_PX, 150, 160 + 2 * HEIGHT_PX, HEIGHT_PX)


def test_what_the_border_cuts_off_does_not_pull_the_rest() -> None:
    scene = Scene(SIGN)
    scene.follow(shifted(-25, 0), frames=9)
    place = scene.seen[0].quad
    scene.find(slice_quad(place, 0.17, 1))
    assert scene.ids == [1]
    np.testing.assert_allclose(scene.seen[0].quad, place)


def test_a_ticker_is_taken_for_what_of_it_is_in_the_picture() -> None:
    seen = box(0, 150, SIZE[0], HEIGHT_PX)
    scene = Scene(seen)
    read(scene.seen[0])
    scene.follow(shifted(-10), frames=6)
    assert scene.find(seen)
    assert scene.ids == [1]
    np.testing.assert_allclose(place(scene), seen)
    assert scene.seen[0].reads.tried == 0, "it is read anew"
    assert not scene.find(seen)


def test_what_goes_by_in_a_window_is_taken_for_what_of_it_is_there() -> None:
    scene = Scene(box(200, 150, 300, HEIGHT_PX))
    read(scene.seen[0])
    scene.follow(shifted(-10), frames=6)
    # Of what was there 60 pixels are gone, and 45 have come.
    seen = box(200, 150, 285, HEIGHT_PX)
    assert not scene.find(seen)
    assert scene.find(seen)
    assert scene.ids == [1]
    np.testing.assert_allclose(place(scene), seen)


NEAR_PX = BORDER_PX - 1
CUT_OFF = box(NEAR_PX, 150, 100, HEIGHT_PX)
IN_PX = CAME_IN * HEIGHT_PX + 1
IN = shifted(IN_PX)


def test_text_that_comes_in_from_the_border_may_be_longer() -> None:
    scene = Scene(CUT_OFF)
    assert scene.tracker.unsure is None
    scene.follow(shifted(BORDER_PX))
    assert scene.tracker.unsure is None, "it has hardly moved"
    scene.follow(IN)
    assert scene.tracker.unsure == PassKind()


def test_text_that_was_cut_off_when_it_was_seen_is_awaited_though_it_has_come_in_since() -> None:
    scene = Scene()
    then = scene.index
    scene.follow(IN, frames=2)
    scene.find(CUT_OFF, of=then)
    assert scene.seen[0].cut_off
    assert scene.tracker.unsure == PassKind()


def test_what_found_a_text_finds_its_rest() -> None:
    scene = Scene()
    scene.find(CUT_OFF, kind=ENHANCED)
    scene.follow(IN)
    assert scene.tracker.unsure == ENHANCED


def test_a_pass_that_could_not_find_it_does_not_end_the_wait() -> None:
    scene = Scene(CUT_OFF)
    scene.follow(IN)
    scene.find(kind=PassKind(turned=True))
    assert scene.tracker.unsure == PassKind()
    scene.find(kind=PassKind(coarse=True))
    assert scene.tracker.unsure is None


def test_once_it_was_found_inside_no_more_is_coming() -> None:
    scene = Scene(CUT_OFF)
    scene.follow(IN)
    longer = box(BORDER_PX + 1, 150, 120, HEIGHT_PX)
    scene.find(longer)
    assert scene.tracker.unsure == PassKind(), "it was found longer once"
    scene.find(longer)
    assert scene.tracker.unsure is None
    np.testing.assert_allclose(place(scene), longer, atol=1)


def test_a_length_that_is_in_doubt_is_looked_at_again_and_not_for_ever() -> None:
    scene = Scene(SIGN)
    read(scene.seen[0])
    scene.find(LONGER)
    assert scene.tracker.unsure == PassKind()
    scene.find(SIGN)
    assert scene.tracker.unsure is None
    scene.find(LONGER)
    scene.find()
    assert scene.tracker.unsure is None


def test_a_late_detection_of_when_it_was_cut_off_does_not_hide_that_it_came_in() -> None:
    scene = Scene(CUT_OFF)
    then = scene.index
    scene.follow(IN, frames=2)
    scene.find(CUT_OFF, of=then)
    assert scene.tracker.unsure == PassKind()


def test_text_that_was_always_inside_or_is_lost_is_not_awaited() -> None:
    scene = Scene(SIGN)
    scene.follow(IN)
    assert scene.tracker.unsure is None
    scene = Scene(CUT_OFF)
    scene.follow(IN)
    scene.seen[0].missed(1)
    assert scene.tracker.unsure is None


def test_text_that_goes_out_over_the_border_is_awaited_when_it_comes_back() -> None:
    scene = Scene(SIGN)
    there, back = shifted(-25, 0), shifted(25, 0)
    scene.follow(there, frames=9)
    scene.find(slice_quad(place(scene), 0.17, 1))
    assert scene.tracker.unsure is None
    scene.follow(back, frames=9)
    assert scene.tracker.unsure == PassKind()
