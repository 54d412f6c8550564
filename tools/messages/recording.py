"""`glyphfeed record`: the messages of any feed to a file, and the events that happened while it was not recorded.

Owns: when it goes on after which event, and what is told meanwhile.  Does not own receiving
(stream.feed.receiving) nor the file (stream.feed.recordings).
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

from rich.console import Console

from glyphfeed.stream.feed import wire
from glyphfeed.stream.feed.receiving.client import DEFAULT_TOPICS, connect
from glyphfeed.stream.feed.recordings.recording import Recording, parts, positions
from glyphfeed.tools.errors import note
from glyphfeed.tools.listening import Notes

if TYPE_CHECKING:
    from pathlib import Path

    from glyphfeed.stream.feed.recordings.recording import RecordTo

_PATIENCE_S: Final = 2.0


def record(endpoint: str, plan: RecordTo, keys: Path | None, *, quiet: bool) -> None:
    """Write each message of a feed to a file until Ctrl-C; one that is continued gets the events since its last one, too.

    Raises:
        FeedError: the address is none, the keys cannot be used, the file cannot be written, or what comes from there is no feed.

    """
    notes = Notes(Console(stderr=True, quiet=quiet, highlight=False, markup=False, soft_wrap=True))
    since = positions(plan.path) if plan.append and parts(plan.path) else None
    count = 0
    with connect(endpoint, plan.topics or DEFAULT_TOPICS, keys=keys, since=since) as feed, closing(Recording(plan)) as recording:
        try:
            while not recording.has_failed:
                message = feed.receive(_PATIENCE_S)
                if message is None:
                    notes.tell_silence(feed.trouble, "Nothing on these topics yet.")
                    continue
                if message.kind == "picture":
                    # They come to who wants every topic.
                    continue
                notes.tell_losses(message)
                recording.write(wire.sent(message))
                count += 1
        except KeyboardInterrupt:
            pass
    if not quiet:
        note(f"{count} message{'s' * (count != 1)} of {endpoint} are recorded in {plan.path}")
