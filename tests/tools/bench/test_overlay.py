"""Frames that tell their number, and what the benchmark of the overlay says where it cannot measure."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
import pytest

from glyphfeed.tools.bench import overlay
from glyphfeed.tools.bench.numbered import BITS, SIZE, numbered_frame, numbered_snapshot
from glyphfeed.tools.errors import CommandError

if TYPE_CHECKING:
    from pathlib import Path


def test_a_frame_tells_its_number_in_its_picture_and_in_the_places_of_its_texts() -> None:
    pictures, places = set(), set()
    for number in (0, 1, 5, 2**BITS - 1):
        frame, snapshot = numbered_frame(number, 1000.0), numbered_snapshot("cam1", number, 1000.0)
        assert (frame.index, snapshot.frame, frame.size, snapshot.size) == (number, number, SIZE, SIZE)
        squares = (frame.bgr()[80, 80::40, 1] > 128)[:BITS]
        texts = {text.id - 1: text.polygon for text in snapshot.texts}
        assert [bit in texts for bit in range(BITS)] == squares.tolist()
        # Each below its square.
        assert all(80 + 40 * bit < corners[:, 0].min() < corners[:, 0].max() < 120 + 40 * bit for bit, corners in texts.items())
        pictures.add(squares.tobytes())
        places.add(tuple(texts))
    assert len(pictures) == len(places) == 4


def test_without_a_browser_it_is_said_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("playwright")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(CommandError, match="apt install chromium"), overlay.browser():
        pass


def test_a_clip_that_is_none_is_named(tmp_path: Path) -> None:
    path = tmp_path / "words.mp4"
    path.write_text("no video")
    with pytest.raises(overlay.SourceError, match=r"words\.mp4"):
        overlay.first_picture(path)


def test_the_time_of_a_process_grows_as_it_works() -> None:
    before = overlay.cpu_ms(os.getpid())
    while overlay.cpu_ms(os.getpid()) < before + 30:
        np.linalg.svd(np.ones((100, 100)))
    assert overlay.cpu_ms(os.getpid()) > before
