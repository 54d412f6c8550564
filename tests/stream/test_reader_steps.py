"""The core step by step: when it wants a pass, what it wants to read, and what it makes of the answers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import cv2
import numpy as np
import pytest

from glyphfeed.stream.detecting.passes import Detections, DetectorPass, PassKind
from glyphfeed.stream.detecting.schedule import PASS_GAP_S, RHYTHMS
from glyphfeed.stream.reader import CROP_HEIGHTS_PX, Reader
from glyphfeed.stream.reading.belief import PUBLISH_ALONE_CONFIDENCE, PUBLISH_CONFIDENCE, TURN_CONFIDENCE
from glyphfeed.stream.reading.requests import Reading
from glyphfeed.stream.reading.rereading import MAX_HOPELESS_PATIENCE_S, UNCONFIRMED_S
from glyphfeed.stream.reading.words import plain
from glyphfeed.stream.records import EventType, Frame, TextState
from glyphfeed.stream.tracking.tracker import SURE_SCORE
from tests.stream.feed.samples import box
from tests.stream.simulation import (
    AT_REST,
    FRAME_S,
    LIKELY,
    SHOP,
    SIZE,
    SURE,
    World,
    clock,
    lattice_of,
    pan,
    place_of,
    score_of,
    texture,
)

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from glyphfeed.stream.records import TextEntity
    from tests.stream.simulation import Camera


NOTHING = np.empty((0, 4, 2), np.float32)


def frame_of(index: int = 0, t: float | None = None, camera: Camera = AT_REST) -> Frame:
    return World((SHOP,), camera).frame(index, index * FRAME_S if t is None else t)


def test_without_a_frame_nothing_is_wanted() -> None:
    assert Reader().take_pass() is None
    assert Reader().take_reads() == []
    assert Reader().events() == []


def passes_over(camera: Camera, seconds: float) -> list[DetectorPass]:
    """The passes that are wanted while a camera looks, none of which finds anything."""
    reader, passes = Reader(), []
    for index, t in enumerate(clock(seconds)):
        reader.follow(frame_of(index, t, camera))
        if (wanted := reader.take_pass()) is not None:
            assert wanted.frame.index == index
            reader.accept_detections(Detections(wanted, np.empty((0, 4, 2), np.float32), np.empty(0, np.float32)))
            passes.append(wanted)
        assert reader.take_pass() is None
    return passes


def test_passes_of_all_kinds_come_soon_and_then_seldom() -> None:
    passes = passes_over(AT_REST, 6)
    first = passes[: len(RHYTHMS)]
    assert first[0].frame.pts == 0
    assert first[-1].frame.pts <= len(RHYTHMS) * (PASS_GAP_S + FRAME_S)
    assert [wanted.kind for wanted in first] == list(RHYTHMS)
    assert len(passes) <= sum(1 + 6 / pace.least_s for pace in RHYTHMS.values())


def test_after_a_cut_everything_is_looked_at_anew() -> None:
    cut = pan((0, 600, 300), (2, 600, 300), (2, 900, 300), (3, 900, 300))
    after = [wanted for wanted in passes_over(cut, 3) if wanted.frame.pts >= 2]
    assert after[0].frame.pts == pytest.approx(2)
    assert [wanted.kind for wanted in after[: len(RHYTHMS)]] == list(RHYTHMS)


def test_a_pass_of_the_scene_before_a_cut_does_not_slow_the_new_one() -> None:
    def passes(*, late: bool) -> list[float]:
        reader = Reader()
        reader.follow(frame_of(0, 0.0))
        old = reader.take_pass()
        assert old is not None
        black = Frame(1, 0.04, 0.04, np.zeros((SIZE[1], SIZE[0]), np.uint8), frame_of().bgr)
        reader.follow(black)
        times = []
        for index in range(2, 60):
            reader.follow(replace(black, index=index, pts=0.04 * index))
            if (wanted := reader.take_pass()) is not None and wanted.kind[:2] == (False, False):
                times.append(wanted.frame.pts)
            if late and index == 5:
                reader.accept_detections(Detections(old, NOTHING, np.empty(0, np.float32)))
        return times

    assert passes(late=True) == passes(late=False)


def test_what_comes_into_view_is_looked_for_soon() -> None:
    camera = pan((0, 300, 300), (1, 300, 300), (4, 900, 300))
    assert len(passes_over(camera, 4)) > len(passes_over(AT_REST, 4)) + 3


def test_what_the_edge_of_a_part_cuts_off_is_looked_at_whole() -> None:
    wall = texture((1280, 720))
    written = cv2.putText(wall.copy(), "Mind the gap", (500, 650), cv2.FONT_HERSHEY_DUPLEX, 2.0, 255, 5)
    reader = Reader()
    for index in range(40):
        reader.follow(Frame(index, index * FRAME_S, 0.0, wall if index < 30 else written, frame_of().bgr))
        wanted = reader.take_pass()
        if wanted is not None and wanted.part is not None:
            break
        if wanted is not None:
            reader.accept_detections(Detections(wanted, NOTHING, np.empty(0, np.float32)))
    assert wanted is not None
    part = wanted.part
    assert part is not None
    assert part.width < 1280
    right = part.x + part.width
    cut = box(right - 200, 610, 199, 40)
    reader.accept_detections(Detections(wanted, np.array([cut], np.float32), np.full(1, 0.9, np.float32)))
    reader.follow(Frame(index + 3, (index + 3) * FRAME_S, 0.0, written, frame_of().bgr))
    wanted = reader.take_pass()
    assert wanted is not None
    assert wanted.part is not None
    assert wanted.part.x + wanted.part.width >= min(right + 199, 1280)


def began(*quads: NDArray[np.float32]) -> Reader:
    """A reader that has found something in its first frame."""
    reader = Reader()
    reader.follow(frame_of())
    wanted = reader.take_pass()
    assert wanted is not None
    reader.accept_detections(Detections(wanted, np.array(quads, np.float32), np.full(len(quads), 0.9, np.float32)))
    return reader


PLACE = place_of(SHOP).astype(np.float32)


def test_a_read_is_asked_for_once() -> None:
    reader = began(PLACE)
    (request,) = reader.take_reads()
    assert reader.take_reads() == []
    reader.follow(frame_of(1, 1.0))
    assert reader.take_reads() == []
    surely_upright = (1 + TURN_CONFIDENCE) / 2
    reader.accept_readings([Reading(request, lattice_of("SHOP", surely_upright, request.margin))])
    assert reader.reads == 1
    reader.follow(frame_of(2, 2.0))
    assert [again.track for again in reader.take_reads()] == [request.track]


def test_of_several_texts_the_most_valuable_are_asked_for_first() -> None:
    places = [box(100, 60 + 80 * k, 6 * height, height) for k, height in enumerate((12, 36, 20))]
    first, rest = began(*places), began(*places)
    (best,) = first.take_reads(1)
    assert best.crop.shape == rest.take_reads()[0].crop.shape
    assert best.view == max(request.view for request in (best, *first.take_reads()))
    assert first.take_reads() == []


def test_a_request_holds_the_text_and_margins_beside_it() -> None:
    (request,) = began(PLACE).take_reads()
    rows, columns, channels = request.crop.shape
    assert CROP_HEIGHTS_PX[0] <= rows <= CROP_HEIGHTS_PX[1]
    assert channels == 3
    assert columns / rows >= 4 * (1 + 2 * request.margin) * 0.95
    assert 0 < request.margin < 0.5
    assert 0 < request.view <= 1
    assert (request.track, request.quarters, request.pts) == (1, 0, 0.0)


def test_readings_of_what_is_gone_are_dropped() -> None:
    reader = began(PLACE)
    (request,) = reader.take_reads()
    reader.accept_readings([Reading(replace(request, track=99), lattice_of("BANK", 0.9))])
    assert [text.text for text in reader.snapshot().texts] == [""]


def test_a_pass_that_finds_nothing_is_fine() -> None:
    reader = began()
    assert reader.take_reads() == []
    assert reader.snapshot().texts == ()


TALL = box(40, 20, 24, 120)


def tall_reader() -> Reader:
    """A reader that has found a line that runs up or down."""
    reader = Reader()
    for index in range(len(RHYTHMS) * 10):
        reader.follow(frame_of(index))
        wanted = reader.take_pass()
        if wanted is not None and wanted.kind.turned:
            reader.accept_detections(Detections(wanted, TALL[None], np.array([0.9], np.float32)))
            return reader
    raise AssertionError("no turned pass was made")


def test_level_passes_are_asked_for_level_lines_and_turned_ones_for_those_that_run_up_or_down() -> None:
    level = began(PLACE, TALL).snapshot().texts
    assert [text.polygon.mean(axis=0).tolist() for text in level] == [pytest.approx(PLACE.mean(axis=0))]
    tall = tall_reader().snapshot().texts
    assert [text.polygon.mean(axis=0).tolist() for text in tall] == [pytest.approx(TALL.mean(axis=0))]


@pytest.mark.parametrize(
    ("readings", "text"),
    [
        ({1: ("MARKET", 0.98), 3: ("1EXRAW", 0.5)}, "MARKET"),
        ({1: ("LHVW", 0.4), 3: ("MARKET", 0.98)}, "MARKET"),
        ({1: ("~", 0.2), 3: ("MARKET", 0.98)}, "MARKET"),
        ({1: ("STON", 0.92), 3: ("STATION", 0.99)}, "STATION"),
    ],
)
def test_the_turn_that_reads_better_is_taken(readings: dict[int, tuple[str, float]], text: str) -> None:
    reader = tall_reader()
    requests = reader.take_reads()
    assert {request.quarters for request in requests} == {1, 3}
    answers = [Reading(request, lattice_of(*readings[request.quarters], request.margin)) for request in requests]
    reader.accept_readings(answers)
    (read,) = reader.snapshot().texts
    assert (read.text, read.reads) == (text, 2)
    start = TALL[1] if readings[1][0] == text else TALL[3]
    np.testing.assert_allclose(read.polygon[0], start, atol=1e-3)


def test_colour_is_asked_for_only_to_read() -> None:
    asked: list[int] = []

    def counted(frame: Frame) -> Frame:
        def bgr() -> NDArray[np.uint8]:
            asked.append(frame.index)
            return frame.bgr()

        return replace(frame, bgr=bgr)

    reader = Reader()
    reader.follow(counted(frame_of()))
    wanted = reader.take_pass()
    assert wanted is not None
    reader.accept_detections(Detections(wanted, PLACE[None], np.array([0.9], np.float32)))
    reader.snapshot()
    assert asked == []
    assert len(reader.take_reads()) == len(asked) == 1


def test_events_are_handed_over_once() -> None:
    reader = began(PLACE)
    for index in range(1, 30):
        for request in reader.take_reads():
            reader.accept_readings([Reading(request, lattice_of("SHOP", 0.95, request.margin))])
        if events := reader.events():
            assert [event.type for event in events] == [EventType.READ]
            break
        reader.follow(frame_of(index))
    assert reader.events() == []


def answer(reader: Reader, text: str, score: float, **what: Any) -> TextEntity:
    """Read all that is wanted, as this text, and tell what came of it."""
    requests = reader.take_reads()
    assert requests
    told = [Reading(replace(request, **what), lattice_of(text, score, request.margin)) for request in requests]
    reader.accept_readings(told)
    (entity,) = reader.snapshot().texts
    return entity


def later(reader: Reader, index: int, seconds: float = 2.0) -> Reader:
    """The same reader, so many times so long later that it reads again what it is not sure of."""
    reader.follow(frame_of(index, seconds * index))
    return reader


DOUBTFUL = score_of(PUBLISH_ALONE_CONFIDENCE + 0.02)


def test_a_single_sure_reading_settles() -> None:
    reader = began(PLACE)
    text = answer(reader, "SHOP", SURE)
    assert (text.state, text.reads) == (TextState.SETTLED, 1)
    assert [event.type for event in reader.events()] == [EventType.READ]
    assert later(reader, 1).take_reads() == []


def test_a_likely_reading_settles_when_a_second_one_agrees() -> None:
    reader = began(PLACE)
    assert answer(reader, "SHOP", LIKELY).state is TextState.READING
    assert reader.events() == []
    text = answer(later(reader, 1), "SHOP", LIKELY)
    assert (text.state, text.reads) == (TextState.SETTLED, 2)
    assert [event.type for event in reader.events()] == [EventType.READ]


@pytest.mark.parametrize("second", [LIKELY, 0.999], ids=["likely", "sure together"])
@pytest.mark.parametrize(("turned", "text"), [("FRAGILE", "FRAGILE"), ("3TI", "FILE")])
def test_readings_that_agree_settle_only_when_it_is_known_which_way_up_they_are(turned: str, text: str, second: float) -> None:
    places = [PLACE + np.array([0, 50 * number - 50], np.float32) for number in range(3)]
    reader = began(*places)
    for index in range(1, 3):
        for request in reader.take_reads():
            told = lattice_of("WALL", SURE, request.margin)
            if request.track == 3:
                told = lattice_of("FILE", LIKELY if index == 1 else second, request.margin)
                told = replace(told, seen=0.9)  # the network was less sure: the lexicon did the rest
            reader.accept_readings([Reading(request, told)])
        states = [entity.state for entity in sorted(reader.snapshot().texts, key=lambda entity: entity.id)]
        assert states == [TextState.SETTLED, TextState.SETTLED, TextState.READING]
        later(reader, index)
    requests = reader.take_reads()
    assert [(request.track, request.quarters) for request in requests] == [(3, 0), (3, 2)]
    level = replace(lattice_of("FILE", LIKELY, requests[0].margin), seen=0.88)
    other = lattice_of(turned, SURE if turned == "FRAGILE" else 0.3, requests[0].margin)
    reader.accept_readings([Reading(request, other if request.quarters else level) for request in requests])
    (read,) = (entity for entity in reader.snapshot().texts if entity.id == 3)
    assert (read.text, read.state) == (text, TextState.SETTLED)


def test_where_no_frame_comes_texts_coast_then_are_out_of_view_and_then_have_left() -> None:
    reader = began(PLACE)
    answer(reader, "SHOP", SURE)
    (before,) = reader.snapshot().texts
    reader.events()
    reader.wait(2.0, lost=False)
    shown = reader.snapshot()
    (coasting,) = shown.texts
    assert (shown.frame, coasting.id, coasting.state, coasting.text) == (0, before.id, TextState.COASTING, "SHOP")
    assert coasting.rev == before.rev + 1
    reader.wait(5.0, lost=True)
    assert reader.snapshot().texts == ()
    assert reader.events() == []
    reader.wait(10.5, lost=True)
    (left,) = reader.events()
    assert (left.type, left.entity.id, left.frame) == (EventType.LEFT, before.id, 0)


def test_what_is_there_after_a_silence_keeps_its_id() -> None:
    reader = began(PLACE)
    (before,) = (answer(reader, "SHOP", SURE),)
    reader.wait(6.0, lost=True)
    assert reader.snapshot().texts == ()
    reader.follow(frame_of(1, 6.5))
    wanted = reader.take_pass()
    assert wanted is not None
    reader.accept_detections(Detections(wanted, np.array([PLACE]), np.array([0.99], np.float32)))
    (after,) = reader.snapshot().texts
    assert (after.id, after.state, after.text) == (before.id, TextState.SETTLED, "SHOP")


def test_a_likely_reading_does_not_settle_when_the_second_one_says_something_else() -> None:
    reader = began(PLACE)
    answer(reader, "SHOP", LIKELY)
    text = answer(later(reader, 1), "SNAP", LIKELY)
    assert text.state in (TextState.READING, TextState.TENTATIVE)
    assert reader.events() == []


def test_doubtful_readings_that_agree_do_not_settle() -> None:
    reader = began(PLACE)
    for index in range(1, 3):
        assert answer(reader, "SHOP", DOUBTFUL).state is TextState.READING
        later(reader, index)
    assert reader.events() == []


@pytest.mark.parametrize(
    ("text", "confidence", "state"),
    [
        ("SHOP", PUBLISH_ALONE_CONFIDENCE - 0.05, TextState.TENTATIVE),
        ("THE SHOP", PUBLISH_ALONE_CONFIDENCE - 0.05, TextState.READING),
        ("THE SHOP", PUBLISH_CONFIDENCE - 0.05, TextState.TENTATIVE),
    ],
)
def test_what_is_likelier_wrong_than_right_is_not_shown_a_lone_word_sooner(
    text: str, confidence: float, state: TextState
) -> None:
    assert answer(began(PLACE), text, score_of(confidence)).state is state


def test_what_the_border_cuts_off_does_not_settle_however_sure() -> None:
    reader = began(PLACE)
    for index in range(1, 3):
        assert answer(reader, "SHOP", SURE, clipped=True).state is TextState.READING
        later(reader, index)
    assert answer(reader, "SHOP", SURE).state is TextState.SETTLED


def test_a_sure_reading_outweighs_several_doubtful_ones() -> None:
    reader = began(PLACE)
    for index in range(1, 4):
        assert answer(reader, "5NAP", 0.5).text == "5NAP"
        later(reader, index, MAX_HOPELESS_PATIENCE_S)
    assert answer(reader, "SHOP", SURE).text == "SHOP"


def test_a_good_view_outweighs_poor_ones() -> None:
    reader = began(PLACE)
    for index, view in enumerate((0.2, 0.22), 1):
        assert answer(reader, "5NAP", LIKELY, view=view).text == "5NAP"
        later(reader, index)
    assert answer(reader, "SHOP", LIKELY, view=0.9).text == "SHOP"


def test_a_text_is_unread_until_the_first_answer() -> None:
    reader = Reader()
    assert not reader.unread
    reader = began(PLACE)
    assert reader.unread
    (request,) = reader.take_reads()
    assert reader.unread, "it was asked for, and nothing was said yet"
    reader.accept_readings([Reading(request, lattice_of("SHOP", DOUBTFUL, request.margin))])
    assert not reader.unread


@pytest.mark.parametrize("kind", [PassKind(), PassKind(enhanced=True), PassKind(coarse=True)])
def test_what_a_weak_detection_began_is_read_when_found_again(kind: PassKind) -> None:
    weak, reader = np.array([SURE_SCORE - 0.01], np.float32), Reader()
    for index in range(2):
        frame = frame_of(index)
        reader.follow(frame)
        assert reader.take_reads() == []
        reader.accept_detections(Detections(DetectorPass(frame, kind), PLACE[None], weak))
    assert len(reader.take_reads()) == 1


def test_what_a_weak_detection_began_is_read_late_where_nothing_finds_it_again() -> None:
    reader = Reader()
    reader.follow(frame_of())
    reader.accept_detections(
        Detections(DetectorPass(frame_of(), PassKind()), PLACE[None], np.array([SURE_SCORE - 0.01], np.float32))
    )
    asked = []
    for index in range(1, round(2 * UNCONFIRMED_S / FRAME_S)):
        reader.follow(frame_of(index))
        asked += [request.pts for request in reader.take_reads()]
    (first,) = asked
    assert UNCONFIRMED_S <= first < UNCONFIRMED_S + 0.2


def test_a_text_that_a_cut_took_away_is_not_unread() -> None:
    reader = began(PLACE)
    camera = pan((0, 600, 300), (0.5, 600, 300), (0.5, 900, 300), (1, 900, 300))
    reader.follow(frame_of(1, 0.9, camera))
    assert not reader.unread


@pytest.mark.parametrize(("right_edge", "awaited"), [(SIZE[0] - 1, True), (SIZE[0] - 40, False)], ids=["cut off", "whole"])
def test_text_that_comes_in_over_the_border_is_looked_for_at_once(right_edge: float, awaited: bool) -> None:
    x = place_of(SHOP)[:, 0].max() + 600 - right_edge
    camera = pan((0, x, 300), (0.3, x, 300), (0.6, x + 20, 300), (9, x + 20, 300))
    reader, passes = Reader(), []
    for index, t in enumerate(clock(min(pace.least_s for pace in RHYTHMS.values()) - FRAME_S)):
        reader.follow(frame_of(index, t, camera))
        if (wanted := reader.take_pass()) is not None:
            found = place_of(SHOP, t, camera).astype(np.float32)[None]
            reader.accept_detections(Detections(wanted, found, np.array([0.9], np.float32)))
            if wanted.part is None:
                passes.append(wanted.kind)
    assert len(passes) == len(RHYTHMS) + awaited


def test_the_same_text_has_the_same_letters_and_digits() -> None:
    assert plain("Café-Luna, 24!") == plain("CAFÉ LUNA 24") == "caféluna24"
    assert plain(" -.") == ""
