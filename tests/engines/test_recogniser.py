"""How crops are laid into the recogniser's inputs, and what becomes of its outputs."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest
from msgspec.structs import replace

from glyphfeed.engines.lattice import LATE
from glyphfeed.engines.lexicon import Lexicon
from glyphfeed.engines.models import DESCRIPTIONS, Ctc, parse
from glyphfeed.engines.recogniser import CtcRecogniser, fill_line

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

    from glyphfeed.engines.loading import Engines
    from glyphfeed.engines.tensors import Tensor

MODEL = parse(DESCRIPTIONS / "PP-OCRv6_rec_small.toml", "the default")
assert isinstance(MODEL, Ctc)
LINE = MODEL.input
HEIGHT_PX, WIDTHS_PX = LINE.height, LINE.widths
CHARSET = ["A", "B", "C", "D"]


def crop(height: int, width: int, left: int = 0, right: int = 255) -> NDArray[np.uint8]:
    """A picture with a left half and a right half."""
    picture = np.full((height, width, 3), left, np.uint8)
    picture[:, width // 2 :] = right
    return picture


@pytest.mark.parametrize("height", [16, HEIGHT_PX, 96])
@pytest.mark.parametrize(("narrower", "bucket"), list(pairwise([8, *WIDTHS_PX])))
@pytest.mark.parametrize("share", [0.1, 0.9])
def test_a_crop_goes_into_the_narrowest_width_that_holds_it(height: int, narrower: int, bucket: int, share: float) -> None:
    aspect = (narrower + share * (bucket - narrower)) / HEIGHT_PX
    tensor, filled = fill_line(crop(height, round(aspect * height)), LINE)
    assert tensor.shape == (1, 3, HEIGHT_PX, bucket)
    assert tensor.dtype == np.float32
    assert filled * bucket == pytest.approx(aspect * HEIGHT_PX, abs=1.5), "the crop keeps its aspect"


def test_what_the_crop_does_not_fill_is_padded_with_zeros() -> None:
    tensor, filled = fill_line(crop(HEIGHT_PX, 100), replace(LINE, widths=(160,)))
    assert filled == 100 / 160
    assert (tensor[..., :50] == -1).all()
    assert (tensor[..., 50:100] == 1).all()
    assert (tensor[..., 100:] == 0).all()


def test_a_crop_too_long_for_any_width_is_squeezed() -> None:
    tensor, filled = fill_line(crop(HEIGHT_PX, 4000), LINE)
    assert tensor.shape[3] == WIDTHS_PX[-1]
    assert filled == 1
    assert (tensor[..., : WIDTHS_PX[-1] // 2 - 4] == -1).all()
    assert (tensor[..., WIDTHS_PX[-1] // 2 + 4 :] == 1).all()


def test_what_is_narrower_than_the_network_can_tell_is_stretched() -> None:
    tensor, filled = fill_line(crop(HEIGHT_PX, 40), replace(LINE, widths=(160,), narrowest=80))
    assert filled == 80 / 160
    assert (tensor[..., :36] == -1).all()
    assert (tensor[..., 44:80] == 1).all()


def test_a_sliver_still_has_some_width() -> None:
    tensor, filled = fill_line(crop(96, 1), LINE)
    assert tensor.shape[3] == WIDTHS_PX[0]
    assert filled > 0


def test_colours_stay_in_place_between_minus_one_and_one() -> None:
    picture = crop(HEIGHT_PX, 160)
    picture[10, 20] = (255, 51, 204)
    tensor, _ = fill_line(picture, LINE)
    assert tensor[0, :, 10, 20] == pytest.approx([1.0, -0.6, 0.6])
    assert tensor[0, :, 10, 21] == pytest.approx([-1.0, -1.0, -1.0])


def test_text_printed_tone_on_tone_gets_more_contrast() -> None:
    tensor, _ = fill_line(crop(HEIGHT_PX, 160, 100, 120), LINE)
    assert np.ptp(tensor) > 2 * (2 * 20 / 255)
    assert -1 <= tensor.min() < tensor.max() <= 1


class Ruler:
    """A network that takes eight dark columns for an A, bright ones for a B and others for a blank."""

    name, input, batch = "ruler", "x", 3

    def __init__(self, streams: int = 1) -> None:
        self.streams = streams
        self.shapes: list[tuple[int, ...]] = []

    def run(self, tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
        tensor = tensors[self.input]
        self.shapes.append(tensor.shape)
        brightness = tensor.mean(axis=(1, 2)).reshape(len(tensor), -1, 8).mean(axis=2)
        nothing = np.zeros_like(brightness)
        scores = np.stack([nothing + 0.5, -brightness, brightness, nothing, nothing], axis=2).clip(0, 1)
        return {"y": scores / scores.sum(axis=2, keepdims=True)}

    def metadata(self, key: str) -> str | None: ...

    def close(self) -> None: ...


@pytest.mark.parametrize("streams", [1, 2])
def test_columns_do_not_depend_on_the_padding_or_on_what_is_read_with_a_line(streams: int) -> None:
    ruler = Ruler(streams)
    recogniser = CtcRecogniser(ruler, MODEL, CHARSET, Lexicon({}))
    ruler.shapes.clear()
    widths = [width - less for less in (16, 0, 16, 0) for width in reversed(WIDTHS_PX)]
    lattices = recogniser.read([crop(HEIGHT_PX, width) for width in widths])
    told = sorted((shape[3], -shape[0]) for shape in ruler.shapes)
    assert told == [(width, -lines) for width in WIDTHS_PX for lines in (3, 1)], (
        "as many of one width together as the network takes"
    )
    for width, lattice in zip(widths, lattices, strict=True):
        assert lattice.text == "AB"
        late = LATE * 8 / width  # a step is 8 pixels wide
        assert [slot.column for slot in lattice.slots] == pytest.approx([0.25 - late, 0.75 - late], abs=4 / width)
    assert recogniser.name == "ruler"


@pytest.mark.parametrize(("alphabets", "text"), [((), "AB"), (("latin",), "AB"), (("greek",), "")])
def test_letters_of_other_alphabets_are_not_read(alphabets: tuple[str, ...], text: str) -> None:
    recogniser = CtcRecogniser(Ruler(), MODEL, CHARSET, Lexicon({}), alphabets)
    assert recogniser.read([crop(HEIGHT_PX, 160)])[0].text == text


def test_one_network_reads_for_several_who_expect_other_letters() -> None:
    latin = CtcRecogniser(Ruler(), MODEL, CHARSET, Lexicon({}))
    greek = latin.expecting(Lexicon({"abba": 1.0}), ("greek",))
    line = crop(HEIGHT_PX, 160)
    assert [reader.read([line])[0].text for reader in (latin, greek, latin)] == ["AB", "", "AB"]
    assert greek.name == latin.name
    greek.rest()
    assert latin.read([line])[0].text == "AB"


def test_no_crops_give_no_lattices() -> None:
    assert CtcRecogniser(Ruler(), MODEL, CHARSET, Lexicon({})).read([]) == []


def test_a_printed_line_is_read_with_each_letter_in_its_place(engines: Engines) -> None:
    picture = crop(60, 320, 255, 255)
    cv2.putText(picture, "Hall 27", (20, 44), (20, 20, 20), cv2.FontFace("sans"), 40, 500)
    ink = np.nonzero((picture < 100).any(axis=(0, 2)))[0]
    (lattice,) = engines.recogniser.read([picture])
    assert lattice.text == "Hall 27"
    assert lattice.confidence > 0.8
    columns = [slot.column * 320 for slot in lattice.slots if slot.best[0].strip()]
    assert columns == sorted(columns)
    assert columns[0] == pytest.approx(ink[0] + 14, abs=12)
    assert columns[-1] == pytest.approx(ink[-1] - 10, abs=12)
