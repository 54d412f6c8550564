"""Files one after the other as one recording: pictures, pages, animations and videos on one clock.

Owns: how long each picture stands, and that what cannot be read is told and passed over.  Does not own decoding (stills, file),
which files there are (images), nor the pace at which they are played (playback).
"""

from __future__ import annotations

import logging
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from glyphfeed.stream.errors import SourceError
from glyphfeed.stream.sources.file import check_file, decode_file
from glyphfeed.stream.sources.formats import is_picture
from glyphfeed.stream.sources.picture import picture_from_bgr
from glyphfeed.stream.sources.stills import open_album

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from glyphfeed.stream.sources.picture import Picture

log = logging.getLogger("glyphfeed.sources")

IMAGES_PER_S: Final = 25.0
"""Of pictures in files of their own, which may be those of a video: the default of FFmpeg's image2 demuxer."""
PAGE_S: Final = 2.0
"""How long each page of a document stands: it is no video, and is read while it stands."""
STANDS_S: Final = 0.5
"""A frame of an animation that stands for this long is shown again meanwhile, `IMAGES_PER_S`, like that of a video: text is read
again while it stands, and a display has something to show."""


def read_files(label: str, files: Sequence[Path], left_out: str = "", *, live: bool = False) -> Iterator[Picture]:
    """Yield the pictures of all files that can be read, stamped in seconds from the first; each file that cannot, or not to its
    end, is told of in a warning, and so is what was `left_out` before.  Videos that are played `live` are not waited for where
    their clocks jump.

    Raises:
        SourceError: none of them can be read.

    """
    if left_out:
        log.warning("%s", left_out)
    begin_s = 0.0
    scene = 0
    is_empty = True
    for file in files:
        stamp_s, step_s = begin_s, 1 / IMAGES_PER_S
        comes, scenes = False, 0
        try:
            for picture in pictures_of(file, live=live):
                now_s = begin_s + (picture.stamp or 0.0)
                if comes:
                    step_s = now_s - stamp_s
                comes, is_empty, stamp_s, scenes = True, False, now_s, picture.scene
                yield replace(picture, stamp=now_s, scene=scene + scenes)
        except SourceError as error:
            if len(files) == 1:
                raise
            log.warning("%s", error if comes else f"{error}; it is skipped")
        if comes:
            begin_s = stamp_s + step_s
            scene += scenes + (scenes > 0)
    if is_empty:
        raise SourceError(f"{label}: none of its {len(files)} files can be read as a picture or a video; see above why")


def pictures_of(file: Path, *, live: bool = False) -> Iterator[Picture]:
    """Yield what one file shows, stamped in seconds from its first picture.

    Raises:
        SourceError: it cannot be read, or, after some pictures, not to its end.

    """
    check_file(file)
    return pictures_of_album(file) if is_picture(file) else decode_file(file, live=live)


def pictures_of_album(file: Path) -> Iterator[Picture]:
    """Yield the pictures of a file of pictures: once where it holds one, and else each for as long as it stands; each that stands
    is a scene of its own.
    """
    album = open_album(file)
    begin_s = 0.0
    scene = 0
    for still in album.stills():
        shown_s = still.shown_s or PAGE_S
        stands = album.count > 1 and shown_s >= STANDS_S
        scene += stands
        picture = replace(picture_from_bgr(still.image, begin_s), scene=scene)
        yield picture
        for step in range(1, round(shown_s * IMAGES_PER_S) if stands else 0):
            yield replace(picture, stamp=begin_s + step / IMAGES_PER_S, captured_at=time.time())
        begin_s += shown_s
