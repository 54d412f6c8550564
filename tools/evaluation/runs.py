"""Runs of systems over clips, kept in a folder so that a repeated command takes them up again.

Owns: the files' names and when one is stale.  A run is found by the sum of its clip and of everything its system depends on;
the truth is none of it, because scoring costs little and is done each time.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from glyphfeed.engines.files import sum_of
from glyphfeed.stream.errors import FeedError
from glyphfeed.tools.errors import CommandError
from glyphfeed.tools.evaluation.recordings import read_recording
from glyphfeed.tools.evaluation.scores import Cost

if TYPE_CHECKING:
    from pathlib import Path

    from glyphfeed.tools.evaluation.clips import Clip
    from glyphfeed.tools.evaluation.recordings import Published
    from glyphfeed.tools.evaluation.systems import System


@dataclass(frozen=True, slots=True)
class Run:
    """One system over one clip: its recording, what it took, on which day, and whether it was taken up from before."""

    recording: Published
    cost: Cost
    day: str
    kept: bool


class Runs:
    """The runs below a folder: `CLIP-KEY.jsonl`, and `CLIP-KEY.json` once that is complete.

    Raises:
        CommandError: the folder cannot be made.

    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CommandError(f"results cannot be kept in {folder}: {error.strerror}; give another --out") from error

    def obtain(self, system: System, clip: Clip) -> Run:
        """Take up a run, or make it now.

        Raises:
            CommandError: see `System.run`; or what it wrote is no recording.

        """
        depends = {"system": system.name, "clip": sum_of(clip.video), **system.signature()}
        key = hashlib.sha256(json.dumps(depends, sort_keys=True).encode()).hexdigest()[:16]
        record, summary = (self._folder / f"{clip.name}-{key}{suffix}" for suffix in (".jsonl", ".json"))
        if (run := _read(record, summary)) is not None:
            return run
        # What an earlier run left that failed or was interrupted is no result of this one.
        for stale in (summary, record):
            stale.unlink(missing_ok=True)
        cost = system.run(clip.video, record)
        # Not by its path: without --out the folder is gone when the message is read.
        recording = read_recording(record, f"OUT.jsonl of {system.name} on {clip.video}")
        day = datetime.now(UTC).date().isoformat()
        told = {"frames_per_s": cost.frames_per_s, "cpu_s": cost.cpu_s, "day": day, "depends": depends}
        # Last and in one step, as it says that the recording is complete.
        part = summary.with_suffix(".part")
        part.write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        part.replace(summary)
        return Run(recording, cost, day, kept=False)


def _read(record: Path, summary: Path) -> Run | None:
    """Read a run that was kept, None where there is none that is whole."""
    try:
        told = json.loads(summary.read_text(encoding="utf-8"))
        cost = Cost(told["frames_per_s"], told["cpu_s"])
        return Run(read_recording(record), cost, str(told["day"]), kept=True)
    except (OSError, ValueError, KeyError, TypeError, CommandError, FeedError):
        return None
