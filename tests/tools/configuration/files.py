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

NAMED = (
    "authorities.pem",
    *("detector.onnx", "recogniser.onnx", "clips/a.mp4", "shop.secret", "hall.creds"),
    *("ca.pem", "home.pem", "home-key.pem", "web.pem", "web-key.pem"),
)


def whole_example(folder: Path) -> str:
    """The whole example, and in a folder what it names; without the film, as there are several cameras in it."""
    for name in NAMED:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_bytes(b"there")
    issue(folder / "keys", "home", folder / "home.key_secret")
    alone = re.sub(r"^film.*\n", "", WHOLE, flags=re.MULTILINE)
    # Whoever connects to a feed with keys has one.
    return re.sub(r'^(kind = "(?:webhook|nats)"\n)', r'\1keys = "home.key_secret"\n', alone, flags=re.MULTILINE)
