"""`glyphfeed demo`: the whole chain at work, on a made-up street or a webcam, and what it cost.

Owns: the clip in the cache, where the feed, the pages and the video go when nobody says, and the sums at the end.
"""

from __future__ import annotations

import functools
import os
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory, mkdtemp
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import Progress

from glyphfeed.engines.weights import cache_folder, kept_folder
from glyphfeed.stream.errors import FeedError, InputError
from glyphfeed.stream.feed.endpoint import ANY_ENDPOINT, DEFAULT_ENDPOINT
from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.stream.records import EventType, TextState
from glyphfeed.stream.running.networks import Networks
from glyphfeed.stream.sources.address import open_source
from glyphfeed.stream.sources.file import decode_file
from glyphfeed.stream.sources.playback import Playback
from glyphfeed.stream.sources.source import Pace
from glyphfeed.stream.understanding.wanted import settings_of
from glyphfeed.stream.web.admission import DEFAULT_LISTEN, Listen
from glyphfeed.tools.beside import Pages
from glyphfeed.tools.browsers import has_browser, open_soon
from glyphfeed.tools.configuration.tables import Web
from glyphfeed.tools.displays.film import filming
from glyphfeed.tools.errors import CommandError, note, tell
from glyphfeed.tools.options import program
from glyphfeed.tools.scenes.clip import write_clip
from glyphfeed.tools.scenes.street import demo_scene
from glyphfeed.tools.watching import open_print, open_windows, show_sources

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from glyphfeed.stream.records import Event, Frame, Snapshot, Status
    from glyphfeed.stream.running.runtime import Failures
    from glyphfeed.stream.sources.picture import Picture
    from glyphfeed.stream.sources.source import Source
    from glyphfeed.stream.understanding.settings import Settings
    from glyphfeed.tools.displays.views import Display
    from glyphfeed.tools.scenes.clip import Rectangle

CLIP = "street-2.mp4"
"""The number changes when the street does, so that an older one in the cache is not taken for it."""
VIDEO = "glyphfeed-demo.mp4"


class Tally:
    """A sink that counts what came out of a run, and what it would have cost to read every text in every frame."""

    def __init__(self) -> None:
        self.frames = self.shown = self.texts = self.reads = 0
        self.begun_s = self.ended_s = 0.0

    def publish(self, frame: Frame, snapshot: Snapshot, events: Sequence[Event]) -> None:  # noqa: ARG002
        """See `Sink.publish`."""
        self.ended_s = time.monotonic()
        self.begun_s = self.begun_s or self.ended_s
        self.frames += 1
        self.shown += sum(text.state is not TextState.TENTATIVE for text in snapshot.texts)
        self.texts += sum(event.type is EventType.READ for event in events)

    def report(self, status: Status) -> None:
        """See `Sink.report`."""
        self.reads = status.reads

    def summary(self) -> str:
        """The sums in a few lines."""
        seconds = max(self.ended_s - self.begun_s, 1e-3)
        return (
            f"{self.frames} frames in {seconds:.1f} s: {self.frames / seconds:.0f} frames per second\n"
            f"{self.texts} texts were read with {self.reads} reads; reading every text in every frame takes {self.shown}"
        )


def run_demo(camera: int | None, out: Path | None, *, browser: bool = True) -> int:
    """Run the demo; the exit code is 0, or 2 if it could not go to its end.

    Where there is a `browser` to open, its page is opened, and the street goes on until the user ends it.

    Raises:
        CommandError: the video cannot be written.
        EngineError: the networks cannot be loaded.
        SourceError: there is no such webcam.

    """
    shown = browser and find_spec("uvicorn") is not None and has_browser(os.environ)
    endless = shown or camera is not None
    folder = out or (None if endless else demo_folder())
    tally = Tally()
    opened = threading.Event()
    with ExitStack() as stack:
        source = open_source(str(camera)) if camera is not None else walk(street(), opened.is_set if shown else None)
        film = stack.enter_context(filming(folder / VIDEO, source)) if folder else None
        publisher = stack.enter_context(open_feed())
        networks = Networks("auto", None, None).locate()
        displays: list[Display] = []
        if not shown:
            with suppress(CommandError):
                displays += open_windows(stack)
        note("Ctrl-C ends the demo." if endless else "The demo ends by itself, and with Ctrl-C before that.")
        displays.append(open_print(stack, publisher.endpoint))
        pages = open_pages(stack, publisher.endpoint)
        if shown and pages is not None:
            open_soon(pages.address, opened)
        loading = networks.load(live=source.live)
        failures: Failures = []
        try:
            sinks = [tally, *([film] if film else [])]
            codes, settings = find_spec("zxingcpp") is not None, meaning()
            engines = loading.result()
            failures = show_sources([source], engines, publisher, displays, sinks, codes=codes, settings=settings, pages=pages)
        except KeyboardInterrupt:
            # How one ends what has no end of its own.
            if not endless:
                raise
    for name, error in failures:
        tell(error, name)
    print(tally.summary())
    if folder is not None:
        print(f"The video: {folder / VIDEO}")
    print(f"Now something of your own: {program()} watch 0, or {program()} watch clip.mp4 --film out.mp4")
    return 2 if failures else 0


