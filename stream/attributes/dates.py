"""When: dates and times of day.

Owns: in which order a date is written, what a date on a package is for, and which numbers are times.  Pure.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import TYPE_CHECKING

from glyphfeed.stream.attributes.customs import LANGUAGES, customs_of, months, months_of, weekdays, wide_months
from glyphfeed.stream.attributes.writing import few, folded, plain
from glyphfeed.stream.records import Attribute

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from glyphfeed.stream.attributes.line import Line

ALONE = r"(?<!\d)(?<!\d[./:-])"
NUMERIC = re.compile(
    rf"{ALONE}(\d{{4}}|\d{{1,2}})(?P<sep>[./-]) ?(\d{{1,2}})(?P=sep) ?(\d{{4}}|\d{{1,2}})(?!\d)(?!(?P=sep)\d)(?![a-su-z])"
)
MONTH_AND_YEAR = re.compile(
    rf"{ALONE}(?:(?P<month>0[1-9]|1[0-2]|[1-9](?=[/-]))(?: ?/ ?|[.-])(?P<year>(?:19|20)\d\d)"
    r"|(?P<year_b>20\d\d)[/-](?P<month_b>0[1-9]|1[0-2]))(?![a-z\d]|[./-]\d)"
)
DAY_AND_MONTH = re.compile(rf"{ALONE}(\d{{1,2}})\. ?(\d{{1,2}})\.(?! ?\d)(?![a-z])")
DAY_OR_MONTH = re.compile(rf"{ALONE}(\d{{1,2}})[./](\d{{1,2}})(?![\d./:%-]|,\d| ?(?:uhr|h|am|pm|[kmc]?[mgl]|€)\b)")
YEAR = (
    r"(?:[ ,./'-]{0,3}(?:del? )?(?P<year>(?:1[5-9]|20)\d\d(?!\d)|(?:(?<=')\d|[2-4])\d(?!\d)(?![:.,h]\d|h|-\d| ?-\d"
    r"| ?(?:uhr|[ap]\.?m|h|[kmc]?[mgl]|€|\$|%)(?![a-z]))))?"
)
DAY_FIRST = re.compile(
    r"(?<![\d_])(?<!\d[.,:/])(?P<day>\d{1,2})(?:st|nd|rd|th|er|re|°|º|\.)?[ ./-]{0,2}(?:(?:of"
    r"|del?) )?(?P<month>[a-z]{3,10})(?![a-z])\.?" + YEAR
)
MONTH_FIRST = re.compile(
    r"(?<![a-z])(?P<month>[a-z]{3,10})\.?(?:(?: |[/,'-]|, ?| del? )?(?P<year_alone>(?:19|20)\d\d)(?!\d)"
    r"|[ /-]?(?P<day>\d{1,2})(?!\d(?!\d{1,3}(?!\d))|[:h]|\.\d)(?P<ordinal>st|nd|rd|th)?" + YEAR + ")"
)
YEAR_FIRST = re.compile(r"(?<!\d)(?P<year>20\d\d)[ ./-]?(?P<month>[a-z]{3,10})[ ./-]?(?P<day>\d{1,2})(?![\d:])")
BETWEEN = r"[ .:/*-]{0,3}(?:(?:date|datum|day|end|on|am|le|el|il|the|by|before|bis)[ .:]{0,3})?"
NAMES = {
    "best_before": r"best(?: if)?(?: used)?[ -]?(?:before|by)|bbe?d?|b\.b\.|m\.?h\.?d\.?|(?:mind(?:estens"
    r"|\.)? )?haltbar bis(?: ende)?|ddm|dluo"
    r"|a consommer de preference avant(?: le| fin)?|consumir preferentemente antes del?|cons(?:umir|\.)? pref(?:\."
    r"|erentemente)?(?: antes del?)?"
    r"|(?:da consumarsi )?preferibilmente entro(?: il)?|mindesthaltbarkeitsdatum",
    "expires": r"exp(?:\.|iry|ires?|iration)?|use[ -]by|valid (?:until|thru|to)|good thru|gultig bis|verwendbar bis"
    r"|zu verbrauchen bis"
    r"|verbrauchen bis|ablaufdatum|a consommer jusqu'au|dlc|(?:fecha de )?caducidad|cad\.?|caduca|scadenza|scade(?: il)?"
    r"|scad\.?|da consumare entro(?: il)?"
    r"|verfallsdatum|verfall",
    "produced": r"mf[gd]\.?|manuf(?:actured|\.)?|produced|prod\.?|production|pkd\.?|packed|hergestellt|produziert|abgepackt"
    r"|verpackt"
    r"|herstellungs ?datum|fabrique|fabricado|elaborado|prodotto|confezionato|emballe|made|dom",
}
LABEL = re.compile(
    rf"(?<![a-z])(?=[abcdefghlmpsuvz])(?:{'|'.join(f'(?P<{label}>{names})' for label, names in NAMES.items())})(?![a-z]){BETWEEN}"
)
LABELLED = re.compile(
    r"(?P<month>0[1-9]|1[0-2]) (?P<year>20\d\d)(?!\d)|(\d\d)(?P<sep>[ ./-]?)(\d\d)(?:(?P=sep)(\d{4}|\d\d))?(?![\d:]|[./-]\d)"
    r"|(\d{4})(\d\d)(\d\d)(?!\d)"
)
NO_DATES = {
    *(
        "tel",
        "telefon",
        "fon",
        "phone",
        "fax",
        "call",
        "mobil",
        "mobile",
        "code",
        "sort-code",
        "version",
        "vers",
        "ver",
        "v",
        "ip",
        "firmware",
    ),
    *(
        "build",
        "lot",
        "l",
        "ref",
        "art",
        "nr",
        "no",
        "kto",
        "chapter",
        "section",
        "kapitel",
        "abschnitt",
        "room",
        "raum",
        "zimmer",
        "az",
        "n",
    ),
    *("num", "fig", "teil", "part", "isbn", "din", "iso", "id", "art.-nr", "best.-nr", "kd.-nr", "serial"),
}
"""Words before numbers that only look like dates."""
AREA = re.compile(r"[#§][ .:]?$|(?:^|[^\d.:/-])[+(]?0\d{1,4}\)?[ /-]?$|\+\d{1,4}[ /-]?$")
"""The first part of a number of a phone, and signs before numbers of other things."""
UP_TO = re.compile(
    r"(?<![a-z])(?:ends?|until|thru|through|on|by|starts?|begins?|opens?|opening|due|date|till|bis|am|vom|ab|jusqu'au|du|le"
    r"|dal|al|hasta el|hasta|desde)"
    r"[ :.]{1,2}$"
)
NEAR = 40
GAP = 20
"""So many characters may stand between such a word and its date."""

CLOCK = r"(?: ?(?P<half>[ap])\.? ?m\b\.?| ?(?P<clock>uhr|h(?:rs|ours|eures?)?\b|o'clock))"
TIME = re.compile(
    r"(?<![\d_.,:+$€£#/])(?:(?<![a-z])|(?<=\dt))(?P<hour>2[0-4]|[01]?\d)(?:(?P<sep> : |[:.]| ?h"
    r"| ?uhr(?= [0-5]\d(?![\d.:,%€]| ?[a-z€%]))) ?(?P<minute>[0-5]\d)(?::(?P<second>[0-5]\d))?(?!\d))?"
    rf"(?:{CLOCK}|(?P<hours>h(?![a-z\d])| h(?![a-z\d])))?(?![\d:%€$°]|[.,]\d|[a-z])"
    r"(?= ?(?:-|to|until|till) ?\d{1,2}(?:[:.]\d\d)? ?(?P<later>[ap])\.?m\b)?"
)
MILITARY = re.compile(r"(?<![\d.,:])(?P<hour>[01]\d|2[0-3])(?P<minute>[0-5]\d) ?(?:hrs|hours|uhr)\b")
POINTED = re.compile(r"(?<![a-z\d])(?:(?<!\d )(?:ore|h\.?)|alle|dalle|las|um) ?$")
"""What stands before an hour and its minutes with a point between them."""
ORE = re.compile(r"(?<![a-z\d])(?<!\d )ore $")
VERS = re.compile(r"(?<![a-z])(?:a|des|vers|pour) $")
"""What stands before an hour, where it would be a duration otherwise."""
AT = re.compile(r"(?:(?<![a-z])(?:ore|alle|dalle|a las|las|a|de|des|bis|um|h|hs|jusqu'a|entre|et|y|e|von|ab)|[-/]) ?$")
NO_TIMES = {
    *(
        "score",
        "endstand",
        "satz",
        "scale",
        "masstab",
        "massstab",
        "ratio",
        "verhaltnis",
        "aspect",
        "format",
        "duration",
        "dauer",
        "length",
    ),
    *(
        "laufzeit",
        "mix",
        "mischung",
        "john",
        "mark",
        "luke",
        "matthew",
        "acts",
        "romans",
        "genesis",
        "exodus",
        "psalm",
        "psalms",
        "proverbs",
    ),
    *(
        "isaiah",
        "joh",
        "mt",
        "mk",
        "lk",
        "rom",
        "kor",
        "cor",
        "ps",
        "jn",
        "utc",
        "runtime",
        "duree",
        "durata",
        "duracion",
        "spielzeit",
        "mac",
        "gmt",
        "vers",
        "verse",
        "surah",
        "sure",
        "nr",
        "no",
    ),
}
"""Words before two numbers that only look like a time."""
NO_TIME_BEHIND = re.compile(
    r" ?(?:min|mins|minutes?|minuten|sec|aspect|format|ratio|scale|display|monitor|bildschirm|[a-z]{0,4}mischung|sieg|win"
    r"|victoire)\b"
)
SAYS_H = {"FR", "BE", "LU", "MC", "ES", "PT", "BR"}
"""Where an h behind a number is the time of day."""
DURATIONS = {"24", "48", "36"}


def find(line: Line, region: str) -> Iterator[Attribute]:
    """The dates and the times of a line."""
    text = folded(plain(line))
    if not any(char.isdecimal() for char in text):
        return
    taken: set[int] = set()
    for found in dates(text, line.text, region):
        if taken.isdisjoint(range(*found.span)):
            taken.update(range(*found.span))
            yield found
    yield from times(text, line.text, region)


def dates(text: str, written: str, region: str) -> Iterator[Attribute]:
    """What may be dates, the surest first."""
    yield from numeric(text, region)
    yield from named(text, written, region)
    yield from labelled(text, region)
    yield from without_day(text)
    yield from without_year(text, region)


def dated(values: Sequence[str], text: str, span: tuple[int, int], label: str = "") -> Iterator[Attribute]:
    """A date, with the others that it may be and what words before it say that it is."""
    if values:
        yield Attribute("date", values[0], span, label=label or label_of(text, span[0]), alternatives=tuple(values[1:]))


def label_of(text: str, start: int) -> str:
    """What a date is by the words that end where it starts, "" where nothing says so."""
    last = next((match for match in reversed(labels_of(text)) if match.end() <= start), None)
    near = last and start - last.end() <= GAP and not re.search(r"\d", text[last.end() : start])
    return last.lastgroup or "" if last and near else ""


@lru_cache(maxsize=16)
def labels_of(text: str) -> Sequence[re.Match[str]]:
    """The words of a folded text that say what a date behind them is."""
    return tuple(few(LABEL, text))


def iso(year: int | None, month: int, day: int) -> Iterator[str]:
    """A date in ISO's form, if there is such a day; without a year where that is None."""
    try:
        # Of the years that stand in, one with a 29 February.
        found = date(2000 if year is None else year, month, day)
    except ValueError:
        return
    yield found.isoformat() if year is not None else f"--{month:02}-{day:02}"


