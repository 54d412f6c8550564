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
NOTHING = "no camera changes, and no bridge"
BRIDGE = "[[bridge]]\nkind = 'mqtt'\nname = 'home'\naddress = 'mqtt://broker.local'\n"
THIRD = '[[camera]]\nname = "gate"\naddress = 0\n'


@pytest.mark.parametrize(
    ("after", "gone", "come", "rezoned", "bound", "sentence"),
    [
        (TWO, "", "", "", [], NOTHING),
        (TWO + THIRD, "", "gate", "", [], "come: gate"),
        (THIRD, "door yard", "gate", "", [], "come: gate; gone: door, yard"),
        (TWO.replace("0.8", "0.9"), "yard", "yard", "", [], "begun anew: yard"),
        (TWO + 'languages = ["de"]\n', "yard", "yard", "", [], "begun anew: yard"),
        (TWO + '[networks]\nlanguages = ["de"]\n', "door yard", "door yard", "", [], "begun anew: door, yard"),
        (TWO + 'read = ["0,0 1,0.5"]\n', "", "", "yard", [], "read in other zones: yard"),
        (TWO + 'read = ["0,0 1,0.5"]\nfps = 10\n', "yard", "yard", "", [], "begun anew: yard"),
        (TWO + FEED, "", "", "", ["[feed] endpoint"], NOTHING),
        (TWO + "[metrics]\n[networks]\nengine='openvino'\n", "", "", "", ["[networks] engine", "[metrics]"], NOTHING),
        (TWO + "[log]\nformat = 'json'\n", "", "", "", [], NOTHING),
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


@pytest.mark.parametrize(
    ("before", "after", "others"),
    [
        (BRIDGE, BRIDGE, ""),
        ("", BRIDGE, "home"),
        (BRIDGE, "", "home"),
        (BRIDGE, f"{BRIDGE}prefix = 'x'\n", "home"),
        (BRIDGE, f"{BRIDGE}{BRIDGE.replace('home', 'shop')}", "shop"),
        # The feed does not move before it is started anew, and until then the bridge had better go on.
        (BRIDGE, BRIDGE + FEED, ""),
        (BRIDGE, f"{BRIDGE}endpoint = 'tcp://127.0.0.1:5599'\n", "home"),
    ],
)
def test_bridges_are_begun_anew_where_they_are_others(before: str, after: str, others: str) -> None:
    path = Path("/nowhere/glyphfeed.toml")
    told = changes(read(TWO + before, path), read(TWO + after, path))
    assert " ".join(told.bridges) == others
    assert told.sentence() == (f"bridges that are others: {others}" if others else NOTHING)
