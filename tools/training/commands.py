"""The commands `glyphfeed train ...` with their options and help; what they do is in the modules that their bodies import."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from glyphfeed.tools.errors import bringing
from glyphfeed.tools.options import DetectorFile, Engine, RecogniserFile, parse_size, typed

train = typer.Typer(name="train", no_args_is_help=True, help="Make words to learn from, and train networks of one's own.")
PoolFolder = Annotated[Path, typer.Option("--out", metavar="POOL", help="The folder that the words go into.")]
Minutes = Annotated[float | None, typer.Option(min=0, help="Stop after so long.")]
Resume = Annotated[bool, typer.Option("--resume", help="Go on with what the folder holds, if it holds something.")]
Begin = Annotated[Path | None, typer.Option("--from", metavar="FILE", help="Begin from what was written before, an ONNX file.")]
TrainingSeed = Annotated[int, typer.Option(min=0, help="All chance follows from it.")]
SetKind = Literal["words", "icdar2015", "icdar2015-validation", "icdar2015-photos", "iiit5k", "icdar2003"]


@train.command("synthesise")
def train_synthesise(
    out: PoolFolder,
    words: Annotated[int, typer.Option(min=1, max=100_000_000, help="So many words in all.")] = 1_000_000,
    seed: Annotated[int, typer.Option(min=0, help="The same seed makes the same words of the same fonts and photos.")] = 1,
    fonts: Annotated[
        Path | None, typer.Option(metavar="FOLDER", exists=True, file_okay=False, help="Fonts instead of the system's.")
    ] = None,
    photos: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", exists=True, file_okay=False, help="Photos to stand behind the words; else there is noise."
        ),
    ] = None,
    processes: Annotated[int, typer.Option(min=1, max=256, help="So many at once, each on one core.")] = 1,
) -> None:
    """Render words as a camera would see them, with the place of every character.

    What is there of the folder already is kept, so that it can be ended and begun again.

    [bold]Examples[/]

    glyphfeed train synthesise --out words --words 100000
    glyphfeed train synthesise --out words --photos holiday --processes 4
    """
    from glyphfeed.tools.training.synthesise import synthesise

    synthesise(out, words, seed, fonts, photos, processes)


@train.command("gather")
def train_gather(
    kind: Annotated[SetKind, typer.Argument(metavar="KIND", help="Which set it is: words is one's own, with a gt.tsv.")],
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", exists=True, file_okay=False, help="Where it lies.")],
    out: PoolFolder,
) -> None:
    """Take the words of a public set, or of one's own.

    KIND is one of words, icdar2015, icdar2015-validation, icdar2015-photos, iiit5k, icdar2003.

    [bold]Examples[/]

    glyphfeed train gather iiit5k IIIT5K --out real/iiit5k
    glyphfeed train gather words mine --out real/mine    [dim]mine/gt.tsv: a picture, a tab, what it says[/]
    """
    from glyphfeed.tools.training.sources import Kind, gather

    gather(Kind(kind), folder, out)


@train.command("label")
def train_label(
    folder: Annotated[Path, typer.Argument(metavar="FOLDER", exists=True, file_okay=False, help="Photos.")],
    out: PoolFolder,
    truth: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Write the photos with the places of their words here too, for train detector."),
    ] = None,
    engine: Engine = "auto",
    detector: DetectorFile = None,
    recogniser: RecogniserFile = None,
) -> None:
    """Take the words of photos that the default networks, or others, read for sure.

    [bold]Examples[/]

    glyphfeed train label holiday --out real/holiday
    glyphfeed train label holiday --out real/holiday --truth signs    [dim]for train cut and detector[/]
    """
    from glyphfeed.stream.running.networks import Networks
    from glyphfeed.tools.training.labelling import label

    # The words that the network itself sees, not those that are likely.
    label(folder, out, Networks(engine, detector, recogniser, ()).locate().load(live=False).result(), truth)


@train.command("place")
def train_place(
    pool: Annotated[Path, typer.Argument(metavar="POOL", exists=True, file_okay=False, help="Words.")],
    out: PoolFolder,
    recogniser: RecogniserFile = None,
) -> None:
    """Tell where the characters of words are, of which it is only known what they say."""
    from glyphfeed.engines.weights import RECOGNISER, locate
    from glyphfeed.tools.training.judging import place
    from glyphfeed.tools.training.pool import Pool

    place(Pool([pool]), out, locate(RECOGNISER, recogniser))


@train.command("sheet")
def train_sheet(
    pool: Annotated[Path, typer.Argument(metavar="POOL", exists=True, file_okay=False, help="Words.")],
    out: Annotated[Path, typer.Option(metavar="FILE", help="The picture that is written.")] = Path("sheet.png"),
    columns: Annotated[int, typer.Option(min=1, max=64)] = 7,
    rows: Annotated[int, typer.Option(min=1, max=256)] = 16,
    seed: Annotated[int, typer.Option(min=0, help="Another shows other words.")] = 1,
) -> None:
    """Draw some words of a pool into one picture, each with what it says below."""
    from glyphfeed.tools.training.sheet import write_sheet

    write_sheet(pool, out, columns, rows, seed)


@train.command("recogniser")
def train_recogniser(
    synthetic: Annotated[list[Path], typer.Argument(metavar="POOL", help="Synthetic words.")],
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where checkpoint, network and curve go.")],
    validation: Annotated[
        Path, typer.Option(metavar="POOL", help="Words that tell how far it has come, and are not trained on.")
    ],
    real: Annotated[
        list[Path] | None, typer.Option(metavar="POOL", help="Real words, half of what is shown; may be repeated.")
    ] = None,
    samples: Annotated[int, typer.Option(min=1, help="Words to be shown in all; over the last fifth it settles.")] = 10_000_000,
    minutes: Minutes = None,
    resume: Resume = False,
    begin: Begin = None,
    seed: TrainingSeed = 1,
) -> None:
    """Train a recogniser, in one thread that lets everything else go first.

    Ctrl-C and SIGTERM end it with a checkpoint; the same command with --resume goes on.

    [bold]Examples[/]

    glyphfeed train recogniser words --real real/iiit5k --validation last --out mine --resume
    glyphfeed read sign.jpg --recogniser mine/recogniser.onnx
    """
    with bringing("train"):
        from glyphfeed.tools.training.export import from_onnx
        from glyphfeed.tools.training.recognising import Plan, lesson_of
        from glyphfeed.tools.training.training import train

    lesson = lesson_of(Plan(synthetic, real or [], validation, seed))
    train(lesson, out, samples, seed, resume=resume, begin=from_onnx(begin) if begin else None, minutes=minutes)


@train.command("judge")
def train_judge(
    words: Annotated[
        Path, typer.Argument(metavar="LIST", exists=True, dir_okay=False, help="In each line a picture, a tab, what it says.")
    ],
    recogniser: RecogniserFile = None,
) -> None:
    """Tell how many words of a list a recogniser reads, without any help from common words.

    [bold]Examples[/]

    glyphfeed train judge heldout.tsv --recogniser mine/recogniser.onnx
    """
    from glyphfeed.engines.weights import RECOGNISER, locate
    from glyphfeed.tools.training.judging import judge_list

    print(judge_list(words, locate(RECOGNISER, recogniser)))


@train.command("field")
def train_field(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="An ONNX file, or a PyTorch module as package.module:Class.")],
    sample: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A picture to look at; without one, the demo's street.")
    ] = None,
    size: Annotated[str | None, typer.Option(metavar="WxH", help="Scale the sample to so many pixels.")] = None,
    out: Annotated[Path | None, typer.Option("--picture", metavar="FILE", help="Draw the fields over the sample.")] = None,
    json: Annotated[bool, typer.Option("--json", help="Print the table as JSON.")] = False,
    markdown: Annotated[Path | None, typer.Option(metavar="FILE", help="Write the table as Markdown to this file.")] = None,
) -> None:
    """Tell which part of a picture each layer of a network sees, by calculation, and how much of that counts, by gradients.

    [bold]Examples[/]

    glyphfeed train field mine/detector.onnx --picture field.png
    glyphfeed train field glyphfeed.tools.training.dense:Dense
    glyphfeed train field mine/recogniser.onnx --size 320x32
    """
    from glyphfeed.tools.bench.sheet import show

    with bringing("train"):
        from glyphfeed.tools.training.field_report import report_field

    show([report_field(model, sample, parse_size(size) if size else None, out)], command=typed(), as_json=json, page=markdown)


@train.command("cut")
def train_cut(
    photos: Annotated[
        Path,
        typer.Argument(
            metavar="FOLDER", exists=True, file_okay=False, help="ICDAR 2015's training photos, or others with such truth."
        ),
    ],
    detector: Annotated[
        Path, typer.Option(metavar="FILE", help="Who finds the characters: a network that gives character maps, with its TOML.")
    ],
    out: Annotated[Path, typer.Option(metavar="FILE", help="Where the cuts go, for train detector.")] = Path("cuts.json"),
) -> None:
    """Find where the characters of real words are, and how far that can be trusted, by the maps of another detector, or ours.

    [bold]Examples[/]

    glyphfeed train cut IC15 --detector craftnet.onnx --out cuts.json
    """
    from glyphfeed.tools.training.annotated import read_trained
    from glyphfeed.tools.training.cutting import cut_photos

    cut_photos(read_trained(photos), detector, out)


@train.command("score")
def train_score(
    truth: Annotated[
        Path, typer.Argument(metavar="TRUTH", exists=True, help="A list of ICDAR 2015's photos, or CUTE80's GroundTruth.xml.")
    ],
    detector: Annotated[Path, typer.Option(metavar="FILE", help="A network that gives character maps, with its TOML.")],
) -> None:
    """Tell how many words of photos a detector of characters finds, at an intersection over union of a half.

    [bold]Examples[/]

    glyphfeed train score report.txt --detector mine/detector.onnx
    glyphfeed train score CUTE80/GroundTruth.xml --detector mine/detector.onnx
    """
    from glyphfeed.tools.training.scoring import score_detector

    print(score_detector(truth, detector))


@train.command("detector")
def train_detector(
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Where checkpoint, network and curve go.")],
    validation: Annotated[
        Path, typer.Option(metavar="FOLDER", help="ICDAR 2015's training photos; 801 to 868 tell how far it has come.")
    ],
    icdar2003: Annotated[Path | None, typer.Option(metavar="FOLDER", help="ICDAR 2003's photos, with cut characters.")] = None,
    icdar2015: Annotated[Path | None, typer.Option(metavar="FOLDER", help="ICDAR 2015's training photos 1 to 800.")] = None,
    cuts: Annotated[Path | None, typer.Option(metavar="FILE", help="Where the characters of these are, by train cut.")] = None,
    annotated: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FOLDER", help="Other photos with truth as ICDAR 2015 has it, and their cuts.json; may be repeated."
        ),
    ] = None,
    photos: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Photos without text, to hang signs on.")] = None,
    fonts: Annotated[Path | None, typer.Option(metavar="FOLDER", help="Fonts instead of the system's.")] = None,
    samples: Annotated[int, typer.Option(min=1, help="Crops to be shown in all; over the last fifth it settles.")] = 2_000_000,
    minutes: Minutes = None,
    resume: Resume = False,
    begin: Begin = None,
    seed: TrainingSeed = 1,
) -> None:
    """Train a detector of characters, in one thread that lets everything else go first.

    Ctrl-C and SIGTERM end it with a checkpoint; the same command with --resume goes on.

    [bold]Examples[/]

    glyphfeed train detector --photos holiday --icdar2015 IC15 --validation IC15 --out mine --resume
    glyphfeed read sign.jpg --detector mine/detector.onnx
    """
    with bringing("train"):
        from glyphfeed.tools.training.annotated import read_icdar2015
        from glyphfeed.tools.training.dense_export import from_onnx
        from glyphfeed.tools.training.detecting import VALIDATION, Folders, gathered, lesson_of
        from glyphfeed.tools.training.training import train

    folders = Folders(icdar2003, icdar2015, cuts, tuple(annotated or ()), photos, fonts)
    lesson = lesson_of(gathered(folders, seed), read_icdar2015(validation, VALIDATION))
    train(lesson, out, samples, seed, resume=resume, begin=from_onnx(begin) if begin else None, minutes=minutes)
