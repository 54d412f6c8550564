from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.feed.publishing.answering import PAGE_BYTES, PAGE_EVENTS, answer, page
from glyphfeed.stream.feed.publishing.history import History
from glyphfeed.stream.feed.wire import Position

if TYPE_CHECKING:
    from collections.abc import Iterator

RUN = "a03ab1f931d71767"


def told(events: int = 3, length: int = 10_000) -> History:
    history = History(RUN, length=length)
    history.add_text("cam1", b'{"seq":8}')
    history.add_text("cam2", b'{"seq":1}')
    history.add_text("cam1", b'{"seq":9}')
    for seq in range(1, events + 1):
        history.add_event("cam1", seq, body(seq))
    return history


def body(seq: int) -> bytes:
    return b'{"epoch":"%b","seq":%d}' % (RUN.encode(), seq)


def asked(history: History, **request: Any) -> dict[str, Any]:
    found = json.loads(answer(json.dumps(request).encode(), history))
    assert isinstance(found, dict)
    return found


def events_of(found: dict[str, Any]) -> list[int]:
    return [event["seq"] for event in found["events"]]


def test_golden_answers() -> None:
    history = told(2)
    events = answer(b'{"op": "events", "source": "cam1", "epoch": "a03ab1f931d71767", "since": 1}', history)
    assert events == b'{"events":[{"epoch":"a03ab1f931d71767","seq":2}],"complete":true}'
    assert answer(b'{"op":"snapshot"}', history) == b'{"texts":[{"seq":9},{"seq":1}]}'
    assert answer(b'{"op":"snapshot"}', History(RUN)) == b'{"texts":[]}'


@pytest.mark.parametrize(("since", "expected"), [(0, [1, 2, 3]), (2, [3]), (2.0, [3]), (3, []), (2**63 - 1, [])])
def test_events_after_a_number_of_this_run(since: float, expected: list[int]) -> None:
    found = asked(told(), op="events", source="cam1", epoch=RUN, since=since)
    assert events_of(found) == expected
    assert found["complete"] is True
    assert "more" not in found


@pytest.mark.parametrize("epoch", ["", "another run"])
def test_of_another_run_it_is_everything_but_not_how_that_one_ended(epoch: str) -> None:
    found = asked(told(), op="events", source="cam1", epoch=epoch, since=2)
    assert events_of(found) == [1, 2, 3]
    assert found["complete"] is (epoch == "")


def test_a_ring_that_does_not_reach_back_says_so() -> None:
    history = told(25, length=10)
    assert asked(history, op="events", source="cam1", epoch=RUN, since=14)["complete"] is False
    assert events_of(asked(history, op="events", source="cam1", epoch=RUN, since=3)) == list(range(16, 26))
    assert asked(history, op="events", source="cam1", epoch=RUN, since=15)["complete"] is True
    assert asked(history, op="events", source="cam1", epoch="", since=0)["complete"] is False


@pytest.mark.parametrize(
    ("since", "last", "expected"), [(0, 2, [24, 25]), (23, 1, [25]), (23, 9.0, [24, 25]), (0, 99, list(range(16, 26)))]
)
def test_no_more_than_the_last_so_many_are_told_where_that_is_asked(since: int, last: float, expected: list[int]) -> None:
    found = asked(told(25, length=10), op="events", source="cam1", epoch=RUN, since=since, last=last)
    assert events_of(found) == expected
    # Only where more was asked for than there is, something is missing.
    assert found["complete"] is (last < 99)


def test_a_source_without_events_has_none() -> None:
    for source in ("cam2", "nobody"):
        assert asked(told(), op="events", source=source, epoch=RUN, since=0) == {"events": [], "complete": True}


def pages(history: History) -> Iterator[list[int]]:
    epoch, since, more = "", 0, True
    while more:
        found = asked(history, op="events", source="cam1", epoch=epoch, since=since)
        yield events_of(found)
        epoch, since, more = found["events"][-1]["epoch"], found["events"][-1]["seq"], found.get("more", False)


@given(st.integers(1, 1700))
def test_pages_join_without_gap_or_repetition(count: int) -> None:
    lengths, joined = [], []
    for events in pages(told(count)):
        lengths.append(len(events))
        joined += events
    assert joined == list(range(1, count + 1))
    assert lengths == [PAGE_EVENTS] * (len(lengths) - 1) + [count - PAGE_EVENTS * (len(lengths) - 1)]


def test_a_page_of_large_events_ends_early_but_has_one() -> None:
    half = b"x" * (PAGE_BYTES // 2 + 1)
    assert page([half] * 5, complete=True).events == (half, half)
    assert page([half] * 5, complete=True).more
    whole = b"x" * (PAGE_BYTES * 2)
    assert page([whole, b"y"], complete=True).events == (whole,)
    assert not page([whole], complete=True).more


NO_REQUESTS = [
    b"",
    b"\xff",
    b"[" * 50_000,
    b"[]",
    b"null",
    b"{}",
    b'{"op":"delete"}',
    b'{"op":["snapshot"]}',
    b'{"op":"events"}',
    b'{"op":"events","source":"cam1","epoch":"x"}',
    b'{"op":"events","source":"cam1","epoch":"x","since":"1"}',
    b'{"op":"events","source":"cam1","epoch":"x","since":1.5}',
    b'{"op":"events","source":"cam1","epoch":"x","since":NaN}',
    b'{"op":"events","source":"cam1","epoch":"x","since":1e999}',
    b'{"op":"events","source":"cam1","epoch":null,"since":1}',
    b'{"op":"events","source":"cam1","epoch":"x","since":true}',
    b'{"op":"events","source":"cam1","epoch":"x","since":-1}',
    b'{"op":"events","source":"cam1","epoch":"x","since":9223372036854775808}',
    b'{"op":"events","source":"cam1","epoch":"x","since":1,"last":0}',
    b'{"op":"events","source":"cam1","epoch":"x","since":1,"last":"2"}',
    b'{"op":"events","source":"cam1","epoch":"x","since":1,"last":1e30}',
    b'{"op":"events","source":"cam1 ","epoch":"x","since":1}',
    b'{"op":"events","source":"","epoch":"x","since":1}',
]


@pytest.mark.parametrize("request_", NO_REQUESTS, ids=lambda request: repr(request[:70]))
def test_anything_else_is_answered_with_a_sentence(request_: bytes) -> None:
    found = json.loads(answer(request_, told()))
    assert found.keys() == {"error"}
    assert found["error"].endswith(".")


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["events", "snapshot", "cam1", RUN]),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["op", "source", "epoch", "since", "last", "x"]), inner),
)


@given(st.binary() | JSON.map(lambda value: json.dumps(value).encode()))
def test_whatever_is_asked_is_answered_with_an_object_and_changes_nothing(request_: bytes) -> None:
    history = told()
    assert json.loads(answer(request_, history)).keys() <= {"events", "complete", "more", "texts", "error"}
    assert history.after("cam1", Position("", 0)) == told().after("cam1", Position("", 0))
    assert history.texts() == told().texts()
