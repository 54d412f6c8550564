"""What a message says when it is told again, and in which order."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed import wire
from glyphfeed.stream.feed.recordings.replaying import AHEAD, Telling, retold, runs
from tests.stream.feed.samples import entity, event, snapshot, status

if TYPE_CHECKING:
    from glyphfeed.stream.records import Record

BEGIN, NOW = 1_700_000_000.0, 1_800_000_000.0


def message(record: Record, published_at: float = BEGIN + 1, epoch: str = "e", seq: int = 1) -> wire.Message:
    kind = wire.KINDS[type(record)]
    header = {"v": 1, "source": record.source, "epoch": epoch, "seq": seq, "published_at": published_at}
    return wire.parse(wire.message(wire.topic(kind.name, record.source), header, kind.write(record)))


def test_at_its_own_pace_only_the_times_of_a_text_are_new() -> None:
    body = message(snapshot(30, entity())).body
    held = copy.deepcopy(body)
    told = retold(body, Telling(BEGIN + 1, NOW))
    assert body == held
    times = {"captured_at": NOW}
    (text,) = body["texts"]
    seen = {"first_seen": NOW - 0.876543, "last_seen": NOW + 3.5}
    assert told == {**wire.text_body(snapshot(30)), **times, "texts": [{**text, **seen}]}


def test_twice_as_fast_everything_lies_half_as_far_apart_and_moves_twice_as_fast() -> None:
    told = retold(message(event()).body, Telling(BEGIN + 1, NOW, 2.0))
    assert told["captured_at"] == NOW - 0.375
    assert told["entity"]["first_seen"] == pytest.approx(NOW - 0.438272, abs=2e-6)
    assert told["entity"]["last_seen"] == NOW + 1.75
    assert told["entity"]["velocity"] == [2.6, -0.6]
    assert (told["frame"], told["entity"]["polygon"]) == (7, wire.event_body(event())["entity"]["polygon"])


def test_the_figures_of_a_status_are_kept() -> None:
    assert retold(message(status()).body, Telling(BEGIN, NOW, 3.0)) == wire.status_body(status())


def test_what_is_not_known_is_kept() -> None:
    body = {**message(snapshot()).body, "weather": "fine", "texts": ["a", {"velocity": "fast", "first_seen": None}]}
    told = retold(body, Telling(BEGIN, NOW, 2.0))
    assert (told["weather"], told["texts"]) == ("fine", ["a", {"velocity": "fast", "first_seen": None}])
    assert retold({"texts": 3, "entity": None}, Telling(BEGIN, NOW)) == {"texts": 3, "entity": None}


def test_a_run_ends_with_its_epoch_and_the_next_begins() -> None:
    told = [message(status(), epoch=epoch, seq=seq) for epoch, seq in (("a", 1), ("a", 2), ("b", 1), ("c", 1))]
    assert [[one.position for one in run] for run in runs(told)] == [
        [wire.Position("a", 1), wire.Position("a", 2)],
        [wire.Position("b", 1)],
        [wire.Position("c", 1)],
    ]


@given(delays=st.lists(st.integers(0, AHEAD - 1), max_size=60))
def test_events_that_were_fetched_late_are_told_in_time(delays: list[int]) -> None:
    told = [message(status(), BEGIN + number) for number in range(len(delays))]
    late = [one for _, one in sorted(zip(delays, told, strict=True), key=lambda pair: pair[0] + told.index(pair[1]))]
    assert [one for run in runs(late) for one in run] == told


@pytest.mark.strange
@pytest.mark.parametrize("time", [None, "now", -1.0, 1e300, True])
def test_what_does_not_say_when_it_was_published_cannot_be_told_again(time: Any) -> None:
    broken = wire.message_of("status/cam1", {**message(status()).body, "published_at": time})
    with pytest.raises(FeedError, match="A message on 'status/cam1' does not say when it was published, in Unix seconds"):
        _ = [one for run in runs([broken]) for one in run]
