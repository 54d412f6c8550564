"""How lines for people and programs that run us are written to stderr: plain, with time and source, or as JSON.

Owns: the form of a line.  Does not own what is told (errors), nor which level is (cli).
"""

from __future__ import annotations

import json
import logging
import sys
import threading
from datetime import datetime
from enum import StrEnum

from glyphfeed.stream.sources.redaction import redact


class LogFormat(StrEnum):
    """The forms of a line."""

    PLAIN = "plain"
    """For who looks at a terminal."""
    TEXT = "text"
    """With time, level and source, for a file."""
    JSON = "json"
    """An object a line, for programs."""


def line(form: LogFormat, sentence: str, level: str, source: str, now: datetime) -> str:
    """Write a sentence of a level, such as error, on a source, "" for none; never with credentials."""
    sentence = redact(sentence)
    if form is LogFormat.PLAIN:
        return f"glyphfeed: {sentence}"
    at = now.isoformat(timespec="milliseconds")
    if form is LogFormat.TEXT:
        return f"{at} {level} {source or '-'}: {' '.join(sentence.split())}"
    told = {"time": at, "level": level, **({"source": source} if source else {}), "message": sentence}
    return json.dumps(told, ensure_ascii=False)


_form, _source = LogFormat.PLAIN, ""
_lock = threading.Lock()


def choose(form: LogFormat, source: str = "") -> None:
    """Write lines in this form from now on, and on this source where they name none."""
    global _form, _source
    _form, _source = form, source


def chosen() -> LogFormat:
    """The form in which lines are written."""
    return _form


def set_up(wanted: str | None, *, quiet: bool, source: str = "") -> None:
    """Write lines as a configuration says; where it says nothing, as people like it on a terminal, and else with the time.

    `quiet` leaves errors alone; who writes for programs tells more than on a terminal.
    """
    form = LogFormat(wanted or (LogFormat.PLAIN if sys.stderr.isatty() else LogFormat.TEXT))
    choose(form, source)
    usual = logging.WARNING if form is LogFormat.PLAIN else logging.INFO
    logging.getLogger("glyphfeed").setLevel(logging.ERROR if quiet else usual)
    for name in ("glyphfeed.engines", "glyphfeed.service"):
        logging.getLogger(name).setLevel(logging.NOTSET if quiet else logging.INFO)


def write(sentence: str, level: str = "info", source: str = "") -> None:
    """Write a line to stderr, whole beside those of other threads."""
    pass_on(line(_form, sentence, level, source or _source, datetime.now().astimezone()))


def pass_on(told: str) -> None:
    """Write a line to stderr that another program has written in this form already."""
    with _lock:
        print(told, file=sys.stderr, flush=True)


class Handler(logging.Handler):
    """Writes what is logged to what stderr is at the time: the live table puts itself in its place."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; `source` may be told with it."""
        write(self.format(record), record.levelname.lower(), getattr(record, "source", ""))
