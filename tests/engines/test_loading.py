from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from glyphfeed.engines.errors import EngineError
from glyphfeed.engines.loading import MODULES, Backend, charset_of, choose_backend, load_engine, load_engines, trouble_with
from glyphfeed.engines.models import ModelError, describe_recogniser
from glyphfeed.engines.weights import RECOGNISER, locate
from tests.engines.described import CTC, MAP, described
from tests.engines.onnx_bytes import brightness_model, model, node

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

WRONG = CTC.replace("height = 16", "height = 32")
"""The description of a recogniser whose lines are 16 pixels high, with another height."""


def test_the_default_recogniser_has_a_class_for_each_character_and_for_the_blank() -> None:
    path = locate(RECOGNISER)
    model = describe_recogniser(path)
    engine = load_engine(Backend.ONNXRUNTIME, path, model.input.shapes[:1], threads=0)
    charset = charset_of(model, engine)
    assert len(charset) == len(set(charset)) == 18_709
    assert {len(char) for char in charset} == {1}
    assert set("ABCXYZabcxyz0123456789äéß€文") <= set(charset)
    assert charset[-1] == " "
    (output,) = engine.run({engine.input: np.zeros(model.input.shapes[0], np.float32)}).values()
    assert output.shape[2] == 1 + len(charset)
    np.testing.assert_allclose(output.sum(axis=2), 1, atol=1e-3)


@pytest.fixture
def lacking(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Make a package one that is not installed."""

    def lack(package: str) -> None:
        monkeypatch.setitem(sys.modules, package, None)
        monkeypatch.delitem(sys.modules, f"glyphfeed.engines.{MODULES[Backend(package)]}", raising=False)

    return lack


def test_the_fastest_back_end_that_works_is_taken_and_told(
    lacking: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "glyphfeed.engines")
    lacking("tensorrt")
    if trouble_with(Backend.CUDA) is not None:
        chosen, reason = choose_backend()
        assert chosen is Backend.OPENVINO
        assert reason.startswith("tensorrt cannot be used (")
        assert load_engines(languages=()).detector.name.startswith("PP-OCRv6_det_small (openvino, ")
        record = caplog.records[-1]
        assert record.levelname == "INFO"
        assert record.getMessage().startswith("openvino runs the networks, the fastest that is set up here")
    lacking("openvino")
    lacking("onnxruntime")
    with pytest.raises(
        EngineError, match=r"nothing can run the networks: .*; openvino cannot .*; onnxruntime cannot .*; see glyph"
    ):
        choose_backend()
    with pytest.raises(EngineError, match="nothing can run the networks"):
        load_engines()


def test_the_next_best_is_taken_where_one_is_not_installed(
    lacking: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    for package in ("tensorrt", "openvino"):
        lacking(package)
    if trouble_with(Backend.CUDA) is None:
        pytest.skip("CUDA is the next best here")
    assert load_engines(languages=()).detector.name == "PP-OCRv6_det_small (onnxruntime, fp32)"
    record = caplog.records[-1]
    assert record.levelname == "WARNING"
    assert record.getMessage().startswith("onnxruntime runs the networks: ")
    assert "openvino cannot be used (" in record.getMessage()


def test_a_network_that_nothing_can_load_is_told_by_each_that_tried(tmp_path: Path) -> None:
    broken = described(tmp_path, b"no network", MAP)
    with pytest.raises(EngineError, match=r"OpenVINO cannot load .*mine\.onnx: .*; ONNX Runtime cannot load .*mine\.onnx: "):
        load_engines(detector=broken, languages=())


def test_a_height_that_is_not_the_network_s_is_told_once(tmp_path: Path) -> None:
    finder = described(tmp_path, brightness_model(), MAP, "finder")
    reader = described(tmp_path, model([node("Relu", ["x"], "y")], 3, (1, 3, 16, "width"), size=(16, "width")), WRONG, "reader")
    with pytest.raises(ModelError) as refused:
        load_engines(detector=finder, recogniser=reader, languages=())
    assert str(refused.value) == (
        f"{reader} takes 1 x 3 x 16 x any numbers, and is described as one that takes 1 x 3 x 32 x 32: "
        "correct the description, or export the network with free sizes"
    )


@pytest.mark.parametrize("backend", [backend for backend in Backend if trouble_with(backend) is not None])
def test_what_cannot_be_used_here_is_refused_with_the_reason(backend: Backend) -> None:
    """On a machine without a GPU these are TensorRT and CUDA: nothing else runs in their stead."""
    with pytest.raises(EngineError, match=rf"{backend} cannot be used here: .*; choose another engine") as refused:
        load_engines(backend)
    assert "\n" not in str(refused.value)


def test_a_back_end_that_was_asked_for_and_cannot_be_used_is_an_error(lacking: Callable[[str], None]) -> None:
    lacking("openvino")
    with pytest.raises(EngineError, match=r"openvino cannot be used here: .*, or .* -m pip install openvino"):
        load_engines(Backend.OPENVINO)


def test_other_networks_are_loaded_from_where_they_are_said_to_be(tmp_path: Path) -> None:
    missing = tmp_path / "no_such_reader.onnx"
    with pytest.raises(EngineError, match=r"no_such_reader\.onnx"):
        load_engines(Backend.ONNXRUNTIME, recogniser=missing)
