"""Networks with their descriptions, as a user keeps them."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import cv2
import numpy as np

from tests.engines.onnx_bytes import brightness_model, columns_model

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


def own_networks(folder: Path) -> tuple[Path, list[str]]:
    """A picture that says oxox, and the options with which the program reads it by tiny networks of a user's own."""
    finder = described(folder, brightness_model(), MAP.replace("255", "85"), "finder")
    charset = CTC.replace("AB", "ox").replace("255", "25").replace("[input]", 'output = "logits"\n[input]')
    reader = described(folder, columns_model(), charset, "reader")
    picture = np.zeros((128, 256, 3), np.uint8)
    for number, channel in enumerate((1, 0, 2, 0, 1, 0, 2)):
        picture[50:74, 40 + 24 * number : 64 + 24 * number, channel] = 255
    cv2.imwrite(str(folder / "sign.png"), picture)
    return folder / "sign.png", ["--detector", str(finder), "--recogniser", str(reader)]
