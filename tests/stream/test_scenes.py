"""What happens before a camera, in simulated time: each text is known again, and nothing is told that did not happen."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from glyphfeed.stream.reading.rereading import SELDOM_S
from glyphfeed.stream.records import EventType, TextState
from glyphfeed.stream.tracking.following import LEAVE_S
from tests.stream.feed.samples import box
from tests.stream.simulation import (
    AT_REST,
    FRAME_S,
    LIKELY,
    SHOP,
    SURE,
    Board,
    FaultyDetector,
    FaultyRecogniser,
    World,
    clock,
    events_of,
    ids,
    pan,
    roll,
    told,
    watch,
    zoom,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from tests.stream.simulation import Camera, Seen

    Cover = Callable[[float], NDArray[np.float32] | None]

LIGHT = {"jitter": 0.03}
HEAVY = {"jitter": 0.08, "misses": 0.3, "splits": 0.15}


def show(world: World, seconds: float, *, frame_s: float = FRAME_S, late: int = 0, **faults: float) -> list[Seen]:
    """Show a world to a reader whose recogniser reads pieces of its texts as well."""
    times = clock(seconds, frame_s)
    whole = {board.says(t) for board in world.boards for t in times}
    pieces = {text[a:b] for text in whole for a in range(len(text)) for b in range(a + 2, len(text) + 1)}
    detector = FaultyDetector(world, **(faults or LIGHT))
    return watch(world, detector, FaultyRecogniser(*sorted(whole | pieces)), times, late)


def at(seen: list[Seen], t: float) -> Seen:
    return min(seen, key=lambda moment: abs(moment.t - t))


def who(world: World, moment: Seen, within_px: float = 8.0) -> list[int | None]:
    """The number of the entity at each board's place that says what the board says."""
    numbers: list[int | None] = []
    for board in world.boards:
        place, text = world.place(board, moment.t), board.says(moment.t)
        found = [
            entity.id
            for entity in moment.snapshot.texts
            if entity.text == text and np.abs(entity.polygon - place).max() < within_px
        ]
        numbers.append(found[0] if found else None)
    return numbers


def moving(board: Board, x: float = 0.0, y: float = 0.0, until: float = 1e9) -> Board:
    """The same board, that after a second sets out at a velocity in pixels/s, until a time."""

    def drift(t: float) -> tuple[float, float]:
        moved = max(min(t, until) - 1.0, 0.0)
        return x * moved, y * moved

    return replace(board, drift=drift)


LEFT, RIGHT = Board("SHOP", (540, 300), 20), Board("SHOP", (660, 300), 20)


@pytest.mark.parametrize("faults", [LIGHT, HEAVY], ids=["light", "heavy"])
def test_two_equal_words_side_by_side_stay_two(faults: dict[str, float]) -> None:
    camera = pan((0, 600, 300), (1.5, 600, 300), (3, 640, 320), (5, 580, 290))
    world = World((LEFT, RIGHT), camera)
    seen = show(world, 5, **faults)
    first, second = who(world, at(seen, 1.4))
    assert None not in (first, second)
    assert first != second
    assert all(who(world, moment) == [first, second] for moment in seen[35:])
    assert sorted(event.entity.id for event in events_of(seen)) == sorted([first, second])
    assert {event.type for event in events_of(seen)} == {EventType.READ}


@pytest.mark.parametrize("below_px", [36, 44])
def test_a_word_that_moves_past_an_equal_one_keeps_its_number(below_px: float) -> None:
    world = World((SHOP, moving(Board("SHOP", (510, 300 + below_px)), x=90)), AT_REST)
    seen = show(world, 3)
    assert who(world, seen[20]) == who(world, seen[-1], 12) == [1, 2]
    assert ids(seen) == {1, 2}
    assert [kind for kind, *_ in told(seen)] == [EventType.READ, EventType.READ]


def test_two_equal_words_that_pass_each_other_keep_their_numbers() -> None:
    boards = (moving(Board("SHOP", (540, 280), 20), x=60), moving(Board("SHOP", (660, 320), 20), x=-60))
    world = World(boards, AT_REST)
    seen = show(world, 3)
    assert who(world, seen[20]) == who(world, seen[-1]) == [1, 2]
    assert ids(seen) == {1, 2}
    assert [kind for kind, *_ in told(seen)] == [EventType.READ, EventType.READ]


def crossing(word: str, speed: float) -> World:
    """Before a word another one passes in the same line."""
    return World((Board(word, (610, 290), 20), moving(Board("SHOP", (510, 290), 20), x=speed, until=1 + 190 / speed)), AT_REST)


