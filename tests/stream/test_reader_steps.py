"""The core step by step: when it wants a pass, what it wants to read, and what it makes of the answers."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from stream.reader import CROP_HEIGHTS_PX, FIRST_PASSES_S, PASS_KINDS, PASSES_S, Reader, Reading, area_entering, plain
from stream.records import EventType, Frame
from tests.stream.feed.samples import box
from tests.stream.simulation import AT_REST, FRAME_S, SHOP, SIZE, World, clock, lattice_of, pan, place_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from tests.stream.simulation import Camera


def frame_of(index: int = 0, t: float | None = None, camera: Camera = AT_REST) -> Frame:
    return World((SHOP,), camera).frame(index, index * FRAME_S if t is None else t)


def test_without_a_frame_nothing_is_wanted() -> None:
    assert Reader().wanted_pass() is None
    assert Reader().wanted() == []
    assert Reader().events() == []


def test_passes_of_all_kinds_come_soon_and_then_seldom() -> None:
    reader, passes = Reader(), []
    for index, t in enumerate(clock(6)):
        reader.follow(frame_of(index))
        if (wanted := reader.wanted_pass()) is not None:
            assert wanted.frame.index == index
            passes.append((t, (wanted.turned, wanted.enhanced)))
        assert reader.wanted_pass() is None
    assert passes[0][0] == 0
    first = len(set(PASS_KINDS))
    assert passes[first - 1][0] < first * (FIRST_PASSES_S + FRAME_S)
    assert {kind for _, kind in passes} == set(PASS_KINDS)
    assert len(passes) <= first + 6 / PASSES_S + 1


def test_what_comes_into_view_is_looked_for_soon() -> None:
    def passes(camera: Camera) -> int:
        reader, count = Reader(), 0
        for index, t in enumerate(clock(4)):
            reader.follow(frame_of(index, t, camera))
            count += reader.wanted_pass() is not None
        return count

    assert passes(pan((0, 300, 300), (1, 300, 300), (4, 900, 300))) > passes(AT_REST) + 3


def began(*quads: NDArray[np.float32]) -> Reader:
    """A reader that has found something in its first frame."""
    reader = Reader()
    reader.follow(frame_of())
    wanted = reader.wanted_pass()
    assert wanted is not None
    reader.accept_detections(wanted, np.array(quads, np.float32), np.full(len(quads), 0.9, np.float32))
    return reader


PLACE = place_of(SHOP).astype(np.float32)


def test_a_read_is_asked_for_once() -> None:
    reader = began(PLACE)
    (request,) = reader.wanted()
    assert reader.wanted() == []
    reader.follow(frame_of(1, 1.0))
    assert reader.wanted() == []
    reader.accept_readings([Reading(request, lattice_of("SHOP", 0.9, request.margin))])
    assert reader.reads == 1
    reader.follow(frame_of(2, 2.0))
    assert [again.track for again in reader.wanted()] == [request.track]


def test_a_request_holds_the_text_and_margins_beside_it() -> None:
    (request,) = began(PLACE).wanted()
    rows, columns, channels = request.crop.shape
    assert CROP_HEIGHTS_PX[0] <= rows <= CROP_HEIGHTS_PX[1]
    assert channels == 3
    assert columns / rows >= 4 * (1 + 2 * request.margin) * 0.95
    assert 0 < request.margin < 0.5
    assert 0 < request.view <= 1
    assert (request.track, request.quarters, request.pts) == (1, 0, 0.0)


def test_readings_of_what_is_gone_are_dropped() -> None:
    reader = began(PLACE)
    (request,) = reader.wanted()
    reader.accept_readings([Reading(replace(request, track=99), lattice_of("BANK", 0.9))])
    assert [text.text for text in reader.snapshot().texts] == [""]


def test_a_pass_that_finds_nothing_is_fine() -> None:
    reader = began()
    assert reader.wanted() == []
    assert reader.snapshot().texts == ()


TALL = box(40, 20, 24, 120)


def tall_reader() -> Reader:
    """A reader that has found a line that runs up or down."""
    reader = Reader()
    for index in range(len(PASS_KINDS) * 10):
        reader.follow(frame_of(index))
        wanted = reader.wanted_pass()
        if wanted is not None and wanted.turned:
            reader.accept_detections(wanted, TALL[None], np.array([0.9], np.float32))
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
    requests = reader.wanted()
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
    wanted = reader.wanted_pass()
    assert wanted is not None
    reader.accept_detections(wanted, PLACE[None], np.array([0.9], np.float32))
    reader.snapshot()
    assert asked == []
    assert len(reader.wanted()) == len(asked) == 1


def test_events_are_handed_over_once() -> None:
    reader = began(PLACE)
    for index in range(1, 30):
        for request in reader.wanted():
            reader.accept_readings([Reading(request, lattice_of("SHOP", 0.95, request.margin))])
        if events := reader.events():
            assert [event.type for event in events] == [EventType.READ]
            break
        reader.follow(frame_of(index))
    assert reader.events() == []


@pytest.mark.parametrize(
    ("camera", "share"),
    [
        (None, 0.0),
        (np.eye(3), 0.0),
        (np.array([[1, 0, 160], [0, 1, 0], [0, 0, 1]], np.float64), 0.5),
        (np.array([[1, 0, 160], [0, 1, 90], [0, 0, 1]], np.float64), 0.75),
        (np.diag([0.5, 0.5, 1.0]), 0.75),
        (np.diag([2.0, 2.0, 1.0]), 0.0),
    ],
    ids=["unknown", "rest", "half", "corner", "out", "in"],
)
def test_area_that_comes_into_view(camera: NDArray[np.float64] | None, share: float) -> None:
    assert area_entering(camera, SIZE) == pytest.approx(share, abs=1e-6)


def test_the_same_text_has_the_same_letters_and_digits() -> None:
    assert plain("Café-Luna, 24!") == plain("CAFÉ LUNA 24") == "caféluna24"
    assert plain(" -.") == ""
