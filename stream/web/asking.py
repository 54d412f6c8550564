"""What one page asks of the feed itself, where the publisher answers requests.

Owns: how long an answer is waited for.  Does not own what may be asked (orders) nor what is answered (feed).
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Final

import zmq

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed.endpoint import requests_endpoint
from glyphfeed.stream.web.connection import AsyncConnection

if TYPE_CHECKING:
    from glyphfeed.stream.feed.keys import ClientKeys

ANSWER_S: Final = 5.0
"""A publisher that has not answered after this long is away, or never will."""


class Asker:
    """Asks one thing after the other, over a connection that is made for the first; used by one task."""

    def __init__(self, context: zmq.Context[zmq.Socket[bytes]], endpoint: str, keys: ClientKeys | None) -> None:
        self._context, self._endpoint, self._keys = context, requests_endpoint(endpoint), keys
        self._connection: AsyncConnection | None = None

    async def ask(self, request: bytes) -> bytes:
        """Send a request and wait for its answer, both JSON.

        Raises:
            FeedError: nobody answers.

        """
        if self._connection is None:
            self._connection = AsyncConnection(self._context, zmq.DEALER, self._endpoint, self._keys)
        self._connection.send(request)
        try:
            async with asyncio.timeout(ANSWER_S):
                while (answer := await self._connection.receive()) is None:
                    pass
                return answer
        except TimeoutError:
            # So that the answer, should it come yet, is not taken for that to another request.
            self._connection.renew()
            raise FeedError("The feed's publisher does not answer; ask again later.") from None

    def close(self) -> None:
        """Close the connection."""
        if self._connection is not None:
            self._connection.close()
