"""What the recogniser is shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from glyphfeed.tools.training.charset import classes_of
from glyphfeed.tools.training.ctc import BLANK
from glyphfeed.tools.training.pool import Pool, Word, unplaced
from tests.tools.training.setting import some_pool

pytest.importorskip("torch", reason="the extra train is not installed")
from glyphfeed.tools.training.batches import (
    CLEAR,
    FAINT,
    FAINT_SHARE,
    HEIGHT,
    LEAST,
    LINES,
    SHUFFLED,
    STRIDE,
    WIDEST,
    Batches,
    Line,
    pack,
    recede,
    vary,
)

if TYPE_CHECKING:
    from pathlib import Path


def test_a_line_keeps_its_characters_in_place() -> None:
    crop = np.full((24, 96), 40, np.uint8)
    crop[:, 48:60] = 240
    quads = np.array([[[4, 2], [20, 2], [20, 22], [4, 22]], [[48, 0], [60, 0], [60, 24], [48, 24]]], np.float32)
    rng = np.random.default_rng(5)
    for _ in range(40):
        line = vary(rng, Word(crop, "ab", quads))
        assert line.picture.shape[0] == HEIGHT
        assert line.classes.tolist() == classes_of("ab").tolist()
        profile = np.abs(line.picture.mean(axis=0) - np.median(line.picture))
        if profile.max() < 40:
            continue
        bright = (np.flatnonzero(profile > profile.max() / 2) + 0.5) / STRIDE
        assert bright.mean() == pytest.approx(line.edges[1].mean(), abs=0.8)


def test_clear_words_recede_with_their_characters() -> None:
    crop = np.full((48, 192), 40, np.uint8)
    crop[:, 96:144] = 240
    word = Word(crop, "a", np.array([[[96, 0], [144, 0], [144, 48], [96, 48]]], np.float32))
    rng = np.random.default_rng(7)
    shown = [recede(rng, word) for _ in range(400)]
    faint = [other for other in shown if other is not word]
    assert len(faint) / len(shown) == pytest.approx(FAINT_SHARE, abs=0.1)
    for other in faint:
        rows, columns = other.crop.shape
        assert FAINT[0] <= rows < FAINT[1]
        assert columns == round(rows * 4)
        left, right = other.quads[0, :, 0].min(), other.quads[0, :, 0].max()
        assert (left / columns, right / columns) == (pytest.approx(0.5), pytest.approx(0.75))
        assert other.crop[:, round(left) + 1 : round(right) - 1].mean() > other.crop[:, : round(left) - 2].mean() + 60


def test_small_words_stay_as_they_are() -> None:
    word = unplaced(np.zeros((CLEAR - 1, 80), np.uint8), "a")
    rng = np.random.default_rng(8)
    assert all(recede(rng, word) is word for _ in range(40))


def test_there_are_steps_for_every_character_and_no_endless_lines() -> None:
    rng = np.random.default_rng(6)
    narrow = vary(rng, unplaced(np.zeros((30, 30), np.uint8), "illegible"))
    assert narrow.picture.shape[1] >= LEAST * STRIDE * len("illegible")
    assert vary(rng, unplaced(np.zeros((10, 900), np.uint8), "a")).picture.shape[1] == WIDEST


def test_lines_are_packed_with_grey_beyond_them() -> None:
    short = Line(np.full((HEIGHT, 20), 255, np.uint8), classes_of("ab"), np.array([[0, 2], [3, 5]], np.float32))
    long = Line(np.zeros((HEIGHT, 40), np.uint8), classes_of("c"), np.full((1, 2), np.nan, np.float32))
    batch = pack([short, long])
    assert batch.lines.shape == (2, 1, HEIGHT, 48)
    assert (batch.lines[0, 0, :, :20] == 1).all()
    assert (batch.lines[0, 0, :, 20:] == 0).all()
    assert (batch.lines[1, 0, :, :40] == -1).all()
    assert batch.classes.tolist() == classes_of("abc").tolist()
    assert batch.lengths.tolist() == [2, 1]
    assert (batch.asked[0, 6:] == BLANK).all()


def test_batches_follow_from_seed_and_number(tmp_path: Path) -> None:
    made, real = Pool([some_pool(tmp_path / "made", 12)]), Pool([some_pool(tmp_path / "real", 12, seed=9)])
    batches = Batches(made, real, 1)
    first, later = batches[0], batches[SHUFFLED]
    assert np.array_equal(Batches(made, real, 1)[SHUFFLED].lines, later.lines)
    assert first.lines.shape[:3] == (LINES, 1, HEIGHT)
    assert not np.array_equal(Batches(made, real, 2)[0].lengths, first.lengths)


def test_half_of_what_is_shown_is_real(tmp_path: Path) -> None:
    made, real = Pool([some_pool(tmp_path / "made", 3)]), Pool([some_pool(tmp_path / "real", 3, seed=9)])
    texts = {pool[k].text for pool in (made, real) for k in range(3)}
    assert len(texts) == 6
    batches = Batches(made, real, 1)
    shown = [text for number in range(SHUFFLED) for text in texts_of(batches[number].classes, batches[number].lengths)]
    share = sum(text in {tuple(classes_of(real[k].text).tolist()) for k in range(3)} for text in shown) / len(shown)
    assert share == 0.5


def texts_of(classes: np.ndarray, lengths: np.ndarray) -> list[tuple[int, ...]]:  # type: ignore[type-arg]
    """The classes of each line of a batch."""
    return [tuple(part.tolist()) for part in np.split(classes, np.cumsum(lengths)[:-1])]
