"""What a model's description must hold, and what becomes of networks that are described so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import cv2
import numpy as np
import pytest

from glyphfeed.engines.errors import EngineError
from glyphfeed.engines.loading import Backend, load_engines
from glyphfeed.engines.models import DESCRIPTIONS, ModelError, describe, parse
from glyphfeed.engines.weights import KNOWN, locate
from tests.engines.backends import BACKENDS
from tests.engines.described import CHARACTERS, CTC, MAP, described
from tests.engines.onnx_bytes import brightness_model, columns_model, line_model, twin_maps_model

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


@pytest.fixture(params=BACKENDS)
def backend(request: pytest.FixtureRequest) -> Backend:
    return Backend(request.param)


def signs() -> NDArray[np.uint8]:
    """Black, with a white bar of 120 x 20 pixels at (40, 30)."""
    picture = np.zeros((160, 320, 3), np.uint8)
    picture[30:50, 40:160] = 255
    return picture


def stripes(*colours: tuple[int, int, int]) -> NDArray[np.uint8]:
    """Stripes of 8 x 16 pixels, blue, green, red."""
    return np.repeat(np.array([colours], np.uint8), 8, axis=1).repeat(16, axis=0)


BLUE, GREEN, RED = (255, 0, 0), (0, 255, 0), (0, 0, 255)


@pytest.mark.parametrize(
    ("model", "description", "grown_px"), [(brightness_model(), MAP, 9), (twin_maps_model(), CHARACTERS, 4)], ids=["map", "chars"]
)
def test_a_detector_is_used_by_its_path(
    tmp_path: Path, backend: Backend, model: bytes, description: str, grown_px: float
) -> None:
    engines = load_engines(backend, detector=described(tmp_path, model, description), languages=(), threads=1)
    (quad,), (score,) = engines.detector.detect(signs())
    assert score == pytest.approx(1, abs=0.05)
    assert (quad.min(axis=0), quad.max(axis=0)) == (
        pytest.approx((40, 30), abs=grown_px + 3),
        pytest.approx((160, 50), abs=grown_px + 3),
    )
    assert quad.min() < 40, "it reaches beyond the bright pixels"
    (turned,), _ = engines.detector.detect(np.ascontiguousarray(cv2.rotate(signs(), cv2.ROTATE_90_CLOCKWISE)), turned=True)
    assert np.ptp(turned, axis=0)[1] > 110


def test_characters_are_joined_by_affinity_alone(tmp_path: Path) -> None:
    engines = load_engines(
        Backend.ONNXRUNTIME, detector=described(tmp_path, twin_maps_model(), CHARACTERS), languages=(), threads=1
    )
    picture = signs()
    picture[:, 95:105] = 0
    quads, _ = engines.detector.detect(picture)
    assert len(quads) == 2
    picture[30:50, 95:105] = 115  # 0.45: no character by itself, but enough to join
    quads, _ = engines.detector.detect(picture)
    assert len(quads) == 1


@pytest.mark.parametrize(
    ("description", "colours", "text"),
    [
        (CTC, (GREEN, BLUE, GREEN, RED), "AAB"),
        (CTC.replace('"bgr"', '"rgb"'), (GREEN, RED, GREEN, BLUE), "AAB"),
        (CTC.replace('head = "ctc"', 'head = "ctc"\nblank = "last"'), (BLUE, RED, BLUE, GREEN), "AAB"),
        (CTC.replace('head = "ctc"', 'head = "ctc"\noutput = "logits"').replace("255", "25"), (GREEN, BLUE, RED, BLUE), "AB"),
        (CTC.replace('"AB"', '"A"\nspace = true'), (GREEN, BLUE, RED, GREEN), "A A"),
        (CTC.replace('characters = "AB"', 'metadata = "letters"'), (GREEN, RED, BLUE, RED), "xyy"),
    ],
)
def test_a_recogniser_is_used_by_its_path(
    tmp_path: Path, backend: Backend, description: str, colours: tuple[tuple[int, int, int], ...], text: str
) -> None:
    path = described(tmp_path, columns_model(metadata={"letters": "x\ny"}), description)
    engines = load_engines(backend, recogniser=path, languages=(), threads=1)
    (lattice,) = engines.recogniser.read([stripes(*colours)])
    assert lattice.text == text
    assert lattice.confidence > 0.9


def test_a_network_that_sees_grey_gets_one_channel(tmp_path: Path) -> None:
    description = CTC.replace('"bgr"', '"grey"').replace("[0, 0, 0]", "[0]").replace("[255, 255, 255]", "[255]")
    path = described(tmp_path, columns_model(channels=1), description)
    with pytest.raises(ModelError, match=r"1 classes apart, and its charset has 2 characters"):
        load_engines(Backend.ONNXRUNTIME, recogniser=path, languages=(), threads=1)


@pytest.mark.parametrize(
    ("model", "description", "complaint"),
    [
        (line_model(1, 0), MAP, r"head probability-map, whose output .* is \(1, 1, 64, 128\), and it gives \(1, 3, 64, 128\)"),
        (brightness_model(), CHARACTERS, r"head character-maps, whose output .* is \(1, height, width, 2\)"),
        (brightness_model(), CTC, r"mine is described as a recogniser \(head ctc\); give it as --recogniser"),
    ],
)
def test_a_detector_with_the_wrong_head_is_refused(tmp_path: Path, model: bytes, description: str, complaint: str) -> None:
    path = described(tmp_path, model, description)
    with pytest.raises(ModelError, match=complaint.replace("mine is", r"mine\.onnx is")):
        load_engines(Backend.ONNXRUNTIME, detector=path, languages=(), threads=1)


@pytest.mark.parametrize(
    ("model", "description", "complaint"),
    [
        (line_model(1, 0), CTC, r"head ctc, whose output is \(1, steps, classes\), and it gives \(1, 3, 16, 32\)"),
        (columns_model(), CTC.replace('"AB"', '"ABC"'), r"3 classes apart, and its charset has 3 characters.*makes 4"),
        (columns_model(), CTC.replace('characters = "AB"', 'metadata = "letters"'), r"no metadata 'letters'"),
        (columns_model(), MAP, r"mine\.onnx is described as a detector \(head probability-map\); give it as --detector"),
    ],
)
def test_a_recogniser_with_the_wrong_head_or_charset_is_refused(
    tmp_path: Path, model: bytes, description: str, complaint: str
) -> None:
    with pytest.raises(ModelError, match=complaint):
        load_engines(Backend.ONNXRUNTIME, recogniser=described(tmp_path, model, description), languages=(), threads=1)


@pytest.mark.parametrize(
    ("told", "altered", "complaint"),
    [
        ('licence = "MIT"\n', "", "missing required field `licence`"),
        ('colour = "bgr"', 'colour = "cmyk"', r"'cmyk' - at `\$\.input\.colour`"),
        ("mean = [0, 0, 0]\n", "", r"missing required field `mean` - at `\$\.input`"),
        ("std = [255, 255, 255]", "std = [255]", "`input.colour` is bgr, and so `mean` and `std` need 3 numbers"),
        ("[64, 128]", "[60, 128]", r"multiple of 32 - at `\$\.input\.sizes"),
        ("mask = 0.3", "mask = 30", r"< 1.0 - at `\$\.thresholds\.mask`"),
        ("mask = 0.3", "mask = 0.3\nmusk = 1", "unknown field `musk`"),
        ('"probability-map"', '"segmentation"', r"'segmentation' - at `\$\.head`"),
        ("[input]", "[input", "is no TOML file that can be read"),
    ],
)
def test_a_faulty_description_is_one_clear_sentence(tmp_path: Path, told: str, altered: str, complaint: str) -> None:
    path = described(tmp_path, brightness_model(), MAP)
    beside = path.with_suffix(".toml")
    beside.write_text(beside.read_text().replace(told, altered))
    with pytest.raises(ModelError, match=complaint) as caught:
        describe(path)
    assert str(caught.value).startswith(str(beside))
    assert "\n" not in str(caught.value)


def test_a_charset_is_told_once(tmp_path: Path) -> None:
    for charset in ("", 'characters = "AB"\nmetadata = "letters"'):
        path = described(tmp_path, columns_model(), CTC.replace('characters = "AB"', charset))
        with pytest.raises(ModelError, match="`charset` needs either `characters` or `metadata`"):
            describe(path)


def test_a_description_of_another_file_and_none_at_all_are_refused(tmp_path: Path) -> None:
    path = described(tmp_path, brightness_model(), MAP)
    path.write_bytes(brightness_model() + b"\x00")
    with pytest.raises(ModelError, match=r"has the SHA-256 sum [0-9a-f]{64} and .*mine\.toml tells of"):
        describe(path)
    path.with_suffix(".toml").unlink()
    with pytest.raises(ModelError, match=r"mine\.onnx needs mine\.toml beside it"):
        describe(path)
    with pytest.raises(ModelError, match=r"none\.onnx cannot be read: No such file"):
        describe(tmp_path / "none.onnx")


def test_the_default_models_are_known_wherever_they_lie(tmp_path: Path) -> None:
    for weights in KNOWN:
        copy = tmp_path / f"copy of {weights.name}.onnx"
        copy.write_bytes(locate(weights).read_bytes())
        known = parse(DESCRIPTIONS / f"{weights.name}.toml", weights.name)
        assert describe(copy) == known
        assert (known.sha256, known.licence) == (weights.sha256, weights.licence)


def test_whatever_is_known_describes_a_model() -> None:
    heads = {known.name: parse(known, known.name).head for known in DESCRIPTIONS.iterdir() if known.name.endswith(".toml")}
    assert heads == {
        "PP-OCRv6_det_small.toml": "probability-map",
        "PP-OCRv6_rec_small.toml": "ctc",
        "craftnet.toml": "character-maps",
    }


def test_what_is_no_network_is_refused_by_every_back_end(tmp_path: Path, backend: Backend) -> None:
    with pytest.raises(EngineError, match="mine"):
        load_engines(backend, detector=described(tmp_path, b"no network", MAP), languages=(), threads=1)
