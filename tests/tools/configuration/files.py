"""Configurations that can be used, with all that they name."""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING

from glyphfeed.stream.feed.keys import issue

if TYPE_CHECKING:
    from pathlib import Path

EXAMPLE = files("glyphfeed.tools.configuration").joinpath("example.toml").read_text("utf-8")
WHOLE = re.sub(r"^# (?=\[|[a-z_]+ = )", "", EXAMPLE, flags=re.MULTILINE)
"""The example with all that it only tells of."""


def whole_example(folder: Path) -> str:
    """The whole example, and in a folder what it names; without the film, as there are several cameras in it."""
    for name in ("detector.onnx", "recogniser.onnx", "clips/a.mp4"):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"there")
    if not (folder / "keys").exists():
        issue(folder / "keys", "viewer", folder / "viewer.key_secret")
    return re.sub(r"^film.*\n", "", WHOLE, flags=re.MULTILINE)
