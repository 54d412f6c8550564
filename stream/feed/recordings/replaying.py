"""A recording told again: which of its messages belong to one run, when each is due, and what it says then.

Owns: what is kept of a message, and what is new.  Pure; does not own reading (recording), sending (publisher), nor waiting.

Kept is what was told: frames, `pts`, ids, texts, polygons, the figures of a status.  New is what belongs to the telling: `epoch`,
`seq`, `published_at` and `last_event_seq`, which the publisher gives.  Times are moved to now: what lay between them lies between
them again, divided by the speed; and velocities grow by it, so that what is drawn from them fits.
"""

from __future__ import annotations

import heapq
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed.shapes import Header

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from glyphfeed.stream.feed.wire import Body, Message


LATEST: Final = 4_102_444_800.0
"""Unix seconds of the year 2100."""
AHEAD: Final = 1000
"""So many messages are looked at before the first of them is told."""
_HEADER: Final = Header.__required_keys__
_TIMES: Final = ("captured_at", "first_seen", "last_seen")


@dataclass(frozen=True, slots=True)
class Telling:
    """When a run is told again: what was published at `began_at` is due at `begins_at`, both in Unix seconds."""

    began_at: float
    begins_at: float
    speed: float = 1.0

    def moved(self, unix_time: float) -> float:
        """When it is, now, what was at a time."""
        return self.begins_at + (unix_time - self.began_at) / self.speed


def runs(messages: Iterable[Message]) -> Iterator[Iterator[Message]]:
    """Part a recording into the runs of its publisher, each in the order in which it was published.

    Events that were fetched late stand behind what was published after them, though not by far.
    """
    for _, run in itertools.groupby(messages, lambda message: message.epoch):
        yield _in_order(run)


def _in_order(messages: Iterable[Message]) -> Iterator[Message]:
    ahead: list[tuple[float, int, Message]] = []
    for number, message in enumerate(messages):
        heapq.heappush(ahead, (published_at(message), number, message))
        if len(ahead) > AHEAD:
            yield heapq.heappop(ahead)[-1]
    while ahead:
        yield heapq.heappop(ahead)[-1]


def published_at(message: Message) -> float:
    """When a message was published, Unix seconds.

    Raises:
        FeedError: it does not say.

    """
    time = message.body.get("published_at")
    if not (_is_number(time) and 0 <= time < LATEST):
        raise FeedError(f"A message on {message.topic!r} does not say when it was published, in Unix seconds.")
    return float(time)


def retold(body: Body, telling: Telling) -> Body:
    """What a message says when it is told again: its body, without the fields that every message has."""
    told = _moved(body, telling)
    if "texts" in told and isinstance(told["texts"], list):
        told["texts"] = [_entity(text, telling) for text in told["texts"]]
    if "entity" in told:
        told["entity"] = _entity(told["entity"], telling)
    return {name: value for name, value in told.items() if name not in _HEADER}


def _entity(entity: Any, telling: Telling) -> Any:
    if not isinstance(entity, dict):
        return entity
    told = _moved(entity, telling)
    velocity = told.get("velocity")
    if telling.speed != 1 and isinstance(velocity, list) and all(map(_is_number, velocity)):
        told["velocity"] = [round(each * telling.speed, 1) for each in velocity]
    return told


def _moved(body: Body, telling: Telling) -> Body:
    times = {name: round(telling.moved(body[name]), 6) for name in _TIMES if _is_number(body.get(name))}
    return {**body, **times}


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)
