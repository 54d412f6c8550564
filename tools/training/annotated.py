"""Photos with text whose characters' places are known, or guessed: reading the ICDAR sets' truth.

Owns what a training picture tells, and where characters are taken to be in a word of which only the quad and the text are known.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeAlias, TypeVar

import msgspec
import numpy as np

from glyphfeed.engines.characters import outline_of
from glyphfeed.tools.errors import CommandError
from glyphfeed.tools.training.sources import quads_of, read_lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

Decoded = TypeVar("Decoded")
Cuts: TypeAlias = "Mapping[str, Sequence[tuple[list[float], float]]]"
"""Of photos by their names, for each legible word n + 1 edges of characters, 0..1 along it, and how far to trust them."""
TRAINED: Final = range(1, 801)
"""Numbers of those of ICDAR 2015's training photos that are trained on."""
CUTS: Final = "cuts.json"
"""What cuts are called that lie beside their photos."""
NOT_LEGIBLE: Final = "###"
WIDTHS: Final = (("!',.:;|Iijl", 0.3), ("-()[]/1Jfrt", 0.5), ("mwM@%&", 0.95), ("W", 1.1))
"""Widths of characters over the height of their word: the medians of 11,606 characters of ICDAR 2003, in groups."""
CAPITAL_WIDTH: Final = 0.76
SMALL_WIDTH: Final = 0.6
"""Those of the other capitals, and of all else."""
GUESSED: Final = 0.5
"""How far characters that were only split by their widths are trusted, as in CRAFT (section 3.2.2)."""


@dataclass(frozen=True, slots=True)
class Word:
    """A word in a picture: the quads (n, 4, 2) of its characters in reading order, each from its top left corner clockwise, in
    pixels, and how far they can be trusted, 0..1; what it says, as far as that is known.
    """

    characters: NDArray[np.float64]
    trust: float = 1.0
    text: str = ""

    @property
    def outline(self) -> NDArray[np.float64]:
        """The polygon (2n + 2, 2) around its characters, clockwise from the top left."""
        return outline_of(self.characters)

    @property
    def height(self) -> float:
        """The mean length of its characters' upright sides, in pixels."""
        sides = self.characters[:, [0, 1]] - self.characters[:, [3, 2]]
        return float(np.hypot(sides[..., 0], sides[..., 1]).mean())


class CutTruth(msgspec.Struct):
    """A word of ICDAR 2003: its box (x, y, width, height), and where in it one character ends and the next begins, in pixels."""

    text: str
    box: tuple[float, float, float, float]
    cuts: list[float]


@dataclass(frozen=True, slots=True)
class Annotated:
    """A picture file, the words in it, and the outlines (n, 2) of text of which nothing more is known, in its pixels."""

    picture: Path
    words: tuple[Word, ...]
    unknown: tuple[NDArray[np.float64], ...] = ()


def read_icdar2003(folder: Path) -> list[Annotated]:
    """Read photos with upright words whose characters were cut apart by hand.

    Raises:
        CommandError: there are none, or their truth cannot be read.

    """
    return [
        Annotated(page.with_suffix(".jpg"), tuple(map(cut_word, decoded(page, list[CutTruth]))))
        for page in found(folder.glob("*.json"), folder)
    ]


def read_icdar2015(folder: Path, numbers: range, cuts: Cuts | None = None) -> list[Annotated]:
    """Read the photos with these numbers, with words' quads and texts, and characters by cuts or else by their usual widths.

    Raises:
        CommandError: there are none, or their truth cannot be read.

    """
    numbered = (folder / f"img_{number}.jpg" for number in numbers)
    return [read_photo(photo, cuts) for photo in found((photo for photo in numbered if photo.is_file()), folder)]


