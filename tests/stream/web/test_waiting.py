from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from glyphfeed.stream.web.told import Told
from glyphfeed.stream.web.waiting import EVENT_LIMIT, Waiting

if TYPE_CHECKING:
    from collections.abc import Sequence


def text(seq: int, topic: str = "text/cam1") -> Told:
    return Told(topic, "a1", seq, seq, f"{topic} {seq}")


def event(seq: int, topic: str = "event/cam1") -> Told:
    return Told(topic, "a1", seq, seq, f"{topic} {seq}")


def picture(frame: int, source: str = "cam1") -> Told:
    return Told(f"picture/{source}", "a1", frame, frame, b"jpeg")


class Page:
    """A page that has subscribed, and how often it was woken."""

    def __init__(self, *topics: str) -> None:
        self.woken = 0
        self.waiting = Waiting(self._wake)
        self.waiting.subscribe(topics)

    def _wake(self) -> None:
        self.woken += 1

    def put(self, *told: Told) -> None:
        for one in told:
            self.waiting.put(one)

    def take_all(self) -> list[Told]:
        return list(iter(self.waiting.take, None))


def test_the_newest_state_of_each_topic_is_sent_before_the_events_of_its_frame() -> None:
    page = Page("text/", "event/", "status/")
    other, status = text(1, "text/cam2"), Told("status/cam1", "a1", 1, -1, "status/cam1 1")
    page.put(text(1), event(1), other, text(2), event(2), status, text(3), event(3))
    assert page.take_all() == [text(3), event(1), other, event(2), status, event(3)]
    assert page.woken == 8
    assert page.take_all() == []


def test_events_beyond_the_limit_are_left_out_as_a_gap_until_there_is_room() -> None:
    page = Page("event/")
    page.put(*map(event, range(1, EVENT_LIMIT + 100)))
    assert page.waiting.take() == event(1)
    page.put(event(EVENT_LIMIT + 100), event(EVENT_LIMIT + 101))
    assert [told.seq for told in page.take_all()] == [*range(2, EVENT_LIMIT + 1), EVENT_LIMIT + 100]


def test_a_page_gets_what_it_subscribed_to_and_a_trailing_space_ends_a_topic() -> None:
    page = Page("text/cam1 ", "event/cam1")
    page.put(text(1), text(1, "text/cam10"), event(1), event(1, "event/cam10"), picture(1))
    assert [told.topic for told in page.take_all()] == ["text/cam1", "event/cam1", "event/cam10"]
    page.put(text(2), event(2))
    page.waiting.subscribe(["text/"])
    page.put(event(3))
    assert page.take_all() == [text(2)]


def test_an_empty_prefix_is_everything_but_pictures() -> None:
    page = Page("")
    page.put(text(1), picture(1), event(1))
    assert page.take_all() == [text(1), event(1)]
    assert page.waiting.picture_topics == set()


def test_a_picture_comes_when_the_last_one_was_drawn_and_is_then_the_newest() -> None:
    page = Page("picture/", "text/")
    page.put(picture(1), text(1), picture(1, "cam2"))
    assert page.take_all() == [text(1), picture(1), picture(1, "cam2")]
    page.put(picture(2), picture(3), picture(2, "cam2"))
    assert page.take_all() == []
    page.waiting.drawn("cam1", 0)
    page.waiting.drawn("cam3", 1)
    assert page.take_all() == []
    woken = page.woken
    page.waiting.drawn("cam1", 1)
    assert page.woken == woken + 1
    assert page.take_all() == [picture(3)]
    page.waiting.drawn("cam1", 3)
    page.waiting.drawn("cam2", 1)
    assert page.take_all() == [picture(2, "cam2")]
    page.put(picture(4))
    assert page.take_all() == [picture(4)]


def test_subscribing_again_is_no_second_credit() -> None:
    page = Page("picture/")
    page.put(picture(1))
    assert page.take_all() == [picture(1)]
    page.waiting.subscribe(["picture/cam1 "])
    page.put(picture(2))
    assert page.take_all() == []
    page.waiting.subscribe(["text/"])
    page.waiting.subscribe(["picture/"])
    page.put(picture(3))
    assert page.take_all() == [picture(3)]


@given(st.lists(st.sampled_from(["text", "event", "picture", "take", "drawn"]), max_size=60))
def test_however_slow_a_page_is_it_misses_no_event_and_what_it_gets_never_goes_back(steps: Sequence[str]) -> None:
    page = Page("text/", "event/", "picture/")
    taken: list[Told] = []
    for number, step in enumerate(steps, 1):
        match step:
            case "take":
                told = page.waiting.take()
                taken += [] if told is None else [told]
            case "drawn":
                last = max((told.frame for told in taken if told.is_picture), default=0)
                page.waiting.drawn("cam1", last)
            case _:
                page.put({"text": text, "event": event, "picture": picture}[step](number))
    taken += page.take_all()
    page.waiting.drawn("cam1", max((told.frame for told in taken if told.is_picture), default=0))
    taken += page.take_all()
    for kind in ("text", "event", "picture"):
        put = [number for number, step in enumerate(steps, 1) if step == kind]
        seqs = [told.seq for told in taken if told.topic == f"{kind}/cam1"]
        assert seqs == sorted(set(seqs))
        assert seqs == put if kind == "event" else seqs[-1:] == put[-1:]


def test_the_text_of_a_picture_s_frame_is_sent_before_it_also_after_a_newer_one() -> None:
    page = Page("text/", "picture/cam1")
    page.put(text(1), text(2), picture(1), text(3))
    assert page.take_all() == [text(3), text(1), picture(1)]
    page.waiting.drawn("cam1", 1)
    page.put(picture(2))
    assert page.take_all() == [text(2), picture(2)]
    page.waiting.drawn("cam1", 2)
    page.put(picture(3))
    assert page.take_all() == [picture(3)]


def test_of_texts_without_a_picture_the_newest_is_enough() -> None:
    page = Page("text/", "picture/cam1")
    page.put(*(text(seq, "text/cam2") for seq in range(1, 4)), *map(text, range(1, 100)))
    assert page.take_all() == [text(3, "text/cam2"), text(99)]
    page.put(picture(2))
    assert page.take_all() == [picture(2)]
