from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from engines.engine import EngineError
from engines.loading import Backend, load_engine, read_charset
from engines.weights import RECOGNISER, locate
from tests.engines.onnx_bytes import line_model

if TYPE_CHECKING:
    from pathlib import Path


def test_a_charset_is_a_character_a_line_and_a_space(tmp_path: Path) -> None:
    path = tmp_path / "reader.onnx"
    path.write_bytes(line_model(1, 0, {"author": "somebody", "character": "a\nß\n文"}))
    assert read_charset(path) == ["a", "ß", "文", " "]


def test_the_default_recogniser_has_a_class_for_each_character_and_for_the_blank() -> None:
    path, shape = locate(RECOGNISER), (1, 3, 48, 32)
    charset = read_charset(path)
    assert len(charset) == len(set(charset)) == 18_709
    assert {len(char) for char in charset} == {1}
    assert set("ABCXYZabcxyz0123456789äéß€文") <= set(charset)
    assert charset[-1] == " "
    engine = load_engine(Backend.ONNXRUNTIME, path, [shape], threads=0)
    (output,) = engine.run({engine.input: np.zeros(shape, np.float32)}).values()
    assert output.shape[2] == 1 + len(charset)
    np.testing.assert_allclose(output.sum(axis=2), 1, atol=1e-3)


def test_a_network_without_a_charset_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "mute.onnx"
    path.write_bytes(line_model(1, 0, {"author": "somebody"}))
    with pytest.raises(EngineError, match=r"mute\.onnx does not say which characters it reads.*`character`"):
        read_charset(path)


@pytest.mark.parametrize("content", [b"no network at all", None], ids=["text", "missing"])
def test_a_charset_of_no_network_is_refused(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "broken.onnx"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(EngineError, match=r"broken\.onnx is no ONNX model") as refused:
        read_charset(path)
    assert "\n" not in str(refused.value)
