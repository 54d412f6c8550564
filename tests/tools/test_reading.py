"""What `glyphfeed read` prints of a picture."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from glyphfeed.tools.reading import json_line, lines
from tests.stream.feed.samples import entity, snapshot

SIGN = Path("sign.jpg")


def test_texts_are_printed_in_reading_order_and_blocks_apart() -> None:
    read = replace(snapshot(0, entity(3, "PARKING"), entity(5, "Café"), entity(8, "NO")), blocks=((8, 3), (5,)))
    assert lines(SIGN, read) == "sign.jpg: 3 texts\n  0.99  NO\n  0.99  PARKING\n\n  0.99  Café"
    assert json.loads(json_line(SIGN, read))["blocks"] == [[8, 3], [5]]


def test_a_picture_without_text_is_one_line() -> None:
    assert lines(SIGN, snapshot(0)) == "sign.jpg: 0 texts"
