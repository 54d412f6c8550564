from __future__ import annotations

import os
import queue
import shutil
import sys
import threading
import time
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.stream.records import Frame, TextState
from glyphfeed.tools import cli
from glyphfeed.tools.displays.overlay import COLOURS
from glyphfeed.tools.displays.tiles import BAR_PX
from glyphfeed.tools.viewing import Choice, Viewer, pressed, sentence
from tests.programs import program
from tests.stream.feed.samples import DEADLINE_S, box, entity, of, snapshot, status, wait_until
from tests.tools.displays.screen import Screen, screen
from tests.tools.displays.test_received import picture, text, told

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Iterator
    from pathlib import Path

    from glyphfeed.stream.records import Colour

SIGN = 300, 320, 160
"""Top, width and height of the sign in the pictures."""


def test_keys_choose_and_freeze_and_end() -> None:
    names = ["door", "gate", "yard"]

    def after(*keys: str | int) -> Choice | None:
        choice: Choice | None = Choice()
        for key in keys:
            assert choice is not None
            choice = pressed(ord(key) if isinstance(key, str) else key, choice, names)
        return choice

    assert after("2") == Choice("gate")
    assert after("3", "0") == after("x") == after(-1) == after("7") == Choice()
    assert after("\t", "\t") == Choice("gate")
    assert after(*"\t\t\t\t") == Choice()
    assert after(" ") == Choice(frozen=True)
    assert after("1", " ", "\t") == Choice("gate", frozen=True)
    assert after(" ", " ") == Choice()
    assert after("q") is after("\x1b") is None
    # One that is gone since it was chosen.
    assert pressed(9, Choice("cellar"), names) == Choice("door")
    assert pressed(9, Choice(), ["door"]) == Choice()


def test_what_is_wrong_is_said_once_it_lasts_and_nothing_where_all_is_well() -> None:
    viewer, other = Viewer(), Viewer("cellar")
    assert sentence("Nobody publishes.", None, viewer, 0.1) == sentence(None, None, viewer, 0.1) == ""
    assert sentence("Nobody publishes.", None, viewer, 9) == "Nobody publishes."
    assert sentence(None, None, viewer, 9) == "Nothing is published yet."
    for each in (viewer, other):
        each.take(told(status()), 1_700_000_000.0)
    assert sentence(None, None, viewer, 9) == ""
    assert sentence(None, "cellar", other, 9) == "There is no camera cellar in this feed; there are: cam1."
    assert sentence(None, "cellar", other, 1) == ""


def test_a_window_is_drawn_anew_only_where_something_changed() -> None:
    viewer, now = Viewer(), 1_700_000_000.0
    size = 320, 180 + BAR_PX
    assert viewer.draw(size, "", now) is not None
    assert viewer.draw(size, "", now) is None
    viewer.take(text(0, "SIGN", 1), now)
    for message in (told(status(), 1), picture(0), text(0, "SIGNED", 2)):
        viewer.take(message, now)
        assert viewer.draw(size, "", now) is not None
        assert viewer.draw(size, "", now) is None
    # A text that is not on the picture changes nothing that is seen.
    viewer.take(text(1, "NEXT", 2), now)
    assert viewer.draw(size, "", now) is None
    assert viewer.draw(size, "Nobody publishes.", now) is not None
    assert viewer.draw((400, 300), "Nobody publishes.", now) is not None
    assert viewer.draw((400, 300), "Nobody publishes.", now + 5) is not None
    viewer.choice = Choice(frozen=True)
    assert viewer.draw((400, 300), "", now) is not None
    viewer.take(picture(1), now)
    assert viewer.draw((400, 300), "", now) is None


