"""Published words against the truth, frame by frame: which is at which word's place, right, wrong, or not to be judged.

Owns: the rules of the matching.  Pure.  A published word is at a word's place when they share half of the smaller one's area;
it is right when the texts are equal too, and each published word serves one word of the truth.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Final

from glyphfeed.tools.evaluation.recordings import shown
from glyphfeed.tools.evaluation.regions import overlap, region_of
from glyphfeed.tools.evaluation.words import published_words

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from glyphfeed.tools.evaluation.recordings import Published
    from glyphfeed.tools.evaluation.regions import Region
    from glyphfeed.tools.evaluation.truth import Placed, PlacedWord, Truth
    from glyphfeed.tools.evaluation.words import PublishedWord

AT_PLACE: Final = 0.5
OVER_IGNORED: Final = 0.3
"""A published word that shares so much with a word that does not count is not judged."""


@dataclass(frozen=True, slots=True)
class Target:
    """A word that counts in a frame, and the published word at its place, if any; `right` if that says the same."""

    word: PlacedWord
    published: PublishedWord | None
    right: bool


@dataclass(frozen=True, slots=True)
class JudgedFrame:
    """One frame: its targets, and the published words; those that are `right`, and those that are `wrong`, by index.

    `dismissed` lie over words that do not count, and at no target's place; of the wrong ones the `stale` say what stood at their
    place earlier and stands there no more.  In the frame of a partial truth only words at a target's place are known to be wrong.
    """

    frame: int
    targets: tuple[Target, ...]
    published: tuple[PublishedWord, ...]
    right: frozenset[int]
    wrong: frozenset[int]
    dismissed: frozenset[int]
    stale: frozenset[int] = frozenset()


def judge(truth: Truth, recording: Published, *, live: bool) -> list[JudgedFrame]:
    """Judge all frames of a clip of which something is known."""
    standing = shown(recording, len(truth.frames), truth.fps, live=live)
    stood: dict[int, Region] = {}
    judged = []
    for frame, (placed, texts) in enumerate(zip(truth.frames, standing, strict=True)):
        if placed is not None:
            judged.append(with_stale(judge_frame(frame, placed, published_words(texts), truth), placed, stood, truth))
            stood |= {word.id: region_of(word.polygon) for word in placed}
    return judged


def with_stale(judged: JudgedFrame, placed: Placed, stood: Mapping[int, Region], truth: Truth) -> JudgedFrame:
    """Tell which wrong words say what stood at their place before this frame, by where each word was seen last."""
    gone = stood.keys() - {word.id for word in placed}
    stale = {
        k
        for k in judged.wrong
        for word in gone
        if truth.texts.get(word) == judged.published[k].text and overlap(stood[word], judged.published[k].region) >= AT_PLACE
    }
    return replace(judged, stale=frozenset(stale))


def judge_frame(frame: int, placed: Placed, published: Sequence[PublishedWord], truth: Truth) -> JudgedFrame:
    """Judge what stands in one frame; words of the truth take their turns in its order, as in a greedy assignment."""
    targets: list[Target] = []
    right: set[int] = set()
    near: set[int] = set()
    for word in (word for word in placed if word.counts):
        region, text = region_of(word.polygon), truth.texts[word.id]
        shares = [(overlap(region, candidate.region), k) for k, candidate in enumerate(published)]
        here = [k for share, k in sorted(shares, reverse=True) if share >= AT_PLACE]
        near.update(here)
        exact = next((k for k in here if published[k].text == text and k not in right), None)
        best = exact if exact is not None else here[0] if here else None
        if exact is not None:
            right.add(exact)
        targets.append(Target(word, None if best is None else published[best], exact is not None))
    ignored = [region_of(word.polygon) for word in placed if not word.counts]
    over = {k for k, word in enumerate(published) if any(overlap(region, word.region) >= OVER_IGNORED for region in ignored)}
    judged = near if truth.partial else range(len(published))
    wrong = frozenset(k for k in judged if k not in right and k not in over)
    return JudgedFrame(frame, tuple(targets), tuple(published), frozenset(right), wrong, frozenset(over - near))
