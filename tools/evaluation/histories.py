"""The history of each word of a truth: what stood at its place, frame by frame; and what follows for reading and stability.

Owns: the figures that are about words over time.  Pure.  Only words that count for at least half a second are asked about.

Words over time are judged by the text at their place, wherever it came from: the id may be another one.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glyphfeed.tools.evaluation.matching import JudgedFrame, Target
    from glyphfeed.tools.evaluation.truth import Truth

LEAST_SEEN_S: Final = 0.5


@dataclass(frozen=True, slots=True)
class History:
    """A word that says `text`, folded, in the frames where it counts, with what stood at its place in each."""

    text: str
    fps: float
    frames: tuple[int, ...]
    targets: tuple[Target, ...]

    @property
    def visible_s(self) -> float:
        """How long it counts."""
        return len(self.frames) / self.fps

    @property
    def frames_right(self) -> int:
        """In how many frames it is read right."""
        return sum(target.right for target in self.targets)

    def delay_s(self, *, settled: bool = False) -> float | None:
        """Seconds from when it first counts to its first right reading, or its first settled one; None if there is none."""
        for frame, target in zip(self.frames, self.targets, strict=True):
            if target.right and (not settled or (target.published is not None and target.published.settled)):
                return (frame - self.frames[0]) / self.fps
        return None

    @property
    def frames_per_id(self) -> Counter[object]:
        """In how many frames each id stood at its place."""
        published = (target.published for target in self.targets)
        return Counter(word.text_id for word in published if word is not None and word.text_id is not None)

    @property
    def flips(self) -> int:
        """How often what is published at its place changes."""
        return sum(before != after for before, after in pairwise(self._readings))

    @property
    def retractions(self) -> int:
        """How often a right reading, published as not tentative, is replaced by a wrong one: a flip away from the truth."""
        return sum(before == self.text != after for before, after in pairwise(self._readings))

    @property
    def _readings(self) -> list[str]:
        return [target.published.text for target in self.targets if target.published is not None]


def histories_of(truth: Truth, judged: Sequence[JudgedFrame]) -> list[History]:
    """Gather the histories of the words that count long enough."""
    seen: dict[int, list[tuple[int, Target]]] = {}
    for frame in judged:
        for target in frame.targets:
            seen.setdefault(target.word.id, []).append((frame.frame, target))
    return [
        History(truth.texts[word], truth.fps, *zip(*sightings, strict=True))
        for word, sightings in seen.items()
        if len(sightings) >= truth.fps * LEAST_SEEN_S
    ]
