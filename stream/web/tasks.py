"""What the connections of pages and of phones have in common: tasks that end together, their pace, and sending what waits.

Owns: none of what is said.  Does not own what a page (session) or a phone (phone) may do.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Coroutine

    from starlette.websockets import WebSocket

    from glyphfeed.stream.web.waiting import Waiting


class Pace:
    """A bucket of tokens: so many a second, and a second's worth at once after a rest."""

    def __init__(self, per_s: float) -> None:
        self._per_s = per_s
        self._tokens, self._at = per_s, time.monotonic()

    async def keep(self) -> None:
        """Take a token, waiting for it where there is none."""
        now = time.monotonic()
        self._tokens = min(self._per_s, self._tokens + (now - self._at) * self._per_s) - 1
        self._at = now
        if self._tokens < 0:
            await asyncio.sleep(-self._tokens / self._per_s)


async def until_first_ends(*coroutines: Coroutine[None, None, None]) -> None:
    """Run these beside each other until one ends, and end the others; what that one raised is raised."""
    tasks = [asyncio.create_task(coroutine) for coroutine in coroutines]
    try:
        done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    for task in done:
        task.result()


async def send_waiting(socket: WebSocket, waiting: Waiting, news: asyncio.Event) -> None:
    """Send what waits whenever `news` is set, until cancelled, or the other end has gone."""
    while True:
        await news.wait()
        news.clear()
        while (told := waiting.take()) is not None:
            # Waits while the other end takes nothing.
            if isinstance(told.payload, str):
                await socket.send_text(told.payload)
            else:
                await socket.send_bytes(told.payload)
