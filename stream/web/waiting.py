"""What waits to be sent to one page.

Owns: what is kept when a page is slower than the feed, its order, and the credit for pictures.  Pure; does not own the relay that
puts, nor the connection that takes.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import TYPE_CHECKING, Final

from glyphfeed.stream.web.told import PICTURES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from glyphfeed.stream.web.told import Told

EVENT_LIMIT: Final = 500
"""As many events as one answer to a request for them holds: a page that is further behind is better off asking."""
_PASSED_LIMIT: Final = 8
"""Texts of a camera that were replaced before they were sent: while a picture is made at most so many further frames are read."""


class Waiting:
    """The newest state of each topic, every event up to a limit, and the newest picture of each camera.

    A state that is replaced before it was taken leaves its place to the next, so that a frame's text stays before its events.
    Events beyond the limit are left out; the gap in their `seq` tells the page, which then asks for them.  A picture is taken
    only once the page has said that it drew the last one of that camera, and the text of its frame is taken before it, also where
    a newer one was taken already.  Each put calls `wake`.
    """

    def __init__(self, wake: Callable[[], None]) -> None:
        self._wake = wake
        self.topics: tuple[str, ...] = ()
        self._messages: OrderedDict[tuple[str, int], Told] = OrderedDict()
        self._events = 0
        self._pictures: dict[str, Told] = {}
        self._passed: dict[str, dict[int, Told]] = {}
        self._sent: dict[str, int] = {}

    def subscribe(self, topics: Sequence[str]) -> None:
        """Want topics that begin with one of these, and no others any more; what waits for nobody now is let go."""
        self.topics = tuple(topics)
        self._messages = OrderedDict((key, told) for key, told in self._messages.items() if self.wants(told))
        self._events = sum(told.is_event for told in self._messages.values())
        self._pictures = {topic: told for topic, told in self._pictures.items() if self.wants(told)}
        self._sent = {topic: frame for topic, frame in self._sent.items() if _begins(topic, self.picture_topics)}
        self._passed.clear()

    @property
    def picture_topics(self) -> set[str]:
        """The subscriptions that are to pictures; the empty prefix is not one of them."""
        return {prefix for prefix in self.topics if prefix.startswith(PICTURES)}

    def wants(self, told: Told) -> bool:
        """Whether the page has subscribed to this."""
        return _begins(told.topic, self.picture_topics if told.is_picture else self.topics)

    def put(self, told: Told) -> None:
        """Leave a message, if the page wants it."""
        if not self.wants(told):
            return
        if told.is_picture:
            self._pictures[told.topic] = told
        elif not told.is_event:
            self._pass_over(self._messages.get((told.topic, 0)))
            self._messages[told.topic, 0] = told
        elif self._events < EVENT_LIMIT:
            self._messages[told.topic, told.seq] = told
            self._events += 1
        self._wake()

    def take(self) -> Told | None:
        """Take what is to be sent next; None where nothing waits, or only pictures without credit."""
        if self._messages:
            _, told = self._messages.popitem(last=False)
            self._events -= told.is_event
            return told
        for topic, told in self._pictures.items():
            if topic not in self._sent:
                if text := self._passed.get(topic, {}).pop(told.frame, None):
                    return text
                self._sent[topic] = told.frame
                return self._pictures.pop(topic)
        return None

    def _pass_over(self, replaced: Told | None) -> None:
        """Keep a text that is replaced before it was taken, as the picture of its frame may be sent yet."""
        if replaced is None or replaced.frame < 0:
            return
        picture = f"{PICTURES}/{replaced.topic.partition('/')[2]}"
        if _begins(picture, self.picture_topics):
            passed = self._passed.setdefault(picture, {})
            passed[replaced.frame] = replaced
            if len(passed) > _PASSED_LIMIT:
                del passed[next(iter(passed))]

    def drawn(self, source: str, frame: int) -> None:
        """Take note that the page drew the picture that it was sent last of a source; any other frame is no news."""
        topic = f"{PICTURES}/{source}"
        if self._sent.get(topic) == frame:
            del self._sent[topic]
            self._wake()


def _begins(topic: str, prefixes: Iterable[str]) -> bool:
    """Whether a topic begins with one of these; a trailing space ends a topic, as on the feed."""
    return f"{topic} ".startswith(tuple(prefixes))
