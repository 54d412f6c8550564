"""The pictures with what was read over them, in a window for each source."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import cv2

from glyphfeed.tools.displays.overlay import draw_snapshot
from glyphfeed.tools.errors import CommandError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glyphfeed.stream.records import Snapshot
    from glyphfeed.tools.displays.views import View

ESCAPE = 27
TRIAL_S = 10


def has_screen() -> bool:
    """Whether windows can be opened; where there might be a screen it is tried out, which takes half a second.

    In a process of its own, because the toolkit ends the whole program when the screen does not answer.
    """
    if sys.platform == "linux" and not (os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")):
        return False
    # Of the desktop's fonts, which no window here uses, the toolkit misses its own copy, and says so at length.
    os.environ.setdefault("QT_LOGGING_RULES", "default.warning=false")
    trial = [sys.executable, "-c", "import cv2; cv2.namedWindow('glyphfeed'); cv2.destroyAllWindows()"]
    try:
        return subprocess.run(trial, capture_output=True, timeout=TRIAL_S, check=False).returncode == 0
    except subprocess.TimeoutExpired:
        return False


class Windows:
    """A display that shows the newest frame of each source; q or Esc there, or closing one, ends everything.

    Raises:
        CommandError: no window can be opened here.

    """

    period_s = 1 / 30

    def __init__(self) -> None:
        if not has_screen():
            raise CommandError("there is no screen here to open a window on: leave --window out")
        self._shown: dict[str, Snapshot] = {}

    def draw(self, views: Sequence[View]) -> bool:
        """See `Display.draw`."""
        for view in views:
            if view.newest is not None and self._shown.get(view.name) is not view.newest[1]:
                frame, snapshot = view.newest
                cv2.imshow(view.name, draw_snapshot(frame.bgr(), snapshot))
                self._shown[view.name] = snapshot
        if cv2.waitKey(1) in (ESCAPE, ord("q")):
            return False
        return all(cv2.getWindowProperty(name, cv2.WND_PROP_VISIBLE) > 0 for name in self._shown)

    def close(self) -> None:
        """Close the windows."""
        cv2.destroyAllWindows()