def test_without_a_screen_it_says_what_there_is_instead(
    capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    for arguments, complaint in (
        ([], "there is no screen here to open a window on: glyphfeed web shows the same in a browser elsewhere"),
        (["tcp://127.0.0.1:1", "ca/m"], "'ca/m' names no camera of a feed; without a name all are shown"),
        (["nowhere"], "'nowhere' is not an address of a feed"),
        (["tcp://127.0.0.1:1", "cam", "--keys", "/nowhere/key"], "The keys in /nowhere/key cannot be read"),
    ):
        assert cli.run(["view", *arguments]) == 2
        output, errors = capfd.readouterr()
        assert output == ""
        assert errors.count("\n") == 1
        assert complaint in errors


@pytest.fixture
def shown(tmp_path: Path) -> Iterator[Screen]:
    """A screen to open windows on."""
    xvfb = shutil.which("Xvfb")
    if xvfb is None:
        pytest.skip("there is no screen to open windows on: apt install xvfb")
    with screen(xvfb, tmp_path) as display:
        yield display


class Camera:
    """A camera on a feed that sees a white sign, which is elsewhere in each frame."""

    def __init__(self, publisher: Publisher, name: str) -> None:
        self._publisher, self._name = publisher, name
        self._frame = 0

    def look(self, left: int) -> None:
        """Publish a frame in which the sign begins so far to the right, and its text."""
        top, width, height = SIGN
        image = np.full((720, 1280, 3), 60, np.uint8)
        image[top : top + height, left : left + width] = 255
        sign = replace(entity(1, "EXIT 12"), polygon=box(left, top, width, height), velocity=(9000.0, 0.0))
        seen = replace(snapshot(self._frame, sign), source=self._name, captured_at=time.time())
        self._publisher.pictures.offer(Frame(self._frame, 0.0, seen.captured_at, image[..., 0], lambda: image), seen)
        self._publisher.put(seen)
        self._publisher.put(of(self._name, status()))
        self._frame += 1


def places(pixels: Colour) -> tuple[int, int]:
    """Where the sign begins on a screen, and where the outline around it; -1 for what is not there."""
    white = np.flatnonzero((pixels[BAR_PX:] > 250).all(axis=2).any(axis=0))
    green = np.flatnonzero((abs(pixels.astype(int) - COLOURS[TextState.SETTLED]).max(axis=2) < 20).any(axis=0))
    return int(white[0]) if len(white) else -1, int(green[0]) if len(green) else -1


@contextmanager
def lines_of(child: subprocess.Popen[str]) -> Iterator[queue.Queue[str]]:
    """What a program says on stderr, line by line."""
    said: queue.Queue[str] = queue.Queue()
    assert child.stderr is not None
    stderr = child.stderr

    def read() -> None:
        for line in stderr:
            said.put(line)

    thread = threading.Thread(target=read)
    thread.start()
    try:
        yield said
    finally:
        child.kill()
        thread.join()


def test_a_window_shows_text_on_its_frame_and_tells_what_is_missing(shown: Screen, tmp_path: Path) -> None:
    endpoint = f"ipc://{tmp_path}/feed"
    command = [sys.executable, "-m", "glyphfeed", "view", endpoint, "gate"]
    variables = os.environ | {"DISPLAY": shown.display}
    with program(command, 9 * DEADLINE_S, env=variables) as child, lines_of(child) as said:
        waiting = "Still waiting; q in the window ends, and Ctrl-C."
        assert said.get(timeout=3 * DEADLINE_S) == f"glyphfeed: Nobody publishes at {endpoint} yet. {waiting}\n"
        with Publisher(endpoint) as publisher:
            Camera(publisher, "door").look(100)

            def is_told() -> bool:
                publisher.serve(0.02)
                return not said.empty()

            wait_until(is_told, 3 * DEADLINE_S)
            assert said.get() == f"glyphfeed: There is no camera gate in this feed; there are: door. {waiting}\n"
            gate = Camera(publisher, "gate")

            def shows(left: int, size: tuple[int, int]) -> None:
                """Wait until a sign that begins there is shown with its outline, in a window of that size."""
                scale = min(size[0] / 1280, (size[1] - BAR_PX) / 720)
                begins = (size[0] - 1280 * scale) / 2 + left * scale

                def is_shown() -> bool:
                    # Again and again, as what comes while the window stands still is not shown later.
                    gate.look(left)
                    publisher.serve(0.02)
                    white, green = places(shown.pixels()[: size[1], : size[0]])
                    return abs(white - begins) <= 5 and abs(green - begins) <= 3

                wait_until(is_shown, 2 * DEADLINE_S)

            for left in (200, 500, 340):
                shows(left, (1280, 720))
            shown.resize(900, 600)
            shows(600, (900, 600))
            shown.press("space")

            def stands() -> bool:
                publisher.serve(0.02)
                # Amber, for "frozen".
                bar = shown.pixels()[:BAR_PX, 450:900].astype(int)
                return bool((abs(bar - (60, 190, 250)).max(axis=2) < 30).any())

            wait_until(stands)
            before = shown.pixels()[BAR_PX:600, :900].copy()
            gate.look(100)
            for _ in range(20):
                publisher.serve(0.05)
            assert np.array_equal(shown.pixels()[BAR_PX:600, :900], before)
            shown.press("space")
            shows(250, (900, 600))
            shown.press("q")
            assert child.wait(DEADLINE_S) == 0
        assert said.empty()
