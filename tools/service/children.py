"""Programs of our own that run beside the reader, one a bridge: begun, begun anew when they end, and ended.

Owns: the processes.  Does not own what they do, nor what they are told: they read the configuration themselves, so that no secret
stands on a command line.
"""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Final

from glyphfeed.tools import logs

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType
    from typing import Self

log = logging.getLogger("glyphfeed.service")

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
REFUSED, REFUSED_PAUSE_S = 2, 600.0
"""The exit code of one that cannot work before something is changed, such as a password, and how soon that may be."""
STEADY_S: Final = 60.0
"""A child that ran for so long is begun anew after the first pause again."""
END_S: Final = 5.0
"""So long children have to end in order."""


COMMAND: Final = [sys.executable, "-m", "glyphfeed"]
ATTACHED: Final = "GLYPHFEED_ATTACHED"
"""Says in a child's environment that it ends with its standard input, which ends with us, however we do; and in which form it
writes its log, and on which source.
"""


class Child:
    """One program that is to run; `due_s` is when it is begun again, and `pause_s` how long it rests the next time."""

    def __init__(self, name: str, arguments: Sequence[str]) -> None:
        self._name = name
        self._arguments = arguments
        self.process: subprocess.Popen[bytes] | None = None
        self._begun_s = self.due_s = 0.0
        self.pause_s = FIRST_PAUSE_S

    def attend(self) -> None:
        """Begin it, or begin it anew where its time has come."""
        now_s = time.monotonic()
        if self.process is not None and (code := self.process.poll()) is not None:
            if now_s - self._begun_s > STEADY_S:
                self.pause_s = FIRST_PAUSE_S
            why = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
            pause_s = REFUSED_PAUSE_S if code == REFUSED else self.pause_s
            log.warning("%s %s; it is begun again in %.0f s", self._name, why, pause_s, extra={"source": self._name})
            self.due_s, self.pause_s = now_s + pause_s, min(2 * self.pause_s, LONGEST_PAUSE_S)
            self.bury(now_s)
        if self.process is None and now_s >= self.due_s:
            self._begun_s = now_s
            # In a group of its own, as Ctrl-C is for us, who end it in order.
            self.process = subprocess.Popen(
                [*COMMAND, *self._arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                env={**os.environ, ATTACHED: f"{logs.chosen()} {self._name}"},
                process_group=0,
            )

    def dismiss(self) -> None:
        """Ask it to end."""
        if self.process is not None:
            self.process.terminate()

    def bury(self, deadline_s: float) -> None:
        """Wait until it has ended, and end it where it does not until a moment of the monotonic clock."""
        process, self.process = self.process, None
        if process is None or process.stdin is None:
            return
        try:
            process.wait(max(deadline_s - time.monotonic(), 0.0))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdin.close()


class Children:
    """The programs that are to run, by their names; a context, whose end ends all.  Used by one thread."""

    def __init__(self) -> None:
        self._children: dict[str, Child] = {}

    def want(self, commands: Mapping[str, Sequence[str]], anew: Sequence[str] = ()) -> None:
        """Say which are to run, with which arguments; others end, those `anew` are begun anew, and the rest goes on, or is begun
        again at once where it rested: what kept it from working may have changed.
        """
        leaving = [self._children.pop(name) for name in [*self._children] if name not in commands or name in anew]
        end(leaving)
        for name, arguments in commands.items():
            self._children.setdefault(name, Child(name, arguments)).due_s = 0.0
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


def attach() -> None:
    """In a child: end with whoever has begun it, and in order, and write the log as it does; elsewhere nothing."""

    def wait() -> None:
        while sys.stdin.buffer.read(4096):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    if told := os.environ.pop(ATTACHED, ""):
        form, _, source = told.partition(" ")
        logs.choose(logs.LogFormat(form), source)
        threading.Thread(target=wait, name="glyphfeed-attached", daemon=True).start()
