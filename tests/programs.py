"""Programs in processes of their own."""

from __future__ import annotations

import subprocess
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


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
