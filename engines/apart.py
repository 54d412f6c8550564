"""Work in a process of its own: it can be ended, and takes nothing else with it when it crashes.

Owns that process.  Does not know what it does.
"""

from __future__ import annotations

import subprocess
import sys

from glyphfeed.engines.errors import EngineError


def run_apart(module: str, task: str, timeout_s: float) -> None:
    """Run a Python module with one argument; what it logs on stderr is seen here, what it prints is why it failed.

    Raises:
        EngineError: it failed, or takes longer than `timeout_s` and was ended.

    """
    command = [sys.executable, "-m", module, task]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, timeout=timeout_s, check=False
        )
    except subprocess.TimeoutExpired:
        raise EngineError(f"it takes more than {timeout_s:.0f} s") from None
    if done.returncode:
        raise EngineError(done.stdout.strip() or f"its process ended with {done.returncode}")
