from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from stream.records import TextState
from stream.still import read_still
from tools.clip import render
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
