from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from rich.text import Text

from glyphfeed.tools.evaluation.figures import GROUPS, Figure, ratio, written
from glyphfeed.tools.evaluation.plots import draw_plots
from glyphfeed.tools.evaluation.report import Outcome, Setting, markdown, report_of, tables
from glyphfeed.tools.evaluation.scores import figures_of
from tests.tools.evaluation.made import message, scored, text, truth

if TYPE_CHECKING:
    from pathlib import Path

AT = (100.0, 100.0)
SETTING = Setting("glyphfeed evaluate clips", "2026-11-22", "every-frame", "2 cores")


def outcome(folder: Path, name: str, said: str, *, clips: int = 2) -> Outcome:
    """A system that says the same of the word Exit in each clip."""
    told = truth({1: "Exit"}, [{1: AT}] * 10)
    score = scored(folder, told, [message(frame, text(1, said, AT, confidence=0.8)) for frame in range(10)])
    return Outcome(name, "of the tests", ("2026-11-21",), (score,) * clips)


def test_every_figure_is_explained_and_no_other(tmp_path: Path) -> None:
    keys = [figure.key for group in GROUPS for figure in group.figures]
    assert len(keys) == len(set(keys))
    # How many words there are and how many ids changed are told, but not compared.
    assert set(figures_of(outcome(tmp_path, "us", "exit").scores)) == {*keys, "words", "id_changes"}
    assert all(figure.meaning.endswith(".") for group in GROUPS for figure in group.figures)


@pytest.mark.parametrize(
    ("better", "ours", "theirs", "said"),
    [
        ("higher", 0.8, 0.4, "2.00"),
        ("lower", 0.1, 0.25, "2.50"),
        ("lower", 0.2, 0.1, "0.50"),
        ("higher", 106.0, 3.0, "35"),
        ("lower", 0.0, 0.1, "∞"),
        ("lower", 0.1, 0.0, "0.00"),
        ("lower", 0.0, 0.0, ""),
        ("higher", 0.5, -0.2, ""),
        ("higher", None, 0.5, ""),
        ("", 1.0, 2.0, ""),
    ],
)
def test_a_ratio_says_how_many_times_better_ours_is(better: str, ours: float | None, theirs: float, said: str) -> None:
    figure = Figure("key", "label", better, 2, "Meaning.")  # type: ignore[arg-type]
    assert ratio(figure, ours, theirs) == said
    assert written(ours, 2) == ("–" if ours is None else f"{ours:.2f}")


def test_the_page_holds_what_made_it_and_the_table(tmp_path: Path) -> None:
    report = report_of(SETTING, [outcome(tmp_path, "glyphfeed", "exit"), outcome(tmp_path, "a|b", "exot")])
    page = markdown(report, [("A plot", "plot.png")])
    lines = page.splitlines()
    assert "| figure | glyphfeed | a\\|b | ratio |" in lines
    assert "| word F1 ↑ | 1.000 | 0.000 | ∞ |" in lines
    assert "| made | 1 | 1.000 | 0.000 | 1.000 | 0.000 |" in lines
    assert "- **glyphfeed** of the tests, run on 2026-11-21" in lines
    assert "![A plot](plot.png)" in lines
    assert all(f"- **{figure.label}**" in page for group in GROUPS for figure in group.figures if figure.key == "word_f1")
    # Nobody told of reads: neither the row nor its meaning is there.
    assert "reads" not in page
    assert page.count("2026-11-22") == 1
    widths = {line.count("|") - line.count("\\|") for line in lines if line.startswith("|")}
    assert widths == {5, 7}


def test_a_report_of_one_system_has_no_ratio(tmp_path: Path) -> None:
    report = report_of(SETTING, [outcome(tmp_path, "glyphfeed", "exit", clips=1)])
    page = markdown(report)
    assert "| figure | glyphfeed |" in page.splitlines()
    assert "over 1 clip with 1 word at" in page
    (system,) = json.loads(json.dumps(report, allow_nan=False))["systems"]
    assert system["reliability"] == [{"low": 0.8, "high": 0.8, "count": 10, "confidence": pytest.approx(0.8), "accuracy": 1.0}]
    assert system["clips"][0]["figures"]["word_f1"] == 1.0


def test_clips_with_a_partial_truth_have_no_f1(tmp_path: Path) -> None:
    told = truth({1: "Exit"}, [{1: AT}] * 10, partial=True)
    partial = Outcome("glyphfeed", "of the tests", (), (scored(tmp_path, told, [message(0, text(1, "exit", AT))]),))
    report = report_of(SETTING, [partial])
    page = markdown(report)
    assert "| made | 1 | – | 1.000 |" in page.splitlines()
    assert "| word precision ↑ | – |" in page.splitlines()
    _, clips = tables(report)
    assert [list(column.cells) for column in clips.columns[3:5]] == [[Text("–")], [Text("1.000")]]
    assert (tmp_path / draw_plots(tmp_path, [partial])[0][1]).is_file()


@pytest.mark.parametrize("said", ["exit", "exot", ""])
def test_plots_are_drawn_even_of_readers_that_read_nothing(tmp_path: Path, said: str) -> None:
    plots = draw_plots(tmp_path, [outcome(tmp_path, "glyphfeed", "exit", clips=7), outcome(tmp_path, "other", said, clips=7)])
    assert [file.removesuffix(".png") for _, file in plots] == [
        "f1",
        "tracking",
        "stability",
        "first_reading",
        "overlay_error",
        "reliability",
    ]
    for _, file in plots:
        content = (tmp_path / file).read_bytes()
        assert content.startswith(b"\x89PNG")
        assert len(content) > 5000
