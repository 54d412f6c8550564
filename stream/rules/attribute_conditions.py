"""Conditions on attributes, such as `price < 5 EUR`, `date within 7 days` and `plate`.

Owns: their grammar, and how values are compared.  Pure.

    condition   [kind] KIND | KIND = | != TEXT | KIND < | <= | = | != | >= | > NUMBER [UNIT]
                | KIND before | on | after DAY | KIND within NUMBER days | weeks | KIND before | at | after HH:MM
                | KIND.FIELD = | != TEXT
    DAY         today | tomorrow | yesterday | YYYY-MM-DD
    FIELD       label | unit, or a part of values that have parts, such as country

Numbers are those of prices, measures and the like, days of `date`, HH:MM of `time`.  Several conditions on one kind must hold of
one and the same attribute.
"""

from __future__ import annotations

import calendar
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from glyphfeed.stream.errors import InputError
from glyphfeed.stream.rules.measures import DIMENSIONS, factor
from glyphfeed.stream.rules.subject import united

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from glyphfeed.stream.records import Attribute
    from glyphfeed.stream.rules.subject import Span, Subject

NUMBERS: Final[Mapping[str, str]] = {
    "price": "EUR",
    "unit_price": "EUR/kg",
    "percent": "%",
    "weight": "kg",
    "volume": "l",
    "size": "cm",
    "distance": "km",
    "speed": "km/h",
}
"""The kinds whose values are numbers, and a unit of each."""
TEXTS: Final = (
    *("opening_hours", "phone", "email", "url", "iban", "vin", "container", "gtin", "isbn", "flight", "parcel", "postal_code"),
    *("street", "plate", "code", "caption"),
)
KINDS: Final = frozenset({*NUMBERS, *TEXTS, "date", "time"})
"""All kinds of attributes."""
FIELDS: Final[Mapping[str, tuple[str, ...]]] = {"plate": ("country", "number"), "postal_code": ("country", "code")}
"""The parts that values have."""
_TOKEN: Final = re.compile(r"\s*(<=|>=|!=|[<=>]|\"[^\"]*\"|[^\s<>=!\"]+)")
_NUMBER: Final = re.compile(r"([+-]?\d+(?:\.\d+)?)(.*)")
_DATE: Final = re.compile(r"(?:(\d{4})|-)-(\d{2})(?:-(\d{2}))?")
_DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
_CLOCK: Final = re.compile(r"([01]\d|2[0-4]):[0-5]\d")
_ORDER: Final[Mapping[str, Callable[[Any, Any], bool]]] = {
    "<": lambda seen, wanted: seen < wanted,
    "<=": lambda seen, wanted: seen <= wanted,
    "=": lambda seen, wanted: seen == wanted,
    "!=": lambda seen, wanted: seen != wanted,
    ">=": lambda seen, wanted: seen >= wanted,
    ">": lambda seen, wanted: seen > wanted,
}


@dataclass(frozen=True, slots=True)
class Test:
    """One condition: as it is written, the kind that it is on, and whether it holds of an attribute that a region's text has on
    a day.
    """

    written: str
    kind: str
    holds: Callable[[Attribute, date, str], bool]


class Attributes:
    """The text has attributes of which some conditions hold, all of those on one kind of the same one; `region` tells units."""

    def __init__(self, conditions: Sequence[str], region: str = "US") -> None:
        tests = [parse_when(text) for text in conditions]
        self._tests = {kind: [test for test in tests if test.kind == kind] for kind in dict.fromkeys(test.kind for test in tests)}
        self._region = region

    def find(self, subject: Subject) -> tuple[Span, ...] | None:
        """See `Condition.find`."""
        found = [self._meant(kind, subject) for kind in self._tests]
        return united(attribute.span for meant in found for attribute in meant) if all(found) else None

    def why(self, subject: Subject) -> str:
        """See `Condition.why`."""
        return "; ".join(self._why(kind, subject) for kind in self._tests)

    def _meant(self, kind: str, subject: Subject) -> list[Attribute]:
        """The attributes of a kind of which all conditions on it hold."""
        of_kind = (attribute for attribute in subject.entity.attributes if attribute.kind == kind)
        return [attribute for attribute in of_kind if not self._failed(attribute, subject)]

    def _failed(self, attribute: Attribute, subject: Subject) -> list[str]:
        """The conditions that do not hold of an attribute."""
        day = subject.now.date()
        return [test.written for test in self._tests[attribute.kind] if not test.holds(attribute, day, self._region)]

    def _why(self, kind: str, subject: Subject) -> str:
        of_kind = [attribute for attribute in subject.entity.attributes if attribute.kind == kind]
        if meant := self._meant(kind, subject):
            return ", ".join(f"{said(attribute)} at {attribute.span[0]}" for attribute in meant)
        if not of_kind:
            return f"there is no {kind} in it"
        return ", ".join(f"{said(each)}, of which does not hold: {', '.join(self._failed(each, subject))}" for each in of_kind)


