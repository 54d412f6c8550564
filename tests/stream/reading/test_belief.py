"""What a text is believed to say, whatever is read of it, in whatever turn, and whatever happened to its picture meanwhile."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from glyphfeed.engines.lattice import Lattice
from glyphfeed.stream.motion.quad import QuadMotion
from glyphfeed.stream.reading import fusion
from glyphfeed.stream.reading.belief import CONTRADICTIONS, LIKELIER, notice, take_rivals
from glyphfeed.stream.reading.requests import Reading, ReadRequest
from glyphfeed.stream.reading.words import plain
from glyphfeed.stream.records import TextState
from glyphfeed.stream.tracking.returning import inherit
from glyphfeed.stream.tracking.track import Track
from tests.stream.feed.samples import box
from tests.stream.simulation import LIKELY, SURE, lattice_of

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


def settled_shop() -> Track:
    track = Track(1, QuadMotion(LINE), born=0.0, seen=0.0, first_seen=0.0, last_seen=0.0)
    take_rivals(track, [reading(0, "SHOP", SURE, 0, clipped=False, pts=0)])
    assert (track.text, track.settled) == ("SHOP", True)
    return track


@pytest.mark.parametrize("said", [["X7", "Q", "LLI"], [""]], ids=["something else each time", "nothing"])
def test_text_that_is_gone_is_not_called_settled_for_ever(said: list[str]) -> None:
    track = settled_shop()
    notice(track, LOOKS[1], 1)
    for k in range(CONTRADICTIONS):
        assert (track.text, track.settled) == ("SHOP", True)
        take_rivals(track, [reading(0, said[k % len(said)], 0.99, 1, clipped=False, pts=k)])
    assert not track.settled
    assert not (track.trusted and track.text == "SHOP")


def test_a_reading_that_bears_it_out_makes_up_for_others() -> None:
    track = settled_shop()
    for k in range(3 * CONTRADICTIONS):
        notice(track, LOOKS[k % 2], k)
        take_rivals(track, [reading(0, "SHOP" if k % 2 == 0 else "X7", 0.99, k % 2, clipped=False, pts=k)])
    assert (track.text, track.settled) == ("SHOP", True)


def test_what_the_border_leaves_of_a_text_does_not_put_it_in_doubt() -> None:
    track = Track(1, QuadMotion(LINE), born=0.0, seen=0.0, first_seen=0.0, last_seen=0.0)
    take_rivals(track, [reading(0, "SHOP", LIKELY, 0, clipped=False, pts=0)])
    assert (track.text, track.trusted, track.settled) == ("SHOP", True, False)
    take_rivals(track, [reading(0, "HOP", 0.99, 0, clipped=True, pts=1)])
    assert track.text == "SHOP"
    assert track.evidence is not None
    assert track.evidence.readings == 1


def test_what_is_shown_gives_way_only_to_what_is_far_likelier() -> None:
    track = Track(1, QuadMotion(LINE), born=0.0, seen=0.0, first_seen=0.0, last_seen=0.0)
    take_rivals(track, [reading(0, "SHOP", 0.965, 0, clipped=False, pts=0)])
    assert (track.trusted, track.settled) == (True, False)
    confidence, shown, likeliest = track.confidence, [], []
    for pts, score in enumerate([0.97] * 4 + [0.99] * 3, start=1):
        take_rivals(track, [reading(0, "SHUT", score, 0, clipped=False, pts=pts)])
        assert track.evidence is not None
        shown.append((track.text, track.confidence))
        likeliest.append((track.evidence.lattice.text, fusion.confidence(track.evidence)))
    given_way = next(k for k, (text, _) in enumerate(shown) if text == "SHUT")
    assert shown[:given_way] == [("SHOP", confidence)] * given_way
    assert ("SHUT", pytest.approx(confidence, abs=LIKELIER)) in likeliest[:given_way]
    assert shown[given_way:] == likeliest[given_way:]
    assert confidence + LIKELIER / (given_way + 1) <= likeliest[given_way][1] < confidence + LIKELIER


def test_a_turn_that_reads_nothing_is_not_taken() -> None:
    track = Track(1, QuadMotion(LINE), born=0.0, seen=0.0, first_seen=0.0, last_seen=0.0)
    take_rivals(track, [reading(0, "SHOP", SURE, 0, clipped=False, pts=0)])
    take_rivals(track, [reading(0, "SHOP", 0.3, 0, clipped=False, pts=1), reading(2, "", 0.3, 0, clipped=False, pts=1)])
    assert (track.text, track.quarters, track.settled) == ("SHOP", 0, True)


def part_read(text: str, clear: tuple[float, float], *, words: frozenset[str] = frozenset(), pts: float = 0) -> Reading:
    request = replace(REQUEST, clipped=clear != (0.0, 1.0), clear=clear, pts=pts)
    return Reading(request, replace(lattice_of(text, SURE), words=words))


def shown(track: Track) -> tuple[str, TextState, list[str]]:
    entity = track.entity(0.0, (640, 480))
    return entity.text, entity.state, [word.text for word in entity.words]


def test_a_word_that_the_border_cut_off_is_held_back_until_it_was_read_whole() -> None:
    track = Track(1, QuadMotion(LINE), born=0.0, seen=0.0, first_seen=0.0, last_seen=0.0)
    take_rivals(track, [part_read("LLERIA ITALIANA", (0.05, 1.0))])
    assert shown(track) == ("ITALIANA", TextState.READING, ["ITALIANA"])
    take_rivals(track, [part_read("LLERIA ITALIANA", (0.05, 1.0), pts=0.1)])
    assert shown(track) == ("ITALIANA", TextState.READING, ["ITALIANA"])
    take_rivals(track, [part_read("LLERIA ITALIANA", (0.0, 1.0), pts=0.2)])
    assert shown(track) == ("LLERIA ITALIANA", TextState.SETTLED, ["LLERIA", "ITALIANA"])


def test_a_text_of_which_all_is_held_back_is_tentative() -> None:
    track = Track(1, QuadMotion(LINE), born=0.0, seen=0.0, first_seen=0.0, last_seen=0.0)
    take_rivals(track, [part_read("LLERIA", (0.1, 0.9))])
    assert shown(track)[1] is TextState.TENTATIVE


def test_a_common_word_at_the_border_is_shown_as_it_is_probably_whole() -> None:
    track = Track(1, QuadMotion(LINE), born=0.0, seen=0.0, first_seen=0.0, last_seen=0.0)
    take_rivals(track, [part_read("GALLERY LLERIA", (0.05, 0.95), words=frozenset({"gallery"}))])
    assert shown(track) == ("GALLERY", TextState.READING, ["GALLERY"])


def test_settled_text_that_goes_out_over_the_border_stays() -> None:
    track = settled_shop()
    take_rivals(track, [part_read("HOP", (0.2, 1.0), pts=1)])
    assert shown(track) == ("SHOP", TextState.SETTLED, ["SHOP"])


@pytest.mark.parametrize(
    ("says", "score", "believed"),
    [("HOP", LIKELY, "SHOP"), ("HOP", 0.9999, "HOP"), ("SHOPS", LIKELY, "SHOPS")],
    ids=["a part, perhaps", "a part, surely", "more"],
)
def test_settled_text_that_comes_back_in_part_says_what_it_did_unless_that_part_settles(
    says: str, score: float, believed: str
) -> None:
    old, new = settled_shop(), Track(2, QuadMotion(LINE), born=5.0, seen=5.0, first_seen=5.0, last_seen=5.0)
    take_rivals(new, [reading(0, says, score, 0, clipped=False, pts=5)])
    assert (new.text, new.trusted, new.settled) == (says, True, score > LIKELY)
    inherit(new, old)
    assert (new.id, new.text, new.trusted) == (1, believed, True)
