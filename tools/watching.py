"""`glyphfeed watch`: from the options of the command line to sources, a feed and displays, and to an exit code.

Owns: names, the order in which things are checked and loaded, and which displays there are.  Does not own the running
(running) nor the options' words (cli).
"""

from __future__ import annotations

import sys
from contextlib import ExitStack
from typing import TYPE_CHECKING

from rich.console import Console

from glyphfeed.stream.detecting.zones import EVERYWHERE
from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.stream.running.runtime import run_sources
from glyphfeed.tools.beside import Pages
from glyphfeed.tools.displays.views import Views
from glyphfeed.tools.errors import CommandError, note, tell
from glyphfeed.tools.keys import feed_keys
from glyphfeed.tools.options import program
from glyphfeed.tools.pages import check_pages

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from glyphfeed.engines.loading import Engines
    from glyphfeed.stream.captions.captioner import Captioner
    from glyphfeed.stream.captions.settings import CaptionSettings
    from glyphfeed.stream.detecting.zones import Zones
    from glyphfeed.stream.feed.publishing.kept import KeepIn
    from glyphfeed.stream.feed.recordings.recording import RecordTo
    from glyphfeed.stream.running.networks import Networks
    from glyphfeed.stream.running.runtime import Failures, Runtime
    from glyphfeed.stream.sink import Sink
    from glyphfeed.stream.sources.source import Source
    from glyphfeed.stream.understanding.settings import Settings
    from glyphfeed.stream.web.admission import Listen
    from glyphfeed.tools.configuration.rules_file import RulesFile
    from glyphfeed.tools.configuration.tables import Web
    from glyphfeed.tools.displays.views import Display
    from glyphfeed.tools.service.health import Health


SEVERAL = 2
"""As for more than one source are the networks loaded where it is not known how many will come."""


def watch(
    sources: Sequence[Source],
    networks: Networks,
    *,
    zones: Zones,
    web: Web | None,
    metrics: Listen | None,
    feed: str,
    keys: Path | None,
    insecure: bool,
    keep: KeepIn | None,
    record: RecordTo | None,
    chars: bool,
    codes: bool,
    settings: Settings | None,
    captions: CaptionSettings | None,
    rules: RulesFile | None,
    subscribers: int,
    window: bool,
    film: Path | None,
    quiet: bool,
) -> int:
    """Read sources until they end, with `chars` down to the single characters, QR and bar `codes` as well, and with what the
    `settings` want beyond what texts say; the exit code is 0, or 2 if one of them failed.

    Without any source phones are waited for, at the pages that are served beside it, until the user ends it.

    Raises:
        EngineError: the networks cannot be loaded, or there is nothing here that reads codes.
        FeedError: the feed cannot be published or recorded, its events not kept, or the pages not served.
        CommandError: a window was wanted where there is no screen, a film of several sources or where none can be written, or
            pages where what they need is not installed.

    """
    if codes:
        from glyphfeed.engines.codes import check_codes

        check_codes()
    check_film(film, record, len(sources))
    if web is not None:
        check_pages(web)
    with ExitStack() as stack:
        # What can be refused at once comes before what takes seconds.
        server_keys = feed_keys(feed, keys, insecure=insecure)
        publisher = stack.enter_context(Publisher(feed, record, keep, keys=server_keys, insecure=insecure))
        others = [open_film(stack, film, sources[0])] if film is not None else []
        health = None if metrics is None else open_monitor(stack, metrics, publisher)
        others += [health] if health else []
        captioner = None if captions is None else open_captions(stack, captions)
        displays: list[Display] = open_windows(stack) if window else []
        networks = networks.locate()
        if not quiet:
            displays.append(open_print(stack, publisher.endpoint))
        pages = stack.enter_context(Pages(web, publisher.endpoint, server_keys, quiet=quiet)) if web else None
        if health and pages:
            health.visitors = pages.phones
        live = not sources or any(source.live for source in sources)
        loading = networks.load(live=live, sources=len(sources) or SEVERAL)
        await_subscribers(publisher, subscribers)
        engines = loading.result()
        failures = show_sources(
            sources,
            engines,
            publisher,
            displays,
            others,
            chars=chars,
            codes=codes,
            zones=zones,
            settings=settings,
            captioner=captioner,
            pages=pages,
            rules=rules,
        )
        # Before the publisher closes, as that may fail as well.
        for name, error in failures:
            tell(error, name)
    return 2 if failures else 0


