"""The command `glyphfeed rules`: what it offers, and what its options are called.

Owns: words.  What is done is in `trying`.
"""

from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from glyphfeed.tools.options import Region

rules = typer.Typer(name="rules", no_args_is_help=True, help="Try rules on a text before a camera does.")


@rules.callback()
def _rules() -> None:
    """Try rules on a text before a camera does."""


@rules.command("test")
def try_text(
    file: Annotated[Path, typer.Argument(metavar="FILE", show_default=False, help="A file with rules, such as glyphfeed.toml.")],
    lines: Annotated[
        list[str], typer.Argument(metavar="TEXT...", show_default=False, help="A text, or the lines of a sign from the top.")
    ],
    region: Region = None,
    source: Annotated[str, typer.Option(metavar="NAME", show_default=False, help="The camera that sees it.")] = "",
    at: Annotated[
        datetime | None,
        typer.Option(
            metavar="TIME",
            show_default=False,
            formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"],
            help="When it is seen, such as 2026-12-24T18:00; now unless told.",
        ),
    ] = None,
    place: Annotated[
        str, typer.Option(metavar="X,Y", help="Where in the picture, in fractions of it, for rules with zones.")
    ] = "0.5,0.5",
) -> None:
    """Tell which rules match a text, where and why, which nearly do, and what would be done; nothing is.

    [bold]Examples[/]

    glyphfeed rules test glyphfeed.toml "SALE 4,99 €"
    glyphfeed rules test glyphfeed.toml "Milk" "0,99 €" --region DE --at 2026-12-24T18:00
    """
    from glyphfeed.tools.trying import Trial, parse_place, try_rules

    trial = Trial(lines, source, at.astimezone() if at else None, parse_place(place))
    for line in try_rules(file, trial, region):
        print(line)
