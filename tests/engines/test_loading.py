from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest

from engines.engine import EngineError
from engines.loading import Backend, best_backend, charset_of, load_engine, load_engines
from engines.models import describe_recogniser
from engines.weights import RECOGNISER, locate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


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
        monkeypatch.delitem(sys.modules, f"engines.{package}_engine", raising=False)

    return lack


def test_the_fastest_back_end_that_works_is_taken_and_told(
    lacking: Callable[[str], None], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "glyphfeed.engines")
    assert best_backend() is Backend.OPENVINO
    assert "openvino runs the networks: of the back-ends for a CPU it is the fastest" in caplog.text
    lacking("openvino")
    caplog.clear()
    assert best_backend() is Backend.ONNXRUNTIME
    (record,) = caplog.records
    assert record.levelname == "WARNING"
    assert record.getMessage().startswith("onnxruntime runs the networks, because openvino cannot be used (")
    lacking("onnxruntime")
    with pytest.raises(
        EngineError, match=r"nothing can run the networks: openvino .* and onnxruntime cannot be used .*; see glyphfeed"
    ):
        best_backend()


def test_a_back_end_that_was_asked_for_and_cannot_be_used_is_an_error(lacking: Callable[[str], None]) -> None:
    lacking("openvino")
    with pytest.raises(EngineError, match=r"openvino cannot be used here: .*; take another --engine, or pip install openvino"):
        load_engines(Backend.OPENVINO)


def test_other_networks_are_loaded_from_where_they_are_said_to_be(tmp_path: Path) -> None:
    missing = tmp_path / "no_such_reader.onnx"
    with pytest.raises(EngineError, match=r"no_such_reader\.onnx"):
        load_engines(Backend.ONNXRUNTIME, recogniser=missing)