def full(year: str) -> int:
    """A year of two digits is of this century."""
    return int(year) if len(year) == 4 else 2000 + int(year)


def numeric(text: str, region: str) -> Iterator[Attribute]:
    """Dates in three numbers."""
    for match in few(NUMERIC, text):
        first, sep, second, third = match.groups()
        short = len(first) < 4 and len(third) < 4
        glued = text[: match.start()][-1:].isalpha() and not label_of(text, match.start())
        wrong = is_of_something_else(text, match.start()) if short else glued
        if not wrong and (len(first) == 4 or len(third) in (2, 4)):
            yield from dated(readings(first, second, third, sep, region), text, match.span())


def is_of_something_else(text: str, start: int) -> bool:
    """Whether the numbers that start there are those of a phone, a room or the like."""
    return last_word(text, start) in NO_DATES or AREA.search(text[max(0, start - 8) : start]) is not None


def last_word(text: str, end: int) -> str:
    """The word before a place, past a point or a colon."""
    return text[max(0, end - NEAR) : end].rstrip(" .:#/°-=").rpartition(" ")[2].lstrip("([")


def readings(first: str, second: str, third: str, sep: str, region: str) -> Sequence[str]:
    """What three numbers may be as a date, the likeliest first; a point says that the day comes first."""
    if len(first) == 4:
        return list(iso(int(first), int(second), int(third))) if 1900 <= int(first) < 2100 else []
    customs = customs_of(region)
    year_first = customs.order == "ymd" and customs.region != "CA" and len(third) == 2
    orders = ["mdy", "dmy"] if customs.order == "mdy" or customs.region == "CA" else ["dmy", "mdy"]
    sure = sep == "." and orders[0] == "dmy"
    tried = [*(["ymd"] if year_first else []), *(orders[:1] if sure or (len(third) == 2 and sep == "-") else orders)]
    values = [value for order in tried for value in in_order(order, first, second, third)]
    return list(dict.fromkeys(values or in_order("ymd", first, second, third)))[: 1 if year_first else None]


