"""What flickers is shown as an eye sees it, and all else as it is."""

from __future__ import annotations

from math import gcd
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from glyphfeed.stream.motion.afterglow import ALIKE, DOUBTS, MOMENT_FRAMES, MOMENT_S, Afterglow, brightest
from glyphfeed.stream.motion.changes import Part
from glyphfeed.stream.motion.flow import Flow
from glyphfeed.stream.records import Frame
from tests.stream.leds import flicker, letters, sign

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glyphfeed.stream.records import Colour

FPS = 25


def frames_of(pictures: Sequence[Colour], fps: float = FPS) -> list[Frame]:
    def frame(index: int, picture: Colour) -> Frame:
        grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
        return Frame(index, index / fps, 0.0, grey, lambda: picture)

    return [frame(*pair) for pair in enumerate(pictures)]


def seen(frames: Sequence[Frame]) -> list[Frame]:
    """Each frame as it is shown."""
    flow, afterglow = Flow(), Afterglow()
    shown = []
    for frame in frames:
        shown.append(afterglow.show(frame))
        afterglow.watch(frame, flow.step(shown[-1].grey))
    return shown


def as_they_are(frames: Sequence[Frame]) -> bool:
    return all(shown is frame for shown, frame in zip(seen(frames), frames, strict=True))


@st.composite
def flickers(draw: st.DrawFn) -> tuple[int, int, int]:
    """Periods, rows dark in each, and steps by which all rows come to be lit within five frames."""
    period = draw(st.integers(2, 5))
    return period, draw(st.integers(1, period - 1)), draw(st.integers(1, 9).filter(lambda step: gcd(step, period) == 1))


@settings(max_examples=8)
@given(flickers())
def test_a_sign_is_seen_whole_whichever_rows_are_dark(how: tuple[int, int, int]) -> None:
    last = seen(frames_of(flicker(["EXIT"], FPS, *how)))[-1]
    whole = sign(letters("EXIT"))
    assert np.array_equal(last.bgr(), whole)
    assert np.array_equal(last.grey, cv2.cvtColor(whole, cv2.COLOR_BGR2GRAY))


def test_a_sign_is_seen_whole_at_few_frames_a_second() -> None:
    frames = (ALIKE + 2) * MOMENT_FRAMES
    last = seen(frames_of(flicker(["EXIT"], frames, 2, 1), fps=5))[-1]
    assert np.array_equal(last.bgr(), sign(letters("EXIT")))


def test_a_sign_stays_whole_when_it_says_something_else_and_is_let_go_when_it_stands() -> None:
    frames = frames_of([*flicker(["EXIT"], FPS, 2, 1), *flicker(["SLOW"], FPS + 5, 2, 1), *[sign(letters("SLOW"))] * (2 * FPS)])
    shown = seen(frames)
    whole, gone = sign(letters("SLOW")), round((DOUBTS + 1) * MOMENT_S * FPS)
    assert all(np.array_equal(each.bgr(), whole) for each in shown[FPS + gone : 2 * FPS])
    assert all(each is not frame for each, frame in zip(shown[FPS : 2 * FPS], frames[FPS : 2 * FPS], strict=True))
    assert shown[-1] is frames[-1]


def test_flicker_changes_nothing_beside_it() -> None:
    walker = [picture.copy() for picture in flicker(["EXIT"], FPS, 2, 1)]
    for index, picture in enumerate(walker):
        picture[260:, 20 * index : 20 * index + 60] = 200
    last = seen(frames_of(walker))[-1].bgr()
    assert np.array_equal(last[260:], walker[-1][260:])
    assert np.array_equal(last[:240], sign(letters("EXIT"))[:240])


@pytest.mark.parametrize("speed_px", [5, 10, 25])
def test_text_that_runs_is_shown_as_it_is(speed_px: int) -> None:
    strip = np.hstack([sign(letters(words)) for words in ("TO THE HARBOUR", "AND THE OLD TOWN", "BY ROAD")])
    assert as_they_are(frames_of([strip[:, x : x + 640] for x in range(0, speed_px * FPS * 2, speed_px)]))


def test_text_that_blinks_is_shown_as_it_is() -> None:
    on, off = sign(letters("SLOW")), sign(letters(""))
    assert as_they_are(frames_of(([on] * 12 + [off] * 12) * 3))


def test_the_brightest_of_a_part() -> None:
    pictures = [np.array([[9, 1, 5], [8, 2, 7]], np.uint8), np.array([[3, 4, 6], [1, 3, 2]], np.uint8)]
    assert brightest(pictures, [Part(0, 0, 2, 1)]).tolist() == [[9, 4, 6], [1, 3, 2]]
    assert pictures[1].tolist() == [[3, 4, 6], [1, 3, 2]]
