"""`glyphfeed evaluate`: from clips and systems to a report.

Owns: the order of work, its progress, and where the report goes.
"""

from __future__ import annotations

import json
import platform
import sys
from collections import Counter
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from glyphfeed.engines.weights import PIP_INSTALL
from glyphfeed.stream.running.networks import cores
from glyphfeed.stream.sources.source import Pace
from glyphfeed.tools.errors import CommandError, note
from glyphfeed.tools.evaluation.clips import find_clips
from glyphfeed.tools.evaluation.recordings import read_recording
from glyphfeed.tools.evaluation.report import Outcome, Setting, markdown, report_of, tables
from glyphfeed.tools.evaluation.runs import Runs
from glyphfeed.tools.evaluation.scores import Cost, score_clip
from glyphfeed.tools.evaluation.systems import OURS, Glyphfeed, Peer
from glyphfeed.tools.evaluation.truth import read_truth

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glyphfeed.stream.running.networks import Networks
    from glyphfeed.tools.evaluation.clips import Clip
    from glyphfeed.tools.evaluation.recordings import Published
    from glyphfeed.tools.evaluation.systems import System
    from glyphfeed.tools.evaluation.truth import Truth

SPARE_S: Final = 1.0
"""A truth may end so much before its video does."""


def evaluate(
    addresses: Sequence[str],
    networks: Networks,
    *,
    pace: Pace,
    feeds: Sequence[Path],
    beside: Sequence[str],
    out: Path | None,
    page: Path | None,
    as_json: bool,
    command: str,
) -> None:
    """Evaluate readers over clips, and report.

    `feeds` are recordings of our reader, one a clip, that are scored instead of running it; `page` takes the report as Markdown.

    Raises:
        FeedError: a recording cannot be read.
        CommandError: clips, truths, recordings or other readers cannot be used, or the report not be written.
        EngineError: the networks cannot be loaded or run.
        SourceError: a clip cannot be read.

    """
    clips = find_clips(addresses)
    if feeds and len(feeds) != len(clips):
        raise CommandError(f"there are {len(feeds)} --feed for {len(clips)} clips; give one for each clip, in their order")
    if page is not None and not page.absolute().parent.is_dir():
        raise CommandError(
            f"the report cannot be written to {page}: its folder does not exist; create it or choose another place"
        )
    if page is not None and page.is_dir():
        raise CommandError(f"the report cannot be written to {page}: it is a folder; give the name of a file in it")
    truths = [read_truth(clip) for clip in clips]
    demand_extra()
    peers = [Peer(named) for named in beside]
    for name, count in Counter(peer.name for peer in peers).items():
        if count > 1:
            raise CommandError(f"{count} --beside are called {name}; give each a name of its own")
    with ExitStack() as stack:
        folder = out or Path(stack.enter_context(TemporaryDirectory(prefix="glyphfeed-")))
        outcomes = run_all(clips, truths, networks, peers, feeds=feeds, pace=pace, folder=folder)
    machine = f"{cores()} cores, {platform.machine()}, {platform.system()}, Python {platform.python_version()}"
    report = report_of(Setting(command, datetime.now(UTC).date().isoformat(), pace, machine), outcomes)
    try:
        if out is not None:
            from glyphfeed.tools.evaluation.plots import draw_plots

            (out / "report.json").write_text(_json(report), encoding="utf-8")
            (out / "report.md").write_text(markdown(report, draw_plots(out, outcomes)), encoding="utf-8")
        if page is not None:
            page.write_text(markdown(report), encoding="utf-8")
    except OSError as error:
        raise CommandError(f"the report cannot be written to {error.filename}: {error.strerror}; choose another place") from error
    if as_json:
        print(_json(report), end="")
        return
    console = Console(width=None if sys.stdout.isatty() else 200)
    for table in tables(report):
        console.print(table, "")


def demand_extra() -> None:
    """Make sure that the packages are there which only this command needs.

    Raises:
        CommandError: one is missing.

    """
    try:
        import matplotlib  # noqa: F401
        import trackers.eval  # noqa: F401
    except ImportError as error:
        raise CommandError(
            f"evaluating needs {error.name}, which is not installed; run {PIP_INSTALL} -e '.[evaluate]' in glyphfeed's folder"
        ) from error


def run_all(
    clips: Sequence[Clip],
    truths: Sequence[Truth],
    networks: Networks,
    peers: Sequence[System],
    *,
    feeds: Sequence[Path],
    pace: Pace,
    folder: Path,
) -> list[Outcome]:
    """Run or take up everything, one after the other so that each has the machine to itself, and score it."""
    live = pace is Pace.LIVE
    outcomes: list[Outcome] = []
    if feeds:
        triples = zip(clips, truths, feeds, strict=True)
        scores = [score_clip(clip.name, truth, recorded(feed, clip, truth), Cost(), live=live) for clip, truth, feed in triples]
        outcomes.append(Outcome(OURS, "as recorded", (), tuple(scores)))
    systems: list[System] = [*([] if feeds else [Glyphfeed(networks, pace)]), *peers]
    runs = Runs(folder / "runs")
    terminal = sys.stderr.isatty()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not terminal) as progress:
        task = progress.add_task("evaluating", total=len(systems) * len(clips))
        for system in systems:
            done, days = [], set()
            for clip, truth in zip(clips, truths, strict=True):
                progress.update(task, description=f"{system.name}: {clip.name}")
                run = runs.obtain(system, clip)
                check_fit(run.recording, truth, f"what {system.name} read of {clip.video}", f"of {clip.truth}; give it its own")
                days.add(run.day)
                done.append(score_clip(clip.name, truth, run.recording, run.cost, live=live))
                progress.advance(task)
                if not terminal:
                    note(f"{clip.name} {'was' if run.kept else 'is'} read by {system.name}{f' on {run.day}' if run.kept else ''}")
            outcomes.append(Outcome(system.name, system.about, tuple(sorted(days)), tuple(done)))
    return outcomes


def recorded(feed: Path, clip: Clip, truth: Truth) -> Published:
    """Take up a recording of our reader that is said to be of a clip.

    Raises:
        FeedError: it cannot be read.
        CommandError: it is none, or is of another clip.

    """
    recording = read_recording(feed)
    if not recording.texts:
        raise CommandError(f"the recording {feed} holds no text message; record the clip anew with glyphfeed watch --record")
    check_fit(recording, truth, f"the recording {feed}", f"of {clip.name}; give the --feed in the order of the clips")
    return recording


def check_fit(recording: Published, truth: Truth, what: str, of: str) -> None:
    """See whether a recording can be of the clip that a truth is of.

    Raises:
        CommandError: it has more frames, or another size.

    """
    last = max((body["frame"] for body in recording.texts), default=0)
    if last >= len(truth.frames) + SPARE_S * truth.fps:
        raise CommandError(f"{what} goes on to frame {last}, past the {len(truth.frames)} frames {of}")
    for size in (body["size"] for body in recording.texts if body.get("size") is not None):
        # A video may say that it is to be shown turned, which the reader does, and a truth is not told.
        if truth.size is not None and sorted(size) != sorted(truth.size):
            shown, true = ("x".join(f"{side:g}" for side in sides) for sides in (size, truth.size))
            raise CommandError(f"{what} is of a picture of {shown} pixels, not of the {true} {of}")


def _json(report: object) -> str:
    return json.dumps(report, ensure_ascii=False, indent=1, allow_nan=False) + "\n"
