"""What the command line wants of texts, with the rules of a file.

Owns: that what is said there counts more than what the file says.  Does not own the file (loading) nor the stage (stream).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from glyphfeed.stream.acts.performing import Acts
from glyphfeed.stream.understanding.wanted import settings_of
from glyphfeed.tools.configuration.loading import load_rules
from glyphfeed.tools.configuration.rules_file import RulesFile
from glyphfeed.tools.configuration.tables import Understand

if TYPE_CHECKING:
    from pathlib import Path

    from glyphfeed.stream.captions.settings import CaptionSettings
    from glyphfeed.stream.understanding.settings import Settings
    from glyphfeed.tools.configuration.tables import Wanted


@dataclass(frozen=True, slots=True)
class Asked:
    """What the stage is told, None where nothing is wanted; what does what the rules ask for, to be closed at the end; whether
    codes are read; who is asked for captions; and the file of rules, if there is one.
    """

    settings: Settings | None
    acts: Acts
    codes: bool
    captions: CaptionSettings | None = None
    rules: RulesFile | None = None


def asked(file: Path | None, *, attributes: bool, region: str | None, codes: bool, delay_s: float | None) -> Asked:
    """What is wanted of texts by a command line, and by a file of rules where it names one.

    Raises:
        ConfigurationError: there are mistakes in the file.
        InputError: see `settings_of`.

    """
    if file is None:
        return Asked(settings_of(attributes, region, delay_s=delay_s), Acts({}), codes)

    def read() -> Wanted:
        found = load_rules(file)
        told = found.understand
        understand = Understand(
            attributes=attributes or told.attributes,
            region=region or told.region,
            codes=codes or told.codes,
            delay=told.delay if delay_s is None else delay_s,
        )
        return replace(found, understand=understand)

    rules = RulesFile(file, read)
    wanted = rules.wanted
    return Asked(rules.settings, rules.acts, wanted.understand.codes, wanted.caption, rules)
