"""What a recogniser makes of words of which it is known what they say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from PIL import ImageFont

from glyphfeed.engines.lattice import LATE
from glyphfeed.engines.weights import RECOGNISER, locate
from glyphfeed.tools.errors import CommandError
from glyphfeed.tools.training.judging import Heard, Score, judge_list, place, score, with_places
from glyphfeed.tools.training.lettering import Company, set_text
from glyphfeed.tools.training.pool import Pool, Word, unplaced, write_pool
from tests.tools.training.setting import FONTS

if TYPE_CHECKING:
    from pathlib import Path


def printed(text: str) -> Word:
    """A word in black on white, with its characters' corners."""
    lettering = set_text(text, ImageFont.truetype(FONTS / "DejaVuSans.ttf", 36), Company(), margin=0.15)
    return Word(255 - lettering.coverage, text, lettering.quads)


def test_what_is_right_is_told_to_the_letter_and_but_for_case() -> None:
    assert score(["EXIT", "24-7", "Motel", "Café"], ["exit", "24-7", "Hotel", "Caf"]) == Score(0.25, 0.75)


def test_a_list_is_judged(tmp_path: Path) -> None:
    told = {"EXIT": "exit", "Hotel": "Motel", "4217": "4217", "--": "--"}
    for said in told:
        cv2.imwrite(str(tmp_path / f"{said}.png"), printed(said).crop)
    (tmp_path / "list.tsv").write_text("".join(f"{said}.png\t{truth}\n" for said, truth in told.items()))
    assert judge_list(tmp_path / "list.tsv", locate(RECOGNISER, None)) == (
        "list.tsv: of 3 words 0.667 right in letters and digits, case folded, 0.333 to the letter; by prefix beam 0.667 and 0.333"
    )


def test_there_must_be_something_to_judge_by(tmp_path: Path) -> None:
    (tmp_path / "list.tsv").write_text("")
    with pytest.raises(CommandError, match=r"list\.tsv has no word with a letter or digit"):
        judge_list(tmp_path / "list.tsv", locate(RECOGNISER, None))


def test_characters_are_placed_where_they_stand(tmp_path: Path) -> None:
    known = [printed("Station"), printed("Museum")]
    write_pool(tmp_path / "words", [unplaced(word.crop, word.text) for word in known])
    place(Pool([tmp_path / "words"]), tmp_path / "placed", locate(RECOGNISER, None))
    pool = Pool([tmp_path / "placed"])
    for number, word in enumerate(known):
        apart = pool[number].quads[..., 0].mean(axis=1) - word.quads[..., 0].mean(axis=1)
        assert np.abs(apart).max() < 0.2 * word.crop.shape[0]


def test_one_character_takes_the_whole_crop_and_unknown_ones_none() -> None:
    steps = np.log(np.array([[0.98, 0.01, 0.01], [0.01, 0.98, 0.01], [0.98, 0.01, 0.01], [0.98, 0.01, 0.01]], np.float32))
    word = unplaced(np.zeros((20, 40), np.uint8), "A")
    (quad,) = with_places(word, Heard(steps, 1.0), "AB").quads
    middle = (1.5 - LATE) / 4 * 40
    assert np.allclose(quad, [[0, 0], [middle + 20, 0], [middle + 20, 20], [0, 20]])
    assert with_places(unplaced(word.crop, "C"), Heard(steps, 1.0), "AB").text == "C"
    assert np.isnan(with_places(unplaced(word.crop, "AAAAA"), Heard(steps, 1.0), "AB").quads).all()
