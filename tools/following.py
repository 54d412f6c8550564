"""The commands that follow a feed and show it to people, with their options and help; what they do is in the modules that their
bodies import.
"""

from pathlib import Path
from typing import Annotated

import typer

from glyphfeed.stream.feed.endpoint import DEFAULT_ENDPOINT
from glyphfeed.stream.web.admission import DEFAULT_LISTEN
from glyphfeed.tools.errors import CommandError
from glyphfeed.tools.options import ClientKey, given_beside


def listen(
    endpoint: Annotated[str, typer.Argument(metavar="ENDPOINT", help="Where the feed is published.")] = DEFAULT_ENDPOINT,
    topic: Annotated[
        list[str] | None,
        typer.Option(metavar="T", help="Only topics that begin like this, such as event/ or text/cam0; may be repeated."),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="Print one line of JSON a message.")] = False,
    keys: ClientKey = None,
) -> None:
    """Print what a feed says, until Ctrl-C.

    [bold]Examples[/]

    glyphfeed listen --topic event/            [dim]what was read, has changed or left[/]
    glyphfeed listen --topic status/ --json    [dim]the cameras' health, for a program[/]
    """
    from rich.console import Console

    from glyphfeed.tools.listening import print_feed

    print_feed(endpoint, topic or [], json, Console(), keys)


def view(
    endpoint: Annotated[str, typer.Argument(metavar="ENDPOINT", help="Where the feed is published.")] = DEFAULT_ENDPOINT,
    source: Annotated[
        str | None, typer.Argument(metavar="SOURCE", show_default=False, help="This camera alone, by its name on the feed.")
    ] = None,
    keys: ClientKey = None,
) -> None:
    """Show the cameras of a feed in a window, with the text on them.

    Tab and the digits choose a camera, 0 is all of them; the space bar freezes the picture, q ends.

    [bold]Examples[/]

    glyphfeed view                               [dim]what this machine publishes[/]
    glyphfeed view tcp://10.0.0.7:5570 door --keys me.key_secret
    """
    from glyphfeed.tools.viewing import view_feed

    view_feed(endpoint, source, keys)


def web(
    context: typer.Context,
    endpoint: Annotated[str, typer.Argument(metavar="ENDPOINT", help="Where the feed is published.")] = DEFAULT_ENDPOINT,
    listen: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Where browsers connect; port * takes a free one.")
    ] = DEFAULT_LISTEN,
    keys: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The key file of this client, where the feed is published with keys.")
    ] = None,
    insecure: Annotated[
        bool,
        typer.Option("--insecure", help="Encrypt nothing and ask for nothing: whoever reaches the address sees what is read."),
    ] = False,
    cert: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A certificate of your own instead of one of the own authority, in PEM.")
    ] = None,
    key: Annotated[Path | None, typer.Option(metavar="FILE", help="The private key of --cert, which only you can read.")] = None,
    pair: Annotated[
        bool, typer.Option("--pair", help="Show a code that pairs one more device with the server that runs.")
    ] = False,
    unpair: Annotated[bool, typer.Option("--unpair", help="Forget every device that was paired.")] = False,
) -> None:
    """Bring a feed to browsers: a web socket, and a page that shows the text as it is read.

    At an address that others can reach, all is encrypted and devices are paired by a code; docs/web.md says how.
    Ctrl-C ends it, with exit code 130, and SIGTERM with 0.

    [bold]Examples[/]

    glyphfeed web                                  [dim]then open http://127.0.0.1:5580[/]
    glyphfeed web --listen 0.0.0.0:5580            [dim]then scan the code with a phone[/]
    glyphfeed web tcp://10.0.0.7:5570 --keys me.key_secret
    """
    from glyphfeed.tools.pages import serve_pages, show_code, unpair_all

    if pair and unpair:
        raise CommandError("--pair and --unpair do opposite things: choose one.")
    if (pair or unpair) and (others := given_beside(context, "pair", "unpair")):
        option = "--pair" if pair else "--unpair"
        raise CommandError(f"{option} is about the server that runs, and stands alone: leave out {others}, or {option}.")
    if pair:
        show_code()
    elif unpair:
        unpair_all()
    else:
        serve_pages(endpoint, listen, keys, insecure=insecure, cert=cert, key=key)


COMMANDS = (listen, view, web)
