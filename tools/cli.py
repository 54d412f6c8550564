"""The command line: commands, their options and their help, and how the program ends.

Owns: words and exit codes.  What a command does is in the module that its body imports, so that help and complaints are quick.

Exit codes: 0 for what ended by itself or at the user's wish, 1 for a check that was not passed, 2 for an error, 3 where there is
no GPU to check, 130 for Ctrl-C or SIGTERM before the end; 0 for SIGTERM where a command goes on until somebody ends it.
"""

import io
import logging
import os
import signal
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Annotated, Literal

import typer
from typer.exceptions import TyperException

from glyphfeed.stream.feed.endpoint import DEFAULT_ENDPOINT
from glyphfeed.stream.feed.publishing.kept import MOST_BYTES, MOST_DAYS, KeepIn
from glyphfeed.stream.feed.recordings.recording import RecordTo
from glyphfeed.stream.sources.source import Pace
from glyphfeed.stream.web.admission import DEFAULT_LISTEN, Listen
from glyphfeed.tools.attributes import attributes
from glyphfeed.tools.bench.commands import bench
from glyphfeed.tools.bridging import bridge
from glyphfeed.tools.configuration.commands import config
from glyphfeed.tools.errors import CommandError, tell
from glyphfeed.tools.following import COMMANDS as FOLLOWING
from glyphfeed.tools.keys import keys
from glyphfeed.tools.logs import Handler, LogFormat, choose
from glyphfeed.tools.messages.commands import COMMANDS as MESSAGES
from glyphfeed.tools.options import (
    DEFAULT_METRICS,
    LEAST_PORT,
    Alphabets,
    Attributes,
    Codes,
    Delay,
    DetectorFile,
    Engine,
    FeedEndpoint,
    FeedKeys,
    Ignored,
    Insecure,
    Languages,
    RecogniserFile,
    Region,
    RulesFile,
    Zones,
    given_beside,
    parse_alphabets,
    parse_keep_size,
    parse_languages,
    parse_rotation,
    parse_size,
    parse_zones,
    typed,
    with_addresses,
)
from glyphfeed.tools.rules import rules
from glyphfeed.tools.service.children import attach
from glyphfeed.tools.training.commands import train

if TYPE_CHECKING:
    from glyphfeed.tools.configuration.tables import Web

INTERRUPTED = 130
"""What a shell expects of a program that Ctrl-C has ended."""
DISMISSED_S = 10.0
"""Longer than anything of ours takes to close."""
SERVICES = {"watch", "listen", "view", "bridge", "web", "record", "replay", "demo"}
"""Commands that go on until somebody ends them; of the others SIGTERM leaves half a result, which is no success."""

app = typer.Typer(
    name="glyphfeed",
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Point it at a camera, and it reads, follows and publishes the text it sees.",
    epilog="Begin with [bold]glyphfeed demo[/]. Each command has help, such as [bold]glyphfeed watch --help[/].",
)


def begin_log(form: LogFormat) -> LogFormat:
    """Write messages in a form from here on: what is wrong with other options is one already."""
    choose(form)
    return form


def tell_version(wanted: bool) -> None:
    """Print the version and end, where that is wanted."""
    if wanted:
        from importlib import metadata

        print(f"glyphfeed {metadata.version('glyphfeed')}")
        raise typer.Exit


@app.callback()
def glyphfeed(
    version: Annotated[
        bool, typer.Option("--version", callback=tell_version, is_eager=True, help="Print the version and end.")
    ] = False,
) -> None:
    """Point it at a camera, and it reads, follows and publishes the text it sees."""


def parse_recording(file: Path | None, topics: list[str], rotate: list[str], *, append: bool) -> RecordTo | None:
    """Put together what is said of a recording.

    Raises:
        BadParameter: there is no file, or no such time to rotate.

    """
    if file is None:
        if append or topics or rotate:
            raise typer.BadParameter(
                "it belongs to a recording; name its file with --record", param_hint="--append, --record-..."
            )
        return None
    return RecordTo(file, append, tuple(topics), *parse_rotation(rotate, "--record-rotate"))


