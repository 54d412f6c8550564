"""`glyphfeed train synthesise`: synthetic words in any number, by several processes, the same for the same seed.

Owns how the work is shared out.  What a word looks like is `words`; how it is kept is `pool`.
"""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from functools import cache, partial
from multiprocessing import active_children, get_context
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from glyphfeed.tools.errors import CommandError, note
from glyphfeed.tools.training.fonts import Font, find_fonts, legible, system_folders
from glyphfeed.tools.training.painting import read_photos
from glyphfeed.tools.training.pool import shard_name, write_shard
from glyphfeed.tools.training.sources import background_photos
from glyphfeed.tools.training.words import Studio, make_word

if TYPE_CHECKING:
    from collections.abc import Sequence

SHARD: Final = 20_000
"""Words of a shard: half a minute's work, which is what an interruption costs."""
LAST: Final = 19
"""The niceness of work that may wait for everything else."""


def synthesise(out: Path, words: int, seed: int, fonts: Path | None, photos: Path | None, processes: int) -> None:
    """Fill a folder with words; shards that are there are left as they are.

    Raises:
        CommandError: there are no fonts, or a folder cannot be read or written.

    """
    from glyphfeed.engines.loading import load_engines

    found = find_fonts([fonts] if fonts else system_folders())
    readable = legible(found, load_engines(threads=1).recogniser)
    if not readable:
        raise CommandError(f"none of {len(found)} fonts can be read; name a folder of others with --fonts")
    note(f"{len(readable)} of {len(found)} fonts can be read")
    numbers = [number for number in range(-(-words // SHARD)) if not (out / shard_name(number)).exists()]
    work = partial(fill, out, words, seed, tuple(readable), photos)
    # Not forked: the networks' threads would be missing in the copies.
    with ProcessPoolExecutor(processes, get_context("spawn"), initializer=step_back) as pool:
        try:
            for number, count in zip(numbers, pool.map(work, numbers), strict=True):
                note(f"{out / shard_name(number)}: {count} words")
        except KeyboardInterrupt:
            # Half a shard is worth nothing: nobody need wait for the other half.
            for child in active_children():
                child.kill()
            raise


def step_back() -> None:
    """Let everything else go first, and compute in one thread."""
    if hasattr(os, "nice"):  # not on Windows
        os.nice(LAST - os.nice(0))
    # Linux first parts the processor among sessions (sched(7), autogroup), each with a niceness of its own.  Whoever began one
    # for this (setsid) has it all step back; a terminal's session is left alone, as its shell is in there, too.
    if hasattr(os, "getsid") and os.getsid(0) == os.getpid():
        with suppress(OSError):
            Path("/proc/self/autogroup").write_text(str(LAST), "ascii")
    cv2.setNumThreads(1)


def fill(out: Path, words: int, seed: int, fonts: Sequence[Font], photos: Path | None, number: int) -> int:
    """Make one shard of so many words in all, and say how many are in it."""
    rng = np.random.default_rng([seed, number])
    studio = furnished(tuple(fonts), photos)
    count = min(SHARD, words - number * SHARD)
    return write_shard(out / shard_name(number), (make_word(rng, studio) for _ in range(count)))


@cache
def furnished(fonts: tuple[Font, ...], photos: Path | None) -> Studio:
    """The fonts and photos, read once in each process."""
    return Studio(fonts, read_photos(*background_photos(photos)) if photos else [])
