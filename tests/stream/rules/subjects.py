"""Texts that rules are asked about in tests."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np

from glyphfeed.engines.lattice import Slot
from glyphfeed.stream.records import Attribute, TextEntity, TextState
from glyphfeed.stream.rules.subject import Subject

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
"""A Monday."""


def entity(text: str, *attributes: Attribute, identity: int = 1, at: tuple[float, float] = (100, 50)) -> TextEntity:
    """A settled text whose centre lies there."""
    x, y = at
    polygon = np.array([[x - 40, y - 10], [x + 40, y - 10], [x + 40, y + 10], [x - 40, y + 10]], np.float32)
    return TextEntity(identity, 1, TextState.SETTLED, text, 0.9, polygon, (), (0.0, 0.0), 3, 0.0, 1.0, attributes=attributes)


def subject(text: str, *attributes: Attribute, now: datetime = NOON, source: str = "door", **of_entity: object) -> Subject:
    """A text alone in its block, on a picture of 200 by 100 pixels."""
    said = replace(entity(text, *attributes), **of_entity)
    return Subject(said, (said,), (), (200, 100), now, source)


def doubted(text: str, **doubts: str) -> Subject:
    """A text of one word of which some characters, by their places such as `_3`, may as well be others."""
    slots = tuple(
        Slot({char: 0.6, **dict.fromkeys(doubts.get(f"_{place}", ""), 0.2)}, place / len(text)) for place, char in enumerate(text)
    )
    return subject(text, slots=(slots,))