def said(attribute: Attribute) -> str:
    """An attribute in words."""
    value = " ".join(map(str, attribute.value.values())) if isinstance(attribute.value, dict) else attribute.value
    words = " ".join(filter(None, (attribute.kind, f"{value}", attribute.unit, attribute.label and f"({attribute.label})")))
    others = ", ".join(map(str, attribute.alternatives))
    return f"{words} (or {others})" if others else words


class Reader:
    """The words of a condition, one after the other."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._words = [(match[1].strip('"'), match.start(1)) for match in _TOKEN.finditer(text)]
        self._at = 0

    def mistake(self, sentence: str, back: int = 0) -> InputError:
        """What is wrong with the word that comes next, or with one so many before it."""
        at = self._at - back
        place = self._words[at][1] if at < len(self._words) else len(self.text)
        return InputError(f"at column {place + 1}: {sentence}")

    def take(self) -> str:
        """The next word, "" at the end."""
        word = self._words[self._at][0] if self._at < len(self._words) else ""
        self._at += 1
        return word

    def rest(self) -> str:
        """All words that are left."""
        words = [word for word, _ in self._words[self._at :]]
        self._at = len(self._words)
        return " ".join(words)

    def end(self) -> None:
        """Accept that nothing is left.

        Raises:
            InputError: something is.

        """
        if self._at < len(self._words):
            raise self.mistake(f"{self._words[self._at][0]!r} is too much; write one condition in each text")


def parse_when(text: str) -> Test:
    """Read a condition on an attribute.

    Raises:
        InputError: it is none; with the column from which on it is wrong.

    """
    reader = Reader(text)
    kind, _, field = reader.take().partition(".")
    if kind == "kind":
        kind = reader.take()
    if kind not in KINDS:
        raise reader.mistake(f"{kind!r} is no kind of attribute; there are {', '.join(sorted(KINDS))}", back=1)
    word = reader.take()
    if field:
        holds = _of_field(kind, field, word, reader)
    elif not word:
        holds = _anything
    elif kind in NUMBERS:
        holds = _of_number(kind, word, reader)
    elif kind == "date":
        holds = _of_day(word, reader)
    elif kind == "time":
        holds = _of_clock(word, reader)
    else:
        holds = _of_text(kind, word, reader)
    reader.end()
    return Test(text, kind, holds)


def _anything(_: Attribute, __: date, ___: str) -> bool:
    return True


def _equality(word: str, reader: Reader) -> bool:
    """Whether what follows is to be the same.

    Raises:
        InputError: it cannot be told.

    """
    if word not in ("=", "!="):
        raise reader.mistake(f"{word!r} cannot compare words; write = or !=", back=1)
    return word == "="


def _of_field(kind: str, field: str, word: str, reader: Reader) -> Callable[[Attribute, date, str], bool]:
    known = ("label", "unit", *FIELDS.get(kind, ()))
    if field not in known:
        raise reader.mistake(f"{kind} has no {field!r}; there are {', '.join(known)}", back=2)
    same, wanted = _equality(word, reader), reader.rest()

    def holds(attribute: Attribute, _: date, __: str) -> bool:
        parts = attribute.value if isinstance(attribute.value, dict) else {}
        seen = getattr(attribute, field) if field in ("label", "unit") else parts.get(field, "")
        return (plain(seen) == plain(wanted)) is same

    return holds


def _of_text(kind: str, word: str, reader: Reader) -> Callable[[Attribute, date, str], bool]:
    same, wanted = _equality(word, reader), reader.rest()
    if not wanted:
        raise reader.mistake("what it is to be the same as is missing")
    bare = letters if kind == "plate" else plain

    def holds(attribute: Attribute, _: date, __: str) -> bool:
        value = attribute.value
        seen = value.get(FIELDS[kind][1], "") if isinstance(value, dict) and kind in FIELDS else value
        return (bare(str(seen)) == bare(wanted)) is same

    return holds


def _of_number(kind: str, word: str, reader: Reader) -> Callable[[Attribute, date, str], bool]:
    if word not in _ORDER:
        raise reader.mistake(f"{word!r} cannot compare numbers; write one of {', '.join(_ORDER)}", back=1)
    compare, number = _ORDER[word], _NUMBER.fullmatch(reader.take())
    if number is None:
        raise reader.mistake("a number is wanted, such as 4.99", back=1)
    wanted, unit = float(number[1]), number[2] or reader.take()
    if not unit and kind not in ("price", "percent"):
        raise reader.mistake(f"a unit is wanted, such as {NUMBERS[kind]}", back=1)
    if unit and not _is_unit(unit, kind):
        raise reader.mistake(f"{unit!r} is no unit of {kind}; write one such as {NUMBERS[kind]}", back=1)

    def holds(attribute: Attribute, _: date, region: str) -> bool:
        times = factor(attribute.unit, unit, region) if unit else 1.0
        values = attribute.value if isinstance(attribute.value, list | tuple) else [attribute.value]
        # 1000 g and 1 kg are the same, whatever the last digit.
        return times is not None and any(compare(round(value * times, 9), wanted) for value in values)

    return holds


def _is_unit(unit: str, kind: str) -> bool:
    """Whether a unit may be that of a kind."""
    currency, _, amount = unit.partition("/")
    if kind in ("price", "unit_price"):
        is_currency = len(currency) == 3 and currency.isascii() and currency.isupper()
        return is_currency and (bool(amount) if kind == "unit_price" else not amount)
    lengths = DIMENSIONS[1]
    return factor(unit, NUMBERS[kind]) is not None and (kind not in ("size", "distance") or unit in lengths)


def _of_day(word: str, reader: Reader) -> Callable[[Attribute, date, str], bool]:
    if word == "within":
        return _within(reader)
    if word not in ("before", "on", "after"):
        raise reader.mistake(f"{word!r} cannot compare dates; write before, on, after or within", back=1)
    named = reader.take()
    days = {"today": 0, "tomorrow": 1, "yesterday": -1}
    try:
        fixed = date.fromisoformat(named) if _DAY.fullmatch(named) else None
    except ValueError:
        fixed = None
    if fixed is None and named not in days:
        raise reader.mistake(f"{named!r} is no day; write today, tomorrow, yesterday or one such as 2026-12-31", back=1)

    def holds(attribute: Attribute, today: date, _: str) -> bool:
        wanted, seen = fixed or today + timedelta(days[named]), days_of(attribute.value, today)
        if seen is None:
            return False
        return {"before": seen[1] < wanted, "on": seen[0] <= wanted <= seen[1], "after": seen[0] > wanted}[word]

    return holds


def _within(reader: Reader) -> Callable[[Attribute, date, str], bool]:
    number, unit = reader.take(), reader.take()
    if not number.isdecimal() or int(number) > 36_500 or unit not in ("day", "days", "week", "weeks"):
        raise reader.mistake("a time is wanted, such as within 7 days or within 2 weeks", back=2)
    most = timedelta(int(number) * (7 if unit.startswith("week") else 1))

    def holds(attribute: Attribute, today: date, _: str) -> bool:
        seen = days_of(attribute.value, today)
        return seen is not None and today <= seen[1] <= today + most

    return holds


def _of_clock(word: str, reader: Reader) -> Callable[[Attribute, date, str], bool]:
    if word not in ("before", "at", "after"):
        raise reader.mistake(f"{word!r} cannot compare times; write before, at or after", back=1)
    wanted = reader.take()
    if not _CLOCK.fullmatch(wanted):
        raise reader.mistake(f"{wanted!r} is no time; write one such as 08:30", back=1)

    def holds(attribute: Attribute, _: date, __: str) -> bool:
        seen = str(attribute.value)
        return {"before": seen < wanted, "at": seen == wanted, "after": seen > wanted}[word]

    return holds


def days_of(value: object, today: date) -> tuple[date, date] | None:
    """The first and the last day that a date may mean: one, or those of a month; without a year the one nearest to today."""
    found = _DATE.fullmatch(str(value))
    if found is None:
        return None
    year, month, day = (int(part or 0) for part in found.groups())
    try:
        if not year:
            years = [year for year in range(today.year - 4, today.year + 5) if (month, day) != (2, 29) or calendar.isleap(year)]
            nearest = min((date(year, month, day) for year in years), key=lambda each: abs(each - today))
            return nearest, nearest
        last = day or calendar.monthrange(year, month)[1]
        return date(year, month, day or 1), date(year, month, last)
    except ValueError:
        return None


def plain(text: str) -> str:
    """A text without spaces and case."""
    return "".join(text.split()).casefold()


def letters(text: str) -> str:
    """The letters and digits of a text, without case."""
    return "".join(filter(str.isalnum, text)).casefold()
