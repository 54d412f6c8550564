"""Programs that are started when a rule has found something.

Owns: how their arguments are filled in, what they know of the environment, and how long they may take.  There is no shell: what a
text says stays within the one argument that it was put in.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from glyphfeed.stream.errors import InputError
from glyphfeed.stream.rules.rule import FILLED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from glyphfeed.stream.records import Event

TIMEOUT_S: Final = 10.0
AT_ONCE: Final = 4
"""So many run beside each other."""
ENVIRONMENT: Final = frozenset({
    *("PATH", "HOME", "USER", "LOGNAME", "SHELL", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "PATHEXT"),
    *("DISPLAY", "WAYLAND_DISPLAY", "XAUTHORITY", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "PULSE_SERVER"),
})  # fmt: skip
"""What a program learns of the environment, with what begins with LC_: the rest may hold passwords."""
_PLACEHOLDER: Final = re.compile("{(" + "|".join(FILLED) + ")}")
_CONTROL: Final = re.compile(r"[\x00-\x1f\x7f-\x9f]")


def arguments(command: Sequence[str], event: Event) -> list[str]:
    """A command with what it is to be told in the place of its placeholders.

    What is filled in begins no option: where an argument begins with it, and that with a dash, a space comes before.
    """
    assert event.flag is not None
    told = {"text": event.entity.text, "source": event.source, "rule": event.flag.rule}

    def fill(argument: str) -> str:
        filled = _PLACEHOLDER.sub(lambda found: _CONTROL.sub(" ", told[found[1]]), argument)
        return f" {filled}" if filled.startswith("-") and not argument.startswith("-") else filled

    return [command[0], *map(fill, command[1:])]


def environment(whole: Mapping[str, str]) -> dict[str, str]:
    """What a program may know of an environment."""
    return {name: value for name, value in whole.items() if name.upper() in ENVIRONMENT or name.startswith("LC_")}


def run(words: Sequence[str], timeout_s: float = TIMEOUT_S) -> None:
    """Run a program to its end, without anything to read and unheard.

    Raises:
        InputError: it cannot be started, failed, or was ended as it took longer than it may.

    """
    try:
        # What a text says need not have a form in the file system's letters.
        raw = [os.fsencode(word.encode("utf-8", "replace").decode()) for word in words] if os.name == "posix" else list(words)
        process = subprocess.Popen(
            raw,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=environment(os.environ),
            start_new_session=True,
        )
    except (OSError, UnicodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "its arguments cannot be written"
        raise InputError(f"{words[0]} cannot be started: {reason}; check its path") from None
    try:
        code = process.wait(timeout_s)
    except subprocess.TimeoutExpired:
        end(process)
        raise InputError(f"{words[0]} took longer than {timeout_s:g} s and was ended; have it leave that to another") from None
    if code:
        raise InputError(f"{words[0]} failed with exit code {code}; try it by hand")


def end(process: subprocess.Popen[bytes]) -> None:
    """End a program and what it has started."""
    with suppress(OSError):
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    process.wait()
