from __future__ import annotations

import re
from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.bridges.naming import message_id, slug, token
from tests.stream.bridges.messages import event_message

SOURCES = st.from_regex(r"[A-Za-z0-9._-]{1,64}", fullmatch=True)


def test_a_message_is_called_by_its_epoch_source_and_number() -> None:
    assert message_id(event_message(41)) == "a03ab1f931d71767-cam1-41"
    assert message_id(event_message(7, source="10.0.0.7")) == "a03ab1f931d71767-10=0=0=7-7"


@given(SOURCES, st.text())
def test_a_name_has_nothing_in_it_that_means_something_elsewhere(source: str, epoch: str) -> None:
    message = event_message(3, source=source)
    message = replace(message, body={**message.body, "epoch": epoch})
    assert re.fullmatch(r"[A-Za-z0-9_=-]*-3", message_id(message))
    assert re.fullmatch(r"[A-Za-z0-9_=-]{1,64}", token(source))
    assert re.fullmatch(r"[a-z0-9_]{1,71}", slug(source))


@given(st.lists(SOURCES, min_size=2, max_size=2, unique=True))
def test_two_sources_stay_two(sources: list[str]) -> None:
    assert len({token(source) for source in sources}) == 2
    assert len({slug(source) for source in sources}) == 2


def test_a_slug_is_the_name_where_that_is_one_already() -> None:
    assert slug("front_door2") == "front_door2"
    assert slug("10.0.0.7") == "10_0_0_7_130e4d"
    assert len({slug("a.b"), slug("a-b"), slug("A_b"), slug("a_b")}) == 4
