"""Networks with their descriptions, as a user keeps them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

BYTES = """
[input]
colour = "bgr"
mean = [0, 0, 0]
std = [255, 255, 255]
"""
PICTURE = BYTES + "sizes = [[64, 128], [128, 64]]\n"
LINE = BYTES + "height = 16\nwidths = [32, 64]\n"
MAP = f'head = "probability-map"\n{PICTURE}[thresholds]\nmask = 0.3\nscore = 0.5\nunclip = 1.0\n'
CHARACTERS = f'head = "character-maps"\n{PICTURE}[thresholds]\ntext = 0.7\nlow = 0.4\nlink = 0.4\n'
CTC = f'head = "ctc"\n{LINE}[charset]\ncharacters = "AB"\n'


def described(folder: Path, content: bytes, description: str, name: str = "mine") -> Path:
    """An ONNX file with a description beside it, to which licence and sum are added."""
    path = folder / f"{name}.onnx"
    path.write_bytes(content)
    told = f'licence = "MIT"\nsha256 = "{hashlib.sha256(content).hexdigest()}"\n{description}'
    path.with_suffix(".toml").write_text(told, encoding="utf-8")
    return path
