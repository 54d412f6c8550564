"""`glyphfeed watch --config`: from a configuration to cameras, a feed and all that a service needs, while the file may change.

Owns: the loop, and what a changed file does.  Does not own what the file says (configuration), nor the running (running).
"""

from __future__ import annotations

import logging
import signal
import threading
import time
from contextlib import ExitStack
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from glyphfeed.engines.errors import GlyphfeedError
from glyphfeed.stream.acts.performing import Acts
from glyphfeed.stream.errors import InputError
from glyphfeed.stream.feed.endpoint import near
from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.stream.running.networks import Networks
from glyphfeed.stream.running.phones import Phones
from glyphfeed.stream.running.runtime import Runtime
from glyphfeed.tools import beside, logs
from glyphfeed.tools.configuration.changes import changes
from glyphfeed.tools.configuration.file_watch import FileWatch
from glyphfeed.tools.configuration.loading import ConfigurationError, load
from glyphfeed.tools.configuration.rules import Meaning
from glyphfeed.tools.configuration.rules_file import tell_refused
from glyphfeed.tools.displays.views import Views
from glyphfeed.tools.errors import tell
from glyphfeed.tools.service.children import Children
from glyphfeed.tools.service.health import Health
from glyphfeed.tools.service.monitor import serving
from glyphfeed.tools.service.notify import Notifier
from glyphfeed.tools.watching import SEVERAL, await_subscribers, check_film, open_captions, open_film, open_print, open_windows

if TYPE_CHECKING:
    from pathlib import Path

    from glyphfeed.engines.loading import Engines
    from glyphfeed.stream.sink import Sink
    from glyphfeed.tools.configuration.changes import Changes
    from glyphfeed.tools.configuration.loading import Configuration
    from glyphfeed.tools.configuration.tables import Camera
    from glyphfeed.tools.displays.views import Display

log = logging.getLogger("glyphfeed.service")

FIRST_PAUSE_S: Final = 2.0
LONGEST_PAUSE_S: Final = 60.0
"""A camera that has failed is begun anew after so long, the first time, and at last."""


@dataclass(slots=True)
class Attempt:
    """How the reading of a live camera goes: since when, how often it has failed in a row, and when it is begun anew, if so."""

    begun_s: float
    failures: int = 0
    due_s: float | None = None

    def failed(self, now_s: float) -> float:
        """It has failed; how long to wait."""
        self.failures = 1 if now_s - self.begun_s > LONGEST_PAUSE_S else self.failures + 1
        pause_s = min(FIRST_PAUSE_S * 2.0 ** min(self.failures - 1, 10), LONGEST_PAUSE_S)
        self.due_s = now_s + pause_s
        return pause_s


