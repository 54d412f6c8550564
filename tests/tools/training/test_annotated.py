"""What the ICDAR sets tell of words, and what is made of it: characters, crops, and where real characters are cut."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.geometry import transform
from glyphfeed.tools.errors import CommandError
from glyphfeed.tools.training.annotated import (
    GUESSED,
    TRAINED,
    Annotated,
    Word,
    edges_of,
    read_cuts,
    read_icdar2003,
    read_icdar2015,
    read_trained,
    slices,
)
from glyphfeed.tools.training.crops import LEAST_HEIGHT_PX, SCALES, crop_of, random_view, targets_of
from glyphfeed.tools.training.cutting import edges_in
from tests.tools.training.celled import celled, moved

WIDE = np.array([[10.0, 20], [110, 20], [110, 40], [10, 40]])


def test_characters_of_icdar_2003_lie_between_its_cuts(tmp_path: Path) -> None:
    (tmp_path / "a.json").write_text(json.dumps([{"text": "ABC", "box": [10, 20, 100, 20], "cuts": [30, 70]}]))
    (photo,) = read_icdar2003(tmp_path)
    (word,) = photo.words
    assert photo.picture == tmp_path / "a.jpg"
    assert word.characters[:, 0, 0].tolist() == [10, 40, 80]
    assert word.characters[:, 2].tolist() == [[40, 40], [80, 40], [110, 40]]
    assert (word.trust, word.height) == (1, 20)


def test_words_of_icdar_2015_are_split_by_cuts_or_usual_widths(tmp_path: Path) -> None:
    (tmp_path / "img_7.jpg").touch()
    (tmp_path / "gt_img_7.txt").write_text("10,20,110,20,110,40,10,40,Wi\n0,0,9,0,9,9,0,9,###\n", encoding="utf-8-sig")
    (photo,) = read_icdar2015(tmp_path, range(1, 9))
    (word,) = photo.words
    assert word.trust == GUESSED
    assert word.characters[0, 1, 0] - 10 == pytest.approx(100 * 1.1 / 1.4)
    assert len(photo.unknown) == 1
    (tmp_path / "cuts.json").write_text('{"img_7": [[[0, 0.5, 1], 0.75]]}')
    (photo,) = read_icdar2015(tmp_path, range(1, 9), read_cuts(tmp_path / "cuts.json"))
    assert photo.words[0].trust == 0.75
    assert photo.words[0].characters[0, 1, 0] == 60


def test_only_what_may_be_trained_on_is_read(tmp_path: Path) -> None:
    for name in (f"img_{TRAINED.start}", f"img_{TRAINED.stop}", "sign"):
        (tmp_path / f"{name}.jpg").touch()
        (tmp_path / f"gt_{name}.txt").touch()
    (tmp_path / "gt_gone.txt").touch()
    assert [photo.picture.stem for photo in read_trained(tmp_path)] == [f"img_{TRAINED.start}", "sign"]
    (tmp_path / "train.txt").write_text("sign.jpg\n")
    assert [photo.picture.stem for photo in read_trained(tmp_path)] == ["sign"]


def test_what_cannot_be_read_is_said(tmp_path: Path) -> None:
    with pytest.raises(CommandError, match="holds no photos with truth"):
        read_icdar2015(tmp_path, range(1, 9))
    (tmp_path / "a.json").write_text('[{"text": "A"}]')
    with pytest.raises(CommandError, match=r"a\.json cannot be read .*docs/models\.md tells what it must hold"):
        read_icdar2003(tmp_path)


@given(st.text(min_size=1, max_size=20))
def test_every_character_has_some_width(text: str) -> None:
    edges = edges_of(text)
    assert edges[[0, -1]].tolist() == [0, 1]
    assert (np.diff(edges) > 0).all()
    assert len(edges) == len(text) + 1
    characters = slices(WIDE, edges)
    assert characters[:-1, 1] == pytest.approx(characters[1:, 0])
    assert Word(characters).outline[[0, len(text), len(text) + 1, -1]] == pytest.approx(WIDE)


def test_characters_are_cut_in_the_valleys_and_trusted_by_their_count() -> None:
    profile = np.exp(-(((np.arange(40) % 10 - 5) / 2.5) ** 2))
    edges, trust = edges_in(profile, "CAFE")
    assert trust == 1
    assert edges == pytest.approx([0, 0.25, 0.5, 0.75, 1], abs=0.03)
    assert edges_in(profile, "CAFES")[1] == pytest.approx(0.8)
    assert len(edges_in(profile, "CAFES")[0]) == 5
    # With too few of them one keeps to usual widths.
    edges, trust = edges_in(profile, "MARMALADE")
    assert (len(edges), trust) == (10, GUESSED)


def test_low_and_unknown_text_is_not_learnt_from() -> None:
    low, high = (Word(moved(celled([height] * 3, height), 200, y)) for height, y in ((LEAST_HEIGHT_PX - 1, 40), (24, 120)))
    unknown = moved(celled([60.0], 30.0)[0], 200, 200)
    maps, trust = targets_of((low, high), (unknown,), np.eye(3), 256)
    assert trust[10, 50] == trust[50, 50] == 0
    assert trust[30, 50] == trust[5, 5] == 1
    assert maps[0, :20].max() == 0
    assert maps[0, 30, 50] > 0.8
    half, trusted = targets_of((Word(high.characters, 0.5),), (), np.eye(3), 256)
    assert trusted[30, 50] == 0.5
    assert half == pytest.approx(maps)


@given(st.integers(0, 2**32))
def test_a_crop_shows_its_words_where_its_maps_say(seed: int) -> None:
    cells = moved(celled([16.0] * 4, 24.0), 160, 90)
    picture = np.full((180, 320, 3), 128, np.uint8)
    cv2.fillPoly(picture, [np.round(cell).astype(np.int32) for cell in cells], (255, 255, 255))
    told = Annotated(Path("none.jpg"), (Word(cells),))
    crop = crop_of(picture, told, np.random.default_rng(seed), 192)
    assert np.array_equal(crop.picture, crop_of(picture, told, np.random.default_rng(seed), 192).picture)
    assert (crop.picture.shape, crop.maps.shape, crop.trust.shape) == ((192, 192, 3), (2, 48, 48), (48, 48))
    view = random_view((320, 180), told.words, np.random.default_rng(seed), 192)
    centres = transform(cells.mean(axis=1), view) / 4
    inside = ((centres > 1) & (centres < 47)).all(axis=1)
    columns, rows = centres[inside].astype(int).T
    assert (crop.maps[0, rows, columns] > 0.2).all()
    assert (crop.maps[0].max() > 0.2) or not inside.any()


@given(st.integers(0, 2**32), st.floats(0, 1280), st.floats(0, 720))
def test_a_crop_of_a_large_picture_shows_little_else(seed: int, x: float, y: float) -> None:
    word = Word(moved(celled([16.0] * 4, 24.0), x, y))
    view = random_view((1280, 720), (word,), np.random.default_rng(seed), 192)
    middle = transform(np.array([[96.0, 96.0]]), np.linalg.inv(view))[0]
    half = 96 / SCALES[1]
    assert (middle > half - 1e-6).all()
    assert (middle < np.array([1280, 720]) - half + 1e-6).all()


def test_beside_a_small_picture_is_what_is_behind() -> None:
    picture, behind = np.full((40, 60, 3), 255, np.uint8), np.zeros((192, 192, 3), np.uint8)
    shown = crop_of(picture, Annotated(Path("none.jpg"), ()), np.random.default_rng(1), 192, behind).picture.astype(float)
    assert shown[96, 96].mean() > shown[0, 0].mean() + 100
