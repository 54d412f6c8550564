"""Small truths and recordings, made so that every figure can be worked out by hand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from glyphfeed.tools.evaluation.clips import Clip
from glyphfeed.tools.evaluation.recordings import read_recording
from glyphfeed.tools.evaluation.scores import Cost, Score, score_clip
from glyphfeed.tools.evaluation.truth import read_truth

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

FPS = 10
HEIGHT_PX = 20.0

Point = tuple[float, float]
Json = dict[str, Any]


def quad(place: Point, width: float = 60.0, height: float = HEIGHT_PX) -> list[list[float]]:
    """A level word with its top left corner at a place."""
    x, y = place
    return [[x, y], [x + width, y], [x + width, y + height], [x, y + height]]


def truth(words: Mapping[int, str], frames: Sequence[Mapping[int, Point] | None], **more: Any) -> Json:
    """A truth of words, all wholly visible and 60x20 px; a text of ### is not cared for."""
    listed = [None if frame is None else [[i, quad(place), 1.0] for i, place in frame.items()] for frame in frames]
    known = [{"id": i, "text": text, "care": text != "###"} for i, text in words.items()]
    return {"fps": FPS, "width": 640, "height": 360, "source": "made", "words": known, "frames": listed, **more}


def text(identity: int | None, said: str, place: Point, **more: Any) -> Json:
    """A published text of one word."""
    return {"id": identity, "text": said, "state": "settled", "polygon": quad(place), **more}


def message(frame: int, *texts: Json, **more: Any) -> Json:
    """The payload of a `text/` message."""
    return {"frame": frame, "texts": list(texts), **more}


def write_clip(folder: Path, told: Json, name: str = "made") -> Clip:
    """A clip whose video is empty: only its truth is ever read."""
    video = folder / f"{name}.mp4"
    video.write_bytes(name.encode())
    path = folder / f"{name}.gt.json"
    path.write_text(json.dumps(told), encoding="utf-8")
    return Clip(video, path)


def write_recording(folder: Path, messages: Sequence[Json], name: str = "feed") -> Path:
    """One payload a line."""
    path = folder / f"{name}.jsonl"
    path.write_text("".join(json.dumps(one) + "\n" for one in messages), encoding="utf-8")
    return path


def scored(folder: Path, told: Json, messages: Sequence[Json], *, live: bool = False) -> Score:
    """Score messages against a truth, both by way of their files."""
    clip = write_clip(folder, told)
    return score_clip(clip.name, read_truth(clip), read_recording(write_recording(folder, messages)), Cost(), live=live)
