from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from engines.engine import EngineError
from engines.loading import Backend, charset_of, load_engine, load_engines
from engines.models import describe_recogniser
from engines.weights import RECOGNISER, locate

if TYPE_CHECKING:
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


def test_other_networks_are_loaded_from_where_they_are_said_to_be(tmp_path: Path) -> None:
    missing = tmp_path / "no_such_reader.onnx"
    with pytest.raises(EngineError, match=r"no_such_reader\.onnx"):
        load_engines(Backend.ONNXRUNTIME, recogniser=missing)
