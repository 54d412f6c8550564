from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.feed.receiving.drawing import CARRIED_S, shown
from glyphfeed.stream.records import Char, TextState
from tests.stream.feed.samples import box, entity, snapshot

STATES = dict(enumerate(TextState))


@pytest.mark.parametrize(("age_s", "carried_s"), [(0.0, 0.0), (0.1, 0.1), (0.25, 0.25), (7.0, 0.25), (-0.1, -0.1), (-7.0, -0.25)])
def test_a_text_its_words_and_characters_are_carried_on_for_a_quarter_of_a_second(age_s: float, carried_s: float) -> None:
    text = replace(entity(text="EXIT 12"), velocity=(100.0, -40.0), chars=(Char("E", box(1.0, 2.0), 0.9, ()),))
    (moved,) = shown(snapshot(7, text), age_s).texts
    before = [text.polygon, *(word.polygon for word in text.words), *(char.polygon for char in text.chars or ())]
    after = [moved.polygon, *(word.polygon for word in moved.words), *(char.polygon for char in moved.chars or ())]
    for polygon, carried in zip(before, after, strict=True):
        np.testing.assert_allclose(carried - polygon, np.full((4, 2), (100.0, -40.0)) * carried_s, atol=1e-3)
    assert (moved.id, moved.rev, moved.text, moved.chars is not None) == (text.id, text.rev, text.text, True)


def test_what_can_be_trusted_what_is_predicted_and_what_to_hide_are_told_apart() -> None:
    texts = [replace(entity(number), state=state) for number, state in STATES.items()]
    drawn = shown(snapshot(7, *texts), 0.3)
    assert (drawn.source, drawn.frame, drawn.size, drawn.age_s) == ("cam1", 7, (1280, 720), 0.3)
    assert {STATES[text.id] for text in drawn.texts} == {TextState.READING, TextState.SETTLED}
    assert [STATES[text.id] for text in drawn.coasting] == [TextState.COASTING]
    assert [STATES[text.id] for text in drawn.tentative] == [TextState.TENTATIVE]


@given(age_s=st.floats(0, 10), velocity=st.tuples(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4)))
def test_no_text_sails_away(age_s: float, velocity: tuple[float, float]) -> None:
    text = replace(entity(), velocity=velocity)
    (moved,) = shown(snapshot(7, text), age_s).texts
    assert np.abs(moved.polygon - text.polygon).max() <= CARRIED_S * max(map(abs, velocity)) + 1e-2
