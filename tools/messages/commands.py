"""The commands that deal with the messages of a feed, with their options and help; what they do is in the modules that their
bodies import.
"""

from typing import Annotated

import typer

from glyphfeed.stream.feed.endpoint import DEFAULT_ENDPOINT

FEED = "Feed"


def conform(
    target: Annotated[
        str, typer.Argument(metavar="ENDPOINT|FILE", help="Where a feed is published, or a recording of one.")
    ] = DEFAULT_ENDPOINT,
    schema: Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of all messages instead.")] = False,
) -> None:
    """Tell whether a feed or a recording keeps the contract, message by message; the exit code is 1 where it does not.

    [bold]Examples[/]

    glyphfeed conform feed.jsonl                   [dim]a recording, compressed or not[/]
    glyphfeed conform --schema > feed.schema.json  [dim]for validators, and for makers of types[/]
    """
    from glyphfeed.tools.messages.conforming import conform_recording, print_schema

    if schema:
        print_schema()
        return
    raise typer.Exit(conform_recording(target))


COMMANDS = (conform,)