def in_order(order: str, *numbers: str) -> Sequence[str]:
    """The date that three numbers are in one order, if they can be."""
    part = dict(zip(order, numbers, strict=True))
    is_year = len(part["y"]) == 2 or 1900 <= int(part["y"]) < 2100
    return list(iso(full(part["y"]), int(part["m"]), int(part["d"]))) if is_year and len(part["d"]) < 3 else []


def named(text: str, written: str, region: str) -> Iterator[Attribute]:
    """Dates with the name of a month."""
    for pattern in (DAY_FIRST, YEAR_FIRST, MONTH_FIRST):
        for match in few(pattern, text):
            if match["month"] in months():
                yield from dated_by_name(match, text, written, region)


def dated_by_name(match: re.Match[str], text: str, written: str, region: str) -> Iterator[Attribute]:
    """A day and the name of a month, with a year or without, or a month and a year."""
    name, parts, month = match["month"], match.groupdict(), months()[match["month"]]
    label = label_of(text, match.start())
    if parts.get("year_alone"):
        yield from dated([f"{parts['year_alone']}-{month:02}"], text, match.span(), label)
    elif parts["year"] or is_sure(name, written[slice(*match.span("month"))], region, match.re is MONTH_FIRST):
        end = match.end() if parts["year"] else max(match.end(part) for part in ("day", "month", "ordinal") if part in parts)
        values = list(iso(full(parts["year"]) if parts["year"] else None, month, int(parts["day"])))
        if label and values and match.re is MONTH_FIRST and not parts["year"] and int(parts["day"]) > 23:
            values = [f"20{parts['day']}-{month:02}", *values]
        if match.start() == 0 or not text[match.start() - 1].isalpha() or label:
            yield from dated(values, text, (match.start(), end), label)


