"""A feed that a test drives, the server of its pages, and pages in a real browser."""

from __future__ import annotations

import json
import time
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

from glyphfeed.stream.feed.publishing.publisher import Publisher
from glyphfeed.tools.bench.numbered import numbered_frame, numbered_snapshot
from tests.stream.feed.samples import DEADLINE_S
from tests.stream.web.serving import Served

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Self

    from playwright.sync_api import Browser, ElementHandle, Page

    from glyphfeed.stream.feed.publishing.kept import KeepIn
    from glyphfeed.stream.records import Frame, Record, Snapshot
    from tests.browser.firefox import Firefox

ANY_PORT = "tcp://127.0.0.1:*"
# That a server is gone, or refuses something, the browser says by itself, each time that the page tries again; and of a test that
# looks at the pixels that it could be faster.
EXPECTED = ("ERR_CONNECTION_REFUSED", "ERR_CONNECTION_RESET", "status of 403", "Multiple readback operations")
LINE = (126, 240, 207)
"""The colour of a text's outline."""
LARGE = {"width": 1280, "height": 800}


class Site:
    """A publisher, whose messages a test chooses, behind a server of pages with these options; `open` gives a page of it."""

    def __init__(self, browser: Browser | None = None, keep: KeepIn | None = None, **options: Any) -> None:
        self._browser, self._keep, self._options = browser, keep, options
        self._opened = ExitStack()
        self._complaints: list[str] = []
        self.publisher = Publisher(ANY_PORT, keep=keep)
        self.served = Served(self.publisher.endpoint, **options)

    def __enter__(self) -> Self:
        self._opened.callback(lambda: self.publisher.close())
        self._opened.callback(lambda: self.served.__exit__(None, None, None))
        self.served.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._opened.close()
        complaints = [complaint for complaint in self._complaints if not any(words in complaint for words in EXPECTED)]
        assert kind is not None or complaints == [], complaints

    @property
    def url(self) -> str:
        return f"{self.served.access.scheme}://127.0.0.1:{self.served.port}/"

    def open(self, path: str = "", choose: dict[str, Any] | None = None, script: str = "", **options: Any) -> Page:
        """A page of this site on which something is chosen, after a script; no complaint is overlooked.

        Options are of a browser's context.
        """
        assert self._browser is not None
        context = self._browser.new_context(**{"viewport": LARGE, "reduced_motion": "reduce"} | options)
        self._opened.callback(context.close)
        if choose:
            context.add_init_script(choices(choose))
        if script:
            context.add_init_script(script)
        page = context.new_page()
        page.set_default_timeout(1000 * DEADLINE_S)
        page.on("console", lambda message: self._complaints.append(message.text))
        page.on("pageerror", lambda error: self._complaints.append(str(error)))
        page.goto(self.url + path)
        return page

    def restart_publisher(self) -> None:
        """End the reader, and start another at the same address."""
        self.publisher.close()
        self.publisher = Publisher(self.publisher.endpoint, keep=self._keep)

    def restart_server(self, meanwhile: Callable[[], object]) -> None:
        """End the server, and start it again at the same address after something else."""
        self.served.__exit__(None, None, None)
        meanwhile()
        self.served = Served(self.publisher.endpoint, self.served.port, **self._options)
        self.served.__enter__()

    def put(self, *records: Record) -> None:
        """Publish."""
        for record in records:
            self.publisher.put(record)

    def show(self, frame: Frame, snapshot: Snapshot) -> None:
        """Publish what is told of a frame, and its picture if somebody wants it."""
        self.publisher.pictures.offer(frame, snapshot)
        self.publisher.put(snapshot)

    def show_number(self, number: int, source: str = "cam1") -> None:
        """Publish a frame that says its number, as it would be captured now."""
        now = time.time()
        self.show(numbered_frame(number, now), numbered_snapshot(source, number, now))

    def serve_for(self, seconds: float) -> None:
        """Serve the feed so long."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self.publisher.serve(left)

    def until(
        self,
        page: Page | Firefox,
        condition: str,
        argument: Any = None,
        *,
        again: Callable[[], None] | None = None,
        deadline_s: float = DEADLINE_S,
    ) -> Any:
        """Serve the feed, and do something again and again, until this JavaScript gives something on a page: what it gives."""
        deadline = time.monotonic() + deadline_s
        while not (value := page.evaluate(condition, argument)):
            assert time.monotonic() < deadline, f"this never came true: {condition}"
            self.serve_for(0.1 if again else 0.02)
            if again:
                again()
        return value

    def asked(self) -> set[bytes]:
        """The pictures that are asked for."""
        return self.publisher._watchers.prefixes()

    def until_asked(self, source: str = "cam1") -> None:
        """Serve the feed until a page wants pictures of a source."""
        deadline = time.monotonic() + DEADLINE_S
        while f"picture/{source} ".encode() not in self.asked():
            assert time.monotonic() < deadline, "nobody asks for pictures"
            self.publisher.serve(0.02)


def choices(chosen: dict[str, Any]) -> str:
    """JavaScript that chooses something where nothing was chosen."""
    return f'localStorage.getItem("glyphfeed") ?? localStorage.setItem("glyphfeed", {json.dumps(json.dumps(chosen))})'


def canvas(page: Page, source: str = "cam1") -> ElementHandle:
    """The canvas of a camera."""
    return page.wait_for_selector(f'[aria-label="Picture of {source}"] canvas')  # type: ignore[return-value]