@pytest.mark.parametrize("speed", [60, 90])
def test_two_equal_words_of_which_one_moves_over_the_other_stay_two(speed: float) -> None:
    world = crossing("SHOP", speed)
    seen = show(world, 4 + 190 / speed)
    # Which is which cannot be told while the one hides the other.
    assert set(who(world, seen[20])) == set(who(world, seen[-1])) == {1, 2}
    assert len(seen[-1].snapshot.texts) == 2
    assert [kind for kind, *_ in told(seen)] == [EventType.READ, EventType.READ]


def test_a_word_that_moves_over_another_one_does_not_change_it() -> None:
    world = crossing("BANK", 60)
    seen = show(world, 7)
    assert who(world, seen[20]) == who(world, seen[-1]) == [1, 2]
    assert [kind for kind, *_ in told(seen)] == [EventType.READ, EventType.READ]


@pytest.mark.parametrize("velocity", [(110, 0), (0, 110), (60, 0), (24, 0), (0, 24)], ids=str)
def test_a_text_that_moves_by_itself_is_followed(velocity: tuple[float, float]) -> None:
    seconds = 1 + 90 / max(velocity)
    board = moving(Board("SHOP", (570, 260)), *velocity)
    world = World((board,), AT_REST)
    seen = show(world, seconds)
    assert ids(seen) == {1}
    assert max(float(np.abs(moment.text("SHOP").polygon - world.place(board, moment.t)).max()) for moment in seen) < 6
    assert seen[-1].text("SHOP").velocity == pytest.approx(velocity, abs=5)


PAGE = tuple(
    Board(text, (600, 220 + 40 * line), 24)
    for line, text in enumerate(["SHOP", "BANK", "HOTEL", "MARKET", "LEGAL", "GARDEN", "JAGUAR", "PLAZA", "CAFE"])
)


def check_page(world: World, seen: list[Seen], most_px: float = 6.0) -> None:
    """Each line has one number of its own while it is in view, is read once, and never changes."""
    events = events_of(seen)
    assert [event for event in events if event.type is EventType.CHANGED] == []
    read = [event.entity for event in events if event.type is EventType.READ]
    assert sorted(entity.text for entity in read) == sorted(str(board.text) for board in world.boards)
    assert len({entity.id for entity in read}) == len(read)
    number = {entity.text: entity.id for entity in read}
    for moment in seen:
        for entity in moment.snapshot.texts:
            if entity.state is TextState.SETTLED:
                (board,) = (board for board in world.boards if board.text == entity.text)
                assert entity.id == number[entity.text]
                place = world.place(board, moment.t)
                if any(np.allclose(place, quad, atol=0.5) for quad in world.quads(moment.t)):
                    assert np.abs(entity.polygon - place).max() < most_px
    order = [entity.text for entity in sorted(read, key=lambda entity: entity.first_seen)]
    assert order[3:] == [board.text for board in world.boards][3:], "what comes in later has later numbers"


@pytest.mark.parametrize("late", [0, 5])
def test_a_page_that_scrolls_by_keeps_each_line_and_reads_it_once(late: int) -> None:
    camera = pan((0, 600, 260), (1, 600, 260), (7, 600, 525), (9, 600, 525))
    world = World(PAGE, camera)
    seen = show(world, 9, late=late)
    check_page(world, seen)
    assert [entity.text for entity in seen[-1].snapshot.texts] == ["JAGUAR", "PLAZA", "CAFE"]


def test_a_page_that_scrolls_in_its_window_keeps_each_line_and_reads_it_once() -> None:
    speed = 75
    lines = tuple(moving(replace(board, centre=(600, board.centre[1] + 45)), y=-speed) for board in PAGE)
    world = World(lines, AT_REST, page=(500, 240, 700, 360))
    seconds = 1 + 290 / speed
    seen = show(world, seconds + 1)
    check_page(world, seen)


def test_lines_that_scrolled_out_of_view_leave_each_once() -> None:
    camera = pan((0, 600, 260), (1, 600, 260), (7, 600, 525), (9, 600, 525), (9, 100, 100), (40, 100, 100))
    seen = show(World(PAGE, camera), 9 + LEAVE_S + 2, frame_s=0.08)
    read, left = ([event.entity for event in events_of(seen, kind)] for kind in (EventType.READ, EventType.LEFT))
    assert sorted((entity.id, entity.text) for entity in left) == sorted((entity.id, entity.text) for entity in read)
    assert seen[-1].snapshot.texts == ()


NOTICE = Board("BANK", (600, 350), 20)


