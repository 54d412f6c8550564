from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from glyphfeed.stream.errors import FeedError
from glyphfeed.stream.feed import wire
from glyphfeed.stream.records import SourceState
from glyphfeed.tools.displays.received import TEXTS, Clock, Received
from tests.stream.feed.samples import box, entity, snapshot, status

if TYPE_CHECKING:
    from glyphfeed.stream.feed.wire import Message
    from glyphfeed.stream.records import Record


def told(record: Record, seq: int = 1, epoch: str = "a") -> Message:
    kind = wire.KINDS[type(record)]
    header = {"v": 1, "source": "cam1", "epoch": epoch, "seq": seq, "published_at": 1_700_000_000.0}
    return wire.message_of(f"{kind.name}/cam1", {**header, **kind.write(record)})


def text(frame: int, words: str, seq: int, epoch: str = "a") -> Message:
    """The text of a frame: a sign that goes 100 pixels to the right in a second."""
    sign = replace(entity(1, words), polygon=box(10.0 * frame, 20.0), velocity=(100.0, 0.0))
    return told(replace(snapshot(frame, sign), captured_at=1_700_000_000.0 + 0.1 * frame), seq, epoch)


def picture(frame: int, epoch: str = "a") -> Message:
    body = {"frame": frame, "pts": 0.1 * frame, "captured_at": 1_700_000_000.0 + 0.1 * frame, "size": [1280, 720]}
    header = {"v": 1, "source": "cam1", "epoch": epoch, "seq": frame + 1, "published_at": 1_700_000_000.0}
    return replace(wire.message_of("picture/cam1", header | body), jpeg=b"\xff\xd8")


def received(*messages: Message) -> Received:
    camera = Received("cam1")
    for message in messages:
        camera.take(message)
    return camera


def words_of(camera: Received) -> list[tuple[str, float]]:
    """What is drawn, and where it begins."""
    shown = camera.shown()
    return [] if shown is None else [(each.text, round(float(each.polygon[0, 0]), 2)) for each in shown.texts]


def test_a_picture_has_the_text_of_its_frame_whatever_came_after_that() -> None:
    camera = received(text(3, "THREE", 4), text(4, "FOUR", 5), picture(3), text(5, "FIVE", 6))
    assert words_of(camera) == [("THREE", 30.0)]
    camera.take(picture(5))
    assert words_of(camera) == [("FIVE", 50.0)]


def test_of_several_texts_of_a_frame_the_newest_holds_also_after_the_picture_came() -> None:
    camera = received(text(3, "first", 4), picture(3), text(3, "SECOND", 5))
    assert words_of(camera) == [("SECOND", 30.0)]
    camera.take(text(3, "first", 4))
    assert words_of(camera) == [("SECOND", 30.0)]


def test_text_that_was_lost_is_made_up_for_by_the_one_before_for_a_quarter_of_a_second() -> None:
    camera = received(text(3, "THREE", 4), text(7, "SEVEN", 8), picture(5))
    assert words_of(camera) == [("THREE", 50.0)]
    camera.take(picture(6))
    assert words_of(camera) == []
    assert words_of(received(picture(5), text(6, "LATER", 1))) == []


def test_frames_of_another_run_are_others() -> None:
    camera = received(text(3, "OLD", 4), picture(3), text(3, "NEW", 1, "b"))
    assert words_of(camera) == []
    assert camera.picture is not None
    camera.take(picture(3, "b"))
    assert words_of(camera) == [("NEW", 30.0)]


def test_texts_whose_picture_never_comes_do_not_fill_the_memory() -> None:
    camera = received(*(text(frame, "SIGN", frame + 1) for frame in range(2 * TEXTS)), picture(2 * TEXTS - 1))
    assert words_of(camera) == [("SIGN", 10.0 * (2 * TEXTS - 1))]
    camera.take(picture(0))
    assert words_of(camera) == []


def test_the_last_status_is_known() -> None:
    camera = received(told(status(SourceState.CONNECTING)), told(status(SourceState.STALLED, "no picture"), 2))
    assert camera.status is not None
    assert (camera.status.state, camera.status.detail) == (SourceState.STALLED, "no picture")


@pytest.mark.strange
@pytest.mark.parametrize("wrong", [{"size": [1280]}, {"size": None}, {"frame": "x"}, {"captured_at": None}])
def test_a_picture_that_says_something_else_is_an_error_in_words(wrong: dict[str, object]) -> None:
    message = picture(3)
    with pytest.raises(FeedError, match=r"'picture/cam1' is not as the feed's contract says"):
        received(replace(message, body=message.body | wrong))


def test_a_picture_is_as_old_as_the_publishers_clock_says_and_what_was_late_more_than_others() -> None:
    clock = Clock()
    message = picture(0)
    ahead_s = 3600.0
    for delay_s in (0.5, 0.02, 4.0):
        clock.take(message, message.body["published_at"] + ahead_s + delay_s)
    now = message.body["published_at"] + ahead_s
    assert np.isclose(clock.age_s(message.body["published_at"] - 1.5, now + 0.02), 1.5)
    assert clock.age_s(message.body["published_at"] + 9.0, now) == 0.0
    # The clock of another run may be another one.
    clock.take(picture(0, "b"), message.body["published_at"] + 7200.0)
    assert np.isclose(clock.age_s(message.body["published_at"], message.body["published_at"] + 7203.0), 3.0)
