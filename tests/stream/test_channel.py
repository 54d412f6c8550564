from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest

from glyphfeed.stream.channel import Channel
from tests.stream.feed.samples import DEADLINE_S

if TYPE_CHECKING:
    from collections.abc import Callable


class Waiting:
    """A call in a thread of its own, of which it is known that it has begun."""

    def __init__(self, call: Callable[[], object]) -> None:
        self.result: object = "nothing yet"
        self._begun = threading.Event()
        self._thread = threading.Thread(target=self._run, args=(call,))
        self._thread.start()
        assert self._begun.wait(DEADLINE_S)

    def _run(self, call: Callable[[], object]) -> None:
        self._begun.set()
        self.result = call()

    def join(self) -> object:
        self._thread.join(DEADLINE_S)
        assert not self._thread.is_alive(), "the wait did not end"
        return self.result


def test_put_keeps_the_newest_in_order_and_counts_what_it_replaced() -> None:
    channel: Channel[int] = Channel(2)
    for value in range(5):
        channel.put(value)
    assert channel.replaced == 3
    assert [channel.get(), channel.get()] == [3, 4]
    assert channel.get(timeout_s=0) is None
    assert not channel.ended


def test_put_in_turn_keeps_everything() -> None:
    channel: Channel[int] = Channel(2)

    def produce() -> bool:
        delivered = [channel.put_in_turn(value) for value in range(1000)]
        channel.close()
        return all(delivered)

    producer = Waiting(produce)
    assert list(channel) == list(range(1000))
    assert producer.join() is True
    assert channel.replaced == 0


def test_a_slow_taker_gets_only_the_newest_and_nothing_goes_missing_from_the_count() -> None:
    channel: Channel[int] = Channel()
    taken: list[int] = []

    def take() -> None:
        for value in channel:
            taken.append(value)
            time.sleep(0.001)

    taker = Waiting(take)
    for value in range(2000):
        channel.put(value)
    channel.close()
    taker.join()
    assert taken == sorted(set(taken))
    assert taken[-1] == 1999
    assert len(taken) + channel.replaced == 2000


@pytest.mark.parametrize("takers", [1, 3])
def test_close_ends_every_wait_of_those_who_take(takers: int) -> None:
    channel: Channel[int] = Channel()
    waiting = [Waiting(channel.get) for _ in range(takers)]
    channel.close()
    assert [taker.join() for taker in waiting] == [None] * takers
    assert channel.ended


def test_close_ends_the_wait_of_one_who_puts_in_turn_and_says_so() -> None:
    channel: Channel[int] = Channel()
    channel.put(1)
    waiting = Waiting(lambda: channel.put_in_turn(2))
    channel.close()
    assert waiting.join() is False
    assert list(channel) == [1]


def test_after_the_close_what_lies_there_may_be_taken_and_nothing_can_be_added() -> None:
    channel: Channel[int] = Channel(2)
    channel.put(1)
    channel.close()
    channel.close()
    channel.put(2)
    assert channel.put_in_turn(3) is False
    assert not channel.ended
    assert channel.take_all() == [1]
    assert channel.ended
    assert list(channel) == []


def test_taking_all_makes_room_for_those_who_wait() -> None:
    channel: Channel[int] = Channel()
    channel.put(1)
    waiting = Waiting(lambda: channel.put_in_turn(2))
    assert channel.take_all() == [1]
    assert waiting.join() is True
    assert channel.get() == 2


def test_a_nudge_ends_a_wait_without_a_value_also_if_it_came_before() -> None:
    channel: Channel[int] = Channel()
    waiting = Waiting(channel.get)
    channel.nudge()
    assert waiting.join() is None
    channel.nudge()
    assert channel.get() is None
    assert not channel.ended


def test_a_nudge_does_not_end_an_iteration() -> None:
    channel: Channel[int] = Channel(3)
    waiting = Waiting(lambda: list(channel))
    channel.nudge()
    channel.put(1)
    channel.nudge()
    channel.put(2)
    channel.close()
    assert waiting.join() == [1, 2]


def test_a_wait_may_have_a_limit() -> None:
    channel: Channel[int] = Channel()
    begun_s = time.monotonic()
    assert channel.get(timeout_s=0.05) is None
    assert time.monotonic() - begun_s >= 0.05
