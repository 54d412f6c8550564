"""Conditions on where and when a text is seen: by which camera, in which part of its picture, at which time of the week, and how
far it can be trusted.

Owns: how times of the week are written.  Does not own how zones are (detecting.zones).  Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from glyphfeed.stream.detecting.zones import covered, parse_zone
from glyphfeed.stream.errors import InputError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from glyphfeed.stream.records import TextState
    from glyphfeed.stream.rules.subject import Span, Subject

DAYS: Final = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
_HOURS: Final = re.compile(r"(?:(?P<days>[A-Za-z][A-Za-z, -]*?)\s+)?(?P<begin>\d\d:\d\d)\s*-\s*(?P<end>\d\d:\d\d)")
_MINUTES: Final = 24 * 60


@dataclass(frozen=True, slots=True)
class Hours:
    """Some days of the week, 0 for Monday, from one minute of the day to another that is none of them; where that comes before,
    it is one of the day after.
    """

    days: frozenset[int]
    begin: int
    end: int

    def hold(self, now: datetime) -> bool:
        """Whether it is such a time."""
        minute, day = now.hour * 60 + now.minute, now.weekday()
        if self.begin < self.end:
            return day in self.days and self.begin <= minute < self.end
        return (day in self.days and minute >= self.begin) or ((day - 1) % 7 in self.days and minute < self.end)


class Sources:
    """The text is seen by one of some sources."""

    def __init__(self, names: Collection[str]) -> None:
        self._names = frozenset(names)

    def find(self, subject: Subject) -> tuple[Span, ...] | None:
        """See `Condition.find`."""
        return () if subject.source in self._names else None

    def why(self, subject: Subject) -> str:
        """See `Condition.why`."""
        return f"it is seen by {subject.source or 'no source'}, and {', '.join(sorted(self._names))} counts"


class States:
    """The text can be trusted as far as one of some states says."""

    def __init__(self, states: Collection[TextState]) -> None:
        self._states = frozenset(states)

    def find(self, subject: Subject) -> tuple[Span, ...] | None:
        """See `Condition.find`."""
        return () if subject.entity.state in self._states else None

    def why(self, subject: Subject) -> str:
        """See `Condition.why`."""
        return f"it is {subject.entity.state}, and {', '.join(sorted(self._states))} counts"


class InZones:
    """The centre of the text lies in one of some zones of the picture."""

    def __init__(self, zones: Sequence[str]) -> None:
        self._zones = tuple(map(parse_zone, zones))

    def find(self, subject: Subject) -> tuple[Span, ...] | None:
        """See `Condition.find`."""
        return () if covered(self._zones, centre_of(subject)[None], subject.size)[0] else None

    def why(self, subject: Subject) -> str:
        """See `Condition.why`."""
        x, y = centre_of(subject)
        return f"its centre is at {x:.0f},{y:.0f} of {subject.size[0]}x{subject.size[1]}"


class InHours:
    """It is one of some times of the week."""

    def __init__(self, hours: Sequence[str]) -> None:
        self._written, self._hours = tuple(hours), tuple(map(parse_hours, hours))

    def find(self, subject: Subject) -> tuple[Span, ...] | None:
        """See `Condition.find`."""
        return () if any(hours.hold(subject.now) for hours in self._hours) else None

    def why(self, subject: Subject) -> str:
        """See `Condition.why`."""
        return f"it is {DAYS[subject.now.weekday()]} {subject.now:%H:%M}, and {', '.join(self._written)} counts"


def centre_of(subject: Subject) -> NDArray[np.float64]:
    """Where the middle of a text is, in pixels; of what reaches beyond the picture where its border is nearest."""
    centre = np.asarray(subject.entity.polygon, np.float64).mean(axis=0)
    return np.asarray(np.clip(centre, 0, np.array(subject.size) - 1e-3))


def parse_hours(text: str) -> Hours:
    """Read times such as "Mo-Fr 08:00-18:00", "Sa,Su 10:00-14:00" or "22:00-06:00".

    Raises:
        InputError: there are none.

    """
    found = _HOURS.fullmatch(text.strip())
    if found is None:
        raise InputError('it is no time of the week; write one such as "Mo-Fr 08:00-18:00" or "22:00-06:00"')
    begin, end = _minute(found["begin"]), _minute(found["end"])
    if begin in (end, _MINUTES):
        raise InputError("it begins when it ends; write 00:00-24:00 for all of a day")
    return Hours(frozenset(range(7)) if found["days"] is None else _days(found["days"]), begin, end)


def _minute(text: str) -> int:
    hours, minutes = map(int, text.split(":"))
    if minutes > 59 or hours * 60 + minutes > _MINUTES:
        raise InputError(f"{text} is no time of the day; there are 00:00 to 24:00")
    return hours * 60 + minutes


def _days(text: str) -> frozenset[int]:
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = (day.strip().capitalize() for day in part.partition("-"))
        for day in filter(None, (first, last)):
            if day not in DAYS:
                raise InputError(f"{day!r} is no day; there are {', '.join(DAYS)}")
        begin = DAYS.index(first) if first else 0
        found |= {(begin + number) % 7 for number in range((DAYS.index(last or first) - begin) % 7 + 1)} if first else set()
    return frozenset(found)
