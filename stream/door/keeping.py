"""The reader's end of the door: each phone that is let in, and the credits by which its pictures are pulled.

Owns: the thread and its event loop, how fast pictures are asked for, and who has made too many mistakes.  Does not own who is let
in and under which name: that is a function handed in.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections import deque
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Protocol, TypeAlias

from glyphfeed.stream.door.framing import BUFFER_BYTES, HOST, DoorKey, Line
from glyphfeed.stream.door.orders import (
    BYE,
    CREDITS,
    MESSAGE_BYTES,
    NEXT,
    Hello,
    PhoneError,
    complaint,
    order,
    refused,
    shot,
    welcome,
)

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from types import TracebackType
    from typing import Self

RATE: Final = 40.0
"""So many pictures a second are asked of a phone at most: all that its camera takes, and not all that a program can send."""
MISTAKES, MISTAKES_S = 20, 10.0
"""So many pictures in so many seconds that cannot be used end a connection."""
_KNOCKING_S: Final = 3.0
_KNOCKING: Final = 64
"""So many may knock at once, as whoever is on this machine can.  Who has knocked longest makes room, which is nobody who knows
the secret: that is shown at once.
"""


class Place(Protocol):
    """Where a phone's pictures go; see `sources.phone.PhoneSource`."""

    name: str
    due: int

    @property
    def stopped(self) -> bool: ...
    def enter(self, phone: Guest) -> None: ...
    def leave(self, phone: Guest) -> None: ...
    def offer(self, number: int, captured_at: float, jpeg: bytes) -> None: ...


Enter: TypeAlias = "Callable[[Hello], Awaitable[Place]]"
"""Finds a place for a phone, in the door's event loop; raises PhoneError where there is none."""
Leave: TypeAlias = "Callable[[str, bool], None]"
"""A phone, known by what it said, has gone, and whether it took leave: then it need not be waited for."""


class Guest:
    """One connection of a phone, with its credits."""

    def __init__(self, line: Line, loop: asyncio.AbstractEventLoop) -> None:
        self._line, self._loop = line, loop
        self._asked = 0
        self._mistakes_s: deque[float] = deque([-MISTAKES_S] * MISTAKES, MISTAKES)
        self._due_s = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def taken(self) -> None:
        """There is room for the next picture; any thread may call it."""
        # The loop may have been closed meanwhile.
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self.ask)

    def complain(self, detail: str) -> None:
        """Tell what was wrong with a picture; any thread may call it."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self.mistaken, detail)

    def let_go(self) -> None:
        """Its source has ended; any thread may call it."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self.dismiss, "This phone was let go; connect again.")

    def came(self) -> bool:
        """A picture has come; whether it was asked for."""
        self._asked -= 1
        return self._asked >= 0

    def ask(self) -> None:
        """Ask for as many pictures as may be on their way, at the pace at which they are read."""
        if self._timer is not None:
            return
        while self._asked < CREDITS:
            now_s = self._loop.time()
            if now_s < self._due_s:
                self._timer = self._loop.call_at(self._due_s, self._ask_later)
                return
            self._due_s = max(self._due_s + 1 / RATE, now_s - (CREDITS - 1) / RATE)
            self._asked += 1
            self._line.put(NEXT)

    def _ask_later(self) -> None:
        self._timer = None
        self.ask()

    def mistaken(self, detail: str) -> None:
        """Tell what was wrong with a picture."""
        now_s = self._loop.time()
        self._mistakes_s.append(now_s)
        if now_s - self._mistakes_s[0] < MISTAKES_S:
            self.dismiss(f"{detail} That was one mistake too many; connect again.")
        else:
            self._line.put(complaint(detail))

    def dismiss(self, detail: str, *, is_replaced: bool = False) -> None:
        """Tell why nothing more is taken, and hang up."""
        self._line.put(refused(detail, is_replaced=is_replaced))
        self.close()

    def close(self) -> None:
        """Ask for nothing more."""
        if self._timer is not None:
            self._timer.cancel()
        self._asked = CREDITS
        self._line.close()


class Door:
    """Lets the web server in, and each phone that it brings; a context, for whose time there is a thread."""

    def __init__(self, enter: Enter, leave: Leave) -> None:
        self._enter, self._leave = enter, leave
        self._listening = socket.create_server((HOST, 0))
        # Inherited by the connections; asyncio would see to it only where the socket was made with its protocol's number.
        self._listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.key = DoorKey(self._listening.getsockname()[1])
        """What opens it."""
        self._guests: dict[str, Guest] = {}
        self._knocking: dict[asyncio.StreamWriter, None] = {}
        self._loop = asyncio.new_event_loop()
        self._closing = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="glyphfeed-door", daemon=True)

    def _run(self) -> None:
        with asyncio.Runner(loop_factory=lambda: self._loop) as runner:
            runner.run(self._serve())

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._knocked, sock=self._listening, limit=BUFFER_BYTES)
        await self._closing.wait()
        server.close()
        for guest in self._guests.values():
            guest.dismiss("The reader has ended.")

    async def _knocked(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await self._receive(reader, writer)
        finally:
            writer.close()

    async def _receive(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if len(self._knocking) >= _KNOCKING:
            longest = next(iter(self._knocking))
            del self._knocking[longest]
            longest.close()
        self._knocking[writer] = None
        line, message = None, None
        with suppress(TimeoutError):
            async with asyncio.timeout(_KNOCKING_S):
                line = await Line.admit(reader, writer, self.key, MESSAGE_BYTES)
                message = None if line is None else await line.receive()
        self._knocking.pop(writer, None)
        if line is None or message is None:
            return
        try:
            hello = order(message)
            if not isinstance(hello, Hello):
                raise PhoneError("A phone says hello first.")
            place = await self._enter(hello)
        except PhoneError as error:
            line.put(refused(str(error)))
            return
        await self._host(line, hello, place)

    async def _host(self, line: Line, hello: Hello, place: Place) -> None:
        guest = Guest(line, self._loop)
        if (before := self._guests.pop(hello.phone, None)) is not None:
            before.dismiss("Another page of this phone has taken over.", is_replaced=True)
        self._guests[hello.phone] = guest
        took_leave = False
        try:
            # Before the phone hears of it, so that nobody else takes its place.
            place.enter(guest)
            line.put(welcome(place.name, place.due))
            guest.ask()
            if place.stopped:
                guest.let_go()
            while (message := await line.receive()) is not None and not (took_leave := message == BYE):
                self._take(message, guest, place)
        finally:
            place.leave(guest)
            guest.close()
            if self._guests.get(hello.phone) is guest:
                del self._guests[hello.phone]
                self._leave(hello.phone, took_leave)

    def _take(self, message: bytes, guest: Guest, place: Place) -> None:
        if not guest.came():
            guest.dismiss("A picture came that was not asked for.")
            return
        try:
            taken = shot(message, place.due)
        except PhoneError as error:
            guest.mistaken(str(error))
            guest.ask()
            return
        place.offer(taken.frame, taken.captured_at, taken.jpeg)

    def later(self, delay_s: float, call: Callable[[], object]) -> None:
        """Have something called by the door's thread; any thread may ask for it."""
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._loop.call_later, delay_s, call)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        with suppress(RuntimeError):
            self._loop.call_soon_threadsafe(self._closing.set)
        self._thread.join()
