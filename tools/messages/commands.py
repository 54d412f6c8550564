"""The commands that deal with the messages of a feed, with their options and help; what they do is in the modules that their
bodies import.
"""

from pathlib import Path
from typing import Annotated

import typer

from glyphfeed.stream.feed.endpoint import DEFAULT_ENDPOINT
from glyphfeed.stream.feed.recordings.recording import RecordTo
from glyphfeed.tools.options import ClientKey, FeedEndpoint, FeedKeys, Insecure, parse_rotation


def conform(
    target: Annotated[
        str, typer.Argument(metavar="ENDPOINT|FILE", help="Where a feed is published, or a recording of one.")
    ] = DEFAULT_ENDPOINT,
    seconds: Annotated[
        float | None, typer.Option(min=1, metavar="N", help="Listen to a feed for so long; else until Ctrl-C.")
    ] = None,
    messages: Annotated[int | None, typer.Option(min=1, metavar="N", help="Listen to a feed for so many messages.")] = None,
    keys: ClientKey = None,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of all messages instead.")] = False,
) -> None:
    """Tell whether a feed or a recording keeps the contract, message by message; the exit code is 1 where it does not.

    Of a feed the pictures, the answers to requests, and what a late subscriber gets are looked at, too.

    [bold]Examples[/]

    glyphfeed conform feed.jsonl                   [dim]a recording, compressed or not[/]
    glyphfeed conform tcp://127.0.0.1:5570 --seconds 60
    glyphfeed conform --schema > feed.schema.json  [dim]for validators, and for makers of types[/]
    """
    from glyphfeed.tools.messages.conforming import conform_feed, conform_recording, print_schema

    if schema:
        print_schema()
        return
    if "://" in target:
        raise typer.Exit(conform_feed(target, keys=keys, seconds=seconds, messages=messages))
    raise typer.Exit(conform_recording(Path(target)))


def record(
    endpoint: Annotated[str, typer.Argument(metavar="ENDPOINT", show_default=False, help="Where the feed is published.")],
    out: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", show_default=False, help="Where each message goes, one a line; compressed if it ends in .gz."
        ),
    ],
    topic: Annotated[
        list[str] | None,
        typer.Option(metavar="T", help="Record only topics that begin like this, such as event/; may be repeated."),
    ] = None,
    append: Annotated[
        bool, typer.Option("--append", help="Continue the recording that the file holds, with the events since.")
    ] = False,
    rotate: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WHEN",
            help="Put the file aside and begin another: day, for every day, or a size such as 500M; may be repeated.",
        ),
    ] = None,
    keys: ClientKey = None,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Record a feed, until Ctrl-C.

    The publisher may come and go: events that happen meanwhile are fetched as far as it still has them.

    [bold]Examples[/]

    glyphfeed record tcp://127.0.0.1:5570 feed.jsonl.gz
    glyphfeed record tcp://127.0.0.1:5570 events.jsonl --topic event/ --append --rotate day
    """
    from glyphfeed.tools.messages.recording import record

    if any(prefix.startswith("picture") for prefix in topic or ()):
        raise typer.BadParameter("pictures are never recorded; record the video itself", param_hint="--topic")
    plan = RecordTo(out, append, tuple(topic or ()), *parse_rotation(rotate or (), "--rotate"))
    record(endpoint, plan, keys, quiet=quiet)


def replay(
    file: Annotated[Path, typer.Argument(metavar="FILE", show_default=False, help="A recording, compressed or not.")],
    speed: Annotated[float, typer.Option(min=0.01, max=1000, help="How many times as fast as it was.")] = 1.0,
    loop: Annotated[bool, typer.Option("--loop", help="Over and over, until Ctrl-C.")] = False,
    feed: FeedEndpoint = DEFAULT_ENDPOINT,
    keys: FeedKeys = None,
    insecure: Insecure = False,
    wait_subscribers: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="N",
            help="Wait for so many subscriptions before it begins; a listen has three.",
            rich_help_panel="Feed",
        ),
    ] = 0,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Publish a recording again, in its own rhythm, as if a camera were read.

    Frames, texts and ids are those of the recording; epoch, numbers and times are new.

    [bold]Examples[/]

    glyphfeed replay feed.jsonl --loop         [dim]a camera that never ends, to build an overlay with[/]
    glyphfeed replay feed.jsonl.gz --speed 4
    """
    from glyphfeed.tools.messages.replaying import replay

    replay(
        file,
        feed=feed,
        keys=keys,
        insecure=insecure,
        speed=speed,
        loop=loop,
        subscribers=wait_subscribers,
        quiet=quiet,
    )


COMMANDS = (conform, record, replay)