def check_alone(context: typer.Context) -> None:
    """Accept a configuration that nothing else is said beside.

    Raises:
        BadParameter: something is.

    """
    if others := given_beside(context, "config"):
        raise typer.BadParameter(f"everything has its place in that file, {others} too", param_hint="--config")


def parse_keeping(folder: Path | None, size: str | None, days: float | None) -> KeepIn | None:
    """Put together what is said of keeping events.

    Raises:
        BadParameter: there is no folder, or the size is none or too small.

    """
    if folder is None:
        if size is not None or days is not None:
            raise typer.BadParameter("it belongs to events that are kept; name their folder with --keep", param_hint="--keep-...")
        return None
    return KeepIn(folder, MOST_BYTES if size is None else parse_keep_size(size), MOST_DAYS if days is None else days)


def parse_web(listen: str | None, cert: Path | None, key: Path | None, *, insecure: bool) -> "Web | None":
    """Put together what is said of pages beside the reading.

    Raises:
        BadParameter: there are to be none, or what is said contradicts itself.
        FeedError: it is no address.

    """
    from glyphfeed.tools.configuration.tables import Web

    if listen is None:
        if cert is not None or key is not None or insecure:
            raise typer.BadParameter("it belongs to pages for browsers; ask for them with --web", param_hint="--web-...")
        return None
    Listen.parse(listen)
    web = Web(listen=listen, cert=cert, key=key, insecure=insecure)
    for name, mistake in web.mistakes():
        raise typer.BadParameter(mistake, param_hint=f"--web-{name}")
    return web


