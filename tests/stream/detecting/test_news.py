"""What is new in the picture gets a pass soon, and where that brings nothing it is let alone for longer each time."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from glyphfeed.stream.detecting.news import FRUITLESS_S, GAP_S, MOST_FRUITLESS_S, SMALLEST_PX, STALE_S, News
from glyphfeed.stream.motion.changes import Part

SIZE = (1280, 720)
PART = Part(900, 600, 1000, 640)


def test_what_changed_gets_one_pass_over_a_part_around_it() -> None:
    news = News()
    assert news.due(0.0, SIZE) is None
    news.add([PART], 0.0, SIZE)
    part = news.due(0.0, SIZE)
    assert part is not None
    assert (part.width, part.height) == SMALLEST_PX
    assert part.x <= PART.left < PART.right <= part.x + part.width
    assert part.y <= PART.top < PART.bottom <= part.y + part.height
    assert news.due(1.0, SIZE) is None


def test_several_changes_get_one_pass_and_two_passes_keep_apart() -> None:
    news = News()
    news.add([PART, Part(100, 100, 140, 120)], 0.0, SIZE)
    part = news.due(0.0, SIZE)
    assert part is not None
    assert part.x <= 100
    assert part.x + part.width >= 1000
    news.add([PART], GAP_S / 2, SIZE)
    assert news.due(GAP_S / 2, SIZE) is None
    assert news.due(GAP_S, SIZE) is not None


def test_where_passes_bring_nothing_they_become_rare_until_one_does() -> None:
    news, made = News(), []
    for step in range(round(40 / GAP_S)):
        now = step * GAP_S
        news.add([PART], now, SIZE)
        if (part := news.due(now, SIZE)) is not None:
            made.append(now)
            news.found(part, now, SIZE, news=False)
    waits = [round(after - before, 6) for before, after in pairwise(made)]
    assert FRUITLESS_S <= waits[0] < 2 * FRUITLESS_S
    assert waits[-1] <= MOST_FRUITLESS_S + GAP_S
    assert waits == sorted(waits)
    # Elsewhere it is looked at as before.
    news.add([Part(10, 10, 50, 30)], made[-1] + GAP_S, SIZE)
    assert news.due(made[-1] + GAP_S, SIZE) is not None


def test_what_changes_again_after_a_rest_is_looked_at_and_what_goes_on_and_off_is_not() -> None:
    def passes(*times: float) -> list[float]:
        news, made = News(), []
        for step in range(round(times[-1] / GAP_S) + 1):
            now = step * GAP_S
            news.add([PART] if any(abs(now - t) < GAP_S / 2 for t in times) else [], now, SIZE)
            if (part := news.due(now, SIZE)) is not None:
                made.append(now)
                news.found(part, now, SIZE, news=False)
        return made

    moving = [step * GAP_S for step in range(13)]
    assert passes(*moving, 1.6)[-1] == pytest.approx(1.6, abs=GAP_S)
    blinking = [step * 2 * GAP_S for step in range(round(30 / GAP_S / 2))]
    assert len(passes(*blinking)) < 12


def test_a_part_that_is_asked_for_is_looked_at_whatever_passes_brought_there() -> None:
    news = News()
    for step in range(round(2 / GAP_S)):
        news.add([PART], step * GAP_S, SIZE)
        if (part := news.due(step * GAP_S, SIZE)) is not None:
            news.found(part, step * GAP_S, SIZE, news=False)
    assert news.due(2.0, SIZE) is None
    news.ask(PART)
    part = news.due(2.0, SIZE)
    assert part is not None
    assert part.x <= PART.left < PART.right <= part.x + part.width
    assert news.due(2.0 + GAP_S, SIZE) is None


def test_what_changed_long_ago_is_left_to_the_other_passes() -> None:
    news = News()
    news.add([PART], 0.0, SIZE)
    news.add([], STALE_S, SIZE)
    assert news.due(STALE_S, SIZE) is None


@example((1, 1), [(0.0, 1.0, 0.0, 1.0)]).via("the last column begins where the picture ends")
@given(
    st.tuples(st.integers(1, 4000), st.integers(1, 4000)),
    st.lists(st.tuples(*[st.floats(0, 1)] * 4), min_size=1, max_size=5),
)
def test_a_part_lies_in_the_picture(size: tuple[int, int], corners: list[tuple[float, float, float, float]]) -> None:
    news = News()
    width, height = size
    changed = [Part(min(a, c) * width, min(b, d) * height, max(a, c) * width, max(b, d) * height) for a, b, c, d in corners]
    news.add(changed, 0.0, size)
    part = news.due(0.0, size)
    assert part is not None
    assert part.x >= 0
    assert part.y >= 0
    assert 0 < part.width <= width - part.x
    assert 0 < part.height <= height - part.y
    news.found(part, 0.0, size, news=False)
