"""`glyphfeed report`: from a recording to the files of its report.

Owns: their names, and that nothing is written over unasked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from glyphfeed.engines.files import write_whole
from glyphfeed.stream.feed.recordings.recording import read_messages
from glyphfeed.tools.errors import CommandError, note, writing
from glyphfeed.tools.report.crops import crops_of
from glyphfeed.tools.report.files import csv_of, json_of
from glyphfeed.tools.report.gathering import check_some, gather
from glyphfeed.tools.report.page import html_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from glyphfeed.tools.report.gathering import Entry

NAMES: Final = ("report.csv", "report.json", "report.html")


def report(recording: Path, videos: Sequence[tuple[str, Path]], out: Path | None, *, replace: bool) -> None:
    """Write what was where and when; `videos` are what was read, each with the name of its source, "" where there is one only.

    Raises:
        FeedError: the recording cannot be read, or tells of no text.
        SourceError: a video cannot be read.
        CommandError: there is a report already, it cannot be written, or a video is of no source.

    """
    folder = out or recording.with_name(f"{recording.name.removesuffix('.gz').removesuffix('.jsonl')}-report")
    taken = [name for name in NAMES if (folder / name).exists()]
    if taken and not replace:
        raise CommandError(f"there is a {folder / taken[0]} already: choose another folder with --out, or say --replace")
    entries = gather(read_messages(recording))
    check_some(entries, str(recording))
    crops = crops_of(entries, dict(_named(videos, entries)))
    with writing(folder):
        folder.mkdir(parents=True, exist_ok=True)
    for name, content in zip(
        NAMES,
        (csv_of(entries), json_of(entries, recording.name), html_of(entries, crops, recording.name)),
        strict=True,
    ):
        with writing(folder / name):
            write_whole(folder / name, content.encode("utf-8", "replace"))
    sources = len({entry.source for entry in entries})
    note(
        f"{len(entries)} text{'s' * (len(entries) != 1)} of {sources} source{'s' * (sources != 1)}: {folder / NAMES[-1]}, "
        "with .csv and .json beside it"
    )


def _named(videos: Iterable[tuple[str, Path]], entries: Sequence[Entry]) -> Iterable[tuple[str, Path]]:
    """Find the source of each video."""
    sources = sorted({entry.source for entry in entries})
    for name, path in videos:
        if not name and len(sources) > 1:
            raise CommandError(f"of which source is {path}? Write NAME={path}, with a NAME of {', '.join(sources)}")
        if name and name not in sources:
            raise CommandError(f"the recording tells of no source {name}; it has {', '.join(sources)}")
        yield name or sources[0], path
