"""Made-up words: what they say, where their characters are, and what a camera makes of them."""

from __future__ import annotations

import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import ImageFont

from glyphfeed.tools import cli
from glyphfeed.tools.errors import CommandError
from glyphfeed.tools.training.charset import CHARSET, classes_of, folded, spelt, text_of
from glyphfeed.tools.training.fonts import NEEDED, find_fonts, legible, share_read
from glyphfeed.tools.training.lettering import EDGE, Arc, Company, project, set_text, show
from glyphfeed.tools.training.painting import Photo, cover
from glyphfeed.tools.training.pool import Pool
from glyphfeed.tools.training.synthesise import fill
from glyphfeed.tools.training.vocabulary import LONGEST, say
from glyphfeed.tools.training.wear import motion, photograph
from glyphfeed.tools.training.words import HEIGHTS, WIDEST, Studio, make_word
from tests.tools.training.setting import FONTS, plain_fonts, some_words, write_capitals

if TYPE_CHECKING:
    from pathlib import Path

    from glyphfeed.engines.loading import Engines

SANS = ImageFont.truetype(FONTS / "DejaVuSans.ttf", 40)


def test_texts_are_told_in_the_recognisers_characters() -> None:
    assert spelt("  Fresh\tsoup ") == "Fresh soup"
    assert spelt("don’t – “wait”") == 'don\'t - "wait"'
    assert spelt("東京") is None
    assert spelt("  ") is None
    assert folded("Café-Bar 24!") == "cafbar24"


@given(st.text(alphabet=CHARSET, max_size=30))
def test_classes_are_told_back(text: str) -> None:
    classes = classes_of(text)
    assert text_of(classes.tolist()) == text
    assert 0 not in classes


@given(st.integers(0, 2**32))
def test_what_is_said_can_be_learnt(seed: int) -> None:
    said = say(np.random.default_rng(seed))
    assert spelt(said) == said
    assert 1 <= len(said) <= LONGEST
    assert say(np.random.default_rng(seed)) == said


def test_fonts_of_symbols_alone_are_left_out(engines: Engines) -> None:
    fonts = plain_fonts()
    names = {font.path.name for font in fonts}
    assert "DejaVuSans.ttf" in names
    assert "STIXSizOneSymReg.ttf" not in names
    assert all(font.characters >= NEEDED for font in fonts)
    sans = next(font for font in fonts if font.path.name == "DejaVuSans.ttf")
    assert sans.has("Soup 2.80 €")
    assert not sans.has("\U0010ffff")
    assert share_read(sans, engines.recogniser) > 0.8
    assert legible([sans], engines.recogniser) == [sans]


def test_small_letters_that_look_like_capitals_are_not_set(engines: Engines, tmp_path: Path) -> None:
    write_capitals(tmp_path / "bars.ttf")
    (font,) = find_fonts([tmp_path])
    assert font.characters == NEEDED
    assert legible([font], engines.recogniser) == []
    words = [make_word(np.random.default_rng(seed), Studio([font], [])) for seed in range(10)]
    assert all(word.text == word.text.upper() for word in words)


def test_a_folder_without_fonts_is_told(tmp_path: Path) -> None:
    (tmp_path / "broken.ttf").write_bytes(b"no font")
    with pytest.raises(CommandError, match="no font with all capitals and digits among 1 files; name a folder with --fonts"):
        find_fonts([tmp_path])


@given(
    st.floats(-3, 3).filter(lambda bent: abs(bent) > 0.05), st.lists(st.tuples(st.floats(0, 200), st.floats(0, 30)), min_size=1)
)
def test_unbending_takes_points_back(bent: float, points: list[tuple[float, float]]) -> None:
    arc = Arc((100.0, 15.0), 200 / bent)
    straight = np.array(points, np.float32)
    assert np.allclose(arc.unbend(arc.bend(straight)), straight, atol=0.05)


def test_a_bent_line_lies_on_its_circle() -> None:
    arc = Arc((0.0, 0.0), 100.0)
    quarter = np.array([[100 * np.pi / 2, 0], [0, 0], [0, -10]], np.float32)
    assert np.allclose(arc.bend(quarter), [[100, 100], [0, 0], [0, -10]], atol=1e-4)


def test_every_character_is_where_its_ink_is() -> None:
    text = "Hip-pq 7"
    set_line = set_text(text, SANS, Company())
    for arc, homography in (
        (None, np.eye(3)),
        (Arc((100.0, 40.0), 160.0), np.array([[1, 0.1, 30], [0.05, 1, 40], [0, 0.001, 1]])),
    ):
        seen = show(set_line, arc, homography, (220, 320))
        assert seen.text == text
        assert seen.quads.shape == (len(text), 4, 2)
        assert seen.outline.shape == (2 * EDGE, 2)
        around = np.zeros(seen.coverage.shape, np.uint8)
        for quad in seen.quads:
            cv2.fillPoly(around, [np.rint(quad).astype(np.int32)], 1)
        around = cv2.dilate(around, np.ones((5, 5), np.uint8))
        assert (seen.coverage[around == 0] < 40).all()
        for char, quad in zip(text, seen.quads, strict=True):
            inside = cv2.fillPoly(np.zeros(seen.coverage.shape, np.uint8), [np.rint(quad).astype(np.int32)], 1)
            assert (seen.coverage[inside == 1].max() > 200) == (char != " ")


