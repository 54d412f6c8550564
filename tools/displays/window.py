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
    from types import TracebackType
    from typing import Self

    from glyphfeed.stream.records import Colour, Snapshot
    from glyphfeed.tools.displays.views import View

ESCAPE = 27
TRIAL_S = 10
LEAST_PX = 64
"""A window that is smaller, or hidden, is drawn so large."""


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


class Canvas:
    """One window whose every pixel is ours to draw, and which may be given another size; a context.

    Raises:
        CommandError: no window can be opened here.

    """

    def __init__(self, title: str, size: tuple[int, int]) -> None:
        if not has_screen():
            raise CommandError("there is no screen here to open a window on: glyphfeed web shows the same in a browser elsewhere")
        self._title = title
        cv2.namedWindow(title, cv2.WINDOW_NORMAL | cv2.WINDOW_FREERATIO | cv2.WINDOW_GUI_NORMAL)
        cv2.resizeWindow(title, *size)

    @property
    def size(self) -> tuple[int, int]:
        """Its width and height in pixels at the moment."""
        _, _, width, height = cv2.getWindowImageRect(self._title)
        return max(width, LEAST_PX), max(height, LEAST_PX)

    @property
    def is_open(self) -> bool:
        """Whether nobody has closed it."""
        return cv2.getWindowProperty(self._title, cv2.WND_PROP_VISIBLE) > 0

    def show(self, image: Colour) -> None:
        """Show a picture of its size."""
        cv2.imshow(self._title, image)

    def key(self) -> int:
        """Let the window do what it has to, and tell which key was pressed: its letter's number, or -1 for none."""
        return cv2.waitKey(1)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        cv2.destroyAllWindows()


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
