"""What deserves a read: new text at once, unsettled text with patience, settled text hardly ever."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.geometry import touches_border, turn
from glyphfeed.stream.reading import fusion
from glyphfeed.stream.reading.belief import Belief
from glyphfeed.stream.reading.rereading import (
    A_WHILE_S,
    BETTER,
    MAX_HOPELESS_PATIENCE_S,
    MAX_PATIENCE_S,
    MIN_HEIGHT_PX,
    MIN_VIEW,
    MUCH_BETTER,
    PATIENCE_S,
    POORER,
    SECOND_READ_S,
    SELDOM_S,
    UPRIGHT_TRIES,
    Reads,
    patience,
    quality,
    turns_to_read,
    value,
)
from tests.stream.feed.samples import box
from tests.stream.shapes import rotated
from tests.stream.simulation import lattice_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

SIZE = (640, 360)
LINE = box(200, 150, 160, 24)
REST = (0.0, 0.0)
FRAME_S = 1 / 30


def view_of(quad: NDArray[np.floating] = LINE, velocity: tuple[float, float] = REST, frame_s: float = FRAME_S) -> float:
    return quality(quad, velocity, frame_s, SIZE)


class Text(NamedTuple):
    """What is believed of a text, and how it was read."""

    belief: Belief
    reads: Reads


def new_text(**what: Any) -> Text:
    """A text that was found just now."""
    text = Text(Belief(), Reads())
    for name, is_so in what.items():
        setattr(text.belief if hasattr(text.belief, name) else text.reads, name, is_so)
    return text


def text_read(times: int = 1, view: float = 0.5, at: float = 10.0, *, settled: bool = False, **what: Any) -> Text:
    """A text that was read, last at stream time `at`."""
    says: dict[str, Any] = {"evidence": fusion.begin(lattice_of("SHOP", 0.9), 1.0), "text": "SHOP", "confidence": 0.7}
    return new_text(tried=times, read_at=at, read_quality=view, settled=settled, **(says | what))


def worth(text: Text, view: float = 0.5, now: float = 10.0, *, clipped: bool = False, upright: bool = False) -> float:
    return value(*text, view, now, clipped=clipped, upright=upright)


def waits(text: Text, *, upright: bool = False) -> float:
    return patience(text.reads.tried, text.belief.confidence, upright=upright)


def test_large_frontal_text_at_rest_is_seen_best() -> None:
    assert view_of(box(100, 100, 300, 60)) == pytest.approx(1)


def test_a_view_is_better_for_larger_text_up_to_what_a_recogniser_sees() -> None:
    views = [view_of(box(200, 150, 8 * height, height)) for height in (8, 12, 20, 32)]
    assert views == sorted(views)
    assert views[0] < views[-1] <= 1


def test_text_seen_from_the_side_is_seen_worse() -> None:
    aside = LINE + np.array([[0, 0], [0, 120], [0, 120], [0, 0]])
    assert view_of(aside) < 0.85 * view_of()


def test_a_view_is_worse_for_faster_text_and_worst_for_small_one() -> None:
    views = [view_of(velocity=(speed, 0)) for speed in (0, 50, 200, 1000)]
    assert views == sorted(views, reverse=True)
    assert views[-1] < 0.2 * views[0]
    large = box(100, 100, 320, 48)
    assert view_of(velocity=(300, 0)) / view_of() < view_of(large, (300, 0)) / view_of(large)


def test_a_longer_exposure_blurs_more() -> None:
    assert view_of(velocity=(200, 0), frame_s=1 / 15) < view_of(velocity=(200, 0), frame_s=1 / 60)


def test_a_view_is_worse_for_text_that_is_cut_off() -> None:
    inside, at_border, half_out, out = (view_of(box(x, 150, 160, 24)) for x in (200, 1, -80, -200))
    assert inside > at_border > half_out > out == 0


@given(st.integers(-700, 700), st.integers(-400, 400), st.integers(1, 600), st.integers(1, 300), st.floats(-2000, 2000))
def test_a_view_is_between_0_and_1(x: int, y: int, width: int, height: int, speed: float) -> None:
    assert 0 <= view_of(box(x, y, width, height), (speed, 0)) <= 1


@pytest.mark.parametrize(
    ("quad", "touches"),
    [(LINE, False), (box(1, 150), True), (box(300, -5), True), (box(599.5, 150), True), (box(300, 347.5), True)],
)
def test_text_touches_the_border(quad: NDArray[np.floating], touches: bool) -> None:
    assert touches_border(quad, SIZE) is touches


def test_a_new_text_is_read_at_once_and_before_all_others() -> None:
    new = worth(new_text())
    assert new > 0
    assert new > worth(text_read(times=2, view=0.1), now=10 + MAX_PATIENCE_S)
    assert worth(new_text(), 0.6) > worth(new_text(), 0.3)


@pytest.mark.parametrize(
    ("text", "view"),
    [
        (new_text(pending=True), 0.5),
        (new_text(), MIN_VIEW * 0.9),
        (new_text(), view_of(box(200, 150, 90, MIN_HEIGHT_PX * 0.8))),
    ],
    ids=["asked already", "hardly seen", "too small"],
)
def test_what_is_not_worth_a_read(text: Text, view: float) -> None:
    assert worth(text, view) == 0


def test_text_that_runs_down_is_as_high_as_it_is_thick() -> None:
    assert worth(new_text(), view_of(box(200, 100, 24, 160))) > 0
    assert worth(new_text(), view_of(box(200, 100, MIN_HEIGHT_PX * 0.8, 160))) == 0


def test_unsettled_text_is_read_again_with_growing_patience() -> None:
    growing = [waits(text_read(times)) for times in range(1, 8)]
    assert waits(new_text()) == 0
    assert growing == sorted(growing)
    assert growing[0] < growing[3] <= growing[-1] <= MAX_PATIENCE_S
    for times, wait in enumerate(growing, 1):
        assert worth(text_read(times), now=10 + 0.9 * wait) == 0
        assert worth(text_read(times), now=10 + wait + 0.01) > 0


@pytest.mark.parametrize("times", [20, 1000, 100_000])
def test_patience_has_an_end_however_often_a_text_was_read(times: int) -> None:
    assert waits(text_read(times)) == MAX_PATIENCE_S
    assert waits(text_read(times, confidence=0.01)) == MAX_HOPELESS_PATIENCE_S
    assert worth(text_read(times), now=10 + MAX_PATIENCE_S) > 0


def test_a_changed_picture_is_read_ever_more_seldom_while_nothing_certain_comes_of_it() -> None:
    for contradictions in (0, 2, 1000):
        changed = text_read(settled=True, changed=True, contradictions=contradictions)
        wait = min(SECOND_READ_S * 2.0 ** min(contradictions, 9), A_WHILE_S)
        assert worth(changed, now=10 + 0.9 * wait) == 0
        assert worth(changed, now=10 + 1.01 * wait) > 0


def test_what_reads_badly_waits_longer() -> None:
    assert all(waits(text_read(times, confidence=0.01)) > waits(text_read(times)) for times in (2, 3, 4))


def test_what_reads_badly_waits_longer_still_where_the_rest_stands_upright() -> None:
    turned = text_read(confidence=0.01)
    wait, upright = waits(turned), waits(turned, upright=True)
    assert 0 < wait < upright < MAX_HOPELESS_PATIENCE_S
    assert worth(turned, now=10 + wait + 0.01) > worth(turned, now=10 + wait + 0.01, upright=True) == 0
    assert waits(text_read(3)) == waits(text_read(3), upright=True)


def test_settled_text_is_left_alone_for_long() -> None:
    text = text_read(2, settled=True)
    assert worth(text, now=10 + 0.9 * SELDOM_S) == 0
    assert 0 < worth(text, now=10 + SELDOM_S + 0.01) < worth(text_read(2), now=10 + MAX_PATIENCE_S)


def test_settled_text_whose_look_has_changed_is_read_soon() -> None:
    assert worth(text_read(2, settled=True, changed=True), now=12) > worth(text_read(2), now=12) > 0
    assert worth(text_read(2, settled=True, challenger=fusion.begin(lattice_of("SHUT", 0.9), 1.0)), now=12) > 1


def test_a_better_view_is_worth_a_read_before_its_time() -> None:
    unsettled, settled = text_read(5, view=0.2), text_read(5, view=0.2, settled=True)
    soon = 10.01 + PATIENCE_S
    assert soon < 10 + waits(unsettled)
    assert worth(unsettled, 0.2 * BETTER * 1.05, soon) > worth(unsettled, 0.2 * BETTER * 0.95, soon) == 0
    assert worth(settled, 0.2 * MUCH_BETTER * 1.05, soon) > worth(settled, 0.2 * MUCH_BETTER * 0.95, soon) == 0


def test_a_poorer_view_is_not_worth_one_until_much_later() -> None:
    text = text_read(1, view=0.5)
    assert worth(text, 0.5 * POORER * 0.9, now=10 + 0.9 * A_WHILE_S) == 0
    assert worth(text, 0.5 * POORER * 0.9, now=10 + A_WHILE_S + 0.01) > 0


def test_text_at_the_border_is_read_once_and_then_seldom() -> None:
    assert worth(new_text(), clipped=True) > 0
    read = text_read(1)
    soon = 10 + waits(read) + 0.01
    assert worth(read, now=soon) > worth(read, now=soon, clipped=True) == 0
    assert worth(read, now=10 + MAX_PATIENCE_S, clipped=True) > 0


@pytest.mark.parametrize(
    ("what", "stands"),
    [
        ({"trusted": True}, True),
        ({"trusted": False}, False),
        ({"trusted": True, "evidence": None}, False),
        ({"trusted": True, "settled": True, "changed": True}, False),
    ],
    ids=["says something", "says nothing", "found longer since", "looks otherwise since"],
)
def test_what_the_border_leaves_of_a_text_is_hardly_read_again_while_it_stands(what: dict[str, Any], *, stands: bool) -> None:
    wait = next(wait for wait in range(40) if worth(text_read(**what), now=10 + wait, clipped=True))
    assert wait == SELDOM_S if stands else wait < MAX_PATIENCE_S


def turns(text: Text, view: float = 0.5, quad: NDArray[np.floating] = LINE, *, upright: bool = False) -> tuple[int, ...]:
    return turns_to_read(*text, quad, view, upright=upright)


def test_level_text_is_first_taken_to_stand_upright_and_then_questioned() -> None:
    assert turns(new_text()) == (0,)
    assert turns(text_read(1)) == (0, 2)
    assert turns(text_read(1, turn_known=True)) == (0,)


def test_in_an_upright_scene_text_is_questioned_later() -> None:
    assert turns(text_read(UPRIGHT_TRIES), upright=True) == (0,)
    assert turns(text_read(UPRIGHT_TRIES + 1), upright=True) == (0, 2)


def test_text_that_runs_down_is_read_in_both_turns_at_once() -> None:
    tall = box(200, 100, 24, 160)
    assert set(turns(new_text(quarters=1), quad=tall)) == {1, 3}
    assert turns(new_text(quarters=3, turn_known=True), quad=tall) == (3,)


def test_turns_are_compared_again_only_in_a_better_view() -> None:
    judged = text_read(2, judged_view=0.3)
    assert turns(judged, 0.3 * BETTER * 0.95) == (0,)
    assert turns(judged, 0.3 * BETTER * 1.05) == (0, 2)


def test_a_view_does_not_depend_on_the_corner_that_a_quad_starts_at() -> None:
    assert view_of(rotated(LINE, 90)) == pytest.approx(view_of(turn(LINE, 1))) == pytest.approx(view_of())
