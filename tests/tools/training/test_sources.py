"""Public sets as they lie on disk, and that nothing held out is trained on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from glyphfeed.tools.errors import CommandError
from glyphfeed.tools.training.pool import Pool
from glyphfeed.tools.training.sources import (
    READERS,
    TALLEST,
    TRAINED_PHOTOS,
    VALIDATION,
    VIEWS,
    Kind,
    askew,
    background_photos,
    gather,
    listed,
    photos_of,
    read_lines,
    upright,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

SHARED = Path(__file__).parents[4] / "shared"


def write_list(folder: Path, name: str, texts: Sequence[str], first: int = 1) -> None:
    """A list of words, whose pictures are as grey as their text is long."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    for number, text in enumerate(texts, first):
        cv2.imwrite(str(folder / f"images/word_{number}.png"), np.full((12, 30), 10 * len(text), np.uint8))
    lines = [f"images/word_{number}.png\t{text}\n" for number, text in enumerate(texts, first)]
    (folder / name).write_text("".join(lines), encoding="utf-8-sig")


def test_words_of_ones_own_are_read(tmp_path: Path) -> None:
    write_list(tmp_path, "gt.tsv", ["Exit", "東京", "£5"])
    gather(Kind.WORDS, tmp_path, tmp_path / "out")
    pool = Pool([tmp_path / "out"])
    assert [pool[number].text for number in range(len(pool))] == ["Exit", "£5"]
    assert (pool[0].crop == 40).all()
    with pytest.raises(CommandError, match="is there already; name another folder with --out"):
        gather(Kind.WORDS, tmp_path, tmp_path / "out")


def test_words_that_run_up_or_down_are_left_out(tmp_path: Path) -> None:
    write_list(tmp_path, "gt.tsv", ["Exit", "Up", "A"])
    for number in (2, 3):
        cv2.imwrite(str(tmp_path / f"images/word_{number}.png"), np.zeros((40, 12), np.uint8))
    assert [word.text for word in READERS[Kind.WORDS](tmp_path)] == ["Exit", "A"]


def test_the_last_words_are_for_validation(tmp_path: Path) -> None:
    texts = [f"w{number}" for number in range(VALIDATION + 3)]
    write_list(tmp_path, "train.tsv", texts)
    write_list(tmp_path, "heldout.tsv", ["never"], first=len(texts) + 1)
    assert [word.text for word in READERS[Kind.ICDAR2015](tmp_path)] == texts[:3]
    assert [word.text for word in READERS[Kind.ICDAR2015_VALIDATION](tmp_path)] == texts[3:]


