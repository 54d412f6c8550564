"""What becomes of text whose picture is no longer there: another text stands in its place, or something stands before it."""

from __future__ import annotations

from glyphfeed.stream.geometry import slice_quad
from glyphfeed.stream.reading.appearance import appearance_at
from glyphfeed.stream.tracking.tracker import HIDDEN_S
from tests.stream.shapes import moved
from tests.stream.tracks import DT, HEIGHT_PX, OTHER, PICTURE, SIGN, Scene, read


def refuted(scene: Scene, *, replaced: bool) -> None:
    """The picture of the first text is no longer there."""
    belief = read(scene.seen[0]).belief
    belief.appearance = appearance_at(PICTURE, OTHER)
    belief.refuted, belief.replaced, belief.changed = True, replaced, True


def test_what_is_found_in_the_place_of_a_text_that_is_no_longer_there_is_that_text_only_if_it_is_as_long() -> None:
    scene = Scene(SIGN)
    refuted(scene, replaced=True)
    scene.find(SIGN)
    assert scene.ids == [1]
    scene.find(slice_quad(SIGN, 0, 0.6))
    assert scene.ids == [2]
    # What was lost so does not take the place of what is there now.
    scene.find(SIGN)
    scene.find(SIGN)
    assert scene.ids == [2]


def test_what_is_found_across_a_text_that_is_covered_is_another() -> None:
    scene = Scene(SIGN)
    refuted(scene, replaced=False)
    scene.find(slice_quad(SIGN, 0, 0.6))
    assert scene.ids == [1], "a part of it that is seen"
    scene.find(moved(slice_quad(SIGN, 0, 0.6), 0, 0.5 * HEIGHT_PX))
    assert scene.ids == [1, 2]


def test_a_text_is_covered_for_a_while_before_it_is_lost() -> None:
    scene = Scene(SIGN)
    refuted(scene, replaced=False)
    for _ in range(round(0.9 * HIDDEN_S / DT)):
        scene.follow()
        scene.find()
    assert scene.ids == [1]
    for _ in range(round(0.3 * HIDDEN_S / DT)):
        scene.follow()
        scene.find()
    assert scene.ids == []