def check_film(film: Path | None, record: RecordTo | None, sources: int) -> None:
    """Accept a film, if there is to be one of so many sources.

    Raises:
        CommandError: there are several, or the file is taken.

    """
    if film is None:
        return
    if sources != 1:
        raise CommandError(f"a film shows one source, and {sources} are read: give each a glyphfeed watch --film of its own")
    if is_taken(film):
        # It might be the very clip that is read.
        raise CommandError(f"there is a file {film} already: choose another name for the film, or remove it")
    if record is not None and film.absolute() == record.path.absolute():
        raise CommandError(f"the film and the recording cannot both be {film}: give each a name of its own")


def is_taken(path: Path) -> bool:
    """Whether there is a file of this name; where that cannot be asked, to write it will tell why."""
    try:
        return path.exists()
    except OSError:
        return False


def show_sources(
    sources: Sequence[Source],
    engines: Engines,
    publisher: Publisher,
    displays: Sequence[Display],
    others: Sequence[Sink] = (),
    *,
    chars: bool = False,
    codes: bool = False,
    zones: Zones = EVERYWHERE,
    settings: Settings | None = None,
    captioner: Captioner | None = None,
    pages: Pages | None = None,
    rules: RulesFile | None = None,
) -> Failures:
    """Read all sources until each has ended or failed, or the user ends it at a display; see `run_sources`.

    What phones at the `pages` show is read as well; where there is no source these are waited for.
    """
    views = Views([source.name for source in sources], displays)

    def begin(runtime: Runtime) -> None:
        runtime.expects = not sources
        if captioner is not None:
            captioner.answer = runtime.describe
        if pages is not None:
            pages.begin(runtime)
        if rules is not None:
            rules.understand = runtime.understand

    def go_on() -> bool:
        if pages is not None:
            pages.attend()
        if rules is not None:
            rules.attend()
        return views.draw()

    try:
        # The views come last: what is shown has been published.
        sinks = [*others, *([captioner] if captioner else []), views]
        return run_sources(
            sources,
            engines,
            publisher,
            sinks,
            chars=chars,
            codes=codes,
            zones=zones,
            settings=settings,
            begin=begin,
            go_on=go_on,
            period_s=views.period_s,
        )
    finally:
        views.draw_last()


def open_windows(stack: ExitStack) -> list[Display]:
    """Open the windows, to be closed with the stack.

    Raises:
        CommandError: there is no screen.

    """
    from glyphfeed.tools.displays.window import Windows

    windows = Windows()
    stack.callback(windows.close)
    return [windows]


def open_film(stack: ExitStack, path: Path, source: Source) -> Sink:
    """A film of a source, complete when the stack is closed.

    Raises:
        CommandError: it cannot be written.

    """
    from glyphfeed.tools.displays.film import filming

    return stack.enter_context(filming(path, source))


def open_captions(stack: ExitStack, settings: CaptionSettings) -> Captioner:
    """What asks for captions, until the stack is closed.

    Raises:
        SourceError: a secret that the settings name cannot be had.
        BridgeError: the file of authorities is none.

    """
    from glyphfeed.stream.captions.captioner import Captioner

    return stack.enter_context(Captioner(settings))


def open_monitor(stack: ExitStack, listen: Listen, publisher: Publisher) -> Health:
    """Serve how the sources are doing, until the stack is closed; what is to be told of them.

    Raises:
        CommandError: it cannot be served there, or what this needs is not installed.

    """
    from glyphfeed.tools.service.health import Health
    from glyphfeed.tools.service.monitor import serving

    health = Health()
    stack.enter_context(serving(listen, health, publisher))
    return health


def open_print(stack: ExitStack, endpoint: str) -> Display:
    """A table on a terminal, lines in a pipe; to be closed with the stack.  Both tell where the feed is."""
    from glyphfeed.tools.displays.lines import Lines
    from glyphfeed.tools.displays.table import LiveTable

    if not sys.stdout.isatty():
        note(f"the feed is published on {endpoint}")
        return Lines(sys.stdout)
    table = LiveTable(Console(), f"The feed is published on {endpoint}; see it with: {program()} listen {endpoint}")
    stack.callback(table.close)
    return table


def await_subscribers(publisher: Publisher, wanted: int) -> None:
    """Wait until the feed has so many subscriptions; Ctrl-C ends the wait."""
    if publisher.subscribers < wanted:
        note(f"waiting for {wanted} subscriber{'s' * (wanted > 1)} at {publisher.endpoint}; Ctrl-C ends")
    while publisher.subscribers < wanted:
        # Ends with a new subscription, or with the time-out, for systems where Ctrl-C interrupts no poll.
        publisher.serve(0.2)
