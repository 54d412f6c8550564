from __future__ import annotations

import json
import logging
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from glyphfeed.stream.bridges.cursor import Cursor, default_path
from glyphfeed.stream.errors import BridgeError
from glyphfeed.stream.feed.wire import Position

if TYPE_CHECKING:
    from pathlib import Path

ONE, TWO = Position("one", 41), Position("two", 7)


def test_positions_are_there_again_and_the_first_time_is_told_apart(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "mqtt.json"
    with Cursor(path) as cursor:
        assert cursor.is_new
        assert cursor.positions == {}
    with Cursor(path) as cursor:
        assert not cursor.is_new, "it has begun, though nothing was acknowledged"
        cursor.advance({"cam1": ONE})
        cursor.advance({"cam.2": TWO})
        cursor.advance({"cam1": TWO})
    with Cursor(path) as cursor:
        assert cursor.positions == {"cam1": TWO, "cam.2": TWO}
    assert json.loads(path.read_text()) == {"positions": {"cam.2": ["two", 7], "cam1": ["two", 7]}}


def test_two_bridges_do_not_share_one(tmp_path: Path) -> None:
    path = tmp_path / "mqtt.json"
    with Cursor(path), pytest.raises(BridgeError, match=r"another bridge keeps its place in .*mqtt\.json: give this one a name"):
        Cursor(path)
    Cursor(path).close()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"\xff", b'{"positions": {"cam1": 3}}', b'{"positions": {"cam1": [1, "x"]}}']
)
def test_one_that_is_damaged_begins_with_everything_that_there_is(
    tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "mqtt.json"
    path.write_bytes(content)
    with Cursor(path) as cursor:
        assert not cursor.is_new
        assert cursor.positions == {}
    assert "is damaged: every event that the feed still has is sent" in caplog.text


def test_a_place_that_cannot_be_written_is_said(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(BridgeError, match=r"cannot keep its place in .* \(File exists\); name another file with --cursor"):
        Cursor(tmp_path / "file" / "mqtt.json")


def test_a_disk_that_fills_up_is_told_once_and_the_bridge_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "glyphfeed.bridges")
    path = tmp_path / "mqtt.json"
    with Cursor(path) as cursor:
        # Where the next file would be written is a folder now.
        (tmp_path / "mqtt.json.new").mkdir()
        cursor.advance({"cam1": ONE})
        cursor.advance({"cam1": TWO})
        assert len(caplog.messages) == 1
        assert "cannot be written (Is a directory): events that are sent meanwhile are sent again" in caplog.messages[0]
        (tmp_path / "mqtt.json.new").rmdir()
        cursor.advance({"cam2": ONE})
    with Cursor(path) as cursor:
        assert cursor.positions == {"cam1": TWO, "cam2": ONE}


def test_it_is_whole_whenever_the_program_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "mqtt.json"
    writer = f"""
from pathlib import Path
from glyphfeed.stream.bridges.cursor import Cursor
from glyphfeed.stream.feed.wire import Position
cursor = Cursor(Path({str(path)!r}))
first = cursor.positions.get("cam1", Position("e", 0)).seq
for seq in range(first + 1, 1_000_000):
    cursor.advance({{"cam1": Position("e", seq), "cam2": Position("e", seq)}})
    print(seq, flush=True)
"""
    told = 0
    for count in (1, 37, 200):
        with subprocess.Popen([sys.executable, "-c", writer], stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            for _ in range(count):
                told = int(child.stdout.readline())
            child.send_signal(signal.SIGKILL)
            told = max(told, *(int(line) for line in child.stdout.read().splitlines()[:-1] or [0]))
        places = json.loads(path.read_text())["positions"]
        assert places["cam1"] == places["cam2"]
        assert places["cam1"][1] >= told


def test_a_service_keeps_it_where_it_may_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STATE_DIRECTORY", os.pathsep.join(["/var/lib/glyphfeed", "/var/lib/other"]))
    assert str(default_path("door")) == "/var/lib/glyphfeed/bridges/door.json"
    monkeypatch.delenv("STATE_DIRECTORY")
    monkeypatch.setenv("XDG_STATE_HOME", "/home/one/state")
    assert str(default_path("door")) == "/home/one/state/glyphfeed/bridges/door.json"
