"""Words that the default networks read for sure."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from glyphfeed.tools.errors import CommandError
from glyphfeed.tools.training.annotated import read_own
from glyphfeed.tools.training.finding import overlap
from glyphfeed.tools.training.labelling import MOST_PIXELS, SEEN, fitted, label, read_words, sure_words
from glyphfeed.tools.training.pool import Pool

if TYPE_CHECKING:
    from pathlib import Path

    from glyphfeed.engines.loading import Engines
    from glyphfeed.stream.records import Colour


def test_words_are_cut_out_one_by_one(wall: Colour, engines: Engines) -> None:
    words = {word.text: word for word in sure_words(np.random.default_rng(1), wall, [*read_words(wall, engines)])}
    assert words.keys() >= {"EXIT", "12"}
    assert words["EXIT"].crop.shape[1] > 1.3 * words["12"].crop.shape[1]
    assert all(word.crop.std() > 20 and np.isnan(word.quads).all() for word in words.values())


def test_photos_become_a_pool(wall: Colour, engines: Engines, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "wall.png"), wall)
    (tmp_path / "broken.jpg").write_bytes(b"no picture")
    label(tmp_path, tmp_path / "pool", engines, tmp_path / "truth")
    pool = Pool([tmp_path / "pool"])
    assert {pool[number].text for number in range(len(pool))} >= {"EXIT", "12"}
    with pytest.raises(CommandError, match="is there already"):
        label(tmp_path, tmp_path / "pool", engines)


def test_a_detector_can_learn_from_the_same_photos(wall: Colour, engines: Engines, tmp_path: Path) -> None:
    # Numbers of ICDAR's own photos say which may be trained on; these are others.
    cv2.imwrite(str(tmp_path / "img_1001.png"), wall)
    label(tmp_path, tmp_path / "pool", engines, tmp_path / "truth")
    (told,) = read_own(tmp_path / "truth")
    assert {word.trust for word in told.words} == {SEEN}
    (exit_sign,) = (word for word in told.words if word.text == "EXIT")
    widths = dict(zip("EXIT", exit_sign.characters[:, 1, 0] - exit_sign.characters[:, 0, 0], strict=True))
    assert 0 < widths["I"] < 0.8 * widths["X"]
    words = {word.text: word.outline for word in told.words}
    assert words.keys() >= {"EXIT", "12"}
    with pytest.raises(CommandError, match="truth cannot be written: File exists"):
        label(tmp_path, tmp_path / "other", engines, tmp_path / "truth")
    (again,) = (word for word in read_words(wall, engines) if word.text == "EXIT")
    assert overlap(words["EXIT"], again.quad)[1] > 0.95


def test_large_photos_are_made_smaller() -> None:
    assert fitted(np.zeros((1200, 4 * MOST_PIXELS, 3), np.uint8)).shape == (300, MOST_PIXELS, 3)
    assert fitted(np.zeros((30, 40, 3), np.uint8)).shape == (30, 40, 3)
