"""What the rules of a file find in a text, without a camera, in words: `glyphfeed rules test`.

Owns: what is told of matches, of what nearly matches, and of what would be done.  Does not own the rules (stream.rules), nor the
command line (rules).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final

import numpy as np

from glyphfeed.stream.attributes.line import line_of
from glyphfeed.stream.errors import InputError
from glyphfeed.stream.records import Action, TextEntity, TextState
from glyphfeed.stream.rules.rulebook import explained, spans_of
from glyphfeed.stream.rules.subject import Subject
from glyphfeed.stream.understanding.masking import masked
from glyphfeed.stream.understanding.wanted import DEFAULT_REGION, settings_of
from glyphfeed.tools.configuration.loading import load_rules

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from glyphfeed.stream.rules.rule import Rule
    from glyphfeed.stream.rules.subject import Condition, Span
    from glyphfeed.tools.configuration.tables import Wanted

SIZE: Final = (1280, 720)
"""Of the picture that the text is taken to stand in."""


@dataclass(frozen=True, slots=True)
class Trial:
    """The texts of a block, one a line, and by which camera, when and where they are seen."""

    lines: Sequence[str]
    source: str = ""
    now: datetime | None = None
    place: tuple[float, float] = (0.5, 0.5)


def try_rules(path: Path, trial: Trial, region: str | None = None) -> Iterator[str]:
    """Tell line by line what the rules of a file find in texts.

    Raises:
        ConfigurationError: there are mistakes in the file.
        InputError: there is no such region, or something is not installed.

    """
    wanted = load_rules(path)
    region = region or wanted.understand.region or DEFAULT_REGION
    for number, subject in enumerate(subjects_of(wanted, trial, region)):
        yield from ([""] if number else [])
        yield subject.entity.text
        for rule in wanted.rules:
            yield from told(rule, rule.conditions(region), subject)


def parse_place(text: str) -> tuple[float, float]:
    """Read a place of a picture such as 0.5,0.9, in fractions of it.

    Raises:
        InputError: it is none.

    """
    try:
        x, y = map(float, text.split(","))
    except ValueError:
        x = y = math.nan
    if not (0 <= x <= 1 and 0 <= y <= 1):
        raise InputError(f"--place {text}: write a place in fractions of the picture, such as 0.5,0.9")
    return x, y


def subjects_of(wanted: Wanted, trial: Trial, region: str) -> list[Subject]:
    """The texts as rules are asked about them."""
    kinds = {kind for rule in wanted.rules for kind in rule.kinds}
    texts = [entity_of(number, line, trial) for number, line in enumerate(trial.lines)]
    settings = settings_of(attributes=kinds or False, region=region if kinds else None)
    if settings is not None and settings.extractor is not None:
        found = settings.extractor.of_block([line_of(text) for text in texts])
        texts = [replace(text, attributes=attributes) for text, attributes in zip(texts, found, strict=True)]
    now = trial.now or datetime.now().astimezone()
    return [Subject(text, tuple(texts), (), SIZE, now, trial.source) for text in texts]


def entity_of(number: int, text: str, trial: Trial) -> TextEntity:
    """A settled text, one line below the other from a place of the picture on."""
    x, y = trial.place
    left, top = x * SIZE[0], y * SIZE[1] + 30 * number
    polygon = np.array([[left - 50, top - 10], [left + 50, top - 10], [left + 50, top + 10], [left - 50, top + 10]], np.float32)
    return TextEntity(number + 1, 1, TextState.SETTLED, text, 1.0, polygon, (), (0.0, 0.0), 1, 0.0, 0.0)


def told(rule: Rule, conditions: Sequence[Condition], subject: Subject) -> Iterator[str]:
    """What a rule finds in a text, and why; or why not, where some of what it asks holds or comes near."""
    text, found = subject.entity.text, list(explained(conditions, subject, block=rule.block))
    if all(holds for holds, _ in found) and (spans := spans_of(conditions, subject, block=rule.block)):
        yield f"{marks(text, spans)}  {rule.name} matches: {'; '.join(why for _, why in found)}"
        yield f"  {done(rule, subject, spans)}"
    elif any(holds for holds, _ in found) or any("the nearest is" in why or "does not hold" in why for _, why in found):
        missing = "; ".join(why for holds, why in found if not holds)
        yield f"  {rule.name} nearly matches, but: {missing}"
    else:
        yield f"  {rule.name} does not match: {'; '.join(why for _, why in found)}"


def marks(text: str, spans: Sequence[Span]) -> str:
    """A line to stand under a text, with ^ under some parts of it."""
    marked = {place for start, end in spans for place in range(start, end)}
    return "".join("^" if place in marked else " " for place in range(len(text)))


def done(rule: Rule, subject: Subject, spans: Sequence[Span]) -> str:
    """What would be done, in words."""
    hidden = masked(subject.entity, spans).text
    action = {
        Action.FLAG: "it is flagged",
        Action.MASK: f"it is published as {hidden!r}, and blurred in every picture",
        Action.DROP: "it is not published",
        Action.BLUR: f"it is published as {hidden!r}, and blurred in every picture",
    }[rule.action]
    more = [
        "a flagged event" if rule.event else "",
        "a web hook" if rule.webhook else "",
        f"the command {rule.command[0]}" if rule.command else "",
        f"the sound {rule.sound}" if rule.sound else "",
    ]
    often = "once a text" if rule.cooldown is None else f"every {rule.cooldown:g} s at most"
    acts = ", ".join(filter(None, more))
    return f"{action}; {often}: {acts}" if acts else action
