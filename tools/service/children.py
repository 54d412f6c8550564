"""Programs of our own that run beside the reader, one a bridge: begun, begun anew when they end, and ended.

Owns: the processes, and the way of what they say.  Does not own what they do, nor what they are told: they read the configuration
themselves, or their environment, so that no secret stands on a command line.
"""

from __future__ import annotations

import logging
import math
import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Final

from glyphfeed.tools import logs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType
    from typing import IO, Self

log = logging.getLogger("glyphfeed.service")

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
REFUSED, REFUSED_PAUSE_S = 2, 600.0
"""The exit code of one that cannot work before something is changed, such as a password, and how soon that may be."""
STEADY_S: Final = 60.0
"""A child that ran for so long is begun anew after the first pause again."""
END_S: Final = 5.0
"""So long children have to end in order."""
LAST_WORDS_S: Final = 0.5
"""So long what they have said is waited for then."""


COMMAND: Final = [sys.executable, "-m", "glyphfeed"]
ATTACHED: Final = "GLYPHFEED_ATTACHED"
"""Says in a child's environment that it ends with its standard input, which ends with us, however we do; and in which form it
writes its log, and on which source.
"""


WATCHED: Final = "GLYPHFEED_WATCHED"
"""Says in a child's environment that a person sees what it writes to stdout, though that is no terminal."""


class Child:
    """One program that is to run; `due_s` is when it is begun again, and `pause_s` how long it rests the next time.

    `environment` is what it is told beside ours.  Each line of its stdout is handed to `heard`, by a thread of its own.  Where it
    cannot work, as it has said itself, it is begun `again` all the same, since somebody may have changed something.
    """

    def __init__(
        self,
        name: str,
        arguments: Sequence[str],
        environment: Mapping[str, str] | None = None,
        heard: Callable[[str], None] | None = None,
        *,
        again: bool = True,
    ) -> None:
        self._name = name
        self._arguments = arguments
        self._environment = environment or {}
        self._heard = heard
        self._again = again
        self._listening: list[threading.Thread] = []
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
            if code == REFUSED and not self._again:
                pause_s = math.inf
            else:
                log.warning("%s %s; it is begun again in %.0f s", self._name, why, pause_s, extra={"source": self._name})
            self.due_s, self.pause_s = now_s + pause_s, min(2 * self.pause_s, LONGEST_PAUSE_S)
            self.bury(now_s)
        if self.process is None and now_s >= self.due_s:
            self._begun_s = now_s
            # In a group of its own, as Ctrl-C is for us, who end it in order.
            self.process = subprocess.Popen(
                [*COMMAND, *self._arguments],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE if self._heard else subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env={**os.environ, ATTACHED: f"{logs.chosen()} {self._name}", "PYTHONIOENCODING": "utf-8", **self._environment},
                process_group=0,
            )
            self._listen(self.process.stderr, logs.pass_on)
            self._listen(self.process.stdout, self._heard)

    def _listen(self, output: IO[bytes] | None, heard: Callable[[str], None] | None) -> None:
        """Hand on each line of what it writes."""
        if output is not None and heard is not None:
            thread = threading.Thread(target=_hear, args=(output, heard), name=f"glyphfeed-{self._name}", daemon=True)
            thread.start()
            self._listening.append(thread)

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
        for thread in self._listening:
            # Its last words.  What it has begun itself may live on and hold the other end.
            thread.join(LAST_WORDS_S)
        self._listening.clear()


def _hear(output: IO[bytes], heard: Callable[[str], None]) -> None:
    with output:
        for line in output:
            heard(line.decode("utf-8", "replace").rstrip("\n"))


class Children:
    """The programs that are to run, by their names; a context, whose end ends all.  Used by one thread.

    Of some names there is an environment, and somebody who hears the lines that they write to stdout; see `Child`, also for
    `again`.
    """

    def __init__(
        self,
        environments: Mapping[str, Mapping[str, str]] | None = None,
        heard: Mapping[str, Callable[[str], None]] | None = None,
        *,
        again: bool = True,
    ) -> None:
        self._environments, self._heard, self._again = environments or {}, heard or {}, again
        self._children: dict[str, Child] = {}

    def want(self, commands: Mapping[str, Sequence[str]], anew: Sequence[str] = ()) -> None:
        """Say which are to run, with which arguments; others end, those `anew` are begun anew, and the rest goes on, or is begun
        again at once where it rested: what kept it from working may have changed.
        """
        leaving = [self._children.pop(name) for name in [*self._children] if name not in commands or name in anew]
        end(leaving)
        for name, arguments in commands.items():
            if name not in self._children:
                told, heard = self._environments.get(name), self._heard.get(name)
                self._children[name] = Child(name, arguments, told, heard, again=self._again)
            self._children[name].due_s = 0.0
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
