"""Telling systemd how the service is doing, over the socket that it names: `sd_notify` without its library.

Owns: the words of that protocol.  Does not own what is told.
"""

from __future__ import annotations

import os
import socket
import time
from contextlib import suppress
from typing import Final

PATIENCE_S: Final = 0.2
"""So long it is waited for a service manager that has much to hear."""


class Notifier:
    """Tells the service manager; nothing where there is none.

    What names its socket is taken out of the environment, so that children do not speak for us.
    """

    def __init__(self) -> None:
        address = os.environ.pop("NOTIFY_SOCKET", "")
        watchdog_us, watched = os.environ.pop("WATCHDOG_USEC", "0"), os.environ.pop("WATCHDOG_PID", str(os.getpid()))
        # An @ stands for the zero byte of an abstract address.
        self._address = address.replace("@", "\0", 1) if address.startswith("@") else address
        self._beats_s = int(watchdog_us) / 4e6 if watchdog_us.isdecimal() and watched == str(os.getpid()) else 0.0
        """A beat is expected four times as seldom as it comes."""
        self._beat_at_s = 0.0
        self._status = ""

    def tell(self, *words: str) -> None:
        """Send some words, such as READY=1."""
        if self._address and words:
            # Whoever listened there may be gone or busy, and the reading goes on.
            with suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
                sender.settimeout(PATIENCE_S)
                sender.sendto("\n".join(words).encode(), self._address)

    def reloading(self) -> None:
        """Say that the configuration is read again; `ready` ends that."""
        self.tell("RELOADING=1", f"MONOTONIC_USEC={time.clock_gettime_ns(time.CLOCK_MONOTONIC) // 1000}")

    def ready(self) -> None:
        """Say that everything is up."""
        self.tell("READY=1")

    def beat(self, status: str, *, alive: bool) -> None:
        """Say how it is going where that is new, and while all is `alive` that it is, where a watchdog wants to know."""
        now_s = time.monotonic()
        if status != self._status:
            self._status = status
            self.tell(f"STATUS={status}")
        if alive and self._beats_s and now_s - self._beat_at_s >= self._beats_s:
            self._beat_at_s = now_s
            self.tell("WATCHDOG=1")

    def stopping(self) -> None:
        """Say that the end has begun."""
        self.tell("STOPPING=1")
