"""Whatever happens before the camera, and whatever the networks make of it: what every subscriber may rely on holds."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import cv2
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from glyphfeed.stream.reading.words import plain
from glyphfeed.stream.records import EventType, TextState
from tests.stream.feed.samples import box
from tests.stream.simulation import LIKELY, SURE, Board, FaultyDetector, FaultyRecogniser, World, pan, roll, watch, zoom

if TYPE_CHECKING:
    from glyphfeed.stream.records import Event, TextEntity
    from tests.stream.simulation import Camera, Seen


def check_entity(text: TextEntity) -> None:
    for polygon in (text.polygon, *(word.polygon for word in text.words)):
        assert polygon.dtype == np.float32
        assert polygon.shape == (4, 2)
        assert np.isfinite(polygon).all()
        assert cv2.isContourConvex(polygon)
        assert cv2.contourArea(polygon, oriented=True) > 0, "clockwise, as y points down"
    assert all(0 <= confidence <= 1 for confidence in (text.confidence, *(word.confidence for word in text.words)))
    assert np.isfinite(text.velocity).all()
    assert text.first_seen <= text.last_seen


def check_successor(before: TextEntity, now: TextEntity) -> None:
    """The same text in two frames that follow each other."""
    assert now.reads >= before.reads
    assert now.first_seen == before.first_seen
    assert now.last_seen >= before.last_seen
    says_more = (now.text, now.state) != (before.text, before.state)
    assert now.rev > before.rev if says_more else now.rev == before.rev


def check_snapshots(seen: list[Seen]) -> None:
    last: dict[int, TextEntity] = {}
    for moment in seen:
        texts = {text.id: text for text in moment.snapshot.texts}
        assert len(texts) == len(moment.snapshot.texts), "each id once"
        for identity, text in texts.items():
            check_entity(text)
            assert text.last_seen <= moment.snapshot.captured_at
            if identity in last:
                check_successor(last[identity], text)
        last |= texts
        trusted = sorted(text.id for text in moment.snapshot.texts if text.state is not TextState.TENTATIVE)
        assert sorted(number for block in moment.snapshot.blocks for number in block) == trusted, "each in one block"
        assert all(moment.snapshot.blocks)


def check_events(seen: list[Seen]) -> None:
    """No event without a cause."""
    said: dict[int, str] = {}
    gone: set[int] = set()
    for moment in seen:
        for event in moment.events:
            assert (event.frame, event.captured_at) == (moment.snapshot.frame, moment.snapshot.captured_at)
            check_event(event, said)
            assert event.entity.id not in gone, "it left once, and that was the last of it"
            assert all(text.text == event.entity.text for text in moment.snapshot.texts if text.id == event.entity.id)
            if event.type is EventType.LEFT:
                gone.add(event.entity.id)
            said[event.entity.id] = event.entity.text
        assert not gone & {text.id for text in moment.snapshot.texts}


def check_event(event: Event, said: dict[int, str]) -> None:
    text = event.entity
    check_entity(text)
    if event.type is EventType.READ:
        assert text.id not in said
        assert text.reads >= 1
        assert event.previous is None
        assert text.state in (TextState.SETTLED, TextState.COASTING)
    elif event.type is EventType.CHANGED:
        assert event.previous == said[text.id] != text.text
        assert text.state in (TextState.SETTLED, TextState.COASTING)
    else:
        assert text.id in said
    assert plain(text.text)


WORDS = ["SHOP", "SHOP", "BANK 5", "HOTEL", "A1", "CAFE LUNA"]


@st.composite
def boards(draw: st.DrawFn) -> tuple[Board, ...]:
    """Boards beside each other, some of which may say the same; the first may change, and the last may move by itself."""
    texts = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=4))
    turns = st.sampled_from([0, 0, 0, 8, 90, 180])
    hung = [
        Board(text, (420 + 150 * k, 300 + draw(st.integers(-40, 40))), draw(st.integers(12, 30)), draw(turns))
        for k, text in enumerate(texts)
    ]
    if draw(st.booleans()):
        at, first = draw(st.floats(0.5, 2.0)), texts[0]
        hung[0] = replace(hung[0], text=lambda t: first if t < at else first[::-1])
    x, y = draw(st.sampled_from([(0, 0), (0, 0), (-80, 0), (-25, 0), (0, -40), (60, 30)]))
    hung[-1] = replace(hung[-1], drift=lambda t: (x * min(t, 4.0), y * min(t, 4.0)))
    return tuple(hung)


@st.composite
def cameras(draw: st.DrawFn, places: list[tuple[float, float]]) -> Camera:
    """A camera that rests, wanders and jumps between places, and may roll over or come near."""
    waypoints, t = [(0.0, *places[0])], 0.0
    for rest, journey, (x, y) in draw(st.lists(st.tuples(st.floats(0, 3), st.floats(0, 1), st.sampled_from(places)), max_size=4)):
        waypoints += [(t + rest, *waypoints[-1][1:]), (t + rest + journey, x + draw(st.integers(-60, 60)), y)]
        t += rest + journey
    camera = pan(*waypoints, (t + 1, *waypoints[-1][1:]))
    degrees = draw(st.sampled_from([0, 0, -70, 180]))
    begun, end = draw(st.sampled_from([(1.0, 1.0), (1.0, 1.0), (1.0, 0.25), (0.3, 1.5), (1.0, 2.5)]))
    turned = roll(camera, lambda t: degrees * min(t / 3, 1.0))
    return zoom(turned, lambda t: begun + (end - begun) * min(t / 4, 1.0))


@st.composite
def worlds(draw: st.DrawFn) -> World:
    """Boards, on a page or a wall, before a camera that moves, and something that may pass between."""
    hung = draw(boards())
    hidden, left, width = draw(st.none() | st.floats(0, 2)), draw(st.integers(0, 250)), draw(st.sampled_from([16, 60, 200]))
    return World(
        hung,
        draw(cameras([board.centre for board in hung])),
        lambda t: box(left, 20, width, 140) if hidden is not None and hidden < t < hidden + 0.8 else None,
        page=draw(st.sampled_from([None, None, (300, 270, 900, 330)])),
    )


@settings(max_examples=25, deadline=None, derandomize=True)
@given(
    worlds(),
    st.floats(0, 0.12),
    st.floats(0, 0.5),
    st.floats(0, 0.4),
    st.integers(0, 6),
    st.sampled_from([LIKELY, SURE]),
    st.lists(st.sampled_from([0.04, 0.04, 0.05, 0.1, 0.1, 0.3, 1.5]), min_size=30, max_size=60),
)
def test_whatever_happens_the_feed_is_sound(
    world: World, jitter: float, misses: float, splits: float, late: int, score: float, steps: list[float]
) -> None:
    vocabulary = {board.says(t) for board in world.boards for t in (0.0, 9.0)}
    pieces = {text[a:b] for text in vocabulary for a in range(len(text)) for b in range(a + 2, len(text) + 1)}
    detector = FaultyDetector(world, jitter=jitter, misses=misses, splits=splits)
    recogniser = FaultyRecogniser(*sorted(vocabulary | pieces), score=score)
    seen = watch(world, detector, recogniser, np.cumsum(steps).tolist(), late)
    check_snapshots(seen)
    check_events(seen)
