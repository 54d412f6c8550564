"""From a picture to the network's input."""

from __future__ import annotations

import numpy as np
import pytest

from glyphfeed.engines.models import Colours
from glyphfeed.engines.tensors import MAX_UPSCALE, fit_into, lay

BUCKETS = LANDSCAPE, PORTRAIT = (544, 960), (960, 544)
COLOURS = Colours(colour="bgr", mean=(127.5, 127.5, 127.5), std=(127.5, 127.5, 127.5))


@pytest.mark.parametrize(
    ("rows", "columns", "bucket"),
    [(1080, 1920, LANDSCAPE), (1920, 1080, PORTRAIT), (544, 960, LANDSCAPE), (480, 640, LANDSCAPE), (300, 3000, LANDSCAPE)],
)
def test_a_picture_fills_the_bucket_that_leaves_it_largest(rows: int, columns: int, bucket: tuple[int, int]) -> None:
    picture = np.full((rows, columns, 3), 255, np.uint8)
    fit = fit_into(picture, BUCKETS)
    tensor = lay(picture, fit, COLOURS)
    assert fit.bucket == bucket
    assert tensor.shape == (1, 3, *bucket)
    assert tensor.dtype == np.float32
    assert fit.scale == pytest.approx(min(bucket[0] / rows, bucket[1] / columns, MAX_UPSCALE))
    assert (fit.height, fit.width) == (round(rows * fit.scale), round(columns * fit.scale))
    assert (tensor[..., : fit.height, : fit.width] == 1).all()
    assert np.abs(tensor[..., fit.height :, :]).max(initial=0) < 0.01
    assert np.abs(tensor[..., fit.width :]).max(initial=0) < 0.01


def test_a_small_picture_is_enlarged_only_so_far() -> None:
    fit = fit_into(np.zeros((50, 80, 3), np.uint8), BUCKETS)
    assert (fit.scale, fit.height, fit.width) == (MAX_UPSCALE, 50 * MAX_UPSCALE, 80 * MAX_UPSCALE)


def test_a_picture_of_a_single_pixel_has_a_place() -> None:
    fit = fit_into(np.zeros((1, 1, 3), np.uint8), BUCKETS)
    assert fit.height >= 1
    assert fit.width >= 1


def test_colours_keep_their_order_and_are_centred() -> None:
    picture = np.empty((*LANDSCAPE, 3), np.uint8)
    picture[:] = (0, 51, 255)
    tensor = lay(picture, fit_into(picture, BUCKETS), COLOURS)
    assert tensor[0, :, 5, 5] == pytest.approx([-1.0, -0.6, 1.0], abs=1e-5)
