from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from engines.engine import EngineError
from engines.loading import Backend, charset_of, load_engine, load_engines
from engines.weights import RECOGNISER, locate
from tests.engines.onnx_bytes import line_model

if TYPE_CHECKING:
    from pathlib import Path


def charset_in(path: Path, shape: tuple[int, ...] = (1, 3, 4, 6)) -> list[str]:
    return charset_of(load_engine(Backend.ONNXRUNTIME, path, [shape], threads=1), path)


def test_a_charset_is_a_character_a_line_and_a_space(tmp_path: Path) -> None:
    path = tmp_path / "reader.onnx"
    path.write_bytes(line_model(1, 0, {"author": "somebody", "character": "a\nß\n文"}))
    assert charset_in(path) == ["a", "ß", "文", " "]


def test_a_network_without_a_charset_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mute.onnx"
    path.write_bytes(line_model(1, 0, {"author": "somebody"}))
    with pytest.raises(EngineError, match=r"mute\.onnx does not say which characters it reads.*`character`"):
        charset_in(path)


def test_the_default_recogniser_has_a_class_for_each_character_and_for_the_blank() -> None:
    path, shape = locate(RECOGNISER), (1, 3, 48, 32)
    engine = load_engine(Backend.ONNXRUNTIME, path, [shape], threads=0)
    charset = charset_of(engine, path)
    assert len(charset) == len(set(charset)) == 18_709
    assert {len(char) for char in charset} == {1}
    assert set("ABCXYZabcxyz0123456789äéß€文") <= set(charset)
    assert charset[-1] == " "
    (output,) = engine.run({engine.input: np.zeros(shape, np.float32)}).values()
    assert output.shape[2] == 1 + len(charset)
    np.testing.assert_allclose(output.sum(axis=2), 1, atol=1e-3)


def test_other_networks_are_loaded_from_where_they_are_said_to_be(tmp_path: Path) -> None:
    missing = tmp_path / "no_such_reader.onnx"
    with pytest.raises(EngineError, match=r"no_such_reader\.onnx"):
        load_engines(Backend.ONNXRUNTIME, recogniser=missing)
