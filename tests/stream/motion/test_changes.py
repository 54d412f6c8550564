"""What is new in a picture is seen, and what only moved, or stands in another light, is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from glyphfeed.stream.motion.changes import BASE_S, Changes
from glyphfeed.stream.motion.flow import Flow
from tests.stream.simulation import texture

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from glyphfeed.stream.motion.changes import Part

SIZE = (640, 360)
DT = 1 / 25
GROUND = np.asarray(cv2.GaussianBlur(texture((900, 600)), (0, 0), 2), np.uint8)


def view(x: int = 100, y: int = 100) -> NDArray[np.uint8]:
    return GROUND[y : y + SIZE[1], x : x + SIZE[0]].copy()


def written(picture: NDArray[np.uint8], text: str, size: float = 1.0, strength: float = 1.0) -> NDArray[np.uint8]:
    over = picture.copy()
    cv2.putText(over, text, (200, 200), cv2.FONT_HERSHEY_SIMPLEX, size, 255, 3, cv2.LINE_AA)
    return np.asarray(cv2.addWeighted(over, strength, picture, 1 - strength, 0), np.uint8)


def seen(*pictures: NDArray[np.uint8]) -> list[list[Part]]:
    """The parts that changed, for each picture in turn, with a little noise on it."""
    flow, changes, noise = Flow(), Changes(), np.random.default_rng(1)
    parts = []
    for picture in pictures:
        noisy = np.clip(picture + noise.normal(0, 3, picture.shape), 0, 255).astype(np.uint8)
        parts.append(changes.step(flow.step(noisy), DT))
    return parts


def test_text_that_appears_and_goes_is_seen_at_once_and_once() -> None:
    plain, shown = view(), written(view(), "Mind the gap")
    parts = seen(*[plain] * 5, *[shown] * 20, *[plain] * 5)
    assert [index for index, found in enumerate(parts) if found] == [5, 25]
    (part,) = parts[5]
    assert part.left < 200 < 390 < part.right
    assert part.top < 180 < 200 < part.bottom


def test_text_that_fades_in_is_seen() -> None:
    faded = [written(view(), "Mind the gap", strength=k / 25) for k in range(26)]
    assert any(seen(*[view()] * 5, *faded, *[faded[-1]] * round(BASE_S / DT)))


def test_a_digit_of_large_text_is_seen_and_noise_is_not() -> None:
    first, second = written(view(), "Gate 13", 1.5), written(view(), "Gate 18", 1.5)
    assert [index for index, found in enumerate(seen(*[first] * 30, *[second] * 30)) if found] == [30]


@pytest.mark.parametrize("step", [(3, 0), (-2, 1)])
def test_a_camera_that_is_panned_shows_nothing_new_but_what_is(step: tuple[int, int]) -> None:
    walk = [view(100 + step[0] * k, 100 + step[1] * k) for k in range(40)]
    assert not any(seen(*walk))
    shown = [*walk[:20], *(written(picture, "Mind the gap") for picture in walk[20:])]
    assert seen(*shown)[20]


def test_another_light_is_nothing_new() -> None:
    brighter = np.clip(view() * 1.3, 0, 255).astype(np.uint8)
    assert not any(seen(*[view()] * 5, *[brighter] * 5))


def test_a_cut_begins_anew() -> None:
    other = np.asarray(cv2.flip(view(240, 220), -1), np.uint8)
    assert not any(seen(*[view()] * 5, *[other] * 5))


def test_what_is_new_lies_within_a_text_beside_it_or_across_from_it() -> None:
    flow, changes = Flow(), Changes()
    inside = np.array([[190, 150], [520, 150], [520, 220], [190, 220]], np.float64)
    for picture in (view(), view(), written(view(), "Mind the gap", 1.5)):
        changes.step(flow.step(picture), DT)
    assert changes.within(inside)
    assert changes.across(inside, 20) == 0
    assert not changes.within(inside + np.array([0, 110]))
    assert changes.across(inside * np.array([0.5, 1]), 20) == 0
    assert changes.across(inside - np.array([0, 60]), 20) > 0.2