def read_trained(folder: Path, cuts: Cuts | None = None) -> list[Annotated]:
    """Read the photos of a folder that may be trained on and have truth as ICDAR 2015's: those that its train.txt lists; of
    ICDAR 2015's training photos those of `TRAINED`; and else all.

    Raises:
        CommandError: there are none, or their truth cannot be read.

    """
    if (folder / "train.txt").is_file():
        photos = [folder / name for name in read_lines(folder / "train.txt") if name]
    else:
        photos = [page.with_name(f"{page.stem.removeprefix('gt_')}.jpg") for page in folder.glob("gt_*.txt")]
        numbers = {photo: re.fullmatch(r"img_(\d+)", photo.stem) for photo in photos}
        photos = [photo for photo, match in numbers.items() if match is None or int(match[1]) in TRAINED]
    return [read_photo(photo, cuts) for photo in found((photo for photo in photos if photo.is_file()), folder)]


def read_own(folder: Path) -> list[Annotated]:
    """The same of one's own photos, whose characters lie as `CUTS` among them says, if it is there."""
    cuts = folder / CUTS
    return read_trained(folder, read_cuts(cuts) if cuts.is_file() else None)


def read_photo(photo: Path, cuts: Cuts | None = None) -> Annotated:
    """Read one of these photos' truth; raises `CommandError` where it cannot be read."""
    return Annotated(photo, *words_of(quads_of(photo), (cuts or {}).get(photo.stem)))


def read_cuts(path: Path) -> Cuts:
    """Read what `cutting.cut_photos` has written; raises `CommandError` where it cannot be read."""
    return decoded(path, dict[str, list[tuple[list[float], float]]])


def decoded(path: Path, kind: type[Decoded]) -> Decoded:
    """What a JSON file holds.

    Raises:
        CommandError: it cannot be read, or holds something else.

    """
    try:
        return msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.MsgspecError) as error:
        raise CommandError(f"{path} cannot be read ({error}); docs/models.md tells what it must hold") from error


def found(files: Iterable[Path], folder: Path) -> list[Path]:
    """Files in order; raises `CommandError` where there are none."""
    listed = sorted(files)
    if not listed:
        raise CommandError(f"{folder} holds no photos with truth as this command knows it; docs/models.md tells what it needs")
    return listed


def cut_word(truth: CutTruth) -> Word:
    """A word of ICDAR 2003's truth."""
    x, y, width, height = truth.box
    quad = np.array([(x, y), (x + width, y), (x + width, y + height), (x, y + height)])
    return Word(slices(quad, np.array([0, *truth.cuts, width]) / width), text=truth.text)


def words_of(
    quads: Iterable[tuple[NDArray[np.float32], str]], cuts: Sequence[tuple[list[float], float]] | None = None
) -> tuple[tuple[Word, ...], tuple[NDArray[np.float64], ...]]:
    """Part the quads of a photo into its words, by cuts of them in their order, and those that are not legible."""
    words: list[Word] = []
    unknown = []
    for corners, text in quads:
        quad = corners.astype(np.float64)
        if text == NOT_LEGIBLE:
            unknown.append(quad)
        else:
            edges, trust = cuts[len(words)] if cuts else (edges_of(text), GUESSED)
            words.append(Word(slices(quad, np.array(edges)), trust, text))
    return tuple(words), tuple(unknown)


def slices(quad: NDArray[np.float64], edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Cut a quad (4, 2) at n + 1 positions along its text, 0..1, into quads (n, 4, 2)."""
    top = quad[0] + edges[:, None] * (quad[1] - quad[0])
    bottom = quad[3] + edges[:, None] * (quad[2] - quad[3])
    return np.stack([top[:-1], top[1:], bottom[1:], bottom[:-1]], axis=1)


def edges_of(text: str) -> NDArray[np.float64]:
    """Where the n characters of a word likely begin and end, n + 1 positions along it, 0..1, by what is usual for each."""
    edges = np.cumsum([0.0, *map(usual_width, text)])
    return np.asarray(edges / edges[-1])


def usual_width(character: str) -> float:
    """The width of a character over the height of its word."""
    other = CAPITAL_WIDTH if character.isupper() else SMALL_WIDTH
    return next((width for group, width in WIDTHS if character in group), other)
