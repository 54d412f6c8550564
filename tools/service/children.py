"""Programs of our own that run beside the reader, one a bridge: begun, begun anew when they end, and ended.

Owns: the processes.  Does not own what they do, nor what they are told: they read the configuration themselves, so that no secret
stands on a command line.
"""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from contextlib import suppress
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType
    from typing import Self

log = logging.getLogger("glyphfeed.service")

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
STEADY_S: Final = 60.0
"""A child that ran for so long is begun anew after the first pause again."""
END_S: Final = 5.0
"""So long children have to end in order."""


class Child:
    """One program that is to run."""

    def __init__(self, name: str, arguments: Sequence[str]) -> None:
        self._name = name
        self._arguments = arguments
        self._process: subprocess.Popen[bytes] | None = None
        self._begun_s = self._due_s = 0.0
        self._pause_s = FIRST_PAUSE_S

    def attend(self) -> None:
        """Begin it, or begin it anew where its time has come."""
        now_s = time.monotonic()
        if self._process is not None and self._process.poll() is not None:
            self._pause_s = FIRST_PAUSE_S if now_s - self._begun_s > STEADY_S else self._pause_s
            self._due_s = now_s + self._pause_s
            code = self._process.returncode
            why = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
            log.warning("%s %s; it is begun again in %.0f s", self._name, why, self._pause_s, extra={"source": self._name})
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)
            self._process = None
        if self._process is None and now_s >= self._due_s:
            self._begun_s = now_s
            # Its end is noticed by the end of its input: where we are killed, nobody would tell it.
            self._process = subprocess.Popen([sys.executable, "-m", "glyphfeed", *self._arguments], stdin=subprocess.PIPE)

    def dismiss(self) -> None:
        """Ask it to end."""
        if self._process is not None:
            self._process.terminate()

    def bury(self, deadline_s: float) -> None:
        """Wait until it has ended, and end it where it does not until a moment of the monotonic clock."""
        if self._process is None:
            return
        try:
            self._process.wait(max(deadline_s - time.monotonic(), 0.0))
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        with suppress(OSError):
            if self._process.stdin is not None:
                self._process.stdin.close()
        self._process = None


class Children:
    """The programs that are to run, by their names; a context, whose end ends all.  Used by one thread."""

    def __init__(self) -> None:
        self._children: dict[str, Child] = {}

    def want(self, commands: Mapping[str, Sequence[str]], anew: Sequence[str] = ()) -> None:
        """Say which are to run, with which arguments; others end, those `anew` are begun anew, and the rest goes on."""
        leaving = [self._children.pop(name) for name in [*self._children] if name not in commands or name in anew]
        end(leaving)
        for name, arguments in commands.items():
            self._children.setdefault(name, Child(name, arguments))
        self.attend()

    def attend(self) -> None:
        """Begin anew what has ended; to be called now and then."""
        for child in self._children.values():
            child.attend()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        end([*self._children.values()])
        self._children.clear()


def end(children: Sequence[Child]) -> None:
    """End some programs, all at once, in order where they can."""
    for child in children:
        child.dismiss()
    deadline_s = time.monotonic() + END_S
    for child in children:
        child.bury(deadline_s)
