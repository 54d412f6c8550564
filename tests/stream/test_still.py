from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stream.records import TextState
from stream.still import read_still
from tools.clip import Scene, Sign, look, render
from tools.street import demo_scene

if TYPE_CHECKING:
    from engines.loading import Engines


def test_level_and_turned_text_in_a_picture_is_read(engines: Engines) -> None:
    image, _ = render(demo_scene(), 0.2)
    before = image.copy()
    snapshot = read_still(image, engines)
    assert {"CAFÉLUNA", "OPEN", "Espresso", "HOTEL"} <= {text.text.replace(" ", "") for text in snapshot.texts}
    assert all(text.state is not TextState.TENTATIVE for text in snapshot.texts)
    assert (snapshot.frame, snapshot.size) == (0, (960, 540))
    assert np.array_equal(image, before)


def test_a_picture_without_text_has_none(engines: Engines) -> None:
    assert read_still(np.full((120, 200, 3), 128, np.uint8), engines).texts == ()


def test_small_text_in_a_large_picture_is_found_by_its_tiles(engines: Engines) -> None:
    size, centre = (1920, 1080), (500, 300)
    # Pale letters, of which no more than six pixels stand above the line.
    sign = Sign("PLATFORM", centre, 10, ink=(200, 200, 200))
    image, _ = render(Scene((sign,), lambda _: look(size, (960, 540)), size=size, wall=size), 0.0)
    assert len(engines.detector.detect(image)[0]) == 0
    (text,) = read_still(image, engines).texts
    assert text.text == "PLATFORM"
    assert np.abs(text.polygon.mean(axis=0) - centre).max() < 4
