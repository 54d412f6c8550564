"""How errors reach people: one sentence on stderr, and a traceback only where it was asked for."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Final

from glyphfeed.engines.errors import GlyphfeedError
from glyphfeed.stream.errors import SourceError
from glyphfeed.stream.sources.redaction import redact

DEBUG: Final = "GLYPHFEED_DEBUG"


class CommandError(GlyphfeedError):
    """A command cannot do what was asked of it: one sentence that names the thing and says what to do."""


def tell(error: BaseException, source: str = "") -> None:
    """Say on stderr what went wrong, and with which source, if it was one of several.

    An error of a kind that explains itself is its own sentence.  Any other is a defect of the program: its type and text are
    told, and how to see more.
    """
    where = f"{source}: " if source and not isinstance(error, SourceError) else ""
    if isinstance(error, GlyphfeedError):
        sentence = f"{where}{error}"
    elif isinstance(error, ImportError) and ".so" in str(error):
        sentence = f"a library of the system is missing, {error}; apt install libgl1 libglib2.0-0, or what glyphfeed doctor says"
    else:
        reason = f"{type(error).__name__}: {error}".rstrip(": ")
        sentence = f"{where}an unexpected error, {redact(reason)}; run with {DEBUG}=1 for the traceback"
    if os.environ.get(DEBUG):
        traceback.print_exception(error)
    note(sentence)


def note(sentence: str) -> None:
    """Print a line on stderr, where it is in nobody's way."""
    print(f"glyphfeed: {sentence}", file=sys.stderr, flush=True)
