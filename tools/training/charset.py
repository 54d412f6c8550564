"""What the recogniser can say: its characters, and texts as numbers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable

    from numpy.typing import NDArray

CAPITALS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
DIGITS: Final = "0123456789"
CHARACTERS: Final = "".join(chr(code) for code in range(0x21, 0x7F)) + "£€"
"""Those of ASCII that can be seen, and two more that prices need."""
CHARSET: Final = (*CHARACTERS, " ")
"""The characters of the classes 1, 2, ...; class 0 is the CTC blank."""
CLASSES: Final = {char: number for number, char in enumerate(CHARSET, 1)}
ALIKE: Final = str.maketrans("‘’´`“”–—−", "''''\"\"---")
"""What truths write in several ways, and nobody can tell apart in a picture."""


def spelt(text: str) -> str | None:
    """A text in the recogniser's characters, with single spaces; None where it has others, or nothing is left."""
    plain = " ".join(text.translate(ALIKE).split())
    return plain if plain and CLASSES.keys() >= {*plain} else None


def classes_of(text: str) -> NDArray[np.int64]:
    """The classes of a text's characters.

    Raises:
        KeyError: one is not in the charset.

    """
    return np.array([CLASSES[char] for char in text], np.int64)


def text_of(classes: Iterable[int]) -> str:
    """The text of some classes, none of which may be the blank."""
    return "".join(CHARSET[number - 1] for number in classes)


def folded(text: str) -> str:
    """A text's letters and digits alone, without their case: what benchmarks of word recognition compare."""
    return "".join(char for char in text.casefold() if char.isascii() and char.isalnum())
