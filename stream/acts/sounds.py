"""Sounds: by what the system has to play them, else by the terminal's bell.

Owns: which players there are, and what the bell sounds like.
"""

from __future__ import annotations

import array
import math
import shutil
import sys
import tempfile
import wave
from functools import cache
from pathlib import Path
from typing import Final

from glyphfeed.stream.acts.commands import run
from glyphfeed.stream.errors import InputError
from glyphfeed.stream.rules.rule import BELL

PLAYERS: Final = (("pw-play",), ("paplay",), ("aplay", "-q"), ("afplay",))
"""Of PipeWire, PulseAudio, ALSA and macOS."""
RATE: Final = 22_050
PITCH_HZ: Final = 880.0
LONG_S: Final = 0.4


def play(sound: str) -> None:
    """Play a file, or the bell.

    Raises:
        InputError: there is nothing to play it with, or that failed.

    """
    player = next((player for player in PLAYERS if shutil.which(player[0])), None)
    if player is not None:
        run([*player, bell() if sound == BELL else sound])
    elif sys.__stderr__ is not None and sys.__stderr__.isatty():
        print("\a", end="", file=sys.__stderr__, flush=True)
    else:
        names = ", ".join(player[0] for player in PLAYERS)
        raise InputError(f"nothing here can play a sound: install one of {names}, or run glyphfeed in a terminal")


@cache
def bell() -> str:
    """The path of a file with the sound of a bell, made the first time."""
    path = Path(tempfile.mkdtemp(prefix="glyphfeed-")) / "bell.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(samples().tobytes())
    return str(path)


def samples() -> array.array[int]:
    """A tone that dies away, 16 bits a sample."""
    times = (number / RATE for number in range(int(RATE * LONG_S)))
    return array.array("h", (int(16_000 * math.exp(-8 * at) * math.sin(2 * math.pi * PITCH_HZ * at)) for at in times))
