"""On which ground a picture with transparent parts is laid."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from glyphfeed.stream.sources.ground import ground_of, laid_on


def lettered(*inks: int, alpha: int = 255) -> Image.Image:
    """A transparent picture with an upright bar of each ink."""
    pixels = np.zeros((20, 20 * len(inks), 4), np.uint8)
    for k, ink in enumerate(inks):
        pixels[5:15, 20 * k + 8 : 20 * k + 12] = (ink, ink, ink, alpha)
    return Image.fromarray(pixels)


@pytest.mark.parametrize(("inks", "ground"), [((0,), 255), ((255,), 0), ((60, 0), 255), ((200, 255), 0), ((0, 255), 128)])
def test_the_ground_is_what_all_inks_stand_out_from(inks: tuple[int, ...], ground: int) -> None:
    assert ground_of(lettered(*inks)) == ground


def test_an_opaque_sign_tells_nothing_by_the_letters_on_it() -> None:
    sign = np.full((40, 80, 4), (20, 20, 20, 0), np.uint8)
    sign[5:35, 5:75] = (250, 250, 250, 255)
    sign[15:25, 10:70] = (0, 0, 0, 255)
    assert ground_of(Image.fromarray(sign)) == 0


@pytest.mark.parametrize("alpha", [0, 90, 255])
def test_what_is_equally_opaque_all_over_is_taken_as_it_is(alpha: int) -> None:
    picture = np.full((8, 8, 4), (10, 20, 30, alpha), np.uint8)
    assert ground_of(Image.fromarray(picture)) is None
    assert np.asarray(laid_on(Image.fromarray(picture), None))[0, 0].tolist() == [10, 20, 30]


def test_colours_below_transparent_parts_do_not_show() -> None:
    picture = np.full((8, 8, 4), (200, 0, 90, 0), np.uint8)
    picture[2:6, 2:6] = (0, 0, 0, 255)
    laid = np.asarray(laid_on(Image.fromarray(picture), 255))
    assert laid[0, 0].tolist() == [255, 255, 255]
    assert laid[3, 3].tolist() == [0, 0, 0]


@given(st.integers(0, 255), st.integers(1, 255))
def test_letters_of_any_ink_stand_out(ink: int, alpha: int) -> None:
    ground = ground_of(lettered(ink, alpha=alpha))
    assert ground is not None
    assert abs(ink - ground) >= 127
