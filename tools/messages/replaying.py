"""`glyphfeed replay`: a recording published again, in its own rhythm, as if a camera were read.

Owns: the waiting, and a publisher for each run in the recording.  Does not own what a message says then
(stream.feed.recordings.replaying).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.stream.feed.recordings.recording import read_messages
from glyphfeed.stream.feed.recordings.replaying import Telling, published_at, retold, runs
from glyphfeed.tools.errors import CommandError, note
from glyphfeed.tools.keys import feed_keys
from glyphfeed.tools.watching import await_subscribers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from glyphfeed.stream.feed.wire import Message

BACK_S: Final = 1.0
"""So long those who listened to the last run are waited for; they mostly find the next one within a tenth of that."""
LOOK_S: Final = 0.5
"""How often it is looked whether somebody ends it, where a signal did not interrupt the wait."""
SOON_S: Final = 0.002
"""A wait that is shorter is not worth looking after subscribers."""


def replay(
    file: Path, *, feed: str, keys: Path | None, insecure: bool, speed: float, loop: bool, subscribers: int, quiet: bool
) -> None:
    """Publish a recording again, once or over and over; each run in it is one of its own, as after a restart of the publisher.

    Raises:
        FeedError: the feed cannot be published, or the recording not be read.
        CommandError: the recording holds nothing, or keys were named for a feed that is to be without.

    """
    server_keys = feed_keys(feed, keys, insecure=insecure)
    endpoint, listening = feed, 0
    for number, messages in enumerate(_all_runs(file, loop=loop)):
        with Publisher(endpoint, keys=server_keys, insecure=insecure) as publisher:
            if number == 0:
                # A free port is chosen once.
                endpoint = publisher.endpoint
                if not quiet:
                    note(f"{file} is published on {endpoint}")
                await_subscribers(publisher, subscribers)
            else:
                _await_return(publisher, listening)
            _tell(publisher, messages, speed)
            listening = publisher.subscribers


def _all_runs(file: Path, *, loop: bool) -> Iterator[Iterator[Message]]:
    while True:
        is_empty = True
        for messages in runs(read_messages(file)):
            is_empty = False
            yield messages
        if is_empty:
            raise CommandError(f"{file} holds no message; record some with glyphfeed record")
        if not loop:
            return


def _await_return(publisher: Publisher, listening: int) -> None:
    """Wait for those who listened to the last run, but not for long."""
    deadline_s = time.monotonic() + BACK_S
    while (left_s := deadline_s - time.monotonic()) > 0 and publisher.subscribers < max(listening, 1):
        publisher.serve(left_s)


def _tell(publisher: Publisher, messages: Iterator[Message], speed: float) -> None:
    """Publish the messages of one run, each when it is due."""
    begun_s, telling = 0.0, None
    for message in messages:
        if telling is None:
            begun_s, telling = time.monotonic(), Telling(published_at(message), time.time(), speed)
        due_s = begun_s + telling.moved(published_at(message)) - telling.begins_at
        while (left_s := due_s - time.monotonic()) > 0:
            if left_s > SOON_S:
                # Ends with a new subscription, too.  Not at once, as a signal may be heard only after a wait.
                publisher.serve(min(left_s, LOOK_S))
            else:
                time.sleep(left_s)
        try:
            publisher.put_body(message.kind, message.source, retold(message.body, telling))
        except ValueError:
            raise FeedError(
                f"A message on {message.topic!r} holds a number that is too large for any field of the feed."
            ) from None