@app.command()
def watch(
    context: typer.Context,
    sources: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="SOURCE",
            show_default=False,
            help="A camera's number, an rtsp:// or http:// address, a video or picture, a folder of them, or a quoted pattern.",
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Take cameras and everything else from this file, also while it changes.",
            rich_help_panel="Service",
        ),
    ] = None,
    name: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="What a source is called on the feed; once for each source, in their order."),
    ] = None,
    pace: Annotated[
        Pace | None,
        typer.Option(help="Read every frame of a file, its default, or play it live and drop what comes too fast."),
    ] = None,
    size: Annotated[
        str, typer.Option(metavar="WxH", help="The picture size to ask of a camera.", rich_help_panel="Cameras")
    ] = "1280x720",
    fps: Annotated[
        float, typer.Option(min=1, max=1000, help="The frame rate to ask of a camera.", rich_help_panel="Cameras")
    ] = 30,
    zone: Zones = None,
    ignore: Ignored = None,
    feed: FeedEndpoint = DEFAULT_ENDPOINT,
    keys: FeedKeys = None,
    insecure: Insecure = False,
    keep: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Keep events there, so that clients can still ask for them after a restart.",
            rich_help_panel="Feed",
        ),
    ] = None,
    keep_size: Annotated[
        str | None,
        typer.Option(
            metavar="SIZE",
            help="How much of the disk they may take before the oldest go, such as 500M; 1G where nothing is said.",
            rich_help_panel="Feed",
        ),
    ] = None,
    keep_days: Annotated[
        float | None,
        typer.Option(min=0.01, metavar="N", help="When they go at the latest; 30 where nothing is said.", rich_help_panel="Feed"),
    ] = None,
    record: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Write every message to this new file too, one a line; compressed if it ends in .gz.",
            rich_help_panel="Recording",
        ),
    ] = None,
    append: Annotated[
        bool, typer.Option("--append", help="Continue the recording that the file holds.", rich_help_panel="Recording")
    ] = False,
    record_topics: Annotated[
        list[str] | None,
        typer.Option(
            metavar="T",
            help="Record only topics that begin like this, such as event/; may be repeated.",
            rich_help_panel="Recording",
        ),
    ] = None,
    record_rotate: Annotated[
        list[str] | None,
        typer.Option(
            metavar="WHEN",
            help="Put the file aside and begin another: day, for every day, or a size such as 500M; may be repeated.",
            rich_help_panel="Recording",
        ),
    ] = None,
    chars: Annotated[
        bool,
        typer.Option("--chars", help="Publish each character, with what else it might be.", rich_help_panel="Feed"),
    ] = False,
    codes: Codes = False,
    attributes: Attributes = False,
    region: Region = None,
    delay: Delay = None,
    rules_file: RulesFile = None,
    wait_subscribers: Annotated[
        int,
        typer.Option(
            min=0,
            metavar="N",
            help="Wait for so many subscriptions before the first frame; a listen has three.",
            rich_help_panel="Feed",
        ),
    ] = 0,
    engine: Engine = "auto",
    detector: DetectorFile = None,
    recogniser: RecogniserFile = None,
    languages: Languages = "en",
    alphabet: Alphabets = "all",
    window: Annotated[bool, typer.Option("--window", help="Show the pictures with the text; q closes.")] = False,
    film: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a video (MP4) of the pictures with the text over them.")
    ] = None,
    web: Annotated[
        str | None,
        typer.Option(
            metavar="[[HOST:]PORT]",
            help=f"Serve pages for browsers, at {DEFAULT_LISTEN} unless told; * takes a free port. "
            f"Of numbers alone one below {LEAST_PORT} is a camera, and others are ports of this machine.",
            rich_help_panel="Pages",
        ),
    ] = None,
    web_cert: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="A certificate of your own for them, see glyphfeed web.", rich_help_panel="Pages"),
    ] = None,
    web_key: Annotated[Path | None, typer.Option(metavar="FILE", help="Its private key.", rich_help_panel="Pages")] = None,
    web_insecure: Annotated[
        bool,
        typer.Option("--web-insecure", help="Neither encryption nor pairing for other machines.", rich_help_panel="Pages"),
    ] = False,
    metrics: Annotated[
        str | None,
        typer.Option(metavar="HOST:PORT", help="Serve /healthz, and /metrics for Prometheus.", rich_help_panel="Service"),
    ] = None,
    log_format: Annotated[  # noqa: ARG001  begin_log has taken it up
        LogFormat,
        typer.Option(
            callback=begin_log,
            is_eager=True,
            help="How messages are written: text has time and source.",
            rich_help_panel="Service",
        ),
    ] = LogFormat.PLAIN,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")] = False,
) -> None:
    """Read the text in cameras, streams and files, and publish it.

    On a terminal it shows a table of what is read; in a pipe, a line for each event.

    Ctrl-C ends it, with exit code 130, and SIGTERM with 0.

    [bold]Examples[/]

    glyphfeed watch 0                           [dim]the first webcam[/]
    glyphfeed watch rtsp://10.0.0.7/live        [dim]a network camera[/]
    glyphfeed watch clip.mp4 --record f.jsonl   [dim]every frame of a file, messages kept[/]
    glyphfeed watch 0 --record f.jsonl --append [dim]a recording continued[/]
    glyphfeed watch 0 --keep events             [dim]clients catch up, also after a restart[/]
    glyphfeed watch clip.mp4 --film out.mp4     [dim]a film of the clip with the text over it[/]
    glyphfeed watch clip.mp4 --pace live        [dim]a file, played like a camera[/]
    glyphfeed watch 0 --web                     [dim]and pages for browsers[/]
    glyphfeed watch --web 0.0.0.0:5580          [dim]the cameras of phones[/]
    glyphfeed watch 'clips/*.mp4'               [dim]one file after the other, as one source[/]
    glyphfeed watch 0 1 --name in --name out    [dim]two webcams, called in and out[/]
    glyphfeed watch 0 --ignore "0,0 1,0.1"      [dim]all but the top tenth of the picture[/]
    glyphfeed watch --config glyphfeed.toml     [dim]as glyphfeed config example begins one[/]
    """
    if config is not None:
        from glyphfeed.tools.service.serving import serve

        check_alone(context)
        raise typer.Exit(serve(config))
    pages = parse_web(web, web_cert, web_key, insecure=web_insecure)
    if not sources and pages is None:
        raise typer.BadParameter("there is nothing to watch: give a SOURCE, or a file with --config", param_hint="SOURCE")
    from glyphfeed.stream.running.networks import Networks
    from glyphfeed.stream.sources.address import open_sources
    from glyphfeed.tools.configuration.asking import asked
    from glyphfeed.tools.watching import watch

    if quiet:
        logging.getLogger("glyphfeed").setLevel(logging.ERROR)
    else:
        # Which back-end was chosen, and why, and that rules are taken up again.
        for each in ("glyphfeed.engines", "glyphfeed.rules"):
            logging.getLogger(each).setLevel(logging.INFO)
    recording = parse_recording(record, record_topics or [], record_rotate or [], append=append)
    keeping = parse_keeping(keep, keep_size, keep_days)
    zones, listen = parse_zones(zone or [], ignore or []), None if metrics is None else Listen.parse(metrics, DEFAULT_METRICS)
    wanted = asked(rules_file, attributes=attributes, region=region, codes=codes, delay_s=delay)
    opened = open_sources(sources or [], name or [], pace, parse_size(size), fps)
    networks = Networks(engine, detector, recogniser, parse_languages(languages), parse_alphabets(alphabet))
    with wanted.acts:
        code = watch(
            opened,
            networks,
            zones=zones,
            web=pages,
            metrics=listen,
            feed=feed,
            keys=keys,
            insecure=insecure,
            keep=keeping,
            record=recording,
            chars=chars,
            codes=wanted.codes,
            settings=wanted.settings,
            captions=wanted.captions,
            rules=wanted.rules,
            subscribers=wait_subscribers,
            window=window,
            film=film,
            quiet=quiet,
        )
    raise typer.Exit(code)


