from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from glyphfeed.tools.service import children as room
from glyphfeed.tools.service.children import Child, Children
from tests.stream.feed.samples import wait_until

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

PROGRAM = """
import os, pathlib, signal, sys, time
kind, file = sys.argv[1:]
if kind == "stubborn":
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(file).write_text(str(os.getpid()))
print("begun", os.environ.get("TOLD", "nothing"), flush=True)
if kind in ("fails", "refused"):
    sys.exit(3 if kind == "fails" else 2)
while True:
    time.sleep(60)
"""


@pytest.fixture(autouse=True)
def program(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Children that only live, in the place of our own program."""
    script = tmp_path / "child.py"
    script.write_text(PROGRAM)
    monkeypatch.setattr(room, "COMMAND", [sys.executable, str(script)])


def pid_in(file: Path) -> int:
    """The process that has begun, once it has."""

    def has_begun() -> bool:
        with suppress(OSError, ValueError):
            return int(file.read_text()) > 0
        return False

    wait_until(has_begun)
    pid = int(file.read_text())
    file.unlink()
    return pid


def lives(pid: int) -> bool:
    with suppress(ProcessLookupError):
        os.kill(pid, 0)
        return True
    return False


def command(tmp_path: Path, name: str, kind: str = "lives") -> Sequence[str]:
    return [kind, str(tmp_path / name)]


def test_children_come_and_go_while_others_go_on(tmp_path: Path) -> None:
    with Children() as children:
        children.want({"a": command(tmp_path, "a"), "b": command(tmp_path, "b")})
        first, second = pid_in(tmp_path / "a"), pid_in(tmp_path / "b")
        children.want({"b": command(tmp_path, "b"), "c": command(tmp_path, "c")})
        third = pid_in(tmp_path / "c")
        assert [lives(pid) for pid in (first, second, third)] == [False, True, True]
        children.want({"b": command(tmp_path, "b"), "c": command(tmp_path, "c")}, anew=["c"])
        fourth = pid_in(tmp_path / "c")
        assert [lives(pid) for pid in (second, third, fourth)] == [True, False, True]
    assert [lives(pid) for pid in (second, fourth)] == [False, False]


def test_a_child_that_was_killed_is_begun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(room, "FIRST_PAUSE_S", 0.01)
    with Children() as children:
        children.want({"a": command(tmp_path, "a")})
        first = pid_in(tmp_path / "a")
        os.kill(first, signal.SIGKILL)

        def is_back() -> bool:
            children.attend()
            return (tmp_path / "a").exists()

        wait_until(is_back)
        assert pid_in(tmp_path / "a") != first
    assert [record.message for record in caplog.records] == ["a was ended by signal 9; it is begun again in 0 s"]


def test_one_that_fails_at_once_is_begun_ever_more_seldom(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    child = Child("a", command(tmp_path, "a", "fails"))
    pauses = [room.FIRST_PAUSE_S]
    for _ in range(3):
        child.attend()
        assert child.process is not None
        child.process.wait()
        child.attend()
        # What is due later is not begun now.
        assert child.process is None
        pauses.append(child.pause_s)
        child.due_s = 0.0
    assert pauses == [1.0, 2.0, 4.0, 8.0]
    assert caplog.records[-1].message == "a ended with exit code 3; it is begun again in 4 s"


def test_one_that_cannot_work_is_tried_seldom(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    child = Child("a", command(tmp_path, "a", "refused"))
    child.attend()
    assert child.process is not None
    child.process.wait()
    child.attend()
    assert caplog.records[-1].message == "a ended with exit code 2; it is begun again in 600 s"


def test_what_rests_is_begun_again_where_something_may_have_changed(tmp_path: Path) -> None:
    commands = {"a": command(tmp_path, "a", "refused")}
    with Children() as children:
        children.want(commands)
        first = pid_in(tmp_path / "a")
        wait_until(lambda: bool(children.attend()) or not lives(first))
        children.attend()
        assert not (tmp_path / "a").exists()
        children.want(commands)
        assert pid_in(tmp_path / "a") != first


def test_one_that_cannot_work_rests_for_good_where_it_is_not_tried_again(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with Children(again=False) as children:
        children.want({"a": command(tmp_path, "a", "refused")})
        pid = pid_in(tmp_path / "a")
        wait_until(lambda: bool(children.attend()) or not lives(pid))
        for _ in range(3):
            children.attend()
        assert not (tmp_path / "a").exists()
    assert caplog.records == []


def test_what_a_child_says_is_heard_and_what_it_is_told_stands_in_its_environment(tmp_path: Path) -> None:
    said: list[str] = []
    with Children({"a": {"TOLD": "a secret"}}, {"a": said.append}) as children:
        children.want({"a": command(tmp_path, "a"), "b": command(tmp_path, "b")})
        pid_in(tmp_path / "b")
        wait_until(lambda: bool(said))
    assert said == ["begun a secret"]


def test_one_that_does_not_end_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "END_S", 0.2)
    with Children() as children:
        children.want({"a": command(tmp_path, "a", "stubborn")})
        pid = pid_in(tmp_path / "a")
    assert not lives(pid)


def test_a_child_ends_with_its_parent_however_that_ends(tmp_path: Path) -> None:
    parent = tmp_path / "parent.py"
    parent.write_text(
        "import pathlib, sys, time\n"
        "from glyphfeed.tools.service.children import Children\n"
        "children = Children()\n"
        "children.want({'listen': ['listen', 'ipc://' + sys.argv[1] + '/feed']})\n"
        "child = children._children['listen'].process\n"
        "(pathlib.Path(sys.argv[1]) / 'listen').write_text(str(child.pid))\n"
        "time.sleep(60)\n"
    )
    with subprocess.Popen([sys.executable, str(parent), str(tmp_path)]) as running:
        pid = pid_in(tmp_path / "listen")
        assert lives(pid)
        running.kill()
    wait_until(lambda: not lives(pid))
