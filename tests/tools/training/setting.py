"""Fonts and words that tests of training share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np

from glyphfeed.tools.training.fonts import Font, find_fonts
from glyphfeed.tools.training.pool import shard_name, write_shard
from glyphfeed.tools.training.words import Studio, make_word

if TYPE_CHECKING:
    from glyphfeed.tools.training.pool import Word

FONTS = Path(mpl.get_data_path()) / "fonts" / "ttf"
"""The fonts that matplotlib brings: DejaVu, and some of symbols alone."""


def plain_fonts() -> list[Font]:
    """Those of them with all letters and digits."""
    return find_fonts([FONTS])


def some_words(count: int, seed: int = 3) -> list[Word]:
    """Made-up words, on noise."""
    rng, studio = np.random.default_rng(seed), Studio(plain_fonts(), [])
    return [make_word(rng, studio) for _ in range(count)]


def some_pool(folder: Path, count: int, seed: int = 3) -> Path:
    """A folder with made-up words."""
    write_shard(folder / shard_name(0), some_words(count, seed))
    return folder
