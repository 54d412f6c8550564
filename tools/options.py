"""Options that several commands share, and how their words are read."""

import re
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

import typer

if TYPE_CHECKING:
    from glyphfeed.stream.detecting.zones import Zones as PlacesToRead

DEFAULT_METRICS = "127.0.0.1:9464"
_ARGUMENTS = {"sources": "SOURCE", "endpoint": "ENDPOINT", "rules_file": "--rules"}
"""What is no option, or not called as its parameter, and how help calls it."""
LEAST_PORT = 64
"""From here on a number alone after `--web` is a port, as nobody has so many webcams."""
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

Zones = Annotated[
    list[str] | None,
    typer.Option(
        "--zone",
        metavar="ZONE",
        help='Read only here: corners in fractions of the picture, or in pixels, as in "0,0.5 1,1"; may be repeated.',
        rich_help_panel="Cameras",
    ),
]

Ignored = Annotated[
    list[str] | None,
    typer.Option("--ignore", metavar="ZONE", help="Do not read here; may be repeated.", rich_help_panel="Cameras"),
]


Codes = Annotated[bool, typer.Option("--codes", help="Read QR and bar codes as well.", rich_help_panel="Understanding")]

Attributes = Annotated[
    bool,
    typer.Option(
        "--attributes",
        help="Tell what texts mean: prices, dates, phone numbers and so on, each with a value to compute with.",
        rich_help_panel="Understanding",
    ),
]

Region = Annotated[
    str | None,
    typer.Option(
        "--region",
        metavar="CC",
        help="The country whose ways of writing count where a text could mean several things, such as DE; US unless told.",
        rich_help_panel="Understanding",
    ),
]

RulesFile = Annotated[
    Path | None,
    typer.Option(
        "--rules",
        metavar="FILE",
        help="Follow the rules of this file: flag, hide, and do what they say; glyphfeed rules test tries them.",
        rich_help_panel="Understanding",
    ),
]

Delay = Annotated[
    float | None,
    typer.Option(
        "--delay",
        min=0,
        max=600,
        metavar="S",
        help="Tell and show everything so many seconds later, so that what is hidden is so from its first frame on.",
        rich_help_panel="Understanding",
    ),
]


def parse_zones(read: Sequence[str], ignore: Sequence[str]) -> "PlacesToRead":
    """Read the zones of a source.

    Raises:
        InputError: one is none.

    """
    from glyphfeed.stream.detecting.zones import Zones, parse_zone

    return Zones(tuple(map(parse_zone, read)), tuple(map(parse_zone, ignore)))


FeedEndpoint = Annotated[
    str, typer.Option("--feed", metavar="ENDPOINT", help="Where to publish; port * takes a free one.", rich_help_panel="Feed")
]

FeedKeys = Annotated[
    Path | None,
    typer.Option(
        "--keys",
        metavar="FOLDER",
        help="Let in only who has a key that is allowed there; on addresses that others reach this is so in any case.",
        rich_help_panel="Feed",
    ),
]

Insecure = Annotated[bool, typer.Option("--insecure", help="Let everybody in, also from other machines.", rich_help_panel="Feed")]

ClientKey = Annotated[
    Path | None, typer.Option("--keys", metavar="FILE", help="The key file that glyphfeed keys wrote for this client.")
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


def parse_keep_size(text: str) -> int:
    """Read how much may lie in a folder of events.

    Raises:
        BadParameter: it is no size, or too small.

    """
    from glyphfeed.stream.feed.publishing.kept import LEAST_BYTES

    if (most_bytes := parse_bytes(text, "--keep-size")) < LEAST_BYTES:
        raise typer.BadParameter("that holds hardly any; allow 1M at least", param_hint="--keep-size")
    return most_bytes


def parse_rotation(when: Sequence[str], option: str) -> tuple[int | None, bool]:
    """Read when another recording is begun: the least of the sizes in bytes, None without any, and whether every day is one.

    Raises:
        BadParameter: it is no such time; `option` is where it was given.

    """
    lengths = [parse_bytes(word, option, "day, or ") for word in when if word != "day"]
    return min(lengths, default=None), "day" in when


def with_addresses(arguments: Sequence[str]) -> list[str]:
    """A command line whose `--web` has an address: the one that follows, else the usual one, as it may stand before a SOURCE.

    A number alone is a port from `LEAST_PORT` on, and below that the SOURCE which is a camera.
    """
    from glyphfeed.stream.web.admission import DEFAULT_LISTEN

    completed: list[str] = []
    words = [*arguments, ""]
    for word, following in zip(arguments, words[1:], strict=True):
        has_one = re.fullmatch(r"(\[[^]/]*\]|[^:/[\]]*):(\*|\d+)", following) is not None
        is_port = re.fullmatch(r"\d+", following, re.ASCII) is not None and int(following) >= LEAST_PORT
        completed.append(f"--web={DEFAULT_LISTEN}" if word == "--web" and not (has_one or is_port) else word)
    return completed


def given_beside(context: typer.Context, *names: str) -> str:
    """What stands on the command line beside these options, as it is written there; nothing where they stand alone."""
    sources = {name: context.get_parameter_source(name) for name in context.params if name not in names}
    given = [name for name, source in sources.items() if source is not None and source.name != "DEFAULT"]
    return ", ".join(_ARGUMENTS.get(name, f"--{name.replace('_', '-')}") for name in given)


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
