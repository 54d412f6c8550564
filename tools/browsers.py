"""Whether there is a browser to open, and its opening.

Owns: for whom a page is opened unasked.  Does not own which browser that is: Python's `webbrowser` knows.
"""

from __future__ import annotations

import sys
import threading
import webbrowser
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_OF_TERMINALS: Final = {"www-browser", "links", "elinks", "lynx", "w3m"}
"""What `webbrowser` finds where there is no other; it would take over the terminal."""
ADDRESS_S: Final = 60.0


def is_wanted(environment: Mapping[str, str], platform: str, *, at_terminal: bool) -> bool:
    """Whether somebody sits before a screen of this machine and looks: at a terminal, not in CI, and not over SSH without a
    display.
    """
    if not at_terminal or environment.get("CI"):
        return False
    if environment.get("DISPLAY") or environment.get("WAYLAND_DISPLAY"):
        return True
    return platform in ("darwin", "win32") and not environment.get("SSH_CONNECTION")


def has_browser(environment: Mapping[str, str]) -> bool:
    """Whether there is a browser here, and somebody to see it."""
    if not is_wanted(environment, sys.platform, at_terminal=sys.stdin.isatty() and sys.stdout.isatty()):
        return False
    try:
        return getattr(webbrowser.get(), "name", "") not in _OF_TERMINALS
    except webbrowser.Error:
        return False


def open_soon(address: Callable[[float], str | None], opened: threading.Event) -> None:
    """Open a page once its address is known, which is waited for beside, and say so."""

    def wait() -> None:
        where = address(ADDRESS_S)
        if where is not None and webbrowser.open(where):
            opened.set()

    threading.Thread(target=wait, name="glyphfeed-browser", daemon=True).start()
