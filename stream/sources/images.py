"""Which files a folder or a pattern means, and in which order.

Owns: finding them, and what is said of those that are left out.  Does not own decoding (stills, file).
"""

from __future__ import annotations

import glob
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from glyphfeed.stream.errors import SourceError
from glyphfeed.stream.sources.formats import SUFFIXES, Format, format_of_file

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

SYSTEMS_OWN = {"thumbs.db", "desktop.ini"}
"""What Windows leaves in folders of pictures, beside the hidden files of the others."""
NAMED = 3
"""So many of the files that are left out are called by their names."""


class Finds(NamedTuple):
    """The files to read, in natural order, and a sentence about those of the folder that are left out, or none."""

    files: list[Path]
    left_out: str


def is_folder(address: str) -> bool:
    """Whether an address is that of a folder; whatever cannot be looked at is none."""
    try:
        return Path(address).is_dir()
    except (OSError, ValueError):
        return False


def is_pattern(address: str) -> bool:
    """Whether an address is a pattern such as `shots/*.png` and not the name of something that exists."""
    try:
        return glob.has_magic(address) and not Path(address).exists()
    except (OSError, ValueError):
        return False


def find_files(address: str, *, videos: bool) -> Finds:
    """Find the files of a folder, of a pattern such as `shots/*.png`, or one single file.

    Of a folder only what holds pictures is read, and, where they can be, `videos`, whatever the files are called; of a pattern
    all, as who gave it chose them.

    Raises:
        SourceError: there are none.

    """
    path = Path(address)
    if is_pattern(address):
        matches = glob.glob(address, recursive=True)  # noqa: PTH207 - Path.glob takes no absolute pattern
        found = [Path(match) for match in matches if Path(match).is_file()]
        if not found:
            raise SourceError(f"{address}: no file matches this pattern; check it, and put it in quotes")
    elif is_folder(address):
        return _find_in_folder(address, videos=videos)
    else:
        found = [path]
    return Finds(in_order(found), "")


def _find_in_folder(address: str, *, videos: bool) -> Finds:
    found: list[Path] = []
    others: list[Path] = []
    films: list[Path] = []
    for file in in_order(file for file in Path(address).iterdir() if not _is_systems_own(file)):
        holds = format_of_file(file) if file.is_file() else None
        if holds is Format.VIDEO:
            films.append(file)
        elif holds is not None or (file.suffix.lower() in SUFFIXES and (file.is_file() or file.is_symlink())):
            found.append(file)
        else:
            others.append(file)
    if videos:
        found = in_order([*found, *films])
    if not found:
        wanted = "nor videos in this folder; give one with some in it" if videos else "in this folder; give one with some in it"
        if films:
            wanted = "in this folder; read its videos with `glyphfeed watch`"
        raise SourceError(f"{address}: there are no pictures {wanted}")
    left = _left_out(others, "no picture" if not videos else "neither a picture nor a video", "")
    if not videos:
        left += _left_out(films, "a video", ", which `glyphfeed watch` reads")
    return Finds(found, f"{address}: {left.removesuffix('; ')}" if left else "")


def _left_out(files: Sequence[Path], what: str, hint: str) -> str:
    """Tell of files that are left out because of what they are."""
    if not files:
        return ""
    names = ", ".join(f"{file.name}/" if file.is_dir() else file.name for file in files[:NAMED]) + (
        f" and {len(files) - NAMED} more" * (len(files) > NAMED)
    )
    return f"left out as {what}{hint}: {names}; "


def _is_systems_own(file: Path) -> bool:
    return file.name.startswith(".") or file.name.lower() in SYSTEMS_OWN


def in_order(files: Iterable[Path]) -> list[Path]:
    """Sort files naturally."""
    return sorted(files, key=lambda file: natural_key(str(file)))


def natural_key(text: str) -> list[tuple[int, int, str]]:
    """A sort key under which `shot2` comes before `shot10`: runs of digits compare as numbers, the rest without case."""
    runs = re.findall(r"[0-9]+|[^0-9]+", text)
    # The text itself comes last, so that two different names never tie.
    return [(0, int(run), "") if run[0] in "0123456789" else (1, 0, run.lower()) for run in runs] + [(-1, 0, text)]
