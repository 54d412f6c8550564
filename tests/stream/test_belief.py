"""What a text is believed to say, whatever is read of it, in whatever turn, and whatever happened to its picture meanwhile."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import example, given
from hypothesis import strategies as st

from engines.lattice import Lattice
from stream.belief import notice, plain, take_rivals
from stream.motion import QuadMotion
from stream.requests import Reading, ReadRequest
from stream.track import Track
from tests.stream.feed.samples import box
from tests.stream.simulation import SURE, lattice_of

LINE = box(200, 150, 160, 24)
LOOKS = [np.sin(np.arange(16 * 100, dtype=np.float32) * k).reshape(16, 100) / np.float32(28) for k in (0.5, 0.9)]
REQUEST = ReadRequest(1, 0, np.zeros((48, 320, 3), np.uint8), 0.0, False, 0.5, LOOKS[0], 0.0)

answers = st.tuples(st.sampled_from(["SHOP", "SHUT", "dOHS", "..", ""]), st.sampled_from([0.3, 0.7, 0.9, 0.99]))
moments = st.tuples(st.dictionaries(st.sampled_from([0, 2]), answers, min_size=1), st.sampled_from([0, 1]), st.booleans())


def reading(quarters: int, text: str, score: float, look: int, *, clipped: bool, pts: float) -> Reading:
    request = replace(REQUEST, quarters=quarters, look=LOOKS[look], clipped=clipped, pts=pts)
    return Reading(request, lattice_of(text, score) if text else Lattice(()))


@given(st.lists(moments, min_size=1, max_size=8))
@example([({0: ("SHOP", 0.99)}, 0, False), ({0: ("", 0.3), 2: ("SHUT", 0.99)}, 1, False)])
def test_no_reading_of_any_turn_upsets_it(film: list[tuple[dict[int, tuple[str, float]], int, bool]]) -> None:
    track = Track(1, QuadMotion(LINE), born=0.0, seen=0.0, first_seen=0.0, last_seen=0.0)
    for second, (said, look, clipped) in enumerate(film):
        if track.settled and track.look is not None:
            notice(track, LOOKS[look], second)
        take_rivals(track, [reading(turn, *what, look, clipped=clipped, pts=second) for turn, what in said.items()])
        assert track.trusted or not track.settled
        if track.settled:
            assert track.evidence is not None
            assert plain(track.text) == plain(track.evidence.lattice.text) != ""


def test_what_turns_out_to_stand_upside_down_is_read_afresh_even_if_its_picture_changed() -> None:
    track = Track(1, QuadMotion(LINE), born=0.0, seen=0.0, first_seen=0.0, last_seen=0.0)
    take_rivals(track, [reading(0, "dOHS", SURE, 0, clipped=False, pts=0)])
    assert track.settled
    notice(track, LOOKS[1], 1)
    assert track.changed_look
    take_rivals(track, [reading(0, "dOHS", 0.6, 1, clipped=False, pts=1), reading(2, "SHOP", SURE, 1, clipped=False, pts=1)])
    assert (track.text, track.quarters) == ("SHOP", 2)


def test_a_turn_that_reads_nothing_is_not_taken() -> None:
    track = Track(1, QuadMotion(LINE), born=0.0, seen=0.0, first_seen=0.0, last_seen=0.0)
    take_rivals(track, [reading(0, "SHOP", SURE, 0, clipped=False, pts=0)])
    take_rivals(track, [reading(0, "SHOP", 0.3, 0, clipped=False, pts=1), reading(2, "", 0.3, 0, clipped=False, pts=1)])
    assert (track.text, track.quarters, track.settled) == ("SHOP", 0, True)