def walk(path: Path, again: Callable[[], bool] | None) -> Source:
    """A walk along the street: every frame of it once; or, for who looks on, as fast as one walks, and after each `again` from
    its beginning.
    """
    if again is None:
        return open_source(str(path), "street")
    return Playback("street", str(path), Pace.LIVE, partial(rounds, path, again))


def rounds(path: Path, again: Callable[[], bool]) -> Iterator[Picture]:
    """The pictures of a clip on one clock, from its beginning once more for as long as that is wanted after each time.

    Raises:
        SourceError: it cannot be read.

    """
    begin_s, scene = 0.0, 0
    while True:
        stamps_s = [begin_s]
        for picture in decode_file(path, live=True):
            stamps_s = [*stamps_s[-1:], begin_s + (picture.stamp or 0.0)]
            yield replace(picture, stamp=stamps_s[-1], scene=scene)
        if not again():
            return
        # The last picture stands as long as the one before it.
        begin_s, scene = 2 * stamps_s[-1] - stamps_s[0], scene + 1


def meaning() -> Settings | None:
    """What the street's signs mean, too; None where what this needs is not installed."""
    try:
        return settings_of(True, "DE")
    except InputError:
        return None


def open_pages(stack: ExitStack, endpoint: str) -> Pages | None:
    """The pages of a feed at the usual address, or at a free one where another program has that, until the stack is closed; None
    where what this needs is not installed.
    """
    if find_spec("uvicorn") is None:
        return None
    try:
        Listen.parse(DEFAULT_LISTEN).bind().close()
        web = Web()
    except FeedError:
        web = Web(listen="127.0.0.1:*")
    return stack.enter_context(Pages(web, endpoint, None))


@functools.cache
def demo_folder() -> Path:
    """Where the street and its video lie: in the cache, or where that cannot be written to in a folder of this run, which
    stays, as the video is there to be seen.
    """
    return kept_folder("demo") or Path(mkdtemp(prefix="glyphfeed-demo-"))


def street() -> Path:
    """The clip of the street, drawn at the first time.

    Raises:
        CommandError: it cannot be kept.

    """
    kept = cache_folder() / "demo" / CLIP
    if kept.exists():
        return kept
    path = demo_folder() / CLIP
    try:
        # Under another name until it is complete, for who presses Ctrl-C meanwhile.
        with TemporaryDirectory(prefix="street-", dir=path.parent) as scratch:
            draw_street(Path(scratch) / CLIP)
            (Path(scratch) / CLIP).replace(path)
    except OSError as error:
        raise CommandError(f"the street cannot be kept in {path.parent}: {error.strerror}; set GLYPHFEED_CACHE") from error
    return path


def draw_street(path: Path) -> None:
    """Film the street, which takes some ten seconds, and show how far it is."""
    scene = demo_scene()
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("drawing a street", total=scene.seconds)

        def cover(t: float) -> Rectangle | None:
            progress.update(task, completed=t)
            return scene.cover(t)

        write_clip(path, replace(scene, cover=cover))


def open_feed() -> Publisher:
    """A publisher at the usual address, or at a free one where another program has that."""
    try:
        return Publisher(DEFAULT_ENDPOINT)
    except FeedError:
        publisher = Publisher(ANY_ENDPOINT)
        note(f"{DEFAULT_ENDPOINT} is taken; the feed is published on {publisher.endpoint}")
        return publisher
