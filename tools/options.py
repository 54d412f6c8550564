"""Options that several commands share, and how their words are read."""

import re
import shlex
import shutil
import sys
from pathlib import Path
from typing import Annotated, Literal, TypeAlias

import typer

Backend: TypeAlias = Literal["auto", "tensorrt", "cuda", "openvino", "onnxruntime"]
Engine = Annotated[
    Backend,
    typer.Option("--engine", help="What runs the networks; auto is the fastest that works here.", rich_help_panel="Networks"),
]
DetectorFile = Annotated[
    Path | None,
    typer.Option(
        "--detector",
        metavar="FILE",
        help="An ONNX file instead of the default model, with its TOML beside it.",
        rich_help_panel="Networks",
    ),
]
RecogniserFile = Annotated[
    Path | None,
    typer.Option("--recogniser", metavar="FILE", help="Likewise.", rich_help_panel="Networks"),
]

Languages = Annotated[
    str,
    typer.Option(
        "--languages",
        metavar="LIST",
        help="Whose common words to expect where letters are in doubt, such as en,fr; or none.",
        rich_help_panel="Networks",
    ),
]

Alphabets = Annotated[
    str,
    typer.Option(
        "--alphabet",
        metavar="LIST",
        help="Whose letters to read, of latin, greek, han and kana; or all.",
        rich_help_panel="Networks",
    ),
]


def parse_alphabets(text: str) -> tuple[str, ...]:
    """Split a list such as latin,greek; "all" is an empty one."""
    return () if text.strip() == "all" else tuple(part.strip().lower() for part in text.split(","))


def parse_languages(text: str) -> tuple[str, ...]:
    """Split a list such as en,fr; "none" is an empty one."""
    return () if text.strip() == "none" else tuple(part.strip().lower() for part in text.split(","))


def parse_size(text: str) -> tuple[int, int]:
    """Read a size such as 1280x720.

    Raises:
        BadParameter: it is none.

    """
    match = re.fullmatch(r"([1-9]\d{0,4})x([1-9]\d{0,4})", text)
    if match is None:
        raise typer.BadParameter(f"{text!r} is no size; write width x height, such as 1280x720", param_hint="--size")
    return int(match[1]), int(match[2])


def parse_bytes(text: str, option: str, others: str = "") -> int:
    """Read a size on disk, such as 500M.

    Raises:
        BadParameter: it is none; `option` is where it was given, and `others` what else might be written there.

    """
    match = re.fullmatch(r"([1-9]\d{0,8})([kMGT]?)", text)
    if match is None:
        raise typer.BadParameter(f"{text!r} is no size; write {others}one such as 500M", param_hint=option)
    factors = {"": 1, "k": 10**3, "M": 10**6, "G": 10**9, "T": 10**12}
    return int(match[1]) * factors[match[2]]


def program() -> str:
    """What to type to run this program here: its name where that is on the path, else how it was run."""
    run = Path(sys.argv[0])
    if run.name == "__main__.py":
        return f"{sys.executable} -m glyphfeed"
    on_path = shutil.which(run.name)
    return run.name if on_path and Path(on_path).resolve() == run.resolve() else shlex.quote(str(run))


def typed() -> str:
    """The command line as it was typed, for reports."""
    return shlex.join(["glyphfeed", *sys.argv[1:]])
