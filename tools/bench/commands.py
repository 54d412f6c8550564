"""The commands `glyphfeed bench ...` with their options and help; what they do is in the modules that their bodies import."""

from pathlib import Path
from typing import Annotated

import typer

from glyphfeed.tools.options import DetectorFile, Engine, Languages, RecogniserFile, parse_languages, typed

bench = typer.Typer(
    name="bench", no_args_is_help=True, help="Measure how fast the networks run here, and where the time of a frame goes."
)
Page = Annotated[Path | None, typer.Option("--markdown", metavar="FILE", help="Write the tables as Markdown to this file.")]
Clip = Annotated[str | None, typer.Argument(metavar="CLIP", show_default=False, help="A video; without one, the demo's street.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print the tables as JSON.")]


@bench.command("engines")
def bench_engines(
    clips: Annotated[
        list[str] | None,
        typer.Argument(metavar="CLIP", show_default=False, help="Videos for pictures and crops; without any, the demo's street."),
    ] = None,
    runs: Annotated[int, typer.Option(min=2, max=100_000, help="How often each is run.")] = 30,
    threads: Annotated[int, typer.Option(min=0, max=1024, help="CPU threads of one run; 0 for all cores.")] = 0,
    json: AsJson = False,
    markdown: Page = None,
    detector: DetectorFile = None,
    recogniser: RecogniserFile = None,
) -> None:
    """Run each network on each back-end, in turns: speed, load time, memory, and whether they agree.

    [bold]Examples[/]

    glyphfeed bench engines                          [dim]on the demo's street[/]
    glyphfeed bench engines clips/*.mp4 --threads 1  [dim]as beside live sources on two cores[/]
    """
    from glyphfeed.stream.running.networks import Networks
    from glyphfeed.tools.bench.engines import bench_engines
    from glyphfeed.tools.bench.sheet import show
    from glyphfeed.tools.demo import street

    sheets = bench_engines(clips or [street()], Networks("auto", detector, recogniser), runs=runs, threads=threads)
    show(sheets, command=typed(), as_json=json, page=markdown)


@bench.command("stages")
def bench_stages(
    clip: Clip = None,
    json: AsJson = False,
    markdown: Page = None,
    engine: Engine = "auto",
    detector: DetectorFile = None,
    recogniser: RecogniserFile = None,
    languages: Languages = "en",
) -> None:
    """Read a clip, and tell where each millisecond of a frame goes, from decode to publish."""
    from glyphfeed.stream.running.networks import Networks
    from glyphfeed.tools.bench.sheet import show
    from glyphfeed.tools.bench.stages import bench_stages
    from glyphfeed.tools.demo import street

    networks = Networks(engine, detector, recogniser, parse_languages(languages)).locate()
    sheet = bench_stages(clip or street(), networks.load(live=False, complete=True).result())
    show([sheet], command=typed(), as_json=json, page=markdown)


@bench.command("cameras")
def bench_cameras(
    clip: Clip = None,
    most: Annotated[int, typer.Option(min=1, max=128, help="Cameras that are tried at most.")] = 128,
    json: AsJson = False,
    markdown: Page = None,
    engine: Engine = "auto",
    detector: DetectorFile = None,
    recogniser: RecogniserFile = None,
    languages: Languages = "en",
) -> None:
    """Play a clip live on more and more cameras, and tell how many this machine carries."""
    from glyphfeed.stream.running.networks import Networks
    from glyphfeed.tools.bench.cameras import bench_cameras
    from glyphfeed.tools.bench.sheet import show
    from glyphfeed.tools.demo import street

    networks = Networks(engine, detector, recogniser, parse_languages(languages)).locate()
    sheet = bench_cameras(clip or street(), networks.load(live=True, sources=most, complete=True).result(), most)
    show([sheet], command=typed(), as_json=json, page=markdown)


@bench.command("feed")
def bench_feed(
    clip: Clip = None,
    rounds: Annotated[int, typer.Option(min=1, max=1000, help="How often each is measured, in turns.")] = 5,
    inputs: Annotated[int, typer.Option(min=0, help="Hostile inputs that are tried; 0 leaves them out.")] = 10_000,
    events: Annotated[
        int, typer.Option(min=0, help="Events that are told while everything is killed; 0 leaves them out.")
    ] = 100_000,
    json: AsJson = False,
    markdown: Page = None,
    engine: Engine = "auto",
    detector: DetectorFile = None,
    recogniser: RecogniserFile = None,
    languages: Languages = "en",
) -> None:
    """Publish to many clients, to late, revoked and hostile ones; tell what the reader pays for it, and whether anything is lost.

    It takes a quarter of an hour.
    """
    from glyphfeed.stream.running.networks import Networks
    from glyphfeed.tools.bench.feed import bench_feed
    from glyphfeed.tools.bench.sheet import show
    from glyphfeed.tools.demo import street

    networks = Networks(engine, detector, recogniser, parse_languages(languages)).locate()
    engines = networks.load(live=True, complete=True).result()
    sheets = bench_feed(clip or street(), engines, rounds=rounds, inputs=inputs, events=events)
    show(sheets, command=typed(), as_json=json, page=markdown)


@bench.command("overlay")
def bench_overlay(
    clip: Clip = None,
    frames: Annotated[int, typer.Option(min=1, max=100_000, help="Pictures whose numbers are compared.")] = 1000,
    json: AsJson = False,
    markdown: Page = None,
) -> None:
    """Open the page of the cameras in a browser: how fast it draws and opens, and whether each text is on its own picture.

    Then the phone's page, whose camera plays CLIP, where its truth is beside it, or else the demo's street: how soon its text is
    drawn, and how near to its place.  It needs Chromium and the extra `dev`, and takes some minutes.
    """
    from glyphfeed.tools.bench.handheld import bench_handheld
    from glyphfeed.tools.bench.overlay import bench_overlay
    from glyphfeed.tools.bench.sheet import show
    from glyphfeed.tools.demo import street

    sheets = [*bench_overlay(clip or street(), frames=frames), bench_handheld(None if clip is None else Path(clip))]
    show(sheets, command=typed(), as_json=json, page=markdown)


@bench.command("understanding")
def bench_understanding(
    heldout: Annotated[bool, typer.Option("--heldout", help="Score the half that nothing is tuned on.")] = False,
    json: AsJson = False,
    markdown: Page = None,
) -> None:
    """Find attributes and profanity in labelled strings: how much is found, how often wrongly, and how long it takes.

    The strings are in glyphfeed's repository.  False alarms are counted on a list of words and one of places as well.
    """
    from glyphfeed.tools.bench.sheet import show
    from glyphfeed.tools.bench.understanding import bench_understanding

    show(bench_understanding("heldout" if heldout else "tuning"), command=typed(), as_json=json, page=markdown)
