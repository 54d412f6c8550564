"""Where texts are at the moment at which they are shown, as docs/feed.md says under "Drawing".

Owns: how long a text is carried on by its velocity, and which texts are worth drawing.  Pure; does not own receiving (client).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

import numpy as np

from glyphfeed.stream.records import TextState

if TYPE_CHECKING:
    from glyphfeed.stream.records import Polygon, Snapshot, TextEntity

CARRIED_S: Final = 0.25
"""A text is carried on so long after its picture at most, so that none sails away when messages stop."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What of one source is to be drawn over the picture of a moment, with polygons in pixels of `size` as they are then.

    `texts` were seen and can be trusted; `coasting` ones are not seen just now, their place is predicted; `tentative` ones are
    better hidden.  `age_s` is how much older the picture is that they were seen in: beyond 0.25 s they stand still, fade them.
    """

    source: str
    frame: int
    size: tuple[int, int]
    age_s: float
    texts: tuple[TextEntity, ...]
    coasting: tuple[TextEntity, ...]
    tentative: tuple[TextEntity, ...]


def shown(snapshot: Snapshot, age_s: float) -> Shown:
    """What is to be drawn `age_s` seconds after the picture of a snapshot."""
    # Also before it, by as much, where the shown picture is the older one.
    carried_s = max(-CARRIED_S, min(age_s, CARRIED_S))
    moved = [_moved(text, carried_s) for text in snapshot.texts]
    coasting = tuple(text for text in moved if text.state is TextState.COASTING)
    tentative = tuple(text for text in moved if text.state is TextState.TENTATIVE)
    texts = tuple(text for text in moved if text.state in (TextState.READING, TextState.SETTLED))
    return Shown(snapshot.source, snapshot.frame, snapshot.size, age_s, texts, coasting, tentative)


def _moved(text: TextEntity, seconds: float) -> TextEntity:
    """Carry a text, its words and characters on by its velocity."""
    shift = np.array(text.velocity, np.float32) * np.float32(seconds)

    def move(polygon: Polygon) -> Polygon:
        return polygon + shift

    words = tuple(replace(word, polygon=move(word.polygon)) for word in text.words)
    chars = None if text.chars is None else tuple(replace(char, polygon=move(char.polygon)) for char in text.chars)
    return replace(text, polygon=move(text.polygon), words=words, chars=chars)
