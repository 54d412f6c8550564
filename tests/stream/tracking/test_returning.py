"""Text that comes back goes on as what it was."""

from __future__ import annotations

from glyphfeed.stream.tracking.returning import inherit, nearest_kin
from tests.stream.feed.samples import box
from tests.stream.tracks import OTHER, SIGN, TEXT, Scene, read


def test_a_text_that_comes_back_is_told_under_the_identity_that_it_had() -> None:
    scene = Scene(SIGN, OTHER)
    old, new = (read(track) for track in scene.seen)
    old.reads.count, new.reads.count = 2, 3
    old.identity.announced, old.identity.rev = TEXT, 5
    inherit(new, old)
    assert new.identity is old.identity
    assert (new.id, new.identity.rev, new.identity.announced, new.reads.count) == (1, 5, TEXT, 5)


def test_of_two_that_read_the_same_the_nearer_one_is_the_kin() -> None:
    scene = Scene(*(box(200, y, 100, 20) for y in (40, 150, 220)))
    far, near, new = (read(track) for track in scene.seen)
    assert nearest_kin(new, [far, near]) is near
    near.belief.text = "CAFE"
    assert nearest_kin(new, [far, near]) is far
    assert nearest_kin(new, []) is None
