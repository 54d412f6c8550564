"""Clips: a video with a truth beside it, found from what a command line names.

Owns: which files belong together, and the facts that only the video tells.  Does not own what a truth says (truth).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

import av

from glyphfeed.tools.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Sequence

VIDEO_SUFFIXES: Final = frozenset({".mp4", ".m4v", ".mov", ".avi", ".mkv", ".webm"})
TRUTH_ENDINGS: Final = (".gt.json", ".xml", "_GT.xml", "_gt.xml")
"""What follows a video's name without its suffix in the name of its truth."""
ADVICE: Final = "put its truth beside it as CLIP.gt.json, CLIP.xml or CLIP_GT.xml"


@dataclass(frozen=True, slots=True)
class Clip:
    """A video and the file that says what can be read in it."""

    video: Path
    truth: Path

    @property
    def name(self) -> str:
        """What the clip is called in reports."""
        return self.video.stem


def find_clips(addresses: Sequence[str]) -> list[Clip]:
    """List the clips that files and folders mean, those of a folder by name; its videos without truth are passed over.

    Raises:
        CommandError: an address means no clip.

    """
    clips: list[Clip] = []
    for address in addresses:
        path = Path(address)
        if path.is_dir():
            clips += clips_in(path)
        elif not path.exists():
            raise CommandError(f"{path}: there is no such file or folder; check the path")
        elif (truth := truth_of(path)) is None:
            raise CommandError(f"{path} has no truth; {ADVICE}")
        else:
            clips.append(Clip(path, truth))
    return list(dict.fromkeys(clips))


def clips_in(folder: Path) -> list[Clip]:
    """List the clips of a folder.

    Raises:
        CommandError: there are none.

    """
    videos = sorted(path for path in folder.iterdir() if path.suffix.lower() in VIDEO_SUFFIXES)
    clips = [Clip(video, truth) for video in videos if (truth := truth_of(video)) is not None]
    if not clips:
        raise CommandError(f"{folder} holds no clip with a truth; for each CLIP.mp4 {ADVICE}")
    return clips


def truth_of(video: Path) -> Path | None:
    """Find the truth beside a video, None where there is none."""
    candidates = (video.with_name(video.stem + ending) for ending in TRUTH_ENDINGS)
    return next((path for path in candidates if path.is_file() and path != video), None)


def probe(video: Path) -> tuple[float, tuple[int, int]]:
    """Ask a video for its frame rate and its (width, height) in pixels.

    Raises:
        CommandError: it is no video.

    """
    try:
        with av.open(str(video)) as container:
            stream = container.streams.video[0]
            rate = stream.average_rate or stream.guessed_rate
            size = stream.codec_context.width, stream.codec_context.height
    except (av.FFmpegError, IndexError, OSError) as error:
        raise CommandError(f"{video} cannot be opened as a video; give a clip that plays") from error
    if not rate:
        raise CommandError(f"{video} does not say its frame rate; convert it to one with a constant frame rate")
    return float(rate), size
