from __future__ import annotations

from pathlib import Path

import pytest

from glyphfeed.tools.configuration.changes import changes
from glyphfeed.tools.configuration.loading import read

TWO = """
[[camera]]
name = "door"
address = "rtsp://10.0.0.7/live"
[[camera]]
name = "yard"
address = "rtsp://10.0.0.8/live"
"""
FEED = '[feed]\nendpoint = "tcp://127.0.0.1:5580"\n'
THIRD = '[[camera]]\nname = "gate"\naddress = 0\n'


@pytest.mark.parametrize(
    ("after", "gone", "come", "rezoned", "bound", "sentence"),
    [
        (TWO, "", "", "", [], "no camera changes"),
        (TWO + THIRD, "", "gate", "", [], "come: gate"),
        (THIRD, "door yard", "gate", "", [], "come: gate; gone: door, yard"),
        (TWO.replace("0.8", "0.9"), "yard", "yard", "", [], "begun anew: yard"),
        (TWO + 'languages = ["de"]\n', "yard", "yard", "", [], "begun anew: yard"),
        (TWO + '[networks]\nlanguages = ["de"]\n', "door yard", "door yard", "", [], "begun anew: door, yard"),
        (TWO + 'read = ["0,0 1,0.5"]\n', "", "", "yard", [], "read in other zones: yard"),
        (TWO + 'read = ["0,0 1,0.5"]\nfps = 10\n', "yard", "yard", "", [], "begun anew: yard"),
        (TWO + FEED, "", "", "", ["[feed] endpoint"], "no camera changes"),
        (TWO + "[metrics]\n[networks]\nengine='openvino'\n", "", "", "", ["[networks] engine", "[metrics]"], "no camera changes"),
        (TWO + "[log]\nformat = 'json'\n", "", "", "", [], "no camera changes"),
    ],
)
def test_only_what_is_another_changes(after: str, gone: str, come: str, rezoned: str, bound: list[str], sentence: str) -> None:
    path = Path("/nowhere/glyphfeed.toml")
    told = changes(read(TWO, path), read(after, path))
    assert told.gone == tuple(gone.split())
    assert tuple(camera.name for camera in told.come) == tuple(come.split())
    assert tuple(camera.name for camera in told.rezoned) == tuple(rezoned.split())
    assert list(told.bound) == bound
    assert told.sentence() == sentence
