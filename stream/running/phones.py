"""Phones as sources: which there are, what they are called, and when they are let go.

Owns: names, numbers that go on, and how many phones there may be.  Does not own the connections (door) nor the pictures
(sources.phone).
"""

from __future__ import annotations

import asyncio
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import TYPE_CHECKING, Final

from glyphfeed.stream.door.framing import VARIABLE
from glyphfeed.stream.door.keeping import Door
from glyphfeed.stream.door.orders import PhoneError, check_name
from glyphfeed.stream.sources.phone import PhoneSource

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from types import TracebackType
    from typing import Self

    from glyphfeed.stream.door.orders import Hello
    from glyphfeed.stream.running.runtime import Runtime

LIMIT: Final = 8
"""So many phones are read beside each other."""
GONE_S: Final = 60.0
"""A phone that was away for so long, and took no leave, is let go; its texts were told as left 10 s after it was lost."""
REMEMBERED: Final = 64
"""So many phones get their names back."""
NAMES: Final = 256
"""So many names a run has for phones: of each something is kept for good, on the feed and beside it."""


@dataclass(slots=True)
class Phone:
    """What is remembered of a phone."""

    name: str
    source: PhoneSource


class Phones:
    """Lets phones in through the door of a web server, and makes each of them a source of a runtime; a context.

    The web server is begun with `environment`, and may be there before `begin` says what reads; until then phones wait.  Names
    that are `taken` beside those that the runtime has are not given to phones.
    """

    def __init__(self, limit: int = LIMIT, taken: Callable[[], Collection[str]] = tuple, *, gone_s: float = GONE_S) -> None:
        self._limit, self._taken, self._gone_s = limit, taken, gone_s
        self._runtime = Future["Runtime"]()
        self._door = Door(self._let_in, self._left)
        # Touched by the runtime's thread alone.
        self._known: dict[str, Phone] = {}
        self._names: frozenset[str] = frozenset()

    def environment(self) -> dict[str, str]:
        """What the web server needs in its environment to bring phones; it is secret."""
        return {VARIABLE: str(self._door.key)}

    @property
    def names(self) -> frozenset[str]:
        """What phones are called that are or were there; any thread may ask."""
        return self._names

    def begin(self, runtime: Runtime) -> None:
        """Let phones in from now on, as sources of a runtime, which ends before this does; called once."""
        self._runtime.set_result(runtime)

    async def _let_in(self, hello: Hello) -> PhoneSource:
        """Find a place for a phone, in the door's loop."""
        runtime = await asyncio.wrap_future(self._runtime)
        return await asyncio.wrap_future(runtime.call(partial(self._enter, runtime, hello)))

    def _enter(self, runtime: Runtime, hello: Hello) -> PhoneSource:
        """The same in the runtime's thread."""
        known = self._known.get(hello.phone)
        name = self._name(runtime, hello, known)
        if known is not None and known.name == name and not known.source.stopped:
            return known.source
        if known is not None:
            _let_go(runtime, known.source)
        self._make_room(runtime)
        source = PhoneSource(name, runtime.next_frame(name))
        runtime.add(source, takes_leave=True)
        # At the end of those that are remembered.
        self._known.pop(hello.phone, None)
        self._known[hello.phone] = Phone(name, source)
        self._names |= {name}
        return source

    def _name(self, runtime: Runtime, hello: Hello, known: Phone | None) -> str:
        """What a phone is called: as it likes, as before, or by a number."""
        others = {phone.name for each, phone in self._known.items() if each != hello.phone}
        own = None if known is None else known.source
        taken = others | {name for name, source in runtime.sources.items() if source is not own} | set(self._taken())
        if hello.name is not None:
            check_name(hello.name)
            if hello.name in taken:
                raise PhoneError(f"The name {hello.name} is taken; choose another one.")
            if hello.name not in self._names and len(self._names) >= NAMES:
                raise PhoneError("Too many names were used; choose one that was there before, or none.")
            return hello.name
        if known is not None and known.name not in taken:
            return known.name
        return next(name for number in count(1) if (name := f"phone-{number}") not in taken)

    def _make_room(self, runtime: Runtime) -> None:
        """Let go of who is away, where there is no room for one more.

        Raises:
            PhoneError: all are there.

        """
        there = [phone.source for phone in self._known.values() if not phone.source.stopped]
        if len(there) >= self._limit:
            longest = max(there, key=lambda source: source.absent_s)
            if not longest.absent_s:
                raise PhoneError(f"There are {self._limit} phones already; end one, and try again.")
            _let_go(runtime, longest)
        gone = [each for each, phone in self._known.items() if phone.source.stopped]
        for each in gone[: max(len(self._known) - REMEMBERED + 1, 0)]:
            del self._known[each]

    def _left(self, phone: str, took_leave: bool) -> None:
        """A phone has gone, for now or for good; in the door's thread."""
        runtime, gone_s = self._runtime.result(), 0.0 if took_leave else self._gone_s
        self._door.later(gone_s, lambda: runtime.call(partial(self._leave, runtime, phone, gone_s)))

    def _leave(self, runtime: Runtime, phone: str, gone_s: float) -> None:
        """Let a phone go if it has not come back, and was away for so long."""
        known = self._known.get(phone)
        if known is not None and known.source.absent_s > gone_s:
            _let_go(runtime, known.source)

    def __enter__(self) -> Self:
        self._door.__enter__()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._door.__exit__(kind, error, trace)


def _let_go(runtime: Runtime, source: PhoneSource) -> None:
    """End a source, if it is still what has its name."""
    if runtime.sources.get(source.name) is source:
        runtime.remove([source.name])
    source.stop()
