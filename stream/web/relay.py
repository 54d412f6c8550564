"""The way from the feed to the pages: one SUB socket, whatever the number of pages.

Owns: that socket with its subscriptions, the last state of each topic for pages that come late, and who is there.  Does not own
what waits for each page (waiting).
"""

from __future__ import annotations

import asyncio
import logging
from typing import TYPE_CHECKING, Final

import zmq

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed import wire
from glyphfeed.stream.feed.endpoint import check_connect
from glyphfeed.stream.web.asking import Asker
from glyphfeed.stream.web.connection import AsyncConnection
from glyphfeed.stream.web.told import PICTURES, told

if TYPE_CHECKING:
    from collections.abc import Sequence

    from glyphfeed.stream.feed.keys import ClientKeys
    from glyphfeed.stream.web.told import Told
    from glyphfeed.stream.web.waiting import Waiting

_LOG = logging.getLogger(__name__)
TOPICS: Final = tuple(f"{kind.name}/" for kind in wire.KINDS.values())
"""What is always subscribed; pictures are only while a page wants them."""
SILENCE_S: Final = 5.0
"""A publisher that was begun together with this has come by then."""
LETTING_GO_S: Final = 3.0
"""So long pictures are subscribed to that no page wants any more: a feed cuts off who changes its subscriptions all the time."""


class Relay:
    """Hands each message of a feed to the pages that have subscribed to it.  Used by one event loop.

    The publisher need not be there yet, and may be restarted.  What was handed on already is left out, such as what the publisher
    sends again for other subscribers.

    Raises:
        FeedError: the address is none.

    """

    def __init__(self, endpoint: str, keys: ClientKeys | None = None) -> None:
        check_connect(endpoint)
        self._endpoint, self._keys = endpoint, keys
        self._pages: set[Waiting] = set()
        self._epoch = ""
        self._seqs: dict[str, int] = {}
        self._last: dict[str, Told] = {}
        self._pictures: frozenset[str] = frozenset()
        self._letting_go: asyncio.TimerHandle | None = None
        self._trouble = ""
        self._strange = False
        self._context = zmq.Context()
        try:
            self._connection = AsyncConnection(self._context, zmq.SUB, endpoint, keys, TOPICS)
        except FeedError:
            self._context.term()
            raise

    async def run(self) -> None:
        """Hand on what comes, until cancelled; then every connection is closed, also those of pages that are still there."""
        silence = asyncio.create_task(self._tell_silence())
        try:
            while True:
                message = await self._connection.receive()
                self._tell_trouble()
                if message is not None:
                    self._hand_on(message)
                    # The pages have their turn.
                    await asyncio.sleep(0)
        finally:
            silence.cancel()
            if self._letting_go is not None:
                self._letting_go.cancel()
            self._connection.close()
            self._context.destroy(linger=0)

    async def _tell_silence(self) -> None:
        """Say once that nobody publishes, which is no trouble where it changes soon."""
        await asyncio.sleep(SILENCE_S)
        if not (self._connection.connected or self._trouble):
            _LOG.warning("Nobody publishes at %s yet; the pages show it as soon as somebody does.", self._endpoint)

    def _tell_trouble(self) -> None:
        """Say once what only a person can change."""
        trouble = self._trouble
        if self._connection.connected:
            trouble = ""
        elif self._connection.refused:
            trouble = f"The feed at {self._endpoint} refuses this key; ask whoever runs it to allow it with glyphfeed keys."
        elif self._connection.misfit:
            trouble = f"What is at {self._endpoint} is no feed, or one that needs other keys; see --keys."
        if trouble not in ("", self._trouble):
            _LOG.warning("%s", trouble)
        self._trouble = trouble

    def _hand_on(self, message: bytes) -> None:
        try:
            news = told(message)
        except FeedError as error:
            if not self._strange:
                _LOG.warning("%s", error)
            self._strange = True
            return
        if not self._is_new(news):
            return
        if not news.is_event and not news.is_picture:
            self._last[news.topic] = news
        for page in self._pages:
            page.put(news)

    def _is_new(self, news: Told) -> bool:
        """Whether a message is newer than the last of its topic.  With another epoch all begins anew, and nothing old is told."""
        if news.epoch != self._epoch:
            self._epoch = news.epoch
            self._seqs.clear()
            self._last.clear()
        is_new = news.seq > self._seqs.get(news.topic, 0)
        is_first = news.topic not in self._seqs
        if is_new:
            self._seqs[news.topic] = news.seq
        if is_first:
            self._subscribe_to_pictures()
        return is_new

    def join(self, page: Waiting) -> None:
        """Let a page have what it will subscribe to."""
        self._pages.add(page)

    def leave(self, page: Waiting) -> None:
        """Forget a page."""
        self._pages.discard(page)
        self._subscribe_to_pictures()

    def subscribe(self, page: Waiting, topics: Sequence[str]) -> None:
        """Let a page have topics that begin so, and no others any more; it gets the last state of each at once."""
        page.subscribe(topics)
        for last in self._last.values():
            page.put(last)
        self._subscribe_to_pictures()

    def _subscribe_to_pictures(self) -> None:
        """Have the pictures that pages want, of cameras that there are: what else pages may name is kept from the feed, as it
        cuts off who subscribes to too much, too long or too often, and that would be all pages.
        """
        wanted = self._wanted_pictures()
        self._pictures |= wanted
        self._connection.subscribe(self._pictures)
        if self._pictures != wanted and self._letting_go is None:
            self._letting_go = asyncio.get_running_loop().call_later(LETTING_GO_S, self._let_go)

    def _let_go(self) -> None:
        self._letting_go = None
        self._pictures = self._wanted_pictures()
        self._connection.subscribe(self._pictures)

    def _wanted_pictures(self) -> frozenset[str]:
        prefixes = tuple(set().union(*(page.picture_topics for page in self._pages)))
        sources = {topic.partition("/")[2] for topic in self._seqs}
        # A space ends a topic, so that no other camera is meant.
        return frozenset(topic for source in sources if (topic := f"{PICTURES}/{source} ").startswith(prefixes))

    @property
    def pages(self) -> int:
        """How many pages are there."""
        return len(self._pages)

    def asker(self) -> Asker:
        """Make a way for one page to ask the publisher itself."""
        return Asker(self._context, self._endpoint, self._keys)