@app.command()
def read(
    images: Annotated[
        list[str], typer.Argument(metavar="IMAGE", show_default=False, help="Pictures, folders of them, or patterns.")
    ],
    json: Annotated[bool, typer.Option("--json", help="Print one line of JSON a picture.")] = False,
    attributes: Attributes = False,
    region: Region = None,
    engine: Engine = "auto",
    detector: DetectorFile = None,
    recogniser: RecogniserFile = None,
    languages: Languages = "en",
    alphabet: Alphabets = "all",
) -> None:
    """Read the text in still pictures.

    [bold]Examples[/]

    glyphfeed read sign.jpg                            [dim]for people[/]
    glyphfeed read shots/*.png --json > texts.jsonl    [dim]for programs[/]
    """
    from glyphfeed.stream.running.networks import Networks
    from glyphfeed.stream.understanding.wanted import settings_of
    from glyphfeed.tools.reading import read_pictures

    networks = Networks(engine, detector, recogniser, parse_languages(languages), parse_alphabets(alphabet))
    raise typer.Exit(read_pictures(images, networks, settings_of(attributes, region), as_json=json))


@app.command()
def evaluate(
    clips: Annotated[
        list[str],
        typer.Argument(metavar="CLIP", show_default=False, help="Videos with a truth beside them, or folders of such."),
    ],
    pace: Annotated[
        Pace, typer.Option(help="Read every frame, or play the clips live: there a message counts from when it was published.")
    ] = Pace.EVERY_FRAME,
    feed: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Score this recording instead of reading; once for each clip, in their order."),
    ] = None,
    beside: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=COMMAND", help="Another reader, run as COMMAND CLIP OUT.jsonl; may be repeated."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write report and plots there, and keep the runs to take them up again."),
    ] = None,
    markdown: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the report as Markdown to this file.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the report as JSON.")] = False,
    engine: Engine = "auto",
    detector: DetectorFile = None,
    recogniser: RecogniserFile = None,
    languages: Languages = "en",
    alphabet: Alphabets = "all",
) -> None:
    """Measure how well clips are read of which it is known what they say.

    The truth of CLIP.mp4 is CLIP.gt.json, or CLIP.xml or CLIP_GT.xml as in ICDAR's Text in Videos.

    [bold]Examples[/]

    glyphfeed evaluate clips                              [dim]all clips of a folder[/]
    glyphfeed evaluate clips --pace live --out report     [dim]played live, with plots[/]
    glyphfeed evaluate a.mp4 --feed feed.jsonl            [dim]what watch recorded[/]
    glyphfeed evaluate clips --beside 'other=python other.py'
    """
    from glyphfeed.stream.running.networks import Networks
    from glyphfeed.tools.evaluation.evaluating import evaluate

    networks = Networks(engine, detector, recogniser, parse_languages(languages), parse_alphabets(alphabet))
    command = typed()
    evaluate(
        clips, networks, pace=pace, feeds=feed or [], beside=beside or [], out=out, page=markdown, as_json=json, command=command
    )


