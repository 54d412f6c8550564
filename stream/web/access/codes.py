"""QR codes, for terminals and pages.

Owns: how they are drawn.  Pure; does not own what they say.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import segno

if TYPE_CHECKING:
    from collections.abc import Iterator

_QUIET: Final = 2
"""Light modules around it: four are asked for, and on a terminal the background lends the rest."""
# By the upper and the lower module; light is drawn, as most terminals are dark, and the colours say the rest.
_HALVES: Final = {(False, False): "█", (False, True): "▀", (True, False): "▄", (True, True): " "}
_WHITE_ON_BLACK: Final = "\x1b[97;40m"
_RESET: Final = "\x1b[0m"


def rows(words: str) -> list[str]:
    """The modules of a code, a row a text of `1` for dark and `0`, without a margin."""
    return ["".join("1" if dark else "0" for dark in row) for row in segno.make(words, error="l", micro=False).matrix]


def lines(words: str) -> Iterator[str]:
    """The lines of a code on a terminal that has colours, two rows each."""
    modules = [[each == "1" for each in row] for row in rows(words)]
    width = len(modules) + 2 * _QUIET
    blank = [False] * width
    framed = [blank] * _QUIET + [[False] * _QUIET + row + [False] * _QUIET for row in modules] + [blank] * _QUIET
    if len(framed) % 2:
        framed.append([True] * width)
    for upper, lower in zip(framed[::2], framed[1::2], strict=True):
        yield _WHITE_ON_BLACK + "".join(_HALVES[pair] for pair in zip(upper, lower, strict=True)) + _RESET
