"""The fonts that words are set in: which there are, and which characters each of them has.

Owns finding font files, and leaving out those in which nobody can read.  Does not set text (lettering).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from glyphfeed.tools.errors import CommandError
from glyphfeed.tools.training.charset import CAPITALS, CHARACTERS, DIGITS

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from glyphfeed.engines.recogniser import Recogniser

ENDINGS: Final = {".ttf", ".otf", ".t1", ".pfb", ".ttc"}
NEEDED: Final = frozenset(CAPITALS + DIGITS)
"""A font without one of these is left out."""
MISSING: Final = "\U0010ffff"
"""No font has this character: what it draws instead is drawn for every one that it lacks."""
PROOF: Final = ("HAMBURG", "QUICKLY", "STRONG", "VEXED", "1705", "JUNE", "24689", "WALTZ")
"""What a reader must make out in a font."""
LEGIBLE: Final = 0.5
"""A font is kept if so large a share of the proof is read right."""


@dataclass(frozen=True, slots=True)
class Font:
    """A font file, and which of the recogniser's characters it has."""

    path: Path
    characters: frozenset[str]

    def at(self, size: int) -> ImageFont.FreeTypeFont:
        """The font, so many pixels to the em."""
        return opened(self.path, size)

    def has(self, text: str) -> bool:
        """Whether all characters of a text can be set."""
        return self.characters.issuperset(text.replace(" ", ""))


@lru_cache(maxsize=512)
def opened(path: Path, size: int) -> ImageFont.FreeTypeFont:
    """A font at a size; opening one takes longer than setting a word."""
    return ImageFont.truetype(path, size, layout_engine=ImageFont.Layout.BASIC)


def system_folders() -> list[Path]:
    """Where systems keep their fonts."""
    home = Path.home()
    if sys.platform == "win32":
        return [Path("C:/Windows/Fonts"), home / "AppData/Local/Microsoft/Windows/Fonts"]
    if sys.platform == "darwin":
        return [Path("/System/Library/Fonts"), Path("/Library/Fonts"), home / "Library/Fonts"]
    return [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), home / ".local/share/fonts"]


def find_fonts(folders: Iterable[Path]) -> list[Font]:
    """The fonts below some folders that have all capitals and digits, by their paths.

    Raises:
        CommandError: there are none.

    """
    files = sorted(file for folder in folders for file in folder.rglob("*") if file.suffix.lower() in ENDINGS)
    fonts = [Font(file, has) for file in files if (has := characters_of(file)) >= NEEDED]
    if not fonts:
        raise CommandError(f"there is no font with all capitals and digits among {len(files)} files; name a folder with --fonts")
    return fonts


def characters_of(path: Path) -> frozenset[str]:
    """The characters that a font draws, each in its own way; none where the file is no font that can be used.

    Where a small letter is drawn as a capital, it is as good as missing: nobody could tell which it is.
    """
    try:
        font = ImageFont.truetype(path, 24, layout_engine=ImageFont.Layout.BASIC)
        missing = drawn(font, MISSING)
        looks = {char: look for char in CHARACTERS if any(look := drawn(font, char)) and look != missing}
    except (OSError, ValueError):
        return frozenset()
    # Fonts of symbols draw the same for many characters.
    if len({looks.get(digit) for digit in DIGITS}) < len(DIGITS):
        return frozenset()
    return frozenset(char for char, look in looks.items() if not char.islower() or look != looks.get(char.upper()))


def drawn(font: ImageFont.FreeTypeFont, char: str) -> bytes:
    """The pixels that a character covers, row by row."""
    return bytes(font.getmask(char, "L"))


def legible(fonts: Sequence[Font], recogniser: Recogniser) -> list[Font]:
    """The fonts whose `PROOF` a recogniser reads, in large black letters on white, but for case."""
    return [font for font in fonts if share_read(font, recogniser) >= LEGIBLE]


def share_read(font: Font, recogniser: Recogniser) -> float:
    """Which share of the proof is read right, 0..1."""
    read = recogniser.read([proof(font, word) for word in PROOF])
    return sum(lattice.text.casefold() == word.casefold() for lattice, word in zip(read, PROOF, strict=True)) / len(PROOF)


def proof(font: Font, word: str) -> NDArray[np.uint8]:
    """A word in black on white, (height, width, 3), 48 pixels to the em."""
    face = font.at(48)
    left, top, right, bottom = (round(edge) for edge in face.getbbox(word))
    picture = Image.new("L", (right - left + 16, bottom - top + 16), 255)
    ImageDraw.Draw(picture).text((8 - left, 8 - top), word, 0, face)
    return np.asarray(cv2.cvtColor(np.asarray(picture), cv2.COLOR_GRAY2BGR), np.uint8)
