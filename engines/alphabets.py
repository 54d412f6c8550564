"""Whose letters are read: a network that knows thousands finds some of them in what are no letters at all.

Owns which characters belong to an alphabet, by their names in Unicode.  Does not own what a network may say (recogniser).
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import numpy as np

from glyphfeed.engines.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

ALPHABETS = {
    "latin": ("LATIN ", "FEMININE ORDINAL ", "MASCULINE ORDINAL "),
    "greek": ("GREEK ",),
    "han": ("CJK UNIFIED ", "CJK COMPATIBILITY IDEOGRAPH", "IDEOGRAPHIC "),
    "kana": ("HIRAGANA ", "KATAKANA ", "KATAKANA-HIRAGANA ", "HALFWIDTH KATAKANA "),
}
"""How the names of their letters begin."""
WIDE = {"han", "kana"}
"""Those that are written with signs and digits as wide as their letters."""


def known(alphabets: Sequence[str]) -> tuple[str, ...]:
    """Take up alphabets by their names.

    Raises:
        EngineError: there is no such alphabet.

    """
    for alphabet in alphabets:
        if alphabet not in ALPHABETS:
            raise EngineError(f"there is no alphabet {alphabet!r}; choose from {', '.join(ALPHABETS)}, or all")
    return tuple(alphabets)


def readable(charset: Sequence[str], alphabets: Sequence[str]) -> NDArray[np.bool_]:
    """Tell which characters (N,) of a charset belong to one of some alphabets: letters by their names, digits and other signs to
    each, but for those of full width.
    """
    names = tuple(name for alphabet in alphabets for name in ALPHABETS[alphabet])
    wide = not WIDE.isdisjoint(alphabets)

    def belongs(char: str) -> bool:
        if char.isalpha():
            return unicodedata.name(char, "").startswith(names)
        return wide or unicodedata.east_asian_width(char) not in "WF"

    return np.array([all(map(belongs, entry)) for entry in charset], np.bool_)
