"""A rule, as it is written: what is asked of a text, and what is done where it holds.

Owns: the fields, their defaults and what is wrong with them.  Does not own how each is compared (the conditions beside this), nor
the doing (understanding, acts).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, fields
from functools import partial
from typing import TYPE_CHECKING, Annotated, Any, Final, TypeAlias
from urllib.parse import urlsplit

from glyphfeed.engines.weights import PIP_INSTALL
from glyphfeed.stream.detecting.zones import parse_zone
from glyphfeed.stream.errors import InputError
from glyphfeed.stream.placeholders import blank
from glyphfeed.stream.records import NAME, Action, TextState
from glyphfeed.stream.rules.attribute_conditions import Attributes, parse_when
from glyphfeed.stream.rules.moderating import Moderate, Moderation
from glyphfeed.stream.rules.surroundings import InHours, InZones, Sources, States, parse_hours
from glyphfeed.stream.rules.watch_list import MOST_DISTANCE, WatchList, wanted_of
from glyphfeed.stream.rules.words import MOST_WORDS, Regex, Words, compiled, word_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from glyphfeed.stream.rules.subject import Condition

Several: TypeAlias = Annotated[tuple[str, ...], "or one"]
"""Of a field: texts, or one alone."""
Where: TypeAlias = tuple[str | int, ...]
"""The way to what is wrong in a rule: a field, and the number or the name of what is in it."""
BELL: Final = "bell"
"""The sound that needs no file."""
FILLED: Final = ("text", "source", "rule")
"""What can be filled in in the arguments of a command, each in braces."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hook:
    """Where a web hook leads: an address, what signs what is sent, `whsec_...`, and whether it may be in the own network."""

    url: str = field(repr=False)
    secret: str = field(default="", repr=False)
    private: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What is waited for under a name, and what is done then; all that is asked must hold, and of several words any.

    `literal` are words and `regex` expressions that the text says, `watch` words that it says but for differences of `distance`,
    `moderate` such as are not to be shown, `when` conditions on attributes; `zones`, `sources`, `hours` and `states` are where
    and when it is seen.  With `block` each may hold of another text of the same sign.  `once` a text, or with a `cooldown` in
    seconds again and again while it holds; `event` publishes a `flagged` event, `webhook`, `command` and `sound` are what else
    is done.

    Raises:
        InputError: from `conditions`, where there are `mistakes`.

    """

    name: str
    action: Action = Action.FLAG
    literal: Several = ()
    case: bool = False
    whole: bool = True
    regex: Several = ()
    watch: Several = ()
    distance: float = 1.0
    moderate: Moderation | None = None
    when: Several = ()
    zones: Several = ()
    sources: Several = ()
    hours: Several = ()
    states: tuple[TextState, ...] = ()
    block: bool = False
    once: bool = True
    cooldown: float | None = None
    event: bool = True
    webhook: Hook | None = None
    command: tuple[str, ...] = ()
    sound: str = ""

    @property
    def hides(self) -> bool:
        """Whether what it finds is not to be shown."""
        return self.action is not Action.FLAG

    @property
    def kinds(self) -> frozenset[str]:
        """The kinds of attributes that it asks for."""
        return frozenset(parse_when(text).kind for text in self.when)

    def conditions(self, region: str = "US") -> tuple[Condition, ...]:
        """What it asks, the quickest first; `region` is an ISO 3166 code, by which some units are meant."""
        made: Mapping[str, Callable[[], Condition]] = {
            "sources": lambda: Sources(self.sources),
            "states": lambda: States(self.states),
            "hours": lambda: InHours(self.hours),
            "zones": lambda: InZones(self.zones),
            "when": lambda: Attributes(self.when, region),
            "literal": lambda: Words(self.literal, case=self.case, whole=self.whole),
            "regex": lambda: Regex(self.regex),
            "watch": lambda: WatchList(self.watch, self.distance, whole=self.whole),
            "moderate": lambda: Moderate(self.moderate or Moderation()),
        }
        return tuple(make() for name, make in made.items() if getattr(self, name) not in ((), None))

    def mistakes(self) -> Iterator[tuple[Where, str]]:
        """What is wrong: the way to it, and a sentence."""
        if not NAME.fullmatch(self.name):
            yield ("name",), f"{self.name!r} cannot be used on the feed; use 1 to 64 letters, digits, dots, _ or -"
        if all(getattr(self, name) in ((), None) for name in ASKS):
            yield (), f"it asks nothing of a text, and would hold of every one; add one of {', '.join(ASKS)}"
        for name, parse in PARSERS.items():
            yield from _mistakes_in(name, getattr(self, name), parse)
        if not 0 <= self.distance <= MOST_DISTANCE:
            yield ("distance",), f"it is {self.distance:g}, and must be 0 to {MOST_DISTANCE:g}"
        for name, of in SAYING_MORE.items():
            if getattr(self, name) != DEFAULTS[name] and not any(getattr(self, each) for each in of):
                yield (name,), f"it says more of {' and '.join(of)}, and there is none here; leave it out"
        if self.moderate is not None:
            yield from _mistake_of("moderate", self.moderate.moderator)
        if self.cooldown is not None and not 0 < self.cooldown < 1e6:
            yield ("cooldown",), f"it is {self.cooldown:g}, and must be seconds above 0"
        if not self.once and self.cooldown is None:
            yield ("once",), "how soon a text is told of again is missing; add cooldown = 30, in seconds"
        yield from self._mistakes_of_acts()

    def _mistakes_of_acts(self) -> Iterator[tuple[Where, str]]:
        if self.webhook is not None and not is_address(self.webhook.url):
            yield ("webhook", "url"), "this is no address; write https://host/path, or http:// in the own network"
        if self.command and not self.command[0]:
            yield ("command", 0), "the program is missing"
        for number, argument in enumerate(self.command):
            if "\0" in argument:
                yield ("command", number), "it holds a character of code 0, which no program can be told"
            for name in re.findall(r"\{(\w*)\}", argument):
                if number == 0 or name not in FILLED:
                    known = ", ".join(f"{{{each}}}" for each in FILLED)
                    sentence = f"there is no {{{name}}}; there are {known}" if number else "the program is always the same"
                    yield ("command", number), f"{argument!r}: {sentence}"


def name_of(name: str) -> str:
    """A name of a source.

    Raises:
        InputError: it is none.

    """
    if not NAME.fullmatch(name):
        raise InputError("it is no name of a camera, which has 1 to 64 letters, digits, dots, _ or -")
    return name


ASKS: Final = ("literal", "regex", "watch", "moderate", "when", "zones", "sources", "hours", "states")
"""The fields by which a rule asks something of a text."""
SAYING_MORE: Final = {"case": ("literal",), "whole": ("literal", "watch"), "distance": ("watch",)}
"""The fields that only say more of some of those."""
DEFAULTS: Final = {each.name: each.default for each in fields(Rule) if each.name in SAYING_MORE}
PARSERS: Final[Mapping[str, Callable[[str], Any]]] = {
    "literal": word_of,
    "regex": compiled,
    "watch": wanted_of,
    "when": parse_when,
    "zones": parse_zone,
    "hours": parse_hours,
    "sources": name_of,
}
"""How each text is read in the fields that have several."""


def is_address(url: str) -> bool:
    """Whether something may be sent there by HTTP; nothing of it is repeated in what is said, as it may hold a secret."""
    try:
        parts = urlsplit(blank(url))
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0 and "@" not in parts.netloc
    except ValueError:
        return False


def _mistakes_in(name: str, texts: tuple[str, ...], parse: Callable[[str], Any]) -> Iterator[tuple[Where, str]]:
    if len(texts) > MOST_WORDS:
        yield (name,), f"there are {len(texts)}, and {MOST_WORDS} are the most; part them among two rules"
        return
    for number, text in enumerate(texts):
        for where, sentence in _mistake_of(name, partial(parse, text)):
            yield (*where, number), f"{text!r}: {sentence}"


def _mistake_of(name: str, make: Callable[[], Any]) -> Iterator[tuple[Where, str]]:
    try:
        make()
    except InputError as error:
        yield (name,), str(error).rstrip(".")
    except ImportError as error:
        yield (name,), f"{error}; {PIP_INSTALL} -e '.[understand]' in glyphfeed's folder brings what rules need"
