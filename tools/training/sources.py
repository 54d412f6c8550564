"""Public sets of words and photos, as they lie on disk: what may be trained on, and what says how far training has come.

Owns their formats, and that nothing held out is ever among what is trained on.  Sets are named and described in docs/models.md.
"""

from __future__ import annotations

import json
import re
from enum import StrEnum
from typing import TYPE_CHECKING, Final

import cv2
import numpy as np

from glyphfeed.stream.geometry import sides
from glyphfeed.tools.errors import CommandError, note
from glyphfeed.tools.training.charset import spelt
from glyphfeed.tools.training.pool import Word, unplaced, write_pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from numpy.random import Generator
    from numpy.typing import NDArray

VALIDATION: Final = 400
"""So many words at the end of ICDAR 2015's list say how far training has come, and are never trained on."""
TALLEST: Final = 48
"""Crops are kept at most so many pixels high: the recogniser sees 32."""
STEEPEST: Final = 1.3
"""Crops of several characters that are higher than this many widths show text that runs up or down."""
VIEWS: Final = 3
"""So often each word of a photo is cut out askew."""
LEAN: Final = 0.5
"""Words are turned by at most so much that their boxes are higher by this share of their height, and by 30 degrees."""
PHOTOS: Final = {".jpg", ".jpeg", ".png"}
TRAINED_PHOTOS: Final = range(1, 769)
"""Numbers of ICDAR 2015's training photos that are trained on.  In 769 the words begin that say how far it has come, and 865 to
867 show the same shop as 869 to 872, whose words are held out."""


class Kind(StrEnum):
    """The sets that can be gathered."""

    WORDS = "words"
    """A folder of one's own: gt.tsv, in each line a picture, a tab, and what it says."""
    ICDAR2015 = "icdar2015"
    ICDAR2015_VALIDATION = "icdar2015-validation"
    ICDAR2015_PHOTOS = "icdar2015-photos"
    ICDAR2015_ASKEW = "icdar2015-askew"
    """The same, each word several times, turned, and with what is around it."""
    IIIT5K = "iiit5k"
    ICDAR2003 = "icdar2003"


def read_lines(file: Path) -> list[str]:
    """The lines of a text file.

    Raises:
        CommandError: it cannot be read.

    """
    try:
        return file.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise CommandError(f"{file} cannot be read ({error}); name the folder that holds it") from error


def read_grey(file: Path) -> NDArray[np.uint8]:
    """A picture in grey.

    Raises:
        CommandError: it cannot be read.

    """
    picture = cv2.imread(str(file), cv2.IMREAD_GRAYSCALE)
    if picture is None:
        raise CommandError(f"{file} is no picture that can be read; delete its line, or bring the file")
    return np.asarray(picture, np.uint8)


def kept(word: Word) -> Word:
    """A word no taller than `TALLEST`."""
    rows, columns = word.crop.shape
    if rows <= TALLEST:
        return word
    scale = TALLEST / rows
    width = max(round(columns * scale), 4)
    crop = np.asarray(cv2.resize(word.crop, (width, TALLEST), interpolation=cv2.INTER_AREA), np.uint8)
    return Word(crop, word.text, word.quads * np.array([width / columns, scale], np.float32))


def listed(folder: Path, name: str, part: slice) -> Iterator[Word]:
    """The words of some lines of a list that names a picture and what it says, a tab between."""
    for line in read_lines(folder / name)[part]:
        file, _, told = line.partition("\t")
        if (text := spelt(told)) is not None:
            yield kept(unplaced(read_grey(folder / file), text))


def level(words: Iterator[Word]) -> Iterator[Word]:
    """Those that do not run up or down: such text is turned before it is read, and nobody has told which way."""
    return (word for word in words if len(word.text) == 1 or word.crop.shape[0] <= STEEPEST * word.crop.shape[1])


def iiit5k(folder: Path) -> Iterator[Word]:
    """IIIT5K's training words, whose characters have boxes."""
    for line in read_lines(folder / "charboxes_train.jsonl"):
        told = json.loads(line)
        text = spelt(told["chars"])
        if text is not None and len(text) == len(told["boxes_xywh"]):
            boxes = np.array(told["boxes_xywh"], np.float32)
            yield kept(Word(read_grey(folder / told["image"]), text, corners(boxes[:, :2], boxes[:, :2] + boxes[:, 2:])))


def icdar2003(folder: Path) -> Iterator[Word]:
    """The words of ICDAR 2003's photos, which are upright, and whose characters are parted by cuts."""
    for file in sorted(folder.glob("*.json")):
        picture = read_grey(file.with_suffix(".jpg"))
        for told in json.loads(file.read_text(encoding="utf-8")):
            text = spelt(told["text"])
            x, y, width, height = (round(value) for value in told["box"])
            left, top = max(x, 0), max(y, 0)
            crop = picture[top : y + height, left : x + width]
            if text is None or len(text) != len(told["cuts"]) + 1 or min(crop.shape) < 6:
                continue
            edges = np.array([0.0, *told["cuts"], width], np.float32) + (x - left)
            low = np.stack([edges[:-1], np.zeros(len(text), np.float32)], 1)
            high = np.stack([edges[1:], np.full(len(text), crop.shape[0], np.float32)], 1)
            yield kept(Word(crop, text, corners(low, high)))


