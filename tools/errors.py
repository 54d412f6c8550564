"""How errors reach people: one sentence on stderr, and a traceback only where it was asked for."""

from __future__ import annotations

import os
import traceback
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from glyphfeed.engines.errors import GlyphfeedError
from glyphfeed.engines.weights import PIP_INSTALL
from glyphfeed.stream.errors import SourceError
from glyphfeed.stream.sources.redaction import redact
from glyphfeed.tools import logs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DEBUG: Final = "GLYPHFEED_DEBUG"


class CommandError(GlyphfeedError):
    """A command cannot do what was asked of it: one sentence that names the thing and says what to do."""


@contextmanager
def bringing(extra: str) -> Iterator[None]:
    """Import what only some commands need.

    Raises:
        CommandError: it is not installed; the extra brings it.

    """
    try:
        yield
    except ImportError as error:
        raise CommandError(f"{error}; {PIP_INSTALL} -e '.[{extra}]' in glyphfeed's folder brings what this needs") from error


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Write a file or folder.

    Raises:
        CommandError: that cannot be done.

    """
    try:
        yield
    except OSError as error:
        raise CommandError(f"{path} cannot be written: {error.strerror}; check the path and the space there") from error


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
    for line in sentence.splitlines():
        logs.write(line, "error", source)


def note(sentence: str) -> None:
    """Print a line on stderr, where it is in nobody's way."""
    logs.write(sentence)
