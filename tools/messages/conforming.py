"""`glyphfeed conform`: a recording or a feed held against the contract, in words.

Owns: what is printed.  Does not own the rules (stream.feed.conformance) nor the schema (stream.feed.shapes).
"""

from __future__ import annotations

import json
import math
import time
from contextlib import closing, suppress
from typing import TYPE_CHECKING, Final

import zmq

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed import wire
from glyphfeed.stream.feed.conformance import Conformance
from glyphfeed.stream.feed.endpoint import check_connect
from glyphfeed.stream.feed.keys import ClientKeys
from glyphfeed.stream.feed.receiving.client import DEFAULT_TOPICS
from glyphfeed.stream.feed.receiving.connection import Connection
from glyphfeed.stream.feed.recordings.recording import read_lines
from glyphfeed.stream.feed.shapes import schema
from glyphfeed.tools.ending import ending
from glyphfeed.tools.errors import CommandError, note
from glyphfeed.tools.listening import printable
from glyphfeed.tools.messages.probing import Asker, Seen, check_answers, check_late_joiner

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

SETTLE_S: Final = 1.0
"""By then a late subscriber has what is sent to it at once."""
PATIENCE_S: Final = 2.0
"""What feeds send comes more often; where nothing has come by then that is told."""
LOOK_S: Final = 0.2
"""How often the connection is looked at while nothing comes."""
MOST: Final = 100
"""So many breaches of single messages are printed; what goes wrong in every message is clear by then."""


def print_schema() -> None:
    """Print the JSON Schema of all messages."""
    print(schema_text(), end="")


def schema_text() -> str:
    """The JSON Schema as it lies in docs/feed.schema.json."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def conform_recording(file: Path) -> int:
    """Hold a recording against the contract; the exit code is 1 if it does not keep it.

    Raises:
        FeedError: it cannot be read.
        CommandError: it holds nothing.

    """
    report = Report()
    for number, line in enumerate(read_lines(file), start=1):
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


def conform_feed(endpoint: str, *, keys: Path | None, seconds: float | None, messages: int | None) -> int:
    """Hold a feed against the contract until Ctrl-C, for some seconds or for a number of messages, and then what its publisher
    answers; the exit code is 1 if it is not kept.

    Raises:
        FeedError: the address is none, or the keys cannot be used.
        CommandError: nothing came.

    """
    check_connect(endpoint)
    client_keys = None if keys is None else ClientKeys.load(keys)
    report, seen = Report(), Seen()
    with (
        zmq.Context() as context,
        closing(Connection(context, zmq.SUB, endpoint, client_keys, (*DEFAULT_TOPICS, "picture/"))) as feed,
    ):
        deadline_s = math.inf if seconds is None else time.monotonic() + seconds
        # A message that is cut in two by Ctrl-C would be missing.
        with ending() as ended:
            _listen(feed, report, seen, min(deadline_s, time.monotonic() + PATIENCE_S), 1, ended)
            if not report.rules.messages and seconds is None and not ended:
                note(f"nothing has come from {endpoint} yet; still waiting, Ctrl-C ends")
            _listen(feed, report, seen, deadline_s, messages or math.inf, ended)
        if not report.rules.messages:
            why = "it refuses this key" if feed.refused else "is it the address of a feed, and does it ask for a key?"
            raise CommandError(f"nothing came from {endpoint}; {why}")
        feed.look()
        if not feed.connected:
            note("the publisher has gone; what it answers, and what it sends to late subscribers, was not looked at")
            return report.close()
        known, epoch = seen.current(), seen.epoch
        with closing(Connection(context, zmq.SUB, endpoint, client_keys, DEFAULT_TOPICS)) as late:
            # What is sent to somebody who has just come is compared with what comes meanwhile.
            _listen(feed, report, seen, time.monotonic() + SETTLE_S)
            breaches = list(check_late_joiner(late, known, seen))
        with closing(Asker(context, endpoint, client_keys)) as asker:
            breaches += check_answers(asker, seen)
        _listen(feed, report, seen, time.monotonic() + SETTLE_S)
        if seen.epoch == epoch and feed.connected:
            report.tell("beside the feed", breaches)
        else:
            note("the publisher has gone while it was asked; what it answered was not looked at")
    return report.close()


def _listen(
    feed: Connection, report: Report, seen: Seen, deadline_s: float, most: float = math.inf, ended: Sequence[int] = ()
) -> None:
    """Take in what comes until a time, monotonic, or a number of messages in all, or until there is a signal to end."""
    while report.rules.messages < most and not ended and (left_s := deadline_s - time.monotonic()) > 0:
        has_come = feed.socket.poll(math.ceil(1000 * min(left_s, LOOK_S)))
        # Afterwards: that there is another connection is told before what comes over it.
        if feed.look():
            report.rules.interrupt()
        if not has_come:
            if feed.given_up_in_s == 0:
                feed.renew()
            continue
        message = feed.socket.recv()
        report.take(f"message {report.rules.messages + 1}", message)
        with suppress(FeedError):
            seen.add(wire.parse(message.partition(b"\n")[0]))


class Report:
    """Prints the breaches of a contract as they come, and what they come to."""

    def __init__(self) -> None:
        self.rules = Conformance()
        self._breaches = self._unsaid = 0

    def take(self, where: str, message: bytes) -> None:
        """Hold the next message against the contract; `where` says which one it is."""
        breaches = self.rules.take(message)
        told = breaches[: max(0, MOST - self._breaches)]
        self._breaches += len(breaches) - len(told)
        self._unsaid += len(breaches) - len(told)
        self.tell(where, told)

    def tell(self, where: str, breaches: Sequence[str]) -> None:
        """Print in which ways something breaks the contract."""
        self._breaches += len(breaches)
        for breach in breaches:
            print(printable(f"{where}, {breach}"), flush=True)

    def close(self) -> int:
        """Tell what is wrong when all has come, and print the sum of it; the exit code is 1 if anything was."""
        self.tell("at the end", self.rules.finish())
        if self._unsaid:
            print(f"... and {self._unsaid} more")
        verdict = f"the contract is broken {_counted(self._breaches, 'time')}" if self._breaches else "all keep the contract"
        print(f"{_counted(self.rules.messages, 'message')} of {_counted(len(self.rules.sources), 'source')}: {verdict}")
        return 1 if self._breaches else 0


def _counted(count: int, what: str) -> str:
    return f"{count} {what}{'s' * (count != 1)}"
