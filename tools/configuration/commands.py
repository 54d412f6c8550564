"""The command `glyphfeed config`: what it offers, and what its options are called.

Owns: words.  What is done is in the modules of this folder.
"""

from importlib.resources import files
from pathlib import Path
from typing import Annotated

import typer

config = typer.Typer(name="config", no_args_is_help=True, help="Check a configuration file, or begin one.")


@config.command()
def check(file: Annotated[Path, typer.Argument(metavar="FILE", show_default=False, help="Such as glyphfeed.toml.")]) -> None:
    """Tell everything that is wrong with a configuration, or what it reads; nothing is opened."""
    from glyphfeed.tools.configuration.loading import load

    found = load(file)
    print(f"{file} can be used; it reads {', '.join(camera.name for camera in found.cameras)}")


@config.command()
def example() -> None:
    """Print a configuration to begin with: glyphfeed config example > glyphfeed.toml."""
    print(files("glyphfeed.tools.configuration").joinpath("example.toml").read_text("utf-8"), end="")
