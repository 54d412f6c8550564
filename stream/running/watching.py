"""`glyphfeed.watch`: sources being read beside the program that iterates what is seen of them.

Owns: that everything ends when the program stops iterating, however it does.
"""

from __future__ import annotations

import asyncio
import threading
import weakref
from contextlib import suppress
from typing import TYPE_CHECKING

from glyphfeed.stream.errors import InputError
from glyphfeed.stream.records import sight_of
from glyphfeed.stream.running.networks import borrowed
from glyphfeed.stream.running.relay import Inbox
from glyphfeed.stream.running.runtime import run_sources

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence
    from types import TracebackType
    from typing import Self

    from glyphfeed.stream.records import Event, Frame, Sight, Snapshot, Status
    from glyphfeed.stream.running.networks import Networks
    from glyphfeed.stream.sink import Sink
    from glyphfeed.stream.sources.source import Source
    from glyphfeed.stream.understanding.settings import Settings

STEP_S = 0.1
"""How often it is asked whether to go on, and where a wait could not be interrupted, so long it lasts at the most."""


class Watch:
    """Sources that are read while this is iterated, once: `for sight in watch`, or `async for`.

    Nothing is opened or loaded before.  A slow loop body gets the newest sight of a live source, with all events since, and every
    sight of a recording, which waits.  The iteration ends with the last source.  Leaving it in whatever way, `close` and the end
    of a `with` close everything, and wait until every thread has ended.  A source that fails ends, the others go on, and at the
    end the first such error is raised.
    """

    def __init__(
        self,
        sources: Sequence[Source],
        networks: Networks,
        *,
        chars: bool = False,
        codes: bool = False,
        settings: Settings | None = None,
        on_status: Callable[[Status], object] | None = None,
    ) -> None:
        self._sources = sources
        self._networks = networks
        self._chars, self._codes, self._settings = chars, codes, settings
        self._on_status = on_status
        self._live = [source.name for source in sources if source.live]
        self._inbox = Inbox(self._live)
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._error: BaseException | None = None

    def __iter__(self) -> Iterator[Sight]:
        """Read, and yield what is seen.

        Raises:
            SourceError: a source cannot deliver.
            EngineError: the networks cannot be loaded, or failed.
            InputError: it was iterated before.

        """
        self._begin(None)
        thread = threading.get_ident()
        try:
            while not (self._inbox.ended or self._stopped.is_set()):
                # Ends with a sight, with the end, or with the time-out, as Ctrl-C does not interrupt every system's waits.
                if (delivery := self._inbox.take(STEP_S)) is not None:
                    yield sight_of(delivery.frame, delivery.snapshot, delivery.events)
                    thread = threading.get_ident()
        finally:
            if threading.get_ident() == thread:
                self.close()
            else:
                # It was forgotten, and collected by any thread, which may be the very one that would be waited for.
                self._stop()
        self._raise()

    async def __aiter__(self) -> AsyncIterator[Sight]:
        """The same for asyncio, whose loop never waits for it."""
        loop, news = asyncio.get_running_loop(), asyncio.Event()

        def tell() -> None:
            # The loop may have been closed meanwhile.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(news.set)

        self._begin(tell)
        try:
            while not (self._inbox.ended or self._stopped.is_set()):
                # Where the body is the slower one there is always something to take: here the other tasks have their turn.
                await asyncio.sleep(0)
                news.clear()
                if (delivery := self._inbox.take(0)) is not None:
                    yield sight_of(delivery.frame, delivery.snapshot, delivery.events)
                elif not self._inbox.ended:
                    # Ends with a sight, or with the close of the inbox, which comes with every end.
                    await news.wait()
        finally:
            await self._close_beside()
        self._raise()

    def _begin(self, notify: Callable[[], None] | None) -> None:
        if self._thread is not None or self._stopped.is_set():
            raise InputError("a watch is iterated once, and ends with that; call glyphfeed.watch again")
        self._inbox = Inbox(self._live, notify)
        # Not a daemon even where the caller's thread is one: what is in a network when Python ends takes the process with it.
        self._thread = threading.Thread(target=self._run, name="glyphfeed-watch", daemon=False)
        _running.add(self)
        self._thread.start()

    def _run(self) -> None:
        try:
            with borrowed(self._networks, live=bool(self._live)) as engines:
                if not self._stopped.is_set():
                    sinks: list[Sink] = [self._inbox, *([Listener(self._on_status)] if self._on_status is not None else [])]
                    go_on = lambda: not self._stopped.is_set()  # noqa: E731
                    failures = run_sources(
                        self._sources,
                        engines,
                        None,
                        sinks,
                        chars=self._chars,
                        codes=self._codes,
                        settings=self._settings,
                        go_on=go_on,
                        period_s=STEP_S,
                    )
                    self._error = next((error for _, error in failures), None)
        except BaseException as error:
            self._error = error
        finally:
            self._inbox.close()

    def _raise(self) -> None:
        if self._error is not None:
            raise self._error

    def _stop(self) -> None:
        self._stopped.set()
        self._inbox.close()
        for source in self._sources:
            source.stop()

    def close(self) -> None:
        """End everything, and wait for that: half a second, and while networks load as long as that takes; twice is fine.

        Called by `on_status` it does not wait, as that is called by one of the threads that would be waited for.
        """
        self._stop()
        if self._thread is not None and not _listening.here:
            self._thread.join()
            _running.discard(self)

    async def _close_beside(self) -> None:
        self._stop()
        while self._thread is not None and self._thread.is_alive():
            await asyncio.sleep(STEP_S / 10)
        _running.discard(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await self._close_beside()


class Listener:
    """A sink that hands statuses to a function."""

    def __init__(self, on_status: Callable[[Status], object]) -> None:
        self._on_status = on_status

    def publish(self, frame: Frame, snapshot: Snapshot, events: Sequence[Event]) -> None:
        """See `Sink.publish`; nothing is told of it."""

    def report(self, status: Status) -> None:
        """See `Sink.report`."""
        _listening.here = True
        try:
            self._on_status(status)
        finally:
            _listening.here = False


class Listening(threading.local):
    """Whether this thread is at telling a status to the program."""

    here = False


_listening = Listening()

_running: weakref.WeakSet[Watch] = weakref.WeakSet()


def _stop_all() -> None:
    watches = list(_running)
    for watch in watches:
        watch._stop()
    # Before the pools may not be handed anything any more, which would look like a failure.
    for watch in watches:
        watch.close()


# A program that ends with a watch half iterated, as in a global variable, would wait for ever for its threads: Python joins them
# before it calls what atexit was given, and only this, which the standard library's own pools use, comes before that.
if hasattr(threading, "_register_atexit"):
    threading._register_atexit(_stop_all)