for command in (*FOLLOWING, *MESSAGES, attributes):
    app.command()(command)


@app.command()
def models(
    files: Annotated[
        list[Path] | None,
        typer.Argument(metavar="FILE", show_default=False, help="ONNX files of your own, each with its description beside it."),
    ] = None,
    fetch: Annotated[bool, typer.Option("--fetch", help="Download what is missing.")] = False,
    verify: Annotated[bool, typer.Option("--verify", help="End with exit code 1 unless all are there and whole.")] = False,
) -> None:
    """List the networks: what they see and give, where they are, and whether they are whole."""
    from glyphfeed.tools.models import show_models

    raise typer.Exit(show_models(files or [], fetch=fetch, demand=verify))


@app.command()
def quantise(
    sources: Annotated[
        list[str],
        typer.Argument(
            metavar="SOURCE", show_default=False, help="Videos or folders of pictures, to calibrate with and to judge by."
        ),
    ],
    precision: Annotated[Literal["int8", "fp16", "bf16"], typer.Option(help="What the networks are to compute in.")] = "int8",
    out: Annotated[Path, typer.Option(metavar="FOLDER", help="Where the ONNX files go, each with its description.")] = Path(),
    only: Annotated[Literal["detector", "recogniser"] | None, typer.Option(help="This network alone.")] = None,
    least_f: Annotated[
        float | None, typer.Option(min=0, max=1, help="A detector must find the same lines with this F; 0.98 unless told.")
    ] = None,
    most_changed: Annotated[
        float | None, typer.Option(min=0, max=1, help="A recogniser may change this share of the characters; 0.005 unless told.")
    ] = None,
    detector: DetectorFile = None,
    recogniser: RecogniserFile = None,
) -> None:
    """Make networks of fewer bits; the exit code is 1 where one no longer agrees with the full one and is refused.

    [bold]Examples[/]

    glyphfeed quantise street.mp4 --out mine       [dim]if kept: glyphfeed watch 0 --detector mine/PP-OCRv6_det_small_int8.onnx[/]
    glyphfeed quantise photos --precision fp16 --only detector
    """
    from glyphfeed.stream.running.networks import Networks
    from glyphfeed.tools.precision.agreement import Limits
    from glyphfeed.tools.precision.quantise import Precision, Role, quantise

    told = {"detection_f": least_f, "changed": most_changed}
    limits = Limits(**{name: limit for name, limit in told.items() if limit is not None})
    roles = [Role(only)] if only else list(Role)
    raise typer.Exit(quantise(sources, Networks("auto", detector, recogniser), Precision(precision), out, roles, limits))


app.add_typer(bench)
app.add_typer(bridge)
app.add_typer(config)
app.add_typer(keys)
app.add_typer(rules)
app.add_typer(train)


@app.command("build-plan")
def build_plan(detector: DetectorFile = None, recogniser: RecogniserFile = None) -> None:
    """Compile the networks for this machine's NVIDIA GPU, which otherwise happens while they are first used."""
    from glyphfeed.stream.running.networks import Networks
    from glyphfeed.tools.precision.plans import build_plans

    build_plans(Networks("tensorrt", detector, recogniser))


@app.command("check-gpu")
def check_gpu(
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where the report goes, as Markdown.")] = Path("gpu.md"),
    detector: DetectorFile = None,
    recogniser: RecogniserFile = None,
) -> None:
    """Build the plans, compare and time the networks, and count the cameras that this machine's NVIDIA GPU carries.

    The exit code is 3 where there is none.
    """
    from glyphfeed.stream.running.networks import Networks
    from glyphfeed.tools.bench.gpu import check_gpu

    raise typer.Exit(check_gpu(Networks("tensorrt", detector, recogniser), out, typed()))


