"""QR and bar codes in a reader that is shown real pictures of them: told once, under one id, wherever they go."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from glyphfeed.engines.codes import Code
from glyphfeed.stream.detecting.codes import CodesFound
from glyphfeed.stream.detecting.passes import Detections, DetectorPass, PassKind
from glyphfeed.stream.detecting.zones import Zones, parse_zone
from glyphfeed.stream.reader import Reader
from glyphfeed.stream.records import Attribute, EventType, TextState
from glyphfeed.stream.tracking.codes import overlap
from glyphfeed.stream.tracking.following import LEAVE_S
from glyphfeed.tools.scenes.clip import Scene, Waypoint, travel
from glyphfeed.tools.scenes.street import ARTICLE, MENU, demo_scene
from tests.stream.coded import LUNA, coded, frame_of, walk
from tests.stream.feed.samples import box

if TYPE_CHECKING:
    from collections.abc import Iterable

    from glyphfeed.stream.records import Event, Snapshot, TextEntity
    from glyphfeed.tools.scenes.clip import Sign
    from tests.stream.coded import Moment

SIZE, WALL, MIDDLE = (480, 270), (1200, 600), (600.0, 300.0)
FPS = 15


def film(*signs: Sign, way: tuple[Waypoint, ...] = (Waypoint(0, MIDDLE),), seconds: float = 1.0, shake: float = 1.0) -> Scene:
    return Scene(signs, travel(SIZE, way, shake, seed=1), seconds=seconds, fps=FPS, size=SIZE, wall=WALL)


def codes_of(snapshot: Snapshot) -> list[TextEntity]:
    return [text for text in snapshot.texts if text.code]


def events_of(moments: Iterable[Moment]) -> list[Event]:
    return [event for moment in moments for event in moment.events]


def told(moments: Iterable[Moment]) -> list[tuple[EventType, str]]:
    return [(event.type, event.entity.text) for event in events_of(moments)]


def follows(moments: Iterable[Moment], content: str, least: float) -> None:
    """Check that a content is told in every moment at its place."""
    for moment in moments:
        (entity,) = (text for text in codes_of(moment.snapshot) if text.text == content)
        ((_, quad, _),) = moment.truth[content]
        assert overlap(np.array(quad), entity.polygon) > least


def test_a_code_is_told_at_once_and_followed_while_the_camera_moves() -> None:
    way = (Waypoint(0, (560, 290)), Waypoint(1, (660, 310), 1.2, 8), Waypoint(2, (600, 300), 0.9, -8))
    moments = list(walk(film(coded(LUNA, MIDDLE), way=way, seconds=2), Reader(codes=True)))
    assert told(moments) == [(EventType.READ, LUNA)]
    follows(moments, LUNA, 0.8)
    last = moments[-1].snapshot
    (entity,) = last.texts
    assert (entity.id, entity.text, entity.state, entity.code) == (1, LUNA, TextState.SETTLED, "QRCode")
    assert entity.attributes == (Attribute("code", LUNA, (0, len(LUNA)), label="QRCode"),)
    assert [word.text for word in entity.words] == [LUNA]
    assert entity.confidence > 0.95
    assert entity.reads >= 2
    assert last.blocks == ((1,),)


def test_nobody_is_told_of_codes_unasked() -> None:
    reader = Reader()
    assert [moment.snapshot.texts for moment in walk(film(coded(LUNA, MIDDLE), seconds=0.4), reader)] == [()] * 6


def test_the_characters_of_a_code_lie_nowhere() -> None:
    (*_, moment) = walk(film(coded(LUNA, MIDDLE), seconds=0.2), Reader(codes=True, chars=True))
    assert [text.chars for text in moment.snapshot.texts] == [()]


def test_several_codes_at_once_are_each_one_text_also_equal_ones() -> None:
    signs = (coded(LUNA, (450, 220), 4), coded(LUNA, (750, 220), 4), coded("2012345678903", (600, 380), 2, "EAN13"))
    way = (Waypoint(0, MIDDLE, 0.9), Waypoint(1.5, (640, 310), 0.9))
    moments = list(walk(film(*signs, way=way, seconds=1.5), Reader(codes=True)))
    assert sorted(text for _, text in told(moments)) == sorted(sign.text for sign in signs)
    for before, after in pairwise(moments[3:]):
        assert [text.id for text in codes_of(before.snapshot)] == [text.id for text in codes_of(after.snapshot)]
    ids = sorted(text.id for text in codes_of(moments[-1].snapshot))
    assert ids == [1, 2, 3]
    assert moments[-1].snapshot.blocks == ((1,), (2,), (3,))
    for entity in codes_of(moments[-1].snapshot):
        assert max(overlap(np.array(quad), entity.polygon) for _, quad, _ in moments[-1].truth[entity.text]) > 0.8


def test_what_passes_before_a_code_does_not_end_it() -> None:
    def cover(t: float) -> tuple[float, float, float, float] | None:
        return (200.0, 60.0, 300.0, 210.0) if 1.0 <= t < 1.6 else None

    scene = replace(film(coded(LUNA, MIDDLE), seconds=3), cover=cover)
    moments = list(walk(scene, Reader(codes=True)))
    assert told(moments) == [(EventType.READ, LUNA)]
    assert {text.id for moment in moments for text in moment.snapshot.texts} == {1}
    follows(moments[-FPS:], LUNA, 0.8)
    assert codes_of(moments[-1].snapshot)[0].state is TextState.SETTLED


def test_a_code_that_is_taken_away_is_missed_and_leaves() -> None:
    scene = film(coded(LUNA, MIDDLE, end_s=1.0), seconds=1.0)
    reader = Reader(codes=True)
    moments = list(walk(scene, reader, end=5 * FPS))
    assert moments[FPS - 1].snapshot.texts
    assert moments[-1].snapshot.texts == ()
    reader.wait(6.0 + LEAVE_S, lost=True)
    assert [(event.type, event.entity.text) for event in reader.events()] == [(EventType.LEFT, LUNA)]


def test_a_code_that_leaves_the_view_comes_back_under_its_id() -> None:
    away = (
        Waypoint(0, MIDDLE),
        Waypoint(0.4, MIDDLE),
        Waypoint(1.2, (1000, 300)),
        Waypoint(1.6, (1000, 300)),
        Waypoint(2.4, MIDDLE),
    )
    moments = list(walk(film(coded(LUNA, MIDDLE), way=away, seconds=3), Reader(codes=True)))
    assert any(moment.snapshot.texts == () for moment in moments)
    assert told(moments) == [(EventType.READ, LUNA)]
    follows(moments[-5:], LUNA, 0.8)


def test_a_code_that_comes_back_after_a_cut_has_its_id() -> None:
    cuts = (
        Waypoint(0, MIDDLE),
        Waypoint(0.5, MIDDLE),
        Waypoint(0.5, (250, 150)),
        Waypoint(1, (250, 150)),
        Waypoint(1, (640, 330)),
    )
    scene = film(coded(LUNA, MIDDLE), way=(*cuts, Waypoint(1.5, (640, 330))), seconds=1.5)
    moments = list(walk(scene, Reader(codes=True)))
    assert told(moments) == [(EventType.READ, LUNA)]
    assert [text.id for text in moments[-1].snapshot.texts] == [1]


def test_a_screen_that_shows_another_code_has_changed() -> None:
    other = "https://example.com/sun1"
    signs = (coded(LUNA, MIDDLE, end_s=1.0), coded(other, MIDDLE, begin_s=1.0))
    moments = list(walk(film(*signs, seconds=3), Reader(codes=True)))
    assert told(moments) == [(EventType.READ, LUNA), (EventType.CHANGED, other)]
    read, changed = events_of(moments)
    assert (changed.entity.id, changed.previous) == (read.entity.id, LUNA)
    assert changed.entity.rev > read.entity.rev
    # Something has changed in the picture, which is looked at soon.
    assert changed.frame <= 1.5 * FPS + 1


def shown(reader: Reader, index: int, *codes: Code) -> list[Event]:
    """Show a reader the wall and tell it of codes there."""
    frame = frame_of(film(shake=0.0), index)
    reader.follow(frame)
    reader.accept_codes(CodesFound(frame, codes))
    return reader.events()


PLACE = box(100, 80, 90, 50)


def test_bars_of_a_weak_check_digit_are_believed_when_they_are_read_alike_twice() -> None:
    reader, right, wrong = Reader(codes=True), Code("2012345678903", "EAN-13", PLACE), Code("0488040513252", "EAN-13", PLACE)
    assert shown(reader, 0, wrong) == []
    assert [text.state for text in reader.snapshot().texts] == [TextState.TENTATIVE]
    assert reader.snapshot().blocks == ()
    assert shown(reader, 1, right) == []
    (read,) = shown(reader, 2, right)
    assert (read.type, read.entity.text, read.entity.reads) == (EventType.READ, right.text, 3)
    # Nor does a misread one end what was believed.
    assert shown(reader, 3, wrong) == []
    assert [(text.text, text.state) for text in reader.snapshot().texts] == [(right.text, TextState.SETTLED)]
    assert shown(reader, 4, right) == []
    assert [shown(reader, 5 + k, wrong) for k in range(2)][-1][0].previous == right.text


def test_what_a_look_finds_late_is_brought_to_where_it_is_now() -> None:
    way = (Waypoint(0, (560, 300)), Waypoint(1.2, (660, 300)))
    scene, reader = film(coded(LUNA, MIDDLE), way=way, seconds=1.2), Reader(codes=True)
    late = None
    for index in range(FPS):
        reader.follow(frame_of(scene, index))
        if index == 4:
            late = reader.take_code_look()
            assert late is not None
        if index == 9 and late is not None:
            reader.accept_codes(late.find())
            ((_, quad, _),) = next(iter(walk(scene, Reader(), 9, 10))).truth[LUNA]
            (entity,) = reader.snapshot().texts
            assert overlap(np.array(quad), entity.polygon) > 0.85
            return


def test_codes_of_a_scene_that_was_cut_away_are_dropped() -> None:
    cut = (Waypoint(0, MIDDLE), Waypoint(0.2, MIDDLE), Waypoint(0.2, (250, 150)), Waypoint(1, (250, 150)))
    scene, reader = film(coded(LUNA, MIDDLE), way=cut), Reader(codes=True)
    reader.follow(frame_of(scene, 0))
    look = reader.take_code_look()
    assert look is not None
    for index in range(1, 6):
        reader.follow(frame_of(scene, index))
    reader.accept_codes(look.find())
    assert reader.snapshot().texts == ()


def test_text_in_the_squares_of_a_code_is_none() -> None:
    scene, reader = film(coded(LUNA, MIDDLE), shake=0.0), Reader(codes=True)
    frame = frame_of(scene, 0)
    reader.follow(frame)
    inside, below = box(200, 110, 60, 14), box(200, 230, 80, 16)
    found = Detections(DetectorPass(frame, PassKind()), np.array([inside, below], np.float32), np.full(2, 0.9, np.float32))
    reader.accept_detections(found)
    assert len(reader.snapshot().texts) == 2
    look = reader.take_code_look()
    assert look is not None
    reader.accept_codes(look.find())
    for _ in range(2):
        assert [bool(text.code) for text in reader.snapshot().texts] == [False, True]
        assert overlap(reader.snapshot().texts[0].polygon, below) > 0.9
        reader.accept_detections(found)


def test_codes_are_read_in_the_zones_alone() -> None:
    scene = film(coded(LUNA, (500, 300), 4), coded("elsewhere", (720, 300), 4, "DataMatrix"), seconds=0.4)
    reader = Reader(codes=True, zones=Zones(ignore=(parse_zone("0.5,0 1,1"),)))
    assert {text for _, text in told(walk(scene, reader))} == {LUNA}
    reader.zones = Zones(ignore=(parse_zone("0,0 1,1"),))
    reader.follow(frame_of(scene, 6))
    assert reader.snapshot().texts == ()


def test_lost_codes_leave_with_the_source() -> None:
    reader = Reader(codes=True, takes_leave=True)
    list(walk(film(coded(LUNA, MIDDLE), seconds=0.2), reader))
    reader.leave()
    assert [event.type for event in reader.events()] == [EventType.LEFT]
    assert reader.snapshot().texts == ()


def test_both_codes_on_the_demos_street_are_followed_for_as_long_as_they_can_be_read() -> None:
    street, reader = demo_scene(), Reader(codes=True)
    menu = list(walk(street, reader, 40, 84))
    # Before that the camera moves too fast for bars to be anything but grey.
    article = list(walk(street, reader, 257, 290))
    follows((moment for moment in menu if moment.truth.get(MENU, [(0, [], 0.0)])[0][2] > 0.4), MENU, 0.9)
    follows(article[8:], ARTICLE, 0.9)
    assert told([*menu, *article]) == [(EventType.READ, MENU), (EventType.READ, ARTICLE)]
    for content, moments in ((MENU, menu), (ARTICLE, article)):
        assert len({text.id for moment in moments for text in codes_of(moment.snapshot) if text.text == content}) == 1
