"""Signs with QR and bar codes on a wall, and a reader that is shown them without any network."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import cv2
import numpy as np
import zxingcpp

from glyphfeed.stream.records import Frame
from glyphfeed.tools.scenes.clip import Scene, Sign, locate_words, render, words_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glyphfeed.stream.reader import Reader
    from glyphfeed.stream.records import Event, Snapshot
    from glyphfeed.tools.scenes.clip import WordTruth

LUNA, ARTICLE = "https://example.com/luna", "2012345678903"
BAR_ROWS = 60


def modules(content: str, kind: str) -> tuple[str, ...]:
    """A code as rows of # where it is dark; bars are sixty modules high."""
    barcode = zxingcpp.create_barcode(content, zxingcpp.barcode_format_from_str(kind))
    picture = np.asarray(barcode.to_image(scale=1, add_quiet_zones=False))
    rows = tuple("".join("#" if value < 128 else "." for value in row) for row in picture)
    return rows[:1] * BAR_ROWS if rows[0] == rows[1] else rows


def coded(content: str, centre: tuple[float, float], module_px: int = 5, kind: str = "QRCode", **options: object) -> Sign:
    """A sign that shows a code, whose truth is one word; in white and black unless told."""
    rows = modules(content, kind)
    look = {"ink": (20, 20, 20), "paper": (245, 245, 245), **options}
    return Sign(content, centre, module_px * len(rows), modules=rows, **look)


class Moment(NamedTuple):
    """What was told at a frame, and what could be seen of each content."""

    snapshot: Snapshot
    events: list[Event]
    truth: dict[str, list[WordTruth]]


def frame_of(scene: Scene, index: int) -> Frame:
    """A frame of a scene."""
    picture, _ = render(scene, index / scene.fps)
    grey = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
    return Frame(index, index / scene.fps, index / scene.fps, grey, lambda: picture)


def walk(scene: Scene, reader: Reader, start: int = 0, end: int | None = None) -> Iterator[Moment]:
    """Show a reader the frames of a scene, from one to before another, with looks for codes at once."""
    names = [word["text"] for word in words_of(scene)]
    for index in range(start, round(scene.seconds * scene.fps) if end is None else end):
        reader.follow(frame_of(scene, index))
        if (look := reader.take_code_look()) is not None:
            reader.accept_codes(look.find())
        truth: dict[str, list[WordTruth]] = {}
        for word in locate_words(scene, index / scene.fps):
            truth.setdefault(names[word[0]], []).append(word)
        yield Moment(reader.snapshot(), reader.events(), truth)