def is_sure(name: str, written: str, region: str, leads: bool) -> bool:
    """Whether a name is that of a month beside a number, with no year; where it leads, in English alone."""
    languages = customs_of(region).languages
    english = name in months_of("en") and written[0].isupper()
    if leads:
        return english and (name != "mar" or not {"fr", "es", "it"} & {*languages[:1]})
    spoken = any(name in months_of(language) for language in languages if language != "en")
    return english or spoken or (name in wide_months() and name not in months_of("en"))


def labelled(text: str, region: str) -> Iterator[Attribute]:
    """Digits that are a date because words before them say so."""
    for label in labels_of(text):
        match = LABELLED.match(text, label.end())
        if match:
            yield from dated(labelled_readings(match, region), text, match.span(), label.lastgroup or "")


def labelled_readings(match: re.Match[str], region: str) -> Sequence[str]:
    """What the digits of a package may be: a date in two or three parts, or a month and a year."""
    if match["month"]:
        return [f"{match['year']}-{match['month']}"]
    first, sep, second, third, *compact = match.groups()[2:]
    if first is None:
        return list(iso(*map(int, compact)))
    if third is None:
        return month_of_two(first, second) or (day_of_two(first, second, region) if sep else [])
    if not sep and len(third) == 4 and first in ("19", "20"):
        return list(iso(int(first + second), int(third[:2]), int(third[2:])))
    return readings(first, second, third, " ", region)


def month_of_two(first: str, second: str) -> Sequence[str]:
    """A month and a year of two digits each; a package is not kept for longer than that."""
    return [f"20{second}-{first}"] if 1 <= int(first) <= 12 and 20 <= int(second) < 50 else []


def day_of_two(first: str, second: str, region: str) -> Sequence[str]:
    """A day and a month of two digits each, as the region writes them."""
    month, day = (first, second) if customs_of(region).order == "mdy" else (second, first)
    return list(iso(None, int(month), int(day)))


