"""`glyphfeed listen`: the messages of a feed as lines of text or JSON.

Owns: how a message looks to people.  Does not own receiving (stream.feed.receiving.client) or the command line (cli).
"""

from __future__ import annotations

import io
import json
import os
import time
from typing import TYPE_CHECKING, Final

from rich.console import Console
from rich.text import Text

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed.receiving.client import DEFAULT_TOPICS, connect
from glyphfeed.stream.records import Event, EventType, Snapshot, Status

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from glyphfeed.stream.feed.keys import ClientKeys
    from glyphfeed.stream.feed.wire import Message
    from glyphfeed.stream.records import Record

_PATIENCE_S: Final = 2.0
_STYLES: Final = {
    "read": "green",
    "changed": "yellow",
    "left": "dim",
    "flagged": "red",
    "live": "green",
    "connecting": "yellow",
    "stalled": "yellow",
    "failed": "red",
}


def print_feed(
    endpoint: str, topics: Sequence[str], as_json: bool, console: Console, keys: Path | ClientKeys | None = None
) -> None:
    """Print each message of a feed as one line until Ctrl-C, or until nobody reads the lines any more.

    `topics` are prefixes; none means all that are for people.  A line of JSON holds the fields of the message and its topic.
    What is no message (nobody there, a restart, lost events) goes to stderr.

    Raises:
        FeedError: the address is none, the keys cannot be used, or what comes from there is no feed.

    """
    output = console.file
    if isinstance(output, io.TextIOWrapper):
        # JSON is UTF-8 whatever the terminal is; a lone surrogate becomes the JSON escape that it came from.
        output.reconfigure(encoding="utf-8" if as_json else None, errors="backslashreplace")
    notes = Notes(Console(stderr=True, highlight=False, markup=False, soft_wrap=True))
    try:
        with connect(endpoint, topics or DEFAULT_TOPICS, keys=keys) as feed:
            while True:
                message = feed.receive(_PATIENCE_S)
                if message is None:
                    notes.tell_silence(feed.trouble, "Nothing on these topics yet." if topics else "Nothing is published yet.")
                    continue
                notes.tell_losses(message)
                output.write((json_line(message) if as_json else _rendered(text_line(message), console)) + "\n")
                output.flush()
    except KeyboardInterrupt:
        return
    except BrokenPipeError:
        # At its end Python flushes stdout once more, and would complain about the broken pipe.
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, output.fileno())
        os.close(nowhere)


class Notes:
    """What is told beside the messages, each once."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._silence: str | None = ""
        self._epoch = ""

    def tell_silence(self, trouble: str | None, otherwise: str) -> None:
        """Tell why nothing comes; that all is well and nothing happens only before the first message."""
        reason = trouble or (otherwise if self._silence == "" else None)
        if reason is not None and reason != self._silence:
            self._console.print(f"{reason} Still waiting, Ctrl-C ends.")
        self._silence = reason

    def tell_losses(self, message: Message) -> None:
        """Tell that the publisher was restarted, once for all sources, and how many events were lost before a message."""
        self._silence = None
        if message.restarted and message.epoch != self._epoch:
            self._epoch = message.epoch
            self._console.print("The publisher was restarted.")
        name = printable(f"event/{message.source}")
        if message.missed:
            before = f" before number {message.seq}" if message.kind == "event" else ""
            self._console.print(f"{name}: {message.missed} lost{before}.")
        elif message.lost:
            self._console.print(f"{name}: some may be lost.")


def json_line(message: Message) -> str:
    """Write a message as one JSON object: its topic, then its fields; of a picture what stands before it.

    Raises:
        FeedError: it holds a number that JSON has no word for.

    """
    fields = {"topic": message.topic, **message.body}
    try:
        return json.dumps(fields, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    except ValueError:
        # A number such as 1e999 becomes infinite when it is read.
        raise FeedError(f"A message on {message.topic!r} holds a number that is too large for any field of the feed.") from None


def text_line(message: Message) -> Text:
    """Write a message for people; one of a kind that a later version has added as it came, an event of such a type as any other.

    Raises:
        FeedError: the message is not as the feed's contract says.

    """
    record, body = message.record, message.body
    try:
        if record is None and message.kind == "event":
            words = f"{body['entity']['text']}  {body['entity']['confidence']:.2f}"
            return _line(body["captured_at"], message.source, str(body["type"]), words)
        if message.jpeg:
            width, height = body["size"]
            words = f"frame {body['frame']}  {len(message.jpeg) / 1000:.0f} kB of {width}x{height}"
            return _line(body["captured_at"], message.source, "picture", words)
        if record is None:
            return Text(printable(json_line(message)))
        return record_line(float(body["published_at"]), record)
    # The last two are of times that no clock can show.
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError, OSError) as error:
        raise FeedError(f"A message on {message.topic!r} is not as the feed's contract says: {error!r}.") from None


def record_line(unix_s: float, record: Record) -> Text:
    """Write for people what was told of a source at a Unix time: when, which source, and what is worth knowing at a glance."""
    match record:
        case Event():
            return _line(record.captured_at, record.source, record.type, _event_words(record))
        case Snapshot():
            shown = " | ".join(text.text for text in record.texts if text.text)
            words = f"frame {record.frame}  {len(record.texts)} texts  {shown}"
            return _line(record.captured_at, record.source, "text", words)
        case Status():
            return _line(unix_s, record.source, record.state, _status_words(record))


def _line(unix_s: float, source: str, word: str, rest: str) -> Text:
    clock = time.strftime("%H:%M:%S", time.localtime(unix_s))
    source, word, rest = printable(source), printable(word), printable(rest)
    return Text.assemble((clock, "dim"), f"  {source}  ", (f"{word:<10}", _STYLES.get(word, "")), f"  {rest}".rstrip())


def _event_words(event: Event) -> str:
    entity = event.entity
    words = f"{entity.text}  {entity.confidence:.2f}"
    match event.type:
        case EventType.CHANGED:
            return f"{words}  was: {event.previous}"
        case EventType.LEFT:
            return f"{words}  after {entity.last_seen - entity.first_seen:.1f} s"
        case EventType.FLAGGED if event.flag is not None:
            return f"{words}  rule: {event.flag.rule}"
        case _:
            return words


def _status_words(status: Status) -> str:
    pace = f"{status.fps_in:.1f} fps in, {status.fps_out:.1f} out, {status.dropped} dropped"
    p50, p95 = status.latency_p50_ms, status.latency_p95_ms
    latency = f", latency {p50:.0f} ms (p95 {p95:.0f})" if p50 is not None and p95 is not None else ""
    return f"{pace}{latency}, {status.texts} texts, {status.reads} reads  {status.detail}"


def printable(words: str) -> str:
    """Replace what could steer a terminal: a sign, or a stranger's feed, may hold any character."""
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in words)


def _rendered(line: Text, console: Console) -> str:
    """Apply the console's colours; writing stays with the caller, as rich would end the program at a broken pipe."""
    with console.capture() as capture:
        console.print(line, end="", soft_wrap=True, highlight=False)
    return capture.get()
