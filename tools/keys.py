"""`glyphfeed keys`: the keys of a feed that other machines may connect to.

Owns: the commands, what they tell, and which keys a feed asks for.  Does not own the files (stream.feed.keys), nor who is let in
(stream.feed.publishing.admission).
"""

import shlex
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from glyphfeed.stream.feed import keys as files
from glyphfeed.stream.feed.endpoint import is_local
from glyphfeed.stream.feed.keys import Client
from glyphfeed.tools.errors import CommandError, note
from glyphfeed.tools.options import program

keys = typer.Typer(
    name="keys", no_args_is_help=True, help="Say who may connect to a feed from other machines: each client by a key of its own."
)
Folder = Annotated[
    Path,
    typer.Option("--keys", metavar="FOLDER", help="Where the keys of the feed are.", default_factory=files.default_folder),
]
Name = Annotated[str, typer.Argument(metavar="NAME", show_default=False, help="What the client is called.")]


@keys.command("new")
def new(
    name: Name,
    folder: Folder,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", show_default=False, help=f"Where the client's file goes; NAME{files.SECRET_SUFFIX} unless told."
        ),
    ] = None,
) -> None:
    """Make a key for a client and allow it; the first one makes the feed's own key too.

    [bold]Examples[/]

    glyphfeed keys new phone                                  [dim]on the camera's machine: writes phone.key_secret[/]
    glyphfeed watch 0 --feed 'tcp://*:5570'                   [dim]there, too[/]
    glyphfeed listen tcp://HOST:5570 --keys phone.key_secret  [dim]on the machine that the file was moved to[/]
    """
    out = out or Path(f"{name}{files.SECRET_SUFFIX}")
    files.issue(folder, name, out)
    elsewhere = "" if folder == files.default_folder() else f" --keys {shlex.quote(str(folder))}"
    print(f"{name} may connect with the key in {out}. Move this file to its machine, and nowhere else.")
    print(f"Publish with:   {program()} watch 0 --feed 'tcp://*:5570'{elsewhere}")
    print(f"Listen there:   glyphfeed listen tcp://HOST:5570 --keys {shlex.quote(out.name)}")


@keys.command("list")
def show(folder: Folder) -> None:
    """List the clients, whether each is allowed, and their public keys."""
    server = files.ServerKeys.load(folder)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in ("name", "may connect", "public key"):
        table.add_column(column, no_wrap=True)
    for client in files.clients(folder):
        if isinstance(client, Client):
            table.add_row(client.name, "yes" if client.is_allowed else "revoked", client.public)
        else:
            note(str(client))
    console = Console(highlight=False, markup=False, soft_wrap=True)
    if table.row_count:
        console.print(table)
    console.print(f"The feed's own public key is {server.public}; all is in {folder}.")


@keys.command("allow")
def allow(
    name: Name,
    folder: Folder,
    key: Annotated[
        str | None, typer.Argument(metavar="KEY", show_default=False, help="Its public key; without, that of a revoked client.")
    ] = None,
) -> None:
    """Let a client in by the public key that it made itself, or one that was revoked.

    [bold]Examples[/]

    glyphfeed keys allow phone                                                    [dim]once more[/]
    glyphfeed keys allow wall -- 'Yne@$w-vo<fVvi]a<NY6T1ed:M$fCG*[IaLV{hID'    [dim]its own key; -- as one may begin with -[/]
    """
    files.allow(folder, name, key)
    print(f"{name} may connect. The feed's public key, which it needs too, is {files.ServerKeys.load(folder).public}")


@keys.command("revoke")
def revoke(name: Name, folder: Folder) -> None:
    """Shut a client out; a feed that runs cuts its connection at once."""
    files.revoke(folder, name)
    print(f"{name} may not connect any more.")


def feed_keys(feed: str, folder: Path | None, *, insecure: bool) -> files.ServerKeys | None:
    """The keys that a feed asks for: those of a folder where one was named, else the user's own where others could connect.

    Raises:
        CommandError: keys were named, and the feed was to be without.
        FeedError: the folder holds none, or others can read them.

    """
    if insecure and folder is not None:
        raise CommandError("--insecure publishes without keys, and --keys with them: leave one of them out")
    if folder is not None:
        return files.ServerKeys.load(folder)
    own = files.default_folder()
    # Where there are none the publisher tells how to make some.
    return files.ServerKeys.load(own) if own.exists() and not insecure and not is_local(feed) else None