@pytest.mark.parametrize("speed", [45, 180])
def test_a_camera_that_rolls_over_loses_no_text_and_no_corner(speed: float) -> None:
    camera = roll(AT_REST, lambda t: float(np.clip((t - 1) * speed, 0, 180)))
    world = World((SHOP, NOTICE), camera)
    seen = show(world, 1 + 180 / speed + SELDOM_S + 2)
    assert ids(seen) == {1, 2}
    assert all(who(world, moment, 3) == [1, 2] for moment in seen)
    # In the last seconds it was read again, standing on its head, and still says so.
    assert seen[-1].text("SHOP").reads > at(seen, 1).text("SHOP").reads
    assert [kind for kind, *_ in told(seen)] == [EventType.READ, EventType.READ]


def test_text_that_comes_back_standing_on_its_head_is_known() -> None:
    away = pan((0, 600, 300), (1.5, 600, 300), (1.5, 900, 300), (3, 900, 300), (3, 600, 300), (6, 600, 300))
    world = World((SHOP, NOTICE), roll(away, lambda t: 180.0 * (t >= 1.5)))
    seen = show(world, 6)
    assert who(world, at(seen, 1.4)) == who(world, seen[-1]) == [1, 2]
    assert [kind for kind, *_ in told(seen)] == [EventType.READ, EventType.READ]


@pytest.mark.parametrize("faults", [LIGHT, {"jitter": 0.06, "misses": 0.2}], ids=["light", "heavy"])
def test_from_unreadable_to_clear_a_confident_misread_is_put_right(faults: dict[str, float]) -> None:
    board = Board("SHOP 10", (600, 300))
    camera = zoom(AT_REST, lambda t: 0.3 * 1.3 ** min(t, 6.2))
    world = World((board,), camera)
    seen = show(world, 14, **faults)
    assert {entity.state for moment in seen if moment.t < 0.3 for entity in moment.snapshot.texts} <= {TextState.TENTATIVE}
    assert told(seen) == [(EventType.READ, 1, "5H0P IO", None), (EventType.CHANGED, 1, "SHOP 10", "5H0P IO")]
    assert ids(seen) == {1}
    assert who(world, seen[-1]) == [1]
    assert seen[-1].text("SHOP 10").state is TextState.SETTLED


def test_what_blur_hid_is_read_as_soon_as_it_is_clear() -> None:
    shaken = [(1.1 + 0.2 * k, 550.0 + 90 * (k % 2), 300.0) for k in range(5)]
    camera = pan((0, 900, 300), (0.3, 900, 300), *shaken, (2.1, 600, 300), (9, 600, 300))
    seen = show(World((SHOP,), camera), 3.1)
    assert [text.text for text in seen[-1].snapshot.texts] == ["SHOP"]


HALL = Board("MARKET HALL", (600, 300), 20)


def pole(x: Callable[[float], float | None]) -> Cover:
    """Something thin before the camera, whose left edge is at x or which is not there."""
    return lambda t: None if (left := x(t)) is None else box(left, 20, 16, 140)


COMES_AND_GOES = pole(lambda t: 150 if 1 < t % 4 < 3 else None)
WALKS_BY = pole(lambda t: 30 + 45 * (t - 1) if t > 1 else None)


@pytest.mark.parametrize("score", [LIKELY, SURE], ids=["likely", "sure"])
@pytest.mark.parametrize("cover", [COMES_AND_GOES, WALKS_BY], ids=["comes and goes", "walks by"])
def test_a_line_that_something_thin_splits_stays_one(cover: Cover, score: float) -> None:
    world = World((HALL,), AT_REST, cover)
    recogniser = FaultyRecogniser("MARKET HALL", "MARKET", "MARKE", "HALL", "ALL", "HAL", score=score)
    seen = watch(world, FaultyDetector(world, jitter=0.03, misses=0.1), recogniser, clock(9))
    assert ids(seen) == {1}
    assert told(seen) == [(EventType.READ, 1, "MARKET HALL", None)]


@pytest.mark.parametrize("cover", [COMES_AND_GOES, WALKS_BY], ids=["comes and goes", "walks by"])
def test_a_line_stays_in_its_place_behind_something_thin(cover: Cover) -> None:
    world = World((HALL,), AT_REST, cover)
    seen = show(world, 9)
    assert all(who(world, moment, 6) == [1] for moment in seen)


