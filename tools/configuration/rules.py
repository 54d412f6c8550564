"""The tables of rules in a configuration file.

Owns: what is wrong with a rule where it will be followed: its secrets, its program and its sound; and what another version of
them does.  Does not own its fields (stream.rules).
"""

from __future__ import annotations

import os
import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from glyphfeed.engines.errors import GlyphfeedError
from glyphfeed.engines.weights import PIP_INSTALL
from glyphfeed.stream.bridges.signing import keys_of
from glyphfeed.stream.errors import InputError
from glyphfeed.stream.placeholders import reveal
from glyphfeed.stream.rules.rule import BELL, Rule
from glyphfeed.stream.rules.rulebook import Rulebook
from glyphfeed.stream.understanding.settings import Settings
from glyphfeed.stream.understanding.wanted import DEFAULT_REGION, settings_of
from glyphfeed.tools.configuration.checking import read_table

if TYPE_CHECKING:
    from collections.abc import Iterator

    from glyphfeed.stream.acts.performing import Acts
    from glyphfeed.stream.rules.rule import Hook
    from glyphfeed.tools.configuration.checking import Mistakes
    from glyphfeed.tools.configuration.lines import Place
    from glyphfeed.tools.configuration.tables import Wanted


def read_rule(values: Any, place: Place, named: str, folder: Path, mistakes: Mistakes) -> Rule | None:
    """Read the table of a rule that is called so, its paths as seen from a folder; None where it cannot be read."""
    rule = read_table(Rule, values, place, named, folder, mistakes)
    if rule is None:
        return None
    if rule.sound not in ("", BELL):
        rule = replace(rule, sound=str(folder / rule.sound))
    if rule.command and os.sep in rule.command[0]:
        rule = replace(rule, command=(str(folder / rule.command[0]), *rule.command[1:]))
    for where, sentence in mistakes_here(rule):
        mistakes.add((*place, *where), f"{named}: {where[0]}: {sentence}")
    return rule


def understanding(wanted: Wanted, acts: Acts, before: Rulebook | None = None) -> Settings | None:
    """What the stage is told of a file's rules and of what it wants of texts; None where it wants nothing.

    What the rules `before` have told is not told again by those that stay as they are.

    Raises:
        InputError: what it needs is not installed, or there is no such region.

    """
    told, rules = wanted.understand, wanted.rules
    try:
        rulebook = Rulebook(rules, told.region or DEFAULT_REGION, before) if rules else None
    except ImportError as error:
        raise InputError(f"{error}; {PIP_INSTALL} -e '.[understand]' in glyphfeed's folder brings what rules need") from None
    region = told.region if told.attributes or rules else None
    return settings_of(told.attributes, region, rulebook, told.delay, acts.perform if rules else None)


class Meaning:
    """What a file wants of texts, with `acts` that do what its rules ask for.

    Raises:
        InputError: it cannot be had.

    """

    def __init__(self, acts: Acts, wanted: Wanted) -> None:
        self._acts = acts
        self.settings = Settings()
        self.follow(wanted)

    def follow(self, wanted: Wanted) -> Settings:
        """Take up another version of the file, or fail as at first and keep the old; empty where nothing is wanted."""
        settings = understanding(wanted, self._acts, self.settings.rulebook) or Settings()
        self._acts.follow({rule.name: rule for rule in wanted.rules})
        self.settings = settings
        return settings


def mistakes_here(rule: Rule) -> Iterator[tuple[Place, str]]:
    """What keeps a rule from being followed on this machine: the way to it, and a sentence."""
    if rule.sound not in ("", BELL) and not Path(rule.sound).is_file():
        yield ("sound",), f'there is no file {rule.sound}; write the path of one, or "{BELL}"'
    if rule.command and rule.command[0] and shutil.which(rule.command[0]) is None:
        yield ("command", 0), f"there is no program {rule.command[0]}; write its path, or install it"
    if rule.webhook is not None:
        yield from _mistakes_of(rule.webhook)


def _mistakes_of(hook: Hook) -> Iterator[tuple[Place, str]]:
    try:
        reveal(hook.url)
    except GlyphfeedError as error:
        yield ("webhook", "url"), f"url: {error}"
    try:
        keys_of(reveal(hook.secret))
    except GlyphfeedError as error:
        yield ("webhook", "secret"), str(error).removeprefix("secret: ").rstrip(".")