def corners(low: NDArray[np.float32], high: NDArray[np.float32]) -> NDArray[np.float32]:
    """The corners (n, 4, 2) of boxes by their top left and bottom right, (n, 2) each."""
    (left, top), (right, bottom) = low.T, high.T
    return np.stack([left, top, right, top, right, bottom, left, bottom], 1).reshape(-1, 4, 2).astype(np.float32)


def icdar2015_photos(folder: Path) -> Iterator[Word]:
    """Words of ICDAR 2015's photos, each turned upright; of the test photos, those that train.txt lists."""
    for file in photos_of(folder):
        picture = read_grey(file)
        for quad, told in quads_of(file):
            text = spelt(told)
            if text is not None and told != "###" and (crop := upright(picture, quad)) is not None:
                yield kept(unplaced(crop, text))


def upright(picture: NDArray[np.uint8], quad: NDArray[np.float32]) -> NDArray[np.uint8] | None:
    """What is within a quad (4, 2), clockwise from the text's top left, as a picture; None where it is too small to be read."""
    top, right, bottom, left = (np.linalg.norm(quad[k] - quad[k - 1]) for k in (1, 2, 3, 0))
    width, height = round(max(top, bottom)), round(max(left, right))
    if min(width, height) < 6:
        return None
    onto = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    return np.asarray(cv2.warpPerspective(picture, cv2.getPerspectiveTransform(quad, onto), (width, height)), np.uint8)


def photos_of(folder: Path) -> list[Path]:
    """The photos of a folder that may be trained on, by their names.

    That is what train.txt lists; of ICDAR 2015's training photos those of `TRAINED_PHOTOS`; and else all.

    Raises:
        CommandError: there are none.

    """
    if (folder / "train.txt").is_file():
        return [folder / name for name in read_lines(folder / "train.txt") if name]
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in PHOTOS)
    if any(folder.glob("gt_img_*.txt")):
        numbered = {file: re.fullmatch(r"img_(\d+)", file.stem) for file in files}
        files = [file for file, match in numbered.items() if match and int(match[1]) in TRAINED_PHOTOS]
    if not files:
        raise CommandError(f"{folder} holds no photos; name a folder with some")
    return files


def quads_of(photo: Path) -> list[tuple[NDArray[np.float32], str]]:
    """The words of an ICDAR 2015 photo, each as its corners (4, 2), clockwise, and what it says; none where nobody has told."""
    truth = photo.with_name(f"gt_{photo.stem}.txt")
    if not truth.is_file():
        return []
    parted = [line.split(",", 8) for line in read_lines(truth) if line]
    return [(np.array(parts[:8], np.float32).reshape(4, 2), parts[8]) for parts in parted]


def icdar2015_askew(folder: Path) -> Iterator[Word]:
    """Words of ICDAR 2015's photos that do not run up or down, each seen `VIEWS` times."""
    rng = np.random.default_rng(0)
    for file in photos_of(folder):
        picture = read_grey(file)
        told = [(quad, spelt(text)) for quad, text in quads_of(file) if text != "###"]
        yield from level(kept(unplaced(askew(rng, picture, quad), text)) for quad, text in told if text for _ in range(VIEWS))


def askew(rng: Generator, picture: NDArray[np.uint8], quad: NDArray[np.floating]) -> NDArray[np.uint8]:
    """What is within a level box around a quad (4, 2), clockwise from the text's top left, in a picture that was turned and
    slanted a little: so annotators cut out words that lean, and other lines come into view.
    """
    middle = quad.mean(axis=0)
    width, height = sides(quad)
    most = np.arcsin(min(LEAN * height / max(width, 1), 0.5))
    turn = rng.uniform(-most, most)
    turned = np.array([[np.cos(turn), rng.normal(0, 0.12) - np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    corners_seen = (quad - middle) @ turned.T
    room = np.abs(rng.normal(0, 0.07, (2, 2))) * height
    low, high = corners_seen.min(axis=0) - room[0], corners_seen.max(axis=0) + room[1]
    columns, rows = np.maximum(np.ceil(high - low), 6).astype(int).tolist()
    affine = np.column_stack([turned, -turned @ middle - low])
    return np.asarray(cv2.warpAffine(picture, affine, (columns, rows), borderMode=cv2.BORDER_REPLICATE), np.uint8)


def background_photos(folder: Path) -> tuple[list[Path], list[NDArray[np.float32]]]:
    """The photos of a folder that may stand behind synthetic text, and for each the boxes (n, 4) of the text in it."""
    files = photos_of(folder)
    return files, [
        np.array([[*quad.min(axis=0), *quad.max(axis=0)] for quad, _ in quads_of(file)], np.float32).reshape(-1, 4)
        for file in files
    ]


READERS: Final[dict[Kind, Callable[[Path], Iterator[Word]]]] = {
    Kind.WORDS: lambda folder: level(listed(folder, "gt.tsv", slice(None))),
    Kind.ICDAR2015: lambda folder: level(listed(folder, "train.tsv", slice(-VALIDATION))),
    Kind.ICDAR2015_VALIDATION: lambda folder: listed(folder, "train.tsv", slice(-VALIDATION, None)),
    Kind.ICDAR2015_PHOTOS: icdar2015_photos,
    Kind.ICDAR2015_ASKEW: icdar2015_askew,
    Kind.IIIT5K: iiit5k,
    Kind.ICDAR2003: icdar2003,
}


def gather(kind: Kind, folder: Path, out: Path) -> None:
    """Write the words of a set as a pool.

    Raises:
        CommandError: the set cannot be read, the pool cannot be written, or is there already.

    """
    note(f"{out}: {write_pool(out, READERS[kind](folder))} words")
