"""Scores: everything that is measured of one reader over one clip, and the figures of several clips together.

Owns: which measurement makes which figure.  Pure, but for the library behind `tracking`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from glyphfeed.tools.evaluation.calibration import Bin, calibration_error, reliability
from glyphfeed.tools.evaluation.histories import histories_of
from glyphfeed.tools.evaluation.matching import judge
from glyphfeed.tools.evaluation.overlay import overlay_errors
from glyphfeed.tools.evaluation.recordings import delay_s
from glyphfeed.tools.evaluation.tracking import tracking_figures, tracks_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from glyphfeed.tools.evaluation.figures import Figures
    from glyphfeed.tools.evaluation.histories import History
    from glyphfeed.tools.evaluation.matching import JudgedFrame
    from glyphfeed.tools.evaluation.overlay import OverlayErrors
    from glyphfeed.tools.evaluation.recordings import Published
    from glyphfeed.tools.evaluation.tracking import Tracks
    from glyphfeed.tools.evaluation.truth import Truth


@dataclass(frozen=True, slots=True)
class Cost:
    """What a run took, where it is known: frames a second, if the messages do not tell, and processor seconds of all cores."""

    frames_per_s: float | None = None
    cpu_s: float | None = None


@dataclass(frozen=True, slots=True)
class Score:
    """One reader over one clip, ready to be added up.

    `demanded`, `right`, `wrong` and `stale` count words over frames, the last two are None where the truth is partial;
    `samples` are (confidence, right) of published words; `reads` is how often the recogniser was run, None where that is not
    told, and `texts_read` the number of texts with a read.
    """

    clip: str
    frames: int
    fps: float
    demanded: int
    right: int
    wrong: int | None
    stale: int | None
    histories: list[History]
    overlay: OverlayErrors
    tracks: Tracks | None
    samples: list[tuple[float, bool]]
    reads: int | None
    texts_read: int
    changed_events: int | None
    latencies_ms: list[float]
    cost: Cost


def score_clip(clip: str, truth: Truth, recording: Published, cost: Cost, *, live: bool) -> Score:
    """Score a recording against the truth of its clip."""
    judged = judge(truth, recording, live=live)
    delays = [delay for body in recording.texts if (delay := delay_s(body)) is not None] if live else []
    changed = None if recording.events is None else sum(event.get("type") == "changed" for event in recording.events)
    reads = reads_per_id(recording)
    return Score(
        clip=clip,
        frames=len(truth.frames),
        fps=truth.fps,
        demanded=sum(len(frame.targets) for frame in judged),
        right=sum(len(frame.right) for frame in judged),
        wrong=None if truth.partial else sum(len(frame.wrong) for frame in judged),
        stale=None if truth.partial else sum(len(frame.stale) for frame in judged),
        histories=histories_of(truth, judged),
        overlay=overlay_errors(truth, judged),
        tracks=tracks_of(truth, judged),
        samples=_samples(judged),
        reads=reads_of(recording),
        texts_read=sum(count > 0 for count in reads.values()),
        changed_events=changed,
        latencies_ms=[1000 * delay for delay in delays],
        cost=Cost(frames_per_s(recording) or cost.frames_per_s, cost.cpu_s),
    )


def figures_of(scores: Sequence[Score]) -> Figures:
    """The figures of some clips together, by the keys of `figures`; None where one does not apply."""
    histories = [history for score in scores for history in score.histories]
    return {
        **_reading(scores, histories),
        **tracking_figures([score.tracks for score in scores if score.tracks is not None]),
        **_stability(scores, histories),
        **_times(histories),
        **_overlay(scores),
        "ece": calibration_error(reliability_of(scores)),
        **_costs(scores),
    }


def reliability_of(scores: Sequence[Score]) -> list[Bin]:
    """The reliability diagram of some clips together."""
    samples = [sample for score in scores for sample in score.samples]
    return reliability([confidence for confidence, _ in samples], [right for _, right in samples])


def _reading(scores: Sequence[Score], histories: Sequence[History]) -> Figures:
    recall = sum(score.right for score in scores) / max(sum(score.demanded for score in scores), 1)
    judged = [(score.right, score.wrong) for score in scores if score.wrong is not None]
    published = sum(right + wrong for right, wrong in judged)
    precision = sum(right for right, _ in judged) / max(published, 1) if judged else None
    return {
        "word_f1": None if precision is None else 2 * recall * precision / max(recall + precision, 1e-9),
        "word_precision": precision,
        "stale_share": sum(score.stale or 0 for score in scores) / max(published, 1) if judged else None,
        "word_recall": recall,
        "words": len(histories),
        "ever_read": sum(history.frames_right > 0 for history in histories) / max(len(histories), 1),
        "read_half": sum(history.frames_right >= len(history.frames) / 2 for history in histories) / max(len(histories), 1),
    }


def _stability(scores: Sequence[Score], histories: Sequence[History]) -> Figures:
    per_id = [history.frames_per_id for history in histories]
    changes = sum(max(len(ids) - 1, 0) for ids in per_id)
    minutes = max(sum(history.visible_s for history in histories), 1e-9) / 60
    events = [score.changed_events for score in scores if score.changed_events is not None]
    return {
        "id_consistency": sum(max(ids.values(), default=0) for ids in per_id) / max(sum(len(h.frames) for h in histories), 1),
        "id_changes": changes,
        "id_changes_per_word": changes / max(len(histories), 1),
        "flips": sum(history.flips for history in histories) / minutes,
        "retractions": sum(history.retractions for history in histories) / minutes,
        "changed_events": sum(events) if events else None,
    }


def _times(histories: Sequence[History]) -> Figures:
    first, settled = ([history.delay_s(settled=wanted) for history in histories] for wanted in (False, True))
    return {
        "first_read_s_median": percentile(first, 50),
        "first_read_s_p90": percentile(first, 90),
        "settled_read_s_median": percentile(settled, 50),
        "settled_read_s_p90": percentile(settled, 90),
    }


def _overlay(scores: Sequence[Score]) -> Figures:
    now = [error for score in scores for error in score.overlay.now]
    moved = [error for score in scores for error in score.overlay.moved]
    unmoved = [error for score in scores for error in score.overlay.unmoved]
    return {
        "overlay_median": percentile(now, 50),
        "overlay_p95": percentile(now, 95),
        "overlay_50ms_median": percentile(moved, 50),
        "overlay_50ms_p95": percentile(moved, 95),
        "overlay_50ms_unmoved_median": percentile(unmoved, 50),
    }


def _costs(scores: Sequence[Score]) -> Figures:
    latencies = [latency for score in scores for latency in score.latencies_ms]
    measured = [(score.cost.cpu_s, score.frames / score.fps) for score in scores if score.cost.cpu_s is not None]
    return {
        "frames_per_s": percentile([score.cost.frames_per_s for score in scores], 50),
        "latency_ms_p50": percentile(latencies, 50),
        "latency_ms_p95": percentile(latencies, 95),
        "cpu_s_per_s": sum(cpu for cpu, _ in measured) / sum(seconds for _, seconds in measured) if measured else None,
        **_reads(scores),
    }


def _reads(scores: Sequence[Score]) -> Figures:
    """What was spent on reads, over the clips of which that is known."""
    counted = [(score.reads, score.frames, score.texts_read) for score in scores if score.reads is not None]
    if not counted:
        return dict.fromkeys(("reads", "reads_per_frame", "reads_per_text"))
    total, frames, texts = map(sum, zip(*counted, strict=True))
    return {"reads": total, "reads_per_frame": total / max(frames, 1), "reads_per_text": total / max(texts, 1)}


def percentile(values: Iterable[float | None], percent: float) -> float | None:
    """The value below which so many percent lie, interpolated; None where there is none."""
    known = [value for value in values if value is not None]
    return float(np.percentile(known, percent)) if known else None


def frames_per_s(recording: Published) -> float | None:
    """Messages a second between the first and the last; None where they do not tell when they were published."""
    times = [at for body in recording.texts if (at := body.get("published_at")) is not None]
    return (len(times) - 1) / (times[-1] - times[0]) if len(times) > 1 and times[-1] > times[0] else None


def _samples(judged: Sequence[JudgedFrame]) -> list[tuple[float, bool]]:
    """Each published word of which it is known whether it is right, once a frame, as a client sees it."""
    return [
        (float(confidence), k in frame.right)
        for frame in judged
        for k in sorted(frame.right | frame.wrong)
        if (confidence := frame.published[k].confidence) is not None
    ]


def reads_of(recording: Published) -> int | None:
    """How often the recogniser was run; None for a reader that does not tell.

    By the last status where there is one that tells, else the sum of what each text says at last.  That sum is too low where
    reads went to texts that were never published, or a text took over the id of an earlier one and counts anew.
    """
    told = (recording.status or {}).get("reads")
    reads = reads_per_id(recording)
    return int(told) if told is not None else sum(reads.values()) if reads else None


def reads_per_id(recording: Published) -> dict[object, int]:
    """How often each text was read, by what it says at last."""
    return {text.get("id"): text["reads"] for body in recording.texts for text in body["texts"] if "reads" in text}
