"""Numbers as they are written: with a point or a comma, in groups of three, as fractions.

Owns: what a written number may be worth.  Pure.
"""

from __future__ import annotations

import re
from typing import TypeAlias

Worth: TypeAlias = int | float

WHOLE = (
    r"\d{1,2}(?:,\d{2}){1,3},\d{3}(?:\.\d{1,2})?|\d{1,3}(?:[.,']\d{3}){1,3}(?:[.,]\d{1,2})?|\d{1,9}(?:[.,]\d{1,4})?|[.,]\d{1,3}"
)
SPACED = r"\d{1,3}(?: \d{3}){1,3}(?:[.,]\d{1,2})?|" + WHOLE
"""Where a space may group digits."""
PARTS = {"½": 1 / 2, "¼": 1 / 4, "¾": 3 / 4, "⅓": 1 / 3, "⅔": 2 / 3, "⅛": 1 / 8, "⅜": 3 / 8, "⅝": 5 / 8, "⅞": 7 / 8}
FRACTION = rf"(?:\d{{1,2}}[ -])?\d/(?:2|3|4|5|8|10|16)(?!\d)|(?:\d{{1,2}} ?)?[{''.join(PARTS)}]"
_FRACTION = re.compile(rf"(?:(?P<whole>\d+)[ -]?)?(?:(?P<over>\d)/(?P<under>\d+)|(?P<part>[{''.join(PARTS)}]))")


def worths(written: str, decimal: str) -> tuple[Worth, ...]:
    """What a number may be worth, the likeliest first, where `decimal` is the usual decimal sign."""
    fraction = _FRACTION.fullmatch(written)
    if fraction:
        return (worth_of_fraction(fraction),)
    digits = re.sub(r"[ ']", "", written)
    signs = [char for char in digits if char in ".,"]
    if len(signs) == 1:
        return worths_of_one_sign(digits, signs[0], decimal)
    if len(set(signs)) == 2:
        return (number(digits.replace(signs[0], "").replace(signs[-1], ".")),)
    return (number(re.sub(r"[.,]", "", digits)),)


def worths_of_one_sign(digits: str, sign: str, decimal: str) -> tuple[Worth, ...]:
    """What digits with one point or comma may be worth: three behind it are decimals or a group."""
    head, _, tail = digits.partition(sign)
    broken = number(f"{head or 0}.{tail}")
    if len(tail) != 3 or head in ("", "0") or len(head) > 3:
        return (broken,)
    whole = number(head + tail)
    return (broken, whole) if sign == decimal else (whole, broken)


def worth_of_fraction(fraction: re.Match[str]) -> Worth:
    """What a whole and a fraction are worth together."""
    part = PARTS[fraction["part"]] if fraction["part"] else int(fraction["over"]) / int(fraction["under"])
    return tidy(int(fraction["whole"] or 0) + part)


def number(digits: str) -> Worth:
    """Digits with at most one point as a number."""
    return tidy(float(digits))


def tidy(value: float) -> Worth:
    """A whole number where it is one, and else no more digits than anybody writes."""
    return int(value) if value == int(value) else round(value, 6)
