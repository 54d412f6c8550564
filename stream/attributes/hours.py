"""When something is open, in the syntax of OpenStreetMap's opening_hours (https://wiki.openstreetmap.org/wiki/Key:opening_hours).

Owns: how opening hours are written on doors in English, German, French, Spanish and Italian.  Pure.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from itertools import islice
from typing import TYPE_CHECKING, TypeAlias

from glyphfeed.stream.attributes.customs import ALSO_DAYS, LANGUAGES, customs_of, weekdays
from glyphfeed.stream.attributes.writing import folded, plain
from glyphfeed.stream.records import Attribute

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from glyphfeed.stream.attributes.line import Line

DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
INITIALS = dict(zip("lmxjvsd", range(7), strict=True))
"""The weekdays by one letter, as in Spain."""
ENGLISH_INITIALS = {"m": 0, "t": 1, "w": 2, "f": 4}
ITALIAN = dict(zip(("lu", "ma", "me", "gi", "ve", "sa", "do"), range(7), strict=True))
GROUPS = {
    **dict.fromkeys(
        ("daily", "everyday", "every day", "taglich", "tagl", "tous les jours", "7j/7", "7/7", "todos los dias", "diario"),
        "Mo-Su",
    ),
    **dict.fromkeys(("tutti i giorni", "7 days a week", "7 days", "a diario"), "Mo-Su"),
    **dict.fromkeys(("weekdays", "weekday", "wochentags", "en semaine", "laborables", "feriali"), "Mo-Fr"),
    **dict.fromkeys(("werktags",), "Mo-Sa"),
    **dict.fromkeys(
        ("weekends", "weekend", "wochenende", "week-end", "fines de semana", "fin de semana", "fine settimana"), "Sa-Su"
    ),
    **dict.fromkeys(
        ("feiertage", "feiertags", "feiertagen", "feiertag", "public holidays", "bank holidays", "bank holiday"), "PH"
    ),
    **dict.fromkeys(("holidays", "jours feries", "feries", "festivos", "festivi"), "PH"),
}
TO = {*("-", "to", "bis", "a", "au", "al", "until", "till", "through", "thru", "alle", "hasta", "til")}
AND = {*(",", "&", "+", "and", "und", "et", "y", "e", "u", "/", "|")}
CLOSED = {*("closed", "geschlossen", "geschl", "ruhetag", "zu", "ferme", "fermee", "cerrado", "cerrada", "chiuso", "chiusa")}
OPEN = {
    *("open", "opening", "hours", "geoffnet", "offnungszeiten", "sprechzeiten", "sprechstunde", "ouvert", "ouverture", "horaires")
}
OPEN |= {*("abierto", "horario", "aperto", "orario", "orari", "apertura", "times")}
FILL = {
    *(
        ":",
        ".",
        ",",
        "-",
        "(",
        "=",
        "von",
        "from",
        "de",
        "des",
        "ore",
        "las",
        "le",
        "les",
        "dalle",
        "jeweils",
        "on",
        "am",
        "il",
        "i",
        "la",
    )
}
FILL |= {
    *(
        "durchgehend",
        "every",
        "jeden",
        "jeder",
        "every",
        "du",
        "dal",
        "los",
        "el",
        "h",
        ";",
        "lunch",
        "dinner",
        "we're",
        "are",
        "we",
        "is",
        "ist",
    )
}
SINCE = {"ab", "from", "desde", "dalle"}
CLOCK = {"uhr", "h", "hrs", "ore", "hs"}
ENDS = {".", ";", ")", "*", "!"}
AROUND = {"24/7", "7/24", "24h/24", "24/24", "24h/7"}
NAMED = {
    "midnight": (24, 0),
    "mitternacht": (24, 0),
    "minuit": (24, 0),
    "medianoche": (24, 0),
    "noon": (12, 0),
    "midday": (12, 0),
    "midi": (12, 0),
}
TOKEN = re.compile(
    r"24 ?/ ?7(?![/\d])|24h? ?/ ?24h?(?!\d)|"
    + "|".join(sorted((name for name in GROUPS if re.search(r"\W", name)), key=len, reverse=True))
    + r"|[ap]\.? ?m\b\.?|\d{1,2} ?h ?[0-5]\d(?!\d)|\d{1,2}(?:[:.] ?[0-5]\d)?(?!\d)|[0-2]\d[0-5]\d(?!\d)|\d+|[a-z]+|[^\s\w]"
)
MISREAD = re.compile(
    r"(?<=(?<![a-z\d])[msd])0(?![a-z\d])|(?<=(?<![a-z\d])[md])[1l](?![a-z\d])"
    r"|(?<![a-z\d])5(?=[ao](?![a-z\d]))"
)
"""What is no letter, or another one, in the short name of a weekday."""
MOST = 8
"""So many days, hours or small words follow one another."""
TOKENS = 200
"""So many tokens of a line are read: many more than there are on any door."""
HOURS_LONG = {"h", "hours", "hrs", "hour", "std", "stunden", "heures", "horas", "ore"}
MAYBE = re.compile(
    r"\d ?(?:-|to|bis|a|au|al|until|till|alle|hasta|/|uhr|[ap]\.?m|h)|24|midnight|(?<![a-z])(?:"
    + ""
    r"|".join(CLOSED)
    + ")(?![a-z])"
)


@dataclass(frozen=True, slots=True)
class Token:
    """A word, a number or a sign, where it stands."""

    text: str
    span: tuple[int, int]


@dataclass(frozen=True, slots=True)
class Clock:
    """A time as it is written: `half` is a or p where that is told, `sure` whether it can be nothing but a time."""

    hour: int
    minute: int
    half: str
    sure: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """On these days, in OpenStreetMap's syntax, it is open then; from one token to before another."""

    days: str
    hours: str
    span: tuple[int, int]

    def __str__(self) -> str:
        return f"{self.days} {self.hours}".strip() if self.hours != "24/7" else "24/7"