def without_day(text: str) -> Iterator[Attribute]:
    """A month and a year in numbers."""
    for match in few(MONTH_AND_YEAR, text):
        year, month = match["year"] or match["year_b"], int(match["month"] or match["month_b"])
        is_season = match["year_b"] and month == int(year) % 100 + 1
        if not is_season and not is_of_something_else(text, match.start()):
            yield from dated([f"{year}-{month:02}"], text, match.span())


def without_year(text: str, region: str) -> Iterator[Attribute]:
    """A day and a month in numbers, where the points or a weekday say that they are."""
    for match in few(DAY_AND_MONTH, text):
        before = text[max(0, match.start() - NEAR) : match.start()]
        if (len(match[1]) == len(match[2]) == 2 or is_dated(before)) and not is_of_something_else(text, match.start()):
            yield from dated(list(iso(None, int(match[2]), int(match[1]))), text, match.span())
    for match in few(DAY_OR_MONTH, text):
        before = text[max(0, match.start() - NEAR) : match.start()]
        if is_weekday(before) or ("/" in match[0] and len(match[0]) > 3 and match[0] != "24/7" and UP_TO.search(before)):
            leads = customs_of(region).order == "mdy" and "/" in match[0]
            month, day = (match[1], match[2]) if leads else (match[2], match[1])
            yield from dated(list(iso(None, int(month), int(day))), text, match.span())


def is_dated(before: str) -> bool:
    """Whether words end as those before a date do."""
    return is_weekday(before) or re.search(r"(?<![a-z])(?:am|bis|vom|ab|seit|zum|und)\W{1,2}$|\d\.? ?-$", before) is not None


def is_weekday(before: str) -> bool:
    """Whether words end in the name of a weekday."""
    word = re.search(r"([a-z]+)[., ]{0,3}$", before)
    return word is not None and len(word[1]) > 1 and any(word[1] in weekdays(language) for language in LANGUAGES)


def times(text: str, written: str, region: str) -> Iterator[Attribute]:
    """The times of day."""
    for match in few(TIME, text):
        if is_time(match, written, region):
            yield from time_of(match)
    for match in few(MILITARY, text):
        yield Attribute("time", f"{match['hour']}:{match['minute']}", match.span())


def is_time(match: re.Match[str], written: str, region: str) -> bool:
    """Whether what may be a time is one where it stands."""
    text, (start, end) = match.string, match.span()
    before = text[max(0, start - NEAR) : start]
    word = last_word(text, start)
    # French goes towards an hour, German quotes a verse.
    is_towards = word == "vers" and "h" in match[0]
    if (word in NO_TIMES and not is_towards) or NO_TIME_BEHIND.match(text, end):
        return False
    if match["half"]:
        return bool(match["half"]) and 0 < int(match["hour"]) <= 12 and is_half(match, written, region)
    if match["clock"] in ("uhr", "o'clock"):
        return True
    if match["sep"] == " : ":
        return False
    if match["minute"]:
        return match["sep"] != "." or bool(match["hours"] or match["clock"] or match["later"] or POINTED.search(before))
    if ORE.search(before) and not match["clock"]:
        return True
    if match["clock"] in ("heure", "heures"):
        return VERS.search(before) is not None
    hour_alone = bool(match["hours"] or match["clock"]) and match["clock"] in (None, "h") and match["hour"] not in DURATIONS
    return hour_alone and (AT.search(before) is not None or (customs_of(region).region in SAYS_H and int(match["hour"]) > 6))


def is_half(match: re.Match[str], written: str, region: str) -> bool:
    """Whether am or pm is that, and no German word."""
    start = match.start("half")
    german = customs_of(region).languages[0] == "de" and written[start : start + 2] == "am" and text_goes_on(match)
    return not german or match["minute"] is not None


def text_goes_on(match: re.Match[str]) -> bool:
    """Whether another word follows."""
    return re.match(r" [a-z]", match.string[match.end() :]) is not None


def time_of(match: re.Match[str]) -> Iterator[Attribute]:
    """A time of day of 24 hours."""
    hour, minute = int(match["hour"]), int(match["minute"] or 0)
    half = match["half"] or (match["later"] if hour <= 12 else None)
    hour = hour % 12 + 12 * (half == "p") if half else hour
    seconds = f":{match['second']}" if match["second"] else ""
    if hour < 24 or (minute == 0 and not seconds):
        others = (f"{hour + 12:02}:{minute:02}",) if match["clock"] == "o'clock" and hour < 12 else ()
        yield Attribute("time", f"{hour:02}:{minute:02}{seconds}", match.span(), alternatives=others)
