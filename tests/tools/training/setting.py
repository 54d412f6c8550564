"""Fonts and words that tests of training share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import matplotlib as mpl
import numpy as np
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen

from glyphfeed.tools.training.charset import CAPITALS, DIGITS
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


def write_capitals(path: Path) -> None:
    """A font of capitals, which small letters are drawn as, too, and digits: bars, by the bits of the character's code."""
    names = {char: f"u{ord(char)}" for char in CAPITALS + DIGITS}
    glyphs = {".notdef": TTGlyphPen(None).glyph()}
    for char, name in names.items():
        pen = TTGlyphPen(None)
        for bit in (bit for bit in range(7) if ord(char) >> bit & 1):
            low, high = bit * 100, bit * 100 + 60
            pen.moveTo((50, low))
            for corner in ((50, high), (550, high), (550, low)):
                pen.lineTo(corner)
            pen.closePath()
        glyphs[name] = pen.glyph()
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder(list(glyphs))
    font.setupCharacterMap({ord(form): name for char, name in names.items() for form in (char, char.lower())})
    font.setupGlyf(glyphs)
    font.setupHorizontalMetrics(dict.fromkeys(glyphs, (600, 50)))
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({"familyName": "Bars", "styleName": "Regular"})
    font.setupOS2()
    font.setupPost()
    font.save(path)


def some_words(count: int, seed: int = 3) -> list[Word]:
    """Made-up words, on noise."""
    rng, studio = np.random.default_rng(seed), Studio(plain_fonts(), [])
    return [make_word(rng, studio) for _ in range(count)]


def some_pool(folder: Path, count: int, seed: int = 3) -> Path:
    """A folder with made-up words."""
    write_shard(folder / shard_name(0), some_words(count, seed))
    return folder