def test_characters_are_placed_by_their_boxes(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.png"), np.zeros((96, 200), np.uint8))
    told = {"image": "a.png", "chars": "Hi", "boxes_xywh": [[10, 20, 60, 70], [80, 20, 20, 70]]}
    (tmp_path / "charboxes_train.jsonl").write_text(json.dumps(told) + "\n")
    (word,) = READERS[Kind.IIIT5K](tmp_path)
    assert word.crop.shape == (TALLEST, 100)
    assert word.quads[1].tolist() == [[40, 10], [50, 10], [50, 45], [40, 45]]


def test_characters_are_placed_by_cuts(tmp_path: Path) -> None:
    picture = np.zeros((60, 100), np.uint8)
    picture[10:40, 20:80] = 200
    cv2.imwrite(str(tmp_path / "b.jpg"), picture, [cv2.IMWRITE_JPEG_QUALITY, 100])
    told = [{"text": "IN", "box": [20.0, 10.0, 60.0, 30.0], "cuts": [25.0]}, {"text": "OUT", "box": [0, 0, 9, 9], "cuts": []}]
    (tmp_path / "b.json").write_text(json.dumps(told))
    (word,) = READERS[Kind.ICDAR2003](tmp_path)
    assert word.text == "IN"
    assert word.crop.mean() > 190
    assert word.quads.tolist() == [[[0, 0], [25, 0], [25, 30], [0, 30]], [[25, 0], [60, 0], [60, 30], [25, 30]]]


def write_photos(folder: Path, numbers: Sequence[int]) -> None:
    """Black photos of a white word each, whose text is the photo's number."""
    for number in numbers:
        picture = np.zeros((90, 160), np.uint8)
        picture[30:60, 40:120] = 255
        cv2.imwrite(str(folder / f"img_{number}.jpg"), picture)
        (folder / f"gt_img_{number}.txt").write_text(f"40,30,120,30,120,60,40,60,no{number}\n1,1,9,1,9,9,1,9,###\n", "utf-8-sig")


def test_later_photos_are_not_trained_on(tmp_path: Path) -> None:
    write_photos(tmp_path, [1, TRAINED_PHOTOS.stop - 1, TRAINED_PHOTOS.stop, 865, 900])
    words = list(READERS[Kind.ICDAR2015_PHOTOS](tmp_path))
    assert [word.text for word in words] == ["no1", f"no{TRAINED_PHOTOS.stop - 1}"]
    assert words[0].crop.shape == (30, 80)
    assert words[0].crop.mean() > 240
    files, boxes = background_photos(tmp_path)
    assert [file.name for file in files] == ["img_1.jpg", f"img_{TRAINED_PHOTOS.stop - 1}.jpg"]
    assert boxes[0].tolist() == [[40, 30, 120, 60], [1, 1, 9, 9]]


def test_words_askew_are_of_the_same_photos(tmp_path: Path) -> None:
    write_photos(tmp_path, [1, TRAINED_PHOTOS.stop, 900])
    words = list(READERS[Kind.ICDAR2015_ASKEW](tmp_path))
    assert [word.text for word in words] == ["no1"] * VIEWS
    assert len({word.crop.tobytes() for word in words}) == VIEWS


def test_what_is_askew_is_all_in_its_box() -> None:
    picture = np.zeros((400, 600), np.uint8)
    quad = np.array([[200, 180], [320, 150], [330, 190], [210, 220]], np.float32)
    cv2.fillConvexPoly(picture, quad.astype(np.int32), 255)
    rng = np.random.default_rng(4)
    for _ in range(60):
        crop = askew(rng, picture, quad)
        # Turning changes no area, and slanting it so hardly one.
        assert crop.astype(float).sum() == pytest.approx(picture.astype(float).sum(), rel=0.1)
        assert (crop > 127).any(axis=0).mean() > 0.8
        assert (crop > 127).any(axis=1).mean() > 0.7


def test_of_test_photos_only_the_listed_are_trained_on(tmp_path: Path) -> None:
    write_photos(tmp_path, [2, 4, 302])
    (tmp_path / "train.txt").write_text("img_2.jpg\n")
    (tmp_path / "report.txt").write_text("img_302.jpg\n")
    assert [file.name for file in photos_of(tmp_path)] == ["img_2.jpg"]
    assert [word.text for word in READERS[Kind.ICDAR2015_PHOTOS](tmp_path)] == ["no2"]


def test_turned_words_are_cut_upright() -> None:
    picture = np.zeros((100, 100), np.uint8)
    picture[20:80, 40:50] = 255
    # The text runs down: its top left is at the right.
    cut = upright(picture, np.array([[50, 20], [50, 80], [40, 80], [40, 20]], np.float32))
    assert cut is not None
    assert cut.shape == (10, 60)
    assert cut.mean() > 220
    assert upright(picture, np.array([[0, 0], [3, 0], [3, 3], [0, 3]], np.float32)) is None


def test_what_is_missing_is_told(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match=r"gt\.tsv cannot be read .* name the folder that holds it"):
        list(READERS[Kind.WORDS](tmp_path))
    (tmp_path / "gt.tsv").write_text("a.png\tA\n")
    with pytest.raises(CommandError, match=r"a\.png is no picture that can be read"):
        list(READERS[Kind.WORDS](tmp_path))
    with pytest.raises(CommandError, match="holds no photos; name a folder with some"):
        photos_of(tmp_path)


@pytest.mark.skipif(not SHARED.is_dir(), reason="the sets of ../shared are not here")
def test_nothing_held_out_is_trained_on() -> None:
    words, photos = SHARED / "data/icdar2015_words", SHARED / "data/icdar2015_photos"
    held = {line.split("\t")[0] for line in read_lines(words / "heldout.tsv")}
    trained = [line.split("\t")[0] for line in read_lines(words / "train.tsv")]
    assert held
    assert not held & {*trained}
    # By their pixels, too: a picture may lie there twice.
    looks = {word.crop.tobytes() for word in listed(words, "heldout.tsv", slice(None))}
    assert not looks & {word.crop.tobytes() for word in READERS[Kind.ICDAR2015](words)}
    kept = {f"img_{clip.name[6:9].lstrip('0')}.jpg" for clip in (SHARED / "clips").glob("street*.mp4")}
    kept |= {*read_lines(photos / "report.txt")}
    assert not kept & {file.name for file in photos_of(photos)}
    numbers = [int(file.stem[4:]) for file in photos_of(SHARED / "data/icdar2015_train_photos")]
    # Words are listed in the order of their photos: the validation words are in later ones.
    texts = [text for file in numbers for text in words_in(SHARED / f"data/icdar2015_train_photos/gt_img_{file}.txt")]
    assert len(texts) <= len(trained) - VALIDATION


def words_in(file: Path) -> list[str]:
    """What an ICDAR 2015 truth says, but for what cannot be read."""
    told = [line.split(",", 8)[8] for line in read_lines(file)]
    return [text for text in told if text != "###"]