def test_company_is_drawn_and_not_told() -> None:
    alone, beside = (set_text("MID", SANS, company) for company in (Company(), Company("OLD", "NEW", "UP", "LOW")))
    assert np.array_equal(alone.quads, beside.quads)
    assert beside.coverage.astype(int).sum() > alone.coverage.astype(int).sum()


def test_a_homography_shows_points_in_perspective() -> None:
    homography = np.array([[1, 0, 5], [0, 2, 0], [0, 0.5, 1]])
    assert np.allclose(project(np.array([[3, 2]], np.float32), homography), [[4, 2]])


def test_pieces_of_photos_have_no_text() -> None:
    picture = np.zeros((200, 300, 1), np.uint8)
    picture[:, 150:] = 255
    photo = Photo(picture, np.array([[150, 0, 300, 200]], np.float32))
    rng = np.random.default_rng(1)
    pieces = [piece for _ in range(50) if (piece := photo.piece(rng, 24, 60)) is not None]
    assert len(pieces) > 10
    assert all(piece.shape[:2] == (24, 60) and piece.max() == 0 for piece in pieces)


def test_colours_are_laid_by_coverage() -> None:
    under = np.full((2, 2, 1), 100, np.float32)
    coverage = np.array([[0, 0.5], [1, 0.25]], np.float32)[..., None]
    assert np.allclose(cover(under, coverage, 200.0)[..., 0], [[100, 150], [200, 125]])


@given(st.integers(0, 10_000), st.floats(0.5, 12))
def test_a_movement_takes_no_light(seed: int, length: float) -> None:
    kernel = motion(np.random.default_rng(seed), length)
    assert kernel.sum() == pytest.approx(1, abs=1e-5)
    assert (kernel >= 0).all()


def test_a_camera_keeps_what_it_sees_in_bytes() -> None:
    rng = np.random.default_rng(4)
    for _ in range(20):
        seen = photograph(rng, np.full((60, 120, 1), 130, np.float32), (20, 40))
        assert seen.shape == (20, 40, 1)
        assert seen.dtype == np.uint8
        assert abs(float(seen.mean()) - 130) < 70


def test_words_follow_from_their_seed() -> None:
    words, again = some_words(30), some_words(30)
    assert all(np.array_equal(a.crop, b.crop) and a.text == b.text for a, b in zip(words, again, strict=True))
    assert some_words(30, seed=4)[0].text != words[0].text
    for word in words:
        rows, columns = word.crop.shape
        assert HEIGHTS[0] <= rows <= HEIGHTS[1]
        assert columns <= WIDEST * rows + 1
        assert len(word.quads) == len(word.text)
        middles = word.quads.mean(axis=1)
        assert ((middles > -rows / 2) & (middles < np.array([columns, rows]) + rows / 2)).all()


def test_words_are_rendered_by_several_processes_as_by_one(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "photo.png"), np.tile(np.arange(256, dtype=np.uint8), (200, 2)))
    command = ["synthesise", "--words", "7", "--seed", "5", "--fonts", str(FONTS), "--photos", str(tmp_path)]
    assert cli.run(["train", *command, "--out", str(tmp_path / "a"), "--processes", "2"]) == 0
    made = Pool([tmp_path / "a"])
    sans = [font for font in plain_fonts() if font.path.name.startswith("DejaVu")]
    counts = [fill(tmp_path / folder, 7, 5, sans, tmp_path, 0) for folder in ("b", "c")]
    assert counts == [7, 7] == [len(made), 7]
    again = [Pool([tmp_path / folder]) for folder in ("b", "c")]
    assert all(np.array_equal(again[0][k].crop, again[1][k].crop) and again[0][k].text == again[1][k].text for k in range(7))


def test_sigterm_ends_rendering_at_once_and_leaves_nothing_half(tmp_path: Path) -> None:
    command = ["synthesise", "--words", "20000", "--fonts", str(FONTS), "--out", str(tmp_path / "out")]
    with subprocess.Popen([sys.executable, "-m", "glyphfeed", "train", *command], stderr=subprocess.PIPE, text=True) as started:
        assert started.stderr is not None
        assert "fonts can be read" in started.stderr.readline()
        started.send_signal(signal.SIGTERM)
        assert started.stderr.read() == ""
    assert started.returncode == cli.INTERRUPTED
    assert not (tmp_path / "out").exists()


def test_words_stand_on_photos() -> None:
    photo = Photo(np.full((400, 600, 1), 90, np.uint8), np.zeros((0, 4), np.float32))
    word = make_word(np.random.default_rng(2), Studio(plain_fonts(), [photo]))
    assert word.crop.std() > 1
