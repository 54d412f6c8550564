"""What programs that use the package take of the configuration's files.

Owns: nothing but the way there; the calls themselves are in stream.running, which knows no files of ours.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from glyphfeed.stream.rules.rulebook import Rulebook
from glyphfeed.stream.understanding.wanted import DEFAULT_REGION
from glyphfeed.tools.configuration import loading
from glyphfeed.tools.errors import bringing

if TYPE_CHECKING:
    import os


def load_rules(path: str | os.PathLike[str]) -> Rulebook:
    """Read the `[[rule]]` tables of a file, for `watch`: what they find is flagged and hidden; what else they do, programs do.

    Raises:
        GlyphfeedError: the file cannot be read, there are mistakes in it, or what rules need is not installed.

    """
    wanted = loading.load_rules(Path(path))
    with bringing("understand"):
        return Rulebook(wanted.rules, wanted.understand.region or DEFAULT_REGION)