class Cameras:
    """The cameras of a configuration while they are read: which of them, where, and with whose words.  Used by one thread."""

    def __init__(self, runtime: Runtime, engines: Engines, configuration: Configuration, meaning: Meaning | None = None) -> None:
        self._runtime, self._common = runtime, engines
        self._meaning = meaning
        self._engines = {(configuration.networks.languages, configuration.networks.alphabet): engines}
        self._attempts: dict[str, Attempt] = {}
        self.configuration = configuration
        self.failed = False
        """Whether one has failed that is not begun anew: a file."""
        for camera in configuration.cameras:
            self._add(camera)

    def _add(self, camera: Camera) -> None:
        """Begin to read a camera; where a file or a secret that it names has gone since the configuration was read, later."""
        try:
            source = self.configuration.open(camera)
        except GlyphfeedError as error:
            tell(error, camera.name)
            self._attempts.setdefault(camera.name, Attempt(0.0)).failed(time.monotonic())
            return
        expects = (camera.languages or (), camera.alphabet or ())
        if expects not in self._engines:
            self._engines[expects] = self._common.expecting(*expects)
        self._runtime.add(source, self._engines[expects], camera.zones)
        if source.live:
            attempt = self._attempts.setdefault(camera.name, Attempt(0.0))
            attempt.begun_s, attempt.due_s = time.monotonic(), None

    def follow(self, configuration: Configuration) -> Changes:
        """Take up another version of the configuration; cameras that are the same in both are not disturbed.

        Raises:
            InputError: what is wanted of texts cannot be had; nothing has changed then.

        """
        told = changes(self.configuration, configuration)
        if told.understood and self._meaning is not None:
            self._runtime.understand(self._meaning.follow(configuration.wanted))
        self.configuration = configuration
        self._runtime.remove(told.gone)
        for name in told.gone:
            self._attempts.pop(name, None)
        for camera in told.come:
            self._add(camera)
        for camera in told.rezoned:
            self._runtime.change_zones(camera.name, camera.zones)
        return told

    def attend(self) -> bool:
        """Tell of those that have failed, and begin cameras anew after a while; whether any will be."""
        now_s = time.monotonic()
        for name, error in self._runtime.take_failures():
            tell(error, name)
            attempt = self._attempts.get(name)
            if attempt is None:
                # A file; a phone that failed comes back by itself.
                self.failed |= any(camera.name == name for camera in self.configuration.cameras)
            else:
                log.warning("%s is begun anew in %.0f s", name, attempt.failed(now_s), extra={"source": name})
        for camera in self.configuration.cameras:
            attempt = self._attempts.get(camera.name)
            if attempt is not None and attempt.due_s is not None and now_s >= attempt.due_s:
                self._runtime.remove([camera.name])
                self._add(camera)
        return any(attempt.due_s is not None for attempt in self._attempts.values())


def serve(path: Path) -> int:
    """Do what a configuration says until its cameras have ended, or somebody ends it; the exit code is 0, or 2 if one failed.

    Raises:
        ConfigurationError: there are mistakes in it.
        EngineError: the networks cannot be loaded.
        FeedError: the feed cannot be published or recorded.
        CommandError: something else of it cannot be had.

    """
    watch, configuration = FileWatch(path), load(path)
    logs.set_up(configuration.log.format, quiet=configuration.log.quiet)
    notifier = Notifier()
    asked = threading.Event()
    if hasattr(signal, "SIGHUP"):  # not on Windows
        signal.signal(signal.SIGHUP, lambda _signal, _frame: asked.set())
    feed, display = configuration.feed, configuration.display
    with ExitStack() as stack:
        # What can be refused at once comes before what takes seconds.
        record = configuration.record.plan() if configuration.record else None
        check_film(display.film, record, len(configuration.cameras))
        keys, keeping = feed.server_keys(), feed.keeping()
        publisher = stack.enter_context(Publisher(feed.endpoint, record, keeping, keys=keys, insecure=feed.insecure))
        health = Health()
        if configuration.metrics is not None:
            stack.enter_context(serving(configuration.metrics.listen, health, publisher))
        sinks: list[Sink] = [health]
        if display.film is not None:
            sinks.append(open_film(stack, display.film, configuration.open(configuration.cameras[0])))
        captions = configuration.wanted.caption
        captioner = None if captions is None else open_captions(stack, captions)
        sinks += [captioner] if captioner else []
        acts = stack.enter_context(Acts({}))
        meaning = Meaning(acts, configuration.wanted)
        displays: list[Display] = open_windows(stack) if display.window else []
        networks = networks_of(configuration).locate()
        if not configuration.log.quiet:
            displays.append(open_print(stack, publisher.endpoint))
        # For several even where there is one, as others may come.
        loading = networks.load(live=True, sources=SEVERAL)
        # Pages may yet come where there are none now.
        phones = stack.enter_context(Phones(taken=lambda: [camera.name for camera in cameras.configuration.cameras]))
        quiet = configuration.log.quiet
        told, heard = beside.environment(phones, keys, quiet=quiet), None if quiet else beside.tell
        # Before the cameras, so that they miss nothing of what is read first.
        children = stack.enter_context(Children({beside.NAME: told}, {beside.NAME: heard} if heard else {}))
        children.want(commands_of(configuration, publisher.endpoint))
        await_subscribers(publisher, feed.wait_subscribers)
        views = Views([camera.name for camera in configuration.cameras], displays)
        stack.callback(views.draw_last)
        with Runtime(
            loading.result(),
            publisher,
            [*sinks, views],
            chars=feed.chars,
            codes=configuration.wanted.understand.codes,
            settings=meaning.settings,
        ) as runtime:
            health.publishes = lambda: runtime.publishes
            cameras = Cameras(runtime, loading.result(), configuration, meaning)
            phones.begin(runtime)
            if captioner is not None:
                captioner.answer = runtime.describe
            health.visitors = lambda: phones.names
            notifier.ready()
            try:
                while views.draw() and goes_on(runtime, cameras, views.period_s):
                    children.attend()
                    notifier.beat(health.summary(), alive=health.alive)
                    if asked.is_set() or watch.changed():
                        asked.clear()
                        watch.note()
                        notifier.reloading()
                        for name in reload(cameras, children, path, publisher.endpoint):
                            health.forget(name)
                            views.forget(name)
                        notifier.ready()
            finally:
                notifier.stopping()
    return 2 if cameras.failed else 0


