"""The pages of `glyphfeed web` beside the reading: that program, what it is handed, and how people learn where the pages are.

Owns: which secrets go along, in the environment, and the phones whose pictures come back.  Does not own the server (pages), nor
how programs are begun and ended (service.children).
"""

from __future__ import annotations

import sys
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final

from glyphfeed.stream.feed.endpoint import near
from glyphfeed.stream.running.phones import Phones
from glyphfeed.tools import logs
from glyphfeed.tools.service.children import WATCHED, Children

if TYPE_CHECKING:
    from types import TracebackType
    from typing import Self

    from glyphfeed.stream.feed.keys import ServerKeys
    from glyphfeed.stream.running.runtime import Runtime
    from glyphfeed.tools.configuration.tables import Web

NAME: Final = "web"
"""What the program is called in the log."""


def environment(phones: Phones, keys: ServerKeys | None, *, quiet: bool) -> dict[str, str]:
    """What the program needs to know, and nobody else: how phones' pictures come in, a key of a feed that asks for one, and
    whether somebody sees what it shows.
    """
    watched = {WATCHED: "1"} if sys.stdout.isatty() and not quiet else {}
    return {**phones.environment(), **(keys.own.environment() if keys else {}), **watched}


def tell(line: str) -> None:
    """Tell people what the program says of itself: above the table on a terminal, and elsewhere in the log."""
    if sys.stdout.isatty():
        print(line, flush=True)
    else:
        logs.write(line, source=NAME)


class Pages:
    """The pages of one feed, from the beginning of the context to its end; used by one thread.

    Where they cannot be served, as where another program took their port after a crash, that is said and everything else goes on.
    The keys are those of the feed, if it asks for some; `quiet` tells nothing but errors.
    """

    def __init__(self, web: Web, endpoint: str, keys: ServerKeys | None, *, quiet: bool = False) -> None:
        self._command = [NAME, near(endpoint), *web.options()]
        self._keys, self._quiet = keys, quiet
        self._phones = Phones()
        self._stack = ExitStack()
        self._address = ""
        self._told = threading.Event()

    def _hear(self, line: str) -> None:
        self._address = self._address or line.partition(" ")[0]
        self._told.set()
        if not self._quiet:
            tell(line)

    def address(self, timeout_s: float) -> str | None:
        """Where the pages are, once that is known; None where it is not after so long."""
        self._told.wait(timeout_s)
        return self._address or None

    def begin(self, runtime: Runtime) -> None:
        """Read what phones show from now on, too."""
        self._phones.begin(runtime)

    def phones(self) -> frozenset[str]:
        """What phones are called that are or were there."""
        return self._phones.names

    def attend(self) -> None:
        """Begin the program anew if it has crashed; to be called now and then."""
        self._children.attend()

    def __enter__(self) -> Self:
        self._stack.enter_context(self._phones)
        told = environment(self._phones, self._keys, quiet=self._quiet)
        self._children = self._stack.enter_context(Children({NAME: told}, {NAME: self._hear}, again=False))
        self._children.want({NAME: self._command})
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._stack.close()