Found: TypeAlias = "tuple[str, int] | None"
"""What is written, and the token behind it."""


def find(line: Line, region: str) -> Iterator[Attribute]:
    """The opening hours of a line, all of it together where they follow one another."""
    text = folded(plain(line))
    if not MAYBE.search(text):
        return
    text = MISREAD.sub(lambda match: {"0": "o", "1": "i", "l": "i", "5": "s"}[match[0]], text)
    tokens = [Token(match[0], match.span()) for match in islice(TOKEN.finditer(text), TOKENS)]
    for rules in together(list(Reader(tokens, line.text, region).rules()), tokens):
        span = tokens[rules[0].span[0]].span[0], tokens[rules[-1].span[1] - 1].span[1]
        yield Attribute("opening_hours", "; ".join(map(str, rules)), span)


def together(rules: Sequence[Rule], tokens: Sequence[Token]) -> Iterator[list[Rule]]:
    """Rules in groups with nothing but signs and small words between them."""
    group: list[Rule] = []
    for rule in rules:
        if group and not all(token.text in AND | FILL | ENDS for token in tokens[group[-1].span[1] : rule.span[0]]):
            yield group
            group = []
        group.append(rule)
    if group:
        yield group


@cache
def days_of(region: str) -> tuple[Mapping[str, int], frozenset[str]]:
    """The weekdays by their names, those of the region first; and the short ones of others, which may be words."""
    spoken = [language for language in customs_of(region).languages if language in LANGUAGES]
    known: dict[str, int] = {}
    for language in dict.fromkeys((*spoken, "en", "de")):
        known = {**weekdays(language), **known}
    for language in LANGUAGES:
        known = {**{name: day for name, day in weekdays(language).items() if len(name) > 2}, **known}
    known |= ALSO_DAYS | (INITIALS if "es" in spoken[:1] else {})
    own = {name for language in spoken[:1] for name in weekdays(language)}
    known |= {name: day for name, day in ENGLISH_INITIALS.items() if spoken[:1] == ["en"]} | (
        ITALIAN if spoken[:1] == ["it"] else {}
    )
    return known, frozenset(name for name in known if (len(name) < 3 and name not in own) or len(name) == 1)


