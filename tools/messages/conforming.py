"""`glyphfeed conform`: a recording or a feed held against the contract, in words.

Owns: what is printed.  Does not own the rules (stream.feed.conformance) nor the schema (stream.feed.shapes).
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Final

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed import wire
from glyphfeed.stream.feed.conformance import Conformance
from glyphfeed.stream.feed.recording import read_lines
from glyphfeed.stream.feed.shapes import schema
from glyphfeed.tools.errors import CommandError, note
from glyphfeed.tools.listening import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

MOST: Final = 100
"""So many breaches are printed; what goes wrong in every message is clear by then."""


def print_schema() -> None:
    """Print the JSON Schema of all messages."""
    print(schema_text(), end="")


def schema_text() -> str:
    """The JSON Schema as it lies in docs/feed.schema.json."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def conform_recording(file: str) -> int:
    """Hold a recording against the contract; the exit code is 1 if it does not keep it.

    Raises:
        FeedError: it cannot be read.
        CommandError: it holds nothing.

    """
    report = Report()
    for number, line in enumerate(read_lines(Path(file)), start=1):
        message = line.removesuffix(b"\n")
        if message == line and not _is_whole(message):
            note(f"line {number} of {file} is cut off, and passed over")
            continue
        report.take(f"line {number}", message)
        if message.startswith(b"picture/"):
            report.tell(f"line {number}", ["pictures are never recorded"])
    if not report.rules.messages:
        raise CommandError(f"{file} holds no message; record some with glyphfeed record")
    return report.close()


def _is_whole(message: bytes) -> bool:
    try:
        wire.parse(message)
    except FeedError:
        return False
    return True


class Report:
    """Prints the breaches of a contract as they come, and what they come to."""

    def __init__(self) -> None:
        self.rules = Conformance()
        self._breaches = self._broken = 0

    def take(self, where: str, message: bytes) -> None:
        """Hold the next message against the contract; `where` says which one it is."""
        self.tell(where, self.rules.take(message))

    def tell(self, where: str, breaches: Sequence[str]) -> None:
        """Print in which ways one message, or something else, breaks the contract."""
        for breach in breaches:
            self._breaches += 1
            if self._breaches <= MOST:
                print(printable(f"{where}, {breach}"), flush=True)
        self._broken += bool(breaches)

    def close(self) -> int:
        """Tell what is wrong when all has come, and print the sum of it; the exit code is 1 if anything was."""
        self.tell("at the end", self.rules.finish())
        if self._breaches > MOST:
            print(f"... and {self._breaches - MOST} more")
        verdict = f"{self._broken} break the contract" if self._breaches else "all keep the contract"
        print(f"{_counted(self.rules.messages, 'message')} of {_counted(len(self.rules.sources), 'source')}: {verdict}")
        return 1 if self._breaches else 0


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"
