"""Published texts as words, whether a reader publishes words or whole lines.  Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from glyphfeed.stream.records import TextState
from glyphfeed.tools.evaluation.regions import quad_of, region_of
from glyphfeed.tools.evaluation.truth import fold

if TYPE_CHECKING:
    from collections.abc import Hashable, Iterator, Sequence

    from glyphfeed.stream.feed.wire import Body
    from glyphfeed.stream.records import Polygon
    from glyphfeed.tools.evaluation.regions import Region

Piece: TypeAlias = "tuple[str, Polygon, float | None]"
"""Text, polygon and confidence of a word."""


@dataclass(frozen=True, slots=True)
class PublishedWord:
    """A word as it was published in one frame: its text folded, `text_id` that of its text, velocity in px/s."""

    text_id: Hashable | None
    text: str
    polygon: Polygon
    region: Region
    confidence: float | None
    settled: bool
    velocity: tuple[float, float]


def published_words(texts: Sequence[Body]) -> list[PublishedWord]:
    """All words of a frame that have a letter or a digit, without those of tentative texts."""
    return [
        PublishedWord(
            text.get("id"),
            folded,
            polygon,
            region_of(polygon),
            confidence,
            text.get("state") == TextState.SETTLED,
            tuple(text.get("velocity") or (0.0, 0.0)),
        )
        for text in texts
        if text["text"] and text.get("state") != TextState.TENTATIVE
        for word, polygon, confidence in split(text)
        if (folded := fold(word))
    ]


def split(text: Body) -> Iterator[Piece]:
    """Split a text into its words: its own, or else by the share of characters along its quad."""
    if text.get("words"):
        for word in text["words"]:
            yield word["text"], np.array(word["polygon"], np.float32), word.get("confidence", text.get("confidence"))
        return
    top_left, top_right, bottom_right, bottom_left = quad_of(np.array(text["polygon"], np.float32))
    line, end = text["text"], 0
    for token in line.split():
        begin = line.index(token, end)
        end = begin + len(token)
        low, high = begin / len(line), end / len(line)
        top, bottom = top_right - top_left, bottom_right - bottom_left
        corners = top_left + top * low, top_left + top * high, bottom_left + bottom * high, bottom_left + bottom * low
        yield token, np.array(corners, np.float32), text.get("confidence")