class Reader:
    """Reads the tokens of a line; a step returns None where the tokens say something else."""

    def __init__(self, tokens: Sequence[Token], written: str, region: str) -> None:
        self._tokens, self._written = tokens, written
        self._days, self._weak = days_of(region)
        self._opens = any(token.text in OPEN for token in tokens)
        self._english = customs_of(region).languages[0] == "en"

    def word(self, place: int) -> str:
        """The token at a place, "" beyond the last."""
        return self._tokens[place].text if 0 <= place < len(self._tokens) else ""

    def rules(self) -> Iterator[Rule]:
        """All that is said of when it is open, in its order."""
        place = 0
        while place < len(self._tokens):
            rule = self.rule(self._tokens[place].text, place)
            if rule:
                yield rule
            place = rule.span[1] if rule else place + 1

    def rule(self, word: str, place: int) -> Rule | None:
        """What starts at a place, by the kind of its first token."""
        if word in CLOSED:
            return self.closing(place)
        if word in OPEN:
            return self.opening(place)
        if word[0].isdecimal() or word in SINCE:
            return self.around(place) or self.of_days(place) or (self.opened(place) if self._opens else None)
        return self.of_days(place)

    def around(self, place: int) -> Rule | None:
        """Open all day and all week."""
        word = self.word(place).replace(" ", "")
        if word in AROUND:
            end = place + 1 + (self.word(place + 1) in GROUPS and GROUPS[self.word(place + 1)] == "Mo-Su")
            return Rule("", "24/7", (place, end))
        hours = self.all_day(place)
        daily = self.skip(hours[1], OPEN | {"a", "day", ","}) if hours else place
        return Rule("", "24/7", (place, daily + 1)) if hours and GROUPS.get(self.word(daily)) == "Mo-Su" else None

    def of_days(self, place: int) -> Rule | None:
        """Days with their hours, or on which it is closed."""
        days = self.days(place)
        if not days:
            return None
        is_weak = days[1] - place == 1 and self.word(place) in self._weak
        if is_weak and len(self.word(place)) == 1:
            return None
        after = self.skip(days[1])
        if self.word(after) in CLOSED and not is_weak:
            return Rule(days[0], "off", (place, after + 1))
        hours = self.hours(after, is_weak) or self.all_day(after)
        if hours and hours[0] == "00:00-24:00" and days[0] == "Mo-Su":
            return Rule("", "24/7", (place, hours[1]))
        return Rule(days[0], hours[0], (place, hours[1])) if hours else None

    def closing(self, place: int) -> Rule | None:
        """Closed on these days."""
        days = self.days(self.skip(place + 1)) if self.word(place) in CLOSED and self.word(place) != "zu" else None
        # Days with hours behind them are those on which it is open.
        if not days or self.hours(self.skip(days[1]), False):
            return None
        return Rule(days[0], "off", (place, days[1]))

    def opening(self, place: int) -> Rule | None:
        """Hours without days, behind a word that says what they are."""
        start = self.skip(place + 1)
        always, hours = self.all_day(start), self.hours(start, False)
        if always:
            daily = self.skip(always[1], {"a", "day", ","})
            end = daily + 1 if GROUPS.get(self.word(daily)) == "Mo-Su" else always[1]
            return Rule("", "24/7", (start, end))
        return Rule("", hours[0], (start, hours[1])) if hours else None

    def opened(self, place: int) -> Rule | None:
        """Hours, or all day, before a word that says that it is open then."""
        hours = self.all_day(place) or self.hours(place, False)
        if not hours or self.word(hours[1]) not in OPEN - {"times", "hours"}:
            return None
        return Rule("", "24/7" if hours[0] == "00:00-24:00" else hours[0], (place, hours[1]))

    def skip(self, place: int, words: Sequence[str] | set[str] = ()) -> int:
        """The next place that holds no small word."""
        passed = words or FILL | OPEN
        return next(
            (one for one in range(place, place + MOST) if not self.word(one) or self.word(one) not in passed), place + MOST
        )

    def day(self, place: int) -> str:
        """The day at a place, "" for none."""
        word = self.word(place)
        number = self._days.get(word, self._days.get(word.removesuffix("s")) if len(word) > 4 else None)
        return GROUPS.get(word, DAYS[number] if number is not None else "")

    def days(self, place: int) -> Found:
        """Days and ranges of days, one after another."""
        parts: list[str] = []
        end = place
        while (part := self.range_of_days(place)) and len(parts) < MOST:
            parts.append(part[0])
            end = place = part[1]
            while self.word(place) in AND or self.word(place) == ".":
                place += 1
        return (",".join(dict.fromkeys(parts)), end) if parts else None

    def range_of_days(self, place: int) -> Found:
        """A day, or from one to another."""
        first = self.day(place)
        if not first:
            return None
        after = place + 1 + (self.word(place + 1) == ".")
        behind = after + 1 + (self.word(after + 1) in ("le", "il", "the"))
        last = self.day(behind) if self.word(after) in TO and first in DAYS else ""
        if last in DAYS:
            return f"{first}-{last}", behind + 1 + (self.word(behind + 1) == ".")
        return first, after

    def all_day(self, place: int) -> Found:
        """Twenty-four hours."""
        if self.word(place) == "24" and self.word(place + 1) in HOURS_LONG:
            return "00:00-24:00", place + 2
        return ("00:00-24:00", place + 1) if self.word(place).replace(" ", "") in ("24h/24", "24/24") else None

    def hours(self, place: int, needs_clock: bool) -> Found:
        """Ranges of times, one after another."""
        parts: list[str] = []
        end = place
        while (part := self.range_of_times(place, needs_clock) or self.since(place)) and len(parts) < MOST:
            parts.append(part[0])
            end = place = part[1]
            while self.word(place) in AND:
                place += 1
            place = self.skip(place, {"von", "de", "from", "dalle"}) if place > end else place
        return (",".join(parts), end) if parts else None

    def since(self, place: int) -> Found:
        """From a time on."""
        start = place if self.word(place) in SINCE else place - 1
        time = self.clock(start + 1) if self.word(start) in SINCE else None
        return (
            (f"{on_the_clock(time[0], time[0].half)}+", time[1])
            if time and time[0].sure and self.word(time[1]) not in TO
            else None
        )

    def range_of_times(self, place: int, needs_clock: bool) -> Found:
        """From one time to another."""
        first = self.clock(place)
        between = self.skip(first[1], TO) if first else place
        second = self.clock(between) if first and 0 < between - first[1] < 3 else None
        if not first or not second or self.is_compact(place) != self.is_compact(between):
            return None
        sure = first[0].sure or second[0].sure
        if not sure and (needs_clock or not self.may_end(second[1]) or first[0].hour < 5):
            return None
        return range_of(first[0], second[0], self._english), second[1]

    def is_compact(self, place: int) -> bool:
        """Whether a time is written in four digits, as 0900."""
        return len(self.word(place)) == 4 and self.word(place).isdecimal()

    def may_end(self, place: int) -> bool:
        """Whether hours without a word for the clock may end there."""
        word = self.word(place)
        return not word or word in AND | CLOSED | ENDS | OPEN or bool(self.day(place))

    def clock(self, place: int) -> tuple[Clock, int] | None:
        """A time of day, with the words that make it one."""
        word, after = self.word(place), self.word(place + 1)
        if word in NAMED:
            return Clock(*NAMED[word], "", True), place + 1
        match = re.fullmatch(r"(\d{1,2})(?:(?:[:.]| ?h) ?(\d\d))?|(\d\d)(\d\d)", word)
        hour, minute = (match[1] or match[3], match[2] or match[4]) if match else ("99", "")
        if int(hour) > 24 or (int(hour) == 24 and int(minute or 0)):
            return None
        is_half = after[:1] in ("a", "p") and len(after) > 1 and after.replace(".", "").replace(" ", "") in ("am", "pm")
        half = after[0] if is_half and int(hour) <= 12 else ""
        marked = bool(half) or after in CLOCK
        return Clock(int(hour), int(minute or 0), half, marked or minute is not None), place + 1 + marked


def range_of(first: Clock, second: Clock, english: bool) -> str:
    """From a time to another: the half of the day of the one tells that of the other, and in English 9 to 5 is a day's work."""
    half, later = first.half or second.half, second.half or first.half
    start, end = on_the_clock(first, half), on_the_clock(second, later)
    if not first.half and second.half and start >= end:
        start = on_the_clock(first, {"a": "p", "p": "a"}[half])
    if not second.half and (first.half or english) and end <= start and first.hour <= 12 and second.hour <= 12:
        end = on_the_clock(second, "p")
    return f"{start}-{end if end != '00:00' else '24:00'}"


def on_the_clock(time: Clock, half: str) -> str:
    """A time on a clock of 24 hours."""
    hour = time.hour % 12 + 12 * (half == "p") if half and time.hour <= 12 else time.hour
    return f"{hour:02}:{time.minute:02}"