@app.command()
def zones(
    source: Annotated[
        str, typer.Argument(metavar="SOURCE", show_default=False, help="As for watch; or a camera of the --config.")
    ],
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The configuration that the camera is in; its zones are drawn.")
    ] = None,
    zone: Zones = None,
    ignore: Ignored = None,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where the picture goes.")] = Path("zones.png"),
) -> None:
    """Draw a grid over a picture of a camera, to find where zones begin and end, and the zones themselves.

    [bold]Examples[/]

    glyphfeed zones rtsp://10.0.0.7/live               [dim]a grid, with the fractions of the picture along its edges[/]
    glyphfeed zones door --config glyphfeed.toml       [dim]and the zones of the camera door[/]
    glyphfeed zones clip.mp4 --ignore "0.7,0 1,0.1"    [dim]try one[/]
    """
    from glyphfeed.tools.zones import draw_zones

    draw_zones(source, config, parse_zones(zone or [], ignore or []), out)


@app.command()
def service(
    configuration: Annotated[Path, typer.Argument(metavar="FILE", help="The configuration that it is to read.")] = Path(
        "/etc/glyphfeed/glyphfeed.toml"
    ),
    user: Annotated[
        str | None, typer.Option(metavar="NAME", help="Who runs it; one that is there only meanwhile, where none is named.")
    ] = None,
) -> None:
    """Print a unit for systemd, which runs a configuration as a service."""
    from glyphfeed.tools.service.unit import service_unit

    print(service_unit(configuration, user), end="")


@app.command()
def doctor() -> None:
    """Tell what this machine offers to the reader, and how to get what it lacks."""
    from glyphfeed.tools.doctor import diagnose

    raise typer.Exit(diagnose())


@app.command()
def demo(
    camera: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="This webcam instead of the street, until q or Ctrl-C.")
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Where the video with the text drawn over it goes; with a webcam or a browser none otherwise."
        ),
    ] = None,
    browser: Annotated[bool, typer.Option("--browser/--no-browser", help="Open its page where there is a browser.")] = True,
) -> None:
    """See it work: a walk along a made-up street, read, published, and drawn over the picture.

    Where there is a browser its page is opened, and the walk goes on until Ctrl-C.

    [bold]Examples[/]

    glyphfeed demo               [dim]the street[/]
    glyphfeed demo --camera 0    [dim]the first webcam[/]
    """
    from glyphfeed.tools.demo import run_demo

    raise typer.Exit(run_demo(camera, out, browser=browser))


def main() -> None:
    """Run the command line, and end the program."""
    logging.basicConfig(handlers=[Handler()], level=logging.WARNING, format="%(message)s")
    if isinstance(sys.stdout, io.TextIOWrapper):
        # A sign may hold letters that the terminal's encoding does not.
        sys.stdout.reconfigure(errors="backslashreplace")
    dismissals: list[float] = []

    def dismiss(_: int, frame: FrameType | None) -> None:
        # Another one at once would cut short the closing that the first began.  Later it is heard: Python drops what a signal
        # raises where it happens to call back into the program, as while it collects garbage.
        if not dismissals or time.monotonic() - dismissals[-1] > DISMISSED_S:
            dismissals.append(time.monotonic())
            signal.default_int_handler(signal.SIGTERM, frame)

    # Service managers and containers end a program so; it ends as in order as with Ctrl-C, but not as one that failed.
    signal.signal(signal.SIGTERM, dismiss)
    attach()
    code = run(sys.argv[1:])
    if dismissals and code == INTERRUPTED and SERVICES & {*sys.argv[1:2]}:
        code = 0
    # There is none where the caller has closed it.
    with suppress(OSError, AttributeError):
        sys.stdout.flush()
    # Everything of ours is closed.  Tearing down the networks piece by piece would take most of a second.
    os._exit(code)


def run(arguments: list[str]) -> int:
    """Run a command line and say with which code the program ends."""
    try:
        return app(with_addresses(arguments) or ["--help"], prog_name="glyphfeed", standalone_mode=False) or 0
    except TyperException as error:
        context = getattr(error, "ctx", None)
        command = context.command_path if context else "glyphfeed"
        tell(CommandError(f"{error.format_message().rstrip('.')}; see {command} --help"))
    except KeyboardInterrupt:
        # Before a command has begun, which typer tells itself.
        return INTERRUPTED
    except Exception as error:
        tell(error)
    return 2
