"""How long to wait before something that failed is tried again, and telling people of it: once when it fails, once when it works.

Owns: the growing pauses, and the two sentences.  Does not own the waiting.
"""

from __future__ import annotations

import logging
import time
from typing import Final

FIRST_PAUSE_S: Final = 1.0
LONGEST_PAUSE_S: Final = 60.0
"""A broker that is back is found within a minute."""

_log = logging.getLogger("glyphfeed.bridges")


def pause_s(failures: int, chance: float, longest_s: float = LONGEST_PAUSE_S) -> float:
    """How long to wait after so many failures in a row: twice as long after each, less up to half of it by chance (0 to 1).

    The chance keeps those who lost the same server from coming back all at once.
    """
    # 2 ** 30 seconds are longer than anybody waits, and far from what a float can hold.
    return min(longest_s, FIRST_PAUSE_S * 2.0 ** min(failures - 1, 30)) * (1 - chance / 2)


class Reach:
    """Whether a far side takes events, as told to people; `name` begins a sentence, such as "The MQTT broker at host:1883", and
    `meanwhile` says what becomes of them.
    """

    def __init__(self, name: str, meanwhile: str = "they wait in the feed's log until it does") -> None:
        self.name, self._meanwhile = name, meanwhile
        self._lost_at: float | None = None

    def lost(self, reason: str) -> None:
        """It takes none, for a reason in words; told at the first time only."""
        if self._lost_at is None:
            self._lost_at = time.monotonic()
            _log.warning("%s takes no events (%s): %s.", self.name, reason, self._meanwhile)

    def found(self) -> None:
        """It has taken one; told where it did not before."""
        if self._lost_at is not None:
            _log.info("%s takes events again, after %.0f s.", self.name, time.monotonic() - self._lost_at)
            self._lost_at = None
