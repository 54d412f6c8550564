"""In which line of a TOML file each key stands, which the library that reads such files does not tell.

Owns: finding the keys.  Does not own whether it is TOML: who asks has read it with `tomllib` before, which is strict.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from collections import Counter
from typing import Final, TypeAlias

Place: TypeAlias = "tuple[str | int, ...]"
"""The way to a value: the keys of tables and the numbers of what stands in arrays, from the outside in."""

_BLANK: Final = re.compile(r"(?:[ \t\r\n]|#[^\n]*)*")
_BARE: Final = re.compile(r"[A-Za-z0-9_-]+")
_STRING: Final = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR: Final = re.compile(r"[^,\]}#\n]+")


def lines_of(text: str) -> dict[Place, int]:
    """Tell the line, from 1, in which each table, each key and each element of an array begins."""
    return _Scan(text).lines


class _Scan:
    """One walk through a file, from its beginning to its end."""

    def __init__(self, text: str) -> None:
        self.lines: dict[Place, int] = {(): 1}
        self._text, self._at = text, 0
        self._ends = [found.start() for found in re.finditer("\n", text)]
        self._counts: Counter[Place] = Counter()
        table: Place = ()
        while self._skip() < len(text):
            table = self._header() if text[self._at] == "[" else self._pair(table)

    def _skip(self) -> int:
        """Pass over what means nothing; where something does."""
        self._at = self._match(_BLANK).end()
        return self._at

    def _match(self, pattern: re.Pattern[str]) -> re.Match[str]:
        found = pattern.match(self._text, self._at)
        assert found is not None, "it was read as TOML before"
        return found

    def _take(self, sign: str) -> bool:
        """Pass over a sign, if it is the next thing."""
        is_next = self._text.startswith(sign, self._skip())
        self._at += len(sign) * is_next
        return is_next

    def _note(self, place: Place, at: int) -> None:
        """Remember where something stands, and what it is in, unless that began before."""
        for end in range(1, len(place) + 1):
            self.lines.setdefault(place[:end], bisect_right(self._ends, at - 1) + 1)

    def _keys(self) -> list[str]:
        """A key, of several parts where it has dots."""
        keys: list[str] = []
        while not keys or self._take("."):
            self._skip()
            quoted = self._text[self._at] in "\"'"
            found = self._match(_STRING if quoted else _BARE)
            keys.append(tomllib.loads(f"key={found[0]}")["key"] if quoted else found[0])
            self._at = found.end()
        return keys

    def _header(self) -> Place:
        """The name of a table; of several tables of a name it leads to the last one."""
        begun = self._at
        is_one_of_several = self._text.startswith("[[", begun)
        self._at += 1 + is_one_of_several
        place: Place = ()
        keys = self._keys()
        for number, key in enumerate(keys, 1):
            place = (*place, key)
            if is_one_of_several and number == len(keys):
                self._counts[place] += 1
            if place in self._counts:
                place = (*place, self._counts[place] - 1)
        self._take("]]" if is_one_of_several else "]")
        self._note(place, begun)
        return place

    def _pair(self, table: Place) -> Place:
        """A key and its value; the table that they are in."""
        self._skip()
        begun = self._at
        place = (*table, *self._keys())
        self._take("=")
        self._note(place, begun)
        self._value(place)
        return table

    def _value(self, place: Place) -> None:
        self._skip()
        self._note(place, self._at)
        if self._take("["):
            number = 0
            while not self._take("]"):
                self._value((*place, number))
                self._take(",")
                number += 1
        elif self._take("{"):
            while not self._take("}"):
                self._pair(place)
                self._take(",")
        else:
            self._at = self._match(_STRING if self._text[self._at] in "\"'" else _SCALAR).end()
