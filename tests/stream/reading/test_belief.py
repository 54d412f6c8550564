"""What a text is believed to say, whatever is read of it, in whatever turn, and whatever happened to its picture meanwhile."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from glyphfeed.engines.lattice import Lattice
from glyphfeed.stream.reading import fusion
from glyphfeed.stream.reading.appearance import appearance_at
from glyphfeed.stream.reading.belief import (
    CONTRADICTIONS,
    LIKELIER,
    UNCOVERED,
    Belief,
    notice,
    notice_in_part,
    resume,
    take_rivals,
)
from glyphfeed.stream.reading.requests import Reading, ReadRequest
from glyphfeed.stream.reading.words import plain
from glyphfeed.stream.records import TextState
from glyphfeed.stream.telling import entity
from tests.stream.feed.samples import box
from tests.stream.simulation import LIKELY, SURE, lattice_of
from tests.stream.tracks import track_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

LINE = box(200, 150, 160, 24)
LOOKS = [np.sin(np.arange(16 * 100, dtype=np.float32) * k).reshape(16, 100) / np.float32(28) for k in (0.5, 0.9)]
REQUEST = ReadRequest(1, 0, np.zeros((48, 320, 3), np.uint8), 0.0, False, 0.5, LOOKS[0], 0.0)

answers = st.tuples(st.sampled_from(["SHOP", "SHUT", "dOHS", "..", ""]), st.sampled_from([0.3, 0.7, 0.9, 0.99]))
moments = st.tuples(st.dictionaries(st.sampled_from([0, 2]), answers, min_size=1), st.sampled_from([0, 1]), st.booleans())


def reading(quarters: int, text: str, score: float, look: int, *, clipped: bool, pts: float) -> Reading:
    request = replace(REQUEST, quarters=quarters, appearance=LOOKS[look], clipped=clipped, pts=pts)
    return Reading(request, lattice_of(text, score) if text else Lattice(()))


@given(st.lists(moments, min_size=1, max_size=8))
@example([({0: ("SHOP", 0.99)}, 0, False), ({0: ("", 0.3), 2: ("SHUT", 0.99)}, 1, False)])
def test_no_reading_of_any_turn_upsets_it(film: list[tuple[dict[int, tuple[str, float]], int, bool]]) -> None:
    belief = Belief()
    for second, (said, look, clipped) in enumerate(film):
        if belief.settled and belief.appearance is not None:
            notice(belief, LOOKS[look], second)
        take_rivals(belief, [reading(turn, *what, look, clipped=clipped, pts=second) for turn, what in said.items()])
        assert belief.trusted or not belief.settled
        if belief.settled:
            assert belief.evidence is not None
            assert plain(belief.text) == plain(belief.evidence.lattice.text) != ""


def test_what_turns_out_to_stand_upside_down_is_read_afresh_even_if_its_picture_changed() -> None:
    belief = Belief()
    take_rivals(belief, [reading(0, "dOHS", SURE, 0, clipped=False, pts=0)])
    assert belief.settled
    notice(belief, LOOKS[1], 1)
    assert belief.changed
    take_rivals(belief, [reading(0, "dOHS", 0.6, 1, clipped=False, pts=1), reading(2, "SHOP", SURE, 1, clipped=False, pts=1)])
    assert (belief.text, belief.quarters) == ("SHOP", 2)


def settled_shop() -> Belief:
    belief = Belief()
    take_rivals(belief, [reading(0, "SHOP", SURE, 0, clipped=False, pts=0)])
    assert (belief.text, belief.settled) == ("SHOP", True)
    return belief


@pytest.mark.parametrize("said", [["X7", "Q", "LLI"], [""]], ids=["something else each time", "nothing"])
def test_text_that_is_gone_is_not_called_settled_for_ever(said: list[str]) -> None:
    belief = settled_shop()
    notice(belief, LOOKS[1], 1)
    for k in range(CONTRADICTIONS):
        assert (belief.text, belief.settled) == ("SHOP", True)
        take_rivals(belief, [reading(0, said[k % len(said)], 0.99, 1, clipped=False, pts=k)])
    assert not belief.settled
    assert not (belief.trusted and belief.text == "SHOP")


def test_a_reading_that_bears_it_out_makes_up_for_others() -> None:
    belief = settled_shop()
    for k in range(3 * CONTRADICTIONS):
        notice(belief, LOOKS[k % 2], k)
        take_rivals(belief, [reading(0, "SHOP" if k % 2 == 0 else "X7", 0.99, k % 2, clipped=False, pts=k)])
    assert (belief.text, belief.settled) == ("SHOP", True)


def test_what_the_border_leaves_of_a_text_does_not_put_it_in_doubt() -> None:
    belief = Belief()
    take_rivals(belief, [reading(0, "SHOP", LIKELY, 0, clipped=False, pts=0)])
    assert (belief.text, belief.trusted, belief.settled) == ("SHOP", True, False)
    take_rivals(belief, [reading(0, "HOP", 0.99, 0, clipped=True, pts=1)])
    assert belief.text == "SHOP"
    assert belief.evidence is not None
    assert belief.evidence.readings == 1


def test_what_is_shown_gives_way_only_to_what_is_far_likelier() -> None:
    belief = Belief()
    take_rivals(belief, [reading(0, "SHOP", 0.965, 0, clipped=False, pts=0)])
    assert (belief.trusted, belief.settled) == (True, False)
    confidence, shown, likeliest = belief.confidence, [], []
    for pts, score in enumerate([0.97] * 4 + [0.99] * 3, start=1):
        take_rivals(belief, [reading(0, "SHUT", score, 0, clipped=False, pts=pts)])
        assert belief.evidence is not None
        shown.append((belief.text, belief.confidence))
        likeliest.append((belief.evidence.lattice.text, fusion.confidence(belief.evidence)))
    given_way = next(k for k, (text, _) in enumerate(shown) if text == "SHUT")
    assert shown[:given_way] == [("SHOP", confidence)] * given_way
    assert ("SHUT", pytest.approx(confidence, abs=LIKELIER)) in likeliest[:given_way]
    assert shown[given_way:] == likeliest[given_way:]
    assert confidence + LIKELIER / (given_way + 1) <= likeliest[given_way][1] < confidence + LIKELIER


def test_a_turn_that_reads_nothing_is_not_taken() -> None:
    belief = Belief()
    take_rivals(belief, [reading(0, "SHOP", SURE, 0, clipped=False, pts=0)])
    take_rivals(belief, [reading(0, "SHOP", 0.3, 0, clipped=False, pts=1), reading(2, "", 0.3, 0, clipped=False, pts=1)])
    assert (belief.text, belief.quarters, belief.settled) == ("SHOP", 0, True)


def part_read(text: str, clear: tuple[float, float], *, words: frozenset[str] = frozenset(), pts: float = 0) -> Reading:
    request = replace(REQUEST, clipped=clear != (0.0, 1.0), clear=clear, pts=pts)
    return Reading(request, replace(lattice_of(text, SURE), words=words))


def shown(belief: Belief) -> tuple[str, TextState, list[str]]:
    told = entity(track_of(belief), 0.0, (640, 480))
    return told.text, told.state, [word.text for word in told.words]


def test_a_word_that_the_border_cut_off_is_held_back_until_it_was_read_whole() -> None:
    belief = Belief()
    take_rivals(belief, [part_read("LLERIA ITALIANA", (0.05, 1.0))])
    assert shown(belief) == ("ITALIANA", TextState.READING, ["ITALIANA"])
    take_rivals(belief, [part_read("LLERIA ITALIANA", (0.05, 1.0), pts=0.1)])
    assert shown(belief) == ("ITALIANA", TextState.READING, ["ITALIANA"])
    take_rivals(belief, [part_read("LLERIA ITALIANA", (0.0, 1.0), pts=0.2)])
    assert shown(belief) == ("LLERIA ITALIANA", TextState.SETTLED, ["LLERIA", "ITALIANA"])


def test_a_text_of_which_all_is_held_back_is_tentative() -> None:
    belief = Belief()
    take_rivals(belief, [part_read("LLERIA", (0.1, 0.9))])
    assert shown(belief)[1] is TextState.TENTATIVE


def test_a_common_word_at_the_border_is_shown_as_it_is_probably_whole() -> None:
    belief = Belief()
    take_rivals(belief, [part_read("GALLERY LLERIA", (0.05, 0.95), words=frozenset({"gallery"}))])
    assert shown(belief) == ("GALLERY", TextState.READING, ["GALLERY"])


def test_settled_text_that_goes_out_over_the_border_stays() -> None:
    belief = settled_shop()
    take_rivals(belief, [part_read("HOP", (0.2, 1.0), pts=1)])
    assert shown(belief) == ("SHOP", TextState.SETTLED, ["SHOP"])


@pytest.mark.parametrize(
    ("says", "score", "believed"),
    [("HOP", LIKELY, "SHOP"), ("HOP", 0.9999, "HOP"), ("SHOPS", LIKELY, "SHOPS")],
    ids=["a part, perhaps", "a part, surely", "more"],
)
def test_settled_text_that_comes_back_in_part_says_what_it_did_unless_that_part_settles(
    says: str, score: float, believed: str
) -> None:
    old, new = settled_shop(), Belief()
    take_rivals(new, [reading(0, says, score, 0, clipped=False, pts=5)])
    assert (new.text, new.trusted, new.settled) == (says, True, score > LIKELY)
    resume(new, old)
    assert (new.text, new.trusted) == (believed, True)


def pictured(text: str, size: float = 1.0, blur: float = 0.8, seed: int = 0) -> NDArray[np.float32]:
    """What drawn text looks like, with a little noise."""
    grey = np.full((60, 40 + 22 * len(text)), 60, np.uint8)
    cv2.putText(grey, text, (20, 42), cv2.FONT_HERSHEY_SIMPLEX, size, 230, 2, cv2.LINE_AA)
    noisy = cv2.GaussianBlur(grey, (0, 0), blur) + np.random.default_rng(seed).normal(0, 1.5, grey.shape)
    (width, _), _ = cv2.getTextSize(text, cv2.FONT_HERSHEY_SIMPLEX, size, 2)
    quad = np.array([[17, 16], [23 + width, 16], [23 + width, 46], [17, 46]], np.float64)
    return appearance_at(np.clip(noisy, 0, 255).astype(np.uint8), quad)


def read_as(text: str, pictures: NDArray[np.float32], pts: float = 0.0) -> Reading:
    return Reading(replace(REQUEST, appearance=pictures, pts=pts), lattice_of(text, SURE))


@pytest.mark.parametrize(
    ("before", "after"), [("Gate 31", "Gate 32"), ("10:43", "10:48"), ("A 125", "A 126"), ("A 120", "A 128")]
)
def test_a_digit_that_changes_is_no_longer_borne_out_and_believed_once_it_is_read(before: str, after: str) -> None:
    belief = Belief()
    take_rivals(belief, [read_as(before, pictured(before))])
    assert belief.settled
    for k in range(20):
        notice(belief, pictured(before, seed=k), k)
        assert not belief.refuted
    notice(belief, pictured(after, seed=30), 30, witnessed=True)
    assert belief.refuted
    assert belief.confined
    assert take_rivals(belief, [read_as(after, pictured(after), 1.2)], extent_known=False)
    assert (belief.text, belief.refuted, belief.settled) == (after, False, True)


@pytest.mark.parametrize(("before", "after"), [("A 120", "A 128"), ("20 km", "28 km"), ("80", "88")])
def test_a_soft_digit_that_changes_is_noticed_where_pixels_are_seen_to_be_new(before: str, after: str) -> None:
    def refuted(*, witnessed: bool) -> bool:
        belief = Belief()
        take_rivals(belief, [read_as(before, pictured(before, blur=2.4))])
        for k in range(20):
            notice(belief, pictured(before, blur=2.4, seed=k), k, witnessed=True)
            assert not belief.refuted
        notice(belief, pictured(after, blur=2.4, seed=30), 30, witnessed=witnessed)
        return belief.refuted

    assert refuted(witnessed=True)
    assert not refuted(witnessed=False)


def test_what_is_covered_and_seen_again_says_what_it_did() -> None:
    belief = Belief()
    take_rivals(belief, [read_as("Gate 31", pictured("Gate 31"))])
    notice(belief, pictured("       "), 1, alone=False, witnessed=True)
    assert belief.refuted
    assert not belief.confined
    assert not belief.replaced
    for k, said in enumerate(["Gat", "Ga"]):
        take_rivals(belief, [read_as(said, pictured(said.ljust(7)), k + 1.0)], awaits_extent=True)
        assert belief.text == "Gate 31"
    notice(belief, pictured("Gate 31", seed=5), 9)
    assert (belief.text, belief.refuted, belief.settled) == ("Gate 31", False, True)


def test_what_may_be_the_rest_of_covered_text_is_not_what_it_says() -> None:
    belief = Belief()
    take_rivals(belief, [read_as("EXIT 12", pictured("EXIT 12"))])
    notice(belief, pictured("     12"), 1, alone=False, witnessed=True)
    assert belief.refuted
    for k in range(CONTRADICTIONS - 1):
        take_rivals(belief, [read_as("12", pictured("     12"), k + 1.0)], extent_known=True)
        assert belief.text == "EXIT 12"


def test_settled_text_that_its_picture_bears_out_gives_way_only_to_far_better_evidence() -> None:
    belief = Belief()
    take_rivals(belief, [read_as("AB 123", pictured("AB 123"))])
    for k in range(4):
        take_rivals(belief, [read_as("AB 128", pictured("AB 123", blur=2.5, seed=k), 30.0 * k)])
    assert (belief.text, belief.settled) == ("AB 123", True)


@pytest.mark.parametrize(("shows", "borne_out"), [("UW22 JDY", True), ("        ", False)])
def test_what_the_border_leaves_of_a_text_bears_it_out_or_not(shows: str, borne_out: bool) -> None:
    belief = Belief()
    take_rivals(belief, [read_as("UW22 JDY", pictured("UW22 JDY"))])
    notice_in_part(belief, pictured(shows), (0.0, 0.6))
    assert belief.refuted is not borne_out
    # Too little of it says nothing.
    notice_in_part(belief, pictured("        "), (0.0, 0.05))
    assert belief.refuted is not borne_out


def test_what_was_refuted_by_a_little_is_not_borne_out_by_the_same_picture() -> None:
    belief = Belief()
    take_rivals(belief, [read_as("10:43", pictured("10:43"))])
    for k in range(30):
        notice(belief, pictured("10:43", seed=k), k)
    for k in range(30, 40):
        notice(belief, pictured("10:48", seed=k), k, witnessed=k == 30)
        assert belief.refuted
    notice(belief, pictured("10:43", seed=41), 41)
    assert not belief.refuted


def test_text_that_fades_out_is_refuted_though_each_picture_is_like_the_one_before() -> None:
    belief = Belief()
    shown = pictured("Gate 31")
    blank = np.asarray(cv2.resize(pictured("       ", seed=9), shown.shape[::-1]), np.float32)
    take_rivals(belief, [read_as("Gate 31", shown)])
    for k in range(21):
        notice(belief, shown * np.float32(1 - k / 20) + blank * np.float32(k / 20), k)
    assert belief.refuted


def test_where_something_passes_another_text_is_believed_only_once_it_was_read_several_times() -> None:
    belief = Belief()
    take_rivals(belief, [read_as("Gate 31", pictured("Gate 31"))])
    notice(belief, pictured("Exit 12"), 1, alone=False, witnessed=True)
    for k in range(UNCOVERED):
        assert belief.text == "Gate 31"
        take_rivals(belief, [read_as("Exit 12", pictured("Exit 12"), k + 1.0)], extent_known=True)
    assert belief.text == "Exit 12"
