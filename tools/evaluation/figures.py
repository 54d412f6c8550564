"""The figures of a report: what each is called, what it means in one line, and which way is better.

Owns: words, order and how a figure is written.  Does not own how it is computed (scores).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

Better: TypeAlias = Literal["higher", "lower", ""]
Figures: TypeAlias = dict[str, float | None]
"""By key; None where a figure does not apply."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One line of a report; `digits` after the point."""

    key: str
    label: str
    better: Better
    digits: int
    meaning: str


@dataclass(frozen=True, slots=True)
class Group:
    """Figures that belong together."""

    title: str
    figures: tuple[Figure, ...]


GROUPS: Final = (
    Group(
        "Reading",
        (
            Figure("word_f1", "word F1", "higher", 3, "Harmonic mean of the next two, over all frames."),
            Figure("word_precision", "word precision", "higher", 3, "Share of the published words that are right."),
            Figure("word_recall", "word recall", "higher", 3, "Share of the words to be read, frame by frame, that are right."),
            Figure("ever_read", "words ever read", "higher", 3, "Share of the words that are right in at least one frame."),
            Figure("read_half", "words read half the time", "higher", 3, "Share of the words right in half of their frames."),
        ),
    ),
    Group(
        "Tracking",
        (
            Figure(
                "hota", "HOTA", "higher", 3, "Finding and following words in one figure, averaged over overlaps 0.05 to 0.95."
            ),
            Figure(
                "mota", "MOTA", "higher", 3, "1 less the share of words missed, too many, or whose identity changed; IoU 0.5."
            ),
            Figure("motp", "MOTP", "higher", 3, "Mean intersection over union of the matched words."),
            Figure("idf1", "IDF1", "higher", 3, "F1 of words that keep one identity over the whole clip; IoU 0.5."),
            Figure("mota_end_to_end", "MOTA, end to end", "higher", 3, "MOTA where a word must also say the right thing."),
            Figure("idf1_end_to_end", "IDF1, end to end", "higher", 3, "IDF1 where a word must also say the right thing."),
        ),
    ),
    Group(
        "Stability",
        (
            Figure("id_consistency", "id consistency", "higher", 3, "Share of a word's frames with its most frequent text id."),
            Figure("id_changes_per_word", "id changes per word", "lower", 3, "Further text ids that a word gets, on average."),
            Figure("stale_share", "stale share", "lower", 4, "Share of published words that say what stood there and is gone."),
            Figure("flips", "flips per visible minute", "lower", 2, "Changes of what is published at a word's place."),
            Figure("retractions", "retractions per visible minute", "lower", 2, "Flips from the right text to a wrong one."),
            Figure(
                "changed_events",
                "changed events",
                "lower",
                0,
                "Settled readings that the feed took back; a clip's signs never change.",
            ),
        ),
    ),
    Group(
        "Time",
        (
            Figure(
                "first_read_s_median",
                "first right reading, s, median",
                "lower",
                2,
                "From when a word can be read, of those ever read.",
            ),
            Figure(
                "first_read_s_p90", "first right reading, s, p90", "lower", 2, "Nine of ten words ever read are read by then."
            ),
            Figure(
                "settled_read_s_median",
                "settled right reading, s, median",
                "lower",
                2,
                "Until it is right and its text is settled.",
            ),
            Figure(
                "settled_read_s_p90",
                "settled right reading, s, p90",
                "lower",
                2,
                "Nine of ten words ever settled right are by then.",
            ),
        ),
    ),
    Group(
        "Overlay, in text heights",
        (
            Figure("overlay_median", "error, median", "lower", 3, "Distance of a right word's centre from where the word is."),
            Figure("overlay_p95", "error, p95", "lower", 3, "The same, for the worst twentieth of the words."),
            Figure(
                "overlay_50ms_median",
                "error 50 ms later, median",
                "lower",
                3,
                "Drawn 50 ms later, moved by the published velocity.",
            ),
            Figure("overlay_50ms_p95", "error 50 ms later, p95", "lower", 3, "The same, for the worst twentieth of the words."),
            Figure(
                "overlay_50ms_unmoved_median", "50 ms later, left alone, median", "lower", 3, "Drawn 50 ms later where it was."
            ),
        ),
    ),
    Group(
        "Confidence",
        (
            Figure(
                "ece",
                "expected calibration error",
                "lower",
                3,
                "Mean distance of a word's confidence from the share that is right.",
            ),
        ),
    ),
    Group(
        "Cost",
        (
            Figure("frames_per_s", "frames per second, median clip", "higher", 1, "Frames published a second."),
            Figure("latency_ms_p50", "latency, ms, p50", "lower", 1, "From capture to publication, of all live messages."),
            Figure("latency_ms_p95", "latency, ms, p95", "lower", 1, "Nineteen of twenty messages are out by then."),
            Figure(
                "cpu_s_per_s",
                "CPU seconds per second of video",
                "lower",
                2,
                "Processor time of all cores; another reader's includes its start.",
            ),
            Figure("reads", "reads", "lower", 0, "Times that the recogniser was run."),
            Figure("reads_per_frame", "reads per frame", "lower", 3, "The same, over the frames of the clips."),
            Figure("reads_per_text", "reads per text", "lower", 2, "The same, over the texts that were read at all."),
        ),
    ),
)


def written(value: float | None, digits: int) -> str:
    """Write a value for people, with so many digits after the point."""
    return "–" if value is None else f"{value:.{digits}f}"


def ratio(figure: Figure, ours: float | None, theirs: float | None) -> str:
    """Write how many times better ours is; nothing where that has no meaning."""
    if not figure.better or ours is None or theirs is None:
        return ""
    better, worse = (ours, theirs) if figure.better == "higher" else (theirs, ours)
    if better < 0 or worse < 0 or (better == 0 and worse == 0):
        return ""
    if worse == 0:
        return "∞"
    return f"{better / worse:.2f}" if better / worse < 9.95 else f"{better / worse:.0f}"
