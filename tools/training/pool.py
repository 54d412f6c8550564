"""Words to learn from, on disk: a folder of shards that are mapped into memory and never copied.

Owns the format.  A shard is a folder of four arrays: `crops` says of each crop its size and where its pixels and characters
begin, `pixels` holds the grey values, row by row, `characters` the text's code points, `quads` the corners of each character, or
NaN where nobody knows them.  A shard gets its name when it is whole, so that whoever is ended leaves nothing that is half.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from glyphfeed.tools.errors import CommandError, writing

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

ARRAYS: Final = ("crops", "pixels", "characters", "quads")
CROP: Final = np.dtype(
    [("pixels", "<i8"), ("height", "<u2"), ("width", "<u2"), ("characters", "<i8"), ("length", "<u2")],
)


@dataclass(frozen=True, slots=True)
class Word:
    """A crop (height, width) uint8, grey, what it says, and the corners (characters, 4, 2) of each character in it, in pixels,
    clockwise from its top left; NaN where they are not known.
    """

    crop: NDArray[np.uint8]
    text: str
    quads: NDArray[np.float32]


def unplaced(crop: NDArray[np.uint8], text: str) -> Word:
    """A word of which nobody has said where its characters are."""
    return Word(crop, text, np.full((len(text), 4, 2), np.nan, np.float32))


@dataclass(frozen=True, slots=True)
class Shard:
    """The arrays of one shard, see above."""

    crops: NDArray[np.void]
    pixels: NDArray[np.uint8]
    characters: NDArray[np.uint32]
    quads: NDArray[np.float16]

    def word(self, number: int) -> Word:
        """One of its words."""
        pixels, height, width, characters, length = self.crops[number].item()
        crop = np.asarray(self.pixels[pixels : pixels + height * width]).reshape(height, width)
        text = "".join(map(chr, self.characters[characters : characters + length]))
        return Word(crop, text, np.asarray(self.quads[characters : characters + length], np.float32))


class Pool:
    """The words of some folders, as one sequence; which of them are whole is seen once."""

    def __init__(self, folders: Sequence[Path]) -> None:
        """Map the shards.

        Raises:
            CommandError: a folder holds none, or one cannot be read.

        """
        self._shards: list[Shard] = []
        for folder in folders:
            parts = sorted(part for part in folder.glob("shard-*") if part.is_dir())
            if not parts:
                raise CommandError(f"{folder} holds no words; make some with glyphfeed train synthesise, gather or label")
            self._shards += map(read_shard, parts)
        self._ends = np.cumsum([len(shard.crops) for shard in self._shards])

    def __len__(self) -> int:
        return int(self._ends[-1])

    def __getitem__(self, number: int) -> Word:
        """A word, by its number from 0."""
        if not 0 <= number < len(self):
            raise IndexError(number)
        shard = int(np.searchsorted(self._ends, number, side="right"))
        return self._shards[shard].word(number - (int(self._ends[shard - 1]) if shard else 0))


def read_shard(folder: Path) -> Shard:
    """Map a shard into memory.

    Raises:
        CommandError: it cannot be read.

    """
    try:
        # The smallest array is read: a mapping each would take a file descriptor more.
        crops, *others = (np.load(folder / f"{name}.npy", mmap_mode=None if name == "crops" else "r") for name in ARRAYS)
    except (OSError, ValueError, EOFError) as error:
        raise CommandError(f"{folder} is no shard of words that can be read ({error}); delete it, and make it again") from error
    return Shard(crops, *others)


def write_shard(folder: Path, words: Iterable[Word]) -> int:
    """Write words as a shard, and say how many they were.

    Raises:
        CommandError: it cannot be written.

    """
    crops: list[tuple[int, int, int, int, int]] = []
    pixels, texts, quads = [], [], []
    pixel = character = 0
    for word in words:
        crops.append((pixel, *word.crop.shape, character, len(word.text)))
        pixels.append(word.crop.reshape(-1))
        texts.append(word.text)
        quads.append(word.quads.astype(np.float16))
        pixel, character = pixel + word.crop.size, character + len(word.text)
    arrays = {
        "crops": np.array(crops, CROP),
        "pixels": np.concatenate([np.zeros(0, np.uint8), *pixels]),
        "characters": np.array([ord(char) for text in texts for char in text], np.uint32),
        "quads": np.concatenate([np.zeros((0, 4, 2), np.float16), *quads]),
    }
    part = folder.with_name(f".{folder.name}")
    with writing(folder):
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(parents=True)
        for name, array in arrays.items():
            np.save(part / f"{name}.npy", array)
        part.rename(folder)
    return len(crops)


def write_pool(folder: Path, words: Iterable[Word]) -> int:
    """Write words as a new pool of one shard, and say how many they were.

    Raises:
        CommandError: it is there already, or cannot be written.

    """
    shard = folder / shard_name(0)
    if shard.exists():
        raise CommandError(f"{shard} is there already; name another folder with --out, or delete it")
    return write_shard(shard, words)


def shard_name(number: int) -> str:
    """What a shard is called."""
    return f"shard-{number:05}"
