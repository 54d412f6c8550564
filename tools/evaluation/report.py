"""Reports: the outcome of an evaluation as JSON, as Markdown and as tables on a terminal.

Owns: their layout.  What the figures are called and mean is in `figures`.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from rich.table import Table
from rich.text import Text

from glyphfeed.tools.evaluation.figures import GROUPS, ratio, written
from glyphfeed.tools.evaluation.scores import figures_of, reliability_of
from glyphfeed.tools.markdown import table_row

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glyphfeed.tools.evaluation.figures import Figure, Figures
    from glyphfeed.tools.evaluation.scores import Score

METHOD: Final = """A word of the truth counts in a frame when it is legible, 90 % inside the picture and 12 px tall. A published
word is right when it shares half of the smaller one's area with a word that counts and says the same, but for case and
punctuation; published words over words that do not count are not judged, and neither are tentative texts. Where a frame has no
message the last one before it stands. {pace} Tracking figures are computed by the `trackers` library; their objects are words,
their overlap is that of polygons, and a published word keeps its identity as long as its text keeps its id and the word its
place in it. A partial truth does not tell which published words are too many, so its clips count for neither precision nor
tracking, and in F1 for recall alone."""
PACES: Final = {
    "every-frame": "Times are those of the video: at this pace a reader has all the time it wants for each frame.",
    "live": "The clips are played live, and a message counts from the moment when it was published.",
}


@dataclass(frozen=True, slots=True)
class Outcome:
    """One system over all clips: its name, what it is, on which days it was run, and its scores in the order of the clips."""

    name: str
    about: str
    days: tuple[str, ...]
    scores: tuple[Score, ...]


@dataclass(frozen=True, slots=True)
class Setting:
    """How an evaluation was made."""

    command: str
    day: str
    pace: str
    machine: str


def report_of(setting: Setting, outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """The whole outcome, ready to be written as JSON."""
    return {
        **asdict(setting),
        "meanings": {figure.key: f"{figure.label}: {figure.meaning}" for group in GROUPS for figure in group.figures},
        "systems": [
            {
                "name": outcome.name,
                "about": outcome.about,
                "days": list(outcome.days),
                "figures": _rounded(figures_of(outcome.scores)),
                "reliability": [asdict(one) for one in reliability_of(outcome.scores)],
                "clips": [{"clip": score.clip, "figures": _rounded(figures_of([score]))} for score in outcome.scores],
            }
            for outcome in outcomes
        ],
    }


def _rounded(figures: Figures) -> Figures:
    return {key: None if value is None else round(value, 6) for key, value in figures.items()}


def markdown(report: dict[str, Any], pictures: Sequence[tuple[str, str]] = ()) -> str:
    """Write a report as Markdown, with pictures of (title, file)."""
    systems = report["systems"]
    clips, words = len(systems[0]["clips"]), systems[0]["figures"]["words"]
    lines = [
        "# Benchmark",
        "",
        f"Made on {report['day']} with",
        "",
        "```sh",
        report["command"],
        "```",
        "",
        f"over {clips} clip{'s' * (clips != 1)} with {words:.0f} word{'s' * (words != 1)} at the pace {report['pace']}, "
        f"on {report['machine']}:",
        "",
        *(f"- **{system['name']}** {system['about']}{_days(system, report['day'])}" for system in systems),
        "",
        *_figures_table(systems),
        *(["", _ratio_note(systems)] if len(systems) > 1 else []),
        *(line for title, file in pictures for line in ("", f"![{title}]({file})")),
        "",
        "## What the figures mean",
        "",
        METHOD.format(pace=PACES[report["pace"]]),
        "",
        *(f"- **{figure.label}**: {figure.meaning}" for group in GROUPS for figure in _present(group.figures, systems)),
        "",
        "## Clip by clip",
        "",
        *_clips_table(systems),
    ]
    return "\n".join(lines) + "\n"


def _days(system: dict[str, Any], today: str) -> str:
    earlier = [day for day in system["days"] if day != today]
    return f", run on {', '.join(system['days'])}" if earlier else ""


def _ratio_note(systems: Sequence[dict[str, Any]]) -> str:
    return f"A ratio says how many times better {systems[0]['name']} is; below 1 it is worse. ↑ means that higher is better."


def _figures_table(systems: Sequence[dict[str, Any]]) -> list[str]:
    titles = _titles(systems)
    lines = [table_row(["figure", *titles]), table_row(["---", *["---:"] * len(titles)])]
    for group in GROUPS:
        figures = _present(group.figures, systems)
        if figures:
            lines.append(table_row([f"**{group.title}**", *[""] * len(titles)]))
        lines += [table_row(cells) for cells in _rows(figures, systems)]
    return lines


def _titles(systems: Sequence[dict[str, Any]]) -> list[str]:
    """What stands above the values and the ratios."""
    names = [system["name"] for system in systems]
    return [*names, *(["ratio"] if len(names) == 2 else [f"ratio to {name}" for name in names[1:]])]


def _rows(figures: Sequence[Figure], systems: Sequence[dict[str, Any]]) -> list[list[str]]:
    """Name, values and ratios of each figure."""
    rows = []
    for figure in figures:
        values = [system["figures"][figure.key] for system in systems]
        arrow = {"higher": " ↑", "lower": " ↓", "": ""}[figure.better]
        cells = [written(value, figure.digits) for value in values]
        rows.append([figure.label + arrow, *cells, *(ratio(figure, values[0], other) for other in values[1:])])
    return rows


def _present(figures: Sequence[Figure], systems: Sequence[dict[str, Any]]) -> Sequence[Figure]:
    """The figures of a group of which some system has any."""
    told = any(system["figures"][figure.key] is not None for figure in figures for system in systems)
    return figures if told else ()


def _clips_table(systems: Sequence[dict[str, Any]]) -> list[str]:
    names = [system["name"] for system in systems]
    lines = [
        table_row(["clip", "words", *(f"F1, {name}" for name in names), *(f"ever read, {name}" for name in names)]),
        table_row(["---", *["---:"] * (1 + 2 * len(names))]),
    ]
    for row in zip(*(system["clips"] for system in systems), strict=True):
        f1s, evers = ([written(clip["figures"][key], 3) for clip in row] for key in ("word_f1", "ever_read"))
        lines.append(table_row([row[0]["clip"], f"{row[0]['figures']['words']:.0f}", *f1s, *evers]))
    return lines


def tables(report: dict[str, Any]) -> list[Table]:
    """A report for the terminal: the figures, then the clips."""
    systems = report["systems"]
    overall = Table("", box=None, pad_edge=False, header_style="bold")
    for title in _titles(systems):
        overall.add_column(Text(title), justify="right")
    for group in GROUPS:
        if present := _present(group.figures, systems):
            overall.add_row(Text(group.title, "dim"))
        for cells in _rows(present, systems):
            overall.add_row(*(Text(cell) for cell in ("  " + cells[0], *cells[1:])))
    clips = Table("clip", box=None, pad_edge=False, header_style="bold")
    clips.add_column("reader")
    for title in ("words", "F1", "ever read", "frames/s"):
        clips.add_column(title, justify="right")
    for row in zip(*(system["clips"] for system in systems), strict=True):
        for name, clip in zip((system["name"] for system in systems), row, strict=True):
            figures = clip["figures"]
            columns = (("words", 0), ("word_f1", 3), ("ever_read", 3), ("frames_per_s", 1))
            cells = [written(figures[key], digits) for key, digits in columns]
            clips.add_row(*(Text(cell) for cell in (clip["clip"], name, *cells)))
    return [overall, clips]
