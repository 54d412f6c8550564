"""The commands that deal with the messages of a feed, with their options and help; what they do is in the modules that their
bodies import.
"""

from pathlib import Path
from typing import Annotated

import typer

from glyphfeed.stream.feed.endpoint import DEFAULT_ENDPOINT
from glyphfeed.stream.feed.recordings.recording import RecordTo
from glyphfeed.stream.records import NAME
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


def report(
    recording: Annotated[Path, typer.Argument(metavar="RECORDING", show_default=False, help="A recording, compressed or not.")],
    video: Annotated[
        list[str] | None,
        typer.Option(
            metavar="[NAME=]FILE",
            help="The video that was read, from which pictures of the texts are cut; once for each source, with its NAME.",
        ),
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Where the report goes; a folder beside the recording unless told.")
    ] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Write over a report that is there.")] = False,
) -> None:
    """Write what was read, where and when: as CSV, as JSON, and as one page with filters and a time line.

    [bold]Examples[/]

    glyphfeed report feed.jsonl                       [dim]into feed-report/[/]
    glyphfeed report feed.jsonl --video street.mp4    [dim]with pictures of the texts[/]
    glyphfeed report week.jsonl.gz --video door=door.mp4 --video yard=yard.mp4 --out week
    """
    from glyphfeed.tools.report.reporting import report

    report(recording, [named(one) for one in video or ()], out, replace=replace)


def named(video: str) -> tuple[str, Path]:
    """Split NAME=FILE; the name is "" where none stands before a =, as a file's name may hold one."""
    name, equals, path = video.partition("=")
    return (name, Path(path)) if equals and NAME.fullmatch(name) and not Path(video).exists() else ("", Path(video))


COMMANDS = (conform, record, replay, report)
