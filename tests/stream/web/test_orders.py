from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.web.orders import Drawn, Events, OrderError, Ping, Snapshot, Subscribe, answer, complaint, order, request


def test_orders_are_read() -> None:
    assert order('{"op":"subscribe","topics":["text/","event/cam1 "]}') == Subscribe(("text/", "event/cam1 "))
    assert order(b'{"frame":41,"op":"drawn","source":"cam1","later":null}') == Drawn("cam1", 41)
    assert order('{"op":"events","id":3,"source":"cam1","epoch":"a1","since":41}') == Events(3, "cam1", "a1", 41)
    assert order('{"op":"snapshot","id":4}') == Snapshot(4)
    assert order('{"op":"ping","id":5}') == Ping(5)


@pytest.mark.parametrize(
    ("message", "why"),
    [
        ("", "truncated"),
        ("[1]", "Expected `object`"),
        ("{}", "missing required field `op`"),
        ('{"op":"shutdown"}', "Invalid value 'shutdown'"),
        ('{"op":"subscribe"}', "missing required field `topics`"),
        ('{"op":"subscribe","topics":"text/"}', "Expected `array`"),
        (json.dumps({"op": "subscribe", "topics": ["x" * 81]}), "length <= 80"),
        (json.dumps({"op": "subscribe", "topics": ["x"] * 65}), "length <= 64"),
        ('{"op":"drawn","source":"cam1","frame":-1}', ">= 0"),
        ('{"op":"events","id":1,"source":"cam1","epoch":"","since":1e99}', "since"),
        ('{"op":"snapshot"}', "missing required field `id`"),
        ('{"op":"snapshot","id":"x"}', "Expected `int`"),
        ("[" * 10_000, "RecursionError|recursion|nest|Expected `object`"),
    ],
)
def test_what_is_none_is_said_in_words(message: str, why: str) -> None:
    with pytest.raises(OrderError, match=why):
        order(message)


@given(st.text(max_size=200) | st.binary(max_size=200))
def test_any_message_is_an_order_or_an_error_in_words(message: str | bytes) -> None:
    try:
        read = order(message)
    except OrderError as error:
        words = str(error)
    else:
        words = type(read).__name__
    assert json.loads(complaint(words, message))["error"] == words


def test_a_request_goes_to_the_feed_without_its_id_and_comes_back_with_it() -> None:
    asked = Events(3, "cam1", "a1", 41)
    assert json.loads(request(asked)) == {"op": "events", "source": "cam1", "epoch": "a1", "since": 41}
    assert json.loads(request(Events(3, "cam1", "a1", 41, 9)))["last"] == 9
    assert json.loads(request(Snapshot(0))) == {"op": "snapshot"}
    assert json.loads(answer(3, b'{"events":[],"complete":true}')) == {"id": 3, "events": [], "complete": True}
    assert json.loads(answer(3)) == {"id": 3}


def test_a_complaint_has_the_id_of_its_order_where_it_can_be_made_out() -> None:
    assert json.loads(complaint("no", '{"id":7,"op":"dance"}')) == {"id": 7, "error": "no"}
    assert json.loads(complaint("no", number=0)) == {"id": 0, "error": "no"}
    for message in ('{"id":"x"}', "junk", b"\xff", '{"op":"subscribe"}'):
        assert json.loads(complaint("no", message)) == {"error": "no"}
