"""The core in simulated time: a detector that jitters, misses and splits, a recogniser that misreads small text confidently."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from glyphfeed.stream.drivers.gauges import Gauges
from glyphfeed.stream.drivers.steps import run_pass, run_reads
from glyphfeed.stream.geometry import transform
from glyphfeed.stream.reader import Reader
from glyphfeed.stream.reading.budget import Budget
from glyphfeed.stream.reading.rereading import SELDOM_S
from glyphfeed.stream.records import EventType, Frame, TextState
from glyphfeed.stream.tracking.following import LEAVE_S
from glyphfeed.tools.scenes.clip import Scene, Sign, locate_words, look, render, words_of
from tests.stream.feed.samples import box
from tests.stream.shapes import moved
from tests.stream.simulation import (
    AT_REST,
    FRAME_S,
    SHOP,
    SIZE,
    SURE,
    Board,
    FaultyDetector,
    FaultyRecogniser,
    World,
    clock,
    comparable,
    events_of,
    ids,
    pan,
    place_of,
    told,
    watch,
    zoom,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from glyphfeed.engines.loading import Engines
    from tests.stream.simulation import Camera, Seen

BANK = Board("BANK", (900, 300))


def film(
    *boards: Board,
    camera: Camera = AT_REST,
    seconds: float = 2.0,
    cover: Callable[[float], NDArray[np.float32] | None] = lambda _: None,
    frame_s: float = FRAME_S,
    late: int = 0,
    jitter: float = 0.03,
    misses: float = 0.0,
    splits: float = 0.0,
) -> tuple[list[Seen], FaultyRecogniser]:
    """Show boards to a reader; also returns the recogniser, which remembers what it was asked."""
    world, times = World(boards, camera, cover), clock(seconds, frame_s)
    recogniser = FaultyRecogniser(*{board.says(t) for board in boards for t in times})
    detector = FaultyDetector(world, jitter=jitter, misses=misses, splits=splits)
    return watch(world, detector, recogniser, times, late), recogniser


def test_a_text_is_read_announced_once_and_settles() -> None:
    seen, recogniser = film(SHOP)
    assert told(seen) == [(EventType.READ, 1, "SHOP", None)]
    (event,) = events_of(seen)
    assert event.entity.state is TextState.SETTLED
    assert event.entity.reads == len(recogniser.read) == 2
    last = seen[-1].snapshot
    assert (last.frame, last.pts, last.size) == (len(seen) - 1, seen[-1].t, SIZE)
    (text,) = last.texts
    assert (text.text, text.state, text.first_seen) == ("SHOP", TextState.SETTLED, seen[0].snapshot.captured_at)
    (word,) = text.words
    assert word.text == "SHOP"
    np.testing.assert_allclose(word.polygon, text.polygon, atol=1)
    assert 0.5 < text.confidence < 1


@pytest.mark.parametrize("degrees", [0, 25, 90, 180, 270])
def test_a_polygon_begins_at_the_top_left_of_the_text_as_read(degrees: float) -> None:
    board = replace(SHOP, degrees=degrees)
    seen, _ = film(board, seconds=3)
    np.testing.assert_allclose(seen[-1].text("SHOP").polygon, place_of(board), atol=4)


def test_text_that_one_look_reads_surely_is_read_once() -> None:
    world = World((SHOP,), AT_REST)
    recogniser = FaultyRecogniser("SHOP", score=SURE)
    seen = watch(world, FaultyDetector(world, jitter=0.03), recogniser, clock(2))
    assert told(seen) == [(EventType.READ, 1, "SHOP", None)]
    assert seen[0].text("SHOP").state is TextState.SETTLED
    assert len(recogniser.read) == 1


def test_settled_text_is_left_alone() -> None:
    seen, recogniser = film(SHOP, seconds=0.8 * SELDOM_S)
    assert seen[-1].text("SHOP").state is TextState.SETTLED
    assert max(request.pts for request in recogniser.read) < 1
    assert len(recogniser.read) == 2


def test_text_keeps_its_number_through_jitter_misses_and_splits() -> None:
    seen, _ = film(SHOP, Board("HOTEL", (560, 240)), jitter=0.08, misses=0.3, splits=0.1, seconds=4)
    assert {event.entity.text: event.entity.id for event in events_of(seen, EventType.READ)} == {"SHOP": 1, "HOTEL": 2}
    assert events_of(seen, EventType.LEFT) == []
    assert all({"SHOP", "HOTEL"} <= {text.text for text in moment.snapshot.texts} for moment in seen[-25:])


def test_text_keeps_its_number_and_place_behind_something_that_passes() -> None:
    seen, _ = film(SHOP, seconds=4, cover=lambda t: box(100, 60, 120, 60) if 1.5 < t < 2.2 else None)
    assert ids(seen) == {1}
    assert told(seen) == [(EventType.READ, 1, "SHOP", None)]
    (hidden,) = seen[50].snapshot.texts
    np.testing.assert_allclose(hidden.polygon, place_of(SHOP), atol=4)
    assert seen[-1].text("SHOP").state is TextState.SETTLED


def test_late_detections_land_on_the_text_of_now() -> None:
    # The camera pans by 10 px a frame, and what the networks find comes six frames late: by then it is 60 px away.
    camera = pan((0, 500, 290), (1.2, 800, 290))
    seen, _ = film(SHOP, camera=camera, seconds=1.2, late=6)
    placed = [(text.polygon, place_of(SHOP, moment.t, camera)) for moment in seen for text in moment.snapshot.texts]
    assert len(placed) >= 18
    assert max(float(np.abs(polygon - truth).max()) for polygon, truth in placed) < 6
    assert ids(seen) == {1}
    assert seen[-1].snapshot.texts[0].velocity == pytest.approx((-250, 0), abs=12)


@pytest.mark.parametrize("late", [0, 6])
@pytest.mark.parametrize("px_s", [8.0, 70.0], ids=["slowly", "fast"])
def test_a_sign_that_stands_before_what_is_far_away_keeps_its_box(px_s: float, late: int) -> None:
    near = Board("SHOP", (600, 300), height=16, drift=lambda t: (-px_s * t, 0.3 * px_s * t))
    camera = pan((0, 620, 290), (2.5, 520, 300))
    seen, _ = film(near, camera=camera, seconds=2.5, late=late)
    placed = [(moment.t, text.polygon) for moment in seen for text in moment.snapshot.texts]
    assert len(placed) > 0.7 * len(seen)
    off = [float(np.abs(polygon - transform(near.quad(t), camera(t))).max()) for t, polygon in placed]
    assert max(off) < 3
    assert ids(seen) == {1}
    vx, vy = seen[-1].snapshot.texts[0].velocity
    assert (vx, vy) == pytest.approx((40 - px_s, -4 + 0.3 * px_s), abs=0.1 * px_s + 4)


def test_a_velocity_tells_where_the_text_will_be_drawn() -> None:
    camera = pan((0, 560, 300), (1.5, 650, 330))
    seen, _ = film(SHOP, camera=camera, seconds=1.5, frame_s=1 / 15)
    for now, later in zip(seen[8:-2], seen[10:], strict=True):
        predicted = moved(now.text("SHOP").polygon, *(2 / 15 * speed for speed in now.text("SHOP").velocity))
        np.testing.assert_allclose(predicted, later.text("SHOP").polygon, atol=2.5)


AWAY_AND_BACK = pan((0, 600, 300), (1, 600, 300), (2, 900, 300), (3, 900, 300), (4, 600, 300), (5.5, 600, 300))
CUT_AWAY_AND_BACK = pan((0, 600, 300), (1.5, 600, 300), (1.5, 900, 300), (3, 900, 300), (3, 600, 300), (5, 600, 300))


@pytest.mark.parametrize("camera", [AWAY_AND_BACK, CUT_AWAY_AND_BACK], ids=["pan", "cut"])
def test_text_that_comes_back_is_known_by_what_it_says(camera: Camera) -> None:
    seen, _ = film(SHOP, replace(BANK, text="HAUL"), camera=camera, seconds=5)
    before, between, after = (seen[round(t / FRAME_S)] for t in (0.9, 2.9, 4.9))
    assert [text.text for text in before.snapshot.texts] == ["SHOP"]
    assert [text.text for text in between.snapshot.texts] == ["HAUL"]
    assert after.text("SHOP").id == before.text("SHOP").id != between.text("HAUL").id
    assert after.text("SHOP").first_seen == before.text("SHOP").first_seen
    assert after.text("SHOP").rev > before.text("SHOP").rev or camera is CUT_AWAY_AND_BACK
    assert after.text("SHOP").reads >= before.text("SHOP").reads
    assert told(seen) == [
        (EventType.READ, before.text("SHOP").id, "SHOP", None),
        (EventType.READ, between.text("HAUL").id, "HAUL", None),
    ]


def test_text_that_came_back_does_not_leave() -> None:
    seen, _ = film(SHOP, BANK, camera=CUT_AWAY_AND_BACK, seconds=5 + LEAVE_S, frame_s=0.1)
    assert seen[-1].text("SHOP").id == 1
    assert [event.entity.text for event in events_of(seen, EventType.LEFT)] == ["BANK"]


def test_a_cut_starts_afresh_at_once() -> None:
    camera = pan((0, 600, 300), (1, 600, 300), (1, 900, 300), (2, 900, 300))
    seen, _ = film(SHOP, BANK, camera=camera)
    cut = round(1 / FRAME_S)
    assert [text.text for text in seen[cut - 1].snapshot.texts] == ["SHOP"]
    (new,) = seen[cut].snapshot.texts
    assert new.id != 1
    np.testing.assert_allclose(new.polygon, place_of(BANK, 1, camera), atol=4)
    assert "SHOP" not in {text.text for moment in seen[cut:] for text in moment.snapshot.texts}


def test_a_display_that_changes_is_told_once_with_what_it_said_before() -> None:
    seen, _ = film(Board(lambda t: "OPEN" if t < 2 else "SHUT", (600, 300)), seconds=5)
    assert told(seen) == [(EventType.READ, 1, "OPEN", None), (EventType.CHANGED, 1, "SHUT", "OPEN")]
    changed = events_of(seen, EventType.CHANGED)[0]
    assert 2 < seen[changed.frame].t < 3.5
    assert seen[-1].text("SHUT").state is TextState.SETTLED


def test_bars_before_a_text_do_not_change_what_it_says() -> None:
    seen, _ = film(Board(lambda t: "####" if 2 < t < 2.6 else "SHOP", (600, 300)), seconds=5)
    assert told(seen) == [(EventType.READ, 1, "SHOP", None)]
    assert seen[-1].text("SHOP").state is TextState.SETTLED


def test_a_confident_misread_of_small_text_is_put_right_when_it_comes_near() -> None:
    camera = zoom(AT_REST, lambda t: 0.4 + 0.3 * min(t, 3))
    seen, _ = film(Board("SHOP 10", (600, 300)), camera=camera, seconds=6)
    assert told(seen) == [(EventType.READ, 1, "5H0P IO", None), (EventType.CHANGED, 1, "SHOP 10", "5H0P IO")]
    assert [word.text for word in seen[-1].text("SHOP 10").words] == ["SHOP", "10"]


def test_text_that_is_gone_for_good_leaves_once() -> None:
    seen, _ = film(SHOP, frame_s=0.1, seconds=LEAVE_S + 4, cover=lambda t: box(90, 50, 140, 80) if t > 1 else None)
    assert [kind for kind, *_ in told(seen)] == [EventType.READ, EventType.LEFT]
    read, left = events_of(seen)
    assert (left.entity.id, left.entity.text) == (read.entity.id, "SHOP")
    assert left.entity.first_seen <= read.captured_at < left.entity.last_seen < left.captured_at
    assert seen[-1].snapshot.texts == ()


def test_text_that_was_never_read_leaves_without_a_word() -> None:
    world = World((SHOP,), AT_REST, lambda t: box(90, 50, 140, 80) if t > 1 else None)
    seen = watch(world, FaultyDetector(world), FaultyRecogniser("NEVER"), clock(LEAVE_S + 4, 0.1))
    assert ids(seen[:10]) == {1}
    assert events_of(seen) == []


def test_the_same_input_gives_the_same_output() -> None:
    def once() -> list[Seen]:
        return film(SHOP, Board("HOTEL", (690, 340), 26, 80), camera=AWAY_AND_BACK, seconds=3, jitter=0.1, misses=0.3)[0]

    assert comparable(once()) == comparable(once())


def test_the_budget_limits_the_reads_of_a_crowded_picture() -> None:
    crowd = [Board("ABC", (480 + 48 * x, 235 + 22 * y), 11) for x in range(6) for y in range(7)]
    seen, recogniser = film(*crowd, seconds=2, jitter=0)
    assert len(seen[-1].snapshot.texts) == len(crowd)
    assert len(recogniser.read) > Budget().burst
    for moment in seen:
        asked = sum(request.pts <= moment.t for request in recogniser.read)
        assert asked <= Budget().burst + Budget().per_s * moment.t + 1e-6


def test_a_text_whose_place_is_out_of_the_picture_is_not_published() -> None:
    camera = pan((0, 600, 300), (0.5, 600, 300), (1.5, 350, 300), (2, 350, 300))
    seen, _ = film(SHOP, camera=camera)
    assert [text.text for text in seen[10].snapshot.texts] == ["SHOP"]
    assert seen[-1].snapshot.texts == ()
    assert events_of(seen, EventType.LEFT) == []


WALL_SIZE = (640, 360)
TURNED_SIGNS = (
    Sign("BAKERY", (320, 60), 52),
    Sign("JAGUAR", (320, 300), 52, angle_deg=180),
    Sign("MARKET", (80, 180), 48, angle_deg=90),
    Sign("LEGAL", (560, 180), 48, angle_deg=270),
)


def test_turned_text_is_read_the_right_way_up(engines: Engines) -> None:
    scene = Scene(TURNED_SIGNS, lambda _: look(WALL_SIZE, (320, 180)), size=WALL_SIZE, wall=WALL_SIZE, noise=1.0)
    picture, _ = render(scene, 0)
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
    reader, gauges = Reader(), Gauges("cam1", 0.0, engines.detector, engines.recogniser)
    for index in range(14):
        reader.follow(Frame(index, index * 0.2, index * 0.2, grey, lambda: picture))
        wanted = reader.take_pass()
        if wanted is not None:
            reader.accept_detections(run_pass(engines.detector, wanted, gauges))
        if requests := reader.take_reads():
            reader.accept_readings(run_reads(engines.recogniser, requests, gauges))
        if sum(text.state is TextState.SETTLED for text in reader.snapshot().texts) == len(TURNED_SIGNS):
            break
    found = {text.text: text for text in reader.snapshot().texts if text.state is TextState.SETTLED}
    assert set(found) == {sign.text for sign in TURNED_SIGNS}
    for number, quad, _ in locate_words(scene, 0):
        polygon = found[words_of(scene)[number]["text"]].polygon
        assert np.abs(polygon - np.array(quad)).max() < 20, "the corners come in the order of the text as read"