def test_two_pieces_of_a_line_become_one_when_what_split_it_goes() -> None:
    world = World((HALL,), AT_REST, pole(lambda t: 150 if t < 3 else None))
    seen = show(world, 8 + LEAVE_S)
    pieces = at(seen, 2.9).snapshot.texts
    assert len(pieces) == 2
    (whole,) = at(seen, 8).snapshot.texts
    assert whole.text == "MARKET HALL"
    assert whole.id in {piece.id for piece in pieces}
    (gone,) = {piece.id for piece in pieces} - {whole.id}
    assert {number for kind, number, *_ in told(seen)[2:] if kind is EventType.CHANGED} == {whole.id}
    assert [number for kind, number, *_ in told(seen) if kind is EventType.LEFT] == [gone]


AWAY_AND_BACK = pan((0, 600, 300), (1, 600, 300), (2, 900, 300), (3, 900, 300), (4, 600, 300), (5.5, 600, 300))
CUT_AWAY_AND_BACK = pan((0, 600, 300), (1.5, 600, 300), (1.5, 900, 300), (3, 900, 300), (3, 600, 300), (5, 600, 300))


@pytest.mark.parametrize("camera", [AWAY_AND_BACK, CUT_AWAY_AND_BACK], ids=["pan", "cut"])
@pytest.mark.parametrize("faults", [LIGHT, HEAVY], ids=["light", "heavy"])
def test_two_equal_words_come_back_as_the_same_two(camera: Camera, faults: dict[str, float]) -> None:
    world = World((LEFT, RIGHT, replace(SHOP, text="HAUL", centre=(900, 300))), camera)
    seen = show(world, 5.5, **faults)
    before, after = who(world, at(seen, 0.96))[:2], who(world, seen[-1])[:2]
    assert None not in before
    assert sorted(before) == sorted(after)
    assert len([event for event in events_of(seen) if event.entity.text == "SHOP"]) == 2


@pytest.mark.parametrize("camera", [AWAY_AND_BACK, CUT_AWAY_AND_BACK], ids=["pan", "cut"])
def test_each_of_two_equal_words_comes_back_in_its_place(camera: Camera) -> None:
    world = World((LEFT, RIGHT), camera)
    seen = show(world, 5.5)
    assert who(world, at(seen, 0.96)) == who(world, seen[-1]) == [1, 2]


def test_a_display_that_changes_back_is_told_each_time() -> None:
    display = Board(lambda t: "OPEN" if t < 2 or t > 4.5 else "SHUT", (600, 300))
    seen = show(World((display,), AT_REST), 7)
    assert told(seen) == [
        (EventType.READ, 1, "OPEN", None),
        (EventType.CHANGED, 1, "SHUT", "OPEN"),
        (EventType.CHANGED, 1, "OPEN", "SHUT"),
    ]


def test_a_flash_of_another_text_is_told_as_it_was_and_costs_few_reads_later() -> None:
    for begins in (2.0, 2.1, 2.2):
        display = Board(lambda t, at=begins: "SHUT" if at < t < at + 0.35 else "SHOP", (600, 300))
        world, recogniser = World((display,), AT_REST), FaultyRecogniser("SHOP", "SHUT")
        seen = watch(world, FaultyDetector(world, **LIGHT), recogniser, clock(6))
        # It may have been too short to settle.
        assert told(seen) in (
            [(EventType.READ, 1, "SHOP", None)],
            [(EventType.READ, 1, "SHOP", None), (EventType.CHANGED, 1, "SHUT", "SHOP"), (EventType.CHANGED, 1, "SHOP", "SHUT")],
        )
        assert seen[-1].text("SHOP").state is TextState.SETTLED
        assert len([request.pts for request in recogniser.read if request.pts > 3.5]) <= 1


def test_a_display_whose_text_grows_is_not_told_in_part() -> None:
    for changes_at in (2.0, 2.3, 2.6, 2.9):
        display = Board(lambda t, at=changes_at: "OPEN" if t < at else "CLOSED", (600, 300))
        seen = show(World((display,), AT_REST), 6)
        # As long as its words are, it may as well be another text as the same display.
        assert told(seen) == [(EventType.READ, 1, "OPEN", None), (EventType.READ, 2, "CLOSED", None)]
        assert seen[-1].text("CLOSED").state is TextState.SETTLED


def test_a_display_of_which_one_character_changes_is_told() -> None:
    display = Board(lambda t: "GATE 3" if t < 2 else "GATE 4", (600, 300))
    seen = show(World((display,), AT_REST), 2 + 1.5 * SELDOM_S, frame_s=0.08)
    assert told(seen) == [(EventType.READ, 1, "GATE 3", None), (EventType.CHANGED, 1, "GATE 4", "GATE 3")]