def goes_on(runtime: Runtime, cameras: Cameras, period_s: float) -> bool:
    """Wait for a moment, and tell of who has failed meanwhile; whether anything is read, or will be again."""
    reads = runtime.wait(period_s)
    will_read = cameras.attend()
    if not reads and will_read and runtime.publishes:
        time.sleep(period_s)
    return runtime.publishes and (reads or will_read)


def reload(cameras: Cameras, children: Children, path: Path, endpoint: str) -> list[str]:
    """Read the file again and take up what it says; or tell of its mistakes, and let everything go on.

    `endpoint` is where the feed is.

    Returns:
        The names of the cameras that are gone for good.

    """
    old = cameras.configuration
    try:
        # A pipe would hold up everything for as long as nobody writes to it.
        if path.exists() and not path.is_file():
            raise ConfigurationError(f"{path} is not a file any more; put the configuration there")
        new = load(path)
        if old.display.film is not None and changes(old, new).moves:
            raise ConfigurationError(f"{path.name}: cameras cannot change while a film is made of one; start anew without it")
        told = cameras.follow(new)
    except (ConfigurationError, InputError) as error:
        tell_refused(log, path, error)
        return []
    logs.set_up(new.log.format, quiet=new.log.quiet)
    before, after = commands_of(old, endpoint), commands_of(new, endpoint)
    others = [name for name, command in after.items() if before.get(name) != command]
    children.want(after, [*others, *(f"bridge {name}" for name in told.bridges)])
    log.info("%s is taken up: %s", path.name, told.sentence())
    if told.bound:
        log.warning("%s: %s will hold only once glyphfeed is started anew", path.name, ", ".join(told.bound))
    return [name for name in told.gone if name not in {camera.name for camera in told.come}]


def networks_of(configuration: Configuration) -> Networks:
    """The networks that a configuration means."""
    table = configuration.networks
    return Networks(table.engine, table.detector, table.recogniser, table.languages, table.alphabet)


def commands_of(configuration: Configuration, endpoint: str) -> dict[str, list[str]]:
    """The command lines of what runs beside the reading of a feed, by their names; what is secret of it stays in the file."""
    path, web = str(configuration.path), configuration.web
    # Where the feed is, and not where it will be after the next start, which the file may say by then.
    here = ["--endpoint", near(endpoint)]
    commands = {
        f"bridge {bridge.name}": ["bridge", "run", bridge.name, "--config", path]
        + (here if bridge.endpoint == near(configuration.feed.endpoint) else [])
        for bridge in configuration.bridges
    }
    return commands if web is None else {**commands, beside.NAME: [beside.NAME, near(endpoint), *web.options()]}
