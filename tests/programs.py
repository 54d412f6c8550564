"""Programs in processes of their own."""

from __future__ import annotations

import subprocess
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


UNHEARD = """
import signal, sys, threading
from glyphfeed.tools.cli import main

def take():
    sys.stdin.readline()
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)

threading.Thread(target=take, daemon=True).start()
main()
"""
"""Our program, for which a line on its standard input is a SIGTERM that interrupts no wait of its main thread, as it comes to
another one; what comes right before a wait begins interrupts it as little.
"""


@contextmanager
def program(command: Sequence[str], deadline_s: float, **options: Any) -> Iterator[subprocess.Popen[str]]:
    """A program whose output can be read, killed after a deadline so that no wait for it is for ever."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE} | options
    with subprocess.Popen(command, encoding="utf-8", **pipes) as child:
        watchdog = threading.Timer(deadline_s, child.kill)
        watchdog.start()
        try:
            yield child
        finally:
            child.kill()
            watchdog.cancel()
