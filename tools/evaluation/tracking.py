"""Tracking figures of the field, MOTA, MOTP, IDF1 and HOTA, by the `trackers` library.

Owns: what is handed to the library.  The objects are words, as the truth has them: those that count, against published words
with the identities of `identities`.  Their similarity is the intersection over union of convex polygons; a match takes half.
Published words over words that do not count are taken out before, as distractors are in MOTChallenge, and so are those
without an id.  End to end only words that say the same are similar at all, as in ICDAR's task of that name.

A partial truth does not know which published words are too many, so its clips have no such figures.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from glyphfeed.tools.evaluation.identities import Identities
from glyphfeed.tools.evaluation.regions import iou, region_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from glyphfeed.tools.evaluation.matching import JudgedFrame
    from glyphfeed.tools.evaluation.truth import Truth


@dataclass(frozen=True, slots=True)
class Tracks:
    """One clip as the library takes it: for each frame ids (N,) and (M,), and the similarities (N, M) of place alone."""

    true_ids: list[NDArray[np.int64]] = field(default_factory=list)
    ids: list[NDArray[np.int64]] = field(default_factory=list)
    overlaps: list[NDArray[np.float64]] = field(default_factory=list)
    same_text: list[NDArray[np.bool_]] = field(default_factory=list)


def tracks_of(truth: Truth, judged: Sequence[JudgedFrame]) -> Tracks | None:
    """Prepare a clip; None for a partial truth."""
    if truth.partial:
        return None
    tracks, identities = Tracks(), Identities()
    for frame in judged:
        mine = identities.assign(frame.published)
        words = [(word, i) for k, (word, i) in enumerate(zip(frame.published, mine, strict=True)) if k not in frame.dismissed]
        kept = [(word, identity) for word, identity in words if identity is not None]
        targets = [(region_of(target.word.polygon), truth.texts[target.word.id]) for target in frame.targets]
        shape = len(targets), len(kept)
        overlaps = [iou(region, word.region) for region, _ in targets for word, _ in kept]
        same = [text == word.text for _, text in targets for word, _ in kept]
        tracks.true_ids.append(np.array([target.word.id for target in frame.targets], np.int64))
        tracks.ids.append(np.array([identity for _, identity in kept], np.int64))
        tracks.overlaps.append(np.array(overlaps, np.float64).reshape(shape))
        tracks.same_text.append(np.array(same, np.bool_).reshape(shape))
    return tracks


def tracking_figures(clips: Sequence[Tracks]) -> dict[str, float | None]:
    """The figures of all clips together, of place alone and end to end; None where there are no clips."""
    clear, identity, hota = _measure(clips, end_to_end=False)
    clear_text, identity_text, _ = _measure(clips, end_to_end=True)
    figures = {
        "mota": clear["MOTA"],
        "motp": clear["MOTP"],
        "idf1": identity["IDF1"],
        "hota": hota["HOTA"],
        "mota_end_to_end": clear_text["MOTA"],
        "idf1_end_to_end": identity_text["IDF1"],
    }
    return {key: float(value) if clips else None for key, value in figures.items()}


def _measure(clips: Sequence[Tracks], *, end_to_end: bool) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    # Not before it is needed: it takes a second, and belongs to an extra that may not be installed.
    from trackers import eval as library

    clear, identity, hota = [], [], []
    for clip in clips:
        pairs = zip(clip.overlaps, clip.same_text, strict=True)
        similarity = [overlaps * same for overlaps, same in pairs] if end_to_end else clip.overlaps
        clear.append(library.compute_clear_metrics(clip.true_ids, clip.ids, similarity))
        identity.append(library.compute_identity_metrics(clip.true_ids, clip.ids, similarity))
        if not end_to_end:
            hota.append(library.compute_hota_metrics(clip.true_ids, clip.ids, similarity))
    return (
        library.aggregate_clear_metrics(clear),
        library.aggregate_identity_metrics(identity),
        library.aggregate_hota_metrics(hota),
    )
