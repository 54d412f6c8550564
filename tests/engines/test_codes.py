"""QR and bar codes as a camera sees them: what is read, and where it is said to lie."""

from __future__ import annotations

import sys
import unicodedata
from dataclasses import replace

import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.engines.codes import LONGEST, check_codes, clockwise, codes_in, one_line
from glyphfeed.engines.errors import EngineError
from glyphfeed.stream.tracking.codes import overlap
from glyphfeed.tools.scenes.clip import Scene, look, render
from tests.stream.coded import ARTICLE, LUNA, coded

SIZE, MIDDLE = (640, 400), (400.0, 300.0)
KINDS = {
    "QRCode": (LUNA, "QRCode", 5),
    "EAN-13": (ARTICLE, "EAN13", 3),
    "Code128": ("GLYPH-0042", "Code128", 3),
    "DataMatrix": ("example 123", "DataMatrix", 6),
}


def scene_of(kind: str, *, angle_deg: float = 0.0, tilt: tuple[float, float] = (0.0, 0.0), **options: object) -> Scene:
    content, name, module_px = KINDS[kind]
    camera = look(SIZE, MIDDLE, 0.9, angle_deg, tilt)
    return Scene((coded(content, MIDDLE, module_px, name, **options),), lambda _: camera, size=SIZE, wall=(800, 600))


def seen(scene: Scene, *, blur_px: float = 0.0, light: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """The picture of a scene, grey, and the place of its only code."""
    picture, ((_, quad, _),) = render(scene, 0)
    grey = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    if blur_px:
        grey = cv2.GaussianBlur(grey, (0, 0), blur_px)
    return np.asarray(cv2.convertScaleAbs(grey, alpha=light), np.uint8), np.array(quad)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "view",
    [
        {},
        {"angle_deg": 20},
        {"angle_deg": 45},
        {"angle_deg": 100},
        {"angle_deg": 180},
        {"tilt": (6e-4, 2e-4)},
        {"blur_px": 1.2},
        {"light": 0.15},
    ],
    ids=["level", "slanting", "diagonal", "upright", "upside down", "perspective", "blurred", "dark"],
)
def test_codes_are_read_and_placed_as_a_camera_sees_them(kind: str, view: dict[str, object]) -> None:
    conditions = {name: view[name] for name in ("blur_px", "light") if name in view}
    grey, quad = seen(scene_of(kind, **{name: value for name, value in view.items() if name not in conditions}), **conditions)
    (code,) = codes_in(grey)
    assert (code.text, code.symbology, code.checked) == (KINDS[kind][0], kind, kind != "EAN-13")
    assert overlap(quad, code.quad) > 0.8
    # From the same corner on, as it was printed.
    assert np.abs(code.quad - quad).max() < 0.2 * np.ptp(quad, axis=0).max()


def test_squares_may_be_light_on_dark() -> None:
    grey, quad = seen(scene_of("QRCode", ink=(235, 240, 240), paper=(40, 30, 30)))
    (code,) = codes_in(grey)
    assert code.text == LUNA
    assert overlap(quad, code.quad) > 0.9


def test_bars_that_blur_makes_ambiguous_are_read_more_closely() -> None:
    for blur_px in (0.9, 1.0, 1.2):
        grey, _ = seen(scene_of("EAN-13"), blur_px=blur_px)
        assert {code.text for code in codes_in(grey)} == {ARTICLE}


def test_a_code_that_is_partly_hidden_is_read_as_far_as_its_own_correction_goes() -> None:
    scene = scene_of("QRCode")
    _, quad = seen(scene)
    left, bottom = quad[0, 0], quad[2, 1]
    hidden = replace(scene, cover=lambda _: (left + 70, bottom - 14, left + 90, bottom + 30))
    grey, _ = seen(hidden)
    assert [code.text for code in codes_in(grey)] == [LUNA]
    grey, _ = seen(replace(scene, cover=lambda _: (left, bottom - 60, left + 100, bottom + 30)))
    assert codes_in(grey) == []


def test_several_codes_are_read_at_once_each_in_its_place() -> None:
    signs = (
        coded(LUNA, (160, 150), 5),
        coded(LUNA, (640, 440), 5),
        coded(ARTICLE, (400, 300), 2, "EAN13"),
        coded("GLYPH", (620, 140), 5, "DataMatrix"),
    )
    camera = look(SIZE, MIDDLE, 0.8)
    picture, truth = render(Scene(signs, lambda _: camera, size=SIZE, wall=(800, 600)), 0)
    codes = codes_in(np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8))
    assert sorted(code.text for code in codes) == sorted(sign.text for sign in signs)
    for number, quad, _ in truth:
        best = max(codes, key=lambda code: overlap(np.array(quad), code.quad))
        assert best.text == signs[number].text
        assert overlap(np.array(quad), best.quad) > 0.8


def test_stripes_without_a_check_digit_are_told_from_codes_with_one() -> None:
    camera = look(SIZE, MIDDLE, 1.0)
    sign = coded("GLYPH", MIDDLE, 2, "Code39")
    picture, _ = render(Scene((sign,), lambda _: camera, size=SIZE, wall=(800, 600)), 0)
    (code,) = codes_in(np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8))
    assert code.text == "GLYPH"
    assert code.symbology.startswith("Code39")
    assert not code.checked


def test_what_a_mirror_shows_goes_round_clockwise() -> None:
    grey, quad = seen(scene_of("QRCode"))
    (code,) = codes_in(np.ascontiguousarray(grey[:, ::-1]))
    mirrored = (quad * (-1, 1) + (SIZE[0], 0))[[1, 0, 3, 2]]
    assert code.text == LUNA
    assert overlap(mirrored, code.quad) > 0.9
    assert (clockwise(mirrored) == mirrored).all()
    assert (clockwise(mirrored[[1, 0, 3, 2]]) == mirrored).all()


def test_a_wall_says_nothing() -> None:
    camera = look(SIZE, (600, 400), 1.0)
    picture, _ = render(Scene((), lambda _: camera, size=SIZE), 0)
    assert codes_in(np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)) == []


@given(st.text(max_size=LONGEST + 50))
def test_a_content_becomes_one_line_that_can_be_printed(content: str) -> None:
    line = one_line(content)
    assert line.isprintable()
    assert len(line) == min(len(unicodedata.normalize("NFC", content)), LONGEST)
    assert one_line(line) == line


def test_lines_and_control_characters_of_a_content_are_replaced() -> None:
    assert one_line("BEGIN:VCARD\r\nFN:Ada\n\x1b[31m\u202eEND") == "BEGIN:VCARD  FN:Ada \ufffd[31m\ufffdEND"


def test_accents_of_a_content_are_part_of_their_letters() -> None:
    assert one_line("Cafe\u0301") == "Caf\u00e9"


def test_without_zxing_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "zxingcpp", None)
    with pytest.raises(EngineError, match=r"zxing-cpp, which is not installed; .* install -e '\.\[understand\]'"):
        check_codes()
    with pytest.raises(EngineError, match="zxing-cpp"):
        codes_in(np.zeros((20, 20), np.uint8))
