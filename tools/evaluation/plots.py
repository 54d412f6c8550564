"""Plots of an evaluation, as PNG files.

Owns: their look.  The data is that of the scores.
"""

from __future__ import annotations

import math
from functools import partial
from typing import TYPE_CHECKING, Any, Final, Literal, TypeAlias

import matplotlib as mpl
import numpy as np
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from glyphfeed.tools.evaluation.calibration import calibration_error
from glyphfeed.tools.evaluation.figures import GROUPS, written
from glyphfeed.tools.evaluation.scores import figures_of, reliability_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from matplotlib.axes import Axes

    from glyphfeed.tools.evaluation.report import Outcome

Line: TypeAlias = Literal["-", "--", ":"]
Draw: TypeAlias = "Callable[[Axes, Sequence[Outcome]], None]"

COLOURS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Told apart by the colour-blind too: Okabe and Ito, "Color Universal Design", 2008."""
INK: Final = "#333333"
FOREVER_S: Final = 1e6
STYLE: Final[dict[Any, Any]] = {
    "font.size": 11,
    "axes.titlesize": 13,
    "axes.titleweight": "bold",
    "axes.titlelocation": "left",
    "axes.titlepad": 10,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#e3e3e3",
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
    "legend.frameon": False,
    "figure.dpi": 120,
    "figure.constrained_layout.h_pad": 0.1,
    "figure.constrained_layout.w_pad": 0.1,
}


SHARES: Final = ("hota", "mota", "motp", "idf1", "idf1_end_to_end", "id_consistency")
COUNTS: Final = ("id_changes_per_word", "flips", "retractions", "reads_per_frame")


def draw_plots(folder: Path, outcomes: Sequence[Outcome]) -> list[tuple[str, str]]:
    """Draw all plots into a folder; returns titles and file names."""
    clips = len(outcomes[0].scores)
    wide = min(max(7.0, 1.5 + clips * (0.3 + 0.25 * len(outcomes))), 24.0)
    plots: list[tuple[str, str, tuple[float, float], Draw]] = [
        ("Word F1 of each clip", "f1.png", (wide, 4.4), draw_f1),
        ("Finding and following", "tracking.png", (7.0, 4.4), partial(draw_bars, keys=SHARES)),
        ("Stability and reads", "stability.png", (7.0, 4.4), partial(draw_bars, keys=COUNTS)),
        ("Time to the first right reading", "first_reading.png", (7.0, 4.4), draw_first_reading),
        ("Overlay error", "overlay_error.png", (7.0, 4.4), draw_overlay_error),
        ("Reliability of the confidences", "reliability.png", (5.6, 6.0), draw_reliability),
    ]
    with mpl.rc_context(STYLE):
        for title, file, size, draw in plots:
            figure = Figure(figsize=size, layout="constrained")
            axes = figure.add_subplot(title=title)
            draw(axes, outcomes)
            figure.savefig(folder / file)
    return [(title, file) for title, file, _, _ in plots]


def draw_f1(axes: Axes, outcomes: Sequence[Outcome]) -> None:
    """Bars of word F1, clip by clip; clips with a partial truth have none."""
    width = 0.8 / len(outcomes)
    places = np.arange(len(outcomes[0].scores))
    for k, outcome in enumerate(outcomes):
        # Not 0 but nothing where a truth is partial, which gives no F1.
        heights = [math.nan if (f1 := figures_of([score])["word_f1"]) is None else f1 for score in outcome.scores]
        offset = (k - (len(outcomes) - 1) / 2) * width
        axes.bar(places + offset, heights, width * 0.92, color=_colour(k), label=outcome.name)
        overall = figures_of(outcome.scores)["word_f1"]
        if overall is None:
            continue
        axes.axhline(overall, color=_colour(k), linestyle="--", linewidth=1)
        axes.annotate(f"{overall:.2f}", (1.005, overall), xycoords=("axes fraction", "data"), color=_colour(k), va="center")
    names = [score.clip for score in outcomes[0].scores]
    axes.set_xticks(places, names, rotation=40 if len(names) > 4 else 0, ha="right" if len(names) > 4 else "center")
    axes.tick_params(axis="x", length=0)
    axes.grid(visible=False, axis="x")
    axes.set(ylim=(0, 1), ylabel="word F1 (dashed: all clips)", xlim=(-0.6, len(names) - 0.4))
    _legend(axes, outcomes)


def draw_bars(axes: Axes, outcomes: Sequence[Outcome], keys: Sequence[str]) -> None:
    """Bars of several figures over all clips, with their values; nothing where a figure does not apply."""
    figures = [figure for group in GROUPS for figure in group.figures if figure.key in keys]
    width = 0.8 / len(outcomes)
    places = np.arange(len(figures))
    for k, outcome in enumerate(outcomes):
        values = figures_of(outcome.scores)
        shown = [values[figure.key] for figure in figures]
        offset = (k - (len(outcomes) - 1) / 2) * width
        bars = axes.barh(places + offset, [value or 0.0 for value in shown], width * 0.92, color=_colour(k))
        told = [written(value, figure.digits) for figure, value in zip(figures, shown, strict=True)]
        axes.bar_label(bars, told, padding=3, fontsize=9)
    arrows = {"higher": " ↑", "lower": " ↓", "": ""}
    axes.set_yticks(places, [figure.label + arrows[figure.better] for figure in figures])
    axes.invert_yaxis()
    axes.margins(x=0.12)
    axes.tick_params(axis="y", length=0)
    axes.grid(visible=False, axis="y")
    _legend(axes, outcomes)


def draw_first_reading(axes: Axes, outcomes: Sequence[Outcome]) -> None:
    """Share of all words that have been read right by a time, once at all and settled."""
    longest = 0.0
    for k, outcome in enumerate(outcomes):
        histories = [history for score in outcome.scores for history in score.histories]
        lines: dict[bool, Line] = {False: "-", True: ":"}
        for settled, line in lines.items():
            delays = sorted(delay for history in histories if (delay := history.delay_s(settled=settled)) is not None)
            longest = max([longest, *delays])
            shares = np.arange(len(delays) + 1) / max(len(histories), 1)
            axes.step([0.0, *delays, FOREVER_S], [*shares, shares[-1]], where="post", color=_colour(k), linestyle=line)
    axes.set(ylim=(0, 1), xlim=(0, max(longest * 1.03, 0.5)))
    axes.set(xlabel="seconds since the word could be read", ylabel="share of all words read right")
    _legend(axes, outcomes, [("read right", "-"), ("and settled", ":")])


def draw_overlay_error(axes: Axes, outcomes: Sequence[Outcome]) -> None:
    """Share of right words that are drawn within a distance of where they are, now and 50 ms later."""
    furthest = 0.1
    for k, outcome in enumerate(outcomes):
        now = [error for score in outcome.scores for error in score.overlay.now]
        later = [error for score in outcome.scores for error in score.overlay.moved]
        pairs: list[tuple[list[float], Line]] = [(now, "-"), (later, "--")]
        for errors, line in pairs:
            if errors:
                axes.plot(np.sort(errors), np.arange(1, len(errors) + 1) / len(errors), color=_colour(k), linestyle=line)
                marks = np.percentile(errors, [50, 95])
                axes.plot(marks, [0.5, 0.95], "o", color=_colour(k), markersize=5, fillstyle="full" if line == "-" else "none")
                furthest = max(furthest, float(np.percentile(errors, 98)))
    axes.set(ylim=(0, 1), xlim=(0, furthest))
    axes.set(
        xlabel="distance from where the word is, in text heights (dots: median, p95)", ylabel="share of the words read right"
    )
    _legend(axes, outcomes, [("now", "-"), ("50 ms later", "--")])


def draw_reliability(axes: Axes, outcomes: Sequence[Outcome]) -> None:
    """Share that is right over the confidence that was published, in bins of equal size."""
    axes.plot([0, 1], [0, 1], color="#999999", linewidth=1)
    axes.annotate("as it should be", (0.03, 0.05), color="#777777", rotation=45, rotation_mode="anchor", fontsize=9)
    labels = []
    for k, outcome in enumerate(outcomes):
        bins = reliability_of(outcome.scores)
        error = calibration_error(bins)
        if error is not None:
            axes.plot([b.confidence for b in bins], [b.accuracy for b in bins], "o-", color=_colour(k), markersize=5)
            labels.append(Line2D([], [], color=_colour(k), marker="o", label=f"{outcome.name}, calibration error {error:.3f}"))
    axes.set(xlim=(0, 1.02), ylim=(0, 1.02), aspect="equal")
    axes.set(xlabel="published confidence (each dot: about a tenth of the words)", ylabel="share that is right")
    axes.figure.legend(handles=labels, loc="outside lower center")


def _colour(k: int) -> str:
    return COLOURS[k % len(COLOURS)]


def _legend(axes: Axes, outcomes: Sequence[Outcome], lines: Sequence[tuple[str, Line]] = ()) -> None:
    """Say below the plot which colour is whose, and which line is what."""
    handles = [Line2D([], [], color=_colour(k), linewidth=3, label=outcome.name) for k, outcome in enumerate(outcomes)]
    handles += [Line2D([], [], color=INK, linestyle=line, label=label) for label, line in lines]
    axes.figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))
